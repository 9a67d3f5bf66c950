"""How a browser comes from a vendor's software: by a form that brings the token, or at a one-time address."""

import re
from typing import Final
from urllib.parse import quote

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import rfc3339
from connector.local.bodies import answer, body_of
from connector.local.guards import PORTS, SETTINGS, caller_of
from connector.local.people_models import LaunchAddressOut, LaunchTokenIn
from connector.local.sign_in.pages import desk_of_sign_in, form_of
from connector.local.sign_in.session import session_cookie, set_session
from connector.local.sign_in.values import SESSION_FAULT, Seen, signed_in_of

_REFERENCE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


async def receive(request: web.Request) -> web.Response:
    """`POST /launch`: a form of the vendor's page, with the field `token`."""
    form = await form_of(request)
    reference, _ = await desk_of_sign_in(request).launching.receive(
        form.get("token", ""), request.remote or "", request.app[SETTINGS]
    )
    # The vendor's page is another site: cookies come along with the next request only.
    raise web.HTTPSeeOther(f"/launch/{reference}")


async def open_(request: web.Request) -> web.Response:
    """`GET /launch/{reference}`: to whoever is signed in, or signs in now."""
    reference, desk = request.match_info["reference"], desk_of_sign_in(request)
    if not _REFERENCE.fullmatch(reference):
        raise LocalRefused("launch: there is no such address", code=Code.LAUNCH_EXPIRED)
    me, token = signed_in_of(request), ""
    if me is None:
        vouched = await desk.launching.vouched(reference)
        if vouched is None:
            locked = "locked=1&" if SESSION_FAULT in request else ""
            raise web.HTTPSeeOther(f"/login?{locked}next={quote(request.path, safe='/')}")
        person, auth = vouched
        opened = await desk.sessions.open(person, auth, Seen.of(request), replacing=session_cookie(request))
        token = opened.token
    else:
        person = me.person
    draft = await desk.launching.open(reference, person)
    response = web.Response(status=303, headers={"Location": f"/fetch?launched={draft}"})
    if token:
        set_session(request, response, token)
    return response


async def make(request: web.Request) -> web.Response:
    """`POST /api/v1/launches`: the token by a call of the vendor's software, answered with the address to open."""
    body, _ = await body_of(request, LaunchTokenIn)
    desk = request.app[PORTS].sign_in
    if desk is None:
        raise LocalRefused("launch: nobody signs in at this connector", code=Code.LOCAL_NOT_FOUND)
    reference, ends_at = await desk.launching.receive(
        body.token, request.remote or "", request.app[SETTINGS], caller=caller_of(request).name
    )
    return answer(request, LaunchAddressOut(path=f"/launch/{reference}", ends_at=rfc3339(ends_at)), status=201)

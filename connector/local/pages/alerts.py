"""Identity alerts for the identity officer, and the workers who wait for a qualified identity."""

import re
from typing import Final

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.identity_alerts import MAX_WORDS, AlertState
from connector.local.guards import PORTS, caller_of, language_of
from connector.local.identity_views import alert_out, to_qualify_out
from connector.local.pages.answers import see_other
from connector.local.pages.rendering import render
from connector.local.sign_in.session import require
from connector.local.words import of_traits

_ID: Final = re.compile(r"[0-9a-f]{32}")
_LIMIT: Final = 50


async def show(request: web.Request) -> web.Response:
    """`GET /alerts?state=`."""
    text = request.query.get("state", "")
    state = AlertState(text) if text in set(AlertState) else None
    before = request.query.get("before", "")
    ports, language = request.app[PORTS], language_of(request)
    cursor = before if _ID.fullmatch(before) else None
    found = await ports.alerts.page(state=state, before=cursor, limit=_LIMIT + 1)
    alerts = [alert_out(alert, language) for alert in found[:_LIMIT]]
    return render(
        request,
        "alerts.html",
        alerts=alerts,
        following=alerts[-1].id if len(found) > _LIMIT else None,
        state=text if state else "",
        states=tuple(AlertState),
        traits=lambda names: of_traits(names, language),
        waiting=[to_qualify_out(one, language) for one in await ports.alerts.to_qualify(_LIMIT)],
        names={member.id.value: member.name for member in ports.directory.members()},
        people=_people(request),
        max_words=MAX_WORDS,
    )


async def take(request: web.Request) -> web.Response:
    """`POST /alerts/{id}/take`."""
    await request.app[PORTS].alerts.take(_id(request), require(request).person_id, caller_of(request).name)
    return see_other("/alerts")


async def close(request: web.Request) -> web.Response:
    """`POST /alerts/{id}/close`: with a reason."""
    reason = str((await request.post()).get("reason", "")).strip()
    if not 0 < len(reason) <= MAX_WORDS:
        raise LocalRefused(f"reason: expected 1 to {MAX_WORDS} characters", field="reason")
    await request.app[PORTS].alerts.close(_id(request), require(request).person_id, reason, caller_of(request).name)
    return see_other("/alerts")


def _people(request: web.Request) -> dict[str, str]:
    """Give names by person id: who handles an alert on this page is kept by id; a key's caller says a name."""
    desk = request.app[PORTS].sign_in
    return {person.id: person.name for person in desk.staff.people()} if desk is not None else {}


def _id(request: web.Request) -> str:
    text = request.match_info["id"]
    if not _ID.fullmatch(text):
        raise LocalRefused("identity alert: there is none of this id", code=Code.LOCAL_NOT_FOUND)
    return text

"""The register of oppositions: what a worker said, noted and lifted, and what is still to be entered by hand."""

import re
from collections.abc import Sequence
from typing import Final

from aiohttp import web

from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import ConnectorError, IdentityFault, LocalRefused
from connector.core.instant import day_in_france
from connector.core.mandate import InformationMeans
from connector.core.oppositions import Lifting, Objection, OppositionKind
from connector.local.guards import PORTS, SETTINGS, caller_of, language_of
from connector.local.intake import read_ins
from connector.local.pages.answers import see_other
from connector.local.pages.errors import words_of_error
from connector.local.pages.fetch_form import iso_day
from connector.local.pages.rendering import render
from connector.local.problems import FieldFaults
from connector.local.register_views import opposition_out
from connector.local.requests import ROLES, LiftIn, ObjectionIn, read_data
from connector.local.sign_in.session import require
from connector.local.statuses import status_of
from connector.local.words import Words
from connector.requester.register import NewObjection

_ID: Final = re.compile(r"[0-9a-f]{32}")
_LIMIT: Final = 25
_NAMES: Final = ("matricule", "kind", "on", "means", "by")


async def show(request: web.Request) -> web.Response:
    """`GET /oppositions?to_enter=1`."""
    before = request.query.get("before", "")
    due = request.query.get("to_enter") == "1"
    found = await request.app[PORTS].register.page(
        only_due=due, before=before if _ID.fullmatch(before) else None, limit=_LIMIT + 1
    )
    following = found[_LIMIT - 1].id if len(found) > _LIMIT else None
    return _page(request, found[:_LIMIT], only_due=due, following=following)


async def search(request: web.Request) -> web.Response:
    """`POST /oppositions/search`: the entries about one worker."""
    sent = await request.post()
    matricule, oid = (str(sent.get(name, "")) for name in ("matricule", "oid"))
    register = request.app[PORTS].register
    try:
        found = await register.of_worker(read_ins(matricule, oid or None, request.app[SETTINGS]))
    except ConnectorError as error:
        return await _again(request, error)
    return _page(request, found, searched=True)


async def add(request: web.Request) -> web.Response:
    """`POST /oppositions`: counts at once, for what others ask here and what is asked of others."""
    sent = await request.post()
    values = {name: str(sent.get(name, "")).strip() for name in (*_NAMES, "oid")}
    register, settings = request.app[PORTS].register, request.app[SETTINGS]
    try:
        body = read_data({**values, "on": iso_day(values["on"]), "oid": values["oid"] or None}, ObjectionIn)
        kept, is_new = await register.add(
            NewObjection(
                ins=read_ins(body.matricule, body.oid, settings),
                kind=body.kind,
                on=Day.parse(body.on, field="on"),
                means=body.means,
                by=body.by,
            ),
            caller_of(request).name,
        )
    except ConnectorError as error:
        return await _again(request, error, values)
    return see_other(f"/oppositions?done={'kept' if is_new else 'already'}#{kept.id}")


async def lift(request: web.Request) -> web.Response:
    """`POST /oppositions/{id}/lift`."""
    sent = await request.post()
    stated = {name: str(sent.get(name, "")).strip() for name in ("on", "means", "by")}
    try:
        body = read_data({**stated, "on": iso_day(stated["on"])}, LiftIn)
        lifting = Lifting(Day.parse(body.on, field="on"), body.means, body.by)
        kept = await request.app[PORTS].register.lift(_id(request), lifting, caller_of(request).name)
    except ConnectorError as error:
        return await _again(request, error)
    return see_other(f"/oppositions?done=lifted#{kept.id}")


async def entered(request: web.Request) -> web.Response:
    """`POST /oppositions/{id}/entered`: somebody entered it in the service's software."""
    kept = await request.app[PORTS].register.entered(_id(request), caller_of(request).name)
    return see_other(f"/oppositions#{kept.id}")


async def _again(request: web.Request, error: ConnectorError, values: dict[str, str] | None = None) -> web.Response:
    told = words_of_error(error, language_of(request))
    places = [place.split(".")[0] for place, _ in error.faults] if isinstance(error, FieldFaults) else []
    if isinstance(error, IdentityFault | LocalRefused) and error.field:
        places = [error.field]
    found = await request.app[PORTS].register.page(limit=_LIMIT)
    faults = tuple(name for name in _NAMES if name in places)
    return _page(request, found, told=told, status=status_of(error.code), values=values, faults=faults)


def _page(
    request: web.Request,
    found: Sequence[Objection],
    *,
    only_due: bool = False,
    searched: bool = False,
    following: str | None = None,
    told: Words | None = None,
    status: int = 200,
    values: dict[str, str] | None = None,
    faults: Sequence[str] = (),
) -> web.Response:
    language, done = language_of(request), request.query.get("done", "")
    return render(
        request,
        "oppositions.html",
        status=status,
        entries=[opposition_out(one, language) for one in found],
        only_due=only_due,
        searched=searched,
        following=following,
        told=told,
        done=done if done in {"kept", "already", "lifted"} else "",
        values={name: (values or {}).get(name, "") for name in (*_NAMES, "oid")},
        oids=request.app[SETTINGS].worker_oids,
        faults=faults,
        kinds=tuple(OppositionKind),
        means=tuple(InformationMeans),
        roles=ROLES,
        own_id=require(request).practitioner_id or "",
        authority=request.app[SETTINGS].authority,
        today=day_in_france(request.app[PORTS].clock.now()),
    )


def _id(request: web.Request) -> str:
    text = request.match_info["id"]
    if not _ID.fullmatch(text):
        raise LocalRefused("opposition: there is none of this id", code=Code.LOCAL_NOT_FOUND)
    return text

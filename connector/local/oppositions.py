"""Operations on the register of oppositions. A worker is named in a body only."""

from collections.abc import Sequence

from aiohttp import web

from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import LocalRefused
from connector.core.oppositions import Lifting, Objection
from connector.local.bodies import DEFAULT_PAGE, MAX_PAGE, answer, body_of, id_of, number_of, query_of
from connector.local.guards import PORTS, SETTINGS, caller_of, language_of
from connector.local.intake import read_ins
from connector.local.register_answers import OppositionAddedOut, OppositionPage
from connector.local.register_views import opposition_out
from connector.local.requests import LiftIn, ObjectionIn, WorkerSearchIn
from connector.requester.register import NewObjection


async def listing(request: web.Request) -> web.Response:
    """`GET /api/v1/oppositions`: all, or with `to_enter` those that the service's software does not have yet."""
    query = query_of(request, "to_enter", "limit", "before")
    if query.get("to_enter", "true") not in {"true", "false"}:
        raise LocalRefused("query to_enter: expected true or false", field="to_enter")
    limit = number_of(query, "limit", DEFAULT_PAGE, lowest=1, highest=MAX_PAGE)
    before = id_of(query["before"], "opposition", Code.LOCAL_MALFORMED) if "before" in query else None
    register = request.app[PORTS].register
    found = await register.page(only_due=query.get("to_enter") == "true", before=before, limit=limit + 1)
    return _page(request, found[:limit], found[limit - 1].id if len(found) > limit else None)


async def search(request: web.Request) -> web.Response:
    """`POST /api/v1/oppositions/search`."""
    body, _ = await body_of(request, WorkerSearchIn)
    ins = read_ins(body.matricule, body.oid, request.app[SETTINGS])
    return _page(request, await request.app[PORTS].register.of_worker(ins), None)


async def add(request: web.Request) -> web.Response:
    """`POST /api/v1/oppositions`."""
    body, _ = await body_of(request, ObjectionIn)
    register, settings = request.app[PORTS].register, request.app[SETTINGS]
    new = NewObjection(
        ins=read_ins(body.matricule, body.oid, settings),
        kind=body.kind,
        on=Day.parse(body.on, field="on"),
        means=body.means,
        by=body.by,
        tell_sink=body.tell_sink,
    )
    if body.check_only:
        register.check(new)
        standing = (one for one in await register.of_worker(new.ins) if one.stands and one.kind is new.kind)
        found = next(standing, None)
        return _added(request, found, "already" if found else "would-be-kept")
    kept, is_new = await register.add(new, caller_of(request).name)
    told = is_new and body.tell_sink and kept.due is None
    return _added(request, kept, "kept" if is_new else "already", told=told)


async def show(request: web.Request) -> web.Response:
    """`GET /api/v1/oppositions/{id}`."""
    return _one(request, await request.app[PORTS].register.get(_of_path(request)))


async def lift(request: web.Request) -> web.Response:
    """`POST /api/v1/oppositions/{id}/lift`."""
    objection_id = _of_path(request)
    body, _ = await body_of(request, LiftIn)
    lifting = Lifting(Day.parse(body.on, field="on"), body.means, body.by)
    register = request.app[PORTS].register
    caller = caller_of(request).name
    return _one(request, await register.lift(objection_id, lifting, caller, tell_sink=body.tell_sink))


async def entered(request: web.Request) -> web.Response:
    """`POST /api/v1/oppositions/{id}/entered`."""
    return _one(request, await request.app[PORTS].register.entered(_of_path(request), caller_of(request).name))


def _of_path(request: web.Request) -> str:
    return id_of(request.match_info["id"], "opposition")


def _one(request: web.Request, objection: Objection) -> web.Response:
    return answer(request, opposition_out(objection, language_of(request)))


def _added(request: web.Request, found: Objection | None, result: str, *, told: bool = False) -> web.Response:
    shown = opposition_out(found, language_of(request)) if found else None
    authority = request.app[SETTINGS].authority
    return answer(
        request,
        OppositionAddedOut.model_validate(
            {"result": result, "opposition": shown, "told_to_sink": told, "authority": authority}
        ),
    )


def _page(request: web.Request, found: Sequence[Objection], following: str | None) -> web.Response:
    items = [opposition_out(objection, language_of(request)) for objection in found]
    return answer(request, OppositionPage(items=items, next=following, authority=request.app[SETTINGS].authority))

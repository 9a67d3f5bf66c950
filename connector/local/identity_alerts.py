"""Operations on identity alerts, and the list of records that wait for a qualified identity: own staff only."""

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.identity_alerts import Alert, AlertState
from connector.local.bodies import DEFAULT_PAGE, MAX_PAGE, answer, body_of, id_of, number_of, query_of
from connector.local.guards import PORTS, caller_of, language_of
from connector.local.identity_answers import AlertPage, ToQualifyPage
from connector.local.identity_requests import AlertCloseIn, AlertTakeIn
from connector.local.identity_views import alert_out, to_qualify_out


async def listing(request: web.Request) -> web.Response:
    """`GET /api/v1/identity-alerts`: all, or those of one state."""
    query = query_of(request, "state", "limit", "before")
    if "state" in query and query["state"] not in set(AlertState):
        raise LocalRefused(f"query state: expected one of {', '.join(AlertState)}", field="state")
    state = AlertState(query["state"]) if "state" in query else None
    limit = number_of(query, "limit", DEFAULT_PAGE, lowest=1, highest=MAX_PAGE)
    before = id_of(query["before"], "identity alert", Code.LOCAL_MALFORMED) if "before" in query else None
    found = await request.app[PORTS].alerts.page(state=state, before=before, limit=limit + 1)
    items = [alert_out(alert, language_of(request)) for alert in found[:limit]]
    return answer(request, AlertPage(items=items, next=items[-1].id if len(found) > limit else None))


async def show(request: web.Request) -> web.Response:
    """`GET /api/v1/identity-alerts/{id}`."""
    return _one(request, await request.app[PORTS].alerts.get(_of_path(request)))


async def take(request: web.Request) -> web.Response:
    """`POST /api/v1/identity-alerts/{id}/take`."""
    alert_id = _of_path(request)
    body, _ = await body_of(request, AlertTakeIn)
    return _one(request, await request.app[PORTS].alerts.take(alert_id, body.by, caller_of(request).name))


async def close(request: web.Request) -> web.Response:
    """`POST /api/v1/identity-alerts/{id}/close`."""
    alert_id = _of_path(request)
    body, _ = await body_of(request, AlertCloseIn)
    return _one(request, await request.app[PORTS].alerts.close(alert_id, body.by, body.reason, caller_of(request).name))


async def to_qualify(request: web.Request) -> web.Response:
    """`GET /api/v1/identity/to-qualify`."""
    limit = number_of(query_of(request, "limit"), "limit", DEFAULT_PAGE, lowest=1, highest=MAX_PAGE)
    found = await request.app[PORTS].alerts.to_qualify(limit)
    return answer(request, ToQualifyPage(items=[to_qualify_out(one, language_of(request)) for one in found]))


def _of_path(request: web.Request) -> str:
    return id_of(request.match_info["id"], "identity alert")


def _one(request: web.Request, alert: Alert) -> web.Response:
    return answer(request, alert_out(alert, language_of(request)))

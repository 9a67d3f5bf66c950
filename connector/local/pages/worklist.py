"""The work list: what was prepared for a day, and the one action that starts a professional's own.

Each fetch is started by itself, with a mandate and a journal entry of its own; one that is refused stays in the list
with the reason. An assistant sees what waits for everybody, starts nothing and reads nothing.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from http import HTTPStatus
from typing import Final

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import ConnectorError, LocalRefused
from connector.core.fetch import Fetch
from connector.core.instant import day_in_france
from connector.core.states import FetchState
from connector.local.answers import FetchOut
from connector.local.desk import desk_of
from connector.local.fetches import fetch_id_of
from connector.local.guards import PORTS, language_of
from connector.local.pages.answers import see_other
from connector.local.pages.errors import words_of_error
from connector.local.pages.preparing import COLUMNS, MAX_ROWS, Row, read_file
from connector.local.pages.rendering import render
from connector.local.pages.uploads import text_of
from connector.local.sign_in.session import require
from connector.local.statuses import status_of
from connector.local.views import fetch_out
from connector.local.words import Words

_DAYS_AHEAD: Final = 6


async def show(request: web.Request) -> web.Response:
    """`GET /worklist?day=`."""
    return await _page(request, _day(request, request.query.get("day", "")))


async def start(request: web.Request) -> web.Response:
    """`POST /worklist/start`: all of one's own of that day, each by itself."""
    signed_in, desk = require(request), desk_of(request)
    day = _day(request, str((await request.post()).get("day", "")))
    started, refused = 0, []
    for fetch in await desk.prepared():
        if str(fetch.planned_for) != day:
            continue
        try:
            await desk.start(fetch.id, signed_in.auth)
            started += 1
        except ConnectorError as error:
            refused.append((fetch_out(fetch, language_of(request)), words_of_error(error, language_of(request))))
    return await _page(request, day, started=started, refused=refused)


async def take_out(request: web.Request) -> web.Response:
    """`POST /worklist/{id}/cancel`: by its practitioner, or by the assistants who prepare; only before it started."""
    fetch_id = fetch_id_of(request)
    found = next((fetch for fetch in await _waiting(request) if fetch.id == fetch_id), None)
    if found is None:
        raise LocalRefused("fetch: none of this id waits to be started", code=Code.LOCAL_NOT_FOUND)
    fetch = await request.app[PORTS].errands.take_out(fetch_id)
    return see_other(f"/worklist?day={fetch.planned_for}" if fetch.planned_for else "/worklist")


async def import_file(request: web.Request) -> web.Response:
    """`POST /worklist/import`: a CSV file; each line by itself, the same file twice the same fetches."""
    sent = (await request.post()).get("file")
    today = day_in_france(request.app[PORTS].clock.now())
    try:
        rows = await read_file(request, text_of(sent))
    except ConnectorError as error:
        told = words_of_error(error, language_of(request))
        return await _page(request, today, file_fault=told, status=status_of(error.code))
    first = min((str(row.fetch.planned_for) for row in rows if row.fetch), default=today)
    return await _page(request, first, rows=rows)


async def _page(
    request: web.Request,
    day: str,
    *,
    started: int | None = None,
    refused: Sequence[tuple[FetchOut, Words]] = (),
    rows: Sequence[Row] | None = None,
    file_fault: Words | None = None,
    status: int = HTTPStatus.OK,
) -> web.Response:
    language, signed_in = language_of(request), require(request)
    waiting = await _waiting(request)
    of_day = [fetch for fetch in waiting if fetch.planned_for is None or str(fetch.planned_for) == day]
    groups: dict[str, list[FetchOut]] = {}
    for fetch in of_day:
        groups.setdefault(fetch.practitioner.name, []).append(fetch_out(fetch, language))
    today = day_in_france(request.app[PORTS].clock.now())
    planned = [str(fetch.planned_for) for fetch in waiting if fetch.planned_for]
    week = [(date.fromisoformat(today) + timedelta(days=ahead)).isoformat() for ahead in range(_DAYS_AHEAD + 1)]
    return render(
        request,
        "worklist.html",
        status=status,
        shown_day=day,
        today=today,
        days=[(one, planned.count(one)) for one in sorted({*week, *planned, day})],
        groups=groups,
        startable=sum(fetch.owner == signed_in.practitioner_id and fetch.planned_for is not None for fetch in of_day),
        started=started,
        refused=refused,
        rows=[(row, None if row.fault is None else words_of_error(row.fault, language)) for row in rows]
        if rows is not None
        else None,
        file_fault=file_fault,
        columns=COLUMNS,
        max_rows=MAX_ROWS,
    )


async def _waiting(request: web.Request) -> Sequence[Fetch]:
    """Give what waits: a professional's own; for those who prepare for others, what was planned for anybody."""
    if require(request).practitioner_id is not None:
        return await desk_of(request).prepared()
    found = await request.app[PORTS].errands.prepared(None)
    return [fetch for fetch in found if fetch.planned_for is not None and fetch.state is FetchState.PREPARED]


def _day(request: web.Request, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return day_in_france(request.app[PORTS].clock.now())

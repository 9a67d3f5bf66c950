"""The operations on fetches but following and reading them."""

import re
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from aiohttp import web

from connector.core.canonical import canonical
from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import LocalRefused
from connector.core.fetch import Fetch
from connector.core.members import MemberId
from connector.core.ports import Idempotency
from connector.local.answers import FetchPage, PreparedOut
from connector.local.bodies import DEFAULT_PAGE, MAX_PAGE, answer, body_of, document_of, id_of, number_of, query_of
from connector.local.desk import desk_of
from connector.local.guards import PORTS, SETTINGS, caller_of, language_of
from connector.local.intake import read_demand, read_new_fetch
from connector.local.requests import ChooseIn, HandOnIn, NewFetchIn
from connector.local.sign_in.acting import acting_as, practitioner_of
from connector.local.sign_in.rights import CallingPerson
from connector.local.views import fetch_out

_IDEMPOTENCY_KEY: Final = re.compile(r"[!-~]{1,128}")


def fetch_id_of(request: web.Request) -> str:
    """Give the fetch id of the path.

    Raises:
        LocalRefused: `local.not_found`, it is no id.
    """
    return id_of(request.match_info["id"], "fetch")


async def create(request: web.Request) -> web.Response:
    """`POST /api/v1/fetches`."""
    body, _ = await body_of(request, NewFetchIn)
    ports, caller = request.app[PORTS], caller_of(request)
    settings, now = request.app[SETTINGS], ports.clock.now()
    if isinstance(caller, CallingPerson):
        # What the call states of a login is not believed of a session: it knows its own.
        practitioner = acting_as(request, body.practitioner.id)
        new = read_demand(body, practitioner, settings=settings, now=now)
    else:
        new = read_new_fetch(body, caller=caller, practitioners=ports.practitioners, settings=settings, now=now)
    key = _idempotency(request, body)
    fetch = await desk_of(request).prepare(new, key, start=body.start, replaces=body.replaces)
    return _fetch(request, fetch, HTTPStatus.CREATED, Location=f"/api/v1/fetches/{fetch.id}")


def _idempotency(request: web.Request, body: NewFetchIn) -> Idempotency | None:
    values = request.headers.getall("Idempotency-Key", [])
    if not values:
        return None
    if len(values) > 1 or not _IDEMPOTENCY_KEY.fullmatch(values[0]):
        raise LocalRefused("header Idempotency-Key: expected once, 1 to 128 printable ASCII characters without space")
    # Of the meaning, not of the bytes: a caller may write the same JSON in another order of keys. Which copy gives way
    # is no part of what is asked.
    digest = sha256(canonical(body.model_dump(mode="json", exclude={"replaces"}))).digest()
    return Idempotency(caller=caller_of(request).name, key=values[0], body_sha256=digest)


async def listing(request: web.Request) -> web.Response:
    """`GET /api/v1/fetches`."""
    query = query_of(request, "limit", "before")
    limit = number_of(query, "limit", DEFAULT_PAGE, lowest=1, highest=MAX_PAGE)
    before = id_of(query["before"], "fetch", Code.LOCAL_MALFORMED) if "before" in query else None
    found = await desk_of(request).list(limit + 1, before)
    items, language = found[:limit], language_of(request)
    following = items[-1].id if len(found) > limit else None
    links = {"Link": f'</api/v1/fetches?limit={limit}&before={following}>; rel="next"'} if following else {}
    page = FetchPage(items=[fetch_out(fetch, language) for fetch in items], next=following)
    return answer(request, page, headers=links)


async def show(request: web.Request) -> web.Response:
    """`GET /api/v1/fetches/{id}`."""
    return _fetch(request, await desk_of(request).get(fetch_id_of(request)))


async def start(request: web.Request) -> web.Response:
    """`POST /api/v1/fetches/{id}/start`."""
    # The login of whoever starts it goes into the mandates; a key's own words about it came when it was prepared.
    auth = practitioner_of(request).auth if isinstance(caller_of(request), CallingPerson) else None
    return _fetch(request, await desk_of(request).start(fetch_id_of(request), auth), HTTPStatus.ACCEPTED)


async def choose(request: web.Request) -> web.Response:
    """`POST /api/v1/fetches/{id}/choose`."""
    fetch_id = fetch_id_of(request)
    body, _ = await body_of(request, ChooseIn)
    member = MemberId.parse(body.member, strict=False)
    return _fetch(request, await desk_of(request).choose(fetch_id, member), HTTPStatus.ACCEPTED)


async def cancel(request: web.Request) -> web.Response:
    """`POST /api/v1/fetches/{id}/cancel`."""
    return _fetch(request, await desk_of(request).cancel(fetch_id_of(request)))


async def discard(request: web.Request) -> web.Response:
    """`POST /api/v1/fetches/{id}/discard`."""
    return _fetch(request, await desk_of(request).discard(fetch_id_of(request)))


async def hand_on(request: web.Request) -> web.Response:
    """`POST /api/v1/fetches/{id}/hand-on`."""
    fetch_id = fetch_id_of(request)
    body, _ = await body_of(request, HandOnIn)
    return _fetch(request, await desk_of(request).hand_on(fetch_id, body.colleague))


async def prepared(request: web.Request) -> web.Response:
    """`GET /api/v1/worklist?day=`."""
    query = query_of(request, "day")
    day = Day.parse(query["day"], field="day") if "day" in query else None
    found = [fetch for fetch in await desk_of(request).prepared() if day is None or fetch.planned_for == day]
    language = language_of(request)
    return answer(request, PreparedOut(items=[fetch_out(fetch, language) for fetch in found]))


async def file(request: web.Request) -> web.Response:
    """`POST /api/v1/fetches/{id}/file?sha256=`."""
    return _fetch(request, await desk_of(request).file(fetch_id_of(request), document_of(request)))


def _fetch(request: web.Request, fetch: Fetch, status: int = HTTPStatus.OK, **headers: str) -> web.Response:
    return answer(request, fetch_out(fetch, language_of(request)), status=status, headers=headers)

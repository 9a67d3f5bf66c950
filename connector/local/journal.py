"""Operations on the journal, for auditors: list, read one entry, verify. A worker is named in a body only."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.ledger import EntryType, Tree
from connector.core.members import MemberId
from connector.local.answers import JournalPage, JournalReportOut
from connector.local.bodies import DEFAULT_PAGE, MAX_PAGE, answer, body_of, number_of, query_of
from connector.local.guards import PORTS, SETTINGS
from connector.local.intake import read_ins, read_moment
from connector.local.ports import JournalQuery
from connector.local.requests import JournalSearchIn
from connector.local.views import journal_entry_out, tree_report_out

VERIFYING: Final = web.AppKey("verifying", asyncio.Lock)
_NAMES: Final = ("tree", "type", "peer", "outcome", "ref", "since", "until", "before", "limit")
_E = TypeVar("_E", Tree, EntryType)


async def listing(request: web.Request) -> web.Response:
    """`GET /api/v1/journal`."""
    return await _page(request, query_from(query_of(request, *_NAMES)))


async def search(request: web.Request) -> web.Response:
    """`POST /api/v1/journal/search`."""
    query = query_from(query_of(request, *_NAMES))
    body, _ = await body_of(request, JournalSearchIn)
    worker = read_ins(body.matricule, body.oid, request.app[SETTINGS])
    return await _page(request, replace(query, worker=worker))


async def show(request: web.Request) -> web.Response:
    """`GET /api/v1/journal/{tree}/{index}`."""
    tree = _choice(Tree, request.match_info["tree"], "tree")
    index = number_of({"index": request.match_info["index"]}, "index", 0)
    entry = await request.app[PORTS].journal.get(tree, index)
    if entry is None:
        raise LocalRefused(
            f"journal: the {tree} ledger has no entry of that index",
            code=Code.LOCAL_NOT_FOUND,
            hint="list the journal: GET /api/v1/journal",
        )
    return answer(request, journal_entry_out(entry, personal=True))


async def verify(request: web.Request) -> web.Response:
    """`POST /api/v1/journal/verify`."""
    lock = request.app[VERIFYING]
    if lock.locked():
        raise LocalRefused(
            "journal: it is being verified already", code=Code.LIMIT_EXCEEDED, hint="wait for that to end"
        )
    async with lock:
        trees = [tree_report_out(report) for report in await request.app[PORTS].journal.verify()]
    return answer(request, JournalReportOut(ok=all(tree.ok for tree in trees), trees=trees))


async def _page(request: web.Request, query: JournalQuery) -> web.Response:
    found = await request.app[PORTS].journal.find(replace(query, limit=query.limit + 1))
    items = found[: query.limit]
    following = str(items[-1].index) if len(found) > query.limit else None
    entries = [journal_entry_out(entry, personal=False) for entry in items]
    return answer(request, JournalPage(items=entries, next=following))


def query_from(values: Mapping[str, str]) -> JournalQuery:
    """Read the filters of a list.

    Raises:
        LocalRefused: `local.malformed`.
        IdentityFault: `identity.malformed`, the member id.
    """
    return JournalQuery(
        tree=_choice(Tree, values.get("tree", Tree.EXCHANGE.value), "tree"),
        type=_choice(EntryType, values["type"], "type") if "type" in values else None,
        peer=MemberId.parse(values["peer"], strict=False) if "peer" in values else None,
        outcome=values.get("outcome"),
        ref=values.get("ref"),
        since=_moment(values, "since"),
        until=_moment(values, "until"),
        before=number_of(values, "before", 0) if "before" in values else None,
        limit=number_of(values, "limit", DEFAULT_PAGE, lowest=1, highest=MAX_PAGE),
    )


def _moment(values: Mapping[str, str], name: str) -> Instant | None:
    # In a query "+" means a space: an offset written plainly arrives as one.
    return read_moment(values[name].replace(" ", "+"), name) if name in values else None


def _choice(kind: type[_E], text: str, field: str) -> _E:
    try:
        return kind(text)
    except ValueError:
        raise LocalRefused(f"{field}: expected one of {', '.join(kind)}", field=field) from None

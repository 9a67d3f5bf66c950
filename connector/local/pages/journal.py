"""The journal page for auditors: filters, one entry with its personal part, verifying, export, and a worker's report.

A worker is named in a form that is posted, never in an address. Each look at a report is an entry of its own.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from aiohttp import web

from connector.core.errors import ConnectorError
from connector.core.instant import Instant, end_of_day_in_france, rfc3339
from connector.core.ledger import EntryType, Tree
from connector.core.matricule import Ins
from connector.local.evidence_answers import WorkerReportOut
from connector.local.guards import PORTS, SETTINGS, caller_of, language_of
from connector.local.intake import read_ins
from connector.local.journal import query_from
from connector.local.pages.errors import words_of_error
from connector.local.pages.fetch_form import iso_day
from connector.local.pages.rendering import render
from connector.local.ports import JournalQuery
from connector.local.statuses import status_of
from connector.local.views import journal_entry_out, tree_report_out
from connector.local.words import Words

_FILTERS: Final = ("tree", "type", "peer", "outcome", "ref", "since", "until", "before")
_LIMIT: Final = 50


async def show(request: web.Request) -> web.Response:
    """`GET /journal`: with the filters of its form."""
    return await _page(request, {name: request.query.get(name, "") for name in _FILTERS})


async def search(request: web.Request) -> web.Response:
    """`POST /journal/search`: the entries about one worker."""
    sent = await request.post()
    values = {name: str(sent.get(name, "")) for name in _FILTERS}
    return await _page(request, values, matricule=str(sent.get("matricule", "")), oid=str(sent.get("oid", "")))


async def entry(request: web.Request) -> web.Response:
    """`GET /journal/{tree}/{index}`."""
    wanted = query_from({"tree": request.match_info["tree"], "before": request.match_info["index"]})
    found = await request.app[PORTS].journal.get(wanted.tree, wanted.before or 0)
    if found is None:
        raise web.HTTPNotFound
    return render(request, "journal_entry.html", entry=journal_entry_out(found, personal=True), names=_names(request))


async def verify(request: web.Request) -> web.Response:
    """`POST /journal/verify`: both ledgers, leaf by leaf."""
    trees = [tree_report_out(report) for report in await request.app[PORTS].journal.verify()]
    return await _page(request, {}, trees=trees)


async def report_form(request: web.Request) -> web.Response:
    """`GET /report`."""
    return _report(request, {})


async def report(request: web.Request) -> web.Response:
    """`POST /report`: who asked for and who read a worker's record, to be printed and given to them."""
    sent = await request.post()
    stated = {name: str(sent.get(name, "")) for name in ("matricule", "oid")}
    try:
        found = await request.app[PORTS].evidence.worker(_ins(request, **stated), caller_of(request).name)
    except ConnectorError as error:
        told = words_of_error(error, language_of(request))
        return _report(request, stated, told=told, status=status_of(error.code))
    return _report(request, stated, made=WorkerReportOut.model_validate(found))


def _report(
    request: web.Request,
    stated: Mapping[str, str],
    *,
    made: WorkerReportOut | None = None,
    told: Words | None = None,
    status: int = 200,
) -> web.Response:
    return render(
        request,
        "report.html",
        status=status,
        report=made,
        told=told,
        matricule=stated.get("matricule", ""),
        oid=stated.get("oid", ""),
        oids=request.app[SETTINGS].worker_oids,
        names=_names(request),
    )


async def _page(
    request: web.Request,
    values: dict[str, str],
    *,
    matricule: str = "",
    oid: str = "",
    trees: list[Any] | None = None,
) -> web.Response:
    told, status, items, following = None, 200, [], None
    exported: dict[str, str] | None = None
    try:
        query = _query(values)
        exported = _exported(query) if not matricule else None
        if matricule:
            query = replace(query, worker=_ins(request, matricule, oid))
        found = await request.app[PORTS].journal.find(replace(query, limit=_LIMIT + 1))
        items = [journal_entry_out(one, personal=False) for one in found[:_LIMIT]]
        following = items[-1].index if len(found) > _LIMIT else None
    except ConnectorError as error:
        told, status = words_of_error(error, language_of(request)), status_of(error.code)
    return render(
        request,
        "journal.html",
        status=status,
        told=told,
        entries=items,
        following=following,
        values={name: values.get(name, "") for name in _FILTERS},
        kept={name: text for name, text in values.items() if text and name != "before"},
        exported=exported,
        searched=matricule,
        oid=oid,
        oids=request.app[SETTINGS].worker_oids,
        trees=trees,
        all_trees=tuple(Tree),
        types=sorted(EntryType),
        members=sorted(request.app[PORTS].directory.members(), key=lambda member: member.name),
        names=_names(request),
    )


def _query(values: dict[str, str]) -> JournalQuery:
    given = {name: text.strip() for name, text in values.items() if text.strip()}
    for name in {"since", "until"} & given.keys():
        given[name] = _moment(given[name], is_end=name == "until")
    return query_from(given)


def _moment(text: str, *, is_end: bool) -> str:
    """Give the first or the last second of a day in France; what is no day stays as it is, for the query to judge."""
    try:
        day = date.fromisoformat(iso_day(text))
        at = end_of_day_in_france(day) - 1 if is_end else end_of_day_in_france(day - timedelta(days=1))
    except (ValueError, OverflowError):
        return text
    return rfc3339(Instant(at))


def _exported(query: JournalQuery) -> dict[str, str]:
    """Give the filters as the export takes them: whole instants, and no worker, who stands in no address."""
    stated = {
        "tree": query.tree.value,
        "type": query.type.value if query.type else "",
        "peer": query.peer.value if query.peer else "",
        "outcome": query.outcome or "",
        "ref": query.ref or "",
        "since": rfc3339(query.since) if query.since is not None else "",
        "until": rfc3339(query.until) if query.until is not None else "",
    }
    return {name: text for name, text in stated.items() if text}


def _ins(request: web.Request, matricule: str, oid: str) -> Ins:
    return read_ins(matricule, oid or None, request.app[SETTINGS])


def _names(request: web.Request) -> dict[str, str]:
    return {member.id.value: member.name for member in request.app[PORTS].directory.members()}

"""Operations on evidence and on reports of the journal, for auditors and the data-protection officer."""

import asyncio
import re
from typing import Final

from aiohttp import hdrs, web

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.ledger import Tree
from connector.core.members import MemberId
from connector.local.bodies import answer, body_of, number_of, query_of
from connector.local.evidence_answers import PeerReportOut, ProofOut, ReviewOut, SealOut, WorkerReportOut
from connector.local.evidence_requests import SealIn, SignReviewIn
from connector.local.guards import PORTS, SETTINGS, break_off, caller_of
from connector.local.intake import read_ins, read_moment
from connector.local.journal import query_from
from connector.local.ports import JournalExport
from connector.local.requests import JournalSearchIn
from connector.local.streams import STREAMS

_ID: Final = re.compile(r"[0-9a-f]{32}")
NDJSON: Final = "application/x-ndjson"
_FORMS: Final = ("ndjson", "fhir")
MONTH: Final = "^20[0-9]{2}-(0[1-9]|1[0-2])$"


async def prove(request: web.Request) -> web.Response:
    """`GET /api/v1/journal/{tree}/{index}/proof`."""
    tree = _tree(request.match_info["tree"])
    index = number_of({"index": request.match_info["index"]}, "index", 0)
    return answer(request, ProofOut.model_validate(await request.app[PORTS].evidence.prove(tree, index)))


async def export(request: web.Request) -> web.Response:
    """`GET /api/v1/evidence/{id}`."""
    ref = request.match_info["id"]
    if not _ID.fullmatch(ref):
        raise LocalRefused(
            "evidence: the id is not 32 lower-case hex characters",
            code=Code.LOCAL_NOT_FOUND,
            hint="give the id of a fetch, a lookup or a handover",
        )
    data = await request.app[PORTS].evidence.export(ref, caller_of(request).name)
    disposition = f'attachment; filename="evidence-{ref}.json"'
    return web.Response(body=data, content_type="application/json", headers={hdrs.CONTENT_DISPOSITION: disposition})


async def worker(request: web.Request) -> web.Response:
    """`POST /api/v1/reports/worker`."""
    query_of(request)
    body, _ = await body_of(request, JournalSearchIn)
    ins = read_ins(body.matricule, body.oid, request.app[SETTINGS])
    found = await request.app[PORTS].evidence.worker(ins, caller_of(request).name)
    return answer(request, WorkerReportOut.model_validate(found))


async def peer(request: web.Request) -> web.Response:
    """`GET /api/v1/reports/peers/{id}`."""
    member = MemberId.parse(request.match_info["id"], strict=False)
    since = query_of(request, "since").get("since")
    at = read_moment(since.replace(" ", "+"), "since") if since is not None else Instant(0)
    found = await request.app[PORTS].evidence.peer(member, at, caller_of(request).name)
    return answer(request, PeerReportOut.model_validate(found))


async def review(request: web.Request) -> web.Response:
    """`GET /api/v1/reports/reviews/{month}`."""
    found = await request.app[PORTS].evidence.review(_month(request), caller_of(request).name)
    return answer(request, ReviewOut.model_validate(found))


async def sign_review(request: web.Request) -> web.Response:
    """`POST /api/v1/reports/reviews/{month}/sign`."""
    body, _ = await body_of(request, SignReviewIn)
    month = _month(request)
    found = await request.app[PORTS].evidence.sign(month, body.by, caller_of(request).name)
    return answer(request, ReviewOut.model_validate(found))


async def seal(request: web.Request) -> web.Response:
    """`POST /api/v1/acceptance`."""
    body, _ = await body_of(request, SealIn)
    peer = MemberId.parse(body.peer, strict=False)
    sealed = await request.app[PORTS].evidence.seal(body.report_sha256, peer, body.by, caller_of(request).name)
    return answer(request, SealOut(seal=sealed))


async def lines(request: web.Request) -> web.StreamResponse:
    """`GET /api/v1/journal/export`."""
    values = query_of(request, "format", "tree", "since", "until", "type", "peer", "outcome", "ref")
    form = values.get("format", "ndjson")
    if form not in _FORMS:
        raise LocalRefused(f"format: expected one of {', '.join(_FORMS)}", field="format")
    query = query_from(values)
    wanted = JournalExport(
        form=form,
        tree=query.tree if "tree" in values else None,
        since=query.since,
        until=query.until,
        type=query.type,
        peer=query.peer,
        outcome=query.outcome,
        ref=query.ref or "",
    )
    with request.app[STREAMS].place():
        found = request.app[PORTS].evidence.lines(wanted, caller_of(request).name)
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: NDJSON})
        first = await anext(found, None)  # what fails before the first line is answered as a fault
        try:
            await response.prepare(request)
            line = first
            while line is not None:
                async with asyncio.timeout(request.app[SETTINGS].write_seconds):
                    await response.write(line)
                line = await anext(found, None)
            await response.write_eof()
        except ConnectionError:
            pass  # the reader went away
        except Exception as error:  # noqa: BLE001 - the status line is out: the answer can only break off
            break_off(request, error)
    return response


def _month(request: web.Request) -> str:
    month = request.match_info["month"]
    if not re.fullmatch(MONTH, month, re.ASCII):
        raise LocalRefused("month: expected YYYY-MM", field="month")
    return month


def _tree(text: str) -> Tree:
    try:
        return Tree(text)
    except ValueError:
        raise LocalRefused(f"tree: expected one of {', '.join(Tree)}", field="tree") from None

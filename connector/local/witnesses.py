"""The operation on witnesses: who countersigned our ledgers, and what is wrong with whose."""

from aiohttp import web

from connector.core.instant import Instant, rfc3339
from connector.core.members import MemberId
from connector.core.ports import MemberDirectory
from connector.core.witness import KnownHead, LedgerFault, LedgerGap, WitnessStatement, culprit, in_words
from connector.local.bodies import answer
from connector.local.guards import PORTS
from connector.local.witness_answers import KnownHeadOut, LedgerFaultOut, LedgerGapOut, StatementOut, WitnessesOut


async def show(request: web.Request) -> web.Response:
    """`GET /api/v1/journal/witnesses`."""
    ports = request.app[PORTS]
    report, directory, now = await ports.witnesses.report(), ports.directory, ports.clock.now()
    body = WitnessesOut(
        behind=report.behind,
        asked_at=rfc3339(report.asked_at) if report.asked_at is not None else None,
        answered_at=rfc3339(report.answered_at) if report.answered_at is not None else None,
        statements=[_statement(statement, directory, now) for statement in report.statements],
        heads=[_head(known, directory) for known in report.heads],
        faults=[_fault(fault, directory) for fault in report.faults],
        gaps=[_gap(gap, directory) for gap in report.gaps],
    )
    return answer(request, body)


def _statement(statement: WitnessStatement, directory: MemberDirectory, now: Instant) -> StatementOut:
    head = statement.head
    return StatementOut(
        witness=statement.witness.value,
        name=_name(statement.witness, directory),
        tree=head.ledger.tree,
        origin=str(head.ledger),
        size=head.size,
        at=rfc3339(statement.at),
        age_s=max(now - statement.at, 0),
    )


def _head(known: KnownHead, directory: MemberDirectory) -> KnownHeadOut:
    head = known.head
    return KnownHeadOut(
        member=head.ledger.member.value,
        name=_name(head.ledger.member, directory),
        tree=head.ledger.tree,
        origin=str(head.ledger),
        size=head.size,
        at=rfc3339(known.at),
    )


def _fault(fault: LedgerFault, directory: MemberDirectory) -> LedgerFaultOut:
    wrong = culprit(fault)
    return LedgerFaultOut(
        member=wrong.value,
        name=_name(wrong, directory),
        kind=fault.kind,
        text=in_words(fault),
        origin=str(fault.ledger),
        at=rfc3339(fault.at),
        known=fault.known,
        shown=fault.shown,
        told_by=fault.told_by.value if fault.told_by else None,
    )


def _gap(gap: LedgerGap, directory: MemberDirectory) -> LedgerGapOut:
    return LedgerGapOut(
        member=gap.new.member.value,
        name=_name(gap.new.member, directory),
        at=rfc3339(gap.at),
        old=str(gap.old),
        last=gap.last,
        new=str(gap.new),
        first=gap.first,
        reason=gap.told.reason if gap.told is not None else "",
        highest=gap.told.highest if gap.told is not None else "",
    )


def _name(member: MemberId, directory: MemberDirectory) -> str:
    listed = directory.get(member)
    return listed.name if listed is not None else ""

"""What the local side asks of evidence and reports; printing a report about people is itself in the journal.

Who reads what this gives answers for it: each report that names people is recorded, before it is given, with the API
key that asked (`EntryType.REPORTED`), and found again by the worker it was about.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import Instant, rfc3339
from connector.core.ledger import EntryDraft, EntryType, Tree
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.ports import HouseLedger
from connector.core.witness import LedgerName
from connector.crypto.signing import sealed
from connector.evidence import acceptance
from connector.evidence.access import worker_access
from connector.evidence.audit_events import fhir_line
from connector.evidence.collect import Exporter, export
from connector.evidence.peer import peer_report
from connector.evidence.reading import each, each_of_both
from connector.evidence.review import month_bounds, review
from connector.evidence.rows import write_row
from connector.ledger.export import ndjson_line
from connector.ledger.find import JournalEntry, Search
from connector.wire.checkpoint import Checkpoint

KnownAs = Callable[[Ins], Awaitable[Sequence[Ins]]]
"""Gives a worker's INS with the others by which the vendor's software knows them."""


FHIR: Final = "fhir"
"""The form of an export in AuditEvents; any other is the journal's own."""


class JournalExport(Protocol):
    """Which part of the journal is exported, and in which form; without a tree, both ledgers."""

    @property
    def form(self) -> str:
        """`ndjson` or `fhir`."""
        ...

    @property
    def tree(self) -> Tree | None:
        """Which ledger."""
        ...

    @property
    def since(self) -> Instant | None:
        """From when on."""
        ...

    @property
    def until(self) -> Instant | None:
        """Up to when."""
        ...

    @property
    def type(self) -> EntryType | None:
        """Entries of which type."""
        ...

    @property
    def peer(self) -> MemberId | None:
        """Entries about which member."""
        ...

    @property
    def outcome(self) -> str | None:
        """Entries with which outcome."""
        ...

    @property
    def ref(self) -> str:
        """Entries of which lookup, handover or fetch; empty for all."""
        ...


@dataclass(frozen=True, slots=True)
class EvidenceDesk:
    """Evidence and reports of this house."""

    exporter: Exporter
    ledger: HouseLedger
    known_as: KnownAs

    async def prove(self, tree: Tree, index: int) -> dict[str, Any]:
        """Give an entry's leaf, path and checkpoint, verified, with what witnesses said of it since.

        Raises:
            LocalRefused: `local.not_found`, there is no such entry.
            FailedClosed: the proof does not hold.
        """
        journal = self.exporter.journal
        if not await self._has(tree, index):
            raise LocalRefused(
                f"journal: the {tree} ledger has no entry of that index",
                code=Code.LOCAL_NOT_FOUND,
                hint="list the journal: GET /api/v1/journal",
            )
        shown = await journal.disclose(tree, index)
        row = write_row(shown)
        signed = Checkpoint.parse_body(shown.proof.checkpoint.rpartition("\n\n")[0] + "\n")
        origin = signed.origin
        ledger = LedgerName(origin.member, origin.tree, origin.serial)
        found = await self.exporter.witness.witnessed(ledger, signed.size)
        return {
            "origin": row["origin"],
            "index": row["index"],
            "type": row["type"],
            "at": row["at"],
            "leaf": row["leaf"],
            "path": row["path"],
            "size": signed.size,
            "checkpoint": row["checkpoint"],
            "destroyed": row["destroyed"],
            "witnesses": [
                {
                    "witness": seen.statement.witness.value,
                    "at": rfc3339(seen.statement.at),
                    "size": seen.statement.head.size,
                    "line": seen.statement.line,
                }
                for seen in found
            ],
        }

    async def export(self, ref: str, caller: str) -> bytes:
        """Give the evidence file of a fetch, a lookup or a handover.

        Raises:
            LocalRefused: `local.not_found`, the journal has nothing of that id.
            FailedClosed: an entry is not what was written, or the export cannot be journalled.
        """
        data = await export(self.exporter, ref)
        await self._record("evidence", caller, ref=ref)
        return data

    async def worker(self, ins: Ins, caller: str) -> dict[str, Any]:
        """Give who asked for and read a worker's record, when and why.

        Raises:
            FailedClosed: an entry is not what was written, or the report cannot be journalled.
        """
        rows, known = await worker_access(self.exporter.journal, await self.known_as(ins))
        await self._record("worker", caller, workers=known)
        return {
            "made_at": rfc3339(self.exporter.clock.now()),
            "member": self.exporter.member.value,
            "worker": ins.to_token(),
            "known_as": [other.to_token() for other in known],
            "rows": rows,
        }

    async def peer(self, member: MemberId, since: Instant, caller: str) -> dict[str, Any]:
        """Give what went to a member and what came from it.

        Raises:
            FailedClosed: an entry is not what was written, or the report cannot be journalled.
        """
        found = await peer_report(self.exporter.journal, member, since)
        await self._record("peer", caller, peer=member)
        return found

    async def review(self, month: str, caller: str) -> dict[str, Any]:
        """Give a month's review, and who signed it.

        Raises:
            LocalRefused: `local.malformed`, it is no month.
            FailedClosed: an entry is not what was written, or the report cannot be journalled.
        """
        found = await self._review(month)
        await self._record("review", caller, ref=month)
        return found

    async def _review(self, month: str) -> dict[str, Any]:
        rows = await review(self.exporter.journal, month)
        signed = [entry async for entry in each(self.exporter.journal, _signatures(month))]
        return {
            "month": month,
            "practitioners": rows,
            "signed": [_signature(entry) for entry in reversed(signed)],
        }

    async def sign(self, month: str, by: str, caller: str) -> dict[str, Any]:
        """Sign a month off, and give its review.

        Raises:
            LocalRefused: `local.malformed`, it is no month; `local.conflict`, it is not over.
            FailedClosed: it could not be journalled, so it is not signed.
        """
        now = self.exporter.clock.now()
        if month_bounds(month)[1] > now:
            raise LocalRefused(
                "review: the month is not over", code=Code.LOCAL_CONFLICT, hint="sign it when it has ended"
            )
        rows = await review(self.exporter.journal, month)
        marked = sum(bool(row["marks"]) for row in rows)
        personal = {"by": by, "caller": caller, "practitioners": len(rows), "marked": marked}
        await self.ledger.record(
            EntryDraft(type=EntryType.REVIEWED, at=now, outcome="signed", ref=month, personal=personal)
        )
        return await self._review(month)  # that it was signed says that it was seen

    async def seal(self, report_sha256: str, peer: MemberId, by: str, caller: str) -> str:
        """Sign the hash of an acceptance report as this member, now.

        Raises:
            FailedClosed: it could not be journalled, so it is not signed, or the signing key does not answer.
        """
        await self._record("acceptance", caller, ref=report_sha256, peer=peer)
        exporter = self.exporter
        at, member = exporter.clock.now(), exporter.member
        compact = await sealed(
            exporter.signer,
            lambda signer: acceptance.seal(report_sha256, member=member, peer=peer, by=by, at=at, signer=signer),
        )
        return compact.decode()

    async def lines(self, wanted: JournalExport, caller: str) -> AsyncIterator[bytes]:
        """Give the journal line by line, newest first, one page in memory at a time; without a tree, both ledgers.

        Raises:
            FailedClosed: an entry is not what was written, or the export cannot be journalled.
        """
        await self._record("export", caller)
        journal = self.exporter.journal
        search = Search(wanted.tree or Tree.EXCHANGE, wanted.since, wanted.until, wanted.type, wanted.peer, wanted.ref)
        async for entry in each(journal, search) if wanted.tree is not None else each_of_both(journal, search):
            if wanted.outcome not in {None, entry.outcome}:
                continue
            yield fhir_line(entry, self.exporter.member) if wanted.form == FHIR else ndjson_line(entry)

    async def _has(self, tree: Tree, index: int) -> bool:
        page = await self.exporter.journal.search(Search(tree, before=index + 1, limit=1))
        return bool(page) and page[0].index == index

    async def _record(
        self, what: str, caller: str, *, ref: str = "", peer: MemberId | None = None, workers: Sequence[Ins] = ()
    ) -> None:
        await self.ledger.record(
            EntryDraft(
                type=EntryType.REPORTED,
                at=self.exporter.clock.now(),
                peer=peer,
                outcome=what,
                ref=ref,
                personal={"by": caller},
                workers=tuple(workers),
            )
        )


def _signatures(month: str) -> Search:
    return Search(Tree.HOUSE, type=EntryType.REVIEWED, ref=month)


def _signature(entry: JournalEntry) -> dict[str, Any]:
    personal = entry.personal or {}
    return {"by": str(personal.get("by", "")), "at": rfc3339(entry.at), "index": entry.index}

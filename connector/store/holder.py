"""The holder's durable state: mandates used, announcements issued, and every entry of an answer (`HolderStore`).

Each method is one operation of the writer, so one transaction with its ledger entry. Handovers and their
acknowledgements are `store.handovers`.
"""

import sqlite3
from collections.abc import Callable, Sequence
from hashlib import sha256

from connector.core.codes import Code
from connector.core.errors import MandateRefused
from connector.core.evidence import Ack, DocumentDigest
from connector.core.handover import Handover, IssuedAnnouncement
from connector.core.identity_alerts import Noticed
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, Proof
from connector.core.limits import Counted
from connector.core.ports import UsedMandate
from connector.core.records import Trace
from connector.store import handovers
from connector.store.alerts import keep_noticed
from connector.store.epochs import EpochKeys
from connector.store.evidence import TokenKind, keep_token
from connector.store.house import record
from connector.store.keys import StateKeys
from connector.store.limits import keep_counted
from connector.store.outbox import keep_trace
from connector.store.readers import Readers
from connector.store.sealing import Sealer
from connector.store.sql import Connection, Insert, insert_rows, one
from connector.store.writer import Transaction, Writer

JTI_KEPT_AFTER_EXPIRY_SECONDS = 120
"""PROTOCOL section 7: until exp + 120 s by the highest clock ever stored."""

_ANNOUNCEMENTS = "announcements"
_USE = Insert("insert into used_mandates (issuer, jti, expires_at)", 3)
_ISSUED = "select sealed from announcements where id = ?"
_ISSUE = Insert("insert into announcements (id, requester, expires_at, sealed)", 4)


class SqliteHolderStore:
    """`core.ports.HolderStore` on the state's database."""

    def __init__(self, writer: Writer, readers: Readers, sealer: Sealer, keys: StateKeys, epochs: EpochKeys) -> None:
        self._writer = writer
        self._readers = readers
        self._sealer = sealer
        self._keys = keys
        self._epochs = epochs

    async def record(self, entry: EntryDraft) -> None:
        """Append to the house ledger."""
        await record(self._writer, entry)

    async def answer(
        self,
        *,
        entry: EntryDraft,
        used: UsedMandate | None,
        announcement: IssuedAnnouncement | None = None,
        trace: Trace | None = None,
        noticed: Noticed | None = None,
        counted: Counted | None = None,
    ) -> Proof:
        """Append the entry of an answer, with the mandate it uses up, what was announced and the trace it owes.

        `noticed` is kept with it for this service's own staff, and in no ledger; `counted` for the limits.

        Raises:
            MandateRefused: `mandate.replayed`.
            FailedClosed: nothing of it was kept.
        """
        sealed = None if announcement is None else self._sealer.seal(_ANNOUNCEMENTS, announcement.id, announcement)

        def operation(transaction: Transaction) -> Callable[[], Proof]:
            _use(transaction, used)
            if announcement is not None:
                row = (announcement.id, announcement.requester.value, announcement.expires_at, sealed)
                transaction.insert(_ISSUE, row)
            if trace is not None:
                keep_trace(transaction, self._sealer, trace)
            if noticed is not None:
                keep_noticed(transaction, self._sealer, self._keys, noticed)
            if counted is not None:
                keep_counted(transaction, self._epochs, counted)
            return transaction.append(entry).proof

        return await self._writer.run(operation)

    async def announcement(self, announcement_id: str) -> IssuedAnnouncement | None:
        """Give an announcement, expired ones too until they are tidied away."""
        row = self._readers.here(lambda db: one(db, _ISSUED, announcement_id))
        return self._sealer.open(IssuedAnnouncement, _ANNOUNCEMENTS, announcement_id, row[0]) if row else None

    async def decide(self, *, entry: EntryDraft, used: UsedMandate | None, handover: Handover | None) -> Proof:
        """Append *decided* and keep or update the handover.

        Raises:
            MandateRefused: `mandate.replayed`.
            RequestRefused: `handover.not_available`, the announcement has another handover already.
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> Callable[[], Proof]:
            _use(transaction, used, at_once=True)
            if handover is not None:
                handovers.keep(transaction.db, self._sealer, handover)
            return transaction.append(entry).proof

        return await self._writer.run(operation)

    async def handover(self, handover_id: str) -> Handover | None:
        """Give a handover whose document is not purged."""
        return self._readers.here(lambda db: handovers.find(db, self._sealer, handover_id))

    async def handover_of(self, announcement_id: str) -> Handover | None:
        """Give the handover of an announcement."""
        return self._readers.here(lambda db: handovers.find_of(db, self._sealer, announcement_id))

    async def spooling(self, handover: Handover) -> Handover:
        """Keep a handover whose document is being rendered; gives the one that the announcement already has, if any."""

        def operation(transaction: Transaction) -> Callable[[], Handover]:
            found = handovers.find_of(transaction.db, self._sealer, handover.announcement_id)
            if found is None:
                handovers.keep(transaction.db, self._sealer, handover)
            return lambda: found or handover

        return await self._writer.run(operation)

    async def spooled(self, handover_id: str, document: DocumentDigest) -> None:
        """The document is in the vault and hashed.

        Raises:
            RequestRefused: `handover.not_available`, purged meanwhile.
        """
        await self._writer.do(lambda t: handovers.spooled(t.db, self._sealer, handover_id, document))

    async def spool_failed(self, handover_id: str) -> None:
        """Forget a handover that did not get its document, so that the next demand begins anew."""
        await self._writer.do(lambda t: handovers.forget_unspooled(t.db, handover_id))

    async def receipt_issued(self, handover_id: str, receipt: bytes) -> None:
        """Keep a receipt (its compact form), which an acknowledgement must name.

        Raises:
            RequestRefused: `handover.not_available`.
        """
        digest = sha256(receipt).digest()

        def operation(transaction: Transaction) -> None:
            handovers.keep_receipt(transaction.db, self._sealer, handover_id, digest)
            keep_token(transaction, self._epochs, TokenKind.RECEIPT, handover_id, receipt)

        await self._writer.do(operation)

    async def release(
        self, *, entry: EntryDraft, used: UsedMandate, handover_id: str, trace: Trace | None = None
    ) -> Proof:
        """Append *release* or *resume*: durable before the first byte leaves.

        Raises:
            MandateRefused: `mandate.replayed`.
            RequestRefused: `handover.not_available`, unknown, purged, or not spooled.
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> Callable[[], Proof]:
            _use(transaction, used, at_once=True)
            handovers.release(transaction.db, self._sealer, handover_id)
            if trace is not None:
                keep_trace(transaction, self._sealer, trace)
            return transaction.append(entry).proof

        return await self._writer.run(operation)

    async def end(self, *, entry: EntryDraft, handover_id: str) -> Proof:  # noqa: ARG002 (the entry's `ref` names it)
        """Append *end*, whatever has become of the handover: its release stands in the ledger."""
        return await self._writer.run(lambda transaction: transaction.append(entry).proof)

    async def acknowledge(self, *, ack: Ack, entry: EntryDraft) -> bool:
        """Keep an acknowledgement with its entry; the same one again changes nothing and is as welcome.

        Raises:
            RequestRefused: `handover.not_available`, no such handover of that member; `ack.mismatch`, another result
                than before, a receipt never issued for it, a document that was not released, or other bytes verified.
        """

        def operation(transaction: Transaction) -> Callable[[], bool]:
            if handovers.acknowledge(transaction.db, self._sealer, ack.draft):
                transaction.append(entry)
            return lambda: True

        return await self._writer.run(operation)

    async def expired_handovers(self, now: Instant) -> Sequence[Handover]:
        """Give handovers past their end, whose documents are to be purged."""
        return await self._readers.run(lambda db: handovers.expired(db, self._sealer, now))

    async def handover_purged(self, handover_id: str, entry: EntryDraft) -> None:
        """Keep nothing personal of a handover; a second time changes nothing."""

        def operation(transaction: Transaction) -> None:
            if handovers.purge(transaction.db, handover_id, transaction.now):
                transaction.append(entry)

        await self._writer.do(operation)


def forget_old(db: Connection, highest: Instant, now: Instant) -> int:
    """Drop mandates that can no longer be replayed, and announcements past their end; says how many rows."""
    used = db.execute("delete from used_mandates where expires_at < ?", (highest - JTI_KEPT_AFTER_EXPIRY_SECONDS,))
    issued = db.execute("delete from announcements where expires_at <= ?", (now,))
    return used.rowcount + issued.rowcount


def _use(transaction: Transaction, used: UsedMandate | None, *, at_once: bool = False) -> None:
    """Use a mandate up. One used before breaks the table's key: gathered with the rest of the batch, that is found out
    at its end, the batch is done again carefully (`store.transaction`), and it is refused here.

    `at_once` is for an operation that refuses for other reasons as well: this one comes first.
    """
    if used is None:
        return
    row = (used.issuer.value, used.jti, used.expires_at)
    try:
        if at_once:
            insert_rows(transaction.db, _USE, [row])
        else:
            transaction.insert(_USE, row)
    except sqlite3.IntegrityError:
        raise MandateRefused(
            "mandate: its jti was used before, expected a fresh one for each request",
            code=Code.MANDATE_REPLAYED,
            hint="seal a new mandate for every attempt",
        ) from None

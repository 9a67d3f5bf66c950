"""The requester's durable state: fetches with their events, and the outbox of acknowledgements (`RequesterStore`).

Each method is one operation of the writer, so one transaction with its ledger entries.
"""

from collections.abc import Callable, Sequence

from connector.core.evidence import AckDraft
from connector.core.fetch import Fetch, FetchEvent
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, Proof, Tree
from connector.core.ports import DueAck, Idempotency
from connector.core.records import Trace
from connector.core.states import FetchState
from connector.store import fetches
from connector.store.epochs import EpochKeys
from connector.store.evidence import TokenKind, keep_token
from connector.store.house import record
from connector.store.keys import StateKeys
from connector.store.ledgers import Ledgers
from connector.store.outbox import keep_trace
from connector.store.readers import Readers
from connector.store.sealing import Sealer
from connector.store.sql import Connection, rows
from connector.store.writer import Transaction, Writer

DUE_AT_ONCE = 100

_ACKS = "acks"
_KEEP_ACK = """
    insert or replace into acks (handover_id, fetch_id, idx, attempts, due_at, sealed) values (?, ?, ?, 0, ?, ?)
"""
_DUE_ACKS = """
    select handover_id, fetch_id, idx, attempts, sealed from acks where due_at <= ? order by due_at, handover_id limit ?
"""


class SqliteRequesterStore:
    """`core.ports.RequesterStore` on the state's database."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        sealer: Sealer,
        keys: StateKeys,
        epochs: EpochKeys,
        ledgers: Ledgers,
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._sealer = sealer
        self._keys = keys
        self._epochs = epochs
        self._ledgers = ledgers

    async def record(self, entry: EntryDraft) -> None:
        """Append to the house ledger."""
        await record(self._writer, entry)

    async def create_fetch(self, fetch: Fetch, idempotency: Idempotency | None, event: FetchEvent) -> Fetch:
        """Keep a new fetch, or give the one already kept under that key.

        Raises:
            LocalRefused: `local.conflict`, the key was used for something else.
        """

        def operation(transaction: Transaction) -> Callable[[], Fetch]:
            db = transaction.db
            kept = fetches.create(db, self._sealer, self._keys, fetch, idempotency, transaction.now)
            if kept is None:
                fetches.keep_events(db, self._sealer, [event])
            return lambda: kept or fetch

        return await self._writer.run(operation)

    async def fetch_made(self, idempotency: Idempotency) -> Fetch | None:
        """Give the fetch that was kept under a key, None where none was.

        Raises:
            LocalRefused: `local.conflict`, the key was used for something else.
        """
        return await self._readers.run(lambda db: fetches.made(db, self._sealer, self._keys, idempotency))

    async def fetch(self, fetch_id: str) -> Fetch | None:
        """Give a fetch."""
        return self._readers.here(lambda db: fetches.find(db, self._sealer, fetch_id))

    async def fetches(self, *, owner: str | None, limit: int = 50, before: str | None = None) -> Sequence[Fetch]:
        """Give fetches, the newest first: of one owner or of all, those prepared before the one named.

        Raises:
            LocalRefused: `local.not_found`, there is no fetch of the id to begin before.
        """
        return await self._readers.run(lambda db: fetches.page(db, self._sealer, self._keys, owner, limit, before))

    async def fetches_readable(self, who: str) -> Sequence[Fetch]:
        """Give the fetches whose document is here for a practitioner, handed to them or their own, the newest first."""
        return await self._readers.run(lambda db: fetches.readable(db, self._sealer, self._keys, who))

    async def fetches_prepared(self) -> Sequence[Fetch]:
        """Give the fetches that wait to be started, the oldest first."""
        return await self._readers.run(lambda db: fetches.prepared(db, self._sealer))

    async def fetches_to_resume(self) -> Sequence[Fetch]:
        """Give the fetches that were running when the last process ended, the oldest first."""
        return await self._readers.run(lambda db: fetches.to_resume(db, self._sealer))

    async def fetches_to_end(self, now: Instant) -> Sequence[Fetch]:
        """Give the fetches, not purged yet, whose `expires_at` has come."""
        return await self._readers.run(lambda db: fetches.to_end(db, self._sealer, now))

    async def save(
        self,
        fetch: Fetch,
        events: Sequence[FetchEvent],
        entries: Sequence[EntryDraft] = (),
        trace: Trace | None = None,
        only_from: FetchState | None = None,
    ) -> Sequence[Proof]:
        """Keep the fetch, its events, entries and trace in one transaction; proofs in the order of the entries.

        Raises:
            LocalRefused: `local.not_found`; `fetch.state`, the fetch was ended, or moved from `only_from`, meanwhile.
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> Callable[[], Sequence[Proof]]:
            self._write(transaction, fetch, events, only_from)
            if trace is not None:
                keep_trace(transaction, self._sealer, trace)
            appended = [transaction.append(entry) for entry in entries]
            return lambda: [entry.proof() for entry in appended]

        return await self._writer.run(operation)

    async def append(self, entries: Sequence[EntryDraft]) -> Sequence[Proof]:
        """Append entries of either tree that belong to no fetch, in one transaction; proofs in their order.

        Raises:
            FailedClosed: none of them was kept.
        """

        def operation(transaction: Transaction) -> Callable[[], Sequence[Proof]]:
            appended = [transaction.append(entry) for entry in entries]
            return lambda: [entry.proof() for entry in appended]

        return await self._writer.run(operation)

    async def arrived(
        self,
        fetch: Fetch,
        events: Sequence[FetchEvent],
        entry: EntryDraft,
        ack: AckDraft,
        trace: Trace | None,
    ) -> Proof:
        """Keep what arrived: fetch, events, entry, the acknowledgement to send and the trace to write, all or nothing.

        Raises:
            LocalRefused: `local.not_found`; `fetch.state`, the fetch was ended meanwhile.
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> Callable[[], Proof]:
            db = transaction.db
            appended = transaction.append(entry)
            self._write(transaction, fetch.arrived_at_index(appended.index), events)
            sealed = self._sealer.seal(_ACKS, ack.handover_id, ack)
            db.execute(_KEEP_ACK, (ack.handover_id, fetch.id, appended.index, transaction.now, sealed))
            if trace is not None:
                keep_trace(transaction, self._sealer, trace)
            return appended.proof

        return await self._writer.run(operation)

    async def events(self, fetch_id: str, after: int) -> Sequence[FetchEvent]:
        """Give the events of a fetch with a number above `after`, in their order."""
        return await self._readers.run(lambda db: fetches.events_after(db, self._sealer, fetch_id, after))

    async def due_acks(self, now: Instant) -> Sequence[DueAck]:
        """Give the acknowledgements that are due, each with the proof of its *arrived* entry."""

        def read(db: Connection) -> list[DueAck]:
            return [
                DueAck(
                    draft=self._sealer.open(AckDraft, _ACKS, handover_id, sealed),
                    proof=self._ledgers.proof_of(db, Tree.EXCHANGE, index),
                    attempts=attempts,
                    fetch_id=fetch_id,
                )
                for handover_id, fetch_id, index, attempts, sealed in rows(db, _DUE_ACKS, now, DUE_AT_ONCE)
            ]

        return await self._readers.run(read)

    async def ack_sent(self, handover_id: str, compact: bytes | None = None) -> None:
        """Forget an acknowledgement that was due; `compact` is what its holder took, kept as evidence."""

        def operation(transaction: Transaction) -> None:
            transaction.db.execute("delete from acks where handover_id = ?", (handover_id,))
            if compact is not None:
                keep_token(transaction, self._epochs, TokenKind.ACK, handover_id, compact)

        await self._writer.do(operation)

    async def ack_failed(self, handover_id: str, retry_at: Instant) -> None:
        """Keep it for another try."""

        def operation(transaction: Transaction) -> None:
            transaction.db.execute(
                "update acks set attempts = attempts + 1, due_at = ? where handover_id = ?", (retry_at, handover_id)
            )

        await self._writer.do(operation)

    async def purged(self, fetch: Fetch, events: Sequence[FetchEvent], entry: EntryDraft) -> None:
        """Keep that a fetch was purged.

        Raises:
            LocalRefused: `local.not_found`; `fetch.state`, it is not in a state that is purged.
        """

        def operation(transaction: Transaction) -> None:
            self._write(transaction, fetch, events)
            transaction.append(entry)

        await self._writer.do(operation)

    def _write(
        self,
        transaction: Transaction,
        fetch: Fetch,
        events: Sequence[FetchEvent],
        only_from: FetchState | None = None,
    ) -> None:
        fetches.update(transaction.db, self._sealer, self._keys, fetch, transaction.now, only_from)
        fetches.keep_events(transaction.db, self._sealer, events)

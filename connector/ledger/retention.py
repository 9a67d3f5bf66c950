"""The end of epochs: keys destroyed on time, or before it to erase one entry, and what they sealed removed.

Each destruction is a row of `destroyed_epochs` and a house entry *begun* before the key is touched, and a house entry
*done* once nothing of the epoch is left; between the two every step may be done twice. A crash leaves a row that is not
over, which the next run finishes.

One key wraps the keys of a whole epoch, so an entry that is only emptied could still be read in an old backup. Erasing
therefore gives all others of its epoch a new generation's key, and destroys the old one (ADR 0010).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from connector.core.clock_jump import ClockJump
from connector.core.codes import Code
from connector.core.epochs import Epoch
from connector.core.errors import FailedClosed, LocalRefused
from connector.core.instant import Instant
from connector.core.ledger import DestroyedBy, EntryDraft, EntryType, Tree
from connector.core.ports import Clock
from connector.ledger import entries
from connector.ledger.entries import StoredEntry
from connector.ledger.epoch_rows import EntryRows, empty_one
from connector.store import destroyed, evidence, limits
from connector.store.destroyed import Destruction
from connector.store.epoch_rows import EpochRows
from connector.store.epochs import EpochKeys
from connector.store.service import StateParts
from connector.store.sql import Connection, one, rows
from connector.store.transaction import Transaction
from connector.store.writer import Writer, jumped_lately

TABLES: Final[Sequence[EpochRows]] = (EntryRows(), limits.EPOCH_ROWS, evidence.EPOCH_ROWS)
"""Everything that is sealed under an epoch's key."""

PIECE: Final = 500
"""Rows of one operation: some 50 ms in which nobody else writes."""

KEPT_TO_THE_END: Final = frozenset(
    {EntryType.DESTROYED, EntryType.ERASED, EntryType.PROPOSED, EntryType.SUCCEEDED, EntryType.WITNESS}
)
"""What says who destroyed what, and where ledgers end or are at fault, is not erased before its time."""

_ENTRY: Final = f"select {entries.COLUMNS} from entries where tree = ? and idx = ?"  # noqa: S608 (constant)
_EPOCHS: Final = """
    with recursive found (epoch) as (
        select min(epoch) from entries where sealed <> x''
        union all
        select (select min(epoch) from entries where sealed <> x'' and epoch > found.epoch) from found
        where found.epoch is not null
    )
    select epoch from found where epoch is not null
"""


class Retention:
    """Destroys what is over, and erases what two people agreed to erase."""

    def __init__(
        self, writer: Writer, parts: StateParts, clock: Clock, give_back: Callable[[], Awaitable[object]] | None = None
    ) -> None:
        """For an open state; its clock is compared with the last instant that the state holds (`core.clock_jump`).

        `give_back` is called after each epoch: SQLite looks through all its free pages for each that it gives back.
        """
        self._give_back = give_back
        self._writer, self._readers, self._epochs, self._clock = writer, parts.readers, parts.epochs, clock
        self._jump = ClockJump(writer.highest_at_start, clock.monotonic())
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> int:
        """Finish what was begun, then destroy every epoch that is over; says how many came to their end.

        Raises:
            FailedClosed: a key cannot be destroyed, or the ledger not written; the rest is left for the next run.
        """
        async with self._one_at_a_time:
            ended = await self._finish_all()
            if await self.waits():
                return ended
            for epoch in await self._over():
                await self._begin(Destruction(epoch, DestroyedBy.RETENTION, self._clock.now()))
            return ended + await self._finish_all()

    async def waits(self) -> bool:
        """Whether the clock jumped less than a day ago: nothing is to be destroyed then because of the date.

        Raises:
            FailedClosed: `state.unavailable`.
        """
        return self._jump.waits(self._clock.now(), self._clock.monotonic()) or await self._jumped_before()

    async def _jumped_before(self) -> bool:
        """Whether a jump less than a day ago is stored: a restart would compare with instants from after it."""
        return await self._readers.run(lambda db: jumped_lately(db, self._clock.now()))

    async def erasable(self, tree: Tree, index: int) -> None:
        """Refuse what cannot be erased.

        Raises:
            LocalRefused: `local.not_found`, no such entry; `local.conflict`, destroyed already, or one that says who
                destroyed what.
            FailedClosed: `state.unavailable`.
        """
        await self._readers.run(lambda db: self._require(db, tree, index))

    async def erase(self, tree: Tree, index: int, reason: str, by: Sequence[str]) -> None:
        """Destroy the personal part of one entry before its time, in every copy of the database too.

        Raises:
            LocalRefused: as `erasable`.
            FailedClosed: it was not begun; or `ledger.unavailable`, the old key could not be destroyed yet: the part
                itself is gone from here, and the rest is tried again by the next run.
        """
        async with self._one_at_a_time:
            await self._finish_all()

            def operation(transaction: Transaction) -> Callable[[], None]:
                stored = self._require(transaction.db, tree, index)
                successor = self._epochs.renew(stored.epoch)
                now = transaction.now
                empty_one(transaction.db, tree, index)
                destroyed.begin(
                    transaction.db, Destruction(stored.epoch, DestroyedBy.ERASURE, now, successor, tree, index)
                )
                personal = {"tree": tree.value, "index": index, "reason": reason, "by": list(by)}
                transaction.append(EntryDraft(type=EntryType.ERASED, at=now, ref=stored.ref, personal=personal))
                return lambda: None

            await self._writer.run(operation)
            await self._finish_all()

    async def _over(self) -> list[str]:
        """Name the epochs whose time is over and of which a key or a row is left."""
        now = self._clock.now()
        with_rows = await self._readers.run(lambda db: [row[0] for row in rows(db, _EPOCHS)])
        names = {*with_rows, *await asyncio.to_thread(self._epochs.names)}
        return sorted(name for name in names if Epoch.parse(name).over_at <= now)

    async def _begin(self, destruction: Destruction) -> None:
        def operation(transaction: Transaction) -> None:
            if not destroyed.is_begun(transaction.db, destruction.epoch):
                destroyed.begin(transaction.db, destruction)
                transaction.append(_entry(destruction, "begun", transaction.now))

        await self._writer.do(operation)

    async def _finish_all(self) -> int:
        unfinished = await self._readers.run(destroyed.unfinished)
        for destruction in unfinished:
            await self._finish(destruction)
            if self._give_back is not None:
                await self._give_back()
        return len(unfinished)

    async def _finish(self, destruction: Destruction) -> None:
        if destruction.successor is not None:
            await asyncio.to_thread(self._require_successor, destruction.epoch, destruction.successor)
            for table in TABLES:
                await self._move(table, destruction.epoch, destruction.successor)
        await asyncio.to_thread(self._epochs.destroy, destruction.epoch)
        for table in TABLES:
            while await self._writer.run(_emptying(table, destruction.epoch)):
                pass

        def operation(transaction: Transaction) -> None:
            if destroyed.end(transaction.db, destruction.epoch, transaction.now):
                transaction.append(_entry(destruction, "done", transaction.now))

        await self._writer.do(operation)

    def _require_successor(self, epoch: str, successor: str) -> None:
        """Refuse to end a key whose other entries cannot be moved: keys were put back from before the erasure."""
        if self._epochs.find(epoch) is not None and self._epochs.find(successor) is None:
            raise FailedClosed(
                f"ledger: the epoch key {successor}, to which entries of {epoch} are moved, is not there",
                code=Code.LEDGER_UNAVAILABLE,
                hint="put the newest epoch keys back: nothing was destroyed",
            )

    async def _move(self, table: EpochRows, epoch: str, into: str) -> None:
        after: int | None = 0
        while after is not None:
            after = await self._writer.run(_moving(table, self._epochs, epoch, into, after))

    def _require(self, db: Connection, tree: Tree, index: int) -> StoredEntry:
        row = one(db, _ENTRY, tree.value, index)
        if row is None:
            raise LocalRefused(
                f"journal: the {tree} ledger has no entry of that index",
                code=Code.LOCAL_NOT_FOUND,
                hint="list the journal: spsti-connector journal list",
            )
        stored = StoredEntry.of_row(row)
        if not stored.sealed or self._epochs.find(stored.epoch) is None:
            raise LocalRefused("journal: this entry's personal part was destroyed already", code=Code.LOCAL_CONFLICT)
        if stored.type in KEPT_TO_THE_END:
            raise LocalRefused(
                f"journal: an entry {stored.type} says who agreed to what, and is kept until its time is over",
                code=Code.LOCAL_CONFLICT,
            )
        return stored


def _emptying(table: EpochRows, epoch: str) -> Callable[[Transaction], Callable[[], int]]:
    def operation(transaction: Transaction) -> Callable[[], int]:
        count = table.empty(transaction.db, epoch, PIECE)
        return lambda: count

    return operation


def _moving(
    table: EpochRows, epochs: EpochKeys, epoch: str, into: str, after: int
) -> Callable[[Transaction], Callable[[], int | None]]:
    def operation(transaction: Transaction) -> Callable[[], int | None]:
        last = table.move(transaction.db, epochs, epoch, into, after, PIECE)
        return lambda: last

    return operation


def _entry(destruction: Destruction, outcome: str, at: Instant) -> EntryDraft:
    return EntryDraft(
        type=EntryType.DESTROYED, at=at, outcome=outcome, reason=destruction.by.value, ref=destruction.epoch
    )

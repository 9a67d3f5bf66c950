"""Proposals that wait for a second person; they are dropped once decided, or a day after they were made."""

from collections.abc import Callable, Sequence
from typing import Final

from connector.core.instant import Instant
from connector.core.ledger import EntryDraft
from connector.core.proposals import Proposal
from connector.store.readers import Readers
from connector.store.sealing import Sealer
from connector.store.sql import Connection, one, rows
from connector.store.transaction import Transaction
from connector.store.writer import Writer

_TABLE: Final = "proposals"
_LISTED: Final = 100


def forget_old(db: Connection, now: Instant) -> int:
    """Drop proposals whose day is over; says how many."""
    return db.execute("delete from proposals where expires_at <= ?", (now,)).rowcount


class SqliteProposals:
    """On the state's database."""

    def __init__(self, writer: Writer, readers: Readers, sealer: Sealer) -> None:
        self._writer, self._readers, self._sealer = writer, readers, sealer

    async def keep(self, proposal: Proposal, entry: EntryDraft) -> None:
        """Keep a proposal with its house entry.

        Raises:
            FailedClosed: nothing of it was kept.
        """
        sealed = self._sealer.seal(_TABLE, proposal.id, proposal)

        def operation(transaction: Transaction) -> None:
            transaction.db.execute("insert into proposals values (?, ?, ?)", (proposal.id, proposal.expires_at, sealed))
            transaction.append(entry)

        await self._writer.do(operation)

    async def find(self, proposal_id: str) -> Proposal | None:
        """Give one that was not decided yet; its day may be over."""

        def read(db: Connection) -> Proposal | None:
            row = one(db, "select sealed from proposals where id = ?", proposal_id)
            return self._sealer.open(Proposal, _TABLE, proposal_id, row[0]) if row else None

        return await self._readers.run(read)

    async def waiting(self, now: Instant) -> Sequence[Proposal]:
        """Give those that can still be confirmed, the oldest first."""

        def read(db: Connection) -> list[Proposal]:
            sql = "select id, sealed from proposals where expires_at > ? order by expires_at, id limit ?"
            return [self._sealer.open(Proposal, _TABLE, name, sealed) for name, sealed in rows(db, sql, now, _LISTED)]

        return await self._readers.run(read)

    async def drop(self, proposal_id: str, entry: EntryDraft | None = None) -> bool:
        """Forget one, decided or withdrawn; False where somebody did so already."""

        def operation(transaction: Transaction) -> Callable[[], bool]:
            gone = transaction.db.execute("delete from proposals where id = ?", (proposal_id,)).rowcount > 0
            if gone and entry is not None:
                transaction.append(entry)
            return lambda: gone

        return await self._writer.run(operation)

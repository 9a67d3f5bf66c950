"""The measures of `core.measures`, each one fact of the state: they outlast a restart, and hold no identity."""

from collections.abc import Callable, Sequence
from typing import Final

from connector.core.ledger import EntryDraft
from connector.core.measures import Block, Pause
from connector.core.members import MemberId
from connector.store.codec import codec_of
from connector.store.readers import Readers
from connector.store.sql import Connection, one, rows
from connector.store.writer import Transaction, Writer

_BLOCK: Final = "block:"
_PAUSE: Final = "answering-paused"
_READ: Final = "select value from facts where name = ?"
_BLOCKS: Final = "select value from facts where name between 'block:' and 'block;' order by name"
_KEEP: Final = "insert into facts values (?, ?)"
_DROP: Final = "delete from facts where name = ?"


class SqliteMeasures:
    """`core.ports_measures.MeasureStore` on the state's database."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer, self._readers = writer, readers

    def blocks(self) -> Sequence[Block]:
        """Give the blocks in force.

        Raises:
            FailedClosed: `state.unavailable`.
        """
        found = self._readers.here(lambda db: rows(db, _BLOCKS))
        return tuple(codec_of(Block).decode(row[0].encode()) for row in found)

    def pause(self) -> Pause | None:
        """Give the pause in force.

        Raises:
            FailedClosed: `state.unavailable`.
        """
        row = self._readers.here(lambda db: one(db, _READ, _PAUSE))
        return codec_of(Pause).decode(row[0].encode()) if row else None

    async def block(self, block: Block, entry: EntryDraft) -> Block:
        """Keep a block with its entry; where the member is blocked already, give that block.

        Raises:
            FailedClosed: it was not kept.
        """

        def operation(transaction: Transaction) -> Callable[[], Block]:
            known = _block_of(transaction.db, block.member)
            if known is not None:
                return lambda: known
            data = codec_of(Block).encode(block).decode()
            transaction.db.execute(_KEEP, (_BLOCK + block.member.value, data))
            transaction.append(entry)
            return lambda: block

        return await self._writer.run(operation)

    async def unblock(self, member: MemberId, entry: EntryDraft) -> Block | None:
        """Lift a block with its entry, and give it; None where there is none.

        Raises:
            FailedClosed: it was not lifted.
        """

        def operation(transaction: Transaction) -> Callable[[], Block | None]:
            known = _block_of(transaction.db, member)
            if known is not None:
                transaction.db.execute(_DROP, (_BLOCK + member.value,))
                transaction.append(entry)
            return lambda: known

        return await self._writer.run(operation)

    async def set_pause(self, pause: Pause | None, entry: EntryDraft) -> bool:
        """Pause or resume with its entry; False where it is so already.

        Raises:
            FailedClosed: it stays as it was.
        """

        def operation(transaction: Transaction) -> Callable[[], bool]:
            known = one(transaction.db, _READ, _PAUSE)
            if (known is None) == (pause is None):
                return lambda: False
            if pause is None:
                transaction.db.execute(_DROP, (_PAUSE,))
            else:
                transaction.db.execute(_KEEP, (_PAUSE, codec_of(Pause).encode(pause).decode()))
            transaction.append(entry)
            return lambda: True

        return await self._writer.run(operation)


def _block_of(db: Connection, member: MemberId) -> Block | None:
    row = one(db, _READ, _BLOCK + member.value)
    return codec_of(Block).decode(row[0].encode()) if row else None

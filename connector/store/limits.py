"""What was counted and blocked (`core.ports_limits.LimitStore`), so that a restart forgives nothing.

A row of `counted` stands for one lookup: peer, instant and hit in clear, as in the ledger; its tags sealed under the
ledger's daily epoch key, so that after 30 days not even a backup with today's keys tells whom it was about. Rows are
read peer by peer, at its first question after a start (ADR 0015).
"""

from collections.abc import Mapping, Sequence
from typing import Final

from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, Retention
from connector.core.limits import Counted, LimitBlock, PeerOverride
from connector.core.members import MemberId
from connector.crypto import aead
from connector.store.epoch_rows import SealedRows
from connector.store.epochs import EpochKeys
from connector.store.keys import TAG_BYTES, StateKeys
from connector.store.readers import Readers
from connector.store.sealing import Sealer
from connector.store.sql import Connection, Insert, rows
from connector.store.transaction import Transaction
from connector.store.writer import Writer

KEPT_SECONDS: Final = 30 * 86_400
_PLACE: Final = b"counted"
_BLOCKS: Final = "limit_blocks"
_OVERRIDES: Final = "limit_overrides"
_INSERT: Final = Insert("insert into counted (peer, at, hit, epoch, sealed)", 5)
EPOCH_ROWS: Final = SealedRows("counted", (), lambda: _PLACE)
_OF_PEER: Final = """
    with recursive there (epoch) as (
        select min(epoch) from counted
        union all
        select (select min(epoch) from counted where epoch > there.epoch) from there where there.epoch is not null
    )
    select c.at, c.hit, c.epoch, c.sealed from there cross join counted c on c.epoch = there.epoch and c.peer = ?
    where c.at >= ? order by c.number
"""
"""By the index of epoch and peer, in which a batch of many peers dirties few pages; one statement, one state of it."""
_KEEP_BLOCK: Final = "insert or replace into limit_blocks (id, since, sealed) values (?, ?, ?)"


def keep_counted(transaction: Transaction, epochs: EpochKeys, counted: Counted) -> None:
    """Keep one lookup as it counts, in the transaction of its entry.

    Raises:
        FailedClosed: `ledger.unavailable`, the epoch key cannot be had.
    """
    epoch, key = epochs.current(Retention.DAILY, counted.at)
    sealed = aead.seal(key, counted.traits + counted.matricule + counted.repeat, _PLACE)
    transaction.insert(_INSERT, (counted.peer.value, counted.at, counted.is_hit, epoch, sealed))


def forget_counted(db: Connection, now: Instant) -> int:
    """Drop what is older than any rule looks back; says how many rows."""
    return db.execute("delete from counted where at < ?", (now - KEPT_SECONDS,)).rowcount


def forget_blocks(db: Connection, sealer: Sealer, now: Instant) -> int:
    """Drop blocks that no longer hold and that no rule looks back to; there are few. Says how many."""
    found = rows(db, "select id, sealed from limit_blocks where since < ?", now - KEPT_SECONDS)
    blocks = [sealer.open(LimitBlock, _BLOCKS, block_id, sealed) for block_id, sealed in found]
    over = [one for one in blocks if not one.holds_at(now) and (one.lifted_at or one.since) < now - KEPT_SECONDS]
    db.executemany("delete from limit_blocks where id = ?", [(one.id,) for one in over])
    return len(over)


class SqliteLimitStore:
    """`LimitStore` on the state's database."""

    def __init__(self, writer: Writer, readers: Readers, sealer: Sealer, keys: StateKeys, epochs: EpochKeys) -> None:
        self._writer, self._readers, self._sealer = writer, readers, sealer
        self._keys, self._epochs = keys, epochs

    def tag(self, purpose: str, *parts: str) -> bytes:
        """Give the keyed hash of something personal, 128 bits of it."""
        return self._keys.tags.tag(purpose, *parts)[:TAG_BYTES]

    async def counted_of(self, peer: MemberId, since: Instant) -> Sequence[Counted]:
        """Give what was counted of a peer from an instant on; rows whose epoch key was destroyed are left out.

        Raises:
            FailedClosed: `state.unavailable`; `vault.damaged`, a row or a key is not what was kept;
                `ledger.unavailable`, a key cannot be read.
        """

        def read(db: Connection) -> list[Counted]:
            gone: set[str] = set()
            while True:
                found = rows(db, _OF_PEER, peer.value, since)
                keys = {epoch: self._epochs.find(epoch) for epoch in {row[2] for row in found}}
                missing = {epoch for epoch, key in keys.items() if key is None}
                if missing <= gone:
                    return [
                        _opened(peer, at, hit, key, sealed)
                        for at, hit, epoch, sealed in found
                        if (key := keys[epoch]) is not None
                    ]
                # Destroyed while we read, perhaps: then its rows were moved to another generation first.
                gone |= missing

        return await self._readers.run(read)

    async def blocks(self) -> Sequence[LimitBlock]:
        """Give all blocks that are kept, the oldest first."""

        def read(db: Connection) -> list[LimitBlock]:
            found = rows(db, "select id, sealed from limit_blocks order by since, id")
            return [self._sealer.open(LimitBlock, _BLOCKS, block_id, sealed) for block_id, sealed in found]

        return await self._readers.run(read)

    async def overrides(self) -> Mapping[MemberId, PeerOverride]:
        """Give the peers with numbers of their own."""

        def read(db: Connection) -> dict[MemberId, PeerOverride]:
            found = rows(db, "select peer, sealed from limit_overrides")
            return {MemberId(peer): self._sealer.open(PeerOverride, _OVERRIDES, peer, sealed) for peer, sealed in found}

        return await self._readers.run(read)

    async def block(self, block: LimitBlock, entry: EntryDraft) -> None:
        """Keep a block with its house entry.

        Raises:
            FailedClosed: nothing of it was kept.
        """
        await self._writer.do(lambda transaction: self._keep_block(transaction, block, entry))

    async def lift(self, block: LimitBlock, entry: EntryDraft) -> None:
        """Keep that a block is lifted, with its house entry.

        Raises:
            FailedClosed: nothing of it was kept.
        """
        await self._writer.do(lambda transaction: self._keep_block(transaction, block, entry))

    async def override(self, member: MemberId, override: PeerOverride | None, entry: EntryDraft) -> None:
        """Keep other numbers for a peer, or none, with the house entry.

        Raises:
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> None:
            transaction.append(entry)
            if override is None:
                transaction.db.execute("delete from limit_overrides where peer = ?", (member.value,))
                return
            sealed = self._sealer.seal(_OVERRIDES, member.value, override)
            transaction.db.execute("insert or replace into limit_overrides values (?, ?)", (member.value, sealed))

        await self._writer.do(operation)

    def _keep_block(self, transaction: Transaction, block: LimitBlock, entry: EntryDraft) -> None:
        sealed = self._sealer.seal(_BLOCKS, block.id, block)
        transaction.append(entry)
        transaction.db.execute(_KEEP_BLOCK, (block.id, block.since, sealed))


def _opened(peer: MemberId, at: Instant, hit: int, key: aead.Box, sealed: bytes) -> Counted:
    tags = aead.open_(key, sealed, _PLACE)
    traits, matricule, repeat = (tags[start : start + TAG_BYTES] for start in (0, TAG_BYTES, 2 * TAG_BYTES))
    return Counted(peer, at, bool(hit), traits, matricule, repeat)

"""Identities that are kept here (`core.ports_vigilance.IdentityStore`): sealed rows, by id or by a tag of the INS."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.identity import LocalIdentity
from connector.core.kept_identity import KeptIdentity, KeptMove
from connector.core.ledger import EntryDraft, EntryType
from connector.core.matricule import Ins
from connector.store import house
from connector.store.keys import StateKeys
from connector.store.readers import Readers
from connector.store.sealing import Sealer
from connector.store.sql import Row, one, rows
from connector.store.writer import Transaction, Writer

_TABLE: Final = "identities"
_MOVES: Final = "identity_moves"
_INSERT = "insert into identities (id, tag, status, sealed, purge_at) values (?, ?, ?, ?, ?)"
_UPDATE = "update identities set tag = ?, status = ?, sealed = ?, purge_at = ? where id = ?"
_OVER = "select id from identities where purge_at <= ? limit ?"
_AT_ONCE: Final = 100
_FIND = "select id, sealed from identities where id = ?"
_OF_INS = "select id, sealed from identities where tag = ? order by number desc limit 50"
_LAST_MOVE = "select coalesce(max(number), 0) from identity_moves where identity_id = ?"
_KEEP_MOVE = "insert into identity_moves (identity_id, number, sealed) values (?, ?, ?)"
_MOVES_OF = "select number, sealed from identity_moves where identity_id = ? order by number"

KEPT_SECONDS: Final = 6 * 365 * 86_400
"""Our rule: a worker is seen every five years at the latest (R4624-16); an identity that nobody touched for six is of
somebody who is no longer followed. The vendor's software keeps its own."""


class SqliteIdentityStore:
    """`core.ports_vigilance.IdentityStore` on the state's database."""

    def __init__(self, writer: Writer, readers: Readers, sealer: Sealer, keys: StateKeys) -> None:
        self._writer, self._readers, self._sealer, self._keys = writer, readers, sealer, keys

    async def add(self, kept: KeptIdentity, entry: EntryDraft) -> None:
        """Keep a new identity, with its entry.

        Raises:
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> None:
            transaction.db.execute(_INSERT, (kept.id, *self._columns(kept), kept.created_at + KEPT_SECONDS))
            transaction.append(entry)

        await self._writer.do(operation)

    async def record(self, entry: EntryDraft) -> None:
        """Append an entry about what changed nothing here.

        Raises:
            FailedClosed: it was not kept.
        """
        await house.record(self._writer, entry)

    async def identity(self, identity_id: str) -> KeptIdentity | None:
        """Give an identity as it is now."""
        row = await self._readers.run(lambda db: one(db, _FIND, identity_id))
        return self._open(row) if row else None

    async def of_ins(self, ins: Ins) -> Sequence[KeptIdentity]:
        """Give the identities that bear an INS now, the newest first: more than one is an error of the desk's."""
        tag = self._keys.worker_tag(ins)
        return [self._open(row) for row in await self._readers.run(lambda db: rows(db, _OF_INS, tag))]

    async def moves(self, identity_id: str) -> Sequence[KeptMove]:
        """Give the moves of an identity, the oldest first."""
        found = await self._readers.run(lambda db: rows(db, _MOVES_OF, identity_id))
        return [self._sealer.open(KeptMove, _MOVES, f"{identity_id}/{number}", sealed) for number, sealed in found]

    async def move(self, identity_id: str, kept: KeptMove, entry: EntryDraft) -> KeptIdentity:
        """Keep a move with its entry; the identity must be what the move starts from.

        Raises:
            LocalRefused: `local.not_found`; `local.conflict`, somebody moved it meanwhile.
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> Callable[[], KeptIdentity]:
            db = transaction.db
            row = one(db, _FIND, identity_id)
            if row is None:
                raise not_found()
            found = self._open(row)
            if found.identity != kept.move.before:
                raise LocalRefused(
                    "identity: somebody else changed it meanwhile",
                    code=Code.LOCAL_CONFLICT,
                    hint="read it again, then decide",
                )
            moved = replace(found, identity=kept.move.after)
            number = (one(db, _LAST_MOVE, identity_id) or (0,))[0] + 1
            db.execute(_UPDATE, (*self._columns(moved), kept.move.at + KEPT_SECONDS, identity_id))
            sealed = self._sealer.seal(_MOVES, f"{identity_id}/{number}", kept)
            db.execute(_KEEP_MOVE, (identity_id, number, sealed))
            transaction.append(entry)
            return lambda: moved

        return await self._writer.run(operation)

    def _columns(self, kept: KeptIdentity) -> tuple[object, ...]:
        return (self._tag(kept.identity), kept.identity.status.value, self._sealer.seal(_TABLE, kept.id, kept))

    def _tag(self, identity: LocalIdentity) -> bytes | None:
        return self._keys.worker_tag(identity.ins) if identity.ins is not None else None

    def _open(self, row: Row) -> KeptIdentity:
        return self._sealer.open(KeptIdentity, _TABLE, row[0], row[1])


def forget_old(transaction: Transaction) -> int:
    """Drop identities that nobody touched for years, with their moves, each with its house entry; says how many."""
    over = rows(transaction.db, _OVER, transaction.now, _AT_ONCE)
    for (identity_id,) in over:
        transaction.db.execute("delete from identities where id = ?", (identity_id,))
        entry = EntryDraft(type=EntryType.PURGED, at=transaction.now, reason="identity-not-used", ref=identity_id)
        transaction.append(entry)
    return len(over)


def not_found() -> LocalRefused:
    """Give the error of an id that is none."""
    return LocalRefused(
        "identity: none of this id is kept here", code=Code.LOCAL_NOT_FOUND, hint="find it by its INS, or keep it first"
    )

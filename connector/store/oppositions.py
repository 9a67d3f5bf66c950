"""The register of oppositions (`core.ports.OppositionStore`): sealed rows, found by a keyed tag of the worker.

Each change is one operation of the writer, so one transaction with its house entry. What a lookup asks is one indexed
row for each INS of the worker, read where it is needed. Where the vendor's software is the authority, it asks only of
workers whose objection may still be on its way there, who are few: their tags are kept in memory.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.ledger import EntryDraft
from connector.core.matricule import Ins
from connector.core.oppositions import Lifting, Notice, Objection, OppositionKind, said
from connector.core.records import Opposition
from connector.store.keys import StateKeys
from connector.store.readers import Readers
from connector.store.sealing import Sealer
from connector.store.sql import Connection, Row, one, rows
from connector.store.writer import Transaction, Writer

_TABLE = "oppositions"
_INSERT = "insert into oppositions (id, tag, kind, stands, due, sealed) values (?, ?, ?, ?, ?, ?)"
_UPDATE = "update oppositions set stands = ?, due = ?, sealed = ? where id = ?"
_FIND = "select id, sealed from oppositions where id = ?"
_STANDING = "select id, sealed from oppositions where tag = ? and kind = ? and stands = 1"
_STANDS = "select stands, due from oppositions where tag = ? and kind = ?"
_AWAITING = "select tag from oppositions where due = ? and kind = ?"
_OF_WORKER = "select id, sealed from oppositions where tag = ? order by kind, number desc"
_DUE = "select id, sealed from oppositions where due is not null and number < ? order by number desc limit ?"
_NEWEST = "select id, sealed from oppositions where number < ? order by number desc limit ?"
_WORKERS = "select count(distinct tag) from oppositions where kind = ?"
_DUE_OF_PEERS = (Notice.OBJECTION.value, OppositionKind.PEERS.value)
_NO_CURSOR = 2**62


class SqliteOppositionStore:
    """`core.ports.OppositionStore` on the state's database; also what `contract.opposition` asks."""

    def __init__(self, writer: Writer, readers: Readers, sealer: Sealer, keys: StateKeys) -> None:
        self._writer, self._readers, self._sealer, self._keys = writer, readers, sealer, keys
        # Every worker's tag of whom `awaits_entry` may be true: what the database held when it was first asked, and
        # whom this process, which alone writes, added since. One that was entered or lifted meanwhile is looked up.
        self._may_await: set[bytes] = set()
        self._knows_awaiting = False

    async def add(self, objection: Objection, entry: EntryDraft) -> Objection:
        """Keep an objection with its entry; where the same worker's of that kind stands already, give that one.

        Raises:
            FailedClosed: nothing of it was kept.
        """
        tag = self._keys.worker_tag(objection.ins)

        def operation(transaction: Transaction) -> Callable[[], Objection]:
            standing = one(transaction.db, _STANDING, tag, objection.kind.value)
            if standing is not None:
                found = self._open(standing)
                return lambda: found
            self._may_await.add(tag)  # before the commit: nobody may read it and not find it here
            row = (objection.id, tag, objection.kind.value, *self._columns(objection))
            transaction.db.execute(_INSERT, row)
            transaction.append(entry)
            return lambda: objection

        return await self._writer.run(operation)

    async def lift(self, objection_id: str, lifting: Lifting, due: Notice | None, entry: EntryDraft) -> Objection:
        """Lift an objection, with its entry; `due` is what the vendor's software is to be told of it.

        Raises:
            LocalRefused: `local.not_found`; `local.conflict`, lifted before; `local.malformed`, before it was made.
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> Callable[[], Objection]:
            lifted = replace(self._require(transaction.db, objection_id).lift(lifting), due=due)
            self._update(transaction.db, lifted)
            transaction.append(entry)
            return lambda: lifted

        return await self._writer.run(operation)

    async def entered(self, objection_id: str, notice: Notice, entry: EntryDraft) -> bool:
        """Note that the vendor's software has it; False, and no entry, where it was not, or no longer, to be entered.

        Raises:
            LocalRefused: `local.not_found`.
            FailedClosed: it was not kept.
        """

        def operation(transaction: Transaction) -> Callable[[], bool]:
            found = self._require(transaction.db, objection_id)
            if found.due is not notice:
                return lambda: False
            self._update(transaction.db, replace(found, due=None))
            transaction.append(entry)
            return lambda: True

        return await self._writer.run(operation)

    async def find(self, objection_id: str) -> Objection | None:
        """Give an entry."""
        row = await self._readers.run(lambda db: one(db, _FIND, objection_id))
        return self._open(row) if row else None

    async def of_worker(self, ins: Sequence[Ins]) -> Sequence[Objection]:
        """Give every entry under any of these INS of one worker, by kind, the newest first."""
        tags = [self._keys.worker_tag(one_) for one_ in ins]
        found = await self._readers.run(lambda db: [row for tag in tags for row in rows(db, _OF_WORKER, tag)])
        return [self._open(row) for row in found]

    async def page(self, *, only_due: bool = False, before: str | None = None, limit: int = 50) -> Sequence[Objection]:
        """Give entries, the newest first: all, or those that the vendor's software does not have yet.

        Raises:
            LocalRefused: `local.not_found`, there is no entry of the id to begin before.
        """

        def read(db: Connection) -> list[Row]:
            number = _NO_CURSOR
            if before is not None:
                row = one(db, "select number from oppositions where id = ?", before)
                if row is None:
                    raise _not_found()
                number = row[0]
            return rows(db, _DUE if only_due else _NEWEST, number, limit)

        return [self._open(row) for row in await self._readers.run(read)]

    async def workers(self, kind: OppositionKind) -> int:
        """Count the workers with an entry of a kind, standing or lifted."""
        row = await self._readers.run(lambda db: one(db, _WORKERS, kind.value))
        return int(row[0]) if row else 0

    async def opposition(self, ins: Sequence[Ins]) -> Opposition | None:
        """Say what stands against a peer under any of these INS (2° of R4624-45-6); None where there is no entry.

        Raises:
            FailedClosed: `state.unavailable`.
        """
        return said(bool(stands) for stands, _ in self._answers(ins))

    async def awaits_entry(self, ins: Sequence[Ins]) -> bool:
        """Whether an objection against peers stands that the vendor's software does not have yet.

        Raises:
            FailedClosed: `state.unavailable`.
        """
        if not self._knows_awaiting:
            found = await self._readers.run(lambda db: rows(db, _AWAITING, *_DUE_OF_PEERS))
            self._may_await.update(tag for (tag,) in found)
            self._knows_awaiting = True
        if not self._may_await or self._may_await.isdisjoint(self._keys.worker_tag(one_) for one_ in ins):
            return False
        return any(stands and due == Notice.OBJECTION for stands, due in self._answers(ins))

    def _answers(self, ins: Sequence[Ins]) -> list[Row]:
        tags, kind = [self._keys.worker_tag(one_) for one_ in ins], OppositionKind.PEERS.value
        return self._readers.here(lambda db: [row for tag in tags for row in rows(db, _STANDS, tag, kind)])

    def _require(self, db: Connection, objection_id: str) -> Objection:
        row = one(db, _FIND, objection_id)
        if row is None:
            raise _not_found()
        return self._open(row)

    def _update(self, db: Connection, objection: Objection) -> None:
        db.execute(_UPDATE, (*self._columns(objection), objection.id))

    def _columns(self, objection: Objection) -> tuple[object, ...]:
        due = objection.due.value if objection.due else None
        return (int(objection.stands), due, self._sealer.seal(_TABLE, objection.id, objection))

    def _open(self, row: Row) -> Objection:
        return self._sealer.open(Objection, _TABLE, row[0], row[1])


def _not_found() -> LocalRefused:
    return LocalRefused(
        "opposition: the register has none of this id", code=Code.LOCAL_NOT_FOUND, hint="list them, or search by worker"
    )

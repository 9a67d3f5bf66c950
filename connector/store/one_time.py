"""Values that a secret opens once (`core.ports_sign_in.OneTimeStore`): enrolments, launches, used token ids.

A row that was taken stays without its value until a day after its end, so that a second use is known as one.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final, TypeVar

from connector.core.instant import Instant
from connector.core.ledger import EntryDraft
from connector.store.readers import Readers
from connector.store.sealing import Sealer
from connector.store.sql import Connection, one
from connector.store.transaction import Transaction
from connector.store.writer import Writer

V = TypeVar("V")
_FIND: Final = "select expires_at, sealed from one_time where kind = ? and tag = ?"
_REMEMBERED_SECONDS: Final = 86_400


class SqliteOneTime:
    """`core.ports_sign_in.OneTimeStore` on the state's database."""

    def __init__(self, writer: Writer, readers: Readers, sealer: Sealer) -> None:
        self._writer, self._readers, self._sealer = writer, readers, sealer

    async def put(
        self, kind: str, secret: str, value: object, expires_at: Instant, entry: EntryDraft | None = None
    ) -> bool:
        """Keep a value under a secret; False, and nothing kept, where the secret is known already.

        Raises:
            FailedClosed: nothing of it was kept.
        """
        tag = _tag(secret)
        sealed = self._sealer.seal(f"one_time/{kind}", tag.hex(), value)

        def operation(transaction: Transaction) -> Callable[[], bool]:
            db = transaction.db
            if one(db, _FIND, kind, tag) is not None:
                return lambda: False
            db.execute("insert into one_time values (?, ?, ?, ?)", (kind, tag, expires_at, sealed))
            if entry is not None:
                transaction.append(entry)
            return lambda: True

        return await self._writer.run(operation)

    async def peek(self, kind: str, secret: str, cls: type[V], now: Instant) -> V | None:
        """Give a value and leave it there; None where there is none, it was taken, or its time is over.

        Raises:
            FailedClosed: the state cannot be read.
        """
        tag = _tag(secret)
        row = await self._readers.run(lambda db: one(db, _FIND, kind, tag))
        if row is None or row[1] is None or now >= row[0]:
            return None
        return self._sealer.open(cls, f"one_time/{kind}", tag.hex(), row[1])

    async def take(self, kind: str, secret: str, cls: type[V]) -> tuple[V | None, bool]:
        """Give a value, once; the second is whether it was taken before.

        Raises:
            FailedClosed: nothing of it was kept.
        """
        tag = _tag(secret)

        def operation(transaction: Transaction) -> Callable[[], tuple[V | None, bool]]:
            row = one(transaction.db, _FIND, kind, tag)
            if row is None or row[1] is None:
                return lambda: (None, row is not None)
            transaction.db.execute("update one_time set sealed = null where kind = ? and tag = ?", (kind, tag))
            if transaction.now >= row[0]:
                return lambda: (None, False)
            value = self._sealer.open(cls, f"one_time/{kind}", tag.hex(), row[1])
            return lambda: (value, False)

        return await self._writer.run(operation)

    async def replace(self, kind: str, secret: str, value: object) -> None:
        """Keep another value under a secret that was not taken yet.

        Raises:
            FailedClosed: nothing of it was kept.
        """
        tag = _tag(secret)
        sealed = self._sealer.seal(f"one_time/{kind}", tag.hex(), value)

        def operation(transaction: Transaction) -> None:
            sql = "update one_time set sealed = ? where kind = ? and tag = ? and sealed is not null"
            transaction.db.execute(sql, (sealed, kind, tag))

        await self._writer.do(operation)


def forget_one_time(db: Connection, now: Instant) -> int:
    """Drop what ended a day ago; says how many rows. What ended since gives its value no more."""
    return db.execute("delete from one_time where expires_at <= ?", (now - _REMEMBERED_SECONDS,)).rowcount


def _tag(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogateescape")).digest()

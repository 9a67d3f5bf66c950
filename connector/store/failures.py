"""Failed sign-ins by account and by address (`core.ports_sign_in.FailureStore`): a restart forgives nothing."""

from collections.abc import Callable, Sequence
from typing import Final

from connector.core.instant import Instant
from connector.store.keys import TAG_BYTES, StateKeys
from connector.store.readers import Readers
from connector.store.sql import Connection, one
from connector.store.transaction import Transaction
from connector.store.writer import Writer

_FIND: Final = "select since, count, locked_until from sign_in_failures where tag = ?"
_KEEP: Final = "insert or replace into sign_in_failures values (?, ?, ?, ?)"
_KEPT_SECONDS: Final = 86_400


class SqliteFailures:
    """`core.ports_sign_in.FailureStore` on the state's database."""

    def __init__(self, writer: Writer, readers: Readers, keys: StateKeys) -> None:
        self._writer, self._readers, self._keys = writer, readers, keys

    async def locked_until(self, subjects: Sequence[str], now: Instant) -> Instant | None:
        """Give until when the longest locked of these is locked, None where none is.

        Raises:
            FailedClosed: the state cannot be read.
        """
        tags = [self._tag(subject) for subject in subjects]

        def read(db: Connection) -> int:
            return max((row[2] for tag in tags if (row := one(db, _FIND, tag))), default=0)

        until = await self._readers.run(read)
        return Instant(until) if until > now else None

    async def count(self, subject: str, now: Instant, *, allowed: int, window: int, lock: int) -> Instant | None:
        """Count one failure; the subject is locked for `lock` seconds at the `allowed`-th within `window` seconds.

        Raises:
            FailedClosed: it was not counted.
        """
        tag = self._tag(subject)

        def operation(transaction: Transaction) -> Callable[[], Instant | None]:
            since, count, until = one(transaction.db, _FIND, tag) or (now, 0, 0)
            if now >= since + window or (until and now >= until):
                since, count, until = now, 0, 0
            count += 1
            if count >= allowed:
                until = now + lock
            transaction.db.execute(_KEEP, (tag, since, count, until))
            return lambda: Instant(until) if until > now else None

        return await self._writer.run(operation)

    async def forgive(self, subject: str) -> None:
        """Forget the failures of a subject that proved who it is.

        Raises:
            FailedClosed: nothing of it was kept.
        """
        tag = self._tag(subject)

        def operation(transaction: Transaction) -> None:
            transaction.db.execute("delete from sign_in_failures where tag = ?", (tag,))

        await self._writer.do(operation)

    def _tag(self, subject: str) -> bytes:
        return self._keys.tags.tag("sign-in failure", subject)[:TAG_BYTES]


def forget_failures(db: Connection, now: Instant) -> int:
    """Drop failures that lock nothing any more; says how many rows."""
    return db.execute(
        "delete from sign_in_failures where since <= ? and locked_until <= ?", (now - _KEPT_SECONDS, now)
    ).rowcount

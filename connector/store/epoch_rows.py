"""Rows that are sealed under an epoch's key: emptied when the key is destroyed, or moved to its next generation.

Both go in pieces, each an operation of the writer, so that nobody who answers waits for the rows of a month. `limit`
bounds a piece; a row that cannot be opened any more is left where it is, and ends with the old key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from connector.core.errors import FailedClosed
from connector.crypto import aead
from connector.store.epochs import EpochKeys
from connector.store.sql import Connection, rows


class EpochRows(Protocol):
    """One table of them."""

    @property
    def table(self) -> str:
        """Its name."""
        ...

    def empty(self, db: Connection, epoch: str, limit: int) -> int:
        """Remove what is sealed of some rows of an epoch; says of how many, 0 once nothing is left."""
        ...

    def move(self, db: Connection, epochs: EpochKeys, epoch: str, into: str, after: int, limit: int) -> int | None:
        """Seal some rows under another generation's key, those that come after that number; gives the last one's
        number, None once no row came after it.

        Raises:
            FailedClosed: `vault.damaged`, one of the two keys cannot be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class SealedRows:
    """A table whose `sealed` stands under the epoch's key itself, bound to the place that some columns make.

    Its rows are deleted when their epoch ends: what is left of them would say nothing.
    """

    table: str
    columns: tuple[str, ...]
    place: Callable[..., bytes]

    def empty(self, db: Connection, epoch: str, limit: int) -> int:
        """Delete some rows of an epoch (`EpochRows`)."""
        sql = f"delete from {self.table} where number in (select number from {self.table} where epoch = ? limit ?)"  # noqa: S608 (our table)
        return db.execute(sql, (epoch, limit)).rowcount

    def move(self, db: Connection, epochs: EpochKeys, epoch: str, into: str, after: int, limit: int) -> int | None:
        """Seal some rows anew (`EpochRows`)."""
        columns = ", ".join(("number", "sealed", *self.columns))
        sql = f"select {columns} from {self.table} where epoch = ? and number > ? order by number limit ?"  # noqa: S608 (as above)
        found = rows(db, sql, epoch, after, limit)
        old, new = epochs.find(epoch), epochs.find(into)
        for number, sealed, *values in found:
            place = self.place(*values)
            again = None if old is None or new is None else reseal(old, new, sealed, place)
            if again is not None:
                db.execute(f"update {self.table} set epoch = ?, sealed = ? where number = ?", (into, again, number))  # noqa: S608 (as above)
        return found[-1][0] if found else None


def reseal(old: aead.Key, new: aead.Key, sealed: bytes, place: bytes) -> bytes | None:
    """Give the same value under another key, None where it is not what was sealed there."""
    try:
        return aead.seal(new, aead.open_(old, sealed, place), place)
    except FailedClosed:
        return None

"""The last count of workers that could be answered about: numbers alone, kept as one fact of the state."""

import sqlite3
from pathlib import Path

from connector.core.coverage import CoverageCount
from connector.core.errors import FailedClosed
from connector.store.codec import codec_of
from connector.store.database import open_reader
from connector.store.readers import Readers
from connector.store.sql import one
from connector.store.writer import Transaction, Writer

_KEEP = "insert or replace into facts values ('coverage', ?)"
_READ = "select value from facts where name = ?"


def read_last(database: Path) -> CoverageCount | None:
    """Give the last count beside a connector that runs, or that does not; None where there is none to be read."""
    if not database.is_file():
        return None
    try:
        db = open_reader(database)
        try:
            row = one(db.conn, _READ, "coverage")
        finally:
            db.close()
        return codec_of(CoverageCount).decode(row[0].encode()) if row else None
    except (sqlite3.Error, FailedClosed):
        return None


class CoverageFacts:
    """`core.coverage.CoverageKeeper` on the state's database."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer, self._readers = writer, readers

    async def keep(self, count: CoverageCount) -> None:
        """Keep a count in place of the one before.

        Raises:
            FailedClosed: it was not kept.
        """
        data = codec_of(CoverageCount).encode(count).decode()

        def operation(transaction: Transaction) -> None:
            transaction.db.execute(_KEEP, (data,))

        await self._writer.do(operation)

    def last(self) -> CoverageCount | None:
        """Give the last one, None where there was none yet.

        Raises:
            FailedClosed: `state.unavailable`.
        """
        row = self._readers.here(lambda db: one(db, _READ, "coverage"))
        return codec_of(CoverageCount).decode(row[0].encode()) if row else None

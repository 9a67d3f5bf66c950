"""What was delivered already, over restarts: the vendor's import takes files away, and the same may come again.

It keeps names that mean nothing by themselves (random ids, digests), in SQLite under the adapter's own directory.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from connector.contract import AdapterError, Problem

_TABLE = "CREATE TABLE IF NOT EXISTS delivered (name TEXT PRIMARY KEY, state TEXT NOT NULL, start INTEGER) STRICT"


class Memory:
    """One transaction at a time, durable when it ends; the two halves of the adapter share it."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection of its own; each statement is a transaction, written through to the disk.

        Raises:
            AdapterError: `unreachable`, it cannot be read or written.
        """
        try:
            # The adapter's own file: the connector's state has nothing of it.
            with closing(sqlite3.connect(self._file, timeout=5.0, isolation_level=None)) as connection:  # noqa: TID251
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute(_TABLE)
                yield connection
        except sqlite3.Error as error:
            raise AdapterError(Problem.UNREACHABLE, error) from error

    def has(self, name: str) -> bool:
        """Whether something of that name was delivered to its end."""
        with self.open() as connection:
            found = connection.execute("SELECT state FROM delivered WHERE name = ?", (name,)).fetchone()
        return found is not None and found[0] == "done"

    def done(self, name: str) -> None:
        """Keep that it was."""
        with self.open() as connection:
            connection.execute("INSERT OR REPLACE INTO delivered VALUES (?, 'done', NULL)", (name,))

"""Connections that only read: one on the event loop for single indexed rows, two threads for everything longer.

A single row by its key takes some 10 µs from the page cache, less than handing it to a thread and back (measured with
bench/): it is read where it is needed. Lists, the journal and its verification go to a thread, in pages, so that no
read transaction stands in the way of the write-ahead log's checkpoint for long.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.store.database import open_reader
from connector.store.sql import Connection

T = TypeVar("T")


class Readers:
    """Reading connections of one state, opened at first use; `here` belongs to the event loop's thread."""

    def __init__(self, path: Path, threads: int = 2) -> None:
        self._path = path
        self._here: Database | None = None
        self._threads = [_Thread(path) for _ in range(threads)]
        self._turns = cycle(self._threads)

    def here(self, read: Callable[[Connection], T]) -> T:
        """Read at once, on the event loop: for one row by its key.

        Raises:
            FailedClosed: `state.unavailable`, the database cannot be read.
        """
        try:
            if self._here is None:
                self._here = open_reader(self._path)
            return read(self._here.conn)
        except sqlite3.Error as error:
            raise _unreadable(error) from error

    async def run(self, read: Callable[[Connection], T]) -> T:
        """Read in a thread.

        Raises:
            FailedClosed: `state.unavailable`, the database cannot be read.
        """
        thread = next(self._turns)
        try:
            return await asyncio.get_running_loop().run_in_executor(thread.pool, thread.read, read)
        except sqlite3.Error as error:
            raise _unreadable(error) from error

    async def close(self) -> None:
        """Close every connection, in the thread that opened it."""
        if self._here is not None:
            self._here.close()
            self._here = None
        for thread in self._threads:
            await asyncio.get_running_loop().run_in_executor(thread.pool, thread.close)
            thread.pool.shutdown()


class _Thread:
    """One thread with one connection, which SQLite binds to it."""

    def __init__(self, path: Path) -> None:
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="state-reader")
        self._path = path
        self._db: Database | None = None

    def read(self, read: Callable[[Connection], T]) -> T:
        if self._db is None:
            self._db = open_reader(self._path)
        return read(self._db.conn)

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


def _unreadable(error: sqlite3.Error) -> FailedClosed:
    return FailedClosed(
        f"state: the database cannot be read ({getattr(error, 'sqlite_errorname', type(error).__name__)})",
        code=Code.STATE_UNAVAILABLE,
        hint="check the disk; restore the state directory where it is damaged",
    )

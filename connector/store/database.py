"""Opening the SQLite file: one connection that writes, others that only read, and one process at a time.

WAL with `synchronous=FULL`: a commit that returned is on the disk (reference/dependencies.md section 2; NORMAL is not
durable in WAL). A connection belongs to the thread that opened it.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.store.sql import Connection

_WRITER_PRAGMAS = (
    "auto_vacuum = incremental",  # of a new file; an older one is made so when its schema is brought forward
    "journal_mode = wal",
    "journal_size_limit = 67108864",  # after a purge the log would stay as long as it ever was
    "synchronous = full",
    "foreign_keys = on",
    "temp_store = memory",  # savepoints keep the pages they may have to give back: not in a file under /tmp
    "secure_delete = fast",
    "cache_size = -8192",
)


def open_writer(path: Path) -> Database:
    """Open the one connection that writes; its schema is as it was left (`store.upgrade`).

    Raises:
        FailedClosed: `state.unavailable`, not a database, or not writable.
    """
    try:
        _make_private(path)
        db = Database(path, execute_plugins=False)
        try:
            # Transactions are begun and ended by the writer alone; sqlite-utils nests its own in savepoints.
            db.conn.isolation_level = None
            for pragma in _WRITER_PRAGMAS:
                db.execute(f"pragma {pragma}").fetchall()
        except BaseException:
            db.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise FailedClosed(
            f"state: the database cannot be opened ({type(error).__name__})",
            code=Code.STATE_UNAVAILABLE,
            hint="check the disk, and that the state directory belongs to the connector's user",
        ) from error
    return db


def open_reader(path: Path) -> Database:
    """Open a connection that cannot write."""
    db = Database(path, execute_plugins=False)
    db.conn.isolation_level = None
    db.execute("pragma query_only = 1").fetchall()
    return db


@contextmanager
def alone(path: Path) -> Iterator[Connection]:
    """Open a database that nobody else has open, made private where it is new; transactions are the caller's."""
    _make_private(path)
    db = Database(path, execute_plugins=False)
    try:
        db.conn.isolation_level = None
        yield db.conn
    finally:
        db.close()


class StateLock:
    """Held while a process has the state open: two writers would sign two stories of one ledger."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            FailedClosed: `state.unavailable`, another process holds it.
        """
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._handle)
            raise FailedClosed(
                f"state: {path.parent} is in use by another process",
                code=Code.STATE_UNAVAILABLE,
                hint="stop the other connector, or give this one a state directory of its own",
            ) from None

    def release(self) -> None:
        """Let another process have it; so does the end of this one, however it ends."""
        os.close(self._handle)


def _make_private(path: Path) -> None:
    """The database and the files that SQLite puts beside it take their rights from it."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))

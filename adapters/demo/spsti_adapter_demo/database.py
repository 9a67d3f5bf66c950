"""The vendor's SQLite file: one connection per thread, since the connector calls plain methods from several.

Reading connections cannot write (`query_only`). SQLite's own errors become the contract's problems here.
"""

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connector.contract import AdapterContext, AdapterError, AdapterHealth, AdapterOptions, Problem
from spsti_adapter_demo.schema import SCHEMA_VERSION

_BUSY_SECONDS = 5.0


class DemoOptions(AdapterOptions):
    """The options of both halves: the vendor's database file, relative to the connector's configuration."""

    database: Path


class Database:
    """Connections to one file, made when a thread first asks."""

    def __init__(self, options: DemoOptions, context: AdapterContext) -> None:
        self._path = context.config_directory / options.database
        self._of_thread = threading.local()
        self._lock = threading.Lock()
        self._open: list[sqlite3.Connection] = []
        self._is_closed = False

    def rows(self, query: str, parameters: Mapping[str, str] | tuple[()] = ()) -> list[tuple[Any, ...]]:
        """Read what one query gives. A look is this and little else, so no context manager stands around it."""
        try:
            return self._reading().execute(query, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise _problem(error) from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend this thread's connection, which cannot write."""
        with _translated():
            yield self._reading()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend this thread's writing connection inside one transaction, durable when this ends."""
        with _translated():
            connection = getattr(self._of_thread, "writing", None)
            if connection is None:
                connection = self._of_thread.writing = self._connect(query_only=False)
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection

    def health(self) -> AdapterHealth:
        """Ask the database something small."""
        self.rows("SELECT id FROM salarie LIMIT 1")
        return AdapterHealth(ok=True, detail=f"schema version {SCHEMA_VERSION}")

    def close(self) -> None:
        """Close every connection; a thread that comes later gets an error."""
        with self._lock:
            self._is_closed = True
            while self._open:
                self._open.pop().close()

    def _reading(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._of_thread, "reading", None)
        if connection is None:
            connection = self._of_thread.reading = self._connect(query_only=True)
        return connection

    def _connect(self, *, query_only: bool) -> sqlite3.Connection:
        # The vendor's database is not the connector's state: it is opened by its adapter, and never created here.
        connection = sqlite3.connect(  # noqa: TID251
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            # SQLite keeps 2 MB for each connection, and a document read through it fills them: there are many threads.
            connection.execute("PRAGMA cache_size = -256")
            if query_only:
                connection.execute("PRAGMA query_only = 1")
            else:
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA foreign_keys = 1")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version != SCHEMA_VERSION:
                raise AdapterError(Problem.SCHEMA, f"user_version {version}, expected {SCHEMA_VERSION}")
            with self._lock:
                if self._is_closed:
                    raise AdapterError(Problem.UNREACHABLE, "closed")
                self._open.append(connection)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _problem(error) from error


def _problem(error: sqlite3.DatabaseError) -> AdapterError:
    if isinstance(error, sqlite3.IntegrityError):
        return AdapterError(Problem.DATA, error)
    is_schema = isinstance(error, sqlite3.OperationalError) and str(error).startswith(
        ("no such table", "no such column")
    )
    return AdapterError(Problem.SCHEMA if is_schema else Problem.UNREACHABLE, error)

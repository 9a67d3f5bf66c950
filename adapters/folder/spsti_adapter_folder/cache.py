"""What was learnt from the index and the folder, kept over a restart: places of lines and tags, nothing personal.

A worker's line is found by the tag of the INS and read again from the index itself. Each reading of the index is a
*generation*: the former one answers until the new one is whole. One thread writes, the adapter's threads read.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from connector.contract import AdapterError, Problem
from spsti_adapter_folder.forms import Span

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS who (ins BLOB NOT NULL, generation INTEGER NOT NULL, line INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS who_by_ins ON who (ins, generation);
CREATE TABLE IF NOT EXISTS line (
    generation INTEGER NOT NULL,
    line INTEGER NOT NULL,
    start INTEGER NOT NULL,
    length INTEGER NOT NULL,
    ins BLOB,
    place BLOB,
    named BLOB,
    flags INTEGER NOT NULL,
    is_shared INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (generation, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS line_by_place ON line (place, generation);
CREATE INDEX IF NOT EXISTS line_by_named ON line (named, generation);
CREATE TABLE IF NOT EXISTS file (
    place BLOB PRIMARY KEY, named BLOB NOT NULL, last_act_on TEXT NOT NULL, version TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS file_by_named ON file (named);
"""
SCHEMA_VERSION = 1
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One line as the cache knows it; `flags` are those of `indexing`."""

    span: Span
    tags: tuple[bytes, ...]
    place: bytes | None
    named: bytes | None
    flags: int


@dataclass(frozen=True, slots=True)
class File:
    """One file found by the pattern, its name in tags."""

    place: bytes
    named: bytes
    last_act_on: str
    version: str


class Cache:
    """The SQLite file, opened per thread."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._of_thread = threading.local()
        self._lock = threading.Lock()
        self._open: list[sqlite3.Connection] = []
        self._is_closed = False

    def prepare(self, check: str) -> None:
        """Make the tables; what was made under another schema, key or configuration (`check`) is thrown away."""
        try:
            with self.reading() as connection:
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                if version == SCHEMA_VERSION and self.note("check") == check:
                    return
        except (sqlite3.DatabaseError, AdapterError):
            pass
        self._throw_away()
        self._file.touch(mode=0o600)
        with self.reading() as connection:
            connection.executescript(SCHEMA + f"PRAGMA user_version = {SCHEMA_VERSION};")
        with self.writing() as connection:
            connection.execute("INSERT INTO note VALUES ('check', ?)", (check,))

    def note(self, name: str) -> str:
        """Give what was noted under a name, empty where nothing was."""
        with self.reading() as connection:
            found = connection.execute("SELECT value FROM note WHERE name = ?", (name,)).fetchone()
        return str(found[0]) if found else ""

    def lines_of(self, ins: bytes, generation: int) -> list[tuple[Span, bool]]:
        """Find the lines about an INS, active or former, and whether their file is named by another worker too."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT l.start, l.length, l.line, l.is_shared FROM who w"
                " JOIN line l ON l.generation = w.generation AND l.line = w.line"
                " WHERE w.ins = ? AND w.generation = ? ORDER BY l.line",
                (ins, generation),
            ).fetchall()
        return [(Span(*row[:3]), bool(row[3])) for row in rows]

    def line_at(self, place: bytes, generation: int) -> Span | None:
        """Find the line that names a file, or that names the worker of a file found by the pattern."""
        with self.reading() as connection:
            found = connection.execute(
                "SELECT start, length, line FROM line WHERE generation = :g AND place = :p UNION ALL"
                " SELECT l.start, l.length, l.line FROM file f JOIN line l ON l.named = f.named"
                " WHERE l.generation = :g AND f.place = :p LIMIT 1",
                {"g": generation, "p": place},
            ).fetchone()
        return Span(*found) if found else None

    def files_of(self, named: bytes) -> list[File]:
        """Give the files whose name means that worker."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT place, named, last_act_on, version FROM file WHERE named = ?", (named,)
            ).fetchall()
        return [File(*row) for row in rows]

    def replace_files(self, files: Iterable[File], notes: dict[str, str]) -> None:
        """Bring the list of files to what was found in the folder, writing the differences only."""
        with self.writing() as connection:
            connection.execute("DROP TABLE IF EXISTS temp.found")
            connection.execute("CREATE TEMP TABLE found (place BLOB PRIMARY KEY, named, last_act_on, version)")
            connection.executemany(
                "INSERT OR REPLACE INTO found VALUES (?, ?, ?, ?)",
                ((file.place, file.named, file.last_act_on, file.version) for file in files),
            )
            connection.execute("DELETE FROM file WHERE place NOT IN (SELECT place FROM found)")
            connection.execute("INSERT OR IGNORE INTO file SELECT * FROM found")
            connection.execute("DROP TABLE temp.found")
            write_notes(connection, notes)

    def add_file(self, file: File) -> None:
        """Note a file that arrived."""
        with self.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO file VALUES (?, ?, ?, ?)",
                (file.place, file.named, file.last_act_on, file.version),
            )

    def remove_file(self, place: bytes) -> None:
        """Forget a file that went away."""
        with self.writing() as connection:
            connection.execute("DELETE FROM file WHERE place = ?", (place,))

    def forget(self, generation: int) -> None:
        """Drop every generation but one."""
        with self.writing() as connection:
            connection.execute("DELETE FROM who WHERE generation != ?", (generation,))
            connection.execute("DELETE FROM line WHERE generation != ?", (generation,))

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend this thread's connection.

        Raises:
            AdapterError: `unreachable`, the cache cannot be read (a full disk, most often).
        """
        try:
            connection = getattr(self._of_thread, "connection", None)
            if connection is None:
                connection = self._of_thread.connection = self._connect()
            yield connection
        except sqlite3.Error as error:
            raise AdapterError(Problem.UNREACHABLE, error) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend this thread's connection in one transaction, as `reading`."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close every connection; a thread that comes later gets an error."""
        with self._lock:
            self._is_closed = True
            while self._open:
                self._open.pop().close()

    def _connect(self) -> sqlite3.Connection:
        # The adapter's own file: the connector's state has nothing of it.
        connection = sqlite3.connect(  # noqa: TID251
            self._file, timeout=5.0, isolation_level=None, check_same_thread=False
        )
        with self._lock:
            if self._is_closed:
                connection.close()
                raise AdapterError(Problem.UNREACHABLE, "closed")
            self._open.append(connection)
        return connection

    def _throw_away(self) -> None:
        with self._lock:
            while self._open:
                self._open.pop().close()
        self._of_thread = threading.local()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._file}{suffix}").unlink(missing_ok=True)


def write_generation(connection: sqlite3.Connection, generation: int, lines: Iterable[Line]) -> None:
    """Add the lines of a generation, inside the caller's transaction."""
    remaining = iter(lines)
    while some := list(islice(remaining, _AT_ONCE)):
        connection.executemany(
            "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            [
                (
                    generation,
                    line.span.line,
                    line.span.offset,
                    line.span.length,
                    line.tags[0] if line.tags else None,
                    line.place,
                    line.named,
                    line.flags,
                )
                for line in some
            ],
        )
        connection.executemany(
            "INSERT INTO who VALUES (?, ?, ?)",
            [(tag, generation, line.span.line) for line in some for tag in line.tags],
        )


def write_notes(connection: sqlite3.Connection, notes: dict[str, str]) -> None:
    """Note several things inside the caller's transaction."""
    connection.executemany("INSERT OR REPLACE INTO note VALUES (?, ?)", list(notes.items()))

"""Whether the directory of epoch keys is the one that belongs to this database, and not the place where it should be.

A key whose file is not there counts as destroyed. So a directory that did not come (a mount that failed, a copy of the
state without it) would look like the end of every epoch, and new keys would be made under the names of old ones. A file
in it and a fact in the database bear the same id; without it nothing is opened, made or destroyed. A state of an older
version gets both when it is first opened, and a restore that has no epoch keys says so by putting the file there.
"""

import sqlite3
from pathlib import Path
from typing import Final

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.ports import Entropy
from connector.store.copying import RESTORED
from connector.store.database import alone, open_reader
from connector.store.files import make_directory, write_durably
from connector.store.sql import Connection, one

MARKER: Final = "of-this-state"
FACT: Final = "epochs"

_ID_BYTES: Final = 16
_FIND: Final = "select value from facts where name = ?"
_KEEP: Final = "insert into facts values (?, ?)"
_SEALED: Final = "select 1 from entries where sealed <> x'' limit 1"
_HINT: Final = (
    "mount it, or give it back to the connector's user; if it is lost, restore the newest backup with its epoch keys"
)


def settle(db: Connection, directory: Path, entropy: Entropy) -> None:
    """See that the directory is this database's; mark both where neither is yet.

    Raises:
        FailedClosed: `state.unavailable`, it is not there, or another state's; nothing was changed.
    """
    row, found = one(db, _FIND, FACT), marker_in(directory)
    if row is not None:
        if found != row[0]:
            raise _refused(directory, "is not there" if found is None else "belongs to another state")
        return
    if found is None:
        _require_keys(db, directory)
        found = entropy.token(_ID_BYTES).hex()
        _put(directory, found)
    db.execute(_KEEP, (FACT, found))  # after the file: cut off in between, the file is taken up


def belongs(database: Path, directory: Path) -> bool:
    """Whether a directory is that of a database, for whoever only looks; it is while the database names none.

    Raises:
        FailedClosed: `state.unavailable`, one of the two cannot be read.
    """
    try:
        db = open_reader(database)
        try:
            row = one(db.conn, _FIND, FACT)
        finally:
            db.close()
    except sqlite3.Error as error:
        raise _refused(directory, f"cannot be held against the database ({type(error).__name__})") from None
    return row is None or marker_in(directory) == row[0]


def put_for(database: Path, directory: Path) -> None:
    """Begin a directory without keys for a database that is put back without them.

    Raises:
        OSError: it cannot be written.
    """
    with alone(database) as db:
        row = one(db, _FIND, FACT)
    if row is not None:
        _put(directory, row[0])


def marker_in(directory: Path) -> str | None:
    """Give the id that a directory bears, None where it bears none or is not there.

    Raises:
        FailedClosed: `state.unavailable`, it cannot be read.
    """
    try:
        return (directory / MARKER).read_text("utf-8", "replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _refused(directory, f"cannot be read ({error.strerror})") from None


def _require_keys(db: Connection, directory: Path) -> None:
    """A state of an older version that holds anything sealed has a key, unless it was put back without."""
    has_keys = directory.is_dir() and any(directory.glob("*.key"))
    if not has_keys and one(db, _SEALED) is not None and one(db, _FIND, RESTORED) is None:
        raise _refused(directory, "is not there, or empty")


def _put(directory: Path, found: str) -> None:
    try:
        make_directory(directory)
        write_durably(directory / MARKER, f"{found}\n".encode())
    except OSError as error:
        raise _refused(directory, f"cannot be written ({error.strerror})") from None


def _refused(directory: Path, why: str) -> FailedClosed:
    return FailedClosed(
        f"state: the directory of epoch keys {directory} {why}; nothing was opened, made or destroyed",
        code=Code.STATE_UNAVAILABLE,
        hint=_HINT,
    )

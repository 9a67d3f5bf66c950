"""Copies of databases that are in use, what a copy says of itself, and the mark of one that was put back.

A copy is made with SQLite's online backup: consistent, whole, and without a stop of who writes. The mark stands in the
copied database itself, so it cannot be lost between two steps; the ledgers read it at every start (`ledger.append`).
"""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.store.database import alone, open_reader
from connector.store.files import sync_file
from connector.store.migrations import KNOWN
from connector.store.sql import one, rows
from connector.store.upgrade import last_migration

RESTORED: Final = "restored"
"""The fact that says that this database was put back from a backup, and when that was taken."""

_SQLITE: Final = b"SQLite format 3\0"
_MARK: Final = "insert or replace into facts values (?, ?)"
_CLOCK: Final = """
    insert into facts values ('highest_clock', ?) on conflict (name) do update set value = max(value, excluded.value)
"""
_FACT: Final = "select value from facts where name = ?"
_COUNT: Final = "select count(*) from entries"
_SIZES: Final = "select tree, count(*) from entries group by tree"


@dataclass(frozen=True, slots=True)
class CopiedState:
    """What a database of a state is: whose, its schema's last migration, and how many entries each ledger has."""

    member: str
    schema: str
    entries: dict[str, int]


def is_database(path: Path) -> bool:
    """Whether a file is one of SQLite's, which may not be copied as it lies."""
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def copy_online(database: Path, target: Path) -> None:
    """Copy a database as it is at one instant, and check the copy.

    Raises:
        FailedClosed: `state.unavailable`, it cannot be read, the copy cannot be written, or is not sound.
    """
    try:
        source = open_reader(database)
        try:
            with alone(target) as copy:
                source.conn.backup(copy, pages=1024)
                copy.execute("pragma journal_mode = delete")
                found = rows(copy, "pragma quick_check(1)")
        finally:
            source.close()
        sync_file(target)
    except (sqlite3.Error, OSError) as error:
        raise _refused(f"{database.name} cannot be copied ({error})", "free the disk, look at its owner") from None
    if found != [("ok",)]:
        raise _refused(f"{database.name} is damaged", "run journal verify, and check the disk")


def describe(database: Path) -> CopiedState:
    """Say what a copy is.

    Raises:
        FailedClosed: `state.unavailable`, it is not a state's database, is damaged, or of a newer version.
    """
    try:
        with alone(database) as db:
            if rows(db, "pragma quick_check(1)") != [("ok",)]:
                raise _refused("its database is damaged", "take another backup")
            member, schema = one(db, _FACT, "member"), last_migration(db)
            sizes = {str(tree): int(count) for tree, count in rows(db, _SIZES)}
    except sqlite3.Error as error:
        raise _refused(f"its database cannot be read ({error})", "take another backup") from None
    if member is None:
        raise _refused("its database belongs to no member", "take another backup")
    if schema not in KNOWN:
        raise _refused(f"it was made by a newer version of this program ({schema})", "install that version first")
    return CopiedState(str(member[0]), schema, sizes)


def mark_restored(database: Path, taken_at: Instant, now: Instant) -> None:
    """Write into a copy that it was put back: nobody is answered from it before `journal succeed`.

    Its clock is carried forward to now, so that nothing of the time in between counts as not yet come.

    Raises:
        FailedClosed: `state.unavailable`, it cannot be written.
    """
    try:
        with alone(database) as db:
            db.execute("begin")
            db.execute(_MARK, (RESTORED, restored_mark(taken_at, now)))
            db.execute(_CLOCK, (now,))
            db.execute("commit")
        sync_file(database)
    except sqlite3.Error as error:
        raise _refused(f"its database cannot be written ({error})", "free the disk") from None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a state tells whoever only reads it: entries of its ledgers, highest instant, a restored copy's instant."""

    entries: int
    highest: Instant
    restored_from: Instant | None


def standing_of(database: Path) -> Standing:
    """Look at a state, whether a connector runs on it or not.

    Raises:
        FailedClosed: `state.unavailable`, it cannot be read.
    """
    try:
        db = open_reader(database)
        try:
            count, highest, mark = (
                one(db.conn, _COUNT),
                one(db.conn, _FACT, "highest_clock"),
                one(db.conn, _FACT, RESTORED),
            )
        finally:
            db.close()
    except sqlite3.Error as error:
        raise FailedClosed.of(Code.STATE_UNAVAILABLE, "state.unreadable", error=type(error).__name__) from None
    entries, instant = int(count[0]) if count else 0, Instant(int(highest[0]) if highest else 0)
    return Standing(entries, instant, taken_at_of(mark[0]) if mark else None)


def restored_mark(taken_at: Instant, now: Instant) -> str:
    """Write the mark: the instants of the backup and of its putting back."""
    return json.dumps({"taken_at": taken_at, "restored_at": now})


def taken_at_of(mark: str) -> Instant:
    """Read the mark: the instant of the backup."""
    return Instant(int(json.loads(mark)["taken_at"]))


def _refused(what: str, hint: str) -> FailedClosed:
    return FailedClosed(f"backup: {what}", code=Code.STATE_UNAVAILABLE, hint=hint)

"""Bringing an older schema forward: a copy of the database first, then the migrations, and a note of who did it.

The copy is made with SQLite's online backup, checked, and kept beside the state (`StateSettings.backups`), the last two
of them. Documents and keys are not in it. A schema of a newer version is refused: its rows may mean what we do not
know; `store.rollback` puts such a copy back in the place of the database.
"""

import re
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from connector import __version__
from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.store.database import alone
from connector.store.files import make_directory, sync_directory, sync_file
from connector.store.migrations import KNOWN, migrations
from connector.store.sql import Connection, one, rows

KEPT: Final = 2
KEPT_SECONDS: Final = 30 * 86_400
"""Nobody goes back further, and what is personal in a copy is not to outlive its purpose."""

SPARE_BYTES: Final = 64 * 1024 * 1024

_NAME: Final = re.compile(r"before-upgrade-([0-9]{8}T[0-9]{6}Z)-(m[0-9]{3}_[a-z0-9_]+)-([A-Za-z0-9.+]+)\.db")
_REPLACED: Final = re.compile(r"replaced-([0-9]{1,12})\.db")
_MOMENT: Final = "%Y%m%dT%H%M%SZ"
_PROGRAM: Final = "program"
_OLDER_THAN_THE_NOTE: Final = "0"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A schema that was brought forward: from the last migration it had to the last one now, and the copy's name."""

    before: str
    after: str
    backup: str


@dataclass(frozen=True, slots=True)
class UpgradeBackup:
    """A copy made before an upgrade: its schema's last migration, and the version of this program that had used it."""

    path: Path
    at: str
    schema: str
    program: str

    @property
    def taken_at(self) -> Instant:
        """When it was made."""
        return Instant(int(datetime.strptime(self.at, _MOMENT).replace(tzinfo=UTC).timestamp()))


def is_new(db: Database) -> bool:
    """Whether nothing was ever made in it."""
    return not db.table_names()


def refuse_newer(db: Database, backups: Path) -> None:
    """Refuse a database that a newer version of this program has changed.

    Raises:
        FailedClosed: `state.unavailable`, with the version that did it, and how to go back.
    """
    if is_new(db):
        return
    unknown = sorted({migration.name for migration in migrations.applied(db)} - KNOWN)
    if not unknown:
        return
    program = program_of(db.conn)
    ours = [backup for backup in list_backups(backups) if backup.schema in KNOWN]
    back = f"; or go back with spsti-connector roll-back {ours[-1].path.name}" if ours else ""
    raise FailedClosed(
        f"state: the database was changed by version {program} of this program ({', '.join(unknown)}), "
        f"this is version {__version__}, which knows up to {max(KNOWN)}",
        code=Code.STATE_UNAVAILABLE,
        hint=f"install version {program} again{back}",
    )


def bring_forward(db: Database, path: Path, backups: Path, now: Instant) -> Sequence[Upgrade]:
    """Apply the migrations that are missing, after a copy where there is something to lose; gives what was done.

    Raises:
        FailedClosed: `state.unavailable`, the copy cannot be made: nothing was changed.
    """
    if is_new(db):
        migrations.apply(db)
        _note(db)
        return ()
    if not migrations.pending(db):
        if program_of(db.conn) != __version__:
            _note(db)
        return ()
    before = last_migration(db.conn)
    backup = make_backup(db.conn, path, backups, now)
    migrations.apply(db)
    _note(db)
    _make_shrinkable(db, path)
    return (Upgrade(before, last_migration(db.conn), backup.name),)


def program_of(db: Connection) -> str:
    """Give the version of this program that last opened the database for writing."""
    row = one(db, "select value from facts where name = ?", _PROGRAM)
    return str(row[0]) if row else _OLDER_THAN_THE_NOTE


def last_migration(db: Connection) -> str:
    """Give the last migration that was applied."""
    row = one(db, "select max(name) from _sqlite_migrations where migration_set = ?", migrations.name)
    return str(row[0]) if row and row[0] else ""


def list_backups(directory: Path) -> list[UpgradeBackup]:
    """Give the copies made before upgrades, the oldest first."""
    found = [(path, _NAME.fullmatch(path.name)) for path in sorted(directory.glob("before-upgrade-*.db"))]
    return [UpgradeBackup(path, name[1], name[2], name[3]) for path, name in found if name is not None]


def make_backup(db: Connection, path: Path, backups: Path, now: Instant) -> Path:
    """Copy the database as it stands, check the copy, and keep the last two.

    Raises:
        FailedClosed: `state.unavailable`, there is no room, or it cannot be written or read back.
    """
    moment = datetime.fromtimestamp(now, UTC).strftime(_MOMENT)
    target = backups / f"before-upgrade-{moment}-{last_migration(db)}-{program_of(db)}.db"
    beside = target.with_suffix(".new")
    try:
        make_directory(backups)
        _require_room(path, backups)
        for left in backups.glob("*.new"):
            left.unlink()
        with alone(beside) as copy:
            db.backup(copy)
            copy.execute("pragma journal_mode = delete")
            found = rows(copy, "pragma quick_check(1)")
        if found != [("ok",)]:
            raise _not_made("its copy is damaged", "run journal verify with the version before, and check the disk")
        sync_file(beside)
        beside.replace(target)
        sync_directory(backups)
        for old in list_backups(backups)[:-KEPT]:
            old.path.unlink()
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise _not_made(f"{type(error).__name__}", "free the disk, and check the rights of its directory") from error
    return target


def forget_backups(directory: Path, now: Instant) -> int:
    """Delete copies made before upgrades, and databases that were replaced, after a month; says how many."""
    over = [backup.path for backup in list_backups(directory) if backup.taken_at <= now - KEPT_SECONDS]
    for path in directory.glob("replaced-*.db"):
        name = _REPLACED.fullmatch(path.name)
        if name is not None and int(name[1]) <= now - KEPT_SECONDS:
            over.append(path)
    for path in over:
        path.unlink(missing_ok=True)
    return len(over)


def _note(db: Database) -> None:
    with db.atomic():
        db.execute("insert or replace into facts values (?, ?)", (_PROGRAM, __version__))


def _make_shrinkable(db: Database, path: Path) -> None:
    """A file that was not made so gives no page back; it is written anew once, if the disk has the room."""
    if (one(db.conn, "pragma auto_vacuum") or (0,))[0]:
        return
    if shutil.disk_usage(path.parent).free > 2 * path.stat().st_size + SPARE_BYTES:
        rows(db.conn, "pragma auto_vacuum = incremental")
        db.execute("vacuum")


def _require_room(path: Path, backups: Path) -> None:
    needed, free = path.stat().st_size + SPARE_BYTES, shutil.disk_usage(backups).free
    if free < needed:
        raise _not_made(
            f"it needs {needed >> 20} MB, {free >> 20} MB are free", f"free the disk of {backups}, then start again"
        )


def _not_made(why: str, hint: str) -> FailedClosed:
    return FailedClosed(
        f"state: the copy that is made before an upgrade could not be made ({why}); nothing was changed",
        code=Code.STATE_UNAVAILABLE,
        hint=hint,
    )

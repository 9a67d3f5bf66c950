"""Going back to the copy that was made before an upgrade, without forgetting what must never be forgotten.

The copy is older than the database it replaces. What has happened since is taken over from the newer one: mandates that
were used (or they could be replayed), objections of workers, blocks and what counts towards them, the highest clock,
and the ledgers, so that peers meet no fork; ledgers that cannot come along are marked, and nobody is answered from them
before `journal succeed`. Who may sign in comes along too, or a right that was taken away would be back: where that
cannot be, everybody is signed out. A later schema keeps the columns of these tables, or says in an ADR how one goes
back. The rest (fetches on their way, announcements, identities) is what it was before the upgrade.
"""

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.store.copying import RESTORED, restored_mark
from connector.store.database import StateLock, alone
from connector.store.files import sync_directory, sync_file
from connector.store.migrations import KNOWN
from connector.store.settings import StateSettings
from connector.store.sql import Connection, one, rows
from connector.store.upgrade import UpgradeBackup, list_backups

NEVER_FORGOTTEN: Final = ("used_mandates", "oppositions", "counted", "limit_blocks", "limit_overrides")
"""Without these, nobody goes back."""

OF_THE_LEDGERS: Final = (
    "entries",
    "entry_workers",
    "entry_tags",
    "entry_fetches",
    "nodes",
    "checkpoints",
    "destroyed_epochs",
    "evidence",
    "head_stamps",
    "ledger_heads",
    "ledger_links",
    "ledger_faults",
    "ledger_gaps",
    "ledger_seen",
    "witness_statements",
)
"""All that the older schema has of them, or none: a ledger behind its own checkpoints needs `journal succeed`."""

OF_SIGN_IN: Final = (
    "people",
    "person_subjects",
    "local_accounts",
    "sign_in_failures",
    "one_time",
    "sessions",
    "proposals",
)
"""All that the older schema has of them; where one has another form, `SHORT_LIVED` is emptied instead."""

SHORT_LIVED: Final = ("sessions", "one_time", "proposals")

_FACTS: Final = "(name in ('highest_clock', 'clock_jump', 'answering-paused') or name like 'block:%')"
_OF_LEDGERS: Final = f"(name like 'origin %' or name like 'exchanged:%' or name = '{RESTORED}')"
_MARK: Final = "insert or replace into facts values (?, ?)"


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What was put in place, where the newer database lies now, and whether the ledgers go on without a gap."""

    backup: UpgradeBackup
    aside: Path
    has_ledgers: bool


def find_backup(settings: StateSettings, name: str | None) -> UpgradeBackup:
    """Give a copy by its name, or the newest one of a schema that this version knows.

    Raises:
        FailedClosed: `state.unavailable`, there is none.
    """
    there = list_backups(settings.backups)
    usable = [one_ for one_ in there if one_.schema in KNOWN and name in {None, one_.path.name}]
    if not usable:
        names = ", ".join(one_.path.name for one_ in there) or "none"
        raise _refused(
            f"no copy {name or 'of a schema that this version knows'} is in {settings.backups}; there is: {names}",
            "name one of them, or install the version that made the database",
        )
    return usable[-1]


def roll_back(settings: StateSettings, name: str | None, now: Instant) -> RolledBack:
    """Put the copy made before an upgrade in the place of the database; the connector does not run.

    The newer database is kept aside, to be deleted once nobody needs it. Either all of it is done, or nothing.

    Raises:
        FailedClosed: `state.unavailable`, the connector runs, there is no such copy, it is damaged or of another
            member, or the newer schema changed what must be taken over.
    """
    try:
        lock = StateLock(settings.lock)
    except OSError as error:
        raise _refused(f"{settings.directory} cannot be used ({error.strerror})", "check its owner") from None
    try:
        backup = find_backup(settings, name)
        return _roll_back(settings, backup, settings.backups / f"replaced-{now}.db", now)
    except (sqlite3.Error, OSError) as error:
        raise _refused(f"nothing was changed ({type(error).__name__})", "check the disk and the copy") from error
    finally:
        lock.release()


def take_over(restored: Connection, newer: Path, taken_at: Instant, now: Instant) -> bool:
    """Take over from a newer database what must never be forgotten; says whether the ledgers came along.

    For whoever restores any older copy of a state, taken at `taken_at`, while the newer one is still there. In one
    transaction.

    Raises:
        FailedClosed: `state.unavailable`, it is of another member, or has changed what must be taken over.
        sqlite3.Error: one of them cannot be read or written.
    """
    restored.execute("attach ? as newer", (str(newer),))
    try:
        member = "select value from {}.facts where name = 'member'"
        if one(restored, member.format("main")) != one(restored, member.format("newer")):
            raise _refused("the two databases are of two members", "restore the copy of this member")
        changed = [table for table in NEVER_FORGOTTEN if not _is_same(restored, table)]
        if changed:
            raise _refused(
                f"version {_program_of_newer(restored)} keeps {', '.join(changed)} in another form",
                "install that version again",
            )
        has_ledgers = all(_is_same(restored, table) for table in OF_THE_LEDGERS)
        restored.execute("begin immediate")
        has_people = all(_is_same(restored, table) for table in OF_SIGN_IN)
        for table in (
            *NEVER_FORGOTTEN,
            *(OF_THE_LEDGERS if has_ledgers else ()),
            *(OF_SIGN_IN if has_people else ()),
        ):
            _replace(restored, table)
        for table in () if has_people else SHORT_LIVED:
            if _columns(restored, "main", table):
                restored.execute(f"delete from main.{table}")  # noqa: S608 (a table of ours)
        _replace_facts(restored, f"({_FACTS} or {_OF_LEDGERS})" if has_ledgers else _FACTS)
        if not has_ledgers:  # what was signed since is lost here and known to others
            restored.execute(_MARK, (RESTORED, restored_mark(taken_at, now)))
        restored.execute("commit")
    except BaseException:
        if restored.in_transaction:
            restored.execute("rollback")
        raise
    finally:
        restored.execute("detach newer")
    return has_ledgers


def _program_of_newer(db: Connection) -> str:
    """Give the version that last wrote the newer of the two."""
    row = one(db, "select value from newer.facts where name = 'program'")
    return str(row[0]) if row else "unknown"


def _roll_back(settings: StateSettings, backup: UpgradeBackup, aside: Path, now: Instant) -> RolledBack:
    current, beside = settings.database, settings.directory / "state.db.restored"
    with alone(current) as db:  # nothing may stay behind in its log
        rows(db, "pragma wal_checkpoint(truncate)")
        rows(db, "pragma journal_mode = delete")
    beside.unlink(missing_ok=True)
    try:
        with (
            alone(backup.path) as copy,
            alone(beside) as restored,
        ):
            copy.backup(restored)
            if rows(restored, "pragma quick_check(1)") != [("ok",)]:
                raise _refused(f"{backup.path.name} is damaged", "name another copy")
            has_ledgers = take_over(restored, current, backup.taken_at, now)
        sync_file(beside)
        os.link(current, aside)
        beside.replace(current)
        sync_directory(settings.directory)
        sync_directory(settings.backups)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return RolledBack(backup, aside, has_ledgers)


def _columns(db: Connection, schema: str, table: str) -> Sequence[str]:
    return [row[1] for row in rows(db, f"pragma {schema}.table_info({table})")]


def _is_same(db: Connection, table: str) -> bool:
    """Whether the newer table has every column of the older one; so has one that the older schema does not know."""
    older = _columns(db, "main", table)
    return not older or set(older) <= set(_columns(db, "newer", table))


def _replace(db: Connection, table: str) -> None:
    columns = ", ".join(_columns(db, "main", table))
    if columns:
        db.execute(f"delete from main.{table}")  # noqa: S608 (a table of ours, as in the next)
        db.execute(f"insert into main.{table} ({columns}) select {columns} from newer.{table}")  # noqa: S608


def _replace_facts(db: Connection, which: str) -> None:
    db.execute(f"delete from main.facts where {which}")  # noqa: S608 (constant, as in the next)
    db.execute(f"insert into main.facts select name, value from newer.facts where {which}")  # noqa: S608


def _refused(got: str, hint: str) -> FailedClosed:
    return FailedClosed(f"roll back: {got}", code=Code.STATE_UNAVAILABLE, hint=hint)

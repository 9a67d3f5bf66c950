"""What this machine tells by itself: files and their rights, disk, the clock against the state, ledgers, backups."""

import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from connector.backup.parts import key_files
from connector.config.layout import CREDENTIAL
from connector.core.errors import FailedClosed
from connector.core.instant import rfc3339
from connector.core.units import MIB
from connector.doctor.finding import Finding, critical, ok, unknown, warning
from connector.doctor.patient import Patient
from connector.store.backup_note import last_backup
from connector.store.copying import Standing, standing_of
from connector.store.coverage import read_last
from connector.store.writer import CLOCK_TOLERANCE_SECONDS

BACKUP_WARN_HOURS: Final = 30
"""A nightly backup that was missed once."""

BACKUP_LATE_HOURS: Final = 8 * 24
_PUBLIC: Final = (b"-----BEGIN CERTIFICATE", b"-----BEGIN PUBLIC KEY", b"-----BEGIN X509 CRL", b"-----BEGIN TRUSTED")
_PRIVATE: Final = b"PRIVATE KEY-----"
_NO_SECRETS: Final = frozenset({".toml", ".json", ".crl", ".der", ".crt", ".cer", ".csv", ".sqlite", ".db", ".html"})


def rights(patient: Patient) -> Iterator[Finding]:
    """Look at who may read the secrets, and whether the service's user may read all that it needs.

    Run as root, the service's user is whoever owns the state directory, and a credential that only root reads is one
    that systemd hands to the service.
    """
    state = patient.material.state.directory
    user = state.stat().st_uid if os.geteuid() == 0 and state.is_dir() else os.geteuid()
    files = key_files(patient.model, patient.material.references, patient.config).files
    secrets = 0
    for path, reference in {path: reference for reference, path in files.items()}.items():
        try:
            found = path.stat()
        except OSError:
            continue  # a fault of the configuration, told there
        said = {"path": path, "mode": f"{stat.S_IMODE(found.st_mode):03o}", "owner": _name(found.st_uid)}
        is_handed = reference.startswith(CREDENTIAL) and os.geteuid() == found.st_uid == 0
        if not is_handed and not _may_read(found, user):
            yield critical("files", "files.unreadable", user=_name(user), **said)
        if _is_secret(path):
            secrets += 1
            if found.st_mode & (stat.S_IRGRP | stat.S_IROTH | stat.S_IWGRP | stat.S_IWOTH):
                yield critical("files", "files.open", **said)
    yield ok("files", "files.right", count=secrets)
    if state.is_dir() and (mode := stat.S_IMODE(state.stat().st_mode)) & 0o077:
        yield warning("files", "state.open", path=state, mode=f"{mode:03o}")


def disk(patient: Patient) -> Finding:
    """Look at the room that is left."""
    settings = patient.material.state
    place = settings.directory
    while not place.exists():
        place = place.parent
    found = os.statvfs(place)
    free, needed = found.f_bavail * found.f_frsize, settings.min_free_bytes
    if free < needed:
        return critical("disk", "disk.low", free=free // MIB, needed=needed // MIB)
    if free < 2 * needed:
        return warning("disk", "disk.low", free=free // MIB, needed=2 * needed // MIB)
    return ok("disk", "disk.right", free=free // MIB)


def standing(patient: Patient) -> Iterator[Finding]:
    """Look into the state without opening it for writing: ledgers, a restored copy, a clock that was set back."""
    database = patient.material.state.database
    if not database.is_file():
        yield warning("ledger", "state.none", path=patient.material.state.directory)
        return
    try:
        found: Standing = standing_of(database)
    except FailedClosed as error:
        yield critical("ledger", "ledger.unreadable", why=error.fault)
        return
    if found.restored_from is not None:
        yield critical("ledger", "ledger.restored", at=rfc3339(found.restored_from))
    else:
        yield ok("ledger", "ledger.right", entries=found.entries)
    behind = found.highest - patient.now
    if behind > CLOCK_TOLERANCE_SECONDS:
        yield critical("clock", "clock.back", seconds=behind)


def backups(patient: Patient) -> Finding:
    """Look at the age of the last backup that this house took."""
    last = last_backup(patient.material.state.directory)
    if last is None:
        return warning("backup", "backup.none")
    hours = max(patient.now - last.at, 0) // 3600
    if hours > BACKUP_LATE_HOURS:
        return critical("backup", "backup.old", hours=hours)
    if hours > BACKUP_WARN_HOURS:
        return warning("backup", "backup.old", hours=hours)
    return ok("backup", "backup.right", hours=hours)


def source(patient: Patient) -> Iterator[Finding]:
    """Look at what the service said of its source, and at how many workers it could answer about."""
    section = patient.model.source
    if section is None:
        yield warning("source", "source.none")
        return
    if section.attested_on is None:
        yield warning("source", "source.unattested")
    last = read_last(patient.material.state.database)
    if last is not None and last.share is not None and last.share < section.coverage_warn_below:
        share, wanted = f"{last.share:.0%}", f"{section.coverage_warn_below:.0%}"
        yield warning("coverage", "coverage.low", share=share, wanted=wanted)


def no_probe() -> Finding:
    """Say that peers were not probed."""
    return unknown("peers", "probe.left")


def _is_secret(path: Path) -> bool:
    """Whether a file that the configuration names is one that nobody else may read: all but certificates and lists."""
    try:
        with path.open("rb") as file:
            head = file.read(65_536)
    except OSError:
        return False
    if _PRIVATE in head:
        return True
    is_text_of_public = any(mark in head for mark in _PUBLIC)
    return not is_text_of_public and path.suffix not in _NO_SECRETS


def _may_read(found: os.stat_result, user: int) -> bool:
    if user in {0, found.st_uid}:
        return user == 0 or bool(found.st_mode & stat.S_IRUSR)
    try:
        account = pwd.getpwuid(user)
        groups = os.getgrouplist(account.pw_name, account.pw_gid)
    except KeyError:
        groups = []
    mask = stat.S_IRGRP if found.st_gid in groups else stat.S_IROTH
    return bool(found.st_mode & mask)


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)

"""Taking a backup while the house runs: each part into a file of its own, all there whole under their names or none.

The database is copied first, at one instant, and what it needs after it: an epoch key that came later does no harm, one
that is missing counts as destroyed. Documents that are purged meanwhile are simply not there. Nothing is stopped and
the state is not locked, so a document's transfer goes on undisturbed; only a second backup meanwhile is refused.
"""

import fcntl
import io
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from connector.backup.parts import Kept, Part, epoch_files, key_files, state_files
from connector.config.model import ConfigFile
from connector.config.references import References
from connector.core.canonical import canonical
from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.crypto.envelope import EnvelopeWriter, Passphrase, Recipient
from connector.store.backup_note import NOTE, keep_note
from connector.store.copying import copy_online, describe, is_database
from connector.store.files import give_to_owner, make_directory, sync_directory
from connector.store.settings import StateSettings

FORM: Final = 1
CONFIG: Final = "config.toml"
MANIFEST: Final = "manifest.json"
_COPY: Final = "backup-copy."

Progress = Callable[[int, int], None]
"""Told how many bytes were taken, of how many; the second grows where something did."""

Lock = Passphrase | Recipient


@dataclass(frozen=True, slots=True)
class House:
    """Of which house: its configuration, where it lies, and where its state is."""

    model: ConfigFile
    config: Path
    references: References
    state: StateSettings


@dataclass(frozen=True, slots=True)
class Order:
    """What is taken: a file and its lock for each part that is wanted; `documents` are those of the vault."""

    data: Path
    data_lock: Lock
    keys: Path | None
    keys_lock: Lock | None
    epochs: Path | None
    epochs_lock: Lock | None
    documents: bool = True


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken: the files with their sizes, and the references that nobody could follow here."""

    files: Mapping[Part, int]
    left_out: tuple[str, ...]


def take(house: House, order: Order, *, now: Instant, backup_id: str, progress: Progress) -> Taken:
    """Take a backup, and note when it was.

    Raises:
        FailedClosed: `state.unavailable`, nothing was replaced that was there; what to do is said. Also where another
            backup of this house is under way.
        ConfigFault: a passphrase that is too short.
    """
    _require_state(house.state)
    about = {"form": FORM, "id": backup_id, "member": house.model.member.id, "taken_at": now}
    named = key_files(house.model, house.references, house.config)
    secret = frozenset(path.resolve() for path in named.files.values())
    meter = _Meter(progress)
    sizes: dict[Part, int] = {}
    with _copies(house.state) as copies, _together() as written:
        database = copies.of(house.state.database)
        # The data get their name last: where they are, the parts that open them are too.
        if order.keys is not None and order.keys_lock is not None:
            manifest = {f"files/{number:04}": name for number, name in enumerate(named.files)}
            paths = zip((CONFIG, *manifest), (house.config, *named.files.values()), strict=True)
            listed = [Kept(name, path, path.stat().st_size) for name, path in paths]
            said = about | {"part": Part.KEYS.value}
            sizes[Part.KEYS] = _write(written, order.keys, said, order.keys_lock, listed, meter, manifest)
        if order.epochs is not None and order.epochs_lock is not None:
            said = about | {"part": Part.EPOCHS.value}
            sizes[Part.EPOCHS] = _write(written, order.epochs, said, order.epochs_lock, epoch_files(house.state), meter)
        described = describe(database.path)
        listed = [Kept("state/state.db", database.path, database.size)]
        listed += [copies.still(one) for one in state_files(house.state, secret, documents=order.documents)]
        whole = about | {"part": Part.DATA.value, "schema": described.schema, "documents": order.documents}
        sizes[Part.DATA] = _write(written, order.data, whole, order.data_lock, listed, meter, described.entries)
    try:
        keep_note(house.state, now, order.data, with_keys=order.keys is not None, with_epochs=order.epochs is not None)
        give_to_owner(house.state.directory / NOTE, house.state.directory)
    except OSError as error:
        raise _failed(error) from None
    return Taken(sizes, tuple(named.left_out))


def _require_state(state: StateSettings) -> None:
    try:
        if state.database.is_file():
            return
    except OSError as error:
        raise _failed(error) from None
    raise FailedClosed(
        f"backup: there is no state in {state.directory}",
        code=Code.STATE_UNAVAILABLE,
        hint="name the configuration of the connector that runs; the first start makes the state: spsti-connector run",
    )


class _Meter:
    """Counts what was taken."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._done, self._total = progress, 0, 0

    def expect(self, size: int) -> None:
        self._total += size
        self._progress(self._done, self._total)

    def took(self, size: int) -> None:
        self._done += size
        self._progress(self._done, self._total)


class _Copies:
    """Databases copied at one instant, in a folder of the state's own that nobody else reads."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number = folder, 0

    def of(self, database: Path) -> Kept:
        """Copy one."""
        self._number += 1
        target = self._folder / f"{_COPY}{self._number}"
        copy_online(database, target)
        return Kept(database.name, target, target.stat().st_size)

    def still(self, kept: Kept) -> Kept:
        """Give a file as it may be read: a database that an adapter keeps is copied too."""
        if not kept.name.startswith("state/adapters/") or not is_database(kept.path):
            return kept
        copied = self.of(kept.path)
        return Kept(kept.name, copied.path, copied.size)


@contextmanager
def _copies(state: StateSettings) -> Iterator[_Copies]:
    try:
        make_directory(state.backups)
        give_to_owner(state.backups, state.directory)
        with _alone(state.backups):
            _remove_copies(state.backups)  # those of a backup that was killed
            try:
                yield _Copies(state.backups)
            finally:
                _remove_copies(state.backups)
    except OSError as error:
        raise _failed(error) from None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lock the folder of the copies: two at once would write the same files, and one give a half its name.

    The folder itself is locked, since a file made for it by root would keep the service's own backup out.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FailedClosed(
                "backup: another backup of this house is under way; this one was not begun",
                code=Code.STATE_UNAVAILABLE,
                hint="wait until the other has ended",
            ) from None
        yield
    finally:
        os.close(handle)


def _remove_copies(folder: Path) -> None:
    for left in folder.glob(f"{_COPY}*"):
        with suppress(OSError):
            left.unlink()


@contextmanager
def _together() -> Iterator[list[Path]]:
    """Let the parts have their names once all are whole: those of two backups do not belong together.

    So a disk that is full at the last part leaves every part of the backup before.
    """
    targets: list[Path] = []
    try:
        yield targets
        for target in targets:
            _beside(target).replace(target)
        for folder in {target.parent for target in targets}:
            sync_directory(folder)
    finally:
        for target in targets:
            _beside(target).unlink(missing_ok=True)


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.partial")


def _write(
    written: list[Path],
    target: Path,
    about: Mapping[str, Any],
    lock: Lock,
    files: Iterable[Kept],
    meter: _Meter,
    manifest: Mapping[str, Any] | None = None,
) -> int:
    """Write one part beside its name, and make it durable."""
    beside = _beside(target)
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    written.append(target)
    with os.fdopen(handle, "wb") as out:
        envelope = EnvelopeWriter(out, about, lock)
        _archive(envelope, files, meter, about, manifest or {})
        envelope.finish()
        out.flush()
        os.fsync(out.fileno())
        return out.tell()


def _archive(
    envelope: EnvelopeWriter,
    files: Iterable[Kept],
    meter: _Meter,
    about: Mapping[str, Any],
    manifest: Mapping[str, Any],
) -> None:
    listed = list(files)
    meter.expect(sum(one.size for one in listed))
    with tarfile.open(fileobj=cast("BinaryIO", envelope), mode="w|", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, MANIFEST, canonical({"about": dict(about), "manifest": dict(manifest)}))
        for kept in listed:
            _add_file(tar, kept, meter)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = _entry(name, len(content))
    tar.addfile(entry, io.BytesIO(content))


def _add_file(tar: tarfile.TarFile, kept: Kept, meter: _Meter) -> None:
    try:
        source = kept.path.open("rb")
    except FileNotFoundError:
        meter.took(kept.size)  # purged meanwhile, as it was meant to be
        return
    with source:
        size = os.fstat(source.fileno()).st_size
        tar.addfile(_entry(kept.name, size), cast("BinaryIO", _Counted(source, meter)))


class _Counted:
    """A file that is read, and tells how far."""

    def __init__(self, source: BinaryIO, meter: _Meter) -> None:
        self._source, self._meter = source, meter

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self._meter.took(len(data))
        return data


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _failed(error: OSError) -> FailedClosed:
    return FailedClosed(
        f"backup: it could not be taken ({error.strerror or error}); what was there before is there still",
        code=Code.STATE_UNAVAILABLE,
        hint="free the disk that it is written to, or name another place",
    )

"""Putting a backup back: into a directory that was not there, whole or not at all, and marked as put back.

Whatever was signed after the backup is lost here and known to others, so the restored house answers nobody and signs
no exchange before its ledgers are succeeded (`journal succeed`). Where the newer database is still there and sound,
nothing is restored: whoever goes back before an upgrade takes `roll-back`, which loses nothing (`store.rollback`).
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.backup.parts import Part
from connector.backup.reading import About, Opener, about_of, extract
from connector.backup.writing import CONFIG
from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.store import epoch_home
from connector.store.copying import CopiedState, describe, mark_restored
from connector.store.files import give_to_owner, sync_directory

_BESIDE: Final = ".restoring"
_CREDENTIAL: Final = "credential:"
_ELSEWHERE: Final = "elsewhere"


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a backup, and what opens it."""

    path: Path
    lock: Opener


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back: of which backup, what its database is, and which files must go to places of their own."""

    about: About
    state: CopiedState
    placed: tuple[tuple[str, Path], ...]


def restore(
    data: Source,
    *,
    keys: Source | None,
    epochs: Source | None,
    state: Path,
    config: Path | None,
    member: str | None,
    now: Instant,
) -> Restored:
    """Put the data into `state`, the epoch keys below it, and the keys with the configuration into `config`.

    Both directories must not be there yet, or be empty; they appear when everything in them is whole and durable. Where
    root restores, each belongs to the user whose the empty directory was, or the one that it lies in.

    Raises:
        FailedClosed: of another member or another backup, a wrong passphrase, altered, no room, a directory that is
            there already; nothing was made.
    """
    wanted = [(data, Part.DATA), (keys, Part.KEYS), (epochs, Part.EPOCHS)]
    abouts = [(about_of(source.path), source, part) for source, part in wanted if source is not None]
    for about, source, _ in abouts:
        _check_belongs(source.path, about, abouts[0][0], member)
    targets = [state, *([config] if keys is not None and config is not None else [])]
    besides = [target.with_name(target.name + _BESIDE) for target in targets]
    try:
        for target, beside in zip(targets, besides, strict=True):
            _begin(target, beside)
        about, manifest = extract(data.path, data.lock, Part.DATA, besides[0])
        found = _check_state(besides[0] / "state" / "state.db", about, manifest)
        if epochs is not None:
            extract(epochs.path, epochs.lock, Part.EPOCHS, besides[0])
            if (besides[0] / "epochs").is_dir():  # a house that never wrote an entry has none
                (besides[0] / "epochs").rename(besides[0] / "state" / "epochs")
        placed: tuple[tuple[str, Path], ...] = ()
        if keys is not None and config is not None:
            _, names = extract(keys.path, keys.lock, Part.KEYS, besides[1])
            placed = _place(besides[1], names, config)
        if epochs is None:
            epoch_home.put_for(besides[0] / "state" / "state.db", besides[0] / "state" / "epochs")
        mark_restored(besides[0] / "state" / "state.db", about.taken_at, now)
        sync_directory(besides[0])
        for target, beside in zip(targets, besides, strict=True):
            give_to_owner(beside, target if target.exists() else target.parent)
        if len(targets) > 1:
            _appear(besides[1], config or besides[1])
        _appear(besides[0] / "state", state)
    except OSError as error:
        raise _refused(
            f"it could not be put back ({error.strerror or error}); nothing was made", "free the disk"
        ) from None
    finally:
        for beside in besides:
            shutil.rmtree(beside, ignore_errors=True)
    return Restored(about, found, placed)


def _check_belongs(path: Path, about: About, first: About, member: str | None) -> None:
    if member is not None and about.member != member:
        raise _refused(f"{path.name} is a backup of {about.member}, not of {member}", "take the backup of this member")
    if about.member != first.member or (about.part is not Part.EPOCHS and about.id != first.id):
        # Epoch keys are replaced at each backup, so that what was destroyed since cannot come back.
        raise _refused(f"{path.name} belongs to another backup than the data", "name files that were taken together")
    if about.part is Part.EPOCHS and about.taken_at < first.taken_at:
        raise _refused(f"{path.name} is older than the data", "name the newest file of epoch keys")


def _check_state(database: Path, about: About, manifest: dict[str, object]) -> CopiedState:
    if not database.is_file():
        raise _refused("there is no database in it", "take another backup")
    found = describe(database)
    if found.member != about.member:
        raise _refused(f"its database belongs to {found.member}, it says {about.member}", "take another backup")
    if found.entries != manifest:
        raise _refused("its ledgers are not as long as they were", "take another copy of it")
    return found


def _place(beside: Path, names: dict[str, object], config: Path) -> tuple[tuple[str, Path], ...]:
    """Give each file its own name below the configuration; what lay elsewhere is put aside and named."""
    placed = []
    for stored, reference in names.items():
        wanted = Path(str(reference))
        if str(reference).startswith(_CREDENTIAL):
            wanted = Path("credentials", str(reference).removeprefix(_CREDENTIAL))  # where they are found by hand
        is_own = not wanted.is_absolute() and ".." not in wanted.parts
        inside = wanted if is_own else Path(_ELSEWHERE) / f"{Path(stored).name}-{wanted.name}"
        source, target = beside / stored, beside / inside
        if not source.is_file():
            raise _refused(f"the file {stored} is missing in it", "take another copy of it")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if target.exists():
            raise _refused(f"two files of it have the name {inside}", "it was not made by us")
        source.rename(target)
        if not is_own:
            placed.append((str(reference), config / inside))
    if not (beside / CONFIG).is_file():
        raise _refused("there is no configuration in it", "take another copy of it")
    shutil.rmtree(beside / "files", ignore_errors=True)
    return tuple(placed)


def _begin(target: Path, beside: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise _refused(f"{target} is there already", "move it away first, and keep it until the restored house runs")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(mode=0o700, parents=True)


def _appear(beside: Path, target: Path) -> None:
    """Give a directory its name; an empty one that is there makes room."""
    os.replace(beside, target)  # noqa: PTH105 - as a system call: an empty directory is replaced, another refused
    sync_directory(target.parent)


def _refused(what: str, hint: str) -> FailedClosed:
    return FailedClosed(f"backup: {what}", code=Code.STATE_UNAVAILABLE, hint=hint)

"""Which file of a house belongs to which part of a backup.

    data     the database, the documents of the vault, the directory's archive, installed adapters and what they keep
    keys     the master key, private keys, passwords, certificates and the configuration: for another person's safe
    epochs   the epoch keys, in a file that each backup replaces: an old copy of the data must not outlive their
             destruction, so no older file of these is kept

Without the keys, data and epochs are unreadable; without an epoch's key, nobody reads what was sealed in it.
"""

import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from connector.config.model import ConfigFile, Section
from connector.config.references import References
from connector.core.errors import ConfigFault
from connector.store.backup_note import NOTE
from connector.store.settings import StateSettings

_LEFT: Final = frozenset({"lock", "epochs", "backups", "state.db", "state.db-wal", "state.db-shm", NOTE})
_MAX_REFERENCE: Final = 4096


class Part(StrEnum):
    """One file of a backup."""

    DATA = "data"
    KEYS = "keys"
    EPOCHS = "epochs"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file to be kept: under which name in the archive, and where it lies."""

    name: str
    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """What the configuration names: the files by their reference, and the references that could not be followed."""

    files: Mapping[str, Path]
    left_out: Sequence[str]


def state_files(settings: StateSettings, secret: frozenset[Path], *, documents: bool) -> Iterator[Kept]:
    """Give the files below the state directory, the database and whatever is kept apart left out."""
    vault = settings.vault.name
    for path in _files(settings.directory):
        name = path.relative_to(settings.directory)
        is_passing = name.parts[0] == vault and (len(name.parts) > 2 or not documents)
        is_shown = name.parts[0] == "adapters" and name.parts[2:3] == ("credentials",)
        if name.parts[0] in _LEFT or is_passing or is_shown or path.resolve() in secret:
            continue
        if (size := _size(path)) is not None:
            yield Kept(f"state/{name.as_posix()}", path, size)


def epoch_files(settings: StateSettings) -> Iterator[Kept]:
    """Give the epoch keys."""
    for path in _files(settings.epochs):
        if (size := _size(path)) is not None:
            yield Kept(f"epochs/{path.relative_to(settings.epochs).as_posix()}", path, size)


def key_files(model: ConfigFile, references: References, config: Path) -> KeyFiles:
    """Find every file that the configuration names, whatever for: together they make the house start elsewhere.

    An adapter's own options count where they name a file beside the configuration.
    """
    files: dict[str, Path] = {}
    left_out: list[str] = []
    own = config.resolve().parent
    for reference, is_option in _texts(model, is_option=False):
        if len(reference) > _MAX_REFERENCE or "\0" in reference or "\n" in reference:
            continue
        try:
            path = references.path(reference)
        except ConfigFault:
            left_out.append(reference)
            continue
        try:
            if path.is_file() and not (is_option and not path.resolve().is_relative_to(own)):
                files[reference] = path
        except OSError:  # root's alone
            left_out.append(reference)
    return KeyFiles(files, tuple(dict.fromkeys(left_out)))


def _texts(value: Any, *, is_option: bool) -> Iterator[tuple[str, bool]]:  # noqa: ANN401 - whatever TOML holds
    """Give every text of the configuration, and whether it is an adapter's own."""
    if isinstance(value, Section):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), is_option=is_option or name == "options")
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner, is_option=is_option)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner, is_option=is_option)
    elif type(value) is str and value:
        yield value, is_option


def _files(directory: Path) -> Iterator[Path]:
    if not directory.is_dir():
        return
    for path in sorted(directory.iterdir()):
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)
        else:
            yield path


def _size(path: Path) -> int | None:
    """Give the size of a regular file; None for anything else, and for what is gone by now."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None

"""When the last backup was taken: a small file in the state; `check`, the status and acceptance tell its age."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.core.instant import Instant
from connector.store.files import replace_durably
from connector.store.settings import StateSettings

NOTE: Final = "last-backup.json"


@dataclass(frozen=True, slots=True)
class LastBackup:
    """The last one that succeeded, and which parts it had beside the data."""

    at: Instant
    file: str
    with_keys: bool
    with_epochs: bool


def keep_note(state: StateSettings, at: Instant, file: Path, *, with_keys: bool, with_epochs: bool) -> None:
    """Note that a backup was taken.

    Raises:
        OSError: the note cannot be written.
    """
    said = {"at": at, "file": str(file), "with_keys": with_keys, "with_epochs": with_epochs}
    replace_durably(state.directory / NOTE, json.dumps(said).encode())


def last_backup(directory: Path) -> LastBackup | None:
    """Give the note of a state directory, None where there is none that can be read."""
    try:
        said = json.loads((directory / NOTE).read_bytes())
        return LastBackup(
            Instant(int(said["at"])), str(said["file"]), bool(said["with_keys"]), bool(said["with_epochs"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None

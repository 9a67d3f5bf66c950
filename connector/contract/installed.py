"""Adapters that were installed from a wheel into a folder of their own, which survives upgrades of the connector.

Each has its own folder below the state directory; a manifest keeps the hash of every wheel and of what was unpacked. At
a start the folders go onto Python's path behind everything else, so that an adapter cannot take the place of a module
of the connector, and what was changed since it was installed is refused.
"""

import importlib
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from connector.core.errors import ConfigFault
from connector.core.faults import Fault
from connector.core.instant import Instant

FOLDER: Final = "adapters-installed"
MANIFEST: Final = "manifest.json"
FORM: Final = 1
_PIECE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class WheelFile:
    """A file that was handed in, and its SHA-256 in hex, as a vendor publishes it."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class InstalledAdapter:
    """One installation. `folder` is below `FOLDER`; `content_sha256` is over all that was unpacked."""

    distribution: str
    version: str
    adapters: tuple[str, ...]
    wheels: tuple[WheelFile, ...]
    folder: str
    content_sha256: str
    installed_at: Instant


def root_of(state_directory: Path) -> Path:
    """Give the folder of all installations."""
    return state_directory / FOLDER


def read_manifest(root: Path) -> tuple[InstalledAdapter, ...]:
    """Read what is installed; nothing is where there is no manifest.

    Raises:
        ConfigFault: it cannot be read, or is of another form.
    """
    path = root / MANIFEST
    try:
        data = json.loads(path.read_text("utf-8"))
        if data["form"] != FORM:
            raise ValueError
        return tuple(_read_one(one) for one in data["installed"])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigFault.of("adapter.manifest", path=str(path)) from None


def write_manifest(root: Path, installed: Iterable[InstalledAdapter]) -> None:
    """Write what is installed, in one step.

    Raises:
        OSError: it cannot be written; the one before stays.
    """
    text = json.dumps({"form": FORM, "installed": [asdict(one) for one in installed]}, indent=2, ensure_ascii=False)
    beside = root / f"{MANIFEST}.new"
    with beside.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(root / MANIFEST)


def content_sha256(folder: Path) -> str:
    """Hash the names and bytes of all files below a folder, compiled ones apart."""
    digest = sha256()
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    for path in files:
        digest.update(f"{path.relative_to(folder).as_posix()}\0{file_sha256(path)}\n".encode())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Hash one file.

    Raises:
        OSError: it cannot be read.
    """
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def use_installed(state_directory: Path) -> tuple[InstalledAdapter, ...]:
    """Put every installed adapter onto the path, before any is looked for.

    Raises:
        ConfigFault: a folder is missing or was changed since; none of them is used then.
    """
    root = root_of(state_directory)
    installed = read_manifest(root)
    faults = tuple(fault for one in installed if (fault := _fault_of(root, one)) is not None)
    if faults:
        raise ConfigFault.of_all(str(faults[0]), faults)
    for one in installed:
        add_to_path(root / one.folder)
    return installed


def add_to_path(folder: Path) -> None:
    """Let Python find what is in a folder, behind everything else."""
    text = str(folder.resolve())
    if text not in sys.path:
        sys.path.append(text)
        importlib.invalidate_caches()


def _fault_of(root: Path, one: InstalledAdapter) -> Fault | None:
    folder = root / one.folder
    try:
        is_whole = folder.is_dir() and content_sha256(folder) == one.content_sha256
    except OSError:
        is_whole = False
    if is_whole:
        return None
    return Fault("adapter.changed", {"folder": str(folder), "what": f"{one.distribution} {one.version}"})


def _read_one(data: dict[str, Any]) -> InstalledAdapter:
    folder = str(data["folder"])
    if not folder or Path(folder).name != folder or folder.startswith("."):
        raise ValueError
    return InstalledAdapter(
        distribution=str(data["distribution"]),
        version=str(data["version"]),
        adapters=tuple(str(name) for name in data["adapters"]),
        wheels=tuple(WheelFile(str(one["name"]), str(one["sha256"])) for one in data["wheels"]),
        folder=folder,
        content_sha256=str(data["content_sha256"]),
        installed_at=Instant(int(data["installed_at"])),
    )

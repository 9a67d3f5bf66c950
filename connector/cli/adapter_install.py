"""Installing an adapter from its wheel, into a folder of its own below the state directory, and removing it again.

pip unpacks, without a network and without looking for anything else. What was unpacked is imported once before it is
kept, so that an adapter of another contract version, or one that lacks a library, is refused here and not at a start.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from connector.cli.client import Json
from connector.cli.faults import Exit, Fault
from connector.cli.house import House
from connector.contract.discovery import SINKS, SOURCES
from connector.contract.installed import (
    InstalledAdapter,
    WheelFile,
    content_sha256,
    file_sha256,
    read_manifest,
    root_of,
    write_manifest,
)
from connector.contract.refusals import read_refusal
from connector.core.errors import ConfigFault
from connector.core.instant import Instant
from connector.store.files import give_to_owner

_PIP: Final = ("install", "--no-index", "--no-deps", "--no-compile", "--no-input", "--isolated", "--quiet",
               "--disable-pip-version-check", "--no-cache-dir")  # fmt: skip
_SECONDS: Final = 300
_PROJECT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_OURS: Final = "spsti-connector"
_CHILD: Final = """
import json, sys
given = json.loads(sys.argv[1])
sys.path[:] = given["paths"]
from importlib.metadata import entry_points
from connector.contract.discovery import SINKS, SOURCES, described, installed
from connector.contract.refusals import refusal
entries = [entry for group in (SOURCES, SINKS) for entry in entry_points(group=group) if entry.name in given["names"]]
origins = [str(entry.dist.locate_file("")) for entry in entries]
faults = [described(info)[1] for info in installed() if info.name in given["names"]]
print(json.dumps({"origins": origins, "refusals": [refusal(fault) for fault in faults if fault]}))
"""


def install_adapter(house: House, files: Sequence[Path]) -> tuple[Json, list[str]]:
    """Install wheels together; give the manifest's entry, and the projects it asks for that are not here.

    Raises:
        Fault: a file is no wheel, none of them holds an adapter, or it cannot be unpacked.
        ConfigFault: the adapter is not one for this connector.
    """
    for file in files:
        _check_wheel(file)
    root = root_of(house.state)
    if not house.state.is_dir():
        raise Fault(f"{house.state}: is not there", do="start the connector once, or make the state directory")
    root.mkdir(mode=0o755, exist_ok=True)
    unpacked = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    try:
        unpacked.chmod(0o755)
        _unpack(files, unpacked)
        owner, names = _the_adapter(unpacked)
        _check_adapter(root, unpacked, names)
        entry = InstalledAdapter(
            distribution=owner.name,
            version=owner.version,
            adapters=names,
            wheels=tuple(WheelFile(file.name, file_sha256(file)) for file in files),
            folder=f"{_normal(owner.name)}-{owner.version}-{content_sha256(unpacked)[:12]}",
            content_sha256=content_sha256(unpacked),
            installed_at=Instant(int(time.time())),
        )
        missing = _missing(unpacked)
        _keep(root, unpacked, entry)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    give_to_owner(root, house.state)
    return asdict(entry) | {"folder": str(root / entry.folder)}, missing


def remove_adapter(house: House, name: str, *, force: bool) -> InstalledAdapter:
    """Remove what was installed, by an adapter's name or its distribution's.

    Raises:
        Fault: there is none of that name, or the configuration names it.
    """
    root = root_of(house.state)
    everything = read_manifest(root)
    found = [one for one in everything if name in one.adapters or _normal(name) == _normal(one.distribution)]
    if not found:
        known = ", ".join(adapter for one in everything for adapter in one.adapters) or "none"
        raise Fault(f"{name}: was not installed by `adapter install`", why=f"installed: {known}", status=Exit.USAGE)
    (gone,) = found
    used = [half for half, section in (("source", house.model.source), ("sink", house.model.sink))
            if section is not None and section.adapter in gone.adapters]  # fmt: skip
    if used and not force:
        raise Fault(
            f"{name}: the configuration names it in [{'], ['.join(used)}]",
            why="the connector would not start without it",
            do="change the configuration first, or give --force",
        )
    write_manifest(root, [one for one in everything if one is not gone])
    shutil.rmtree(root / gone.folder, ignore_errors=True)
    give_to_owner(root, house.state)
    return gone


def _check_wheel(file: Path) -> None:
    try:
        with ZipFile(file) as wheel:
            is_wheel = file.suffix == ".whl" and any(name.endswith(".dist-info/WHEEL") for name in wheel.namelist())
    except (OSError, BadZipFile) as error:
        why = getattr(error, "strerror", None) or "it is no zip archive"
        raise Fault(f"{file}: cannot be read as a wheel", why=why, status=Exit.USAGE) from None
    if not is_wheel:
        raise Fault(f"{file}: is no wheel", do="ask the vendor for a file whose name ends in .whl", status=Exit.USAGE)


def _unpack(files: Sequence[Path], target: Path) -> None:
    command = [sys.executable, "-m", "pip", *_PIP, "--target", str(target), *(str(file.resolve()) for file in files)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Fault("pip could not unpack it", why=type(error).__name__) from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise Fault("pip could not unpack it", why=lines[-1] if lines else f"exit status {done.returncode}")


def _the_adapter(folder: Path) -> tuple[Distribution, tuple[str, ...]]:
    """Find the one distribution among those unpacked that offers adapters."""
    found = []
    for one in distributions(path=[str(folder)]):
        names = {entry.name for entry in one.entry_points if entry.group in {SOURCES, SINKS}}
        if names:
            found.append((one, tuple(sorted(names))))
    if len(found) != 1:
        raise Fault(
            f"{len(found)} of the wheels offer an adapter, expected exactly one",
            why=f"an adapter has entry points {SOURCES} or {SINKS}",
            do="give the adapter's wheel, and beside it only libraries that it needs",
            status=Exit.USAGE,
        )
    return found[0]


def _check_adapter(root: Path, folder: Path, names: tuple[str, ...]) -> None:
    """Import what was unpacked as a start would, in a process of its own: what it does there stays there.

    Raises:
        ConfigFault: it is no adapter for this connector, or another distribution offers the same name.
    """
    paths = [one for one in sys.path if one and not Path(one).resolve().is_relative_to(root.resolve())]
    given = json.dumps({"paths": [*paths, str(folder.resolve())], "names": names})
    command = [sys.executable, "-B", "-P", "-c", _CHILD, given]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603
        told = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError) as error:
        raise ConfigFault.of("adapter.import-ended", error=type(error).__name__) from None
    others = sorted({origin for origin in told["origins"] if Path(origin).resolve() != folder.resolve()})
    if others:
        raise ConfigFault.of("adapter.elsewhere", places=others)
    refused = [read_refusal(one) for one in told["refusals"]]
    if refused:
        texts = tuple(text for one in refused for text in one.faults)
        details = tuple(detail for one in refused for detail in one.details)
        raise ConfigFault(texts[0], faults=texts, hint="ask the vendor for a wheel for this connector", details=details)


def _keep(root: Path, unpacked: Path, entry: InstalledAdapter) -> None:
    everything = read_manifest(root)
    replaced = [
        one
        for one in everything
        if _normal(one.distribution) == _normal(entry.distribution) or set(one.adapters) & set(entry.adapters)
    ]
    target = root / entry.folder
    if not target.exists():
        unpacked.rename(target)
    write_manifest(root, [*(one for one in everything if one not in replaced), entry])
    for one in replaced:
        if one.folder != entry.folder:
            shutil.rmtree(root / one.folder, ignore_errors=True)


def _missing(folder: Path) -> list[str]:
    """Name the projects that are asked for without a condition and are neither here nor beside it."""
    here = {_normal(one.name) for one in distributions(path=[str(folder)])} | {_normal(_OURS)}
    wanted = {
        match[0]
        for one in distributions(path=[str(folder)])
        for text in one.requires or ()
        if ";" not in text and (match := _PROJECT.match(text.strip()))
    }
    return sorted(name for name in wanted if _normal(name) not in here and not _is_here(name))


def _is_here(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

"""Make the checkout's Python environment from a lock, with the machine's python3 and its pip alone.

`make` calls this before each target that needs `.venv`. It returns at once when the environment already matches the
lock, this Python and this directory; otherwise it makes what is missing. An environment that was interrupted half-way
bears no stamp and is made anew. Standard library only, and written so that a Python too old for the project can still
read it and say so.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
DISTRIBUTIONS = {
    "demo": (".", "adapters/demo", "sandbox"),
    "dev": (
        ".",
        "adapters/demo",
        "adapters/folder",
        "adapters/http",
        "adapters/sql",
        "sandbox",
    ),
    "uv": (),
}
"""Installed as links to the checkout, in the order of their dependencies; each lock holds what its own need."""

MARK = "made-by-scripts-bootstrap"
"""Written first: only a directory that bears it is ever deleted."""

STAMP = "bootstrap.json"
"""Written last: maps each finished lock to the fingerprint it was made from."""


class Stop(Exception):
    """Ends the work with one line that says what to do."""


def main() -> int:
    """Parse the command line and make the environment; 0 when it is ready, 1 with one line on stderr when not."""
    parser = argparse.ArgumentParser(description="Make the checkout's environment from a lock.")
    parser.add_argument("lock", choices=["demo", "dev", "uv"], help="which requirements/*.lock to install")
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="where (default: .venv)")
    options = parser.parse_args()
    try:
        check_python()
        # Two `make` in one checkout wait for each other. The lock is on the directory, so that it leaves no file.
        directory = os.open(str(ROOT / "requirements"), os.O_RDONLY)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            make(options.lock, options.venv.absolute())
        finally:
            os.close(directory)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: the next run makes the environment anew", file=sys.stderr)
        return 130
    return 0


def check_python() -> None:
    """Refuse a Python that cannot make the environment.

    Raises:
        Stop: too old, or without venv or ensurepip (Debian packs them apart).
    """
    if sys.version_info < OLDEST:
        got, wanted = (".".join(map(str, version[:2])) for version in (sys.version_info, OLDEST))
        message = f"{sys.executable} is Python {got}, {wanted} or newer is needed: make PYTHON=/path/to/python{wanted}"
        raise Stop(message)
    if not all(map(is_complete, ("venv", "ensurepip"))):
        message = f"{sys.executable} cannot make an environment (no venv or ensurepip): apt install python3-venv"
        raise Stop(message)


def is_complete(module: str) -> bool:
    """Whether a module is there; a directory that only holds a forgotten cache is not (it has no origin)."""
    spec = importlib.util.find_spec(module)
    return spec is not None and spec.origin is not None


def make(lock: str, venv: Path) -> None:
    """Bring `venv` to the state that `lock` and the checkout describe, doing only what is missing.

    Raises:
        Stop: the directory is someone else's, or a step failed.
    """
    done = read_stamp(venv)
    packages, links = packages_fingerprint(lock), links_fingerprint(lock)
    has_packages, has_links = done.get(lock) == packages, done.get(f"links of {lock}") == links or lock == "uv"
    if has_packages and has_links:
        return
    started = time.monotonic()
    say(f"preparing {venv.name} from requirements/{lock}.lock")
    # The development lock extends the demonstration's: on top of it, it installs in place. Any other change starts
    # afresh, so that nothing stays behind that the lock no longer names.
    extends = lock == "dev" and "dev" not in done and done.get("demo") == packages_fingerprint("demo")
    if has_packages or extends:
        (venv / STAMP).unlink()
    else:
        clear(venv)
        create(venv)
        done = {}
    if not has_packages:
        install(lock, venv)
        done[lock] = packages
        if lock == "dev":
            done["demo"] = packages_fingerprint("demo")
    if lock != "uv":
        link(lock, venv)
        done[f"links of {lock}"] = links
        if lock == "dev":
            done["links of demo"] = links_fingerprint("demo")
    run([*pip(venv), "check"], f"checking that requirements/{lock}.lock is complete")
    write_stamp(venv, done)
    say(f"ready after {time.monotonic() - started:.0f} s")


def create(venv: Path) -> None:
    """Make an empty environment, marked as ours before anything else is in it."""
    venv.mkdir(parents=True)
    (venv / MARK).write_text("This directory may be deleted: scripts/bootstrap.py makes it anew.\n", encoding="ascii")
    run([sys.executable, "-I", "-m", "venv", str(venv)], "creating the environment")


def install(lock: str, venv: Path) -> None:
    """Install the packages of the lock: wheels only, each checked against its hash."""
    path = ROOT / "requirements" / f"{lock}.lock"
    count = sum(1 for line in path.read_text(encoding="ascii").splitlines() if "==" in line and line[0].isalnum())
    say(f"  installing {count} locked package{'s' if count > 1 else ''}, hashes checked (under a minute)")
    # The lock is complete (`pip check` at the end), so pip has nothing to resolve.
    hashed = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(path)]
    run([*pip(venv), "install", *hashed], f"installing requirements/{lock}.lock")
    # Python 3.11 puts its own setuptools into every environment; the lock does not name it, so nothing may need it.
    run([*pip(venv), "uninstall", "--yes", "setuptools"], "removing setuptools")


def link(lock: str, venv: Path) -> None:
    """Make the checkout's own distributions importable in place, with their commands and entry points."""
    say("  linking the checkout")
    links = [part for distribution in DISTRIBUTIONS[lock] for part in ("-e", str(ROOT / distribution))]
    run([*pip(venv), "install", "--no-deps", "--no-index", "--no-build-isolation", *links], "linking the checkout")


def pip(venv: Path) -> list[str]:
    """The environment's own pip, quiet."""
    return [str(venv / "bin" / "python"), "-I", "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]


def packages_fingerprint(lock: str) -> str:
    """What the packages depend on: the lock, this Python, and where the checkout is (an environment cannot move)."""
    content = (ROOT / "requirements" / f"{lock}.lock").read_bytes()
    return digest(content, sys.version.encode(), os.path.realpath(sys.executable).encode(), str(ROOT).encode())


def links_fingerprint(lock: str) -> str:
    """What the links depend on: the metadata of the distributions, not the settings of tools beside it."""
    import tomllib  # noqa: PLC0415 - absent from a Python that check_python refuses

    paths = DISTRIBUTIONS[lock]
    projects = [tomllib.loads((ROOT / path / "pyproject.toml").read_text(encoding="utf-8")) for path in paths]
    metadata = [[project["project"], project["tool"]["hatch"]] for project in projects]
    return digest(json.dumps(metadata, sort_keys=True).encode(), (ROOT / "connector/__init__.py").read_bytes())


def digest(*parts: bytes) -> str:
    """One hash of several parts, which cannot run into each other."""
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def read_stamp(venv: Path) -> dict[str, str]:
    """The fingerprints of the finished locks; empty where the environment is absent, half-made or unreadable."""
    try:
        stamp = json.loads((venv / STAMP).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(venv: Path, done: dict[str, str]) -> None:
    """Write the stamp in one piece, so that an interruption leaves none."""
    draft = venv / (STAMP + ".draft")
    draft.write_text(json.dumps(done, indent=1) + "\n", encoding="ascii")
    draft.replace(venv / STAMP)


def clear(venv: Path) -> None:
    """Delete an environment of ours.

    Raises:
        Stop: the path is a link, or holds something that this script did not make.
    """
    if not venv.is_symlink() and not venv.exists():
        return
    if venv.is_symlink() or not (venv / MARK).exists():
        message = (
            f"{venv} was not made by scripts/bootstrap.py: move it away, or choose another with make VENV=.venv-spsti"
        )
        raise Stop(message)
    (venv / STAMP).unlink(missing_ok=True)  # first, so that an interrupted deletion is not taken for an environment
    for entry in venv.iterdir():
        if entry.name == MARK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    shutil.rmtree(venv)


def run(command: list[str], what: str) -> None:
    """Run one step, its output shown only when it fails.

    Raises:
        Stop: it ended with a status other than 0.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ended = subprocess.run(
        command, cwd=str(ROOT), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if ended.returncode:
        output = ended.stdout.decode(errors="replace").strip()
        message = f"{output}\n{what} failed with status {ended.returncode}: see above, then run make again"
        raise Stop(message)


def say(line: str) -> None:
    """Show progress, on stderr so that a target's own output stays clean."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

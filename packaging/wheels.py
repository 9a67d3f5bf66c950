"""Gathers the wheels that a package is built from: those of the runtime lock for one Python, checked, and our own.

Our wheel and the source archive are built with the project's own build back end, the environment of `make` at hand.
What lies in the directory already and matches its hash is not fetched again.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements" / "runtime.lock"


def main() -> None:
    """Gather them."""
    parser = argparse.ArgumentParser(description="Gather the wheels of a package.")
    parser.add_argument("--python", required=True, metavar="X.Y", help="the Python that will run them")
    parser.add_argument("--output", type=Path, required=True, help="directory to put them into")
    options = parser.parse_args()
    fresh = options.output.with_name(options.output.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    options.output.mkdir(exist_ok=True)
    pip = [sys.executable, "-I", "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    fixed = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--python-version", options.python]
    where = ["--find-links", str(options.output), "--dest", str(fresh)]
    command = [*pip, "download", *fixed, *where, "--requirement", str(LOCK)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{done.stderr}\nthe wheels of {LOCK.name} cannot be had for Python {options.python}")
    build_own(fresh, "wheel")
    shutil.rmtree(options.output)
    fresh.rename(options.output)


def build_own(folder: Path, *targets: str) -> None:
    """Build our own distribution into a directory."""
    environment = os.environ | {"SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH") or commit_date()}
    for target in targets:
        command = [sys.executable, "-I", "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
        subprocess.run(command, cwd=ROOT, check=True, env=environment, stdout=subprocess.DEVNULL)


def commit_date() -> str:
    """Give the date of the commit that is built, in seconds."""
    if shutil.which("git") is None:
        raise SystemExit("git is not here: apt install git, or set SOURCE_DATE_EPOCH")
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()

"""Builds wheel and source archive twice, in other folders, under another umask, locale and time zone, and compares.

What differs is shown by diffoscope where it is installed. Only files that came out the same twice are left in dist/,
with their SHA-256 beside them.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from wheels import ROOT, commit_date

COPIED = ("connector", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md")
SURROUNDINGS = (
    ("first", 0o022, {"TZ": "UTC", "LC_ALL": "C.UTF-8"}),
    ("second-time-elsewhere", 0o077, {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}),
)


def main() -> None:
    """Build, compare, keep."""
    parser = argparse.ArgumentParser(description="Build wheel and source archive twice and compare.")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="where to put them (default: dist)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spsti-dist-") as name:
        built = [build(Path(name) / where, umask, changes) for where, umask, changes in SURROUNDINGS]
        compare(*built)
        options.output.mkdir(parents=True, exist_ok=True)
        for path in sorted(built[0].iterdir()):
            shutil.copy(path, options.output)
            print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}")


def build(folder: Path, umask: int, changes: dict[str, str]) -> Path:
    """Build both in a copy of their own, and give the folder they are in."""
    tree, output = folder / "tree", folder / "out"
    tree.mkdir(parents=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, tree / name)
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or commit_date()
    for target in ("wheel", "sdist"):
        command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(output)]
        environment = os.environ | {"SOURCE_DATE_EPOCH": epoch} | changes
        subprocess.run(command, cwd=tree, check=True, env=environment, umask=umask, stdout=subprocess.DEVNULL)
    return output


def compare(first: Path, second: Path) -> None:
    """Return when the two folders hold the same files, byte by byte."""
    names = sorted(path.name for path in first.iterdir())
    if names != sorted(path.name for path in second.iterdir()):
        raise SystemExit(f"the second build made other files than the first: {names}")
    different = [name for name in names if (first / name).read_bytes() != (second / name).read_bytes()]
    for name in different:
        if shutil.which("diffoscope"):
            subprocess.run(["diffoscope", str(first / name), str(second / name)], check=False)
    if different:
        raise SystemExit(f"not reproducible: {', '.join(different)}")


if __name__ == "__main__":
    main()

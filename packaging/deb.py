"""Builds the Debian package for the Python that runs this, from a directory of wheels, without a network.

`make deb` calls it after `packaging/wheels.py` has put the wheels there. The source tree is copied aside, debhelper
does the rest (packaging/debian/rules), and the package ends in dist/. Its version says which Debian it is for, because
an environment belongs to one version of Python. Everything that has a date has that of the commit (SOURCE_DATE_EPOCH),
so that whoever builds the same commit with the same wheels gets the same file.
"""

import argparse
import email.utils
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("packaging", "requirements", "README.md", "CHANGELOG.md", "LICENSE", "config.example.toml")
MAINTAINER = "SPSTI connector maintainers <maintainers@spsti-connector.example>"


def main() -> None:
    """Build it."""
    parser = argparse.ArgumentParser(description="Build the Debian package.")
    parser.add_argument("--wheels", type=Path, required=True, help="directory with every wheel of the lock, and ours")
    parser.add_argument("--sbom", type=Path, required=True, help="the bill of materials to put into the package")
    parser.add_argument("--version", default=own_version(), help="of the program (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="where to put the package")
    options = parser.parse_args()
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or commit_date())
    for needed in ("dh", "dpkg-buildpackage"):
        if shutil.which(needed) is None:
            raise SystemExit(f"{needed} is not here: apt install debhelper dpkg-dev")
    with tempfile.TemporaryDirectory(prefix="spsti-deb-") as folder:
        tree = Path(folder) / "spsti-connector"
        prepare(tree, options.wheels, options.sbom, debian_version(options.version), epoch)
        environment = os.environ | {"SOURCE_DATE_EPOCH": str(epoch), "PYTHON": sys.executable, "LC_ALL": "C.UTF-8"}
        command = ["dpkg-buildpackage", "--build=binary", "--no-sign", "--no-check-builddeps"]
        done = subprocess.run(command, cwd=tree, env=environment, check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{done.stdout}{done.stderr}\ndpkg-buildpackage failed: see above")
        options.output.mkdir(parents=True, exist_ok=True)
        for package in sorted(Path(folder).glob("*.deb")):
            shutil.copy(package, options.output)
            print(options.output / package.name)


def prepare(tree: Path, wheels: Path, sbom: Path, version: str, epoch: int) -> None:
    """Copy what the build needs into a tree of its own."""
    tree.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tree / name)
    shutil.copytree(tree / "packaging" / "debian", tree / "debian")
    (tree / "wheels").symlink_to(wheels.resolve())
    (tree / "build").mkdir()
    shutil.copy(sbom, tree / "build" / "sbom.cdx.json")
    who = f"{os.environ['DEBFULLNAME']} <{os.environ['DEBEMAIL']}>" if "DEBEMAIL" in os.environ else MAINTAINER
    when = email.utils.formatdate(epoch, usegmt=True).replace("GMT", "+0000")
    entry = (
        f"spsti-connector ({version}) unstable; urgency=medium\n\n  * What changed: changelog.gz beside this file.\n"
    )
    (tree / "debian" / "changelog").write_text(f"{entry}\n -- {who}  {when}\n", encoding="utf-8")
    # A checkout dates its files as it likes; what dpkg-deb finds older than the epoch, it would leave as it is.
    for path in (tree, *tree.rglob("*")):
        os.utime(path, (epoch, epoch), follow_symlinks=False)


def debian_version(version: str) -> str:
    """Give the package's version: one with a tilde comes before the release, and each Debian's own after another's."""
    release = platform.freedesktop_os_release().get("VERSION_ID", "")
    ordered = re.sub(r"\.?(dev|a|b|rc)(\d+)", r"~\1\2", version)
    return f"{ordered}+deb{release}" if release else ordered


def own_version() -> str:
    """Give the version that connector/__init__.py states; the package is built where that does not import."""
    found = re.search(
        r'^__version__ = "([^"]+)"', (ROOT / "connector" / "__init__.py").read_text("utf-8"), re.MULTILINE
    )
    if found is None:
        raise SystemExit("connector/__init__.py states no __version__")
    return found[1]


def commit_date() -> str:
    """Give the date of the commit that is built, in seconds."""
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()

"""Makes a signed apt repository of Debian packages: a folder of plain files, for any web server or a USB disk.

The key is the operator's and stays in their GnuPG; it is named, never read. Each package goes to the suite of the
Debian it was built for, which its version says (`+deb12`: bookworm). Machines that install name the public key, which
lies in the folder too, in `Signed-By`.
"""

import argparse
import gzip
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

SUITES = {"12": "bookworm", "13": "trixie"}
ORIGIN = "SPSTI connector"
KEYRING = "spsti-connector.gpg"


def main() -> None:
    """Make it."""
    parser = argparse.ArgumentParser(description="Make a signed apt repository.")
    parser.add_argument("packages", type=Path, nargs="+", help="files *.deb")
    parser.add_argument("--key", required=True, help="fingerprint of the key that signs, in GnuPG here")
    parser.add_argument("--output", type=Path, required=True, help="folder of the repository; what is in it is renewed")
    options = parser.parse_args()
    for needed in ("apt-ftparchive", "gpg", "dpkg-deb"):
        if shutil.which(needed) is None:
            raise SystemExit(f"{needed} is not here: apt install apt-utils gpg dpkg")
    make(options.packages, options.key, options.output)


def make(packages: Sequence[Path], key: str, folder: Path) -> None:
    """Copy the packages into the pool, and write and sign the index of every suite that has one."""
    for package in packages:
        suite = suite_of(package)
        pool = folder / "pool" / suite
        pool.mkdir(parents=True, exist_ok=True)
        shutil.copy(package, pool / name_of(package))
    for pool in sorted((folder / "pool").iterdir()):
        index(folder, pool.name)
        sign(folder / "dists" / pool.name, key)
    public = run("gpg", "--batch", "--export", key)
    if not public:
        raise SystemExit(f"{key}: GnuPG here has no such key: gpg --list-secret-keys")
    (folder / KEYRING).write_bytes(public)


def suite_of(package: Path) -> str:
    """Give the suite of a package, by its version."""
    version = field(package, "Version")
    found = re.search(r"\+deb(\d+)$", version)
    if found is None or found[1] not in SUITES:
        raise SystemExit(f"{package}: its version {version} does not end in +deb12 or +deb13: make deb")
    return SUITES[found[1]]


def name_of(package: Path) -> str:
    """Give the file name that apt-ftparchive goes by: of any other name it would index nothing, and say nothing."""
    name, version, architecture = (field(package, key) for key in ("Package", "Version", "Architecture"))
    return f"{name}_{version.rpartition(':')[2]}_{architecture}.deb"


def field(package: Path, key: str) -> str:
    """Give what a package says of itself."""
    return run("dpkg-deb", "--field", str(package), key).decode().strip()


def index(folder: Path, suite: str) -> None:
    """Write Packages and Release of one suite."""
    top = folder / "dists" / suite
    shutil.rmtree(top, ignore_errors=True)
    pool = sorted((folder / "pool" / suite).glob("*.deb"))
    architectures = sorted({field(one, "Architecture") for one in pool})
    for architecture in architectures:
        binary = top / "main" / f"binary-{architecture}"
        binary.mkdir(parents=True)
        command = ("apt-ftparchive", "--arch", architecture, "packages", f"pool/{suite}")
        text = run(*command, cwd=folder)
        (binary / "Packages").write_bytes(text)
        (binary / "Packages.gz").write_bytes(gzip.compress(text, mtime=0))
    facts = {
        "Origin": ORIGIN, "Label": ORIGIN, "Suite": suite, "Codename": suite,
        "Components": "main", "Architectures": " ".join(architectures),
    }  # fmt: skip
    told = [part for name, value in facts.items() for part in ("-o", f"APT::FTPArchive::Release::{name}={value}")]
    (top / "Release").write_bytes(run("apt-ftparchive", *told, "release", str(top)))


def sign(top: Path, key: str) -> None:
    """Sign one suite's Release, both ways that apt looks for."""
    for name, how in (("InRelease", "--clearsign"), ("Release.gpg", "--detach-sign")):
        ways = ("--armor",) if how == "--detach-sign" else ()
        signed = run("gpg", "--batch", "--yes", "--local-user", key, *ways, how, "--output", "-", str(top / "Release"))
        (top / name).write_bytes(signed)


def run(*command: str, cwd: Path | None = None) -> bytes:
    """Give what a program prints, or end with what it complained of."""
    done = subprocess.run(command, cwd=cwd, env=os.environ | {"LC_ALL": "C.UTF-8"}, check=False, capture_output=True)
    if done.returncode:
        raise SystemExit(f"{done.stderr.decode(errors='replace').strip()}\n{command[0]} failed")
    return done.stdout


if __name__ == "__main__":
    main()

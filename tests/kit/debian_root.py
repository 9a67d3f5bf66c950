"""A clean Debian, to build in or to install in: made by mmdebstrap from the apt sources of this machine, run by nspawn.

The sources are read at run time and stand in no file. A root is a tar archive, unpacked for each use; where
SPSTI_DEBIAN_ROOTS names a folder, the archives stay there for the next run.
"""

import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

NEEDED = ("mmdebstrap", "systemd-nspawn", "apt-ftparchive", "gpg", "dpkg-deb", "make")
BOOTED = "python3,systemd,systemd-sysv,dbus,procps,man-db,openssl,libstdc++6,libgcc-s1,zlib1g,ca-certificates"
"""What a machine has that the package is installed on; its own dependencies are among them, there being no network."""

BUILDING = "python3,debhelper,dpkg-dev,lintian"
"""What packaging/README.md says that `make deb` needs, and the one that looks at its result."""

_UNIT = """\
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /root/script
ExecStopPost=/bin/systemctl poweroff --no-block
TimeoutStartSec=900
"""
_NSPAWN = ("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network")


def missing() -> str:
    """What this machine lacks, in words; empty where nothing is."""
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    return f"not installed: {', '.join(lacking)}" if lacking else ""


def mirror() -> str:
    """The address from which this machine installs Debian; empty where its apt knows none."""
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(COMPONENT) $(ORIGIN)", "Created-By: Packages"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    rows = [line.split(maxsplit=2) for line in told.splitlines()]
    return next((row[0] for row in rows if row[1:] == ["main", "Debian"] and "security" not in row[0]), "")


def unavailable(suite: str) -> str:
    """Why no root of a Debian can be made from this machine's source, in words; empty where it can."""
    source = mirror()
    if not source:
        return "this machine's apt knows no source of Debian (apt-get update?)"
    try:
        urllib.request.urlopen(f"{source.rstrip('/')}/dists/{suite}/Release", timeout=60).close()
    except urllib.error.HTTPError as error:
        return f"this machine's source of Debian has no {suite}: HTTP {error.code}"
    except OSError as error:
        return f"this machine's source of Debian does not answer: {error}"
    return ""


def archive(suite: str, kind: str, included: str, folder: Path) -> Path:
    """Make a root of a Debian with these packages, or take the one that is kept."""
    path = Path(os.environ.get("SPSTI_DEBIAN_ROOTS") or folder) / f"{suite}-{kind}.tar"
    if not path.exists():
        fresh = path.with_suffix(".new.tar")
        command = ["mmdebstrap", "--variant=minbase", f"--include={included}", suite, str(fresh), mirror()]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        fresh.rename(path)
    return path


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a root."""
    folder.mkdir()
    subprocess.run(["tar", "-C", str(folder), "-xf", str(archive), "--exclude=./dev/*"], check=True)
    return folder


def call(root: Path, command: Sequence[str], options: Sequence[str] = (), **environment: str) -> str:
    """Run one command in a root that is not booted and has no network, and give what it prints.

    `options` are those of systemd-nspawn that put folders of this machine into it.
    """
    settings = [f"--setenv={name}={value}" for name, value in environment.items()]
    told = [*_NSPAWN, "--pipe", "--directory", str(root), *options, *settings, "--", *command]
    done = subprocess.run(told, check=False, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def boot(root: Path, script: str) -> str:
    """Boot a root, run a script as its last service, and give the console's output once it has powered off."""
    (root / "root" / "script").write_text(script)
    unit = root / "etc" / "systemd" / "system" / "the-test.service"
    unit.write_text(_UNIT)
    # Behind multi-user.target, so not wanted by it: wanted by what comes up beside it.
    wants = unit.parent / "graphical.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / unit.name).symlink_to(f"../{unit.name}")
    (unit.parent / "default.target").symlink_to("/lib/systemd/system/graphical.target")
    # A systemd of today boots on no other hierarchy, and the machine of the tests may still have the older one.
    unified = os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
    command = [*_NSPAWN, "--directory", str(root), "--boot"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=1200, env=unified)
    return done.stdout[-4000:] + done.stderr[-2000:]

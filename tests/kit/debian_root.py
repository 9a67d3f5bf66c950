"""A clean Debian to install in: made by mmdebstrap from the apt sources of this machine, booted by systemd-nspawn.

The sources are read at run time and stand in no file. A root is a tar archive, unpacked for each use.
"""

import shutil
import subprocess
from pathlib import Path

NEEDED = ("mmdebstrap", "systemd-nspawn", "dpkg-buildpackage", "dh", "apt-ftparchive", "gpg")
INCLUDED = "python3,systemd,systemd-sysv,dbus,procps,man-db,libstdc++6,libgcc-s1,zlib1g,ca-certificates"
_UNIT = """\
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /root/script
ExecStopPost=/bin/systemctl poweroff --no-block
TimeoutStartSec=900
"""


def missing() -> str:
    """What this machine lacks, in words; empty where nothing is."""
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    return f"not installed: {', '.join(lacking)}" if lacking else ""


def mirrors(suite: str) -> list[str]:
    """The addresses from which this machine installs Debian."""
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(COMPONENT) $(ORIGIN)", "Created-By: Packages"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    rows = [line.split(maxsplit=2) for line in told.splitlines()]
    found = [row[0] for row in rows if row[1:] == ["main", "Debian"] and "security" not in row[0]]
    assert found, f"this machine's apt knows no source of Debian for {suite}"
    return [found[0]]


def make(suite: str, archive: Path, included: str = INCLUDED) -> None:
    """Make a root."""
    command = ["mmdebstrap", "--variant=minbase", f"--include={included}", suite, str(archive), *mirrors(suite)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a root."""
    folder.mkdir()
    subprocess.run(["tar", "-C", str(folder), "-xf", str(archive), "--exclude=./dev/*"], check=True)
    return folder


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
    command = [
        "systemd-nspawn",
        "--quiet",
        "-D",
        str(root),
        "--register=no",
        "--keep-unit",
        "--private-network",
        "--boot",
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=1200)
    return done.stdout[-4000:] + done.stderr[-2000:]

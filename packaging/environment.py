"""Builds the connector's own Python environment for a package: at its final path, from locked wheels, offline.

Run by the Python that the packaged program will run under. What is built below ROOT is as `python -m venv PREFIX`
followed by pip would have made it at PREFIX itself: interpreter link, `pyvenv.cfg`, command and byte code name the
final path and nothing of the machine that builds. The same wheels, Python and SOURCE_DATE_EPOCH give the same bytes.
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements" / "runtime.lock"
PROGRAM = "spsti-connector"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
_COMMAND = """\
#!{prefix}/bin/python3 -I
import sys

from connector.cli.main import main

sys.exit(main())
"""
# -I: no variable of the caller's environment and no package of their home changes what runs.

_LEFT_OUT = ("reportlab/fonts/*", "**/.gitignore", "**/certifi/tests/*", "**/*.sh")
"""Fonts: reportlab draws with those that every reader of PDF has; its own bear Adobe's copyright without terms."""


def main() -> None:
    """Build it where the options say."""
    parser = argparse.ArgumentParser(description="Build the connector's Python environment at its final path.")
    parser.add_argument("--wheels", type=Path, required=True, help="directory with every wheel of the lock, and ours")
    parser.add_argument("--root", type=Path, required=True, help="directory that stands for / of the target machine")
    parser.add_argument("--prefix", default=f"/usr/lib/{PROGRAM}", help="the final path (default: %(default)s)")
    options = parser.parse_args()
    build(options.wheels.resolve(), options.root.resolve(), options.prefix)


def build(wheels: Path, root: Path, prefix: str) -> None:
    """Build the environment of `prefix` below `root`, from the wheels in a directory."""
    home = root / prefix.lstrip("/")
    if home.exists():
        raise SystemExit(f"{home} is there already: remove it, or choose another --root")
    site = home / "lib" / f"python{VERSION}" / "site-packages"
    site.mkdir(parents=True)
    ours = sorted(wheels.glob("spsti_connector-*.whl"))
    if len(ours) != 1:
        raise SystemExit(f"{wheels}: expected one wheel spsti_connector-*.whl, got {len(ours)}: make wheels")
    pip(wheels, "install", "--target", str(site), "--require-hashes", "--requirement", str(REQUIREMENTS))
    leave_out(site)
    pip(wheels, "install", "--target", str(site), str(ours[0]))
    leave_out(site)
    (home / "bin").mkdir()
    interpreter = f"/usr/bin/python{VERSION}"
    (home / "bin" / "python3").symlink_to(interpreter)
    command = home / "bin" / PROGRAM
    command.write_text(_COMMAND.format(prefix=prefix), encoding="ascii")
    command.chmod(0o755)
    number = ".".join(map(str, sys.version_info[:3]))
    settings = f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {number}\n"
    (home / "pyvenv.cfg").write_text(settings, encoding="ascii")
    compile_all(site, root)


def pip(wheels: Path, *arguments: str) -> None:
    """Run the pip that is among the wheels, so that none has to be installed where the package is built."""
    found = sorted(wheels.glob("pip-*-py3-none-any.whl"))
    if len(found) != 1:
        raise SystemExit(f"{wheels}: expected one wheel of pip, got {len(found)}: make wheels")
    fixed = ("--isolated", "--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir",
             "--root-user-action", "ignore")  # fmt: skip
    offline = ("--no-index", "--find-links", str(wheels), "--no-deps", "--only-binary", ":all:", "--no-compile")
    command = [sys.executable, "-m", "pip", arguments[0], *fixed, *offline, *arguments[1:]]
    subprocess.run(command, check=True, env=clean_environment() | {"PYTHONPATH": str(found[0])})


def leave_out(site: Path) -> None:
    """Take out what nobody calls or reads here: commands, where the wheels lay, fonts that may not be passed on."""
    shutil.rmtree(site / "bin", ignore_errors=True)
    for pattern in _LEFT_OUT:
        for path in sorted(site.glob(pattern)):
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()
    for path in site.rglob("*"):
        if path.is_file() and path.suffix != ".so":
            path.chmod(0o644)
    for info in sorted(site.glob("*.dist-info")):
        for name in ("direct_url.json", "REQUESTED", "INSTALLER"):
            (info / name).unlink(missing_ok=True)
        record = info / "RECORD"
        with record.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file) if row and (site / row[0]).resolve().is_relative_to(site)]
        kept = sorted(row for row in rows if (site / row[0]).is_file())
        with record.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(kept)


def compile_all(site: Path, root: Path) -> None:
    """Compile everything, so that nothing is compiled at a start; a file that is there is the one that counts."""
    how = ("-q", "-f", "--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", "/")
    command = [sys.executable, "-m", "compileall", *how, str(site)]
    done = subprocess.run(command, check=False, env=clean_environment(), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"compiling failed:\n{done.stdout}{done.stderr}")


def clean_environment() -> dict[str, str]:
    """Give an environment in which what is built does not depend on who builds."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP"))}
    return kept | {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}


if __name__ == "__main__":
    main()

"""Check the committed locks: no index or host, a hash for every package, the bounds of pyproject.toml, one set inside
the other. Run by `make lint`; prints each fault on a line and ends with status 1 if there is one.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
NPM_LOCK = "tests/signin/provider/package-lock.json"
LOCKS = ("runtime", "adapters", "demo", "dev")
INSIDE = (("runtime", "adapters"), ("runtime", "demo"), ("adapters", "dev"), ("demo", "dev"))
"""The second lock holds all of the first, at the same versions."""

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)")
FOREIGN = re.compile(
    r"[a-z+]+://|--(?:index-url|extra-index-url|find-links|trusted-host)|(?:^|[ @])/|file:", re.IGNORECASE
)


def main() -> int:
    """Print the faults of all locks; 1 if there is one."""
    faults = [fault for path in sorted((ROOT / "requirements").glob("*.lock")) for fault in text_faults(path)]
    locks = {name: pins(ROOT / "requirements" / f"{name}.lock") for name in LOCKS}
    for inner, outer in INSIDE:
        faults += [
            f"requirements/{outer}.lock: {name} is {locks[outer].get(name)}, {inner}.lock has {version}: run make lock"
            for name, version in locks[inner].items()
            if locks[outer].get(name) != version
        ]
    # The connector's extras are in its lock; a database's driver, an extra of adapters/sql, is each service's choice.
    faults += bound_faults("pyproject.toml", "runtime", locks["runtime"], with_extras=True)
    faults += bound_faults("sandbox/pyproject.toml", "demo", locks["demo"])
    for project in sorted((ROOT / "adapters").glob("*/pyproject.toml")):
        faults += bound_faults(str(project.relative_to(ROOT)), "adapters", locks["adapters"])
    faults += npm_faults(NPM_LOCK)
    for fault in faults:
        print(fault)
    if not faults:
        print(f"locks: {', '.join(f'{name} {len(locks[name])}' for name in LOCKS)} packages, hashed, no host named")
    return 1 if faults else 0


def pins(path: Path) -> dict[str, Version]:
    """The locked versions by canonical name."""
    found = (PIN.match(line) for line in path.read_text(encoding="utf-8").splitlines())
    return {canonicalize_name(pin["name"]): Version(pin["version"]) for pin in found if pin}


def text_faults(path: Path) -> list[str]:
    """Lines that name a host or a path of some machine, and packages without a hash."""
    faults = []
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        where = f"requirements/{path.name}:{number}"
        if FOREIGN.search(line):
            faults.append(f"{where}: names a host or a path: {line.strip()}")
        following = lines[number] if number < len(lines) else ""
        if PIN.match(line) and not following.strip().startswith("--hash=sha256:"):
            faults.append(f"{where}: no hash: {line.strip()}")
    return faults


def npm_faults(name: str) -> list[str]:
    """The same of the lock of npm, which likes to write addresses; the hash of a package is its `integrity`."""
    text = (ROOT / name).read_text(encoding="utf-8")
    faults = [f"{name}:{number}: names a host" for number, line in enumerate(text.splitlines(), 1) if "://" in line]
    packages = json.loads(text)["packages"]
    return faults + [f"{name}: no hash: {one}" for one, kept in packages.items() if one and not kept.get("integrity")]


def bound_faults(project: str, lock: str, locked: dict[str, Version], *, with_extras: bool = False) -> list[str]:
    """Dependencies of a distribution (and its extras) that its lock lacks or has outside their bounds."""
    faults = []
    declared = tomllib.loads((ROOT / project).read_text(encoding="utf-8"))["project"]
    extras = declared.get("optional-dependencies", {}).values() if with_extras else ()
    for wanted in map(Requirement, [*declared["dependencies"], *(one for extra in extras for one in extra)]):
        version = locked.get(canonicalize_name(wanted.name))
        if wanted.name.startswith("spsti-"):
            continue
        if version is None or version not in wanted.specifier:
            faults.append(f"requirements/{lock}.lock: {wanted.name} is {version}, {project} wants {wanted.specifier}")
    return faults


if __name__ == "__main__":
    sys.exit(main())

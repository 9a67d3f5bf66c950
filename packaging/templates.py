"""Makes the units of one member among several (`spsti-connector@MEMBER`) from those of the only one.

The two must not drift apart, so there is one text: paths, user and description are replaced, the rest is the same. The
address of each member is its own, so the sockets' ListenStream is left to `systemctl edit`.
"""

import sys
from pathlib import Path

_UNITS = Path(__file__).parent / "systemd"
_REPLACED = (
    ("Description=SPSTI connector", "Description=SPSTI connector of %i"),
    ("/etc/spsti-connector/", "/etc/spsti-connector-instances/%i/"),
    ("/var/backups/spsti-connector", "/var/backups/spsti-connector-instances/%i"),
    ("User=spsti-connector", "User=spsti-%i"),
    ("Group=spsti-connector", "Group=spsti-%i"),
    ("StateDirectory=spsti-connector", "StateDirectory=spsti-connector-instances/%i"),
    ("Service=spsti-connector.service", "Service=spsti-connector@%i.service"),
)


def template(name: str) -> str:
    """Give the text of a template unit, from the unit of that name."""
    text = (_UNITS / name).read_text(encoding="utf-8")
    for one, many in _REPLACED:
        text = text.replace(one, many)
    kept = [line for line in text.splitlines() if not line.startswith("ListenStream=")]
    return "\n".join(kept) + "\n"


def main() -> None:
    """Write all of them into a directory."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for unit in sorted(path for path in _UNITS.iterdir() if path.suffix in {".service", ".socket", ".timer"}):
        target = folder / f"{unit.stem}@{unit.suffix}"
        target.write_text(template(unit.name), encoding="utf-8")


if __name__ == "__main__":
    main()

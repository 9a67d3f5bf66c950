"""Where the files of a service lie on a machine that its package has prepared: one member, or one among several.

Keys and passwords lie in `credentials/`, for root alone; systemd hands copies to the service. All else beside the
configuration belongs to root and may be read by the service's group, which is the group of the folder.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.core.errors import ConfigFault

CREDENTIALS: Final = "credentials"
CREDENTIAL: Final = "credential:"
_INSTANCE: Final = re.compile(r"[a-z][a-z0-9-]{0,19}")


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder of the configuration, that of the state, and the unit that runs it."""

    folder: Path
    state: Path
    unit: str


SYSTEM: Final = Layout(Path("/etc/spsti-connector"), Path("/var/lib/spsti-connector"), "spsti-connector")


def of_instance(member: str) -> Layout:
    """Give the layout of one member among several (`spsti-connector@MEMBER`).

    Raises:
        ConfigFault: the name cannot name a unit, a user and a folder.
    """
    if not _INSTANCE.fullmatch(member):
        raise ConfigFault.of("init.instance")
    folder, state = (Path(top, "spsti-connector-instances", member) for top in ("/etc", "/var/lib"))
    return Layout(folder, state, unit=f"spsti-connector@{member}")


def place_of(folder: Path, reference: str) -> Path:
    """Give the file for a reference of the configuration: a credential's lies apart from what the service may read."""
    name = reference.removeprefix(CREDENTIAL)
    return folder / CREDENTIALS / name if name != reference else folder / reference

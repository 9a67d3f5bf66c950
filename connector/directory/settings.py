"""What the signed directory is configured with, and the one door to it.

`tuf` and what it brings cost some megabytes and a tenth of a second: they are imported behind this door, so that a
connector on a local members file does not pay for them.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.core.members import MemberId
from connector.core.network import STRAIGHT, Proxies
from connector.core.oid import Environment
from connector.core.ports import Clock
from connector.directory.ports import DirectoryObserver

if TYPE_CHECKING:
    from connector.directory.signed import SignedDirectory

REFRESH_SECONDS: Final = 900
"""How often copies are asked: a suspension takes effect within this time (issue 6)."""

Contexts = Callable[[], ssl.SSLContext | None]
"""Gives the TLS context of the day, since certificates are renewed while the connector runs."""


@dataclass(frozen=True, slots=True)
class SignedDirectorySettings:
    """Section `[directory]`.

    Attributes:
        root: the root file that the operators gave back at joining.
        archive: the folder of believed versions, beside the ledgers.
        environment: production or test; the federation must be of the same.
        own: this member, whose own mirror is not asked.
        urls: the operators' addresses, ending in a slash; what they sign later adds to these.
        grace_seconds: how long after its end the directory stays in force for the members it lists.
        at_least: copies that must answer before one is chosen.
        proxies: the forward proxies by which copies are asked.
    """

    root: Path
    archive: Path
    environment: Environment
    own: MemberId | None
    urls: tuple[str, ...]
    grace_seconds: int = 0
    refresh_seconds: int = REFRESH_SECONDS
    at_least: int = 3
    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    whole_seconds: float = field(default=120.0)
    proxies: Proxies = STRAIGHT


def open_directory(
    settings: SignedDirectorySettings,
    clock: Clock,
    observer: DirectoryObserver,
    *,
    public_tls: Contexts,
    mirror_tls: Contexts,
) -> "SignedDirectory":
    """Open the directory on what its archive holds; `refresh` then asks the copies.

    Args:
        settings: the section.
        clock: the time.
        observer: hears what refreshes meet.
        public_tls: for the operators' addresses, with the system's authorities.
        mirror_tls: for members' mirrors: our client certificate, the configured CAs.

    Raises:
        ConfigFault: the root file cannot be read, or is of another federation than the archive.
        FailedClosed: the archive's disk refuses.
    """
    from connector.directory.signed import SignedDirectory  # noqa: PLC0415 - see above

    return SignedDirectory(settings, clock, observer, public_tls=public_tls, mirror_tls=mirror_tls)

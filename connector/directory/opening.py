"""The one door to a member directory, whichever the configuration names: a federation's signed one, or a local file."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from connector.core.oid import Environment
from connector.core.ports import Clock
from connector.directory.members_file import MembersFile
from connector.directory.ports import DirectoryObserver, KeptDirectory
from connector.directory.settings import Contexts, SignedDirectorySettings, open_directory


@dataclass(frozen=True, slots=True)
class MembersFileSettings:
    """Section `[members]`: a local list, for a trial between services that know each other."""

    file: Path
    environment: Environment


MembershipSettings: TypeAlias = MembersFileSettings | SignedDirectorySettings
"""Either of the two; the configuration has exactly one."""


def open_membership(
    settings: MembershipSettings, clock: Clock, observer: DirectoryObserver, *, mirror_tls: Contexts
) -> KeptDirectory:
    """Open the directory on what is kept here; nothing is asked of the network.

    Args:
        settings: of the file, or of the signed directory.
        clock: the time.
        observer: hears what refreshes of a signed directory meet.
        mirror_tls: gives the TLS context of the day for members' mirrors.

    Raises:
        ConfigFault: the members file has faults; or the root file cannot be read, or is another federation's.
        FailedClosed: the archive's disk refuses.
    """
    if isinstance(settings, MembersFileSettings):
        return MembersFile(settings.file, settings.environment)
    return open_directory(settings, clock, observer, public_tls=public_context, mirror_tls=mirror_tls)


def public_context() -> ssl.SSLContext:
    """Make the TLS context for the operators' public addresses: TLS 1.3, the system's authorities.

    The files that come over it are signed: this hides from the network which service asks, no more.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context

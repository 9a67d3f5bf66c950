"""What the doctor looks at: a configuration that was read, the members it knows, and the instant of the look."""

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from connector.config.material import Material
from connector.config.model import ConfigFile
from connector.config.network import proxies
from connector.core.clocks import StoppedClock
from connector.core.directory import Member
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.ports import MemberDirectory
from connector.crypto.certificates import PeerCertificate
from connector.directory.opening import open_membership
from connector.directory.ports import Deaf


@dataclass(frozen=True, slots=True)
class Patient:
    """One house. `config` is its file."""

    config: Path
    material: Material
    directory: MemberDirectory
    now: Instant

    @classmethod
    def of(cls, config: Path, material: Material, now: Instant) -> "Patient":
        """Open what it knows of the members; nothing is asked of the network.

        Raises:
            ConfigFault, FailedClosed: the list cannot be read (the start's own checks told so before).
        """
        directory = open_membership(material.membership, StoppedClock(now), Deaf(), mirror_tls=lambda: None)
        return cls(config, material, directory, now)

    @property
    def model(self) -> ConfigFile:
        """The configuration's sections."""
        return self.material.file.model

    @property
    def members(self) -> Sequence[Member]:
        """Every member of the list."""
        return self.directory.members()

    def owner_of(self, certificate: PeerCertificate) -> MemberId | None:
        """Say which member the list gives a certificate to."""
        owner = self.directory.by_certificate(certificate.spki_sha256, certificate.subject_ous)
        return owner.id if owner is not None else None

    def proxy_for(self, host: str) -> str:
        """Give the proxy by which a host is reached, empty for none."""
        return proxies(self.model.network).of(host) or ""

    def is_running(self) -> bool:
        """Whether a process has the state open; nothing is made or held for the question."""
        try:
            handle = os.open(self.material.state.lock, os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False

"""A member as the signed directory lists it: who it is, where it answers, which keys speak for it.

The list itself is a port (`core.ports.MemberDirectory`), read from a local members file or from the signed directory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connector.core.instant import Instant
from connector.core.members import MemberId


class MemberStatus(StrEnum):
    """Whether a member takes part: only an active one may ask or be asked."""

    ACTIVE = "active"
    MAIL_ONLY = "mail-only"
    SUSPENDED = "suspended"
    LEFT = "left"


class KeyUse(StrEnum):
    """What a member's key signs: mandates, receipts and acknowledgements, or the checkpoints of its ledgers."""

    SIGN = "sign"
    LEDGER = "ledger"


@dataclass(frozen=True, slots=True)
class MemberKey:
    """A public key that speaks for a member, with the algorithm that is *listed* (never the one a header names)."""

    kid: str
    use: KeyUse
    algorithm: str
    public_der: bytes
    valid_from: Instant
    valid_until: Instant
    compromised_since: Instant | None = None

    def is_valid_at(self, at: Instant) -> bool:
        """Whether the key may be believed for something signed at that instant."""
        stolen = self.compromised_since is not None and at >= self.compromised_since
        return self.valid_from <= at < self.valid_until and not stolen


MAX_PINS: Final = 4
"""Two at a time of each certificate: a member shows one when it is called, another when it calls, and renews both."""


@dataclass(frozen=True, slots=True)
class TlsBinding:
    """How a TLS certificate is known to be this member's: by subject OU under the configured CAs, or by SPKI pin.

    `pins` are base64url SHA-256 of SubjectPublicKeyInfo, `MAX_PINS` at most; empty means: by subject, the OU equal to
    the member id (IGC-Santé, reference/security.md section 1).
    """

    pins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call for what: an e-mail address or a telephone number of a function, never of a person."""

    role: str
    address: str


@dataclass(frozen=True, slots=True)
class Member:
    """One service of the directory. Nothing in it is personal."""

    id: MemberId
    name: str
    status: MemberStatus
    endpoint: str
    tls: TlsBinding
    keys: tuple[MemberKey, ...]
    former_names: tuple[str, ...] = ()
    towns: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    protocol_versions: tuple[int, ...] = (1,)
    size_class: str = ""
    contact: str = ""
    status_since: Instant | None = None
    acronyms: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    successor: MemberId | None = None
    mssante: str = ""
    contacts: tuple[Contact, ...] = ()

    def contact_for(self, role: str) -> str:
        """Give the address of a function, or the one for everything; empty where the directory lists none."""
        return next((contact.address for contact in self.contacts if contact.role == role), self.contact)

    def signing_key(self, kid: str) -> MemberKey | None:
        """Give the listed key of that id that signs mandates, receipts and acknowledgements."""
        return next((k for k in self.keys if k.kid == kid and k.use is KeyUse.SIGN), None)

    def ledger_keys(self) -> Iterator[MemberKey]:
        """Give the keys that sign this member's checkpoints, ended ones included (old checkpoints stay checkable)."""
        return (k for k in self.keys if k.use is KeyUse.LEDGER)


@dataclass(frozen=True, slots=True)
class MemberChange:
    """A member that is no longer what it was: its connections and transfers are looked at again."""

    id: MemberId
    status: MemberStatus | None

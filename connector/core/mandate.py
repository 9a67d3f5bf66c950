"""The mandate: a member's demand to one holder, about one worker, by one named practitioner (PROTOCOL section 3).

Values only: signing and reading are `wire.mandate`, what a holder accepts is `core.policy`. A *probe* is a mandate
without worker, practitioner, information or follow-up, whose purpose says so.
"""

from dataclasses import dataclass
from enum import StrEnum

from connector.core.coded import PURPOSE_PROBE, Coded
from connector.core.identity import QualifiedIdentity
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.practitioner_id import PractitionerId
from connector.core.private import Private
from connector.core.slots import set_by_slot

MANDATE_VERSION = 1
ACCEPTED_VERSIONS = frozenset({1})
"""Ours, and from version 2 on the one before it too: no two members upgrade on the same day."""
MAX_LIFE_SECONDS = 300
CLOCK_SKEW_SECONDS = 60


class Kind(StrEnum):
    """What a mandate is for."""

    LOOKUP = "lookup"
    HANDOVER = "handover"
    READ = "read"


class AuthMeans(StrEnum):
    """How the practitioner logged in: Pro Santé Connect, the service's own means, or the vendor's software."""

    PSC = "psc"
    OWN = "own"
    VENDOR = "vendor"


class AuthLevel(StrEnum):
    """eIDAS level of that login."""

    LOW = "low"
    SUBSTANTIAL = "substantial"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Order of the levels, 0 is the lowest."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(AuthLevel)}


@set_by_slot
@dataclass(frozen=True, slots=True)
class Auth:
    """How, how surely and when the practitioner logged in."""

    means: AuthMeans
    level: AuthLevel
    at: Instant


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class Practitioner(Private):
    """The professional who asks."""

    id: PractitionerId
    name: str
    profession: Coded
    auth: Auth


class InformationMeans(StrEnum):
    """How the worker was informed: R4624-45-6 says by any means, electronic included."""

    ORAL = "oral"
    WRITTEN = "written"
    ELECTRONIC = "electronic"


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class Information(Private):
    """The worker was told, and does not object (R4624-45-7 al. 2). `by` is a PS_IdNat or a role, not a name."""

    at: Instant
    by: str
    means: InformationMeans


class FollowUpBasis(StrEnum):
    """Why the requester may ask: its own source knows the worker, or the practitioner declares the follow-up."""

    KNOWN_LOCALLY = "known-locally"
    DECLARED = "declared"


class VisitKind(StrEnum):
    """The occasion on which the record is asked for."""

    INITIAL = "initial"
    PERIODIC = "periodic"
    RESUMPTION = "resumption"
    PRE_RESUMPTION = "pre-resumption"
    ON_DEMAND = "on-demand"
    MID_CAREER = "mid-career"
    END_OF_CAREER = "end-of-career"
    OTHER = "other"


@set_by_slot
@dataclass(frozen=True, slots=True)
class FollowUp:
    """That the requester follows this worker, and on what occasion it asks."""

    basis: FollowUpBasis
    visit: VisitKind


@set_by_slot
@dataclass(frozen=True, slots=True)
class MandateDraft:
    """What is demanded, before it is bound to a connection and signed.

    `lookup_id` goes with lookup and handover, `announcement_id` with handover, `handover_id` and `document_sha256`
    with read. `worker`, `practitioner`, `information`, `follow_up` are None where PROTOCOL section 3 has no dot, and
    all None in a probe.
    """

    kind: Kind
    issuer: MemberId
    audience: MemberId
    purpose: Coded
    document_type: Coded
    fetch_requested_at: Instant
    unattended: bool = False
    lookup_id: str | None = None
    announcement_id: str | None = None
    handover_id: str | None = None
    document_sha256: bytes | None = None
    practitioner: Practitioner | None = None
    worker: QualifiedIdentity | None = None
    information: Information | None = None
    follow_up: FollowUp | None = None

    @property
    def is_probe(self) -> bool:
        """Whether this is the test of a connection, about nobody."""
        return self.purpose == PURPOSE_PROBE


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class Mandate(Private):
    """A mandate as received and verified: the demand, and what binds it to its moment and connection."""

    demand: MandateDraft
    jti: str
    issued_at: Instant
    expires_at: Instant
    certificate_x5t: str
    kid: str
    compact: bytes
    sha256: bytes

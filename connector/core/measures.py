"""What a service decides for itself alone, at once and until it lifts it: to have nothing to do with one member, and to
answer nobody for a while.

Reasons are closed lists: they stand in the ledger, where a free text could name a person.
"""

from dataclasses import dataclass
from enum import StrEnum

from connector.core.instant import Instant
from connector.core.members import MemberId


class BlockReason(StrEnum):
    """Why a member is blocked here."""

    KEY_STOLEN = "key-stolen"
    ENUMERATION = "enumeration"
    MISBEHAVIOUR = "misbehaviour"
    AT_ITS_REQUEST = "at-its-request"
    PRECAUTION = "precaution"


class PauseReason(StrEnum):
    """Why nobody is answered here."""

    MAINTENANCE = "maintenance"
    INCIDENT = "incident"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class Block:
    """One member that is neither asked nor answered by this service; `by` is the API key that was used."""

    member: MemberId
    reason: BlockReason
    since: Instant
    by: str


@dataclass(frozen=True, slots=True)
class Pause:
    """That this service answers nobody; what it asks itself goes on."""

    reason: PauseReason
    since: Instant
    by: str

"""Receipt and acknowledgement: what a holder signs for a mandate, and a requester for a document (PROTOCOL section 4).

Values only; their signed forms are `wire.receipt` and `wire.ack`.
"""

from dataclasses import dataclass
from enum import StrEnum

from connector.core.codes import Code
from connector.core.instant import Instant
from connector.core.ledger import Proof
from connector.core.members import MemberId
from connector.core.outcome import Outcome
from connector.core.slots import set_by_slot


@dataclass(frozen=True, slots=True)
class DocumentDigest:
    """The SHA-256 of a document's bytes and their number."""

    sha256: bytes
    size: int


@set_by_slot
@dataclass(frozen=True, slots=True)
class ReceiptDraft:
    """What a holder answers to one mandate, before its leaf is known."""

    issuer: MemberId
    audience: MemberId
    issued_at: Instant
    mandate_sha256: bytes
    outcome: Outcome
    directory: str
    code: Code | None = None
    lookup_id: str | None = None
    handover_id: str | None = None
    document: DocumentDigest | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as opened: the answer, the hash of the exact body it came with, and its place in the ledger."""

    draft: ReceiptDraft
    body_sha256: bytes
    proof: Proof
    compact: bytes
    sha256: bytes


class AckResult(StrEnum):
    """Whether the bytes that arrived are those of the receipt and may be shown."""

    VERIFIED = "verified"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class AckDraft:
    """What a requester says of the bytes it received. It proves receipt of those bytes, not that anyone read them."""

    issuer: MemberId
    audience: MemberId
    issued_at: Instant
    handover_id: str
    receipt_sha256: bytes
    result: AckResult
    code: Code | None
    received: DocumentDigest


@dataclass(frozen=True, slots=True)
class Ack:
    """An acknowledgement as opened."""

    draft: AckDraft
    proof: Proof
    compact: bytes

"""What a vendor's adapter says and is told: looks, announcements, traces (DESIGN section 5).

`connector.contract` re-exports these for vendors. Whether a `Look` may be believed is checked by the guard, what it
means for a peer is decided by `core.policy`.
"""

from dataclasses import dataclass
from enum import StrEnum

from connector.core.coded import Coded
from connector.core.days import Day
from connector.core.identity import LocalIdentity
from connector.core.instant import Instant
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.private import Private
from connector.core.slots import set_by_slot


class Opposition(StrEnum):
    """Whether the worker objected to this service's record being given to another (R4624-45-6, 2°)."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Extent(StrEnum):
    """Whether the document is the whole record or a summary of it."""

    FULL = "full"
    SUMMARY = "summary"


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class Announcement(Private):
    """The newest record that may be communicated to a peer.

    `record_ref` and `version` are the vendor's own and never leave this house: another version means another
    document. `last_act_on` is the day (France) of the newest health act by a professional in it, never a technical
    date. `updated_at` is shown only.
    """

    record_ref: str
    version: str
    last_act_on: Day
    updated_at: Instant
    document_type: Coded
    extent: Extent
    author: str = ""
    content_type: str = "application/pdf"


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class Look(Private):
    """The whole answer to `look(ins)`, in one go: `identity` is None where the worker is not known here."""

    identity: LocalIdentity | None
    opposition: Opposition
    announcement: Announcement | None

    def known_as(self, asked: Ins) -> tuple[Ins, ...]:
        """Give every INS by which this service knows the worker, the one asked for first, each once."""
        identity = self.identity
        if identity is None or (not identity.former and identity.ins in (asked, None)):
            return (asked,)
        active = () if identity.ins is None else (identity.ins,)
        return tuple(dict.fromkeys((asked, *active, *identity.former)))


class TraceAction(StrEnum):
    """What happened to the record, for the DMST's own trace (R4624-45-5 al. 4)."""

    LOOKED_UP = "looked-up"
    HANDED_OVER = "handed-over"
    RECEIVED = "received"
    READ = "read"


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class Trace(Private):
    """One access to be written into the vendor's own DMST. `trace_id` is the same at each retry."""

    trace_id: str
    at: Instant
    action: TraceAction
    ins: Ins
    peer: MemberId
    practitioner_id: str
    practitioner_name: str
    purpose: Coded
    outcome: str


@dataclass(frozen=True, slots=True, repr=False)
class ReceivedDocument(Private):
    """What a sink files beside the bytes: whose, from whom, how recent, and their digest.

    Where the service's policy took something out of the document, the bytes are those of the copy without it, and
    `original_sha256_hex` is the digest of what the other service gave, which both ledgers hold; else it is empty.
    """

    ins: Ins
    peer: MemberId
    peer_name: str
    last_act_on: Day
    received_at: Instant
    document_type: Coded
    sha256_hex: str
    size: int
    content_type: str
    original_sha256_hex: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class ToldToWorker(Private):
    """What the worker was told, and what they said, at the desk: a sink records it in the DMST (R4624-45-6).

    `told_id` is the same at each retry: 32 hexadecimal digits; empty from a connector that gave none.
    """

    ins: Ins
    at: Instant
    by: str
    means: str
    objects: bool
    told_id: str = ""


@dataclass(frozen=True, slots=True)
class AdapterHealth:
    """Whether the vendor's software can be asked now. `detail` is for IT staff and holds no identity."""

    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """What an adapter says of how it is set up, for IT staff: right, wrong, or (None) only to be known."""

    ok: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many workers could be answered about; None where the software cannot tell."""

    workers: int
    with_ins: int | None = None
    qualified: int | None = None
    opposition_known: int | None = None
    document_available: int | None = None
    answerable: int | None = None

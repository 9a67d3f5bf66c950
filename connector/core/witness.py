"""What members know of each other's ledgers (PROTOCOL section 6): heads, statements of witnesses, links, faults, gaps.

A *head* is a checkpoint as its member signed it. A *statement* is a witness's own signature, with a time, under the
head of another: it says "I saw this, and it goes on from everything of that ledger that I saw before". A *link* is a
verified RFC 6962 consistency proof between two sizes, kept so that evidence can be checked years later and without that
member. Values only: their signed forms are `wire.checkpoint`, `wire.cosignature` and `wire.witnessing`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from connector.core.faults import Fault
from connector.core.instant import Instant
from connector.core.ledger import Tree
from connector.core.members import MemberId


@dataclass(frozen=True, slots=True, order=True)
class LedgerName:
    """One ledger of one member. The serial grows when the member had to begin a new one (`journal succeed`)."""

    member: MemberId
    tree: Tree
    serial: int

    def __str__(self) -> str:
        """The origin that its checkpoints bear."""
        return f"{self.member}/{self.tree}/{self.serial}"


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A checkpoint whose signature was verified; `note` is the signed text itself."""

    ledger: LedgerName
    size: int
    root: bytes
    note: str


@dataclass(frozen=True, slots=True)
class KnownHead:
    """The last head of a ledger that went on from all before it, and when it was found to."""

    head: SignedHead
    at: Instant


@dataclass(frozen=True, slots=True)
class SeenHead:
    """A head that has still to be compared with what is known; `told_by` showed it where that is not its own member."""

    head: SignedHead
    told_by: MemberId | None = None


@dataclass(frozen=True, slots=True)
class WitnessStatement:
    """A witness's signed word that it saw `head` at `at`, and that it goes on from what it had seen before.

    `line` is its C2SP cosignature (`wire.cosignature`), to be checked with a ledger key listed for `witness` at `at`.
    It serves as proof of time only for those who are neither the witness nor the ledger's own member.
    """

    witness: MemberId
    at: Instant
    head: SignedHead
    line: str


MAX_REASON: Final = 1000
"""Characters of the reason for which a ledger was begun anew."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first leaf of a ledger that follows another, opened: entry and personal part as they were written, and the
    path to the root that is shown with it. It names no person.
    """

    entry: bytes
    personal: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ToldBeginning:
    """What such a leaf says: why its ledger was begun, and the highest checkpoint of the old one that is known."""

    reason: str
    highest: str


@dataclass(frozen=True, slots=True)
class Showing:
    """A checkpoint shown to a witness, with the proof that it goes on from the tree of `first` leaves; and the first
    leaf, where its ledger follows another.
    """

    checkpoint: str
    first: int
    proof: tuple[bytes, ...]
    beginning: Beginning | None = None


@dataclass(frozen=True, slots=True)
class HeldHead:
    """What a member says that it holds of a ledger: the checkpoint, and its own line under it."""

    checkpoint: str
    cosignature: str


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """What a witness says to a checkpoint that it was shown: its line, or the checkpoint that it holds instead."""

    cosignature: str | None = None
    held: str | None = None


class Relation(Enum):
    """How a head that is shown stands to the one that is known of the same member's ledger."""

    SAME = "same"
    FORK = "fork"
    LONGER = "longer"
    SHORTER = "shorter"
    NEW_LEDGER = "new-ledger"
    OLD_LEDGER = "old-ledger"


def relate(known: SignedHead, shown: SignedHead) -> Relation:
    """Compare two heads of one member's ledgers of one kind; whether a longer one goes on is for a proof to say."""
    if known.ledger.serial != shown.ledger.serial:
        return Relation.NEW_LEDGER if shown.ledger.serial > known.ledger.serial else Relation.OLD_LEDGER
    if known.size == shown.size:
        return Relation.SAME if known.root == shown.root else Relation.FORK
    return Relation.LONGER if shown.size > known.size else Relation.SHORTER


@dataclass(frozen=True, slots=True)
class HeadLink:
    """A verified proof that the tree `first`, `first_root` is the beginning of `second`, `second_root`."""

    ledger: LedgerName
    first: int
    first_root: bytes
    second: int
    second_root: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A statement, and the links that lead from the size asked about up to its head; none where they are equal.

    For a ledger of this house the links are empty: the journal proves consistency itself.
    """

    statement: WitnessStatement
    links: Sequence[HeadLink] = ()


class LedgerFaultKind(StrEnum):
    """What is wrong with a ledger, as its own member's signatures prove, or as a witness did wrong."""

    FORK = "fork"
    """Two signed heads of one size with two roots."""
    NOT_CONSISTENT = "not-consistent"
    """Two signed heads of different sizes, and no proof that one goes on from the other: rewritten or forked."""
    SHORTENED = "shortened"
    """It now shows, signed, fewer entries than it had signed before: its tail was cut, or an old copy was restored."""
    FALSE_HEAD = "false-head"
    """A witness gave out a head that its member never signed."""
    FALSE_STATEMENT = "false-statement"
    """A witness's countersignature does not verify, or is of another head."""


LIES: Final = frozenset({LedgerFaultKind.FALSE_HEAD, LedgerFaultKind.FALSE_STATEMENT})
"""What a witness did wrong, and not the member whose ledger it spoke of."""


@dataclass(frozen=True, slots=True)
class LedgerFault:
    """A fault found once and shown for ever. `known` and `shown` are the two signed texts that prove it, in the order
    in which they became known; `told_by` is the member that showed the second, where that is not the ledger's own.
    """

    ledger: LedgerName
    kind: LedgerFaultKind
    at: Instant
    known: str
    shown: str
    told_by: MemberId | None = None


@dataclass(frozen=True, slots=True)
class LedgerGap:
    """A member began a new ledger: between `last`, the last head known of the old one, and `first`, there is a gap.

    `told` is what the new ledger's first leaf says, once the member has shown it.
    """

    at: Instant
    old: LedgerName
    last: str
    new: LedgerName
    first: str
    told: ToldBeginning | None = None


def culprit(fault: LedgerFault) -> MemberId:
    """Give the member that did wrong: the one whose ledger it is, or the witness that lied."""
    return fault.told_by if fault.kind in LIES and fault.told_by is not None else fault.ledger.member


def as_fault(fault: LedgerFault) -> Fault:
    """Give a fault as a value that both languages word; who it was told by stands beside it."""
    said: dict[str, object] = {
        "ledger": str(fault.ledger),
        "told": Fault("witness.holder", {"member": str(fault.told_by)}) if fault.told_by else "",
    }
    match fault.kind:
        case LedgerFaultKind.FORK:
            return Fault("witness.fork", said | {"size": _size(fault.shown)})
        case LedgerFaultKind.NOT_CONSISTENT:
            return Fault("witness.not-consistent", said | {"known": _size(fault.known), "shown": _size(fault.shown)})
        case LedgerFaultKind.SHORTENED:
            most, now = sorted((_size(fault.known), _size(fault.shown)), reverse=True)
            return Fault("witness.shortened", said | {"most": most, "now": now})
        case LedgerFaultKind.FALSE_HEAD:
            return Fault("witness.false-head", said | {"member": str(fault.told_by)})
        case LedgerFaultKind.FALSE_STATEMENT:
            return Fault("witness.false-statement", said | {"member": str(fault.told_by)})


def in_words(fault: LedgerFault) -> str:
    """Say what a fault is, in English."""
    return as_fault(fault).text("en")


def _size(note: str) -> int:
    return int(note.split("\n", 2)[1])

"""What the two tamper-evident ledgers hold (PROTOCOL section 6): entries as values, and the proof of one.

A leaf's data is the SHA-256 of the entry's canonical JSON; `personal` enters it only as a salted hash, and is kept
encrypted beside it so that it can be destroyed on time without breaking a proof. The tree arithmetic is `core.merkle`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from connector.core.instant import Instant
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.private import Private
from connector.core.slots import set_by_slot

ENTRY_VERSION = 1

_SPAN_BITS = 40
"""A ledger has fewer than 2^40 entries: room for 8,000 ledgers below 2^53, the largest integer of JSON (our rule)."""


def number_of(serial: int, index: int) -> int:
    """Give the number in this house's journal of an entry, or of a size, of the ledger with that serial.

    The journal goes on ascending where a new ledger begins (`journal succeed`), while each tree counts from 0; in the
    first ledger both are the same. Subtrees keep their alignment, so nodes are numbered by the same rule.
    """
    return (serial - 1 << _SPAN_BITS) + index


def serial_of(number: int) -> int:
    """Give the serial of the ledger in which that number of the journal lies."""
    return (number >> _SPAN_BITS) + 1


def index_of(number: int) -> int:
    """Give the place, or the size, in its own ledger of a number of the journal."""
    return number & (1 << _SPAN_BITS) - 1


class Tree(StrEnum):
    """The exchange ledger, whose checkpoints peers see in receipts, and the house ledger, which holds the rest."""

    EXCHANGE = "exchange"
    HOUSE = "house"


class EntryType(StrEnum):
    """What an entry says happened. The first block are the only leaves of the exchange tree."""

    ANSWERED = "answered"
    DECIDED = "decided"
    RELEASE = "release"
    RESUME = "resume"
    END = "end"
    ASKED = "asked"
    ARRIVED = "arrived"
    SHOWN = "shown"

    STARTED = "started"
    STOPPED = "stopped"
    ACKNOWLEDGED = "acknowledged"
    ADAPTER_FAULT = "adapter-fault"
    ALERT = "alert"
    CONFIGURED = "configured"
    CONNECTION_REFUSED = "connection-refused"
    FETCH_REFUSED = "fetch-refused"
    FETCH_ENDED = "fetch-ended"
    FILED = "filed"
    HANDED_ON = "handed-on"
    LIMITED = "limited"
    LIMIT_CHANGED = "limit-changed"
    PROPOSED = "proposed"
    PURGED = "purged"
    SIGNED_IN = "signed-in"
    SIGNED_OUT = "signed-out"
    SIGN_IN_REFUSED = "sign-in-refused"
    PERSON = "person"
    LAUNCHED = "launched"
    LAUNCH_REFUSED = "launch-refused"
    INSI_CALLED = "insi-called"
    OPPOSITION = "opposition"
    IDENTITY = "identity"
    DIRECTORY = "directory"
    BLOCK = "block"
    ANSWERING = "answering"
    WITNESS = "witness"
    SUCCEEDED = "succeeded"
    DESTROYED = "destroyed"
    ERASED = "erased"
    UPGRADED = "upgraded"
    REPORTED = "reported"
    REVIEWED = "reviewed"

    @property
    def tree(self) -> Tree:
        """The ledger this entry belongs to."""
        return Tree.EXCHANGE if self in _EXCHANGE_TYPES else Tree.HOUSE


_EXCHANGE_TYPES = frozenset(list(EntryType)[:8])


class Retention(StrEnum):
    """Which epoch key wraps the entry's key: how long its personal part can be read (PROTOCOL section 6)."""

    DAILY = "daily"
    MONTHLY = "monthly"


class DestroyedBy(StrEnum):
    """Why the personal part of an entry is no more: its time was over, or two people erased it before."""

    RETENTION = "retention"
    ERASURE = "erasure"


@dataclass(frozen=True, slots=True)
class Destroyed:
    """When the personal part of an entry was destroyed, and why."""

    at: Instant
    by: DestroyedBy


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class EntryDraft(Private):
    """An entry to be appended. `ref` is the lookup, handover or fetch id that finds it again, never an identity.

    `personal` is JSON (the mandate's compact form, the fetch's practitioner…); `workers` are all known INS of the
    worker concerned, by which the entry is found through a keyed hash.
    """

    type: EntryType
    at: Instant
    peer: MemberId | None = None
    mandate_sha256: bytes | None = None
    outcome: str | None = None
    reason: str | None = None
    document_sha256: bytes | None = None
    ref: str = ""
    personal: Mapping[str, Any] = field(default_factory=dict)
    workers: tuple[Ins, ...] = ()
    retention: Retention = Retention.MONTHLY


@set_by_slot
@dataclass(frozen=True, slots=True)
class Proof:
    """Where an entry's leaf stands: its inclusion path in the tree of `size` leaves under the signed checkpoint."""

    tree: Tree
    index: int
    leaf_hash: bytes
    path: tuple[bytes, ...]
    size: int
    checkpoint: str

    @property
    def number(self) -> int:
        """Its entry's number in the journal of the house whose ledger it is."""
        origin = self.checkpoint.partition("\n")[0]
        return number_of(int(origin.rpartition("/")[2]), self.index)

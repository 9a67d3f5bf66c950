"""The states of a fetch and of an incoming request, who may move them, and what a restart does (DESIGN section 3).

The words are the same in the API, in events, on pages, in the CLI and in the journal. All moves go through
`check_move`: no other module compares states to decide whether a move is allowed.
"""

from dataclasses import dataclass
from enum import StrEnum

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.ledger import EntryType


class FetchState(StrEnum):
    """Where the errand of one practitioner over several holders stands."""

    PREPARED = "prepared"
    ASKING = "asking"
    WAITING = "waiting"
    CHOOSING = "choosing"
    DOWNLOADING = "downloading"
    CHECKING = "checking"
    READY = "ready"
    FILED = "filed"
    NO_RECORD_GIVEN = "no-record-given"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    PURGED = "purged"


class IncomingState(StrEnum):
    """Where a peer's request stands at the holder."""

    RECEIVED = "received"
    DEFERRED = "deferred"
    ANSWERED = "answered"
    RENDERING = "rendering"
    READY = "ready"
    HANDED_OVER = "handed-over"
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    DELIVERY_NOT_CONFIRMED = "delivery-not-confirmed"


class Mover(StrEnum):
    """Who moves a state."""

    PRACTITIONER = "practitioner"
    CONNECTOR = "connector"
    CLOCK = "clock"


class OnRestart(StrEnum):
    """What a start does with a fetch that it finds in a state."""

    KEEP = "keep"
    ASK_AGAIN = "ask-again"
    DOWNLOAD_AGAIN = "download-again"


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed move; `entry` is what the ledgers say of it, None where another entry already tells it."""

    mover: Mover
    entry: EntryType | None = None


_F = FetchState
_BY_PRACTITIONER = Move(Mover.PRACTITIONER)
_BY_CONNECTOR = Move(Mover.CONNECTOR)
_ENDED = Move(Mover.CONNECTOR, EntryType.FETCH_ENDED)
_CANCELLED = Move(Mover.PRACTITIONER, EntryType.FETCH_ENDED)
_EXPIRED = Move(Mover.CLOCK, EntryType.FETCH_ENDED)
_PURGED = Move(Mover.CLOCK, EntryType.PURGED)
# The entry says how the checks ended, verified or rejected: it is written with the acknowledgement, after them.
_ARRIVED = Move(Mover.CONNECTOR, EntryType.ARRIVED)

FETCH_MOVES: dict[tuple[FetchState, FetchState], Move] = (
    {
        (_F.PREPARED, _F.ASKING): Move(Mover.PRACTITIONER, EntryType.ASKED),
        (_F.ASKING, _F.WAITING): _BY_CONNECTOR,
        (_F.ASKING, _F.CHOOSING): _BY_CONNECTOR,
        (_F.ASKING, _F.DOWNLOADING): _BY_CONNECTOR,
        (_F.ASKING, _F.NO_RECORD_GIVEN): _ENDED,
        (_F.WAITING, _F.ASKING): Move(Mover.CONNECTOR, EntryType.ASKED),
        (_F.WAITING, _F.CHOOSING): _BY_CONNECTOR,
        (_F.WAITING, _F.DOWNLOADING): _BY_CONNECTOR,
        (_F.WAITING, _F.NO_RECORD_GIVEN): _ENDED,
        (_F.CHOOSING, _F.DOWNLOADING): _BY_PRACTITIONER,
        (_F.DOWNLOADING, _F.CHECKING): _BY_CONNECTOR,
        (_F.DOWNLOADING, _F.CHOOSING): _BY_CONNECTOR,
        (_F.CHECKING, _F.READY): _ARRIVED,
        (_F.CHECKING, _F.CHOOSING): _ARRIVED,
        (_F.READY, _F.FILED): Move(Mover.PRACTITIONER, EntryType.FILED),
        (_F.READY, _F.DOWNLOADING): _BY_PRACTITIONER,
        (_F.FILED, _F.DOWNLOADING): _BY_PRACTITIONER,
    }
    | {
        (state, end): move
        for state in (_F.PREPARED, _F.ASKING, _F.WAITING, _F.CHOOSING, _F.DOWNLOADING, _F.CHECKING)
        for end, move in ((_F.CANCELLED, _CANCELLED), (_F.EXPIRED, _EXPIRED), (_F.FAILED, _ENDED))
    }
    | {
        # By the clock; a copy that is here also by the practitioner who asked, before its time (`requester.purge`).
        (state, _F.PURGED): _PURGED
        for state in (_F.READY, _F.FILED, _F.NO_RECORD_GIVEN, _F.FAILED, _F.CANCELLED, _F.EXPIRED)
    }
)

FETCH_ON_RESTART: dict[FetchState, OnRestart] = dict.fromkeys(FetchState, OnRestart.KEEP) | {
    _F.ASKING: OnRestart.ASK_AGAIN,
    _F.WAITING: OnRestart.ASK_AGAIN,
    _F.DOWNLOADING: OnRestart.DOWNLOAD_AGAIN,
    _F.CHECKING: OnRestart.DOWNLOAD_AGAIN,
}

FETCH_ENDED = frozenset({_F.NO_RECORD_GIVEN, _F.FAILED, _F.CANCELLED, _F.EXPIRED, _F.PURGED})
FETCH_RUNNING = frozenset({_F.ASKING, _F.WAITING, _F.DOWNLOADING, _F.CHECKING})
FETCH_READABLE = frozenset({_F.READY, _F.FILED})

_I = IncomingState
INCOMING_MOVES: frozenset[tuple[IncomingState, IncomingState]] = frozenset(
    {
        (_I.RECEIVED, _I.ANSWERED),
        (_I.RECEIVED, _I.DEFERRED),
        (_I.DEFERRED, _I.ANSWERED),
        (_I.ANSWERED, _I.RENDERING),
        (_I.RENDERING, _I.READY),
        (_I.READY, _I.HANDED_OVER),
        (_I.READY, _I.DELIVERY_NOT_CONFIRMED),
        (_I.HANDED_OVER, _I.ACKNOWLEDGED),
        (_I.HANDED_OVER, _I.REJECTED),
        (_I.HANDED_OVER, _I.DELIVERY_NOT_CONFIRMED),
        (_I.DELIVERY_NOT_CONFIRMED, _I.ACKNOWLEDGED),
        (_I.DELIVERY_NOT_CONFIRMED, _I.REJECTED),
    }
)


def check_move(start: FetchState, end: FetchState) -> Move:
    """Give the rule of one move of a fetch.

    Raises:
        LocalRefused: `fetch.state`, the table has no such move.
    """
    move = FETCH_MOVES.get((start, end))
    if move is None:
        raise LocalRefused(
            f"fetch: it is {start}, from which it cannot become {end}",
            code=Code.FETCH_STATE,
            hint="read the fetch again, or start a new one",
        )
    return move

"""The states of a fetch and of an incoming request, and the moves between them (DESIGN section 3).

The words are the same in the API, in events, on pages, in the CLI and in the journal. All moves go through
`check_move`: no other module compares states to decide whether a move is allowed.
"""

from enum import StrEnum

from connector.core.codes import Code
from connector.core.errors import LocalRefused


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


_F = FetchState
_STOPPED = frozenset({_F.CANCELLED, _F.EXPIRED, _F.FAILED})

FETCH_MOVES: dict[FetchState, frozenset[FetchState]] = {
    _F.PREPARED: _STOPPED | {_F.ASKING},
    _F.ASKING: _STOPPED | {_F.WAITING, _F.CHOOSING, _F.DOWNLOADING, _F.NO_RECORD_GIVEN},
    _F.WAITING: _STOPPED | {_F.ASKING, _F.CHOOSING, _F.DOWNLOADING, _F.NO_RECORD_GIVEN},
    _F.CHOOSING: _STOPPED | {_F.DOWNLOADING},
    # Where another record was chosen and does not come, the fetch goes back to the copy that is here, as it was.
    _F.DOWNLOADING: _STOPPED | {_F.CHECKING, _F.CHOOSING, _F.READY, _F.FILED},
    _F.CHECKING: _STOPPED | {_F.READY, _F.CHOOSING, _F.FILED},
    # A copy that is here is purged by the clock, or by the practitioner who asked, before its time (`requester.purge`).
    _F.READY: frozenset({_F.FILED, _F.DOWNLOADING, _F.PURGED}),
    _F.FILED: frozenset({_F.DOWNLOADING, _F.PURGED}),
    **dict.fromkeys((_F.NO_RECORD_GIVEN, *_STOPPED), frozenset({_F.PURGED})),
    _F.PURGED: frozenset(),
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


def check_move(start: FetchState, end: FetchState) -> None:
    """Check one move of a fetch.

    Raises:
        LocalRefused: `fetch.state`, the table has no such move.
    """
    if end not in FETCH_MOVES[start]:
        raise LocalRefused(
            f"fetch: it is {start}, from which it cannot become {end}",
            code=Code.FETCH_STATE,
            hint="read the fetch again, or start a new one",
        )

"""What a holder answers, and the reasons it keeps to itself (PROTOCOL section 4).

`WithheldReason` is for the ledger and the holder's own staff: no function of `wire` takes one, so it cannot leave.
`GRANTED` and `RENDERING` are the two successful answers to a handover (201 and 202), which the table of PROTOCOL 4
leaves unnamed.
"""

from enum import StrEnum


class Outcome(StrEnum):
    """The one word that a receipt carries."""

    ANNOUNCED = "announced"
    WITHHELD = "withheld"
    DEFERRED = "deferred"
    COULD_NOT_LOOK = "could_not_look"
    REFUSED = "refused"
    GRANTED = "granted"
    RENDERING = "rendering"


class WithheldReason(StrEnum):
    """Why nothing was announced; one closed list, one code path."""

    NO_LOCAL_WORKER = "no_local_worker"
    NOTHING_COMMUNICABLE = "nothing_communicable"
    OPPOSED = "opposed"
    OPPOSITION_UNKNOWN = "opposition_unknown"
    IDENTITY_DIFFERS = "identity_differs"
    IDENTITY_NOT_QUALIFIED = "identity_not_qualified"
    ANSWER_UNUSABLE = "answer_unusable"
    """What the vendor's software said about this worker breaks its contract (ADR 0005)."""
    DECLINED = "declined"

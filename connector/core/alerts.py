"""What a person at this house should look at soon: an alert, which names codes, members and times, and nobody else.

The log, the metrics and the status tell each of them as well; an alert is what can be sent further (`[alerts]`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from connector.core.instant import Instant
from connector.core.members import MemberId


class AlertKind(StrEnum):
    """What it is about; the words are those of the log where the log has the same event."""

    LIMIT_MET = "limit.met"
    LIMIT_BLOCKED = "limit.blocked"
    LIMITED_BY_PEER = "limit.by_peer"
    LEDGER_FAULT = "ledger.fault_found"
    LEDGER_BEHIND = "ledger.behind"
    LEDGER_GAP = "ledger.gap_seen"
    CHECK_CHANGED = "check.changed"


class AlertLevel(StrEnum):
    """How bad it is; `ok` is a check that was not and is again."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to look at. `detail` is a word of a closed list: the limit's rule, the fault's kind, the check's name.

    `member` is the other service that it is about, None where it is about this one alone.
    """

    kind: AlertKind
    level: AlertLevel
    at: Instant
    detail: str
    member: MemberId | None = None


class Bell(Protocol):
    """Sends alerts to whoever wants to be told."""

    def ring(self, kind: AlertKind, level: AlertLevel, detail: str, member: MemberId | None = None) -> None:
        """Tell of something; it returns at once, and nothing that goes wrong with it comes back."""
        ...


class NoBell:
    """Nobody wants to be told."""

    def ring(self, kind: AlertKind, level: AlertLevel, detail: str, member: MemberId | None = None) -> None:
        """Say nothing."""

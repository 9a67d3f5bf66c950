"""How near its end a directory is: what is announced in advance, and what closes (issue 6)."""

from dataclasses import dataclass
from enum import StrEnum

from connector.core.faults import Fault
from connector.core.instant import Instant


class Freshness(StrEnum):
    """How near its end the directory is."""

    FRESH = "fresh"
    STALE = "stale"
    GRACE = "grace"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Staleness:
    """What to announce of the directory's age, and until when it may be relied on (None: it has no end)."""

    state: Freshness
    ends_at: Instant | None
    fault: Fault | None = None

    @property
    def message(self) -> str:
        """What to announce, in English; empty where nothing is to be."""
        return self.fault.text("en") if self.fault else ""

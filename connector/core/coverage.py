"""How many workers of this service could be answered about, and how many not for each reason: counts, never identities.

A worker may lack several things at once, so the numbers of the reasons do not add up.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from connector.core.instant import Instant
from connector.core.records import Counts


class Lack(StrEnum):
    """What a worker's record lacks to be given to a peer."""

    INS = "no_ins"
    QUALIFIED = "not_qualified"
    OPPOSITION = "opposition_unknown"
    DOCUMENT = "no_document"


@dataclass(frozen=True, slots=True)
class CoverageCount:
    """One count, when it was made. `counts` is None where there was none to have: then `fault` says why.

    `is_bound` says that the answerable workers are at most that many.
    """

    at: Instant
    counts: Counts | None
    fault: str = ""
    is_bound: bool = False

    @property
    def share(self) -> float | None:
        """The part of all workers that could be answered about, None where it is not known."""
        counts = self.counts
        if counts is None or counts.answerable is None or not counts.workers:
            return None
        return counts.answerable / counts.workers

    def lacking(self) -> dict[Lack, int]:
        """Say how many workers lack each thing; what the software does not count is left out."""
        counts = self.counts
        if counts is None:
            return {}
        having = {
            Lack.INS: counts.with_ins,
            Lack.QUALIFIED: counts.qualified,
            Lack.OPPOSITION: counts.opposition_known,
            Lack.DOCUMENT: counts.document_available,
        }
        return {lack: counts.workers - number for lack, number in having.items() if number is not None}


def with_register(counts: Counts, *, known: int) -> Counts:
    """Count as a service does whose register says who objects, not its software: `known` workers have an answer there.

    Which of them are answerable the software cannot tell: the least of the other numbers is what it is at most.
    """
    known = min(known, counts.workers)
    qualified, available = counts.qualified, counts.document_available
    answerable = None if qualified is None or available is None else min(qualified, available, known)
    return replace(counts, opposition_known=known, answerable=answerable)

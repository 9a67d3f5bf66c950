"""Checkpoints in an evidence file: how they go on from one another, and by when others had seen them.

A head is *dated* by a third party: a witness that is no party to the exchange, or a time-stamping authority, whose word
stands under it or under a later head to which verified consistency proofs lead. The earliest such word counts.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.merkle import verify_consistency

Tip: TypeAlias = tuple[str, int, bytes]
"""Origin, size and root of a ledger as it once stood."""


@dataclass(frozen=True, slots=True)
class Dating:
    """A third party's word that a head stood by then; `witness` is None for a time-stamping authority."""

    at: Instant
    by: str
    witness: MemberId | None = None


class Heads:
    """What the file shows of ledgers over time; everything put in was verified before."""

    def __init__(self) -> None:
        self._onward: dict[Tip, set[Tip]] = defaultdict(set)
        self._datings: dict[Tip, list[Dating]] = defaultdict(list)

    def link(self, first: Tip, second: Tip, path: tuple[bytes, ...]) -> bool:
        """Take a consistency proof; False where it does not hold."""
        if first[0] != second[0] or not verify_consistency(first[1], second[1], first[2], second[2], path):
            return False
        self._onward[first].add(second)
        return True

    def date(self, tip: Tip, dating: Dating) -> None:
        """Take a third party's word about a head."""
        self._datings[tip].append(dating)

    def dated(self, tips: Iterable[Tip], parties: frozenset[MemberId]) -> Dating | None:
        """Give the earliest word about any of these heads, or one they lead to, by nobody who is a party."""
        seen = set(tips)
        waiting, best = deque(seen), None
        while waiting:
            tip = waiting.popleft()
            for dating in self._datings.get(tip, ()):
                if dating.witness not in parties and (best is None or dating.at < best.at):
                    best = dating
            for further in self._onward.get(tip, ()):
                if further not in seen:
                    seen.add(further)
                    waiting.append(further)
        return best

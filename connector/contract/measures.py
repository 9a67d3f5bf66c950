"""What the conformance kit measures: how late answers come, and how much memory a document takes."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Final

_ROOM: Final = 2
"""The floor is this many times the p99 of the looks alone: checks, signature and ledger come on top of them."""

LEAST_FLOOR_MS: Final = 150
"""`[holder] withheld_floor_ms` by default; the kit never advises less."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long looks took, in milliseconds: half of them, and 99 of 100, stayed within these."""

    half: float
    late: float

    @classmethod
    def of(cls, times: Sequence[float]) -> "Latency":
        """Take them of at least one time."""
        ordered = sorted(times)
        return cls(ordered[len(ordered) // 2], ordered[ceil(len(ordered) * 0.99) - 1])


def floor_ms(p99_ms: float) -> int:
    """Give what `[holder] withheld_floor_ms` should be at least, for looks of that p99 (PROTOCOL section 4)."""
    return max(LEAST_FLOOR_MS, ceil(p99_ms * _ROOM / 10) * 10)


def resident_bytes(pid: int | None = None) -> int | None:
    """Give the memory that a process holds now, this one by default; None where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid or 'self'}/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")

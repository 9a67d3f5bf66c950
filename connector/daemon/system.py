"""The machine's clock and randomness, which enter the house only here; and Python's collector, set for a daemon."""

import gc
import os
import time
from typing import Final

from connector.core.instant import Instant

_YOUNG_OBJECTS: Final = 50_000
"""After how many new objects Python looks for cycles. Its default, 700, is met twice by a single lookup."""


class SystemClock:
    """`core.ports.Clock` on the machine's clocks."""

    def now(self) -> Instant:
        """Give the wall clock, in whole seconds."""
        return Instant(int(time.time()))

    def monotonic(self) -> float:
        """Give the monotonic clock, in seconds."""
        return time.monotonic()


class SystemEntropy:
    """`core.ports.Entropy` on the kernel's generator."""

    def token(self, length: int) -> bytes:
        """Give random bytes fit for keys."""
        return os.urandom(length)


def rest_collector() -> None:
    """Collect nothing until `settle_collector`: of what is loaded at a start, hardly anything is garbage."""
    gc.disable()


def settle_collector() -> None:
    """Leave what start-up made out of every later collection, and collect seldom.

    Requests leave hardly a cycle behind; looking for them after each took a seventh of a lookup's processor time.
    What a start leaves, some 2,000 objects and no page of memory, is not looked for: that took a twentieth of it.
    """
    gc.freeze()
    gc.enable()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)

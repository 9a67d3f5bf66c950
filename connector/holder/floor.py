"""The time floor below which no answer without a record leaves, so that its delay tells nothing of its reason.

PROTOCOL section 4: the p99 of the looks over known and unknown workers, at least what is configured; an answer that is
later than the floor leaves at its next multiple. Looks that failed are not counted: their time is the adapter's limit.
"""

from collections import deque
from math import ceil
from typing import Final

_WINDOW: Final = 1000
_EVERY: Final = 32


class TimeFloor:
    """Learns from the time every look took, whatever it found; `minimum` is in seconds."""

    def __init__(self, minimum: float) -> None:
        self.seconds = self._minimum = minimum
        self._window: deque[float] = deque(maxlen=_WINDOW)
        self._new = 0

    def observe(self, seconds: float) -> None:
        """Count one look. The floor follows every 32 looks: sorting the window each time would cost more than it."""
        self._window.append(seconds)
        self._new += 1
        if self._new >= _EVERY:
            self._new = 0
            ordered = sorted(self._window)
            self.seconds = max(self._minimum, ordered[ceil(len(ordered) * 0.99) - 1])

    def wait_after(self, elapsed: float) -> float:
        """Give the seconds still to wait, `elapsed` after the request started, until the next multiple of the floor."""
        return max(1, ceil(elapsed / self.seconds)) * self.seconds - elapsed

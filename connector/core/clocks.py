"""A clock for whoever judges something as of one instant. The machine's own is `daemon.system`."""

from connector.core.instant import Instant


class StoppedClock:
    """`core.ports.Clock` that stands at the instant of one look."""

    def __init__(self, at: Instant) -> None:
        self._at = at

    def now(self) -> Instant:
        """Give it."""
        return self._at

    def monotonic(self) -> float:
        """Give it as seconds."""
        return float(self._at)

"""The machine's clock and randomness: the only place where they enter the house."""

import os
import time

from connector.core.instant import Instant


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

"""A circuit breaker: after failures in a row the adapter is left alone for a while, then one call tries again.

It holds no clock: monotonic seconds are an argument. What counts as a failure is `contract.lane`'s decision.
"""

from connector.core.codes import Code


class Breaker:
    """Closed (calls pass), open (none passes), half open (one passes, the others wait for what becomes of it)."""

    def __init__(self, *, failures_to_open: int, reopen_seconds: float) -> None:
        self._limit, self._rest = failures_to_open, reopen_seconds
        self._failures = 0
        self._open_until = 0.0
        self._probing = False
        self.is_open = False
        """Whether calls are being kept away, or a single one is trying again."""
        self.last_code: Code = Code.ADAPTER_FAILED

    def admit(self, now: float) -> float | None:
        """Let a call pass (None), or say in how many seconds the next try comes."""
        if not self.is_open:
            return None
        if now < self._open_until:
            return self._open_until - now
        if self._probing:
            return self._rest
        self._probing = True
        return None

    def succeeded(self) -> None:
        """The adapter answered, whatever it said: calls pass again."""
        self._failures, self.is_open, self._probing = 0, False, False

    def failed(self, now: float, code: Code) -> None:
        """The adapter did not answer."""
        self._failures += 1
        self.last_code = code
        if self._probing or self._failures >= self._limit:
            self.is_open, self._open_until = True, now + self._rest
        self._probing = False

    def gave_up(self) -> None:
        """The caller went away before anything was learnt: the next call may try instead."""
        self._probing = False

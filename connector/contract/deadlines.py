"""Time limits of the calls under way, kept by one timer.

Nearly every call ends long before its limit, and a timer made and called off for each of them costs more than the rest
of the waiting. So the limits stand in a list, and the timer rings at the nearest of those that stood there when it was
set: when it rings, whoever is late is woken on the very moment, and it is set again for the nearest of the others.
"""

import asyncio
from math import inf


class Deadlines:
    """Wakes those whose time is over, each at its own moment. A timer that is left over rings once, for nobody."""

    def __init__(self) -> None:
        self._limits: dict[asyncio.Future[None], float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = inf

    def waiter(self, seconds: float) -> asyncio.Future[None]:
        """Give a future that is set when the seconds have gone, unless another sets it before; `forget` it then."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        at = self._limits[waiter] = loop.time() + seconds
        if at < self._rings_at or loop is not self._loop:
            self._set(at, loop)
        return waiter

    def forget(self, waiter: asyncio.Future[None]) -> None:
        """Wake it no more."""
        self._limits.pop(waiter, None)

    def _set(self, at: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._loop, self._rings_at = loop, at
        self._timer = loop.call_at(at, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        now = max(loop.time(), self._rings_at)  # a timer may ring a little before its time
        self._timer, self._rings_at = None, inf
        for waiter, at in self._limits.items():
            if at > now:
                self._rings_at = min(self._rings_at, at)
            elif not waiter.done():
                waiter.set_result(None)
        if self._rings_at < inf:
            self._set(self._rings_at, loop)

"""The pace of a transfer: it may not stand still for long, and not keep every other peer waiting while it runs.

Both are looked at with each piece, thousands of times for a large document, so neither makes a timer each time.
"""

import asyncio
from types import TracebackType
from typing import Final, Self

TURN_SECONDS: Final = 0.002
"""How long one transfer keeps the event loop while its peer takes what comes: some five pieces."""


class Pace:
    """`async with Pace(seconds)`, and `await pace.moved()` after each piece.

    Raises:
        TimeoutError: nothing moved for that many seconds.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._limit = asyncio.timeout(None)
        self._moved = self._turn = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        await self._limit.__aenter__()
        self._moved = self._turn = self._loop.time()
        self._timer = self._loop.call_at(self._moved + self._seconds, self._look)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self._limit.__aexit__(kind, error, trace)

    async def moved(self) -> None:
        """Begin the wait anew, and let the others have their turn when this one has had its own."""
        self._moved = self._loop.time()
        if self._moved - self._turn >= TURN_SECONDS:
            await asyncio.sleep(0)
            self._turn = self._loop.time()

    def _look(self) -> None:
        due = self._moved + self._seconds
        if due > self._loop.time():
            self._timer = self._loop.call_at(due, self._look)
        else:
            self._limit.reschedule(due)

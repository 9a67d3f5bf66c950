"""Short calls of plain methods, carried to the adapter's threads and back in company.

Waking a thread and being woken by it cost more than an indexed read, and each time the interpreter changes hands. So
calls that are made in one turn of the event loop go to one thread together, which tells the loop once when nothing is
left. A look every few milliseconds keeps a slow call from holding up those behind it: where one does, another thread
takes them, and where none moves at all, every waiting call gets a thread of its own.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any

from connector.contract.threads import DaemonThreads

Ended = tuple[object, BaseException | None]
"""What became of a call: its value, or what it raised, as a value: asyncio never logs an adapter's exception."""

WATCH_SECONDS = 0.01
"""How long a call may wait behind another one before a further thread takes it; quick ones are done by then."""

_Deliver = Callable[[Ended], None]


class Relay:
    """Runs jobs in threads, at most as many at a time as its caller lets in; belongs to one event loop."""

    def __init__(self, threads: DaemonThreads) -> None:
        self._threads = threads
        self._waiting: deque[tuple[Callable[[], Any], _Deliver]] = deque()
        self._ended: deque[tuple[_Deliver, Ended]] = deque()
        self._runners = 0
        self._submitted = 0
        self._is_starting = False
        self._watch: asyncio.TimerHandle | None = None

    def submit(self, job: Callable[[], Any], deliver: _Deliver) -> None:
        """Run a job in a thread and hand what becomes of it to `deliver`, on the event loop."""
        self._waiting.append((job, deliver))
        self._submitted += 1
        if not (self._is_starting or self._runners):
            self._is_starting = True
            asyncio.get_running_loop().call_soon(self._start)

    def _start(self) -> None:
        self._is_starting = False
        if self._waiting and not self._runners:
            self._add_runner()
            if self._watch is None:
                self._watch_on()

    def _add_runner(self) -> None:
        self._runners += 1
        loop = asyncio.get_running_loop()
        self._threads.submit(lambda: self._run(loop))

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take jobs until there are none; in a thread. What two threads touch are deques, whose ends are atomic."""
        waiting, ended = self._waiting, self._ended
        while True:
            try:
                job, deliver = waiting.popleft()
            except IndexError:
                break
            try:
                ended.append((deliver, (job(), None)))
            except BaseException as error:  # noqa: BLE001  an adapter's sys.exit() is a fault of the adapter
                ended.append((deliver, (None, error)))
            del job, deliver
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(self._runner_ended)

    def _runner_ended(self) -> None:
        self._runners -= 1
        self._deliver()
        if self._waiting and not self._runners:  # submitted while it was on its way here
            self._start()

    def _deliver(self) -> None:
        ended = self._ended
        while ended:
            deliver, end = ended.popleft()
            deliver(end)

    def _watch_on(self) -> None:
        taken = self._submitted - len(self._waiting)
        self._watch = asyncio.get_running_loop().call_later(WATCH_SECONDS, self._look, taken, self._submitted)

    def _look(self, taken: int, submitted: int) -> None:
        """Give those who waited since the last look a thread more, or one each where nothing has moved."""
        self._watch = None
        self._deliver()
        taken_now = self._submitted - len(self._waiting)
        if taken_now < submitted:
            for _ in range(len(self._waiting) if taken_now == taken else 1):
                self._add_runner()
        if self._runners:
            self._watch_on()

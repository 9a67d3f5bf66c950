"""A vendor's document, piece by piece, however it is written: as a plain generator or an async one.

The adapter's generator runs from beginning to end in one task or one thread (a database cursor must not change its
thread, `asyncio.timeout` not its task) and hands its pieces over a short queue; it is held back while nobody takes
them.
"""

import asyncio
import contextlib
import inspect
import threading
from collections.abc import AsyncIterable, Callable
from typing import Any

from connector.contract.lane import Lane, Work, done_within
from connector.contract.relay import Ended

AHEAD = 2
"""Pieces that may wait between the adapter and the reader."""

OPERATION = "document"

END = object()
"""Stands after the last piece: an adapter may give anything as a piece, None too."""


class Pump:
    """The reader's end of one document: `take` a piece at a time, `stop` when done or no longer interested."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._pieces: asyncio.Queue[object] = asyncio.Queue()
        self._room_for_task = asyncio.Semaphore(AHEAD)
        self._room_for_thread = threading.Semaphore(AHEAD)
        self._is_stopped = threading.Event()
        self._work: Work | None = None

    async def start(self, method: Callable[..., Any], *args: object) -> None:
        """Take a place and start the adapter's generator function.

        Raises:
            AdapterFault: the breaker is open, or `adapter.busy`.
        """
        await self._lane.enter(OPERATION)
        if inspect.isasyncgenfunction(inspect.unwrap(method)):
            self._work = self._lane.start_task(self._in_task(lambda: method(*args)))
        else:
            loop = asyncio.get_running_loop()
            self._work = self._lane.start_thread(lambda: self._in_thread(loop, lambda: method(*args)))

    async def take(self, seconds: float) -> object:
        """Give the next piece, whatever its type, or `END`.

        Raises:
            AdapterFault: `adapter.timeout`, or what the adapter raised stands for.
        """
        if self._work is None:
            msg = "the pump was not started"
            raise RuntimeError(msg)
        if self._pieces.empty():
            arrived = asyncio.ensure_future(self._pieces.get())
            try:
                if not await done_within(arrived, seconds):
                    raise self._lane.timed_out(OPERATION, seconds)
                piece = arrived.result()
            finally:
                arrived.cancel()
        else:
            piece = self._pieces.get_nowait()
        if piece is END:  # the work is over, or will be in a moment; only now does its exception count
            await self._lane.result(OPERATION, self._work, seconds)
            return END
        self._room_for_task.release()
        self._room_for_thread.release()
        return piece

    def stop(self) -> None:
        """Let the generator end: it is closed in its own task or thread."""
        self._is_stopped.set()
        self._room_for_thread.release()
        if self._work is not None:
            self._lane.breaker.gave_up()
            self._lane.abandon(self._work)

    async def _in_task(self, make: Callable[[], AsyncIterable[Any]]) -> Ended:
        error: BaseException | None = None
        iterator: Any = None
        try:
            iterator = make().__aiter__()
            while True:
                await self._room_for_task.acquire()
                try:
                    self._pieces.put_nowait(await iterator.__anext__())
                except StopAsyncIteration:
                    break
        except asyncio.CancelledError:
            await _close_quietly(iterator)
            raise
        except BaseException as caught:  # noqa: BLE001  an adapter's exception is a value here
            error = caught
        finally:
            self._pieces.put_nowait(END)
        return None, error

    def _in_thread(self, loop: asyncio.AbstractEventLoop, make: Callable[[], Any]) -> None:
        def give(piece: object) -> None:
            try:
                loop.call_soon_threadsafe(self._pieces.put_nowait, piece)
            except RuntimeError:  # the loop has closed: nobody reads any more
                self._is_stopped.set()

        iterator: Any = None
        try:
            iterator = iter(make())
            while True:
                self._room_for_thread.acquire()
                if self._is_stopped.is_set():
                    break
                try:
                    give(next(iterator))
                except StopIteration:
                    break
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()
            give(END)


async def _close_quietly(iterator: object) -> None:
    close = getattr(iterator, "aclose", None)
    if close is not None:
        with contextlib.suppress(Exception):  # nobody reads this document any more
            await close()

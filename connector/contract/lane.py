"""One lane of calls into an adapter: its places, its breaker, the time limit, and the way into a task or a thread.

Questions, documents and writes have a lane each, so that slow documents do not keep the questions waiting and a locked
table of traces does not stop the answers. A call that outlives its time limit keeps its place until it really ends:
what hangs is bounded by the places.
"""

import asyncio
import contextlib
import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from functools import lru_cache, partial
from typing import Any

from connector.contract.breaker import Breaker
from connector.contract.deadlines import Deadlines
from connector.contract.faults import FaultReport, FaultSeen, busy, judge, late, resting
from connector.contract.relay import Ended, Relay
from connector.contract.threads import DaemonThreads
from connector.core.codes import Code
from connector.core.errors import AdapterFault


class Work:
    """A call under way: its task, None where it runs in a thread; how it ended, once it has; who waits for that."""

    task: asyncio.Task[Ended] | None = None
    end: Ended | None = None
    waiter: asyncio.Future[None] | None = None


class Lane:
    """Calls of one kind into one adapter; with a relay, plain methods that are quick as a rule go in company."""

    def __init__(
        self,
        adapter: str,
        *,
        places: int,
        wait_seconds: float,
        breaker: Breaker,
        threads: DaemonThreads,
        monotonic: Callable[[], float],
        report: FaultReport,
        relay: Relay | None = None,
    ) -> None:
        self._adapter, self._places, self._free = adapter, places, places
        self._wait_seconds = wait_seconds
        self.breaker = breaker
        self._threads, self._relay = threads, relay
        self._monotonic = monotonic
        self._report = report
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._under_way: set[Work] = set()
        self._deadlines = Deadlines()

    @property
    def under_way(self) -> int:
        """How many calls hold a place, those that nobody waits for any more among them."""
        return len(self._under_way)

    async def call(self, operation: str, method: Callable[..., Any], args: tuple[Any, ...], seconds: float) -> object:
        """Call a plain or async method and give what it answers, unchecked.

        Raises:
            AdapterFault: `adapter.failed`, `adapter.timeout`, `adapter.busy`, or what an `AdapterError` stands for.
        """
        if not self._admit(operation):
            await self._queue(operation)
        if _is_async(getattr(method, "__func__", method)):
            work = self.start_task(ended(method, args))
        else:
            work = self.start_thread(partial(method, *args))
        answer = await self.result(operation, work, seconds)
        if hasattr(type(answer), "__await__"):  # a plain function that wraps an async one
            await self.enter(operation)
            awaitable: Any = answer
            return await self.result(operation, self.start_task(ended(lambda: awaitable, ())), seconds)
        return answer

    async def enter(self, operation: str) -> None:
        """Take a place, which the work then started gives back when it ends.

        Raises:
            AdapterFault: the breaker is open, or `adapter.busy`.
        """
        if not self._admit(operation):
            await self._queue(operation)

    async def result(self, operation: str, work: Work, seconds: float) -> object:
        """Wait for work that was started, at most so long; tell the breaker what became of it.

        Raises:
            AdapterFault: as `call`.
        """
        if work.end is None:
            work.waiter = waiter = self._deadlines.waiter(seconds)
            try:
                await waiter
            except asyncio.CancelledError:
                self.breaker.gave_up()
                self.abandon(work)
                raise
            finally:
                self._deadlines.forget(waiter)
        if work.end is None:
            self.abandon(work)
            raise self.timed_out(operation, seconds)
        answer, error = work.end
        if error is not None:
            raise self._failed(operation, error)
        self.breaker.succeeded()
        return answer

    def timed_out(self, operation: str, seconds: float) -> AdapterFault:
        """Tell the breaker of a call that took too long, and give the fault to raise."""
        self.breaker.failed(self._monotonic(), Code.ADAPTER_TIMEOUT)
        return self._seen(late(adapter=self._adapter, operation=operation, seconds=seconds), operation, "late")

    def start_task(self, coroutine: Coroutine[Any, Any, Ended]) -> Work:
        """Run a coroutine of the adapter's on this loop; `enter` comes before."""
        work = Work()
        work.task = task = asyncio.get_running_loop().create_task(coroutine)
        task.add_done_callback(partial(self._task_ended, work))
        self._under_way.add(work)
        return work

    def start_thread(self, function: Callable[[], Any]) -> Work:
        """Run a plain function of the adapter's in a thread; `enter` comes before."""
        work = Work()
        deliver = partial(self._ended, work)
        if self._relay is not None:
            self._relay.submit(function, deliver)
        else:
            self._threads.submit(partial(_run, function, deliver, asyncio.get_running_loop()))
        self._under_way.add(work)
        return work

    def abandon(self, work: Work) -> None:
        """Stop waiting for work: a task is cancelled, a thread goes on unheard."""
        if work.task is not None:
            work.task.cancel()

    async def drain(self, seconds: float) -> None:
        """Cancel what is under way and wait for it, at most so long."""
        tasks = [work.task for work in self._under_way if work.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    def _admit(self, operation: str) -> bool:
        """Take a free place; False where one has to be waited for.

        Raises:
            AdapterFault: the breaker is open.
        """
        rest = self.breaker.admit(self._monotonic()) if self.breaker.is_open else None
        if rest is not None:
            fault = resting(adapter=self._adapter, operation=operation, seconds=rest, code=self.breaker.last_code)
            raise self._seen(fault, operation, "resting")
        if not self._free:
            return False
        self._free -= 1
        return True

    async def _queue(self, operation: str) -> None:
        try:
            await self._wait_for_a_place(operation)
        except BaseException:
            self.breaker.gave_up()
            raise

    async def _wait_for_a_place(self, operation: str) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            if await done_within(turn, self._wait_seconds):
                return
        except BaseException:
            if turn.done():  # the place came and nobody is left to use it
                self._give_back()
            raise
        finally:
            if not turn.done():
                self._waiting.remove(turn)
        raise self._seen(busy(adapter=self._adapter, operation=operation, places=self._places), operation, "busy")

    def _task_ended(self, work: Work, task: asyncio.Task[Ended]) -> None:
        # An adapter may cancel its own task: that cancels nobody who called.
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        self._ended(work, task.result() if error is None else (None, error))

    def _ended(self, work: Work, end: Ended) -> None:
        """Give its place back, which it kept until now, and wake who waits for it."""
        work.end = end
        self._under_way.discard(work)
        self._give_back()
        waiter = work.waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _failed(self, operation: str, error: BaseException) -> AdapterFault:
        """Tell the breaker of a call that ended by an exception, and give the fault to raise."""
        judged = judge(error, adapter=self._adapter, operation=operation)
        if judged.counts:
            self.breaker.failed(self._monotonic(), judged.fault.code)
        else:
            self.breaker.succeeded()
        return self._seen(judged.fault, operation, judged.cause)

    def _give_back(self) -> None:
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._free += 1

    def _seen(self, fault: AdapterFault, operation: str, cause: str) -> AdapterFault:
        self._report(FaultSeen(self._adapter, operation, fault.code, cause))
        return fault


@lru_cache(maxsize=64)
def _is_async(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function)


async def ended(method: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> Ended:
    """Await an adapter's async method, giving what it raised as a value.

    Its own SystemExit or KeyboardInterrupt would end the event loop and so the daemon.
    """
    try:
        return await method(*args), None
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001  see above
        return None, error


async def done_within(work: asyncio.Future[Any], seconds: float) -> bool:
    """Wait until it is done or the seconds have gone, without touching it. `asyncio.wait` costs half as much again."""
    if work.done():
        return True
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[None] = loop.create_future()

    def wake(_: object = None) -> None:
        if not waiter.done():
            waiter.set_result(None)

    timer = loop.call_later(seconds, wake)
    work.add_done_callback(wake)
    try:
        await waiter
    finally:
        timer.cancel()
        work.remove_done_callback(wake)
    return work.done()


def _run(function: Callable[[], Any], deliver: Callable[[Ended], None], loop: asyncio.AbstractEventLoop) -> None:
    """Run in a thread, and hand what becomes of it to `deliver`, on the event loop."""
    end: Ended
    try:
        end = (function(), None)
    except BaseException as error:  # noqa: BLE001  an adapter's sys.exit() is a fault of the adapter
        end = (None, error)
    with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
        loop.call_soon_threadsafe(deliver, end)

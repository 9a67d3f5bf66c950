"""Around a vendor's adapter: time limits, places, a breaker, threads for plain methods, and checks of every answer.

The guarded halves are the ports through which the roles reach the vendor (`core.ports.GuardedSource`, `GuardedSink`):
they raise AdapterFault and nothing else, without a word of the vendor's. A blocking call inside an `async` method of an
adapter holds up the event loop, and nothing here can help that: such methods belong into plain ones.
"""

import asyncio
import contextlib
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

from connector.contract.adapter import Adapter, Sink, Source
from connector.contract.answers import AnswerChecks
from connector.contract.breaker import Breaker
from connector.contract.faults import FaultReport, FaultSeen, document_fault
from connector.contract.lane import Lane
from connector.contract.relay import Relay
from connector.contract.settings import GuardSettings
from connector.contract.stream import END, Pump
from connector.contract.threads import DaemonThreads
from connector.core.codes import Code
from connector.core.errors import AdapterFault
from connector.core.instant import Instant, day_in_france
from connector.core.matricule import Ins
from connector.core.ports import Clock
from connector.core.records import (
    AdapterHealth,
    Announcement,
    Counts,
    Look,
    ReceivedDocument,
    Remark,
    ToldToWorker,
    Trace,
)

_CONTROL_PLACES = 2
_T = TypeVar("_T")


def guard_source(
    source: Source, settings: GuardSettings, *, name: str, clock: Clock, report: FaultReport | None = None
) -> "SourceGuard":
    """Put the guard around a source. `report` is told of each fault, for counters and logs."""
    return SourceGuard(source, settings, name=name, clock=clock, report=report)


def guard_sink(
    sink: Sink, settings: GuardSettings, *, name: str, clock: Clock, report: FaultReport | None = None
) -> "SinkGuard":
    """Put the guard around a sink. `report` is told of each fault, for counters and logs."""
    return SinkGuard(sink, settings, name=name, clock=clock, report=report)


class _Guard:
    """What both halves share: lanes, start and close, health, and the trace."""

    def __init__(
        self, adapter: Adapter, settings: GuardSettings, *, name: str, clock: Clock, report: FaultReport | None
    ) -> None:
        self._adapter, self._settings, self._name, self._clock = adapter, settings, name, clock
        self._report: FaultReport = report or _tell_nobody
        self._checks = AnswerChecks(name)
        places = settings.question_places + settings.document_places + settings.write_places + _CONTROL_PLACES
        self._threads = DaemonThreads(f"adapter-{name}", places)
        self._questions = self._lane(settings.question_places, Relay(self._threads))
        self._writes = self._lane(settings.write_places)
        self._control = self._lane(_CONTROL_PLACES)
        self._lanes = [self._questions, self._writes, self._control]
        self._is_started = _is_default(adapter, "start")
        self._starting = asyncio.Lock()

    @property
    def name(self) -> str:
        """The adapter's name, as configured."""
        return self._name

    @property
    def under_way(self) -> int:
        """How many calls the adapter is in, those that nobody waits for any more among them."""
        return sum(lane.under_way for lane in self._lanes)

    async def start(self) -> None:
        """Let the adapter open what it keeps open. Any later call does so where this failed or was left out.

        Raises:
            AdapterFault: it could not.
        """
        if self._is_started:
            return
        async with self._starting:
            if not self._is_started:
                await self._control.call("start", self._adapter.start, (), self._settings.start_seconds)
                self._is_started = True

    async def health(self) -> AdapterHealth:
        """Ask how the adapter is; a fault is an answer here too. A breaker that is open makes it not ok."""
        try:
            await self.start()
            answer = await self._control.call("health", self._adapter.health, (), self._settings.health_seconds)
            health = self._checked("health", self._checks.health, answer)
        except AdapterFault as fault:
            return AdapterHealth(ok=False, detail=fault.message)
        for lane in self._lanes:
            if health.ok and lane.breaker.is_open:
                return AdapterHealth(ok=False, detail=f"calls failed in a row ({lane.breaker.last_code}): left alone")
        return health

    async def trace(self, trace: Trace) -> None:
        """Write one access into the DMST.

        Raises:
            AdapterFault: it is not written: try again with the same `trace_id`.
        """
        await self.start()
        await self._writes.call("trace", self._adapter.trace, (trace,), self._settings.trace_seconds)

    async def close(self) -> None:
        """End what is under way and let the adapter close; what hangs is left behind."""
        for lane in self._lanes:
            await lane.drain(self._settings.close_seconds)
        if not _is_default(self._adapter, "close"):
            with contextlib.suppress(AdapterFault):  # reported; there is nothing left to protect
                await self._control.call("close", self._adapter.close, (), self._settings.close_seconds)
        self._threads.close()

    def _lane(self, places: int, relay: Relay | None = None) -> Lane:
        settings = self._settings
        return Lane(
            self._name,
            places=places,
            wait_seconds=settings.wait_seconds,
            breaker=Breaker(failures_to_open=settings.failures_to_open, reopen_seconds=settings.reopen_seconds),
            threads=self._threads,
            monotonic=self._clock.monotonic,
            report=self._report,
            relay=relay,
        )

    def _checked(self, operation: str, check: Callable[[object], _T], answer: object) -> _T:
        try:
            return check(answer)
        except AdapterFault as fault:
            self._report(FaultSeen(self._name, operation, fault.code, "answer"))
            raise


class SourceGuard(_Guard):
    """A guarded source: `core.ports.GuardedSource`, and what the daemon needs of its life."""

    _adapter: Source

    def __init__(
        self, source: Source, settings: GuardSettings, *, name: str, clock: Clock, report: FaultReport | None = None
    ) -> None:
        super().__init__(source, settings, name=name, clock=clock, report=report)
        self._documents = self._lane(settings.document_places)
        self._lanes.append(self._documents)
        self._read_at: Instant | None = None

    @property
    def read_at(self) -> Instant | None:
        """When the software last answered the one question, since this start."""
        return self._read_at

    @property
    def tells_opposition(self) -> bool:
        """Whether the vendor's software keeps oppositions at all."""
        return self._adapter.tells_opposition is True

    async def look(self, ins: Ins) -> Look:
        """Ask the one question.

        Raises:
            AdapterFault: no answer, or one that breaks the contract.
        """
        if not self._is_started:
            await self.start()
        answer = await self._questions.call("look", self._adapter.look, (ins,), self._settings.look_seconds)
        now = self._clock.now()
        try:
            looked = self._checks.look(answer, ins, day_in_france(now))
        except AdapterFault as fault:
            self._report(FaultSeen(self._name, "look", fault.code, "answer"))
            raise
        self._read_at = now
        return looked

    async def document(
        self, announcement: Announcement, *, max_bytes: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Give the document piece by piece, at most `max_bytes` in all (else the setting's).

        Close it (`aclose`) when leaving it early. The time limits count the adapter's time, not the reader's.

        Raises:
            AdapterFault: also `document.too_large`, `document.empty`, `document.changed`.
        """
        await self.start()
        limit = self._settings.max_document_bytes if max_bytes is None else max_bytes
        loop = asyncio.get_running_loop()
        left, size = self._settings.document_seconds, 0
        pump = Pump(self._documents)
        try:
            await pump.start(self._adapter.document, announcement)
            while True:
                asked_at = loop.time()
                piece = await pump.take(max(min(left, self._settings.chunk_seconds), 0))
                left -= loop.time() - asked_at
                if piece is END:
                    break
                checked = self._checked("document", self._checks.piece, piece)
                size += len(checked)
                if size > limit:
                    raise self._no_document(Code.DOCUMENT_TOO_LARGE, "a larger one", f"{limit} bytes at most")
                if checked:
                    yield checked
            if not size:
                raise self._no_document(Code.DOCUMENT_EMPTY, "no byte", "a document")
        finally:
            pump.stop()

    async def counts(self) -> Counts | None:
        """Count the workers, None where the software cannot tell.

        Raises:
            AdapterFault: no answer, or one that breaks the contract.
        """
        await self.start()
        answer = await self._questions.call("counts", self._adapter.counts, (), self._settings.counts_seconds)
        return self._checked("counts", self._checks.counts, answer)

    async def remarks(self) -> tuple[Remark, ...]:
        """Ask what it says of how it is set up.

        Raises:
            AdapterFault: no answer, or one that breaks the contract.
        """
        await self.start()
        answer = await self._questions.call("remarks", self._adapter.remarks, (), self._settings.counts_seconds)
        return self._checked("remarks", self._checks.remarks, answer)

    def _no_document(self, code: Code, got: str, expected: str) -> AdapterFault:
        self._report(FaultSeen(self._name, "document", code, "answer"))
        return document_fault(code, adapter=self._name, got=got, expected=expected)


class SinkGuard(_Guard):
    """A guarded sink: `core.ports.GuardedSink`, and what the daemon needs of its life."""

    _adapter: Sink

    async def file(self, document: ReceivedDocument, content: AsyncIterator[bytes]) -> str:
        """File a document; gives the vendor's reference.

        Raises:
            AdapterFault: it is not filed, or nobody knows: the same document may be filed again.
            Exception: what reading `content` raised, which is the caller's own.
        """
        await self.start()
        reading = _Reading(content)
        given: Any = reading
        if not inspect.iscoroutinefunction(self._adapter.file):
            given = _InThread(reading, asyncio.get_running_loop())
        try:
            answer = await self._writes.call("file", self._adapter.file, (document, given), self._settings.file_seconds)
        except AdapterFault:
            if reading.error is not None:
                raise reading.error from None
            raise
        finally:
            reading.is_over = True
        return self._checked("file", self._checks.reference, answer)

    async def told(self, told: ToldToWorker) -> None:
        """Record what the worker was told and said.

        Raises:
            AdapterFault: it is not recorded.
        """
        await self.start()
        await self._writes.call("told", self._adapter.told, (told,), self._settings.trace_seconds)


class _Reading:
    """The content that a sink reads: it ends with the call, and its own failure is remembered as ours."""

    def __init__(self, content: AsyncIterator[bytes]) -> None:
        self._content = content
        self.error: Exception | None = None
        self.is_over = False

    def __aiter__(self) -> "_Reading":
        return self

    async def __anext__(self) -> bytes:
        if self.is_over:
            msg = "the call for which this document was open is over"
            raise RuntimeError(msg)
        try:
            return await self._content.__anext__()
        except StopAsyncIteration:
            raise
        except Exception as error:
            self.error = error
            raise


class _InThread:
    """The same content for a plain method: each piece is read on the loop and awaited in the sink's thread."""

    def __init__(self, reading: _Reading, loop: asyncio.AbstractEventLoop) -> None:
        self._reading, self._loop = reading, loop

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
        if piece is None:
            raise StopIteration
        return piece

    async def _next(self) -> bytes | None:
        try:
            return await self._reading.__anext__()
        except StopAsyncIteration:
            return None


def _is_default(adapter: Adapter, method: str) -> bool:
    return getattr(type(adapter), method, None) is getattr(Adapter, method)


def _tell_nobody(_: FaultSeen) -> None:
    """Count nothing: for tests and tools without counters."""

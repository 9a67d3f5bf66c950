"""`python -m connector.contract.child`: one adapter in a process of its own, which knows no key and no peer.

The first frame names the adapter, its options and its limits; the answer is what it is, or why it cannot be had. Then
come the operations of the contract, each with the number of its call; several are under way at once. The adapter is
asked through the same guard as in the daemon: threads for plain methods, checks of every answer. Its time limits are
the daemon's, which calls off what takes too long; here they are twice as long, so that the daemon always speaks first.
"""

import asyncio
import contextlib
import resource
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from connector.child_process import Limits, settle
from connector.contract import wire_values as values
from connector.contract.adapter import AdapterContext
from connector.contract.discovery import (
    load_sink,
    load_source,
    sink_option_faults,
    source_option_faults,
)
from connector.contract.faults import FaultSeen
from connector.contract.frames import AHEAD, BODY_BYTES, Frames, Header, Parser, encode
from connector.contract.guard import SinkGuard, SourceGuard, guard_sink, guard_source
from connector.contract.refusals import refusal, write_fault
from connector.contract.settings import GuardSettings
from connector.core.codes import Code
from connector.core.errors import AdapterFault, ConfigFault
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.network import Proxies
from connector.core.oid import Environment

_NEVER: Final = 1_000_000_000
_EX_PROTOCOL: Final = 76
_cause: ContextVar[list[str]] = ContextVar("cause")


class GivenClock:
    """The daemon's clock, as it last told the time, carried on by this process's own monotonic one."""

    def __init__(self, now: int) -> None:
        self.set(now)

    def set(self, now: int) -> None:
        """Take the daemon's time over."""
        self._now, self._at = now, time.monotonic()

    def now(self) -> Instant:
        """The time there."""
        return Instant(self._now + int(time.monotonic() - self._at))

    def monotonic(self) -> float:
        """Seconds for deadlines."""
        return time.monotonic()


def main() -> None:
    """Take the first frame, load the adapter, and serve until the daemon closes its end."""
    sock = settle(Limits())
    order = _first_frame(sock)
    if order.get("check"):
        sock.sendall(encode(_checked(order)))
        return
    _limit(order)
    clock = GivenClock(int(order["now"]))
    try:
        guard, hello = _load(order, clock)
    except ConfigFault as fault:
        sock.sendall(encode(refusal(fault)))
        return
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(sock, guard, clock, hello))
    # Threads of an adapter that hang are daemon threads; its own may not be, and nobody waits for them.
    sys.stdout.flush()


def _first_frame(sock: socket.socket) -> Header:
    parser = Parser()
    while data := sock.recv(65_536):
        frames = parser.feed(data)
        if frames:
            return frames[0][0]
    sys.exit(_EX_PROTOCOL)


def _limit(order: Header) -> None:
    if (memory := order.get("memory_bytes")) is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _checked(order: Header) -> Header:
    faults = source_option_faults if order["half"] == "source" else sink_option_faults
    try:
        found = faults(order["name"], order["options"])
    except ConfigFault as fault:
        return refusal(fault)
    return {"option_faults": [[list(one.path), write_fault(one.fault)] for one in found]}


def _load(order: Header, clock: GivenClock) -> tuple[SourceGuard | SinkGuard, Header]:
    context = AdapterContext(
        member=MemberId(order["member"]),
        environment=Environment(order["environment"]),
        config_directory=Path(order["config_directory"]),
        data_directory=Path(order["data_directory"]),
        now=clock.now,
        proxies=Proxies(tuple((str(pattern), str(url)) for pattern, url in order["proxies"])),
    )
    given = GuardSettings(**order["guard"])
    settings = replace(
        given,
        **{name: getattr(given, name) * 2 + 1 for name in asdict(given) if name.endswith("_seconds")},
        failures_to_open=_NEVER,
    )
    name, options = order["name"], order["options"]
    if order["half"] == "source":
        source, info = load_source(name, options, context)
        guard: SourceGuard | SinkGuard = guard_source(source, settings, name=name, clock=clock, report=_heard)
        tells = source.tells_opposition is True
    else:
        sink, info = load_sink(name, options, context)
        guard = guard_sink(sink, settings, name=name, clock=clock, report=_heard)
        tells = False
    return guard, {"hello": values.write_info(info), "tells_opposition": tells}


def _heard(fault: FaultSeen) -> None:
    """Note why the call of this task failed: the daemon counts by that word."""
    heard = _cause.get(None)
    if heard is not None:
        heard.append(fault.cause)


class _Call:
    """One operation under way: its task, what it may send ahead, and what comes to it."""

    def __init__(self) -> None:
        self.credit = asyncio.Semaphore(0)
        self.pieces: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self.task: asyncio.Task[None] | None = None


class _Server:
    """The operations of one adapter for one daemon."""

    def __init__(self, guard: SourceGuard | SinkGuard, clock: GivenClock) -> None:
        self._guard, self._clock = guard, clock
        self._calls: dict[int, _Call] = {}
        self.frames: Frames | None = None
        self.is_over = asyncio.Event()

    def on_frame(self, header: Header, body: bytes) -> None:
        """Begin an operation, or pass on what belongs to one."""
        number = header.get("i")
        if not isinstance(number, int):
            return
        if "op" in header:
            self._clock.set(header["now"])
            call = self._calls[number] = _Call()
            call.task = asyncio.get_running_loop().create_task(self._run(number, call, header))
            return
        call_of = self._calls.get(number)
        if "cancel" in header:
            self._cancel(number, call_of)
        elif call_of is not None:
            if "more" in header:
                call_of.credit.release()
            elif "end" in header:
                call_of.pieces.put_nowait(None)
            elif "broke" in header:
                call_of.pieces.put_nowait(RuntimeError("the daemon could not read the document on"))
            else:
                call_of.pieces.put_nowait(body)

    def on_end(self) -> None:
        """The daemon has gone, or wants nothing more."""
        self.is_over.set()

    def _cancel(self, number: int, call: _Call | None) -> None:
        if call is not None and call.task is not None:
            call.task.cancel()
        else:
            self._tell({"i": number, "given_up": True, "stuck": self._stuck()})

    def _stuck(self) -> int:
        """Count the calls that nobody waits for any more and that have not ended: they hold a thread each."""
        return max(0, self._guard.under_way - len(self._calls))

    async def _run(self, number: int, call: _Call, header: Header) -> None:
        heard: list[str] = []
        _cause.set(heard)
        answer: Header
        try:
            answer = {"i": number, "v": await self._do(number, call, header)}
        except asyncio.CancelledError:
            self._calls.pop(number, None)
            answer = {"i": number, "given_up": True, "stuck": self._stuck()}
        except AdapterFault as fault:
            cause = heard[-1] if heard else ""
            answer = {"i": number, "fault": [fault.code.value, fault.message, fault.hint, cause]}
        except Exception as error:  # noqa: BLE001 - a bug of ours here must not leave the daemon waiting
            answer = {"i": number, "fault": [Code.ADAPTER_FAILED.value, "", "", type(error).__name__]}
        self._calls.pop(number, None)
        self._tell(answer)

    async def _do(self, number: int, call: _Call, header: Header) -> Any:  # noqa: ANN401 - any JSON
        guard, operation, given = self._guard, header["op"], header.get("v")
        match operation:
            case "start":
                await guard.start()
            case "close":
                await guard.close()
            case "health":
                return values.HEALTH.to_json(await guard.health())
            case "trace":
                await guard.trace(values.TRACE.from_json(given))
            case "look" if isinstance(guard, SourceGuard):
                return values.LOOK.to_json(await guard.look(values.INS.from_json(given)))
            case "counts" if isinstance(guard, SourceGuard):
                counts = await guard.counts()
                return None if counts is None else values.COUNTS.to_json(counts)
            case "remarks" if isinstance(guard, SourceGuard):
                return [values.REMARK.to_json(remark) for remark in await guard.remarks()]
            case "document" if isinstance(guard, SourceGuard):
                await self._document(number, call, guard, given)
            case "told" if isinstance(guard, SinkGuard):
                await guard.told(values.TOLD.from_json(given))
            case "file" if isinstance(guard, SinkGuard):
                return await guard.file(values.RECEIVED.from_json(given), self._content(number, call))
            case _:
                msg = "an operation that this half does not have"
                raise RuntimeError(msg)
        return None

    async def _document(self, number: int, call: _Call, guard: SourceGuard, given: Any) -> None:  # noqa: ANN401
        for _ in range(AHEAD):
            call.credit.release()
        pieces = guard.document(values.ANNOUNCEMENT.from_json(given))
        try:
            async for piece in pieces:
                for at in range(0, len(piece), BODY_BYTES):
                    await call.credit.acquire()
                    self._tell({"i": number}, memoryview(piece)[at : at + BODY_BYTES])
        finally:
            await pieces.aclose()

    async def _content(self, number: int, call: _Call) -> AsyncIterator[bytes]:
        """Give the pieces of a document to be filed, as the daemon sends them."""
        for _ in range(AHEAD):
            self._tell({"i": number, "more": True})
        while (piece := await call.pieces.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            yield piece
            self._tell({"i": number, "more": True})

    def _tell(self, header: Header, body: bytes | memoryview = b"") -> None:
        if self.frames is not None:
            self.frames.send(header, body)


async def _serve(sock: socket.socket, guard: SourceGuard | SinkGuard, clock: GivenClock, hello: Header) -> None:
    server = _Server(guard, clock)
    server.frames = await Frames.on(sock, server.on_frame, server.on_end)
    server.frames.send(hello)
    await server.is_over.wait()


if __name__ == "__main__":
    main()

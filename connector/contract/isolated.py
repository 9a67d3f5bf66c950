"""The daemon's end of an adapter in a process of its own: a source and a sink that pass every call on.

They are adapters like any other: the guard stands in front of them, with its time limits, places, breaker and checks.
The vendor's code is never imported here. When the process ends, whatever was under way fails, and the next call starts
it again, after a pause that grows with deaths in a row; one that hangs is replaced.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from connector.contract import wire_values as values
from connector.contract.adapter import AdapterContext, Sink, Source
from connector.contract.discovery import AdapterInfo
from connector.contract.process import Call, Process
from connector.contract.settings import GuardSettings, ProcessSettings
from connector.core.matricule import Ins
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

_CLOSE_SECONDS: Final = 4.0


async def open_source(
    name: str,
    options: Mapping[str, Any],
    context: AdapterContext,
    *,
    guard: GuardSettings,
    process: ProcessSettings,
) -> tuple["IsolatedSource", AdapterInfo]:
    """Start a source in its process, and wait until it is made.

    Raises:
        ConfigFault: as `discovery.load_source`; or its process ended or said nothing while it was being made.
    """
    running = Process("source", name, options, context, guard, process)
    info = await running.open()
    return IsolatedSource(running), info


async def open_sink(
    name: str,
    options: Mapping[str, Any],
    context: AdapterContext,
    *,
    guard: GuardSettings,
    process: ProcessSettings,
) -> tuple["IsolatedSink", AdapterInfo]:
    """Start a sink in its process, as `open_source`.

    Raises:
        ConfigFault: as `open_source`.
    """
    running = Process("sink", name, options, context, guard, process)
    info = await running.open()
    return IsolatedSink(running), info


class _Isolated:
    """What both halves pass on."""

    contract_version = 1

    def __init__(self, process: Process) -> None:
        self.process = process

    async def start(self) -> None:
        """Have it open what it keeps open."""
        await self.process.call("start")

    async def close(self) -> None:
        """Have it close, and end its process, whether it did or not."""
        with contextlib.suppress(Exception):  # nothing is asked of it any more
            async with asyncio.timeout(_CLOSE_SECONDS):
                if self.process.is_running:
                    await self.process.call("close")
        await self.process.end()

    async def health(self) -> AdapterHealth:
        """Ask how it is."""
        answer: AdapterHealth = values.read(values.HEALTH, await self.process.call("health"))
        return answer

    async def trace(self, trace: Trace) -> None:
        """Pass an access on."""
        await self.process.call("trace", values.TRACE.to_json(trace))


class IsolatedSource(_Isolated, Source):
    """A source elsewhere."""

    def __init__(self, process: Process) -> None:
        super().__init__(process)
        self.tells_opposition = process.tells_opposition

    async def look(self, ins: Ins) -> Look:
        """Pass the one question on."""
        answer: Look = values.read(values.LOOK, await self.process.call("look", values.INS.to_json(ins)))
        return answer

    async def document(self, announcement: Announcement) -> AsyncIterator[bytes]:
        """Pass its pieces on; it is held back while nobody takes them."""
        async with self.process.calling("document", values.ANNOUNCEMENT.to_json(announcement)) as call:
            while (piece := await call.piece()) is not None:
                yield piece

    async def counts(self) -> Counts | None:
        """Ask for the counts."""
        answer = await self.process.call("counts")
        return None if answer is None else values.read(values.COUNTS, answer)

    async def remarks(self) -> list[Remark]:
        """Ask what it says of how it is set up; the guard refuses what is none."""
        answer = await self.process.call("remarks")
        return [values.read(values.REMARK, one) for one in answer] if isinstance(answer, list) else [answer]


class IsolatedSink(_Isolated, Sink):
    """A sink elsewhere."""

    async def file(self, document: ReceivedDocument, content: AsyncIterator[bytes]) -> str:
        """Send a document over, piece by piece, as it is asked for."""
        async with self.process.calling("file", values.RECEIVED.to_json(document)) as call:
            sending = asyncio.ensure_future(_send(call, content))
            try:
                answer: str = await call.result()
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
            return answer

    async def told(self, told: ToldToWorker) -> None:
        """Pass on what the worker was told."""
        await self.process.call("told", values.TOLD.to_json(told))


async def _send(call: Call, content: AsyncIterator[bytes]) -> None:
    """Give the pieces of a document; what breaks it off is the guard's to tell."""
    try:
        async for piece in content:
            await call.give(piece)
        call.say({"end": True})
    except Exception:  # noqa: BLE001 - the guard that reads `content` has kept it
        call.say({"broke": True})

"""The records of a vendor that serves the contract over HTTP. All methods are async: nothing here touches a disk."""

from collections.abc import AsyncIterator
from typing import ClassVar

from connector.contract import (
    AdapterContext,
    AdapterError,
    AdapterHealth,
    AdapterOptions,
    Announcement,
    Counts,
    Ins,
    Look,
    Problem,
    Source,
    Trace,
)
from spsti_adapter_http.documents import stream
from spsti_adapter_http.forms import CountsForm, LookForm, counts_of, ins_json, look_of, parsed
from spsti_adapter_http.half import Half
from spsti_adapter_http.options import HttpOptions


class HttpSource(Source):
    """Asks `/look`, `/documents`, `/traces`, `/health` and `/counts`."""

    contract_version = 1
    Options: ClassVar[type[AdapterOptions]] = HttpOptions

    def __init__(self, options: HttpOptions, context: AdapterContext) -> None:
        self.tells_opposition = options.tells_opposition
        self._half = Half(options, context)

    async def start(self) -> None:
        """Read the keys."""
        await self._half.start()

    async def look(self, ins: Ins) -> Look:
        """Ask the one question; the INS is in the body."""
        answer = await self._half.exchange.ask("POST", "/look", {"ins": ins_json(ins)})
        return look_of(parsed(LookForm, answer), ins)

    async def document(self, announcement: Announcement) -> AsyncIterator[bytes]:
        """Stream the document of that reference and version."""
        async for piece in stream(self._half.exchange, announcement):
            yield piece

    async def trace(self, trace: Trace) -> None:
        """Hand over one access."""
        await self._half.trace(trace)

    async def health(self) -> AdapterHealth:
        """Ask the vendor's side."""
        return await self._half.health()

    async def counts(self) -> Counts | None:
        """Ask for the counts; a vendor's side may leave the route out."""
        try:
            return counts_of(parsed(CountsForm, await self._half.exchange.ask("GET", "/counts")))
        except AdapterError as error:
            if error.problem is Problem.NOT_SUPPORTED or "status 404" in error.args:
                return None
            raise

    async def close(self) -> None:
        """Close the connections."""
        await self._half.close()

"""Delivers to a vendor that serves the contract over HTTP: what it is first, then the bytes, so that both stream."""

from collections.abc import AsyncIterator
from typing import ClassVar

from connector.contract import (
    AdapterContext,
    AdapterError,
    AdapterHealth,
    AdapterOptions,
    Problem,
    ReceivedDocument,
    Sink,
    ToldToWorker,
    Trace,
)
from spsti_adapter_http.forms import FilingForm, filing_json, parsed, told_json
from spsti_adapter_http.half import Half
from spsti_adapter_http.options import HttpOptions


class HttpSink(Sink):
    """Asks `/filings`, `/told`, `/traces` and `/health`."""

    contract_version = 1
    Options: ClassVar[type[AdapterOptions]] = HttpOptions

    def __init__(self, options: HttpOptions, context: AdapterContext) -> None:
        self._half = Half(options, context)

    async def start(self) -> None:
        """Read the keys."""
        await self._half.start()

    async def file(self, document: ReceivedDocument, content: AsyncIterator[bytes]) -> str:
        """Announce the document, and put its bytes unless it is filed already."""
        exchange = self._half.exchange
        filing = parsed(FilingForm, await exchange.ask("POST", "/filings", filing_json(document)))
        if filing.reference is None and filing.filing_id is not None:
            answer = await exchange.send(
                f"/filings/{filing.filing_id}/content",
                content,
                size=document.size,
                digest=document.sha256_hex,
                content_type=document.content_type,
            )
            filing = parsed(FilingForm, answer)
        if not filing.reference:
            raise AdapterError(Problem.SCHEMA, "no reference of a filed document")
        return filing.reference

    async def told(self, told: ToldToWorker) -> None:
        """Hand over what the worker was told and said."""
        await self._half.exchange.ask("POST", "/told", told_json(told))

    async def trace(self, trace: Trace) -> None:
        """Hand over one access."""
        await self._half.trace(trace)

    async def health(self) -> AdapterHealth:
        """Ask the vendor's side."""
        return await self._half.health()

    async def close(self) -> None:
        """Close the connections."""
        await self._half.close()

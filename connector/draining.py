"""The end of an HTTP server: what was written reaches whoever reads it, within a limit.

aiohttp forgets a connection once its handler has ended, and a handler ends when its last piece is written: with TLS,
half a megabyte of it may still be in memory where the reader is slow, and would be lost with the process. Both servers,
that of the peers and that of the local side, stop by this.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

_AT_ONCE: Final = 0.001
"""Seconds; to aiohttp, none is for ever."""


class DrainingConnection(RequestHandler):
    """A connection whose end can be waited for."""

    def __init__(self, manager: "DrainingServer", *, loop: asyncio.AbstractEventLoop, **limits: Any) -> None:  # noqa: ANN401 (aiohttp's many)
        super().__init__(manager, loop=loop, **limits)
        self.lost = asyncio.Event()
        """Set once nothing of this connection is left, what was written last included."""

    @property
    def is_sending(self) -> bool:
        """Whether a request is being answered, or an answer not yet with the kernel."""
        transport = self.transport
        return self._request_in_progress or (transport is not None and _unsent(transport) > 0)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell who waits for the end of this connection."""
        super().connection_lost(exc)
        self.lost.set()

    def abort(self) -> None:
        """Close at once, what is under way included: nothing more is sent."""
        transport = self.transport
        if transport is not None:
            transport.abort()


class DrainingServer(web.Server):
    """Makes connections, and ends them: `shutdown` returns once what they were sent is with the kernel."""

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 (aiohttp's signature)
        """Let what is under way end within so many seconds, for ever where None; then close every connection."""
        limit = None if timeout is None else max(timeout, _AT_ONCE)
        sending = [(one, one.transport) for one in self._draining if one.is_sending]
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await super().shutdown(limit)
                for connection, _ in sending:
                    await connection.lost.wait()
        for connection in self._draining:
            connection.abort()
        for connection, transport in sending:
            if transport is not None and not connection.lost.is_set():
                transport.abort()

    @property
    def _draining(self) -> Iterable[DrainingConnection]:
        return cast("Iterable[DrainingConnection]", self.connections)


def _unsent(transport: asyncio.Transport) -> int:
    """Give the bytes that the kernel does not have yet. TLS stands on a second transport, and counts its own only."""
    below = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None)
    return transport.get_write_buffer_size() + (below.get_write_buffer_size() if below is not None else 0)

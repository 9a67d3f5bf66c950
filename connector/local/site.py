"""Where the local side listens: on loopback in clear, beyond it with TLS."""

import asyncio
import socket
import ssl
from pathlib import Path

from aiohttp import web

from connector.core.errors import ConfigFault
from connector.core.faults import reason


def local_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Make the context with which browsers and vendors' software of the service are answered.

    Raises:
        ConfigFault: certificate and key cannot be read, or are no pair.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:  # an SSLError is one too
        why = str(error.reason) if isinstance(error, ssl.SSLError) else reason(error)
        raise ConfigFault.of("local.certificate", reason=why) from None
    return context


LAST_CALL_SECONDS = 0.2
"""On a socket that outlives the daemon, callers that were accepted last get so long to send their request: the next
daemon never sees them."""


class Site:
    """One listening address of a runner."""

    def __init__(self, runner: web.AppRunner, context: ssl.SSLContext | None) -> None:
        self._runner, self._context = runner, context
        self._handed_over: web.SockSite | None = None

    async def start(self, host: str, port: int, listening: socket.socket | None = None) -> int:
        """Listen, on a socket that is bound already where one is given, and give the port.

        Raises:
            OSError: the address cannot be had.
        """
        await self._runner.setup()
        site: web.BaseSite = web.TCPSite(self._runner, host, port, ssl_context=self._context, reuse_address=True)
        if listening is not None:
            site = self._handed_over = web.SockSite(self._runner, listening, ssl_context=self._context)
        await site.start()
        return int(self._runner.addresses[0][1])

    def reload(self, certificate: Path, key: Path) -> None:
        """Show another certificate to those who connect from now on; nothing where this side answers in clear.

        Raises:
            ConfigFault: as `local_context`; the one before stays.
        """
        local_context(certificate, key)
        if self._context is not None:
            self._context.load_cert_chain(certificate, key)

    async def close(self) -> None:
        """Let what is under way end within the runner's limit."""
        if self._handed_over is not None:
            await self._handed_over.stop()
            await asyncio.sleep(LAST_CALL_SECONDS)
        await self._runner.cleanup()

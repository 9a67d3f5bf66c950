"""The web server of a certificate authority, on loopback: it serves the files of a test PKI, or misbehaves."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from spsti_sandbox.ports import HeldPorts


class CrlServer:
    """Serves the CRLs of a folder; `answers` replaces the answer of a path by what a test wants."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.answers: dict[str, object] = {}
        self.asked: list[str] = []
        self._ports = HeldPorts(1)
        (self.port,) = self._ports.numbers

    @property
    def url(self) -> str:
        """Its address, with the slash at the end."""
        return f"http://127.0.0.1:{self.port}/"

    async def start(self) -> None:
        """Listen, on the same port each time."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()

    async def stop(self) -> None:
        """Be down."""
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.lstrip("/")
        self.asked.append(path)
        given = self.answers.get(path)
        if callable(given):
            return await given(request)
        if isinstance(given, int):
            return web.Response(status=given)
        if isinstance(given, str):
            return web.Response(status=302, headers={"Location": given})
        if isinstance(given, bytes):
            return web.Response(body=given)
        file = self.folder / path if self.folder else None
        if file is None or not file.is_file():
            return web.Response(status=404)
        return web.Response(body=file.read_bytes(), content_type="application/pkix-crl")


async def silent(request: web.Request) -> web.StreamResponse:
    """Begin an answer and never end it."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"\x30")
    await asyncio.Event().wait()
    return response


@asynccontextmanager
async def a_crl_server():
    """A server that listens while the context lasts."""
    server = CrlServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()

"""Whoever wants to be told of alerts: an HTTP server on loopback that verifies each signature, or misbehaves."""

import asyncio
import hmac
import json
import ssl
from base64 import b64decode, b64encode
from contextlib import asynccontextmanager
from hashlib import sha256

from aiohttp import web

from spsti_sandbox.ports import HeldPorts

KEY = "whsec_" + b64encode(bytes(range(32))).decode()


class Receiver:
    """Keeps what it was sent. `status` is what it answers; None: it never does."""

    def __init__(self) -> None:
        self.status: int | None = 204
        self.alerts: list[dict] = []
        self.ids: list[str] = []
        self.attempts = 0
        self._ports = HeldPorts(1)
        (self.port,) = self._ports.numbers
        self._heard = asyncio.Condition()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/alerts"

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen, on the same port each time."""
        app = web.Application()
        app.router.add_post("/alerts", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=tls).start()

    async def stop(self) -> None:
        """Be down."""
        await self._runner.cleanup()

    async def until(self, check) -> None:
        """Return once a check of this receiver is true.

        Raises:
            TimeoutError: it is not within 60 s.
        """
        async with asyncio.timeout(60), self._heard:
            await self._heard.wait_for(lambda: check(self))

    async def _take(self, request: web.Request) -> web.Response:
        body, given = await request.read(), request.headers
        signed = f"{given['webhook-id']}.{given['webhook-timestamp']}.".encode() + body
        expected = b64encode(hmac.new(b64decode(KEY.removeprefix("whsec_")), signed, sha256).digest()).decode()
        status = 401 if given["webhook-signature"] != f"v1,{expected}" else self.status
        async with self._heard:
            self.attempts += 1
            self.ids.append(given["webhook-id"])
            if status == 204:
                self.alerts.append(json.loads(body))
            self._heard.notify_all()
        if status is None:
            await asyncio.Event().wait()
        return web.Response(status=status)


@asynccontextmanager
async def a_receiver(tls: ssl.SSLContext | None = None):
    """A receiver that listens while the context lasts."""
    receiver = Receiver()
    await receiver.start(tls)
    try:
        yield receiver
    finally:
        await receiver.stop()

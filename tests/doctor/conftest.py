"""Two services on a members file, of which neither runs, and what may stand between them: real sockets, real TLS."""

import asyncio
import contextlib
import ssl
import time

import pytest

from connector.core.instant import Instant
from connector.doctor.examine import open_patient
from connector.doctor.patient import Patient
from spsti_sandbox.federation import Federation


@pytest.fixture(scope="session")
def services(tmp_path_factory):
    """The services a and b; a is the one that is examined."""
    return Federation.create(tmp_path_factory.mktemp("two"), ("a", "b"), workers=5, directory="file").services


@pytest.fixture
def examined(services):
    """Service a as the doctor has it; `more` is added to its configuration for one test."""
    config = services["a"].config
    before = config.read_text()

    def patient(more: str = "", network: str = "") -> Patient:
        config.write_text(before.replace("[network]\n", f"[network]\n{network}\n") + more)
        found = open_patient(config, Instant(int(time.time())))
        assert isinstance(found, Patient), found
        return found

    yield patient
    config.write_text(before)


class Site:
    """A TLS server that answers every request with a Date, as service b's endpoint does."""

    def __init__(self, context: ssl.SSLContext, date: int | None = None) -> None:
        self._context, self._date = context, date
        self.asked = 0

    async def start(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=self._context)

    async def _serve(self, reader, writer):
        with contextlib.suppress(OSError, EOFError, ssl.SSLError):
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(self._date or time.time()))
            writer.write(f"HTTP/1.1 404 Not Found\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
        writer.close()


def server_side(leaf) -> ssl.SSLContext:
    """A server's context with a leaf of the sandbox's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.cert_pem_path, leaf.key_pem_path)
    return context

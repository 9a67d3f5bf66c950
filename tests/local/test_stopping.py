"""The local side stops: whoever is still reading has the end of what they were sent, within the limit."""

import asyncio
import contextlib
import socket
import ssl

import aiohttp
import pytest
import trustme

from connector.local.server import build_app, build_runner
from connector.local.site import Site
from connector.local.streams import STREAMS
from tests.kit.local_side import House, new_fetch
from tests.kit.local_values import KEY

HOST, SIZE = "127.0.0.1", 1 << 20


class SlowReader:
    """Asks for a document, reads the head of the answer, and no more until it is told to. It blocks: call in a thread.

    The window of its socket is small, so that the server keeps what it does not read.
    """

    def __init__(self, port, context):
        self._sock = socket.socket()
        self._sock.settimeout(60)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._sock.connect((HOST, port))
        self.address = self._sock.getsockname()
        if context is not None:
            self._sock = context.wrap_socket(self._sock, server_hostname=HOST)

    def ask(self, fetch_id):
        call = f"GET /api/v1/fetches/{fetch_id}/document HTTP/1.1\r\nHost: {HOST}\r\n"
        self._sock.sendall(f"{call}Authorization: Bearer {KEY}\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._sock.recv(1)
        assert b"200 OK" in head

    def rest(self):
        """Read to the end, and give how many bytes came."""
        count = 0
        with contextlib.suppress(ConnectionError, ssl.SSLError), self._sock as sock:
            while count < SIZE and (piece := sock.recv(65_536)):
                count += len(piece)
        return count


@pytest.fixture(params=["in clear", "with TLS"])
def contexts(request):
    """The server's context and a client's, None where none is spoken."""
    if request.param == "in clear":
        return None, None
    authority = trustme.CA()
    ours, theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(HOST).configure_cert(ours)
    authority.configure_trust(theirs)
    return ours, theirs


async def reading(house, runner, site, context):
    """Give a reader, and the connection to it: its handler has ended, and most of the document is not sent yet."""
    house.errands.pdf = [bytes(SIZE)]
    port = await site.start(HOST, 0)
    url = f"{'https' if context else 'http'}://{HOST}:{port}/api/v1/fetches"
    call = {"json": new_fetch(), "ssl": context or True, "headers": {"Authorization": f"Bearer {KEY}"}}
    async with aiohttp.ClientSession() as session, session.post(url, **call) as answer:
        fetch_id = (await answer.json())["id"]
    reader = await asyncio.to_thread(SlowReader, port, context)
    (connection,) = await until(lambda: [one for one in runner.server.connections if name_of(one) == reader.address])
    transport = connection.transport
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    transport.set_write_buffer_limits(high=4 * SIZE)
    await asyncio.to_thread(reader.ask, fetch_id)
    await until(lambda: runner.app[STREAMS].open == 0)
    return reader, connection


async def until(look):
    """Turn the loop until it gives something, where nobody tells of it."""
    while not (found := look()):  # noqa: ASYNC110 - see above
        await asyncio.sleep(0)
    return found


def name_of(connection):
    return connection.transport.get_extra_info("peername") if connection.transport else None


def listening(house, context):
    runner = build_runner(build_app(house.ports(), house.settings), house.settings)
    return runner, Site(runner, context)


async def test_the_stop_waits_until_a_slow_reader_has_the_end_of_the_document(contexts):
    house, (ours, theirs) = House(drain_seconds=60.0), contexts
    runner, site = listening(house, ours)
    reader, connection = await reading(house, runner, site, theirs)
    transport = connection.transport

    async def end():
        await site.close()
        if not connection.lost.is_set():
            transport.abort()  # as the end of the process does: what the kernel does not have by now is lost

    ending = asyncio.create_task(end())
    for _ in range(100):  # turns of the loop, which would do for a stop that waits for nobody
        await asyncio.sleep(0)
    came = await asyncio.to_thread(reader.rest)
    await ending

    assert came == SIZE


async def test_a_reader_who_does_not_read_is_cut_off_when_the_limit_is_over(contexts):
    house, (ours, theirs) = House(drain_seconds=0.05), contexts
    runner, site = listening(house, ours)
    reader, connection = await reading(house, runner, site, theirs)

    await site.close()
    await connection.lost.wait()

    assert await asyncio.to_thread(reader.rest) < SIZE

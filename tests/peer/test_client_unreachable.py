"""No way to the holder: no address, a closed port, silence, or a holder that says nothing useful."""

import asyncio
import gzip
import socket

from aiohttp import web

from connector.core.codes import Code
from connector.core.outcome import Outcome
from tests.kit.peer_desk import (
    DEAF,
    IMPATIENT,
    fault_of,
)

# ---------------------------------------------------------------- no way to the holder


async def test_a_host_without_an_address_is_unreachable(desk):
    desk.members.change(desk.member.id, endpoint="https://nowhere.invalid:8443")

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_UNREACHABLE
    assert "nowhere.invalid" in fault.message


async def test_a_closed_port_is_unreachable(desk):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        desk.members.change(desk.member.id, endpoint=f"https://localhost:{taken.getsockname()[1]}")

        fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_UNREACHABLE
    assert "refused" in fault.message.lower()


async def test_a_port_that_takes_connections_and_says_nothing_is_unreachable(desk):
    await desk.use(DEAF)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        desk.members.change(desk.member.id, endpoint=f"https://localhost:{deaf.getsockname()[1]}")

        fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_UNREACHABLE


async def test_a_holder_that_is_connected_and_silent_is_too_slow(desk):
    await desk.lookup()
    await desk.use(IMPATIENT)
    desk.script.hang = True

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_TIMEOUT
    assert "0.3 s" in fault.message


async def test_a_holder_that_hangs_up_is_unreachable(desk):
    desk.script.drop = 3

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_UNREACHABLE
    assert len(desk.holder.paths) == 1


async def test_a_port_that_speaks_another_protocol_misbehaves(desk):
    context = desk.holder.tls.context

    async def babble(reader, writer):
        await reader.read(1)
        writer.write(b"220 welcome to our mail server\r\n\r\n")
        await writer.drain()

    async with await asyncio.start_server(babble, "127.0.0.1", 0, ssl=context) as server:
        desk.members.change(desk.member.id, endpoint=f"https://localhost:{server.sockets[0].getsockname()[1]}")
        fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_MISBEHAVED
    assert "welcome" not in str(fault)


# ---------------------------------------------------------------- too much, and compressed


async def test_a_body_beyond_the_limit_is_refused_by_its_length(desk):
    desk.script.raw = web.Response(body=b" " * 70_000)

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_MISBEHAVED
    assert "65536 bytes" in fault.message


async def test_a_body_without_end_is_refused_while_it_is_read(desk):
    desk.script.endless = True

    fault = await fault_of(desk.lookup())

    assert "longer than 65536 bytes" in fault.message


async def test_a_header_beyond_the_limit_is_refused(desk):
    desk.script.headers = {"X-Long": "x" * 9000}

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_MISBEHAVED
    assert "within our limits" in fault.message


async def test_a_compressed_answer_is_not_unpacked(desk):
    desk.script.raw = web.Response(body=gzip.compress(bytes(10_000_000)), headers={"Content-Encoding": "gzip"})

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_MISBEHAVED
    assert "compressed" in fault.message


async def test_the_next_question_is_answered_after_a_misbehaviour(desk):
    desk.script.endless = True
    await fault_of(desk.lookup())
    desk.script.endless = False

    assert (await desk.lookup()).outcome is Outcome.ANNOUNCED

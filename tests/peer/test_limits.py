"""What HTTP can do to an endpoint: wrong paths, methods, sizes and encodings, slow clients, bugs, and the stop."""

import asyncio
import json
import re
import socket
import ssl
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.core.ledger import EntryType
from connector.peer.tls import client_context
from connector.wire import form
from connector.wire.bearer import authorization
from tests.kit.holder_asserts import (
    NEVER,
    assert_lives_on,
    assert_outcome,
    assert_refused_without_receipt,
    house_notes,
)
from tests.kit.holder_house import LOOKUP_PATH, a_house, a_line
from tests.kit.state import INS, an_id

NOT_SUPPORTED = "request.not_supported"


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/", 404, None),
        ("GET", "/fhir", 404, None),
        ("GET", "/fhir/Patient", 404, None),
        ("POST", "/fhir/DocumentReference/_search/", 404, None),
        ("GET", "/fhir/Binary/" + "0" * 31, 404, None),
        ("GET", "/fhir/Binary/" + "A" * 32, 404, None),
        ("GET", "/fhir/Binary/../metadata", 404, None),
        ("GET", "/ledger/other/checkpoint", 404, None),
        ("GET", "/ledger/heads", 404, None),
        ("GET", LOOKUP_PATH, 405, "POST"),
        ("PUT", LOOKUP_PATH, 405, "POST"),
        ("HEAD", "/fhir/metadata", 405, "GET"),
        ("OPTIONS", "/handovers", 405, "POST"),
        ("DELETE", "/fhir/Binary/" + "0" * 32, 405, "GET"),
        ("PROPFIND", "/fhir/metadata", 405, "GET"),
    ],
)
async def test_a_path_or_method_that_is_not_served_is_refused(house, line, method, path, status, allow):
    line.write(method, path, {})
    if method == "HEAD":
        reply = await line.read_head()
        assert (reply.status, reply.header("Allow")) == (status, allow)
    else:
        reply = await line.read()
        await assert_refused_without_receipt(house, reply, status=status, code=NOT_SUPPORTED)
        assert reply.header("Allow") == allow
    await assert_lives_on(house, line)


async def test_an_ins_in_a_url_is_refused_and_not_repeated(house, line):
    path = f"{LOOKUP_PATH}?patient.identifier={INS.to_token()}"

    reply = await line.send("POST", path, {"Content-Type": form.CONTENT_TYPE}, b"")

    await assert_refused_without_receipt(house, reply, status=400, code=NOT_SUPPORTED)
    await assert_lives_on(house, line)


async def lookup_with(house, line, headers: dict, body: bytes):
    mandate = authorization(house.seal(house.demand()))
    return await line.send(
        "POST", LOOKUP_PATH, {"Authorization": mandate, "Content-Type": form.CONTENT_TYPE} | headers, body
    )


async def test_an_oversized_body_is_refused_by_its_declared_length(house, line):
    reply = await lookup_with(house, line, {}, bytes(65 * 1024))

    await assert_refused_without_receipt(house, reply, status=413, code="request.too_large")
    assert await house.entries() == []
    await assert_lives_on(house, line)


async def test_an_oversized_body_is_refused_while_it_arrives_in_chunks(house, line):
    mandate = authorization(house.seal(house.demand()))
    headers = {"Authorization": mandate, "Content-Type": form.CONTENT_TYPE, "Transfer-Encoding": "chunked"}
    line.write("POST", LOOKUP_PATH, headers)
    chunk = b"4000\r\n" + bytes(0x4000) + b"\r\n"
    line.writer.write(chunk * 5 + b"0\r\n\r\n")

    await assert_refused_without_receipt(house, await line.read(), status=413, code="request.too_large")
    await assert_lives_on(house, line)


async def test_ten_gigabytes_that_are_announced_are_not_waited_for(house, line):
    line.write("POST", LOOKUP_PATH, {"Content-Length": str(10**10)})

    await assert_refused_without_receipt(house, await line.read(), status=413, code="request.too_large")
    async with a_line(house) as again:
        await assert_lives_on(house, again)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "gzip, identity"])
async def test_an_encoded_body_is_refused(house, line, encoding):
    reply = await lookup_with(house, line, {"Content-Encoding": encoding}, form.encode_search(INS))

    await assert_refused_without_receipt(house, reply, status=415, code=NOT_SUPPORTED)
    await assert_lives_on(house, line)


async def test_a_client_that_expects_to_be_told_to_go_on_is_told_no(house, line):
    reply = await lookup_with(house, line, {"Expect": "100-continue"}, form.encode_search(INS))

    await assert_refused_without_receipt(house, reply, status=417, code=NOT_SUPPORTED)
    await assert_lives_on(house, line)


@pytest.mark.parametrize(
    "sent",
    [
        b"NOT HTTP\r\n\r\n",
        b"GET /fhir/metadata HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /fhir/metadata HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /fhir/metadata HTTP/1.1\r\n" + b"X-A: b\r\n" * 500 + b"\r\n",
        b"POST /handovers HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"POST /handovers HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ids=["no http", "header", "long header", "long path", "many headers", "two lengths", "smuggling"],
)
async def test_what_is_not_http_gets_the_one_shape_and_the_end(house, line, sent):
    line.writer.write(sent)

    reply = await line.read()

    assert_outcome(reply, 400, "request.malformed")
    assert await line.is_closed()
    assert ["request.malformed", None, "http"] in house.ears.of("refused")
    async with a_line(house) as again:
        await assert_lives_on(house, again)


@pytest.fixture
async def hasty(tmp_path):
    """A house that waits for nobody."""
    async with a_house(tmp_path, server={"idle_seconds": 0.1, "slow_client_seconds": 2.0}) as house:
        yield house


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.binary(min_size=1, max_size=200), st.sampled_from([b"", b"POST /handovers HTTP/1.1\r\n", b"GET /"]))
async def test_whatever_bytes_are_sent_the_answer_is_an_error_or_the_end(hasty, junk, before):
    got = b""
    async with a_line(hasty) as line:
        with suppress(ConnectionError):  # it hung up first: that is the end
            line.writer.write(before + junk + b"\r\n\r\n")
            got = await line.reader.read()

    assert got == b"" or re.match(rb"HTTP/[0-9]\.[0-9] [45]", got)
    assert hasty.ears.of("bug") == []


async def test_another_version_of_http_is_refused(house, line):
    line.writer.write(b"GET /fhir/metadata HTTP/1.0\r\n\r\n")

    await assert_refused_without_receipt(house, await line.read(), status=505, code=NOT_SUPPORTED)


# ---------------------------------------------------------------- slow clients


async def test_a_body_that_does_not_come_is_left_after_its_time(tmp_path):
    async with a_house(tmp_path, server={"slow_client_seconds": 0.05}) as house, a_line(house) as line:
        line.write("POST", LOOKUP_PATH, {"Content-Length": "100"})

        reply = await line.read()

        await assert_refused_without_receipt(house, reply, status=408, code="request.malformed")
        assert reply.header("Connection") == "close"
        async with a_line(house) as again:
            await assert_lives_on(house, again)


async def test_headers_that_do_not_come_are_left_after_their_time(tmp_path):
    async with a_house(tmp_path, server={"idle_seconds": 0.05}) as house, a_line(house) as line:
        line.writer.write(b"GET /fhir/metadata HTTP/1.1\r\nX-Slow: ")

        assert await line.is_closed()


async def test_a_connection_that_asks_nothing_is_closed(tmp_path):
    async with a_house(tmp_path, server={"idle_seconds": 0.05}) as house, a_line(house) as line:
        assert await line.is_closed()


async def test_a_handshake_that_does_not_come_is_left_after_its_time(tmp_path):
    async with a_house(tmp_path, server={"slow_client_seconds": 0.05}) as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)

        assert await reader.read(1) == b""
        writer.close()


# ---------------------------------------------------------------- the life of a connection


async def test_an_old_connection_is_closed_after_its_answer(house, line):
    assert (await line.lookup()).header("Connection") is None
    house.clock.at += 3601

    reply = await line.lookup()

    assert (reply.status, reply.header("Connection")) == (200, "close")
    assert await line.is_closed()


async def test_requests_may_follow_each_other_without_waiting(house, line):
    for _ in range(3):
        line.write("GET", "/fhir/metadata", {})

    assert [(await line.read()).status for _ in range(3)] == [200, 200, 200]


async def test_a_peer_that_leaves_while_it_is_answered_harms_nobody(house):
    house.vendor.look_gate = asyncio.Event()
    async with a_line(house) as line:
        asked = asyncio.create_task(line.lookup())
        await house.vendor.looks_begun.get()
        asked.cancel()
    house.vendor.look_gate.set()

    async with a_line(house) as again:
        await assert_lives_on(house, again)
    assert house.ears.of("bug") == []


# ---------------------------------------------------------------- bugs


async def test_a_bug_is_answered_with_an_incident_and_nothing_else(house, line):
    house.store.broken = {"answer"}

    reply = await line.lookup()

    text = assert_outcome(reply, 500, None)
    ((incident, error),) = house.ears.of("bug")
    assert incident in text
    assert isinstance(error, RuntimeError)
    assert not [word for word in (*NEVER, "RuntimeError") if word in reply.body.decode()]
    house.store.broken = set()
    await assert_lives_on(house, line)


# ---------------------------------------------------------------- the stop


async def test_what_is_under_way_ends_before_the_stop(house, line):
    house.vendor.look_gate = asyncio.Event()
    asked = asyncio.create_task(line.lookup())
    await house.vendor.looks_begun.get()
    stopping = asyncio.create_task(house.server.close())
    house.vendor.look_gate.set()

    assert (await asked).status == 200
    await stopping
    with pytest.raises(ConnectionRefusedError):
        async with a_line(house):
            pass


async def test_idle_connections_do_not_hold_up_the_stop(house, line):
    await line.lookup()

    await house.server.close()

    assert await line.is_closed()


async def test_what_does_not_end_is_cut_when_the_drain_is_over(tmp_path):
    async with a_house(tmp_path, server={"drain_seconds": 0.05}) as house, a_line(house) as line:
        house.vendor.look_gate = asyncio.Event()
        asked = asyncio.create_task(line.lookup())
        await house.vendor.looks_begun.get()

        await house.server.close()

        with pytest.raises((OSError, EOFError)):
            await asked
        house.vendor.look_gate.set()


async def test_the_stop_waits_until_a_slow_reader_has_the_end_of_a_transfer(house, line):
    """The handler ends when the last piece is written, with that of it which the reader did not take yet in memory."""
    house.vendor.pieces = [b"%PDF-1.7\n", *([bytes(1024 * 1024)] * 24)]
    grant, _ = await line.granted()
    line.ask_document(grant)
    await line.read_head()
    stopping = asyncio.create_task(house.server.close())
    rest = 600_000
    await line.reader.readexactly(grant.document.size - rest)
    while not (ended := await house.entries(type=EntryType.END)):
        pass

    early, _ = await asyncio.wait({stopping}, timeout=0.1)
    await line.reader.readexactly(rest)
    await stopping

    assert early == set()
    assert [entry.outcome for entry in ended] == ["complete"]


async def test_a_transfer_that_the_stop_cuts_is_ended_in_the_ledger(tmp_path):
    async with a_house(tmp_path, server={"drain_seconds": 0.05}) as house, a_line(house) as line:
        house.vendor.pieces = [b"%PDF-1.7\n", *([bytes(1024 * 1024)] * 48)]
        grant, _ = await line.granted()
        line.ask_document(grant)
        await line.read_head()

        await house.server.close()

        assert [e.outcome for e in await house.entries(type=EntryType.END)] == ["aborted"]


async def test_the_endpoint_can_be_handed_a_socket_that_is_bound_already(house):
    await house.server.close()
    listening = socket.create_server(("127.0.0.1", 0))

    house.port = await house.server.start(listening)

    assert house.port == listening.getsockname()[1]
    async with a_line(house) as line:
        await assert_lives_on(house, line)


async def test_a_refusal_is_noted_even_when_the_house_ledger_cannot_be_written(house, line):
    house.store.failing = {"record"}

    reply = await line.send("POST", LOOKUP_PATH, {}, b"")

    await assert_refused_without_receipt(house, reply, status=401, code="mandate.malformed")
    assert house.ears.of("ledger_failed") == [["ledger.unavailable"]]
    house.store.failing = set()
    assert await house_notes(house, EntryType.CONNECTION_REFUSED) == []
    await assert_lives_on(house, line)


async def test_a_tls_1_2_client_is_refused(house):
    context = client_context(house.material(house.leaf, with_crls=False))
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", house.port, ssl=context, server_hostname="localhost")


async def test_no_session_is_resumed(house):
    async with a_line(house) as line:
        await line.lookup()
        tls = line.writer.get_extra_info("ssl_object")

        assert tls.version() == "TLSv1.3"
        assert tls.session is None or not tls.session.has_ticket


async def test_ids_in_paths_do_not_reach_the_logs_as_routes(house, line):
    await line.send("GET", f"/fhir/Binary/{an_id()}", {})

    assert house.ears.of("refused")[-1] == ["mandate.malformed", house.asker.id, "document"]
    assert json.dumps(house.ears.of("bug")) == "[]"

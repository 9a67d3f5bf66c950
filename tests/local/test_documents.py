import asyncio
import contextlib
from base64 import b64encode
from hashlib import sha256

import aiohttp
import pytest
import structlog

from connector.core import b64
from connector.core.codes import Code
from connector.core.errors import FailedClosed, LocalRefused
from connector.core.states import FetchState
from connector.local.streams import STREAMS
from tests.kit.local_side import House, new_fetch
from tests.kit.local_values import KEY, PDF, PHYSICIAN_ID, A
from tests.local.calls import assert_problem

URL = "/api/v1/fetches"


async def created(api, **changes):
    async with api.post(URL, json=new_fetch(**changes)) as answer:
        assert answer.status == 201
        return (await answer.json())["id"]


async def test_the_document_is_shown_in_the_page_and_kept_nowhere(house, api):
    fetch_id = await created(api)
    async with api.get(f"{URL}/{fetch_id}/document") as answer:
        assert await answer.read() == PDF
    name = f"DMST-{A}-2026-05-12.pdf"
    headers = answer.headers
    assert (answer.status, headers["Content-Type"]) == (200, "application/pdf")
    assert headers["Content-Disposition"] == f"inline; filename=\"{name}\"; filename*=UTF-8''{name}"
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert headers["Content-Length"] == str(len(PDF))
    assert headers["Repr-Digest"] == f"sha-256=:{b64encode(sha256(PDF).digest()).decode()}:"
    assert house.errands.opened == [(fetch_id, PHYSICIAN_ID)]


async def test_a_fetch_without_document_has_none_to_read(house, api):
    fetch_id = await created(api, start=False)
    async with api.get(f"{URL}/{fetch_id}/document") as answer:
        await assert_problem(answer, "fetch.no_document")


async def test_a_document_may_be_read_and_filed_by_name(house, api):
    fetch_id, named = await created(api), b64.encode(sha256(PDF).digest())
    async with api.get(f"{URL}/{fetch_id}") as answer:
        assert (await answer.json())["document"]["sha256"] == named
    async with api.get(f"{URL}/{fetch_id}/document?sha256={named}") as answer:
        assert await answer.read() == PDF
    async with api.post(f"{URL}/{fetch_id}/file?sha256={named}") as answer:
        assert (await answer.json())["state"] == "filed"


@pytest.mark.parametrize("call", [("GET", "document"), ("POST", "file")])
async def test_a_document_of_another_name_is_neither_read_nor_filed(house, api, call):
    fetch_id, (method, path) = await created(api), call
    async with api.request(method, f"{URL}/{fetch_id}/{path}?sha256={b64.encode(bytes(32))}") as answer:
        await assert_problem(answer, "document.replaced", 409)
    assert house.errands.opened == []
    assert house.errands.fetches[fetch_id].state is FetchState.READY


@pytest.mark.parametrize("call", [("GET", "document"), ("POST", "file")])
@pytest.mark.parametrize(
    "query",
    [
        "sha256=",
        f"sha256={'a' * 64}",  # hexadecimal
        f"sha256={'A' * 42}B",  # bits left over
        f"sha256={'A' * 43}&sha256={'A' * 43}",
        f"sha265={'A' * 43}",
    ],
)
async def test_a_name_of_another_form_is_refused_and_not_left_out(house, api, call, query):
    fetch_id, (method, path) = await created(api), call
    async with api.request(method, f"{URL}/{fetch_id}/{path}?{query}") as answer:
        await assert_problem(answer, "local.malformed")
    assert house.errands.opened == []
    assert house.errands.fetches[fetch_id].state is FetchState.READY


@pytest.mark.parametrize(
    "error",
    [
        FailedClosed("ledger"),
        FailedClosed("vault", code=Code.VAULT_DAMAGED),
        LocalRefused("not you", code=Code.LOCAL_FORBIDDEN),
        LocalRefused("over", code=Code.FETCH_EXPIRED),
    ],
)
async def test_what_forbids_reading_is_a_problem_and_no_byte(house, api, error):
    fetch_id = await created(api)
    house.errands.faults["read"] = error
    async with api.get(f"{URL}/{fetch_id}/document") as answer:
        await assert_problem(answer, error.code.value)


@pytest.mark.parametrize("error", [FailedClosed("vault", code=Code.VAULT_DAMAGED), RuntimeError("PAT-TROIS")])
async def test_a_document_that_breaks_off_does_not_look_whole(house, api, error):
    fetch_id = await created(api)
    house.errands.pdf = [PDF[:70_000], error]
    with structlog.testing.capture_logs() as logs:
        async with api.get(f"{URL}/{fetch_id}/document") as answer:
            with pytest.raises(aiohttp.ClientError):
                await answer.read()
    assert logs[-1]["event"] in {"local.refused", "bug.caught"}


async def stalled(session, house, address):
    """A reader that asks for a document of 50 MB, reads its headers and then nothing."""
    house.errands.pdf = [bytes(256 * 1024)] * 200
    fetch_id = await created(session)
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    writer.write(
        f"GET {URL}/{fetch_id}/document HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def test_a_slow_reader_holds_no_document_in_memory(house):
    """The pieces are asked for as they are read: with nobody reading, most of them are never asked for."""
    runner, address = await house.serve()
    async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {KEY}"}) as session:
        reader, writer = await stalled(session, house, address)
        before = -1
        while house.errands.given != before:  # as long as the sockets' buffers take more
            before = house.errands.given
            for _ in range(50):
                async with session.get("/health/live") as answer:
                    assert answer.status == 200
        assert 0 < before < 100
        rest = 0
        while piece := await reader.read(1 << 20):
            rest += len(piece)
            if rest == 200 * 256 * 1024:
                break
        assert house.errands.given == 200
        writer.close()
    await runner.cleanup()


async def test_a_reader_that_stalls_is_cut_off():
    house = House(write_seconds=0.05)
    runner, address = await house.serve()
    async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {KEY}"}) as session:
        reader, writer = await stalled(session, house, address)
        while runner.app[STREAMS].open:
            async with session.get("/health/live") as answer:
                assert answer.status == 200
        got = 0
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(1 << 20):
                got += len(piece)
        assert got < 200 * 256 * 1024
        writer.close()
    await runner.cleanup()

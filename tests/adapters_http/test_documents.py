"""Documents over HTTP: streamed, taken up again where the connection broke, never more or another than announced."""

import pytest

from connector.contract import AdapterError, Problem
from tests.adapters_http.vendor import ANNOUNCEMENT, HANGS, PDF, TOLD, http, received

SIZE = len(PDF)
RANGES = ["Accept-Ranges: bytes", 'ETag: "3"']


def whole(**changes):
    return http(200, PDF, **({"kind": "application/pdf", "more": RANGES} | changes))


def cut(at, **changes):
    return http(200, PDF[:at], **({"kind": "application/pdf", "length": len(PDF), "more": RANGES} | changes))


def part(start, *, end=SIZE - 1, size=SIZE, etag='"3"', upto=SIZE):
    more = [f"Content-Range: bytes {start}-{end}/{size}", f"ETag: {etag}"]
    return http(206, PDF[start:upto], kind="application/pdf", length=len(PDF) - start, more=more)


async def read(source):
    return b"".join([piece async for piece in source.document(ANNOUNCEMENT)])


async def problem_of(source):
    with pytest.raises(AdapterError) as raised:
        await read(source)
    return raised.value.problem


async def test_a_document_comes_whole_in_pieces(source, vendor):
    vendor.answers = [whole(more=[])]

    pieces = [piece async for piece in source.document(ANNOUNCEMENT)]

    assert b"".join(pieces) == PDF
    assert max(map(len, pieces)) <= 1024 * 1024
    assert vendor.requests[0].path == "/spsti/v1/documents/8731/3"


async def test_a_broken_stream_is_taken_up_again_where_it_broke(source, vendor):
    vendor.answers = [cut(400_000), part(400_000, upto=700_000), part(700_000)]

    assert await read(source) == PDF
    assert [request.headers.get("range") for request in vendor.requests] == [None, "bytes=400000-", "bytes=700000-"]


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ([cut(1000, more=[])], Problem.UNREACHABLE),
        ([cut(1000)] + [part(1000, upto=1000)] * 4, Problem.UNREACHABLE),
        ([cut(1000), http(404)], Problem.DOCUMENT_GONE),
        ([cut(1000), http(410)], Problem.DOCUMENT_GONE),
        ([cut(1000), part(1000, etag='"4"')], Problem.DOCUMENT_GONE),
        ([cut(1000), part(1000, size=len(PDF) + 1)], Problem.DOCUMENT_GONE),
        ([cut(1000), part(0)], Problem.SCHEMA),
        ([cut(1000), part(1000, end=2000)], Problem.SCHEMA),
        ([cut(1000), whole()], Problem.SCHEMA),
        ([http(206, PDF, kind="application/pdf")], Problem.SCHEMA),
        ([http(404)], Problem.DOCUMENT_GONE),
        ([http(410)], Problem.DOCUMENT_GONE),
        ([http(409, {"problem": "document-gone"})], Problem.DOCUMENT_GONE),
        ([http(422, {"problem": "document-unreadable"})], Problem.DOCUMENT_UNREADABLE),
        ([http(200, b"<html>", kind="text/html")], Problem.DOCUMENT_UNREADABLE),
        ([http(200, PDF, kind="")], Problem.DOCUMENT_UNREADABLE),
        ([http(200, PDF, kind="application/pdf", length=-1)], Problem.SCHEMA),
        ([http(302, more=["Location: /elsewhere.pdf"])], Problem.SCHEMA),
        ([http(401)], Problem.ACCESS_REFUSED),
        ([http(500)], Problem.UNREACHABLE),
        ([b""], Problem.UNREACHABLE),
    ],
)
async def test_what_is_not_the_whole_announced_document_is_a_problem(source, vendor, answers, problem):
    vendor.answers = answers

    assert await problem_of(source) is problem


async def test_a_stream_that_falls_silent_is_given_up(vendor, opened):
    source = await opened(f"http://127.0.0.1:{vendor.port}", silence_seconds=0.2)
    vendor.answers = [HANGS]

    assert await problem_of(source) is Problem.UNREACHABLE


async def test_a_document_left_early_leaves_nothing_behind(source, vendor):
    vendor.answers = [whole(), whole()]
    stream = source.document(ANNOUNCEMENT)
    await anext(stream)
    await stream.aclose()

    assert await read(source) == PDF


# --- as a sink -------------------------------------------------------------------------------------------------------


async def pieces(*content):
    for piece in content:
        yield piece


async def test_a_document_is_announced_and_then_put(sink, vendor):
    vendor.answers = [http(201, {"filing_id": "5f0c"}), http(200, {"reference": "incoming 4711"})]

    assert await sink.file(received(PDF), pieces(PDF[:100], PDF[100:])) == "incoming 4711"
    announced, put = vendor.requests
    assert (announced.method, announced.path) == ("POST", "/spsti/v1/filings")
    assert (put.method, put.path, put.body) == ("PUT", "/spsti/v1/filings/5f0c/content", PDF)
    assert put.headers["content-type"] == "application/pdf"


async def test_a_document_that_is_filed_already_is_not_sent_again(sink, vendor):
    vendor.answers = [http(200, {"reference": "incoming 4711"})]

    assert await sink.file(received(PDF), pieces(PDF)) == "incoming 4711"
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ([http(201, {})], Problem.SCHEMA),
        ([http(201, {"filing_id": "../look"})], Problem.SCHEMA),
        ([http(201, {"filing_id": "5f0c"}), http(200, {})], Problem.SCHEMA),
        ([http(201, {"filing_id": "5f0c"}), http(204)], Problem.SCHEMA),
        ([http(201, {"filing_id": "5f0c"}), http(422)], Problem.DATA),
        ([http(501)], Problem.NOT_SUPPORTED),
        ([http(302, more=["Location: /"])], Problem.SCHEMA),
    ],
)
async def test_a_filing_that_is_none_is_a_problem(sink, vendor, answers, problem):
    vendor.answers = answers

    with pytest.raises(AdapterError) as raised:
        await sink.file(received(PDF), pieces(PDF))
    assert raised.value.problem is problem


async def test_a_reading_that_breaks_sends_no_whole_document(sink, vendor):
    async def broken():
        yield PDF[:100]
        raise ConnectionResetError

    vendor.answers = [http(201, {"filing_id": "5f0c"}), http(200, {"reference": "x"})]

    with pytest.raises((AdapterError, ConnectionResetError)):
        await sink.file(received(PDF), broken())
    assert len(vendor.requests) == 1


async def test_a_place_for_what_was_told_may_be_missing(sink, vendor):
    vendor.answers = [http(501)]

    with pytest.raises(AdapterError) as raised:
        await sink.told(TOLD)
    assert raised.value.problem is Problem.NOT_SUPPORTED

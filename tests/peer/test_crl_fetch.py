"""Fetching a revocation list over real HTTP: what it brings, and every bound that it keeps."""

import pytest

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.peer.crl_fetch import CrlFetchSettings, fetch
from tests.kit.crl_server import a_crl_server, silent


@pytest.fixture
async def server():
    async with a_crl_server() as running:
        yield running


async def refused(url, **limits):
    with pytest.raises(FailedClosed) as caught:
        await fetch(url, CrlFetchSettings(**limits))
    assert caught.value.code == Code.CRL_UNAVAILABLE
    return str(caught.value)


async def test_a_list_is_fetched_as_it_is(server):
    server.answers["a.crl"] = b"\x30\x00"

    assert await fetch(server.url + "a.crl", CrlFetchSettings()) == b"\x30\x00"


async def test_a_redirect_or_two_are_followed(server):
    server.answers |= {"a.crl": "/b.crl", "b.crl": f"{server.url}c.crl", "c.crl": b"list"}

    assert await fetch(server.url + "a.crl", CrlFetchSettings()) == b"list"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (404, "answered with 404"),
        (500, "answered with 500"),
        ("/a.crl", "redirects more than 3 times"),
        ("file:///etc/passwd", "no web address"),
        ("ldap://127.0.0.1/list", "no web address"),
        ("http://someone@127.0.0.1/list", "no web address"),
        (b"x" * 1001, "larger than 1000 bytes"),
    ],
)
async def test_what_is_no_list_within_the_bounds_is_refused(server, answer, said):
    server.answers["a.crl"] = answer

    assert said in await refused(server.url + "a.crl", max_bytes=1000)


async def test_an_answer_that_does_not_end_is_left_after_its_time(server):
    server.answers["a.crl"] = silent

    assert "TimeoutError" in await refused(server.url + "a.crl", seconds=0.2)


async def test_a_server_that_is_down_is_told_by_its_address(server):
    await server.stop()

    assert f"127.0.0.1:{server.port}" in await refused(server.url + "a.crl")


async def test_a_proxy_is_asked_instead_where_one_is_configured(server):
    server.answers["/lists.invalid/a.crl"] = b"list"
    server.answers["a.crl"] = b"by the proxy"

    got = await fetch("http://lists.invalid/a.crl", CrlFetchSettings(proxy=server.url.rstrip("/")))

    assert got == b"by the proxy"

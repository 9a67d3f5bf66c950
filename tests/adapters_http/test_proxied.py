"""The vendor's side behind a forward proxy of `[network]`: asked by CONNECT, mutual TLS goes through it unread."""

import asyncio
import ssl
from dataclasses import replace

import pytest

from connector.contract import AdapterError, Problem
from connector.core.network import Proxies
from spsti_adapter_http import HttpSource
from tests.adapters_http.vendor import ANNOUNCEMENT, INS, LOOK, PDF, Vendor, context, http
from tests.kit.forward_proxy import ForwardProxy

MTLS = {"ca": "ca.pem", "certificate": "connector.pem", "key": "connector.key"}


@pytest.fixture
async def secured(keys):
    """A scripted vendor that demands the connector's certificate."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(keys / "server.pem", keys / "server.key")
    tls.load_verify_locations(keys / "ca.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    vendor = Vendor()
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0, ssl=tls)
    vendor.port = server.sockets[0].getsockname()[1]
    yield vendor
    server.close()


@pytest.fixture
async def behind(keys):
    """Open a source whose way to 127.0.0.1 leads by a proxy; all is closed at the end."""
    closing = []

    async def make(port, proxy, pattern="127.0.0.1", scheme="https", **options):
        server = await proxy.start()
        rules = Proxies(((pattern, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"),))
        given = HttpSource.Options(url=f"{scheme}://127.0.0.1:{port}/spsti/v1", **options)
        source = HttpSource(given, replace(context(keys), proxies=rules))
        closing.extend((source.close, server))
        await source.start()
        return source, server

    yield make
    for close, server in zip(closing[::2], closing[1::2], strict=True):
        await close()
        server.close()


async def test_questions_and_documents_go_by_the_proxy_that_leads_there(secured, behind):
    proxy = ForwardProxy()
    source, _ = await behind(secured.port, proxy, **MTLS)
    secured.answers = [http(200, LOOK), http(200, PDF, kind="application/pdf")]

    assert (await source.look(INS)).announcement is not None
    assert b"".join([piece async for piece in source.document(ANNOUNCEMENT)]) == PDF
    assert set(proxy.led_to) == {f"127.0.0.1:{secured.port}"}


async def test_a_host_that_no_rule_fits_is_asked_straight(secured, behind):
    proxy = ForwardProxy()
    source, _ = await behind(secured.port, proxy, pattern="*.ans.fr", **MTLS)
    secured.answers = [http(200, LOOK)]

    assert await source.look(INS)
    assert proxy.led_to == []


async def test_what_has_no_tls_never_leaves_the_machine_by_a_proxy(vendor, behind):
    proxy = ForwardProxy()
    source, _ = await behind(vendor.port, proxy, "*", "http", bearer={"key": "bearer.key", "kid": "1"})
    vendor.answers = [http(200, LOOK)]

    assert await source.look(INS)
    assert proxy.led_to == []


async def test_a_proxy_that_does_not_lead_there_is_an_unreachable_vendor_with_its_cause(secured, behind):
    source, _ = await behind(secured.port, ForwardProxy(refuses=True), **MTLS)

    with pytest.raises(AdapterError) as raised:
        await source.look(INS)

    assert raised.value.problem is Problem.UNREACHABLE
    assert "the proxy of [network] does not lead there" in (await source.health()).detail
    assert secured.requests == []


async def test_a_proxy_that_is_down_is_told_apart_from_a_vendor_that_is(secured, behind):
    source, server = await behind(secured.port, ForwardProxy(), **MTLS)
    server.close()
    await server.wait_closed()

    assert "no connection to the proxy of [network]" in (await source.health()).detail


async def test_a_proxy_that_inspects_tls_reads_nothing(secured, behind):
    source, _ = await behind(secured.port, ForwardProxy(inspects=True), **MTLS)

    health = await source.health()

    assert not health.ok
    assert "certificate is not one that ca vouches for" in health.detail
    assert secured.requests == []

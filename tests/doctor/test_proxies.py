"""`[network]` proxies: each client goes by the proxy of its destination, and straight where no rule fits."""

import asyncio
import ssl

import pytest
import trustme
from aiohttp import web

from connector.config.model import NetworkSection
from connector.config.network import proxies
from connector.core.errors import FailedClosed
from connector.core.network import STRAIGHT, Proxies
from connector.directory.fetch import HttpFetcher, Source
from connector.directory.refusal import DirectoryRefused
from connector.insi import tunnel
from connector.local.sign_in.oidc_http import ProviderHttp
from connector.peer.crl_fetch import CrlFetchSettings, fetch
from tests.kit.forward_proxy import ForwardProxy


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("annuaire.ans.fr", "http://first:1"),
        ("ANNUAIRE.ANS.FR.", "http://first:1"),
        ("ans.fr", "http://second:2"),
        ("insi.example", "http://second:2"),
        ("spsti-lyon.example.org", None),
        ("", None),
        (None, None),
    ],
)
def test_the_first_rule_that_fits_leads_and_without_one_the_way_is_straight(host, url):
    found = NetworkSection.model_validate(
        {
            "proxies": [
                {"url": "http://first:1/", "hosts": ["*.ans.fr"]},
                {"url": "http://second:2", "hosts": ["ans.fr", "insi.example"]},
                {"url": "http://third:3", "hosts": ["insi.*"]},
            ]
        }
    )

    assert proxies(found).of(host) == url
    assert STRAIGHT.of(host) is None


@pytest.mark.parametrize(
    "section",
    [
        {"proxies": [{"url": "https://proxy:3128", "hosts": ["*"]}]},
        {"proxies": [{"url": "http://proxy", "hosts": ["*"]}]},
        {"proxies": [{"url": "http://me:secret@proxy:3128", "hosts": ["*"]}]},
        {"proxies": [{"url": "http://proxy:3128/path", "hosts": ["*"]}]},
        {"proxies": [{"url": "http://proxy:3128", "hosts": []}]},
        {"proxies": [{"url": "http://proxy:3128", "hosts": ["a b"]}]},
        {"announced": "http://spsti.example"},
        {"proxy": "http://proxy:3128"},
    ],
)
def test_a_section_that_cannot_be_is_refused(section):
    with pytest.raises(ValueError, match="validation error") as caught:
        NetworkSection.model_validate(section)
    assert "secret" not in str(caught.value)


@pytest.fixture
async def proxy():
    """A CONNECT proxy that notes where it led."""
    made = ForwardProxy()
    server = await made.start()
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    made.rules = Proxies((("127.0.0.1", made.url), ("localhost", made.url)))
    yield made
    server.close()


@pytest.fixture
async def site():
    """An HTTPS server, its port and its authority."""
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    trusts = ssl.create_default_context()
    ca.configure_trust(trusts)
    app = web.Application()

    async def answer(request):
        return web.json_response({"seen": request.path})

    app.router.add_get("/{any:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    listening = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await listening.start()
    yield runner.addresses[0][1], trusts
    await runner.cleanup()


async def test_copies_of_the_directory_are_asked_by_their_proxy(proxy, site):
    port, trusts = site
    source = Source("x", f"https://localhost:{port}/dir/", trusts, proxy.url)
    fetcher = HttpFetcher(source)

    assert await asyncio.to_thread(fetcher.get, "a.json", 1000) == b'{"seen": "/dir/a.json"}'
    fetcher.close()
    assert proxy.led_to == [f"localhost:{port}"]


async def test_a_proxy_that_is_dead_or_refuses_is_a_copy_that_cannot_be_had(site):
    port, trusts = site
    refusing = ForwardProxy(refuses=True)
    server = await refusing.start()
    for url in (f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "http://127.0.0.1:1"):
        fetcher = HttpFetcher(Source("x", f"https://localhost:{port}/", trusts, url))
        with pytest.raises(DirectoryRefused):
            await asyncio.to_thread(fetcher.get, "a.json", 1000)
        with pytest.raises(OSError, match="."):
            await asyncio.to_thread(tunnel.connect, "localhost", port, url, 5.0)
    server.close()


async def test_insi_is_called_through_the_tunnel(proxy, site):
    port, trusts = site

    def ask():
        plain = tunnel.connect("localhost", port, proxy.url, 5.0)
        with trusts.wrap_socket(plain, server_hostname="localhost") as secured:
            secured.sendall(b"GET /insi HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return secured.recv(4096)

    assert (await asyncio.to_thread(ask)).startswith(b"HTTP/1.")
    assert proxy.led_to == [f"localhost:{port}"]


async def test_an_identity_provider_is_reached_by_its_proxy_and_others_are_not(proxy, site):
    port, trusts = site
    by = ProviderHttp("P", trusts, proxy.rules)
    straight = ProviderHttp("P", trusts, Proxies((("other.example", proxy.url),)))

    assert await by.get(f"https://localhost:{port}/id") == {"seen": "/id"}
    assert await straight.get(f"https://localhost:{port}/id") == {"seen": "/id"}
    assert proxy.led_to == [f"localhost:{port}"]


async def test_revocation_lists_over_https_and_http_go_by_theirs(proxy, site):
    with pytest.raises(FailedClosed):  # the test's authority is not the system's: what counts is the way
        await fetch(f"https://localhost:{site[0]}/a.crl", CrlFetchSettings(proxies=proxy.rules))
    with pytest.raises(FailedClosed):
        await fetch("http://localhost:9/a.crl", CrlFetchSettings(proxies=proxy.rules))

    assert proxy.led_to == [f"localhost:{site[0]}", "http://localhost:9/a.crl"]

"""What stands between two services is recognised and named: real proxies, real load balancers, real clocks."""

import asyncio
import socket
import ssl
import time
from dataclasses import replace

import pytest
import trustme

from connector.config.material import InsiMaterial
from connector.config.model import AdapterSection
from connector.doctor.finding import Level
from connector.doctor.flows import flows
from connector.doctor.labels import Label
from connector.doctor.network import clock, network, port_finding, ports
from connector.insi.settings import InsiPlatform, InsiSettings, Software
from connector.peer.tls import TlsSettings
from connector.store.database import StateLock
from tests.doctor.conftest import Site, server_side
from tests.kit.forward_proxy import ForwardProxy


async def told(patient) -> dict[str, list]:
    """The findings of the network by their sentence."""
    found: dict[str, list] = {}
    async for finding in network(patient):
        found.setdefault(finding.key, []).append(finding)
    return found


@pytest.fixture
async def peer(services):
    """Service b's own endpoint, with its own certificate."""
    site = Site(server_side(services["b"].server))
    server = await site.start(services["b"].peer_port)
    yield site
    server.close()


@pytest.fixture
async def proxied(examined):
    """A patient whose way to everybody leads through a proxy."""
    open_servers = []

    async def by(proxy: ForwardProxy):
        server = await proxy.start()
        open_servers.append(server)
        port = server.sockets[0].getsockname()[1]
        return examined(f'\n[[network.proxies]]\nurl = "http://127.0.0.1:{port}"\nhosts = ["127.0.*"]\n')

    yield by
    for server in open_servers:
        server.close()


async def test_a_peer_that_shows_its_own_certificate_is_right_and_its_clock_is_compared(examined, peer):
    found = await told(examined())

    assert [finding.level for finding in found["reach.right"]] == [Level.OK]
    assert found["clock.right"][0].values["count"] == 1
    assert peer.asked == 1


async def test_a_proxy_that_inspects_tls_is_recognised_and_named(proxied, peer):
    proxy = ForwardProxy(inspects=True)
    patient = await proxied(proxy)
    (finding,) = (await told(patient))["tls.inspected"]

    assert finding.level is Level.CRITICAL
    assert "Exemple Inspection" in finding.text("en")
    assert "Passerelle Web" in finding.text("fr")
    assert "untouched" in finding.remedy("en")
    assert proxy.led_to
    assert peer.asked == 1  # what it passed on was the plain text of our question


async def test_a_proxy_that_only_passes_on_is_no_finding(proxied, peer):
    proxy = ForwardProxy()
    found = await told(await proxied(proxy))

    assert "reach.right" in found
    assert len(proxy.led_to) == 1


async def test_a_proxy_that_does_not_lead_there_is_named(proxied):
    (finding,) = (await told(await proxied(ForwardProxy(refuses=True))))["reach.proxy"]

    assert "it answered 403" in finding.text("en")
    assert finding.values["proxy"].startswith("127.0.0.1:")


async def test_a_load_balancer_that_ends_tls_before_us_is_named(services, examined):
    patient = examined()
    balancer = ForwardProxy(inspects=True)
    server = await Site(balancer._context).start(services["a"].peer_port)
    patient.material.state.directory.mkdir(exist_ok=True)
    lock = StateLock(patient.material.state.lock)  # as the running connector holds it
    found = await told(patient)
    lock.release()
    server.close()
    (finding,) = found["tls.ended"]

    assert finding.level is Level.CRITICAL
    assert "Exemple Inspection" in finding.text("fr")
    assert "layer 4" in finding.remedy("en")


async def test_our_own_certificate_at_our_own_endpoint_is_right(services, examined):
    patient = examined()
    server = await Site(server_side(services["a"].server)).start(services["a"].peer_port)
    patient.material.state.directory.mkdir(exist_ok=True)
    lock = StateLock(patient.material.state.lock)
    found = await told(patient)
    lock.release()
    server.close()

    assert Label("announced") in [finding.values["what"] for finding in found["reach.right"]]
    assert "tls.ended" not in found


async def test_insi_behind_a_proxy_that_inspects_is_named_by_its_own_authorities(services, examined, tmp_path):
    """INSi's authorities are its own: a member's certificate there would be as wrong as the proxy's."""
    insi = trustme.CA(organization_name="Autorité nationale")
    insi.cert_pem.write_to_path(tmp_path / "insi.pem")
    right, wrong = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ForwardProxy(inspects=True)._context
    insi.issue_cert("127.0.0.1").configure_cert(right)
    patient = examined()
    found = []
    for context in (right, wrong):
        server = await Site(context).start(0)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/lps"
        tls = TlsSettings((tmp_path / "insi.pem",), services["a"].client.cert_pem_path)
        settings = InsiSettings(InsiPlatform.SIMULATOR, tls, Software("x", "x", "1", "x"), endpoint=url)
        called = InsiMaterial(settings, patient.material.client_tls.certificate)
        told_now = await told(replace(patient, material=replace(patient.material, insi=called)))
        insi_there = {f.key for those in told_now.values() for f in those if f.values.get("what") == Label("insi")}
        found.append(sorted(insi_there))
        server.close()

    assert found == [["reach.right"], ["tls.inspected"]]


async def test_another_members_certificate_at_a_members_address_is_told(services, examined):
    server = await Site(server_side(services["a"].server)).start(services["b"].peer_port)
    found = await told(examined())
    server.close()

    assert found["tls.other-member"][0].level is Level.CRITICAL


async def test_nobody_there_a_plain_server_and_a_name_that_is_unknown_are_told_apart(services, examined):
    refused = await told(examined())

    async def plain(reader, writer):
        await reader.read(100)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n<html>")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", services["b"].peer_port)
    no_tls = await told(examined())
    server.close()
    elsewhere = '\n[[network.proxies]]\nurl = "http://proxy.invalid:3128"\nhosts = ["*"]\n'
    by_nobody = await told(examined(elsewhere))

    assert "reach.refused" in refused
    assert "clock.nobody" in refused
    assert "tls.none" in no_tls
    assert "its name is not known" in by_nobody["reach.proxy"][0].text("en")


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ([], [("clock.nobody", Level.UNKNOWN)]),
        ([("a", 0), ("b", -19)], [("clock.right", Level.OK)]),
        ([("a", 30), ("b", 0), ("c", 0)], [("clock.off", Level.WARNING)]),
        ([("a", 300), ("b", 0), ("c", 0)], [("clock.off", Level.WARNING)]),
        ([("a", 300), ("b", 301), ("c", 0)], [("clock.off", Level.CRITICAL)] * 2),
    ],
)
def test_a_clock_that_is_off_for_most_is_ours_and_one_alone_may_be_theirs(differences, expected):
    assert [(finding.key, finding.level) for finding in clock(differences)] == expected


async def test_a_peers_clock_that_is_off_is_named(services, examined):
    site = Site(server_side(services["b"].server), date=int(time.time()) - 3600)
    server = await site.start(services["b"].peer_port)
    (finding,) = (await told(examined()))["clock.off"]
    server.close()

    assert 3590 < finding.values["seconds"] < 3610


def test_a_port_is_ours_free_taken_or_of_another_machine(examined):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert port_finding("127.0.0.1", port, "x", is_running=False).key == "port.taken"
        assert port_finding("127.0.0.1", port, "x", is_running=True).key == "port.mine"
    assert port_finding("127.0.0.1", port, "x", is_running=True).key == "port.silent"
    assert port_finding("127.0.0.1", port, "x", is_running=False).key == "port.free"
    assert port_finding("192.0.2.7", port, "x", is_running=False).key == "port.foreign"
    assert {finding.key for finding in ports(examined())} == {"port.free"}


def test_the_firewall_matrix_follows_from_the_configuration(services, examined):
    found = flows(examined('\n[[network.proxies]]\nurl = "http://127.0.0.1:3128"\nhosts = ["127.0.0.1"]\n'))
    lines = {(flow.direction, flow.host, flow.port, flow.by) for flow in found}

    assert ("in", "127.0.0.1", services["a"].peer_port, "") in lines
    assert ("out", "127.0.0.1", services["b"].peer_port, "http://127.0.0.1:3128") in lines
    assert {flow.protocol for flow in found} >= {"DNS", "NTP", "TLS 1.3, mutual"}
    assert not [flow for flow in found if flow.why == Label("local")]  # loopback


def test_a_vendor_behind_a_proxy_stands_in_the_matrix_with_it_and_a_database_without(examined):
    patient = examined('\n[[network.proxies]]\nurl = "http://127.0.0.1:3128"\nhosts = ["*.example"]\n')

    def lines(**options):
        sink = AdapterSection(adapter="vendor", options=options)
        file = replace(patient.material.file, model=patient.model.model_copy(update={"sink": sink}))
        found = flows(replace(patient, material=replace(patient.material, file=file)))
        return [(flow.host, flow.port, flow.by) for flow in found if flow.why == Label("sink", "vendor")]

    assert lines(url="https://dmst.example/spsti") == [("dmst.example", 443, "http://127.0.0.1:3128")]
    assert lines(url="https://dmst.test:8443/spsti") == [("dmst.test", 8443, "")]
    assert lines(url="postgresql+psycopg://db.example:5432/dmst") == [("db.example", 5432, "")]

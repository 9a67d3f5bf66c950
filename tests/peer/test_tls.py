"""TLS contexts on both sides: what they show, what they believe, and that keys never need a file in clear."""

import asyncio
import ssl
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from connector.core.errors import ConfigFault, PeerFault
from connector.crypto.keys import x5t_s256
from connector.peer.tls import (
    ClientTls,
    ServerTls,
    TlsMaterial,
    TlsSettings,
    Trust,
    client_context,
    peer_certificate,
    server_context,
)
from tests.kit.descriptors import opened
from tests.kit.pki import Leaf, Pki

MEMBER = "318751275100020"
PEER = "318751275100038"


@pytest.fixture
def pki(tmp_path) -> Pki:
    return Pki(tmp_path / "pki")


def material(pki: Pki, leaf: Leaf, *, crls: bool = False) -> TlsMaterial:
    return settings(pki, leaf, crls=crls).read()


def settings(pki: Pki, leaf: Leaf, *, crls: bool = False) -> TlsSettings:
    return TlsSettings((pki.ca_path,), leaf.cert_pem_path, leaf.key_pem_path, crls=pki.crl_paths if crls else ())


async def meet(server: ssl.SSLContext, client: ssl.SSLContext, host: str = "localhost") -> tuple[bytes, bytes]:
    """Make one connection, and give the certificates that each side saw of the other."""
    seen: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def accepted(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.set_result(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
        writer.write(b"x")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=server)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname=host)
        try:
            shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            await reader.readexactly(1)
            return shown, await seen
        finally:
            writer.transport.abort()


async def test_two_members_see_each_others_certificates(pki):
    server, client = pki.issue(MEMBER, "server"), pki.issue(PEER, "client")

    shown, seen = await meet(server_context(material(pki, server)), client_context(material(pki, client)))

    assert (shown, seen) == (server.der, client.der)


@pytest.mark.parametrize("password", [b"secret", None])
async def test_a_pkcs12_file_serves_as_certificate_and_key(pki, tmp_path, password):
    server, client = pki.issue(MEMBER, "server"), pki.issue(PEER, "client")
    bundle, secret = tmp_path / "server.p12", tmp_path / "password"
    bundle.write_bytes(pki.pkcs12(server, password))
    secret.write_bytes(b"secret\r\nsecond line")
    read = TlsSettings((pki.ca_path,), bundle, password=secret if password else None).read()

    shown, _ = await meet(server_context(read), client_context(material(pki, client)))

    assert shown == server.der
    assert read.certificate.x5t == x5t_s256(server.der)


async def test_one_pem_file_may_hold_certificate_and_key(pki, tmp_path):
    leaf = pki.issue(MEMBER, "server")
    both = tmp_path / "both.pem"
    both.write_bytes(leaf.key_pem_path.read_bytes() + leaf.cert_pem_path.read_bytes())

    read = TlsSettings((pki.ca_path,), both).read()

    assert read.certificate.subject_ous == (MEMBER,)
    await meet(server_context(read), client_context(material(pki, pki.issue(PEER, "client"))))


def test_keys_leave_no_file_descriptor_behind(pki):
    leaf = pki.issue(MEMBER, "server")
    before = opened()

    for _ in range(3):
        server_context(material(pki, leaf, crls=True))

    assert opened() <= before


def test_a_key_does_not_show_when_its_material_is_printed(pki):
    assert "PRIVATE" not in repr(material(pki, pki.issue(MEMBER, "server")))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"certificate": "missing.pem"}, "cannot be read"),
        ({"trusted_cas": ("missing.pem",)}, "cannot be read"),
        ({"key": "junk"}, "PKCS#12"),
        ({"certificate": "junk", "key": None}, "PKCS#12"),
        ({"crls": ("junk",)}, "CRL"),
        ({"trusted_cas": ("junk",)}, "certificate file"),
        ({"trusted_cas": ("leaf",)}, "authorit"),
    ],
)
def test_files_that_cannot_be_used_are_told_to_the_operator(pki, tmp_path, changes, match):
    leaf = pki.issue(MEMBER, "server")
    junk = tmp_path / "junk"
    junk.write_bytes(b"junk")
    paths = {"junk": junk, "leaf": leaf.cert_pem_path}
    values = {"trusted_cas": (pki.ca_path,), "certificate": leaf.cert_pem_path, "key": leaf.key_pem_path} | changes
    for name, value in values.items():
        many = tuple(paths.get(v, tmp_path / v) for v in value) if isinstance(value, tuple) else None
        values[name] = many or (None if value is None else paths.get(value, tmp_path / value))

    with pytest.raises(ConfigFault, match=match):
        ServerTls(TlsSettings(**values).read())


def test_a_chain_without_a_certificate_is_told_to_the_operator(pki):
    with pytest.raises(ConfigFault, match="no PEM certificate"):
        _ = TlsMaterial(pki.ca_path.read_bytes(), b"", b"").certificate


def test_an_authority_that_openssl_cannot_read_is_told_to_the_operator(pki):
    good = material(pki, pki.issue(MEMBER, "server"))
    with pytest.raises(ConfigFault, match="OpenSSL refuses"):
        server_context(
            TlsMaterial(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", good.chain, good.key)
        )


async def test_crls_may_be_pem_or_der(pki):
    server, client = pki.issue(MEMBER, "server"), pki.issue(PEER, "client")
    pki.revoke(server)
    der = material(pki, client, crls=True)
    pem = tuple(x509.load_der_x509_crl(crl).public_bytes(serialization.Encoding.PEM) for crl in der.crls)

    with pytest.raises(ssl.SSLCertVerificationError, match="revoked"):
        await meet(server_context(material(pki, server)), client_context(replace(der, crls=pem)))


def test_a_crl_that_is_none_is_told_to_the_operator(pki):
    with pytest.raises(ConfigFault, match="CRL file"):
        server_context(replace(material(pki, pki.issue(MEMBER, "server")), crls=(b"junk",)))


# ---------------------------------------------------------------- what the client believes


async def test_a_client_refuses_a_server_of_another_host(pki):
    server, client = pki.issue(MEMBER, "server", hosts=("other.example",)), pki.issue(PEER, "client")

    with pytest.raises(ssl.SSLCertVerificationError):
        await meet(server_context(material(pki, server)), client_context(material(pki, client)))


async def test_a_host_name_in_the_common_name_alone_does_not_count(pki):
    server, client = pki.issue(MEMBER, "server", common_name="localhost", hosts=()), pki.issue(PEER, "client")

    with pytest.raises(ssl.SSLCertVerificationError):
        await meet(server_context(material(pki, server)), client_context(material(pki, client)))


async def test_a_client_refuses_a_server_of_another_authority(pki, tmp_path):
    other = Pki(tmp_path / "other", name="AUTRE")
    server, client = other.issue(MEMBER, "server"), pki.issue(PEER, "client")

    with pytest.raises(ssl.SSLCertVerificationError):
        await meet(server_context(material(other, server)), client_context(material(pki, client)))


async def test_a_client_refuses_a_revoked_server(pki):
    server, client = pki.issue(MEMBER, "server"), pki.issue(PEER, "client")
    await meet(server_context(material(pki, server)), client_context(material(pki, client, crls=True)))
    pki.revoke(server)

    with pytest.raises(ssl.SSLCertVerificationError, match="revoked"):
        await meet(server_context(material(pki, server)), client_context(material(pki, client, crls=True)))


async def test_a_client_refuses_a_server_under_a_revoked_authority(pki):
    server, client = pki.issue(MEMBER, "server"), pki.issue(PEER, "client")
    pki.revoke_issuing()

    with pytest.raises(ssl.SSLCertVerificationError, match="revoked"):
        await meet(server_context(material(pki, server)), client_context(material(pki, client, crls=True)))


def test_no_system_store_is_trusted(pki):
    for make in (server_context, client_context):
        names = {
            dict(x[0] for x in ca["subject"])["commonName"]
            for ca in make(material(pki, pki.issue(PEER, "both"))).get_ca_certs()
        }
        assert all(name.startswith("SANDBOX") for name in names)
        assert len(names) == 2


def test_both_sides_speak_tls_1_3_without_tickets_or_compression(pki):
    for make in (server_context, client_context):
        context = make(material(pki, pki.issue(PEER, "both")))
        assert context.minimum_version is context.maximum_version is ssl.TLSVersion.TLSv1_3
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.options & ssl.OP_NO_TICKET
        assert context.options & ssl.OP_NO_COMPRESSION
    assert server_context(material(pki, pki.issue(PEER, "both"))).num_tickets == 0


# ---------------------------------------------------------------- reload


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["with SNI", "without SNI"])
async def test_a_reloaded_listener_shows_the_new_certificate(pki, host):
    old, new, client = pki.issue(MEMBER, "server"), pki.issue(MEMBER, "server"), pki.issue(PEER, "client")
    server = ServerTls(material(pki, old))
    server.reload(material(pki, new))

    shown, _ = await meet(server.context, client_context(material(pki, client)), host)

    assert shown == new.der


async def test_a_reloaded_listener_believes_the_new_authority_only(pki, tmp_path):
    other = Pki(tmp_path / "other", name="AUTRE")
    server = ServerTls(material(pki, pki.issue(MEMBER, "server")))
    heard: list[str] = []
    server.on_refusal = heard.append
    server.reload(material(other, other.issue(MEMBER, "server")))

    await meet(server.context, client_context(material(other, other.issue(PEER, "client"))))
    old = material(pki, pki.issue(PEER, "client"))
    with pytest.raises((OSError, EOFError)):
        await meet(server.context, client_context(TlsMaterial(other.ca_path.read_bytes(), old.chain, old.key)))
    assert "unable to get local issuer certificate" in heard[0]


def test_a_client_gets_another_context_at_a_reload_and_keeps_the_old_one_when_it_fails(pki):
    first, second = pki.issue(PEER, "client"), pki.issue(PEER, "client")
    client = ClientTls(material(pki, first))
    context = client.context
    with pytest.raises(ConfigFault):
        client.reload(TlsMaterial(pki.ca_path.read_bytes(), b"junk", b"junk"))
    assert (client.context, client.certificate.x5t) == (context, x5t_s256(first.der))

    client.reload(material(pki, second))

    assert client.context is not context
    assert client.certificate.x5t == x5t_s256(second.der)


# ---------------------------------------------------------------- what is asked after the handshake


def test_no_connection_and_no_handshake_show_no_certificate(pki):
    context = client_context(material(pki, pki.issue(PEER, "client")))
    unconnected = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost")

    assert peer_certificate(None) is None
    with pytest.raises(ValueError, match="handshake"):
        peer_certificate(unconnected)


def test_without_crls_nothing_is_revoked(pki):
    trust = Trust.of(material(pki, pki.issue(PEER, "client")))

    assert trust.is_revoked(()) is False


def test_a_chain_of_which_nothing_is_known_any_more_is_a_fault(pki, tmp_path):
    leaf = pki.issue(PEER, "client")
    other = Pki(tmp_path / "other", name="AUTRE")
    chain = Trust.of(material(pki, leaf)).authorities.chain_of(leaf.der)
    trust = Trust.of(material(other, other.issue(PEER, "client"), crls=True))

    with pytest.raises(PeerFault):
        trust.is_revoked(chain)

"""A scripted vendor on loopback, the keys of both sides, and adapters that are closed at the end."""

import asyncio
import socket

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from spsti_adapter_http import HttpSink, HttpSource
from tests.adapters_http.vendor import Vendor, context


def write_key(folder, key, name):
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{name}.key").write_bytes(private)
    (folder / f"{name}.pub.pem").write_bytes(public)


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """CA, the vendor's certificate for 127.0.0.1, the connector's, a stranger's, and keys for bearers."""
    folder = tmp_path_factory.mktemp("keys")
    ca, stranger = trustme.CA(), trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    stranger.cert_pem.write_to_path(folder / "other-ca.pem")
    for name, issued in {
        "server": ca.issue_cert("127.0.0.1"),
        "elsewhere": ca.issue_cert("dmst.example"),
        "connector": ca.issue_cert("connector.example"),
        "colleague": ca.issue_cert("colleague.example"),
        "stranger": stranger.issue_cert("connector.example"),
    }.items():
        issued.private_key_pem.write_to_path(folder / f"{name}.key")
        issued.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
    write_key(folder, generate_private_key(SECP256R1()), "bearer")
    write_key(folder, generate_private_key(SECP256R1()), "other-bearer")
    return folder


@pytest.fixture
async def vendor():
    """A scripted vendor that listens."""
    vendor = Vendor()
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0)
    vendor.port = server.sockets[0].getsockname()[1]
    yield vendor
    server.close()


@pytest.fixture
async def opened(keys):
    """Open adapters; they are closed at the end."""
    made = []

    async def make(url, half=HttpSource, **options):
        given = {"bearer": {"key": "bearer.key", "kid": "1"}} | options
        made.append(half(half.Options(url=url, **given), context(keys)))
        await made[-1].start()
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


@pytest.fixture
async def source(vendor, opened):
    """A source towards the scripted vendor."""
    return await opened(f"http://127.0.0.1:{vendor.port}/spsti/v1")


@pytest.fixture
async def sink(vendor, opened):
    """A sink towards the scripted vendor."""
    return await opened(f"http://127.0.0.1:{vendor.port}/spsti/v1", HttpSink)


@pytest.fixture
def unused_port():
    """A port of this machine on which nobody listens: it is held, and never listened on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]

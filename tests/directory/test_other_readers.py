"""What other people's code says of our copies, and what our code costs where it is not used."""

import socket
import ssl
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from threading import Event, Thread

import pytest
from tuf.api.exceptions import RepositoryError
from tuf.ngclient import Updater

from connector.core.instant import Instant
from connector.directory import rotation, suspending
from connector.directory.entry import read_entry
from connector.directory.fetch import HttpFetcher, Patience, Source
from connector.directory.refusal import DirectoryRefused, Refusal
from connector.directory.suspensions import Reason, read_suspensions
from tests.kit.directory import A, B, Ears, Federation, Mirror, directory, operator_signer, published, serve
from tests.kit.pki import Pki


@pytest.fixture
def federation(tmp_path):
    return Federation(tmp_path / "federation", now=Instant(int(time.time())))


def updater(tmp_path, url, root, fetcher):
    """python-tuf's own client, over our fetcher."""
    for folder in ("metadata", "targets"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    folders = str(tmp_path / "metadata"), str(tmp_path / "targets")
    return Updater(folders[0], url + "metadata/", folders[1], url + "targets/", fetcher=fetcher, bootstrap=root)


def fetched(source, path="metadata/timestamp.json", limit=16_384, patience=None):
    with closing(HttpFetcher(source, patience)) as fetcher:
        return fetcher.get(path, limit)


def test_python_tufs_own_client_reads_our_copy(tmp_path, federation):
    joined = federation.join(A)
    federation.join(B)
    suspending.suspend(federation.workspace, B, Reason.PRECAUTION, federation.operators[1], federation.now)
    federation.publish()
    root = federation.root
    new = operator_signer("op-6")
    rotation.rotate_operator_key(federation.workspace, "op-5", new.public_key, federation.now)
    federation.sign_all(3)
    federation.publish()

    with serve(published(federation)) as urls, closing(HttpFetcher(Source("x", urls[0]))) as fetcher:
        client = updater(tmp_path, urls[0], root, fetcher)
        client.refresh()
        entry = client.get_targetinfo(f"members/{A}.json")
        member = read_entry(Path(client.download_target(entry)).read_bytes(), federation.environment).member
        seat = client.get_targetinfo("suspensions/op-2.json")
        (suspension,) = read_suspensions(Path(client.download_target(seat)).read_bytes(), federation.environment)

    assert member.keys == joined.member.keys
    assert suspension.member == B


def test_python_tufs_own_client_refuses_what_we_refuse(tmp_path, federation):
    federation.join(A)
    files = federation.files()
    bad = {path: data.replace(b"joined", b"left..") if "memberships" in path else data for path, data in files.items()}
    bad["metadata/timestamp.json"] = files["metadata/timestamp.json"].replace(b'"version":2', b'"version":7')

    with (
        serve(Mirror(bad)) as urls,
        closing(HttpFetcher(Source("x", urls[0]))) as fetcher,
        pytest.raises(RepositoryError),
    ):
        updater(tmp_path, urls[0], federation.root, fetcher).refresh()


async def test_a_members_mirror_is_asked_over_mutual_tls(tmp_path, federation):
    pki = Pki(tmp_path / "pki")
    server, client = pki.issue(A.value, "server"), pki.issue(B.value, "client")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.cert_pem_path, server.key_pem_path)
    context.load_verify_locations(pki.ca_path)
    context.verify_mode = ssl.CERT_REQUIRED
    ours = ssl.create_default_context(cafile=pki.ca_path)
    ours.load_cert_chain(client.cert_pem_path, client.key_pem_path)
    stranger = ssl.create_default_context(cafile=pki.ca_path)
    first = directory(tmp_path, federation, [])

    with serve(published(federation), tls=context) as urls:
        mirrored = Source("mirror", urls[0], ours)
        assert fetched(mirrored) is not None
        with pytest.raises(DirectoryRefused, match="TLS"):
            fetched(Source("mirror", urls[0], stranger))
        with pytest.raises(DirectoryRefused, match="TLS"):
            fetched(Source("mirror", urls[0], ssl.create_default_context()))

    assert first.members() == ()


async def test_members_mirrors_stand_in_when_the_operators_address_is_dead(tmp_path, federation):
    pki = Pki(tmp_path / "pki")
    server, client = pki.issue(A.value, "server"), pki.issue(B.value, "client")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.cert_pem_path, server.key_pem_path)
    ours = ssl.create_default_context(cafile=pki.ca_path)
    ours.load_cert_chain(client.cert_pem_path, client.key_pem_path)
    mirror, ears = published(federation), Ears()

    with serve(mirror, tls=context) as tls_urls:
        federation.join(A, endpoint=tls_urls[0].removesuffix("/directory/"))
        with serve(published(federation)) as urls:
            found = directory(tmp_path, federation, urls, ears=ears)
            found._mirror_tls = lambda: ours
            await found.refresh()
        mirror.asked.clear()
        federation.join(B)
        await found.refresh()

    assert found.get(B) is not None
    assert "metadata/timestamp.json" in mirror.asked
    assert ears.kinds() == ["unreachable"]


@pytest.mark.parametrize("status", [301, 302, 307, 500, 503])
def test_a_copy_that_sends_elsewhere_or_fails_is_not_followed(status):
    with serve(Mirror(lambda _: status)) as urls, pytest.raises(DirectoryRefused, match=str(status)):
        fetched(Source("x", urls[0]), limit=100)


@pytest.mark.parametrize("url", ["ftp://a.example/", "https://", "https://a.example/", "file:///etc/passwd"])
def test_an_address_that_is_not_https_or_has_no_tls_is_not_fetched(url):
    with pytest.raises(DirectoryRefused, match="no https"):
        fetched(Source("x", url))


def test_a_file_that_is_too_large_is_given_up_at_its_limit():
    with serve(Mirror(lambda _: b"x" * 1_000_000)) as urls, pytest.raises(DirectoryRefused, match="larger than 100"):
        fetched(Source("x", urls[0]), limit=100)


def test_a_copy_that_takes_too_long_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/directory/"
        with pytest.raises(DirectoryRefused, match="TimeoutError"):
            fetched(Source("x", url), patience=Patience(connect=0.2, read=0.2, whole=1.0))


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nX-Drop: ", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"]
)
def test_a_copy_that_answers_drop_by_drop_is_given_up_at_the_whole_time(answer):
    """A byte now and then keeps a socket's own limit from ever being met, in a header as in the size of a chunk."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            with suppress(OSError):
                with server.accept()[0] as asking:
                    asking.recv(65_536)
                    asking.sendall(b"HTTP/1.1 404 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                with server.accept()[0] as asking:
                    asking.sendall(answer)
                    while True:
                        asking.sendall(b"x")
                        Event().wait(0.02)

        Thread(target=drip, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/directory/"
        with closing(HttpFetcher(Source("x", url), Patience(connect=5.0, read=5.0, whole=0.5))) as fetcher:
            with suppress(DirectoryRefused):  # a slow machine may have no time left already
                assert fetcher.get("metadata/1.root.json", 100) is None
            with pytest.raises(DirectoryRefused) as refused:
                fetcher.get("metadata/1.root.json", 100)

    assert refused.value.refusal is Refusal.UNREACHABLE


def test_a_connection_that_was_closed_meanwhile_is_opened_again(federation):
    mirror = published(federation)
    with serve(mirror) as urls, closing(HttpFetcher(Source("x", urls[0]))) as fetcher:
        assert fetcher.get("metadata/timestamp.json", 16_384) is not None
        fetcher._connection.sock.close()
        assert fetcher.get("metadata/timestamp.json", 16_384) is not None


def test_a_connector_on_a_members_file_does_not_import_tuf():
    code = (
        "import sys, connector.directory.members_file, connector.directory.settings, connector.directory.entry, "
        "connector.cli.federation; "
        "print([m for m in sys.modules if m.split('.')[0] in ('tuf', 'securesystemslib', 'urllib3')])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"

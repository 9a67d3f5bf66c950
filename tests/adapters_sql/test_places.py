"""Documents that the database only names: below a folder, at a web address, or as a large object; and secrets."""

import http.server
import os
import ssl
import threading
from typing import ClassVar

import pytest
import trustme

from connector.contract import AdapterError, Problem
from connector.core.codes import Code
from connector.core.errors import AdapterFault
from spsti_adapter_sql.files import Folder
from spsti_adapter_sql.options import FilesOptions, WebOptions
from spsti_adapter_sql.secret import read_secret
from spsti_adapter_sql.web import Web
from tests.adapters_sql.houses import PDF, ins_of

DOCUMENT = (
    "SELECT {} FROM {} d JOIN lieu l ON l.id = d.record_ref WHERE d.record_ref = :record_ref AND d.version = :version"
)


def problem_of(pieces) -> Problem:
    with pytest.raises(AdapterError) as caught:
        list(pieces)
    return caught.value.problem


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    (folder / "2025" / "05").mkdir(parents=True)
    (folder / "2025" / "05" / "a.pdf").write_bytes(PDF)
    (tmp_path / "outside.pdf").write_bytes(PDF)
    return folder


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("2025/05/a.pdf", {}),
        (r"2025\05\a.pdf", {"backslashes": True}),
        (r"d:\dmst\2025\05\a.pdf", {"backslashes": True, "prefix": "D:\\DMST\\"}),
        ("/srv/docs/2025/05/a.pdf", {"prefix": "/srv/docs"}),
    ],
)
def test_file_below_the_root_is_read_however_its_path_is_written(root, path, options):
    assert b"".join(Folder(FilesOptions(root=root, **options), root).pieces(path)) == PDF


@pytest.mark.parametrize(
    "path",
    [
        "../outside.pdf",
        "2025/../../outside.pdf",
        "2025/05/./a.pdf",
        "/etc/passwd",
        "",
        "2025//05/a.pdf",
        "2025/05",
        "2025/05/absent.pdf",
        "2025/05/a.pdf/b",
        "link-out.pdf",
        "link-folder/outside.pdf",
        "link-inside.pdf",
        "pipe",
        "a\0b",
        "x" * 5000,
        r"..\outside.pdf",
    ],
)
@pytest.mark.parametrize("backslashes", [False, True])
def test_whatever_leads_out_or_is_no_file_is_refused(root, path, backslashes):
    (root / "link-out.pdf").symlink_to(root.parent / "outside.pdf")
    (root / "link-folder").symlink_to(root.parent)
    (root / "link-inside.pdf").symlink_to("2025/05/a.pdf")
    os.mkfifo(root / "pipe")
    folder = Folder(FilesOptions(root=root, backslashes=backslashes), root)

    assert problem_of(folder.pieces(path)) is Problem.DOCUMENT_UNREADABLE


def test_path_without_the_prefix_is_refused(root):
    folder = Folder(FilesOptions(root=root, prefix="/srv/docs"), root)

    assert problem_of(folder.pieces("/srv/other/2025/05/a.pdf")) is Problem.DOCUMENT_UNREADABLE


def test_share_that_is_away_is_unreachable_and_comes_back(root):
    folder = Folder(FilesOptions(root=root), root)
    away = root.rename(root.parent / "away")
    assert problem_of(folder.pieces("2025/05/a.pdf")) is Problem.UNREACHABLE

    away.rename(root)
    assert b"".join(folder.pieces("2025/05/a.pdf")) == PDF


@pytest.mark.parametrize("change", ["cut", "longer"])
def test_file_that_changes_while_it_is_read_is_gone(root, change):
    file = root / "2025" / "05" / "a.pdf"
    file.write_bytes(PDF + bytes(2_000_000))
    pieces = Folder(FilesOptions(root=root), root).pieces("2025/05/a.pdf")
    next(pieces)
    if change == "cut":
        os.truncate(file, 1000)
    else:
        with file.open("ab") as out:
            out.write(b"more")

    assert problem_of(pieces) is Problem.DOCUMENT_GONE


class Vendor(http.server.BaseHTTPRequestHandler):
    """A vendor's document server that misbehaves by path."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[dict[str, str]]] = []

    def do_GET(self):
        self.seen.append(dict(self.headers))
        kind, status, body, length = "application/pdf", 200, PDF, len(PDF)
        if self.path.startswith("/status/"):
            status = int(self.path.rpartition("/")[2])
        if self.path == "/html":
            kind, body = "text/html", b"<html>sign in</html>"
        if self.path == "/half":
            body = PDF[:100]
        if self.path == "/binary?id=7":
            kind = "application/octet-stream"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status in {301, 302, 307}:
            self.send_header("Location", "/ok")
        if self.path == "/zipped":
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body) if self.path != "/half" else length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def vendor(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    Vendor.seen = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def web(tmp_path, port, **options):
    return Web(WebOptions(hosts=(f"localhost:{port}",), trusted_ca="ca.pem", **options), tmp_path, seconds=5)


@pytest.mark.parametrize("path", ["/ok", "/binary?id=7"])
def test_document_is_fetched_with_the_referenced_authorisation(tmp_path, vendor, path):
    token = tmp_path / "token"
    token.write_text("Bearer of-the-test\n")
    token.chmod(0o600)
    pieces = web(tmp_path, vendor, authorization="token").pieces(f"https://localhost:{vendor}{path}", "application/pdf")

    assert b"".join(pieces) == PDF
    assert Vendor.seen[0]["Authorization"] == "Bearer of-the-test"


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/status/301", Problem.DOCUMENT_UNREADABLE),
        ("/status/302", Problem.DOCUMENT_UNREADABLE),
        ("/status/307", Problem.DOCUMENT_UNREADABLE),
        ("/status/401", Problem.ACCESS_REFUSED),
        ("/status/404", Problem.DOCUMENT_UNREADABLE),
        ("/status/410", Problem.DOCUMENT_GONE),
        ("/status/429", Problem.BUSY),
        ("/status/500", Problem.UNREACHABLE),
        ("/html", Problem.DOCUMENT_UNREADABLE),
        ("/zipped", Problem.DOCUMENT_UNREADABLE),
        ("/half", Problem.UNREACHABLE),
    ],
)
def test_other_answers_are_no_document(tmp_path, vendor, path, problem):
    assert problem_of(web(tmp_path, vendor).pieces(f"https://localhost:{vendor}{path}", "application/pdf")) is problem
    assert len(Vendor.seen) == 1  # no redirect was followed


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:{port}/ok",
        "https://127.0.0.1:{port}/ok",
        "https://localhost/ok",
        "https://other.example:{port}/ok",
        "https://user:word@localhost:{port}/ok",
        "https://localhost:{port}@other.example/ok",
        "https://localhost:{port}.other.example/ok",
        "https://localhost:{port}/ok\r\nX-Other: 1",
        "https://localhost:{port}/o k",
        "https://localhost:{port}/\u00e9",
        "https://[localhost:{port}/ok",
        "file:///etc/passwd",
        "ok",
        "",
    ],
)
def test_address_of_no_configured_host_is_not_asked(tmp_path, vendor, url):
    pieces = web(tmp_path, vendor).pieces(url.format(port=vendor), "application/pdf")

    assert problem_of(pieces) is Problem.DOCUMENT_UNREADABLE
    assert Vendor.seen == []


def test_host_with_a_certificate_of_another_authority_is_refused(tmp_path, vendor):
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")

    pieces = web(tmp_path, vendor).pieces(f"https://localhost:{vendor}/ok", "application/pdf")
    assert problem_of(pieces) is Problem.ACCESS_REFUSED


def test_host_that_is_down_is_unreachable(tmp_path, vendor):
    pieces = Web(WebOptions(hosts=("localhost:9",)), tmp_path, seconds=5).pieces(
        "https://localhost:9/ok", "application/pdf"
    )

    assert problem_of(pieces) is Problem.UNREACHABLE


async def read(source, announcement) -> bytes:
    return b"".join([piece async for piece in source.document(announcement)])


@pytest.mark.parametrize(
    ("place", "code"),
    [("2025/05/a.pdf", None), ("../outside.pdf", Code.ADAPTER_CONTRACT), (None, Code.ADAPTER_CONTRACT)],
)
async def test_path_in_the_database_is_read_below_the_root(house_of, source_of, root, place, code):
    house = house_of("sqlite")
    house.fill(20)
    house.script("CREATE TABLE lieu (id INTEGER PRIMARY KEY, path TEXT)")
    house.run("INSERT INTO lieu VALUES (4, %s)", place)
    query = DOCUMENT.format("l.path", "spsti_document")
    source = source_of(house, documents="path", files={"root": "root"}, queries={"document": query})
    announcement = (await source.look(ins_of(3))).announcement

    if code is None:
        assert await read(source, announcement) == PDF
        return
    with pytest.raises(AdapterFault) as caught:
        await read(source, announcement)
    assert caught.value.code == code


async def test_address_in_the_database_is_fetched(house_of, source_of, tmp_path, vendor):
    house = house_of("sqlite")
    house.fill(20)
    house.script("CREATE TABLE lieu (id INTEGER PRIMARY KEY, url TEXT)")
    house.run("INSERT INTO lieu VALUES (4, %s)", f"https://localhost:{vendor}/ok")
    source = source_of(
        house,
        documents="url",
        web={"hosts": [f"localhost:{vendor}"], "trusted_ca": "ca.pem"},
        queries={"document": DOCUMENT.format("l.url", "spsti_document")},
    )

    assert await read(source, (await source.look(ins_of(3))).announcement) == PDF


async def test_query_without_the_column_of_its_form_is_a_fault_of_the_schema(house_of, source_of, root):
    house = house_of("sqlite")
    house.fill(20)
    query = "SELECT content FROM spsti_document WHERE record_ref = :record_ref AND version = :version"
    source = source_of(house, documents="path", files={"root": "root"}, queries={"document": query})
    announcement = (await source.look(ins_of(3))).announcement

    with pytest.raises(AdapterFault) as caught:
        await read(source, announcement)
    assert caught.value.code == Code.ADAPTER_FAILED


async def test_large_object_is_read_in_pieces(house_of, source_of):
    house = house_of("postgresql")
    house.fill(20)
    content = PDF + bytes(1_500_000) + b"%%EOF"
    ((oid,),) = house.run("SELECT lo_from_bytea(0, %s)", content)
    house.run(f"GRANT SELECT ON LARGE OBJECT {oid} TO spsti_source")
    query = "SELECT CAST({} AS oid) AS large_object WHERE '4' = :record_ref AND '1' = :version"
    source = source_of(house, documents="large-object", queries={"document": query.format(oid)})
    announcement = (await source.look(ins_of(3))).announcement

    assert await read(source, announcement) == content

    for change, code in (
        (f"REVOKE SELECT ON LARGE OBJECT {oid} FROM spsti_source", Code.ADAPTER_FAILED),
        (f"SELECT lo_unlink({oid})", Code.ADAPTER_CONTRACT),
    ):
        house.run(change)
        with pytest.raises(AdapterFault) as caught:
            await read(source, announcement)
        assert caught.value.code == code


def secret_file(path, content, mode=0o600):
    path.write_bytes(content)
    path.chmod(mode)


def test_secret_is_the_first_line_of_its_file_or_credential(tmp_path, monkeypatch):
    secret_file(tmp_path / "word", b"p\xc3\xa9 word \r\nsecond line\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    assert read_secret("word", tmp_path) == "pé word "
    assert read_secret("credential:word", tmp_path / "elsewhere") == "pé word "


@pytest.mark.parametrize(
    ("content", "mode"),
    [(b"", 0o600), (b"\n", 0o600), (b"word", 0o604), (b"\xff\xfe", 0o600), (b"x" * 5000, 0o600)],
    ids=["empty", "no line", "open to all", "no text", "too long"],
)
def test_secret_that_is_none_is_refused_without_repeating_it(tmp_path, content, mode):
    secret_file(tmp_path / "word", content, mode)
    with pytest.raises(AdapterError) as caught:
        read_secret("word", tmp_path)

    assert caught.value.problem is Problem.ACCESS_REFUSED
    assert not content.strip() or content.decode(errors="replace") not in str(caught.value)


@pytest.mark.parametrize("reference", ["absent", "credential:absent"])
def test_secret_that_is_not_there_is_refused(tmp_path, monkeypatch, reference):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(AdapterError) as caught:
        read_secret(reference, tmp_path)

    assert caught.value.problem is Problem.ACCESS_REFUSED

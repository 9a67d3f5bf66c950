"""The example vendor in Node passes the conformance kit, by mutual TLS, by signed bearer, and over a Unix socket."""

import json
import ssl
from copy import deepcopy
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from yarl import URL

from connector.contract import AdapterError, Counts, Day, Ins, InsOid, Matricule, Opposition, Problem
from connector.contract.testing import examine_source, words
from connector.core.matricule import key_of
from spsti_adapter_http import HttpSink
from tests.adapters_http.node import bearer, running, tls
from tests.adapters_http.vendor import ANNOUNCEMENT, IDENTITY, INS, OTHER, PDF, RECORD, TOLD, TRACE, received

BODY = "2790351215190"
THIRD = Ins(Matricule(BODY + key_of(BODY)), InsOid.TEST)
AUDIENCE = "https://vendor.example/spsti/v1"
BEARER = {"key": "bearer.key", "kid": "1", "audience": AUDIENCE}
MTLS = {"ca": "ca.pem", "certificate": "connector.pem", "key": "connector.key", "bearer": None}


def record(**changes):
    return RECORD | {"content_type": "application/pdf", "state": "valid", "file": "record.pdf"} | changes


def workers():
    """One with an amended and a cancelled version, two of one day; one who objects, known by an earlier INS too."""
    first = {
        "identity": deepcopy(IDENTITY),
        "opposition": "no",
        "records": [
            record(record_ref="8730", last_act_on="2026-01-09", state="cancelled"),
            record(record_ref="8732", version="1", updated_at="2025-05-13T09:00:00+02:00"),
            record(),
            record(record_ref="8733", last_act_on="2026-02-01", state="draft"),
        ],
    }
    other = {"oid": OTHER.oid.value, "matricule": OTHER.matricule.value}
    second = {"identity": IDENTITY | {"ins": other}, "opposition": "yes", "records": []}
    return [first, second]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "record.pdf").write_bytes(PDF)
    return tmp_path


async def problem_of(awaitable):
    with pytest.raises(AdapterError) as raised:
        await awaitable
    return raised.value.problem


@pytest.mark.parametrize("way", ["mutual TLS", "bearer", "both", "unix"])
async def test_the_example_passes_the_conformance_kit(folder, keys, opened, way):
    config = {}
    if way in {"mutual TLS", "both"}:
        config["tls"] = tls(keys)
    elif way == "bearer":
        config["tls"] = {name: value for name, value in tls(keys).items() if name != "client_ca"}
    if way in {"bearer", "both"}:
        config["bearer"] = bearer(keys, AUDIENCE)
    if way == "unix":
        config |= {"socket": str(folder / "s"), "base": ""}
    async with running(folder, workers(), **config) as port:
        url = f"unix:{folder}/s" if way == "unix" else f"https://127.0.0.1:{port}/spsti/v1"
        options = {"ca": "ca.pem", "bearer": BEARER} if way == "bearer" else MTLS
        if way == "both":
            options = MTLS | {"bearer": BEARER}
        if way == "unix":
            options = {"bearer": None}
        source = await opened(url, **options)
        findings = await examine_source(source, known=[INS, OTHER], unknown=[THIRD], trace=TRACE)
        counts = await source.counts()
        await source.close()

    assert not [finding for finding in findings if finding.ok is False], words(findings)
    assert counts == Counts(2, 2, 2, 2, 1, 1)
    lines = (folder / "data" / "traces.jsonl").read_text().splitlines()
    assert [json.loads(line)["key"] for line in lines] == [TRACE.trace_id]


async def test_the_newest_that_may_be_given_is_announced(folder, keys, opened):
    async with running(folder, workers(), tls=tls(keys)) as port:
        source = await opened(f"https://127.0.0.1:{port}/spsti/v1", **MTLS)
        look = await source.look(INS)
        await source.close()

    assert (look.announcement.record_ref, look.announcement.last_act_on) == ("8731", Day(2025, 5, 13))
    assert look.opposition is Opposition.NO


async def test_a_document_is_filed_once_and_what_was_told_is_kept(folder, keys, opened):
    async def pieces(content):
        yield content[:1000]
        yield content[1000:]

    async with running(folder, workers(), tls=tls(keys)) as port:
        sink = await opened(f"https://127.0.0.1:{port}/spsti/v1", HttpSink, **MTLS)
        reference = await sink.file(received(PDF), pieces(PDF))
        again = await sink.file(received(PDF), pieces(PDF))
        wrong = await problem_of(sink.file(received(PDF, sha256_hex="00" * 32), pieces(PDF)))
        nobody = await problem_of(sink.file(received(PDF, ins=THIRD), pieces(PDF)))
        for _ in range(2):
            await sink.told(TOLD)
        assert (await sink.health()).ok
        await sink.close()

    inbox = folder / "data" / "inbox"
    assert reference == again
    assert [path.name for path in inbox.iterdir()] == [f"{reference}.pdf"]
    assert (inbox / f"{reference}.pdf").read_bytes() == PDF
    assert (wrong, nobody) == (Problem.DATA, Problem.DATA)
    assert len((folder / "data" / "told.jsonl").read_text().splitlines()) == 1


async def test_a_withdrawn_version_is_gone(folder, keys, opened):
    async with running(folder, workers(), tls=tls(keys)) as port:
        source = await opened(f"https://127.0.0.1:{port}/spsti/v1", **MTLS)
        with pytest.raises(AdapterError) as raised:
            await anext(source.document(replace(ANNOUNCEMENT, record_ref="8730")))
        await source.close()

    assert raised.value.problem is Problem.DOCUMENT_GONE


async def test_two_workers_with_one_ins_are_ambiguous(folder, keys, opened):
    async with running(folder, [*workers(), workers()[0]], tls=tls(keys)) as port:
        source = await opened(f"https://127.0.0.1:{port}/spsti/v1", **MTLS)
        assert await problem_of(source.look(INS)) is Problem.AMBIGUOUS
        await source.close()


# --- who is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        MTLS | {"certificate": "stranger.pem", "key": "stranger.key"},
        MTLS | {"certificate": None, "key": None, "bearer": {"key": "bearer.key", "kid": "1"}},
        MTLS | {"certificate": "colleague.pem", "key": "colleague.key"},
    ],
    ids=["other CA", "none", "not named"],
)
async def test_a_certificate_that_the_vendor_does_not_know_is_refused(folder, keys, opened, options):
    print_ = x509.load_pem_x509_certificate((keys / "connector.pem").read_bytes()).fingerprint(SHA256()).hex(":")
    async with running(folder, workers(), tls=tls(keys, client_fingerprints=[print_.upper()])) as port:
        source = await opened(f"https://127.0.0.1:{port}/spsti/v1", **options)
        with pytest.raises(AdapterError) as raised:
            await source.look(INS)
        detail = (await source.health()).detail
        known = await opened(f"https://127.0.0.1:{port}/spsti/v1", **MTLS)
        assert (await known.look(INS)).identity is not None
        await source.close()
        await known.close()

    # One that TLS turns away may see the connection end before it sees the reason.
    assert raised.value.problem in {Problem.ACCESS_REFUSED, Problem.UNREACHABLE}
    assert "certificate" in detail or "401" in detail


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({"name": "other-bearer"}, {}),
        ({"members": ["385012345600025"]}, {}),
        ({"audience": "https://elsewhere.example"}, {}),
        ({}, {"kid": "2"}),
    ],
    ids=["key", "member", "audience", "kid"],
)
async def test_a_bearer_that_is_not_for_this_vendor_is_refused(folder, keys, opened, changes, options):
    given = bearer(keys, **({"audience": AUDIENCE} | changes))
    async with running(folder, workers(), bearer=given) as port:
        source = await opened(f"http://127.0.0.1:{port}/spsti/v1", bearer=BEARER | options)
        assert await problem_of(source.look(INS)) is Problem.ACCESS_REFUSED
        await source.close()


@pytest.mark.parametrize("way", ["again", "other path", "other body", "late", "none", "alg none"])
async def test_a_bearer_is_good_for_one_request(folder, keys, opened, way):
    async with running(folder, workers(), bearer=bearer(keys, AUDIENCE)) as port:
        source = await opened(f"http://127.0.0.1:{port}/spsti/v1", bearer=BEARER)
        transport = source._half._transport
        signer = transport.bearer
        body = json.dumps({"ins": IDENTITY["ins"]}).encode()
        if way == "late":
            signer._now = lambda: 1_700_000_000
        header = signer.header("POST", "/look", sha256(b"" if way == "other body" else body).hexdigest())
        header = {"none": "", "alg none": "Bearer eyJhbGciOiJub25lIn0." + header.split(".")[1] + ".AA"}.get(way, header)
        path = "/told" if way == "other path" else "/look"
        statuses = []
        for _ in range(2):
            async with transport.session.post(
                transport.base + path, data=body, headers={"Authorization": header, "Content-Type": "application/json"}
            ) as answer:
                statuses.append(answer.status)
        await source.close()

    assert statuses == ([200, 401] if way == "again" else [401, 401])


@pytest.mark.parametrize(
    ("certificate", "ca"), [("server", "other-ca.pem"), ("elsewhere", "ca.pem")], ids=["other CA", "other name"]
)
async def test_a_vendor_whose_certificate_is_not_the_one_is_told_nothing(folder, keys, opened, certificate, ca):
    given = tls(keys, certificate=str(keys / f"{certificate}.pem"), key=str(keys / f"{certificate}.key"))
    async with running(folder, workers(), tls=given) as port:
        source = await opened(f"https://127.0.0.1:{port}/spsti/v1", **MTLS | {"ca": ca})
        with pytest.raises(AdapterError) as raised:
            await source.look(INS)
        detail = (await source.health()).detail
        await source.close()

    assert raised.value.problem is Problem.UNREACHABLE
    assert "certificate" in detail
    assert isinstance(raised.value.__cause__, ssl.CertificateError | OSError)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/look", None, 404),
        ("POST", "/look", b"{}", 400),
        ("POST", "/look", b"[]", 400),
        ("POST", "/look", b"{", 400),
        ("POST", "/look", b"{" + b" " * 70_000 + b"}", 413),
        ("POST", "/look", json.dumps({"ins": {"oid": "8", "matricule": "1"}}).encode(), 400),
        ("POST", "/traces", json.dumps({"ins": IDENTITY["ins"], "trace_id": "../x"}).encode(), 400),
        ("GET", "/documents/..%2f..%2fetc/passwd", None, 404),
        ("GET", "/documents/8731/9", None, 410),
        ("PUT", f"/filings/{'0' * 32}/content", b"x", 404),
    ],
)
async def test_the_example_refuses_what_is_not_as_described(folder, keys, opened, method, path, body, status):
    async with running(folder, workers(), tls=tls(keys)) as port:
        source = await opened(f"https://127.0.0.1:{port}/spsti/v1", **MTLS)
        session = source._half._transport.session
        url = URL(f"https://127.0.0.1:{port}/spsti/v1{path}", encoded=True)
        async with session.request(method, url, data=body, headers={"Content-Type": "application/json"}) as answer:
            told = await answer.json(content_type=None)
        assert (await source.look(INS)).identity is not None
        await source.close()

    assert answer.status == status
    assert set(told) == {"type", "title", "status", "problem"}

"""Time stamps by a real authority: `openssl ts` behind a small HTTP server."""

import asyncio
import shutil
import subprocess
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from aiohttp import web

from connector.core.codes import Code
from connector.core.directory import KeyUse
from connector.core.errors import ConfigFault, PeerFault
from connector.core.instant import Instant
from connector.core.ledger import Tree
from connector.core.units import DAY_SECONDS
from connector.crypto.timestamps import ANSWER_TYPE, REQUEST_TYPE, make_request, open_stamp, read_roots
from connector.evidence.findings import Found, Verdict
from connector.evidence.stamping import Stamping
from connector.peer.stamping import StampingClient
from tests.kit.connector_pair import a_pair
from tests.kit.evidence import DAY, Bench

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: apt install openssl")

_CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[ext]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
"""


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, check=True).stdout


class Authority:
    """A time-stamping authority with a CA of its own; `mood` changes its answers."""

    def __init__(self, folder, name="Autorité d'essai"):
        folder.mkdir()
        self.folder, self.mood, self.asked = folder, lambda answer: answer, 0
        (folder / "serial").write_text("01\n")
        (folder / "ts.cnf").write_text(_CONFIG.format(folder=folder))
        ca = ("-newkey", "rsa:2048", "-nodes", "-days", 30, "-utf8")
        openssl("req", "-x509", *ca, "-subj", f"/CN=CA {name}", "-keyout", folder / "ca.key", "-out", folder / "ca.pem")
        openssl(
            "req", *ca[:3], "-utf8", "-subj", f"/CN={name}", "-keyout", folder / "tsa.key", "-out", folder / "tsa.csr"
        )
        openssl(
            "x509", "-req", "-in", folder / "tsa.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
            "-CAcreateserial", "-days", 30, "-extfile", folder / "ts.cnf", "-extensions", "ext",
            "-out", folder / "tsa.pem",
        )  # fmt: skip
        self.roots = read_roots((folder / "ca.pem").read_bytes(), "ca.pem")

    def answer(self, request: bytes) -> bytes:
        (self.folder / "query.tsq").write_bytes(request)
        openssl(
            "ts", "-reply", "-config", self.folder / "ts.cnf", "-queryfile", self.folder / "query.tsq",
            "-out", self.folder / "answer.tsr",
        )  # fmt: skip
        return (self.folder / "answer.tsr").read_bytes()

    async def handle(self, request: web.Request) -> web.Response:
        self.asked += 1
        assert request.content_type == REQUEST_TYPE
        data = await asyncio.to_thread(self.answer, await request.read())
        answer = self.mood(data)
        return answer if isinstance(answer, web.Response) else web.Response(body=answer, content_type=ANSWER_TYPE)


@asynccontextmanager
async def listening(authority):
    """Serve the authority; gives a client of it."""
    app = web.Application()
    app.router.add_post("/", authority.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with StampingClient(f"http://127.0.0.1:{runner.addresses[0][1]}/") as client:
            yield client
    finally:
        await runner.cleanup()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture
async def desk(tmp_path, authority):
    """A pair after an exchange, and the stamping of its requester."""
    authority.mood, authority.asked = lambda answer: answer, 0
    async with a_pair(tmp_path / "pair") as pair, listening(authority) as client:
        bench = Bench(pair)
        await bench.keep_list(at=-10)
        fetch = await pair.fetch(bench.holder.id)
        await pair.shown(fetch.id)
        state = pair.state
        stamping = Stamping(state.journal, state.evidence, client, authority.roots, pair.clock)
        yield SimpleNamespace(bench=bench, stamping=stamping, store=state.evidence, fetch_id=fetch.id)


async def test_each_head_is_stamped_once_a_day(desk, authority):
    stamped = await desk.stamping.stamp_if_due()
    again = await desk.stamping.stamp_if_due()
    await desk.bench.pair.errands.probe(desk.bench.holder.id)
    same_day = await desk.stamping.stamp_if_due()
    desk.bench.pair.clock.at += DAY_SECONDS
    next_day = await desk.stamping.stamp_if_due()

    assert stamped in {1, 2}
    assert (again, same_day) == (0, 0)
    assert next_day >= 1
    assert authority.asked == stamped + next_day


async def test_a_stamp_proves_the_time_of_what_lay_under_it(desk, authority):
    await desk.stamping.stamp_if_due()
    whole, bench = await desk.bench.of_requester(desk.fetch_id), desk.bench
    stolen = bench.with_key(bench.us, KeyUse.SIGN, compromised_since=Instant(bench.now + 2 * DAY))
    lists = (bench.list_text(), bench.list_text(stolen))

    unseen = bench.verify(whole, *lists, at=bench.now + 5 * DAY)
    seen = bench.verify(whole, *lists, at=bench.now + 5 * DAY, stamp_roots=authority.roots)

    assert unseen.verdict is Verdict.TIME_NOT_PROVEN
    assert seen.verdict is Verdict.PROVEN
    assert [f.facts["authority"] for f in seen.findings if f.found is Found.STAMPED] == ["CN=Autorité d'essai"]


async def test_a_stamp_of_another_authority_is_not_believed(desk, tmp_path):
    await desk.stamping.stamp_if_due()
    whole = await desk.bench.of_requester(desk.fetch_id)

    report = desk.bench.verify(whole, stamp_roots=Authority(tmp_path / "other", "Autre").roots)

    assert report.altered == ("stamps[0]",)


async def test_openssl_verifies_the_stamp_as_the_documentation_says(desk, authority, tmp_path):
    await desk.stamping.stamp_if_due()
    stamp = await desk.store.last_stamp(Tree.EXCHANGE)
    (tmp_path / "note").write_text(stamp.note)
    (tmp_path / "stamp.tsr").write_bytes(stamp.token)

    said = openssl(
        "ts", "-verify", "-data", tmp_path / "note", "-in", tmp_path / "stamp.tsr",
        "-CAfile", authority.folder / "ca.pem",
    )  # fmt: skip

    assert b"OK" in said


MOODS = {
    "error": lambda answer: web.Response(status=500),
    "another type": lambda answer: web.Response(body=answer, content_type="text/html"),
    "cut": lambda answer: answer[:100],
    "altered": lambda answer: answer[:-20] + bytes(20),
    "huge": lambda answer: answer + bytes(100_000),
    "empty": lambda answer: b"",
    "elsewhere": lambda answer: web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"}),
}


@pytest.mark.parametrize("mood", MOODS)
async def test_an_authority_that_answers_nonsense_is_a_fault(authority, mood):
    authority.mood = MOODS[mood]

    async with listening(authority) as client:
        with pytest.raises(PeerFault):
            open_stamp(await client.ask(make_request(b"x")), b"x", authority.roots)


async def test_an_answer_that_does_not_verify_is_not_kept(desk, authority):
    authority.mood = MOODS["altered"]

    with pytest.raises(PeerFault):
        await desk.stamping.stamp_if_due()

    assert await desk.store.last_stamp(Tree.EXCHANGE) is None


async def test_an_authority_that_is_not_there_is_a_fault():
    async with StampingClient("http://127.0.0.1:9/") as client:
        with pytest.raises(PeerFault) as fault:
            await client.ask(make_request(b"x"))

    assert fault.value.code is Code.PEER_UNREACHABLE


def test_a_stamp_over_other_data_is_refused(authority):
    answer = authority.answer(make_request(b"one"))

    with pytest.raises(PeerFault):
        open_stamp(answer, b"two", authority.roots)
    assert open_stamp(answer, b"one", authority.roots).authority == "CN=Autorité d'essai"


@pytest.mark.parametrize(
    "data", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_roots_that_are_none_are_refused(data):
    with pytest.raises(ConfigFault):
        read_roots(data, "tsa_ca")

"""The client against a holder of the test's own: real TLS, real HTTP, real wire."""

import asyncio
import datetime as dt
import gzip
import re
import socket
import ssl
import threading
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256

import pytest
from aiohttp import web
from cryptography import x509

from connector.core.codes import Code
from connector.core.directory import MemberStatus, TlsBinding
from connector.core.errors import DocumentRejected, FailedClosed, PeerFault
from connector.core.evidence import AckDraft, AckResult, DocumentDigest
from connector.core.instant import Instant, rfc3339
from connector.core.ledger import Proof
from connector.core.mandate import Kind
from connector.core.members import MemberId
from connector.core.network import Proxies
from connector.core.outcome import Outcome
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate
from connector.peer.client import HttpPeerClient
from connector.peer.connect import PeerClientSettings
from connector.peer.tls import ClientTls
from connector.wire import fhir
from connector.wire.mandate import check_mandate
from tests.kit.fake_holder import FakeHolder, Script, a_holder, material, tls12
from tests.kit.forward_proxy import ForwardProxy
from tests.kit.holder_fakes import PDF, Party
from tests.kit.pki import Pki
from tests.kit.requester_fakes import HOLDERS, NOW, WE, Members, a_clock, a_demand, a_party, a_probe
from tests.kit.state import HandClock, SystemEntropy, an_id

QUICK = PeerClientSettings(connect_seconds=2.0, exchange_seconds=5.0, handover_seconds=5.0, silent_seconds=5.0)
DEAF = replace(QUICK, connect_seconds=0.2)
_END = "-----END CERTIFICATE-----"
IMPATIENT = replace(QUICK, exchange_seconds=0.3, silent_seconds=0.3, bytes_per_second=10**9)


@dataclass
class Desk:
    """We, the holder we ask, and what is between."""

    us: Party
    holder: FakeHolder
    members: Members
    clock: HandClock
    client: HttpPeerClient
    tls: ClientTls
    pki: Pki
    stack: AsyncExitStack

    @property
    def holder_leaf_der(self) -> bytes:
        return ssl.PEM_cert_to_DER_cert(self.holder.tls.material.chain.decode().split("-----END")[0] + _END)

    @property
    def script(self) -> Script:
        return self.holder.script

    @property
    def member(self):
        return self.members.get(self.holder.party.id)

    async def lookup(self, **changes):
        return await self.client.lookup(self.member, a_demand(self.us, self.member, **changes))

    async def handover(self, **changes):
        return await self.client.handover(self.member, a_demand(self.us, self.member, Kind.HANDOVER, **changes))

    async def granted(self):
        return await self.handover()

    def document(self, granted, *, offset: int = 0, size: int | None = None):
        demand = a_demand(
            self.us,
            self.member,
            Kind.READ,
            handover_id=granted.handover_id,
            document_sha256=granted.document.sha256,
        )
        return self.client.document(
            self.member, demand, size=granted.document.size if size is None else size, offset=offset
        )

    async def read(self, granted, **where) -> bytes:
        async with self.document(granted, **where) as pieces:
            return b"".join([piece async for piece in pieces])

    def new_client(self, settings: PeerClientSettings = QUICK, tls: ClientTls | None = None) -> HttpPeerClient:
        return HttpPeerClient(self.members, self.us.signer, tls or self.tls, self.clock, SystemEntropy(), settings)

    async def use(self, settings: PeerClientSettings) -> None:
        self.client = await self.stack.enter_async_context(self.new_client(settings))


@asynccontextmanager
async def a_desk(directory, **leaf):
    pki = Pki(directory / "pki")
    us, party = a_party(WE, "SPSTI Nord"), a_party(HOLDERS[0], "SPSTI Sud")
    async with AsyncExitStack() as stack:
        server_leaf = leaf.pop("server", None)
        holder = await stack.enter_async_context(
            a_holder(party, us, pki, NOW, server_leaf(pki) if server_leaf else None)
        )
        members = Members(us, party)
        tls = ClientTls(material(pki, pki.issue(WE, "client"), **leaf))
        clock = a_clock()
        client = HttpPeerClient(members, us.signer, tls, clock, SystemEntropy(), QUICK)
        await stack.enter_async_context(client)
        yield Desk(us, holder, members, clock, client, tls, pki, stack)


@pytest.fixture
async def desk(tmp_path):
    async with a_desk(tmp_path) as made:
        yield made


async def fault_of(work) -> PeerFault:
    with pytest.raises(PeerFault) as raised:
        await work
    assert "SPSTI Sud" in raised.value.message or raised.value.code is Code.PEER_REFUSED_US
    return raised.value


def an_ack(desk: Desk, granted, **changes) -> AckDraft:
    values = {
        "issuer": desk.us.id,
        "audience": desk.member.id,
        "issued_at": NOW,
        "handover_id": granted.handover_id,
        "receipt_sha256": granted.receipt.sha256,
        "result": AckResult.VERIFIED,
        "code": None,
        "received": granted.document,
    }
    return AckDraft(**(values | changes))


def our_proof(desk: Desk) -> Proof:
    """A leaf of ours under a checkpoint of ours."""
    return FakeHolder(desk.us, desk.holder.party, desk.pki.issue(WE, "server"), desk.pki, NOW)._append()


# ---------------------------------------------------------------- what goes well


async def test_a_lookup_gives_the_announcement_with_its_evidence(desk):
    answer = await desk.lookup()

    assert answer.outcome is Outcome.ANNOUNCED
    assert str(answer.announcement.last_act_on) == "2026-11-03"
    assert answer.receipt.draft.mandate_sha256 == sha256(answer.mandate).digest()
    assert answer.mandate == desk.holder.asked[0].compact


async def test_the_mandate_is_bound_to_our_certificate_and_fresh_each_time(desk):
    await desk.lookup()
    await desk.lookup()

    first, second = desk.holder.asked
    x5t = desk.tls.certificate.x5t
    check_mandate(first, kind=Kind.LOOKUP, audience=desk.member.id, x5t=x5t, now=NOW)
    assert first.jti != second.jti


async def test_a_lookup_puts_no_identity_into_the_url_or_a_header(desk):
    await desk.lookup()

    assert desk.holder.paths == ["POST /fhir/DocumentReference/_search"]
    assert "279035121518989" not in str({k: v for k, v in desk.holder.headers[0].items() if k != "Authorization"})
    assert desk.holder.headers[0]["Accept-Encoding"] == "identity"


async def test_a_member_behind_a_forward_proxy_is_asked_through_it_and_checked_as_ever(desk):
    proxy = ForwardProxy()
    server = await proxy.start()
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await desk.use(replace(QUICK, proxies=Proxies((("*", url),))))
    answer = await desk.lookup()
    inspecting = ForwardProxy(inspects=True)
    reading = await inspecting.start()
    url = f"http://127.0.0.1:{reading.sockets[0].getsockname()[1]}"
    await desk.use(replace(QUICK, proxies=Proxies((("*", url),))))
    with pytest.raises(PeerFault) as caught:
        await desk.lookup()
    server.close()
    reading.close()

    assert answer.outcome is Outcome.ANNOUNCED
    assert len(proxy.led_to) == 1
    assert caught.value.code is Code.PEER_TLS
    assert len(desk.holder.asked) == 1


async def test_two_questions_go_over_one_connection(desk):
    await desk.lookup()
    await desk.lookup()

    assert desk.holder.connections == 1


async def test_a_cookie_that_a_holder_sets_is_never_sent_back(desk):
    desk.script.headers = {"Set-Cookie": "follow=me"}
    await desk.lookup()
    await desk.lookup()

    assert "Cookie" not in desk.holder.headers[1]


async def test_a_withheld_answer_is_an_answer(desk):
    desk.script.day = None

    answer = await desk.lookup()

    assert (answer.outcome, answer.announcement, answer.code) == (Outcome.WITHHELD, None, None)


async def test_a_deferred_answer_says_when_to_ask_again(desk):
    desk.script.outcome, desk.script.retry_after = Outcome.DEFERRED, "7200"

    answer = await desk.lookup()

    assert (answer.outcome, answer.retry_after) == (Outcome.DEFERRED, 7200)


async def test_a_holder_that_could_not_look_is_believed_with_its_receipt(desk):
    desk.script.outcome, desk.script.retry_after = Outcome.COULD_NOT_LOOK, "30"

    answer = await desk.lookup()

    assert (answer.outcome, answer.retry_after) == (Outcome.COULD_NOT_LOOK, 30)
    assert answer.receipt is not None


async def test_a_probe_asks_about_nobody(desk):
    desk.script.outcome = Outcome.ANNOUNCED
    answer = await desk.client.lookup(desk.member, a_probe(desk.us, desk.member))

    assert desk.holder.bodies[0] == b"type=probe&status=current"
    assert answer.announcement is not None


async def test_a_handover_gives_the_document_promised_in_the_receipt(desk):
    granted = await desk.handover()

    assert granted.outcome is Outcome.GRANTED
    assert granted.document == granted.receipt.draft.document == DocumentDigest(sha256(PDF).digest(), len(PDF))


async def test_a_document_that_is_being_rendered_says_when_to_come_back(desk):
    desk.script.renders, desk.script.retry_after = 1, "2"

    answer = await desk.handover()

    assert (answer.outcome, answer.retry_after, answer.document) == (Outcome.RENDERING, 2, None)


async def test_the_document_comes_as_it_was_promised(desk):
    assert await desk.read(await desk.granted()) == PDF


async def test_the_rest_of_a_document_comes_from_an_offset(desk):
    granted = await desk.granted()

    rest = await desk.read(granted, offset=1000)

    assert rest == PDF[1000:]
    assert desk.holder.headers[-1]["Range"] == "bytes=1000-"


async def test_an_acknowledgement_is_sealed_and_taken(desk):
    granted = await desk.granted()

    await desk.client.acknowledge(desk.member, an_ack(desk, granted), our_proof(desk))

    assert desk.holder.acks[0].draft.receipt_sha256 == granted.receipt.sha256
    assert desk.holder.paths[-1] == f"POST /handovers/{granted.handover_id}/ack"


async def test_a_connection_closed_while_it_lay_ready_is_replaced_without_a_word(desk):
    await desk.lookup()
    desk.script.drop = 1

    answer = await desk.lookup()

    assert answer.outcome is Outcome.ANNOUNCED
    assert desk.holder.asked[-1].jti != desk.holder.asked[0].jti


async def test_an_old_connection_is_left_for_a_new_one(desk):
    await desk.use(replace(QUICK, connection_life_seconds=600.0))
    await desk.lookup()
    desk.clock.at += 601

    desk.holder._at = Instant(NOW + 601)
    await desk.lookup()

    assert desk.holder.connections == 2


# ---------------------------------------------------------------- whose certificate


async def test_nothing_is_sent_to_another_members_certificate(tmp_path):
    async with a_desk(tmp_path, server=lambda pki: pki.issue(HOLDERS[1], "server")) as desk:
        desk.members.relist(a_party(HOLDERS[1], "SPSTI Est"))

        fault = await fault_of(desk.lookup())

        assert fault.code is Code.PEER_TLS
        assert f"of SPSTI Est ({HOLDERS[1]})" in fault.message
        assert desk.holder.paths == []


async def test_nothing_is_sent_to_a_certificate_of_no_member(tmp_path):
    async with a_desk(tmp_path, server=lambda pki: pki.issue("318751275100111", "server")) as desk:
        fault = await fault_of(desk.lookup())

        assert (fault.code, desk.holder.paths) == (Code.PEER_TLS, [])
        assert "of no member" in fault.message


async def test_a_certificate_that_the_directory_no_longer_gives_to_the_member_stops_an_open_connection(desk):
    await desk.lookup()
    desk.members.change(desk.member.id, tls=TlsBinding())
    desk.members.by_certificate = lambda *_: None

    fault = await fault_of(desk.lookup())

    assert (fault.code, len(desk.holder.paths)) == (Code.PEER_TLS, 1)


async def test_an_expired_certificate_is_told_as_such(tmp_path):
    async with a_desk(tmp_path, server=lambda pki: pki.issue_expired(HOLDERS[0], "server")) as desk:
        fault = await fault_of(desk.lookup())

        assert fault.code is Code.PEER_TLS
        assert "has expired" in fault.message


async def test_a_certificate_that_ends_while_its_connection_is_open_stops_the_next_question(desk):
    await desk.lookup()
    desk.clock.at += 4 * 365 * 86_400
    desk.client._tls.certificate = replace(desk.tls.certificate, not_after=Instant(desk.clock.at + 60))
    await desk.use(replace(QUICK, connection_life_seconds=10.0**9))

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_TLS
    assert "ended" in fault.message


async def test_a_certificate_of_another_authority_is_told_as_such(tmp_path):
    other = Pki(tmp_path / "other", name="AUTRE")
    async with a_desk(tmp_path, cas=other.ca_path.read_bytes()) as desk:
        fault = await fault_of(desk.lookup())

        assert fault.code is Code.PEER_TLS
        assert "authority that is not configured here" in fault.message


async def test_a_certificate_for_another_host_is_told_as_such(tmp_path):
    async with a_desk(
        tmp_path, server=lambda pki: pki.issue(HOLDERS[0], "server", hosts=("spsti.example.org",))
    ) as desk:
        fault = await fault_of(desk.lookup())

        assert "not for the host" in fault.message


async def test_a_revoked_certificate_is_told_as_such(tmp_path):
    pki = Pki(tmp_path / "pki")
    us, party = a_party(WE, "SPSTI Nord"), a_party(HOLDERS[0], "SPSTI Sud")
    leaf = pki.issue(HOLDERS[0], "server")
    pki.revoke(leaf)
    crls = tuple(path.read_bytes() for path in pki.crl_paths)
    async with a_holder(party, us, pki, NOW, leaf) as holder:
        tls = ClientTls(material(pki, pki.issue(WE, "client"), crls=crls))
        members = Members(us, party)
        async with HttpPeerClient(members, us.signer, tls, a_clock(), SystemEntropy(), QUICK) as client:
            fault = await fault_of(client.lookup(party.member, a_demand(us, party.member)))

    assert "was revoked" in fault.message
    assert holder.paths == []


@contextmanager
def an_outspoken_server(context: ssl.SSLContext):
    """A TLS server that sends its alert and waits until it was read, as other makes do (asyncio's closes without)."""

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as tls:
            with suppress(ssl.SSLError):
                tls.do_handshake()
            socket.socket.shutdown(tls, socket.SHUT_WR)
            while socket.socket.recv(tls, 4096):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def our_leaf_of_another_authority(desk: Desk) -> ClientTls:
    stranger = Pki(desk.pki.directory.parent / "other", name="AUTRE")
    return ClientTls(material(stranger, stranger.issue(WE, "client"), cas=desk.pki.ca_path.read_bytes()))


async def test_our_certificate_refused_by_the_holder_is_our_turn(desk):
    with an_outspoken_server(desk.holder.tls.context) as port:
        desk.members.change(desk.member.id, endpoint=f"https://localhost:{port}")
        async with desk.new_client(tls=our_leaf_of_another_authority(desk)) as client:
            fault = await fault_of(client.lookup(desk.member, a_demand(desk.us, desk.member)))

    assert fault.code is Code.PEER_REFUSED_US
    assert "did not take our certificate (unknown ca)" in fault.message


async def test_a_holder_that_hangs_up_at_our_certificate_is_unreachable_with_that_hint(desk):
    async with desk.new_client(tls=our_leaf_of_another_authority(desk)) as client:
        fault = await fault_of(client.lookup(desk.member, a_demand(desk.us, desk.member)))

    assert fault.code is Code.PEER_UNREACHABLE
    assert "it may not take our certificate" in fault.hint


async def test_our_own_certificate_that_ended_is_told_before_anything_is_asked(desk):
    desk.clock.at += 4 * 365 * 86_400

    with pytest.raises(PeerFault) as raised:
        await desk.lookup()

    assert raised.value.code is Code.PEER_REFUSED_US
    assert rfc3339(desk.tls.certificate.not_after) in raised.value.message


async def test_a_holder_that_speaks_only_tls_1_2_is_not_spoken_to(desk):
    tls12(desk.holder)
    with an_outspoken_server(desk.holder.tls.context) as port:
        desk.members.change(desk.member.id, endpoint=f"https://localhost:{port}")
        fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_TLS
    assert "no TLS 1.3" in fault.message


async def test_a_renewed_certificate_of_ours_is_used_for_the_next_question(desk):
    await desk.lookup()
    desk.tls.reload(material(desk.pki, desk.pki.issue(WE, "client")))

    await desk.lookup()

    check_mandate(
        desk.holder.asked[1], kind=Kind.LOOKUP, audience=desk.member.id, x5t=desk.tls.certificate.x5t, now=NOW
    )
    assert desk.holder.connections == 2


# ---------------------------------------------------------------- members that change


async def test_a_suspended_member_is_not_asked_on_an_open_connection_either(desk):
    await desk.lookup()
    desk.members.change(desk.member.id, tell=False, status=MemberStatus.SUSPENDED)

    fault = await fault_of(desk.lookup())

    assert (fault.code, len(desk.holder.paths)) == (Code.MEMBER_SUSPENDED, 1)


async def test_a_member_that_left_the_directory_is_not_asked(desk):
    member = desk.member
    desk.members.remove(member.id)

    fault = await fault_of(desk.client.lookup(member, a_demand(desk.us, member)))

    assert fault.code is Code.MEMBER_UNKNOWN


async def test_a_document_that_comes_from_a_member_being_suspended_is_cut_at_once(desk):
    granted = await desk.granted()
    await desk.members.followed.wait()
    desk.script.pdf += bytes(8_000_000)
    big = DocumentDigest(sha256(desk.script.pdf).digest(), len(desk.script.pdf))
    granted = replace(granted, document=big)

    async def read_until_suspended() -> None:
        async with desk.document(granted) as pieces:
            async for _ in pieces:
                desk.members.change(desk.member.id, status=MemberStatus.SUSPENDED)
                await asyncio.sleep(0)

    assert (await fault_of(read_until_suspended())).code is Code.PEER_UNREACHABLE


# ---------------------------------------------------------------- a signing key that is gone


class Pulled:
    """A signer whose token was pulled out."""

    kid, algorithm = "sign-1", "ES256"

    def sign(self, data):
        raise FailedClosed("signing key: the token does not sign", code=Code.SIGNER_UNAVAILABLE)


async def test_without_our_signing_key_nobody_is_asked_and_nobody_else_is_blamed(desk):
    client = HttpPeerClient(desk.members, Pulled(), desk.tls, desk.clock, SystemEntropy(), QUICK)
    await desk.stack.enter_async_context(client)

    with pytest.raises(PeerFault, match="nothing was asked: signing key") as raised:
        await client.lookup(desk.member, a_demand(desk.us, desk.member))

    assert (raised.value.code, desk.holder.paths) == (Code.SIGNER_UNAVAILABLE, [])


# ---------------------------------------------------------------- revocation, looked at on every request


def take_back(desk, **changes) -> None:
    """Revoke the holder's certificate and have our side hold the newest lists."""
    desk.pki.issuing.revoked.append(x509.load_der_x509_certificate(desk.holder_leaf_der).serial_number)
    renew_lists(desk, **changes)


def renew_lists(desk, *, in_grace: bool = False, grace_seconds: int = 0, **written) -> None:
    desk.pki.crl_paths = desk.pki.write_crls(**written)
    lists = tuple(path.read_bytes() for path in desk.pki.crl_paths)
    desk.tls.reload(replace(desk.tls.material, crls=lists, in_grace=in_grace, grace_seconds=grace_seconds))


async def test_a_holder_whose_certificate_was_revoked_is_not_asked(desk):
    await desk.lookup()
    take_back(desk)

    fault = await fault_of(desk.lookup())

    assert (fault.code, len(desk.holder.paths)) == (Code.PEER_TLS, 1)
    assert "revoked" in fault.message


async def test_while_an_ended_list_is_gone_by_what_it_revoked_stays_revoked(desk):
    hour = dt.timedelta(hours=1)
    ended = {"last_update": desk.pki.now - 2 * hour, "life": hour, "in_grace": True, "grace_seconds": 7200}
    renew_lists(desk, **ended)
    await desk.lookup()
    take_back(desk, **ended)

    fault = await fault_of(desk.lookup())

    assert (fault.code, len(desk.holder.paths)) == (Code.PEER_TLS, 1)
    assert "revoked" in fault.message


async def test_when_our_lists_have_ended_nobody_is_asked_and_the_fault_is_ours(desk):
    renew_lists(desk)
    await desk.lookup()
    desk.clock.at = desk.tls.trust.crls.next_update

    fault = await fault_of(desk.lookup())

    assert (fault.code, len(desk.holder.paths)) == (Code.CRL_UNAVAILABLE, 1)
    assert "ended" in fault.message


async def test_a_document_that_comes_from_a_revoked_certificate_is_cut_at_once(desk):
    granted = await desk.granted()
    desk.script.pdf += bytes(8_000_000)
    big = DocumentDigest(sha256(desk.script.pdf).digest(), len(desk.script.pdf))
    granted = replace(granted, document=big)

    async def read_until_revoked() -> None:
        async with desk.document(granted) as pieces:
            async for _ in pieces:
                take_back(desk)
                desk.client.recheck()

    assert (await fault_of(read_until_revoked())).code is Code.PEER_UNREACHABLE


async def test_a_document_goes_on_when_new_lists_say_nothing_of_its_holder(desk):
    granted = await desk.granted()

    async with desk.document(granted) as pieces:
        renew_lists(desk)
        desk.client.recheck()
        got = b"".join([piece async for piece in pieces])

    assert got == desk.script.pdf


# ---------------------------------------------------------------- no way to the holder


async def test_a_host_without_an_address_is_unreachable(desk):
    desk.members.change(desk.member.id, endpoint="https://nowhere.invalid:8443")

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_UNREACHABLE
    assert "nowhere.invalid" in fault.message


async def test_a_closed_port_is_unreachable(desk):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        desk.members.change(desk.member.id, endpoint=f"https://localhost:{taken.getsockname()[1]}")

        fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_UNREACHABLE
    assert "refused" in fault.message.lower()


async def test_a_port_that_takes_connections_and_says_nothing_is_unreachable(desk):
    await desk.use(DEAF)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        desk.members.change(desk.member.id, endpoint=f"https://localhost:{deaf.getsockname()[1]}")

        fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_UNREACHABLE


async def test_a_holder_that_is_connected_and_silent_is_too_slow(desk):
    await desk.lookup()
    await desk.use(IMPATIENT)
    desk.script.hang = True

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_TIMEOUT
    assert "0.3 s" in fault.message


async def test_a_holder_that_hangs_up_is_unreachable(desk):
    desk.script.drop = 3

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_UNREACHABLE
    assert len(desk.holder.paths) == 1


async def test_a_port_that_speaks_another_protocol_misbehaves(desk):
    context = desk.holder.tls.context

    async def babble(reader, writer):
        await reader.read(1)
        writer.write(b"220 welcome to our mail server\r\n\r\n")
        await writer.drain()

    async with await asyncio.start_server(babble, "127.0.0.1", 0, ssl=context) as server:
        desk.members.change(desk.member.id, endpoint=f"https://localhost:{server.sockets[0].getsockname()[1]}")
        fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_MISBEHAVED
    assert "welcome" not in str(fault)


# ---------------------------------------------------------------- the receipt


def flip(token: bytes) -> bytes:
    """The same token with another signature."""
    head, claims, signature = token.split(b".")
    return b".".join((head, claims, (b"B" if signature[:1] == b"A" else b"A") + signature[1:]))


def another_leaf(proof: Proof) -> Proof:
    return replace(proof, leaf_hash=bytes(32))


OTHER_KEY = PrivateKeySigner("sign-318751275100038", SigningAlgorithm.ES256, generate(SigningAlgorithm.ES256))

BAD_RECEIPTS = {
    "none": ({"no_receipt": True}, Code.RECEIPT_MALFORMED),
    "two of them": ({"two_receipts": True}, Code.RECEIPT_MALFORMED),
    "no token": ({"tamper_receipt": lambda _: b"receipt"}, Code.RECEIPT_MALFORMED),
    "altered": ({"tamper_receipt": flip}, Code.RECEIPT_SIGNATURE),
    "signed by another key": ({"signer": OTHER_KEY}, Code.RECEIPT_SIGNATURE),
    "over another body": ({"tamper_body": lambda body: body + b" "}, Code.RECEIPT_MISMATCH),
    "for another mandate": ({"receipt_changes": {"mandate_sha256": bytes(32)}}, Code.RECEIPT_MISMATCH),
    "for another member": ({"receipt_changes": {"audience": MemberId(HOLDERS[1])}}, Code.RECEIPT_MISMATCH),
    "for another lookup": ({"receipt_changes": {"lookup_id": an_id()}}, Code.RECEIPT_MISMATCH),
    "of another outcome than the Bundle": (
        {"receipt_changes": {"outcome": Outcome.WITHHELD}},
        Code.RECEIPT_MISMATCH,
    ),
    "of another outcome than the status": (
        {"receipt_changes": {"outcome": Outcome.DEFERRED}},
        Code.RECEIPT_MISMATCH,
    ),
    "whose leaf is not in the tree": ({"proof": another_leaf}, Code.RECEIPT_NOT_IN_LEDGER),
}


@pytest.mark.parametrize("how", BAD_RECEIPTS)
async def test_nothing_of_an_answer_is_used_whose_receipt_is(desk, how):
    switches, code = BAD_RECEIPTS[how]
    desk.holder.script = Script(**switches)

    fault = await fault_of(desk.lookup())

    assert fault.code is code
    assert fault.hint


async def test_a_receipt_that_is_not_ascii_is_malformed(desk):
    desk.script.no_receipt, desk.script.headers = True, {"DMST-Receipt": "é"}

    assert (await fault_of(desk.lookup())).code is Code.RECEIPT_MALFORMED


async def test_a_checkpoint_signed_by_another_key_is_not_believed(desk):
    strange = a_party(HOLDERS[0], "SPSTI Sud")
    strange_holder = FakeHolder(strange, desk.us, desk.pki.issue(WE, "server"), desk.pki, NOW)
    desk.script.proof = lambda _: strange_holder._append()

    assert (await fault_of(desk.lookup())).code is Code.RECEIPT_NOT_IN_LEDGER


async def test_a_grant_that_is_not_the_receipts_is_refused(desk):
    desk.script.grant_changes = {"document": DocumentDigest(bytes(32), 5)}

    assert (await fault_of(desk.handover())).code is Code.RECEIPT_MISMATCH


async def test_a_receipt_of_a_lookup_answers_no_handover(desk):
    desk.script.receipt_changes = {"outcome": Outcome.ANNOUNCED, "document": None, "handover_id": None}

    assert (await fault_of(desk.handover())).code is Code.RECEIPT_MISMATCH


async def test_a_receipt_of_a_handover_answers_no_lookup(desk):
    desk.script.outcome = Outcome.DEFERRED
    desk.script.receipt_changes = {"outcome": Outcome.RENDERING}

    assert (await fault_of(desk.lookup())).code is Code.RECEIPT_MISMATCH


async def test_a_bundle_about_another_worker_is_refused(desk):
    body = []
    desk.script.raw = None
    original = desk.holder._answer

    def swapped(mandate, outcome, status, content, **fields):
        body.append(content)
        return original(mandate, outcome, status, content.replace(b"279035121518989", b"297022A02077878"), **fields)

    desk.holder._answer = swapped

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_MISBEHAVED
    assert "297022A02077878" not in str(fault)


# ---------------------------------------------------------------- refusals


async def test_a_refusal_gives_the_holders_code_and_words(desk):
    desk.script.outcome, desk.script.code = Outcome.REFUSED, Code.PRACTITIONER_PROFESSION

    answer = await desk.lookup()

    assert (answer.outcome, answer.code) == (Outcome.REFUSED, Code.PRACTITIONER_PROFESSION)
    assert answer.detail == "SPSTI Sud: refused (no, for a reason)"


async def test_a_refusal_for_time_says_how_far_the_clocks_are_apart(desk):
    desk.script.outcome, desk.script.code = Outcome.REFUSED, Code.MANDATE_EXPIRED
    desk.script.headers = {"Date": "Mon, 23 Nov 2026 12:00:00 GMT"}

    answer = await desk.lookup()

    differs = 1_795_435_200 - NOW
    assert f"the clock of SPSTI Sud differs from ours by {differs:+d} s" in answer.detail
    assert answer.peer_date == 1_795_435_200


async def test_a_date_that_is_none_is_left_out(desk):
    desk.script.outcome, desk.script.code = Outcome.REFUSED, Code.MANDATE_EXPIRED
    desk.script.headers = {"Date": "yesterday"}

    answer = await desk.lookup()

    assert answer.peer_date is None
    assert "clock" not in answer.detail


async def test_a_receipt_whose_code_is_not_the_bodys_is_refused(desk):
    desk.script.outcome, desk.script.code = Outcome.REFUSED, Code.PRACTITIONER_PROFESSION
    desk.script.receipt_changes = {"code": Code.PURPOSE_UNKNOWN}

    assert (await fault_of(desk.lookup())).code is Code.RECEIPT_MISMATCH


def an_outcome(status: int, code: Code | None, text: str = "because", **headers) -> web.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(status=status, body=fhir.operation_outcome(code, text), headers=named)


async def test_a_refusal_before_the_mandate_was_looked_at_needs_no_receipt(desk):
    desk.script.raw = an_outcome(403, Code.MEMBER_UNKNOWN)

    answer = await desk.lookup()

    assert (answer.outcome, answer.code, answer.receipt) == (Outcome.REFUSED, Code.MEMBER_UNKNOWN, None)


async def test_a_refusal_of_what_the_mandate_says_owes_a_receipt(desk):
    desk.script.raw = an_outcome(403, Code.PRACTITIONER_PROFESSION)

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.RECEIPT_MALFORMED
    assert "practitioner.profession" in fault.message


async def test_too_many_questions_says_when_to_come_back_and_whom_to_call(desk):
    desk.members.change(desk.member.id, contact="01 23 45 67 89")
    desk.script.raw = an_outcome(429, Code.LIMIT_EXCEEDED, Retry_After="3600")

    fault = await fault_of(desk.lookup())

    assert (fault.code, fault.retry_after) == (Code.LIMIT_EXCEEDED, 3600)
    assert "01 23 45 67 89" in fault.hint


async def test_a_ledger_that_cannot_be_written_there_is_told(desk):
    desk.script.raw = an_outcome(503, Code.LEDGER_UNAVAILABLE, Retry_After="soon")

    fault = await fault_of(desk.lookup())

    assert (fault.code, fault.retry_after) == (Code.LEDGER_UNAVAILABLE, None)


@pytest.mark.parametrize("seconds", ["-1", "1.5", "999999", "99999999", "", "soon"])
async def test_a_retry_after_that_is_none_counts_as_none(desk, seconds):
    desk.script.outcome, desk.script.retry_after = Outcome.DEFERRED, seconds

    assert (await desk.lookup()).retry_after is None


async def test_a_proxy_before_the_holder_that_says_502_makes_it_unavailable(desk):
    desk.script.raw = web.Response(status=502, body=b"<html>Bad Gateway</html>")

    assert (await fault_of(desk.lookup())).code is Code.PEER_UNAVAILABLE


async def test_a_failure_without_a_reason_is_misbehaviour(desk):
    desk.script.raw = web.Response(status=418, body=b"<html>teapot</html>")

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_MISBEHAVED
    assert "418" in fault.message


async def test_a_failure_with_an_outcome_without_code_is_unavailable_or_misbehaviour(desk):
    desk.script.raw = an_outcome(500, None)
    assert (await fault_of(desk.lookup())).code is Code.PEER_UNAVAILABLE

    desk.script.raw = an_outcome(400, None)
    assert (await fault_of(desk.lookup())).code is Code.PEER_MISBEHAVED


async def test_a_redirect_is_not_followed(desk):
    desk.script.raw = web.Response(status=307, headers={"Location": f"{desk.member.endpoint}/elsewhere"})

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_MISBEHAVED
    assert "redirect" in fault.message
    assert desk.holder.paths == ["POST /fhir/DocumentReference/_search"]


# ---------------------------------------------------------------- too much, and compressed


async def test_a_body_beyond_the_limit_is_refused_by_its_length(desk):
    desk.script.raw = web.Response(body=b" " * 70_000)

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_MISBEHAVED
    assert "65536 bytes" in fault.message


async def test_a_body_without_end_is_refused_while_it_is_read(desk):
    desk.script.endless = True

    fault = await fault_of(desk.lookup())

    assert "longer than 65536 bytes" in fault.message


async def test_a_header_beyond_the_limit_is_refused(desk):
    desk.script.headers = {"X-Long": "x" * 9000}

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_MISBEHAVED
    assert "within our limits" in fault.message


async def test_a_compressed_answer_is_not_unpacked(desk):
    desk.script.raw = web.Response(body=gzip.compress(bytes(10_000_000)), headers={"Content-Encoding": "gzip"})

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_MISBEHAVED
    assert "compressed" in fault.message


async def test_the_next_question_is_answered_after_a_misbehaviour(desk):
    desk.script.endless = True
    await fault_of(desk.lookup())
    desk.script.endless = False

    assert (await desk.lookup()).outcome is Outcome.ANNOUNCED


# ---------------------------------------------------------------- the document


async def test_a_document_refused_gives_the_code(desk):
    granted = await desk.granted()
    desk.script.document_status, desk.script.code = 404, Code.HANDOVER_NOT_AVAILABLE

    assert (await fault_of(desk.read(granted))).code is Code.HANDOVER_NOT_AVAILABLE


BAD_DOCUMENTS = {
    "another type": ({"document_headers": {"Content-Type": "text/html"}}, Code.PEER_MISBEHAVED),
    "compressed": ({"document_headers": {"Content-Encoding": "gzip"}}, Code.PEER_MISBEHAVED),
    "without digest": ({"document_headers": {"Repr-Digest": ""}}, Code.PEER_MISBEHAVED),
    "another length": ({"document_headers": {"Content-Length": "5"}}, Code.DOCUMENT_SIZE),
    "a range that was not asked for": ({"document_status": 206}, Code.PEER_MISBEHAVED),
}


@pytest.mark.parametrize("how", BAD_DOCUMENTS)
async def test_a_document_is_not_taken_that_comes_as(desk, how):
    granted = await desk.granted()
    switches, code = BAD_DOCUMENTS[how]
    for name, value in switches.items():
        setattr(desk.script, name, value)

    with pytest.raises((PeerFault, DocumentRejected)) as raised:
        await desk.read(granted)

    assert raised.value.code is code


async def test_a_document_offered_with_another_digest_than_the_receipts_is_rejected(desk):
    granted = await desk.granted()
    desk.script.promised = DocumentDigest(bytes(32), len(PDF))

    with pytest.raises(DocumentRejected) as raised:
        await desk.read(granted)

    assert raised.value.code is Code.DOCUMENT_DIGEST


async def test_a_whole_document_is_not_taken_for_its_rest(desk):
    granted = await desk.granted()
    desk.script.document_status = 200

    fault = await fault_of(desk.read(granted, offset=1000))

    assert fault.code is Code.PEER_MISBEHAVED


async def test_another_part_is_not_taken_for_the_rest(desk):
    granted = await desk.granted()
    desk.script.document_headers = {"Content-Range": f"bytes 900-{len(PDF) - 1}/{len(PDF)}"}

    assert (await fault_of(desk.read(granted, offset=1000))).code is Code.PEER_MISBEHAVED


async def test_a_document_cut_on_its_way_is_unreachable_with_what_came(desk):
    granted = await desk.granted()
    desk.script.cut_at = [4000]
    received = bytearray()

    async def read() -> None:
        async with desk.document(granted) as pieces:
            async for piece in pieces:
                received.extend(piece)

    assert (await fault_of(read())).code is Code.PEER_UNREACHABLE
    assert PDF.startswith(received)


async def test_a_holder_that_falls_silent_within_a_document_is_too_slow(desk):
    granted = await desk.granted()
    await desk.use(IMPATIENT)
    desk.script.hang = True

    assert (await fault_of(desk.read(granted))).code is Code.PEER_TIMEOUT


# ---------------------------------------------------------------- acknowledgements


async def test_another_result_than_before_is_a_mismatch(desk):
    granted = await desk.granted()
    desk.script.ack_status, desk.script.code = 409, Code.REQUEST_MALFORMED

    work = desk.client.acknowledge(desk.member, an_ack(desk, granted), our_proof(desk))

    assert (await fault_of(work)).code is Code.ACK_MISMATCH


async def test_an_acknowledgement_refused_gives_the_code(desk):
    granted = await desk.granted()
    desk.script.ack_status, desk.script.code = 404, Code.HANDOVER_NOT_AVAILABLE

    work = desk.client.acknowledge(desk.member, an_ack(desk, granted), our_proof(desk))

    assert (await fault_of(work)).code is Code.HANDOVER_NOT_AVAILABLE


async def test_no_fault_quotes_what_the_other_side_sent(desk):
    desk.script.raw = web.Response(status=500, body=b"279035121518989 TCHITCHI")

    fault = await fault_of(desk.lookup())

    assert not re.search("TCHITCHI|27903", str(fault))

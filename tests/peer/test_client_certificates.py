"""Whose certificate the client takes, ours when it is not taken, and revocation, looked at on every request."""

import datetime as dt
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography import x509

from connector.core.codes import Code
from connector.core.directory import TlsBinding
from connector.core.errors import PeerFault
from connector.core.evidence import DocumentDigest
from connector.core.instant import Instant, rfc3339
from connector.core.mandate import Kind
from connector.peer.client import HttpPeerClient
from connector.peer.tls import ClientTls
from connector.wire.mandate import check_mandate
from tests.kit.fake_holder import a_holder, material, tls12
from tests.kit.peer_desk import QUICK, Desk, a_desk, an_outspoken_server, fault_of
from tests.kit.pki import Pki
from tests.kit.requester_fakes import HOLDERS, NOW, WE, Members, a_clock, a_demand, a_party
from tests.kit.state import SystemEntropy

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

"""Every wrong certificate of reference/security.md section 4, in both directions: the error, what a person is told,
and that the next one with a right certificate is answered. Both kinds of authority key: P-256, and RSA-2048 as at ANS.
"""

import datetime as dt
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from connector.core.codes import Code
from connector.core.errors import PeerFault
from connector.peer.client import HttpPeerClient
from connector.peer.connect import PeerClientSettings
from connector.peer.tls import ClientTls
from tests.kit.fake_holder import a_holder, material
from tests.kit.holder_asserts import assert_lives_on, assert_outcome
from tests.kit.holder_house import ASKER, a_house, a_line
from tests.kit.peer_desk import an_outspoken_server
from tests.kit.pki import Pki
from tests.kit.requester_fakes import HOLDERS, NOW, WE, Members, a_clock, a_demand, a_party
from tests.kit.state import SystemEntropy

DAY = dt.timedelta(days=1)
STRANGER = "318751275100053"
QUICK = PeerClientSettings(connect_seconds=2.0, exchange_seconds=5.0, handover_seconds=5.0, silent_seconds=5.0)
KINDS = pytest.mark.parametrize("kind", ["p256", pytest.param("rsa2048", marks=pytest.mark.long)])


def without_names(pki: Pki, member: str):
    """A server's certificate that names its host in the CN alone."""
    return pki.issue(member, "server", hosts=())


def of_another(pki: Pki, member: str, use: str):
    return Pki(pki.directory / "autre", name="AUTRE").issue(member, use)


def self_signed(pki: Pki, member: str, use: str):
    leaf = pki.issue(member, use)
    name = leaf.certificate.subject
    builder = x509.CertificateBuilder(name, name, leaf.key.public_key(), 7, pki.now - DAY, pki.now + DAY)
    certificate = builder.sign(leaf.key, hashes.SHA256())
    leaf.cert_pem_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return leaf


def revoked(pki: Pki, member: str, use: str):
    leaf = pki.issue(member, use)
    pki.revoke(leaf)
    return leaf


def under_a_revoked_authority(pki: Pki, member: str, use: str):
    leaf = pki.issue(member, use)
    pki.revoke_issuing()
    return leaf


WRONG_CLIENTS = {
    "expired yesterday": (lambda pki: pki.issue_expired(ASKER, "client"), "expired"),
    "not valid before tomorrow": (lambda pki: pki.issue_not_yet_valid(ASKER, "client"), "not yet valid"),
    "ORG_SIGN": (lambda pki: pki.issue(ASKER, "sign"), "purpose"),
    "SERV_SSL": (lambda pki: pki.issue(ASKER, "server"), "purpose"),
    "of another authority": (lambda pki: of_another(pki, ASKER, "client"), "issuer certificate"),
    "signed by itself": (lambda pki: self_signed(pki, ASKER, "client"), "self"),
    "revoked": (lambda pki: revoked(pki, ASKER, "client"), "revoked"),
    "of a revoked authority": (lambda pki: under_a_revoked_authority(pki, ASKER, "client"), "revoked"),
}
"""How a client's certificate is made, and OpenSSL's word for why the handshake fails, which the log and ledger have."""

TOLD_TO_THE_CLIENT = {
    "ORG_SIGN": "key usage does not allow TLS clients",
    "SERV_SSL": "key usage does not allow TLS clients",
    "revoked": "revoked",
}
WRONG_SERVERS = {
    "expired yesterday": (lambda pki: pki.issue_expired(HOLDERS[0], "server"), "has expired"),
    "not valid before tomorrow": (lambda pki: pki.issue_not_yet_valid(HOLDERS[0], "server"), "not valid yet"),
    "ORG_SIGN": (lambda pki: pki.issue(HOLDERS[0], "sign"), "not one for a server"),
    "ORG_AUTH_CLI": (lambda pki: pki.issue(HOLDERS[0], "client"), "not one for a server"),
    "a host in its CN alone": (lambda pki: without_names(pki, HOLDERS[0]), "not for the host"),
    "of another host": (lambda pki: pki.issue(HOLDERS[0], "server", hosts=("autre.example",)), "not for the host"),
    "of another authority": (lambda pki: of_another(pki, HOLDERS[0], "server"), "not configured here"),
    "signed by itself": (lambda pki: self_signed(pki, HOLDERS[0], "server"), "of no authority"),
    "revoked": (lambda pki: revoked(pki, HOLDERS[0], "server"), "was revoked"),
    "of a revoked authority": (lambda pki: under_a_revoked_authority(pki, HOLDERS[0], "server"), "was revoked"),
    "of no member": (lambda pki: pki.issue(STRANGER, "server"), "of no member"),
}
"""How a server's certificate is made, and what the physician's side is told of it."""


@asynccontextmanager
async def house_of(tmp_path, kind, **changes):
    async with a_house(tmp_path / "house", key=kind, with_crls=True, **changes) as house:
        yield house


@KINDS
@pytest.mark.parametrize("name", WRONG_CLIENTS)
async def test_a_wrong_client_certificate_ends_in_the_handshake_and_the_next_is_answered(tmp_path, kind, name):
    make, reason = WRONG_CLIENTS[name]
    async with house_of(tmp_path, kind) as house:
        leaf = make(house.pki)
        house.tls.reload(house.material(house.server_leaf))
        with pytest.raises((OSError, EOFError)):
            async with a_line(house, leaf) as line:
                await line.lookup()

        assert reason in (await house.ears.next("handshake_failed"))[0]
        if name != "of a revoked authority":
            async with a_line(house) as line:
                await assert_lives_on(house, line)


@KINDS
async def test_a_right_certificate_of_another_member_is_told_that_it_is_unknown(tmp_path, kind):
    async with house_of(tmp_path, kind) as house:
        async with a_line(house, house.pki.issue(STRANGER, "client")) as line:
            assert_outcome(await line.lookup(), 403, "member.unknown")
        async with a_line(house) as line:
            await assert_lives_on(house, line)


@asynccontextmanager
async def asking(tmp_path, kind, make=None, client=None):
    """We ask one holder, whose certificate is the one that `make` makes; lists are checked on our side."""
    pki = Pki(tmp_path / "pki", key=kind)
    us, party = a_party(WE, "SPSTI Nord"), a_party(HOLDERS[0], "SPSTI Sud")
    leaf, shown = (make(pki) if make else None), (client(pki) if client else pki.issue(WE, "client"))
    crls = tuple(path.read_bytes() for path in pki.crl_paths)
    async with a_holder(party, us, pki, NOW, leaf) as holder:
        if client is not None:
            holder.tls.reload(replace(holder.tls.material, crls=crls))
        members = Members(us, party)
        tls = ClientTls(material(pki, shown, crls=() if client else crls))
        async with HttpPeerClient(members, us.signer, tls, a_clock(), SystemEntropy(), QUICK) as peers:

            def ask():
                members.change(party.id, endpoint=holder.party.member.endpoint)
                member = members.get(party.id)
                return peers.lookup(member, a_demand(us, member))

            yield ask, holder, pki


@KINDS
async def test_right_certificates_of_either_kind_are_taken_both_ways(tmp_path, kind):
    async with asking(tmp_path, kind) as (ask, holder, _):
        assert (await ask()).receipt is not None
        assert len(holder.paths) == 1


@KINDS
@pytest.mark.parametrize("name", WRONG_SERVERS)
async def test_nothing_is_asked_of_a_wrong_server_certificate_and_the_reason_is_told(tmp_path, kind, name):
    make, said = WRONG_SERVERS[name]
    async with asking(tmp_path, kind, make) as (ask, holder, pki):
        with pytest.raises(PeerFault) as caught:
            await ask()

        assert (caught.value.code, holder.paths) == (Code.PEER_TLS, [])
        assert "SPSTI Sud" in caught.value.message
        assert said in caught.value.message
        assert caught.value.hint
        if name != "of a revoked authority":
            holder.tls.reload(material(pki, pki.issue(HOLDERS[0], "server")))
            assert (await ask()).receipt is not None


@pytest.mark.parametrize("name", TOLD_TO_THE_CLIENT)
async def test_whose_own_certificate_is_refused_is_told_why(tmp_path, name):
    """A server that ends the connection properly: one that resets it takes its alert back (RFC 8446 section 6)."""
    make = {
        "ORG_SIGN": lambda pki: pki.issue(WE, "sign"),
        "SERV_SSL": lambda pki: pki.issue(WE, "server"),
        "revoked": lambda pki: revoked(pki, WE, "client"),
    }[name]
    async with asking(tmp_path, "p256", client=make) as (ask, holder, _):
        with an_outspoken_server(holder.tls.context) as port:
            holder.party.member = replace(holder.party.member, endpoint=f"https://localhost:{port}")
            with pytest.raises(PeerFault) as caught:
                await ask()

        assert caught.value.code is Code.PEER_REFUSED_US
        assert TOLD_TO_THE_CLIENT[name] in str(caught.value)

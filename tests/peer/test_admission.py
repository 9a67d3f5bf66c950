"""Who may ask at all: certificate, member, status, dates and revocation, looked at again on every request."""

import datetime as dt

import pytest

from connector.core.directory import MemberStatus
from connector.core.errors import ConfigFault
from connector.core.ledger import EntryType
from connector.peer.tls import ServerTls, TlsMaterial
from tests.kit.holder_asserts import assert_lives_on, assert_outcome, assert_refused_without_receipt, house_notes
from tests.kit.holder_house import ASKER, US, a_house, a_line
from tests.kit.pki import Pki

STRANGER = "318751275100053"


async def assert_not_admitted(house, line, code, *, peer) -> str:
    reply = await line.lookup()
    await assert_refused_without_receipt(house, reply, status=403, code=code)
    assert await house.entries() == []
    (note,) = await house_notes(house, EntryType.CONNECTION_REFUSED)
    assert (note.peer, note.reason) == (peer, code)
    return assert_outcome(reply, 403, code)


async def test_a_certificate_of_no_member_is_refused(house):
    async with a_line(house, house.pki.issue(STRANGER, "client")) as line:
        await assert_not_admitted(house, line, "member.unknown", peer=None)


async def test_the_note_of_a_refusal_names_the_certificate(house):
    leaf = house.pki.issue(STRANGER, "client")
    async with a_line(house, leaf) as line:
        await line.lookup()

    (note,) = await house_notes(house, EntryType.CONNECTION_REFUSED)
    assert len(note.personal["certificate"]) == 43


async def test_a_certificate_of_another_member_does_not_carry_this_ones_mandate(house):
    async with a_line(house, house.other_leaf) as line:
        await assert_refused_without_receipt(house, await line.lookup(), status=401, code="mandate.member")


@pytest.mark.parametrize("status", [MemberStatus.SUSPENDED, MemberStatus.LEFT, MemberStatus.MAIL_ONLY])
async def test_a_member_that_is_not_active_is_refused_on_an_open_connection(house, line, status):
    house.members.change(house.asker.id, tell=False, status=status)

    text = await assert_not_admitted(house, line, "member.suspended", peer=house.asker.id)

    assert status.value in text
    house.members.change(house.asker.id, status=MemberStatus.ACTIVE)
    await assert_lives_on(house, line)


async def test_a_status_that_time_alone_changes_counts_on_an_open_connection(house, line):
    """A suspension begins or ends, or the directory ends, without a new version of it."""
    version = house.members.version
    await assert_lives_on(house, line)
    house.members.change(house.asker.id, tell=False, by_time=True, status=MemberStatus.SUSPENDED)

    assert house.members.version == version
    assert_outcome(await line.lookup(), 403, "member.suspended")


async def test_a_member_struck_off_is_unknown_on_an_open_connection(house, line):
    house.members.remove(house.asker.id, tell=False)

    await assert_not_admitted(house, line, "member.unknown", peer=None)


@pytest.mark.parametrize("status", [MemberStatus.SUSPENDED, MemberStatus.LEFT])
async def test_idle_connections_of_a_member_that_becomes_suspended_are_closed_at_once(house, line, status):
    assert (await line.lookup()).status == 200
    async with a_line(house, house.other_leaf) as other:
        house.members.change(house.asker.id, status=status)

        assert await line.is_closed()
        assert (await other.send("GET", "/fhir/metadata", {})).status == 200


async def test_connections_of_a_member_that_changed_otherwise_stay_open(house, line):
    house.members.change(house.asker.id, name="SPSTI Sud et Mer")

    await assert_lives_on(house, line)


async def test_a_certificate_that_ends_is_refused_on_the_connection_that_it_opened(tmp_path):
    async with a_house(tmp_path) as house:
        leaf = house.pki.issue(ASKER, "client")
        async with a_line(house, leaf) as line:
            house.clock.at = int(leaf.certificate.not_valid_after_utc.timestamp()) + 1
            reply = await line.send("GET", "/fhir/metadata", {})

            text = assert_outcome(reply, 403, "member.unknown")
            assert "ended" in text
            assert house.ears.of("refused")[-1] == ["member.unknown", house.asker.id, "capabilities"]


# ---------------------------------------------------------------- the handshake


async def assert_no_handshake(house, leaf, *, reason: str) -> None:
    """TLS refuses: with 1.3 a client learns of it at its first read."""
    with pytest.raises((OSError, EOFError)):
        async with a_line(house, leaf) as line:
            await line.lookup()
    heard = await house.ears.next("handshake_failed")
    assert reason in heard[0]
    async with a_line(house) as line:
        await assert_lives_on(house, line)
    (note,) = await house_notes(house, EntryType.CONNECTION_REFUSED)
    assert (note.peer, note.reason.partition(":")[0]) == (None, "handshake")


async def test_an_expired_certificate_ends_in_the_handshake(house):
    await assert_no_handshake(house, house.pki.issue_expired(ASKER, "client"), reason="expired")


async def test_a_certificate_of_another_authority_ends_in_the_handshake(house, tmp_path):
    other = Pki(tmp_path / "other", name="AUTRE")
    house_pki, house.pki = house.pki, other
    material_cas = house_pki.ca_path
    leaf = other.issue(ASKER, "client")
    other.ca_path = material_cas  # the client itself believes the house's authority

    await assert_no_handshake(house, leaf, reason="")


async def test_a_server_certificate_is_no_client_certificate(house):
    await assert_no_handshake(house, house.pki.issue(ASKER, "server"), reason="purpose")


async def test_a_signing_certificate_is_no_client_certificate(house):
    await assert_no_handshake(house, house.pki.issue(ASKER, "sign"), reason="purpose")


# ---------------------------------------------------------------- revocation


async def test_a_revoked_certificate_ends_in_the_handshake(tmp_path):
    async with a_house(tmp_path, with_crls=True) as house:
        house.pki.revoke(house.leaf)
        house.tls.reload(house.material(house.server_leaf))
        fresh = house.pki.issue(ASKER, "client")
        with pytest.raises((OSError, EOFError)):
            async with a_line(house) as line:
                await line.lookup()

        assert "revoked" in (await house.ears.next("handshake_failed"))[0]
        async with a_line(house, fresh) as line:
            assert (await line.send("GET", "/fhir/metadata", {})).status == 200


async def test_a_certificate_revoked_since_is_refused_on_an_open_connection(tmp_path):
    async with a_house(tmp_path, with_crls=True) as house, a_line(house) as line:
        assert (await line.lookup()).status == 200
        house.pki.revoke(house.leaf)
        house.tls.reload(house.material(house.server_leaf))

        reply = await line.lookup()

        assert "revoked" in assert_outcome(reply, 403, "member.unknown")


async def test_a_revoked_issuing_authority_stops_open_connections(tmp_path):
    async with a_house(tmp_path, with_crls=True) as house, a_line(house) as line:
        await line.lookup()
        house.pki.revoke_issuing()
        house.tls.reload(house.material(house.server_leaf))

        assert_outcome(await line.lookup(), 403, "member.unknown")


async def test_open_connections_can_be_closed_as_soon_as_a_crl_takes_them_back(tmp_path):
    async with a_house(tmp_path, with_crls=True) as house, a_line(house) as line:
        await line.lookup()
        house.pki.revoke(house.leaf)
        house.tls.reload(house.material(house.server_leaf))

        house.server.recheck()

        assert await line.is_closed()


async def test_crls_configured_while_running_count_for_connections_that_are_open(house, line):
    await line.lookup()
    house.pki.revoke(house.leaf)
    house.with_crls = True
    house.tls.reload(house.material(house.server_leaf))

    assert_outcome(await line.lookup(), 403, "member.unknown")
    with pytest.raises((OSError, EOFError)):
        async with a_line(house) as again:
            await again.lookup()


async def test_an_expired_crl_stops_new_connections(tmp_path):
    async with a_house(tmp_path, with_crls=True) as house:
        past = house.pki.now - dt.timedelta(days=30)
        house.pki.crl_paths = house.pki.write_crls(last_update=past)
        house.tls.reload(house.material(house.server_leaf))

        with pytest.raises((OSError, EOFError)):
            async with a_line(house) as line:
                await line.lookup()
        assert "CRL has expired" in (await house.ears.next("handshake_failed"))[0]


async def test_when_our_lists_have_ended_an_open_connection_is_answered_nothing(tmp_path):
    async with a_house(tmp_path, with_crls=True) as house, a_line(house) as line:
        assert (await line.lookup()).status == 200
        house.clock.at = house.tls.trust.crls.next_update

        reply = await line.lookup()

        assert "cannot be checked" in assert_outcome(reply, 503, "ledger.unavailable")
        assert reply.header("Retry-After") == "300"
        async with a_line(house) as idle:
            assert (await idle.lookup()).status == 503  # so the server has it: a client's handshake ends first
            house.server.recheck()
            assert await idle.is_closed()


async def test_a_missing_crl_is_refused_before_anything_changes(tmp_path):
    async with a_house(tmp_path, with_crls=True) as house:
        material = house.material(house.server_leaf)
        before = house.tls.trust
        with pytest.raises(ConfigFault):
            house.tls.reload(type(material)(material.trusted_cas, material.chain, material.key, material.crls[1:]))

        assert house.tls.trust is before
        async with a_line(house) as line:
            await assert_lives_on(house, line)


async def test_a_renewed_server_certificate_is_shown_without_a_restart(house, line):
    renewed = house.pki.issue(US, "server")
    house.tls.reload(house.material(renewed))

    async with a_line(house) as again:
        shown = again.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        assert shown == renewed.der
        await assert_lives_on(house, again)
    await assert_lives_on(house, line)


async def test_more_connections_than_allowed_are_closed(tmp_path):
    async with a_house(tmp_path, server={"max_connections": 2}) as house, a_line(house) as one, a_line(house) as two:
        await assert_lives_on(house, one)
        await assert_lives_on(house, two)
        async with a_line(house) as three:
            assert await three.is_closed()
        await assert_lives_on(house, one)


async def test_one_certificate_cannot_take_all_connections(tmp_path):
    limits = {"max_connections_per_certificate": 1}
    async with a_house(tmp_path, server=limits) as house, a_line(house) as one:
        await assert_lives_on(house, one)
        async with a_line(house) as two:
            assert await two.is_closed()
        async with a_line(house, house.other_leaf) as other:
            assert (await other.send("GET", "/fhir/metadata", {})).status == 200


def test_a_listening_context_needs_usable_material(tmp_path):
    pki = Pki(tmp_path)
    one, other = pki.issue(US, "server"), pki.issue(US, "server")
    material = TlsMaterial(pki.ca_path.read_bytes(), one.cert_pem_path.read_bytes(), other.key_pem_path.read_bytes())
    with pytest.raises(ConfigFault, match="pair"):
        ServerTls(material)

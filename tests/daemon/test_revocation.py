"""The revocation lists as they run in the daemon: fetched from a real web server, kept, refused, told of, gone by."""

import asyncio
import datetime as dt
import io
import json
import ssl
import time
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from connector import logs
from connector.core.errors import ConfigFault, FailedClosed
from connector.core.ledger import EntryType, Tree
from connector.daemon.revocation import ALERTS_A_DAY, CrlSettings, Revocation
from connector.metrics import Metrics
from connector.peer.crl_fetch import CrlFetchSettings, fetch
from connector.peer.tls import ClientTls, ServerTls, TlsMaterial, client_context
from connector.store.kept_crls import KeptCrls
from spsti_sandbox.pki import Pki
from tests.kit.crl_server import a_crl_server
from tests.kit.state import HandClock, opened
from tests.peer.test_tls import meet

MEMBER, PEER = "318751275100020", "318751275100038"
HOUR = dt.timedelta(hours=1)


class Desk:
    """A member whose certificates name where the lists are, its TLS on both sides, and what keeps it on the newest."""

    def __init__(self, pki, server, state, clock, folder, **changed):
        self.pki, self.server, self.state, self.clock = pki, server, state, clock
        self.kept, self.metrics, self.rechecks = KeptCrls(folder), Metrics("0"), 0
        self.urls = (server.url + "root.crl", server.url + "issuing.crl")
        self.server_material = self.material(pki.issue(MEMBER, "server"), **changed)
        self.client_material = self.material(pki.issue(MEMBER, "client"), **changed)
        self.server_tls, self.client_tls = ServerTls(self.server_material), ClientTls(self.client_material)
        self.revocation = Revocation(
            CrlSettings(self.urls, CrlFetchSettings(seconds=5.0)),
            server=self.server_tls,
            client=self.client_tls,
            kept=self.kept,
            ledger=state.holder,
            clock=clock,
            metrics=self.metrics,
        )
        self.revocation.on_change = self._rechecked

    def _rechecked(self):
        self.rechecks += 1

    def material(self, leaf, **changed):
        values = {"awaits_crls": True, "crls": self.kept.read()} | changed
        return TlsMaterial(
            self.pki.ca_path.read_bytes(), leaf.cert_pem_path.read_bytes(), leaf.key_pem_path.read_bytes(), **values
        )

    def peer(self, leaf=None):
        """The context of a peer that shows this leaf, and checks no list itself."""
        leaf = leaf or self.pki.issue(PEER, "client")
        return client_context(
            TlsMaterial(self.pki.ca_path.read_bytes(), leaf.cert_pem_path.read_bytes(), leaf.key_pem_path.read_bytes())
        )

    async def alerts(self):
        found = await self.state.journal.entries(Tree.HOUSE, type=EntryType.ALERT)
        return [(entry.reason, entry.personal["detail"]) for entry in reversed(found)]

    def numbers(self):
        return sorted(crl.number for crl in self.server_tls.trust.crls.lists)

    def fetched(self, result):
        return self.metrics.registry.get_sample_value("spsti_crl_fetches_total", {"result": result}) or 0


@pytest.fixture
def clock():
    return HandClock(int(time.time()))


@pytest.fixture
async def server():
    async with a_crl_server() as running:
        yield running


@pytest.fixture
def pki(tmp_path, server):
    made = Pki(tmp_path / "pki", crl_base=server.url)
    server.folder = made.directory
    return made


@pytest.fixture
async def desk(tmp_path, pki, server, clock):
    async with opened(tmp_path / "state", clock) as state:
        made = Desk(pki, server, state, clock, tmp_path)
        yield made
        await made.revocation.close()


@pytest.fixture
def log():
    stream = io.StringIO()
    logs.configure(form="json", stream=stream)
    return lambda event: [line for line in map(json.loads, stream.getvalue().splitlines()) if line["event"] == event]


def der(crl):
    return crl.public_bytes(serialization.Encoding.DER)


async def test_until_a_list_has_come_nobody_is_believed(desk):
    assert desk.revocation.check().ok is False
    assert "no revocation list of" in desk.revocation.check().detail
    with pytest.raises((ssl.SSLError, OSError, EOFError)):
        await meet(desk.server_tls.context, desk.peer())

    await desk.revocation.start()

    assert desk.revocation.check().ok is True
    assert desk.revocation.check().detail == ""
    await meet(desk.server_tls.context, desk.peer())


async def test_lists_of_both_authorities_are_fetched_where_the_certificates_name_them(desk, log):
    await desk.revocation.refresh()

    assert desk.server.asked == ["root.crl", "issuing.crl"]
    assert desk.numbers() == [1, 1]
    assert [line["level"] for line in log("crl.accepted")] == ["info", "info"]
    ends = {
        sample.labels["authority"]: sample.value
        for family in desk.metrics.registry.collect()
        if family.name == "spsti_crl_next_update_timestamp_seconds"
        for sample in family.samples
    }
    assert set(ends) == {"SANDBOX AC RACINE IGC-SANTE ELEMENTAIRE", "SANDBOX AC IGC-SANTE ELEMENTAIRE ORGANISATIONS"}
    assert all(end > desk.clock.now() for end in ends.values())


async def test_a_certificate_revoked_meanwhile_counts_at_the_next_refresh_on_both_sides(desk):
    await desk.revocation.refresh()
    leaf, before = desk.pki.issue(PEER, "client"), desk.client_tls.context
    await meet(desk.server_tls.context, desk.peer(leaf))
    desk.pki.revoke(leaf)
    rechecks = desk.rechecks

    await desk.revocation.refresh()

    assert desk.rechecks == rechecks + 2  # pki.revoke writes both lists anew
    assert desk.client_tls.context is not before
    with pytest.raises((ssl.SSLError, OSError, EOFError)):
        await meet(desk.server_tls.context, desk.peer(leaf))


async def test_the_last_good_list_outlives_a_restart_with_the_web_server_down(desk, tmp_path):
    await desk.revocation.refresh()
    await desk.server.stop()

    again = Desk(desk.pki, desk.server, desk.state, desk.clock, tmp_path)
    await again.revocation.refresh()

    assert again.numbers() == [1, 1]
    assert again.revocation.check().ok is True
    assert "revocation list at 127.0.0.1" in again.revocation.check().detail
    await desk.server.start()


async def test_a_list_that_did_not_change_changes_nothing(desk):
    await desk.revocation.refresh()
    context, rechecks = desk.client_tls.context, desk.rechecks

    await desk.revocation.refresh()

    assert (desk.client_tls.context, desk.rechecks, desk.fetched("unchanged")) == (context, rechecks, 2)


@pytest.mark.parametrize("change", [{"number": 1}, {"last_update": -30 * 24 * HOUR}], ids=["number", "this-update"])
async def test_an_older_list_is_refused_told_and_journalled_once(desk, log, change):
    revoked = desk.pki.issue(PEER, "client")
    desk.pki.revoke(revoked)
    await desk.revocation.refresh()
    held = desk.numbers()
    desk.pki.issuing.revoked.clear()
    if "last_update" in change:
        change = {"last_update": desk.pki.now + change["last_update"], "life": 60 * 24 * HOUR}
    desk.pki.write_crls(**change)

    await desk.revocation.refresh()
    await desk.revocation.refresh()

    assert desk.numbers() == held
    assert [line["code"] for line in log("crl.refused")] == ["crl.refused"] * 4
    alerts = await desk.alerts()
    assert [reason for reason, _ in alerts] == ["crl.refused"] * 2
    assert all("older than the one held" in detail for _, detail in alerts)
    with pytest.raises((ssl.SSLError, OSError, EOFError)):
        await meet(desk.server_tls.context, desk.peer(revoked))


async def test_forged_foreign_and_unreadable_lists_are_refused_and_the_last_good_one_stays(desk, tmp_path):
    await desk.revocation.refresh()
    now = desk.pki.now
    other = Pki(tmp_path / "other", name="AUTRE")
    forged = desk.pki.crl(desk.pki.issuing, last_update=now, next_update=now + 24 * HOUR, signed_by=desk.pki.root.key)
    for number, answer in enumerate((der(forged), other.crl_paths[1].read_bytes(), b"<html>404</html>"), 1):
        desk.server.answers["issuing.crl"] = answer
        await desk.revocation.refresh()
        assert (desk.fetched("refused"), desk.numbers()) == (number, [1, 1])

    assert desk.revocation.check().ok is True
    assert desk.revocation.check().detail != ""
    assert len(await desk.alerts()) == 3


async def test_who_makes_every_forged_list_another_fills_neither_journal_nor_log(desk, log):
    await desk.revocation.refresh()
    now, long = desk.pki.now, "X" * 60
    for number in range(ALERTS_A_DAY + 5):
        foreign = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{number} {long}") for _ in range(20)])
        forged = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(foreign)
            .last_update(now)
            .next_update(now + HOUR)
            .sign(desk.pki.root.key, hashes.SHA256())
        )
        desk.server.answers["issuing.crl"] = der(forged)
        await desk.revocation.refresh()

    alerts = await desk.alerts()
    assert len(alerts) == ALERTS_A_DAY
    assert max(len(detail) for _, detail in alerts) < 400
    assert max(len(line["cause"]) for line in log("crl.refused")) < 400
    assert len(desk.revocation.check().detail) < 400

    desk.clock.at += 86_400
    await desk.revocation.refresh()

    assert len(await desk.alerts()) == ALERTS_A_DAY + 1


async def test_a_ledger_that_takes_no_alert_keeps_no_other_list_from_being_fetched(tmp_path, pki, server, clock):
    async with opened(tmp_path / "state", clock) as state:
        desk = Desk(pki, server, state, clock, tmp_path)
    server.answers["root.crl"] = b"junk"

    await desk.revocation.refresh()  # the state is closed: nothing more is written

    assert server.asked == ["root.crl", "issuing.crl"]
    assert desk.numbers() == [1]


async def test_a_configuration_that_is_read_while_a_list_is_taken_loses_neither(desk):
    await desk.revocation.refresh()
    revoked = desk.pki.issue(PEER, "client")
    desk.pki.revoke(revoked)
    fresh = desk.material(desk.pki.issue(MEMBER, "server"))

    refresh = asyncio.ensure_future(desk.revocation.refresh())
    while not refresh.done():
        desk.revocation.replace(fresh, desk.client_material, desk.revocation.settings)
        fresh = replace(fresh)
        await asyncio.wait((refresh,), timeout=0.02)

    assert desk.numbers() == [2, 2]
    assert desk.server_tls.material.chain == fresh.chain
    with pytest.raises((ssl.SSLError, OSError, EOFError)):
        await meet(desk.server_tls.context, desk.peer(revoked))


async def test_a_password_in_an_address_stands_in_no_message():
    with pytest.raises(FailedClosed) as failed:
        await fetch("http://user:secret@127.0.0.1:9/x.crl", CrlFetchSettings(seconds=1.0))

    assert "secret" not in str(failed.value)
    assert "127.0.0.1:9" in str(failed.value)


async def test_a_list_of_a_time_to_come_is_not_used_yet(desk):
    await desk.revocation.refresh()
    desk.pki.write_crls(last_update=desk.pki.now + HOUR)

    await desk.revocation.refresh()

    assert desk.numbers() == [1, 1]
    assert "look at the clock" in desk.revocation.check().detail
    await meet(desk.server_tls.context, desk.peer())


async def test_an_end_is_warned_of_ahead_and_then_everyone_is_refused(desk, log):
    await desk.revocation.refresh()
    end = desk.server_tls.trust.crls.next_update
    desk.server.answers |= {"root.crl": 503, "issuing.crl": 503}

    desk.clock.at = end - 47 * 3600
    await desk.revocation.refresh()
    near = desk.revocation.check()
    desk.clock.at = end
    rechecks = desk.rechecks
    desk.revocation.tick()
    ended = desk.revocation.check()

    assert (near.ok, "then every peer is refused" in near.detail, "answered with 503" in near.detail) == (True,) * 3
    assert near.remedy
    assert (ended.ok, "every peer is refused" in ended.detail) == (False, True)
    assert [line["state"] for line in log("crl.aged")][-2:] == ["stale", "closed"]
    assert desk.rechecks == rechecks + 1


async def test_a_list_that_has_ended_is_gone_by_for_the_configured_hours_and_its_revocations_count(
    tmp_path, pki, server, clock
):
    revoked = pki.issue(PEER, "client")
    pki.revoke(revoked)
    pki.write_crls(last_update=pki.now - 2 * HOUR, life=HOUR)
    async with opened(tmp_path / "state", clock) as state:
        desk = Desk(pki, server, state, clock, tmp_path, grace_seconds=3 * 3600)
        await desk.revocation.refresh()

        check = desk.revocation.check()
        assert (check.ok, "gone by until" in check.detail) == (True, True)
        await meet(desk.server_tls.context, desk.peer())
        trust, leaf = desk.server_tls.trust, revoked.der
        assert trust.crls.revoked_in(trust.authorities.chain_of(leaf)) is not None

        clock.at += 2 * 3600 + 1
        desk.revocation.tick()

        assert desk.revocation.check().ok is False
        with pytest.raises((ssl.SSLError, OSError, EOFError)):
            await meet(desk.server_tls.context, desk.peer())


async def test_a_reload_keeps_what_was_fetched_and_drops_what_is_of_no_configured_authority(desk, tmp_path):
    await desk.revocation.refresh()

    desk.revocation.replace(desk.server_material, desk.client_material, desk.revocation.settings)
    assert desk.numbers() == [1, 1]

    other = Pki(tmp_path / "other", name="AUTRE")
    theirs = other.issue(MEMBER, "server")
    material = replace(
        desk.server_material,
        trusted_cas=other.ca_path.read_bytes(),
        chain=theirs.cert_pem_path.read_bytes(),
        key=theirs.key_pem_path.read_bytes(),
    )
    desk.revocation.replace(material, material, desk.revocation.settings)
    assert desk.server_tls.trust.crls.lists == ()
    assert desk.revocation.check().ok is False


async def test_a_reload_that_cannot_be_used_changes_nothing(desk):
    await desk.revocation.refresh()
    before = desk.server_tls.material

    with pytest.raises(ConfigFault):
        desk.revocation.replace(
            desk.server_material, replace(desk.client_material, chain=b"junk"), desk.revocation.settings
        )

    assert desk.server_tls.material == before


async def test_without_any_list_configured_the_check_says_what_that_means(tmp_path, pki, server, clock):
    async with opened(tmp_path / "state", clock) as state:
        desk = Desk(pki, server, state, clock, tmp_path, awaits_crls=False, crls=())

        check = desk.revocation.check()

    assert (check.ok, "would be believed" in check.detail, check.remedy != "") == (True, True, True)

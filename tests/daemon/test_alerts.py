"""Alerts reach a real receiver, signed; one that is down, slow or refuses costs nobody anything."""

import ssl
from contextlib import asynccontextmanager

import pytest

from connector.config.alerts import AlertSettings
from connector.core.alerts import AlertKind, AlertLevel
from connector.core.codes import Code
from connector.core.errors import PeerFault
from connector.core.fetch import Reply, ServiceReply
from connector.core.instant import Instant
from connector.core.ledger import Tree
from connector.core.limits import LimitRule
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.witness import LedgerFault, LedgerFaultKind, LedgerGap, LedgerName, SignedHead
from connector.daemon.alerts import KEPT_SECONDS, MOST, CheckWatch, WebhookBell
from connector.daemon.observe import Observers
from connector.daemon.witnessing import WitnessEars
from connector.local.ports import Check
from connector.metrics import Metrics
from connector.peer.alerting import AlertClient
from connector.wire.alert import parse_key
from tests.kit.pki import Pki
from tests.kit.state import HandClock, SystemEntropy
from tests.kit.webhook import KEY, a_receiver

US, PEER, OTHER = MemberId("318751275100020"), MemberId("1690781810"), MemberId("1750712184")


@asynccontextmanager
async def a_bell(receiver, *, key=KEY, url=None, trusted=None):
    clock = HandClock()
    settings = AlertSettings(url or receiver.url, parse_key(key), trusted)
    async with AlertClient(settings.url, trusted) as client:
        metrics = Metrics("0")
        bell = WebhookBell(
            settings, client, US, Environment.TEST, clock, SystemEntropy(), metrics, first_pause=0.01
        )  # fmt: skip
        bell.clock, bell.metrics = clock, metrics
        bell.start()
        try:
            yield bell
        finally:
            await bell.close()


def counted(bell, result):
    return bell.metrics.registry.get_sample_value("spsti_alerts_total", {"result": result})


def details(receiver):
    return [alert["data"]["detail"] for alert in receiver.alerts]


async def test_a_block_is_told_with_its_rule_and_member_and_nothing_more():
    async with a_receiver() as receiver, a_bell(receiver) as bell:
        Observers(bell.metrics, None, bell).limit_met(LimitRule.PATTERN, PEER, blocked=True)
        await receiver.until(lambda r: r.alerts)

    [alert] = receiver.alerts
    assert alert["type"] == "limit.blocked"
    assert alert["data"] == {
        "service": US.value,
        "environment": "test",
        "level": "critical",
        "detail": "pattern",
        "member": PEER.value,
    }


async def test_every_kind_of_alert_has_somebody_who_rings_it():
    head = SignedHead(LedgerName(PEER, Tree.EXCHANGE, 1), 4, bytes(32), "known")
    own = SignedHead(LedgerName(US, Tree.EXCHANGE, 1), 4, bytes(32), "known")
    new = SignedHead(LedgerName(PEER, Tree.EXCHANGE, 2), 1, bytes(32), "new")
    async with a_receiver() as receiver, a_bell(receiver) as bell:
        observers, ears = Observers(bell.metrics, None, bell), WitnessEars(US, bell.metrics, bell)
        observers.limit_met(LimitRule.MINUTE, PEER, blocked=False)
        observers.limit_met(LimitRule.MISSES, PEER, blocked=True)
        observers.service_replied("f" * 32, ServiceReply(OTHER, "SPSTI B", "b" * 32, Reply.LIMITED))
        ears.ledger_fault(LedgerFault(head.ledger, LedgerFaultKind.FORK, Instant(1), "a", "b"))
        ears.ledger_fault(LedgerFault(own.ledger, LedgerFaultKind.SHORTENED, Instant(1), "a", "b", PEER))
        ears.ledger_gap(LedgerGap(Instant(1), head.ledger, "a", new.ledger, "b"))
        CheckWatch(bell).look([Check("crls", ok=True, detail="ends soon", remedy="fetch them")])
        await receiver.until(lambda r: len(r.alerts) >= len(AlertKind))

    assert {alert["type"] for alert in receiver.alerts} == set(AlertKind)
    assert all("f" * 32 not in str(alert) and "b" * 32 not in str(alert) for alert in receiver.alerts)


async def test_the_same_about_the_same_member_is_told_once_an_hour():
    async with a_receiver() as receiver, a_bell(receiver) as bell:
        observers = Observers(bell.metrics, None, bell)
        for member in (PEER, PEER, OTHER, PEER):
            observers.limit_met(LimitRule.MINUTE, member, blocked=False)
        bell.clock.at = Instant(bell.clock.at + 3600)
        observers.limit_met(LimitRule.MINUTE, PEER, blocked=False)
        await receiver.until(lambda r: len(r.alerts) == 3)

    assert [alert["data"]["member"] for alert in receiver.alerts] == [PEER.value, OTHER.value, PEER.value]


async def test_a_check_rings_when_it_changes_and_neither_before_nor_again():
    warned, red, fine = (
        Check("directory", ok=True, detail="ends in a day", remedy="sign"),
        Check("directory", ok=False, detail="ended", remedy="sign"),
        Check("directory", ok=True),
    )
    async with a_receiver() as receiver, a_bell(receiver) as bell:
        watch = CheckWatch(bell)
        for check in (fine, warned, warned, red, fine, red, fine):
            watch.look([check, Check("draining", ok=False), Check("listening", ok=False)])
        await receiver.until(lambda r: len(r.alerts) == 5)

    assert [alert["data"]["level"] for alert in receiver.alerts] == ["warning", "critical", "ok", "critical", "ok"]
    assert {alert["data"]["detail"] for alert in receiver.alerts} == {"directory"}


@pytest.mark.parametrize("status", [302, 401, 429, 500])
async def test_an_alert_that_was_not_taken_comes_again_under_the_same_id(status):
    async with a_receiver() as receiver, a_bell(receiver) as bell:
        receiver.status = status
        bell.ring(AlertKind.LEDGER_BEHIND, AlertLevel.CRITICAL, "shortened")
        await receiver.until(lambda r: r.attempts >= 2)
        assert receiver.alerts == []
        receiver.status = 204
        await receiver.until(lambda r: r.alerts)

    assert len(set(receiver.ids)) == 1
    assert counted(bell, "failed") >= 2


async def test_a_receiver_that_was_down_gets_what_was_rung_meanwhile_in_its_order():
    async with a_receiver() as receiver, a_bell(receiver) as bell:
        await receiver.stop()
        for name in ("crls", "directory", "certificates"):
            bell.ring(AlertKind.CHECK_CHANGED, AlertLevel.WARNING, name)
        await receiver.start()
        await receiver.until(lambda r: len(r.alerts) == 3)

    assert details(receiver) == ["crls", "directory", "certificates"]


async def test_only_so_many_wait_and_the_oldest_gives_way():
    async with a_receiver() as receiver:
        receiver.status = None
        async with a_bell(receiver) as bell:
            for number in range(MOST + 3):
                bell.ring(AlertKind.CHECK_CHANGED, AlertLevel.WARNING, str(number))

            assert counted(bell, "dropped") == 3


async def test_an_alert_of_the_day_before_is_given_up():
    async with a_receiver() as receiver, a_bell(receiver) as bell:
        receiver.status = 500
        bell.ring(AlertKind.CHECK_CHANGED, AlertLevel.WARNING, "old")
        await receiver.until(lambda r: r.attempts)
        bell.clock.at = Instant(bell.clock.at + KEPT_SECONDS + 1)
        bell.ring(AlertKind.CHECK_CHANGED, AlertLevel.WARNING, "new")
        receiver.status = 204
        await receiver.until(lambda r: r.alerts)

    assert details(receiver) == ["new"]


async def test_one_signed_by_another_key_is_not_taken_by_a_receiver_that_looks():
    async with a_receiver() as receiver, a_bell(receiver, key="whsec_" + "A" * 44) as bell:
        bell.ring(AlertKind.CHECK_CHANGED, AlertLevel.WARNING, "crls")
        await receiver.until(lambda r: r.attempts >= 2)

    assert receiver.alerts == []


async def test_a_receiver_with_tls_is_believed_by_its_authority_alone(tmp_path):
    pki = Pki(tmp_path)
    leaf = pki.issue(US.value, "server")
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(leaf.cert_pem_path, leaf.key_pem_path)
    trusted = ssl.create_default_context(cafile=str(pki.ca_path))
    async with a_receiver(server) as receiver:
        url = f"https://localhost:{receiver.port}/alerts"
        async with AlertClient(url) as stranger:
            with pytest.raises(PeerFault) as refused:
                await stranger.post(b"{}", {})
        async with a_bell(receiver, url=url, trusted=trusted) as bell:
            bell.ring(AlertKind.CHECK_CHANGED, AlertLevel.WARNING, "crls")
            await receiver.until(lambda r: r.alerts)

    assert refused.value.code is Code.PEER_UNREACHABLE

"""Suspensions dated ahead: what readers, operators and a new key make of what a thief signed with tools of its own."""

import pytest

from connector.core.directory import MemberStatus
from connector.core.instant import Instant, rfc3339
from connector.core.units import DAY_SECONDS
from connector.directory import rotation, suspending
from connector.directory.duty import duties
from connector.directory.layout import SEAT_LIFE, SUSPENSION_AHEAD, seat_role, suspensions_path
from connector.directory.repository import delegated_role, instant_end
from connector.directory.suspensions import Reason, Suspension
from connector.directory.suspensions import to_json as suspensions_json
from tests.kit.directory import NOW, A, B, Clock, Ears, directory, operator_signer, published, serve

DATE = Instant(NOW + 30 * DAY_SECONDS)
AHEAD = Suspension(A, DATE, Reason.PRECAUTION)
BEGUN = Suspension(B, NOW, Reason.KEY_STOLEN)


@pytest.fixture
def robbed(federation):
    """A federation whose thief put a seat in force with an operator's and the publisher's key."""
    federation.join(A)
    federation.join(B)
    published_, path = federation.workspace.needs_published(), suspensions_path("op-1")
    data, ends_at = suspensions_json((AHEAD, BEGUN)), instant_end(NOW, SEAT_LIFE)
    seat = delegated_role(path, data, 1, ends_at, federation.operators[0])
    sealed = published_.with_role(seat_role("op-1"), seat).sealed(federation.publisher, NOW)
    federation.workspace.put_published(sealed)
    return federation


def _renewed(federation, now):
    federation.now = now
    rotation.renew(federation.workspace, "targets", now)
    federation.sign_all()
    federation.publish()


async def test_a_row_dated_ahead_suspends_nobody_before_its_date_and_the_others_of_its_seat_count(tmp_path, robbed):
    ears, clock = Ears(), Clock(NOW)
    with serve(published(robbed)) as urls:
        found = directory(tmp_path, robbed, urls, clock=clock, ears=ears)
        await found.refresh()

        told = f"suspends {A} only from {rfc3339(DATE)}, ahead of this clock"
        assert ears.refused == []
        assert ears.parts == [(seat_role("op-1"), "ahead", told)]
        assert [str(finding) for finding in found.findings()] == [f"{seat_role('op-1')}: ahead: {told}"]
        assert [found.get(member).status for member in (A, B)] == [MemberStatus.ACTIVE, MemberStatus.SUSPENDED]

        _renewed(robbed, Instant(DATE - DAY_SECONDS))
        clock.at = Instant(DATE - SUSPENSION_AHEAD - 1)
        await found.refresh()
        assert [found.get(member).status for member in (A, B)] == [MemberStatus.ACTIVE, MemberStatus.ACTIVE]
        clock.at += 1
        assert found.get(A).status is MemberStatus.SUSPENDED
        assert found.findings() == ()
        clock.at = AHEAD.until
        _renewed(robbed, AHEAD.until)
        await found.refresh()
        assert found.get(A).status is MemberStatus.ACTIVE


async def test_a_clock_that_is_a_minute_behind_delays_no_suspension(tmp_path, federation):
    federation.join(A)
    suspending.suspend(federation.workspace, A, Reason.KEY_STOLEN, federation.operators[0], NOW)
    federation.publish()

    with serve(published(federation)) as urls:
        behind = directory(tmp_path, federation, urls, clock=Clock(NOW - SUSPENSION_AHEAD))
        await behind.refresh()

    assert behind.get(A).status is MemberStatus.SUSPENDED
    assert behind.findings() == ()


async def test_what_a_thief_dated_ahead_ends_with_the_key_and_what_had_begun_follows_the_new_one(tmp_path, robbed):
    new = operator_signer("op-1")
    rotation.rotate_operator_key(robbed.workspace, "op-1", new.public_key, NOW)
    robbed.sign_all(4)
    robbed.workspace.sign([new])
    assert suspending.renew_seat(robbed.workspace, new, NOW) == (BEGUN,)
    assert robbed.publish().refused == ()
    robbed.operators[0] = new

    clock = Clock(NOW)
    with serve(published(robbed)) as urls:
        found = directory(tmp_path, robbed, urls, clock=clock)
        await found.refresh()
        assert found.get(B).status is MemberStatus.SUSPENDED
        _renewed(robbed, DATE)
        clock.at = DATE
        await found.refresh()

    assert found.get(A).status is MemberStatus.ACTIVE
    assert found.findings() == ()


def test_operators_are_told_of_a_row_dated_ahead_and_how_it_ends(robbed):
    (duty,) = [duty for duty in duties(robbed.workspace, NOW) if "op-1 suspends" in duty.what]

    assert duty.what.startswith(f"op-1 suspends {A} from {rfc3339(DATE)}")
    assert (duty.until, duty.how) == (DATE, "federation rotate-key --old op-1")
    assert duty.who.startswith("3 operators")

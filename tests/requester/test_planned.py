"""Fetches that are prepared for a day: nothing leaves before somebody starts them, and then as themselves."""

import asyncio

import pytest

from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import LocalRefused
from connector.core.instant import Instant, day_in_france
from connector.core.ledger import EntryType
from connector.core.mandate import Auth, AuthLevel, AuthMeans
from connector.core.outcome import Outcome
from connector.core.states import FetchState
from tests.kit.requester_office import A, B
from tests.kit.state import OWNER, T0

DAY = 86_400


def day(ahead):
    return Day.parse(day_in_france(Instant(T0 + ahead * DAY)))


async def test_a_planned_fetch_waits_for_its_day_and_asks_nobody(office):
    fetch = await office.errands.prepare(office.new(A, B, planned_for=day(3)), "desk")
    office.clock.at = T0 + 2 * DAY
    await office.errands.run_due_work()

    assert [one.id for one in await office.errands.prepared(OWNER)] == [fetch.id]
    assert (await office.errands.get(fetch.id)).state is FetchState.PREPARED
    assert await office.entries(EntryType.ASKED) == []


async def test_a_planned_fetch_is_over_when_its_day_is(office):
    fetch = await office.errands.prepare(office.new(A, planned_for=day(1)), "desk")
    office.clock.at = T0 + 3 * DAY
    await office.errands.run_due_work()

    assert (await office.errands.get(fetch.id)).state is FetchState.EXPIRED
    assert await office.errands.prepared(None) == []


async def test_a_planned_fetch_goes_under_the_login_of_whoever_starts_it(office):
    fetch = await office.errands.prepare(office.new(A, planned_for=day(1)), "desk")
    office.clock.at = T0 + DAY
    login = Auth(AuthMeans.PSC, AuthLevel.SUBSTANTIAL, Instant(T0 + DAY - 60))

    started = await office.errands.start(fetch.id, OWNER, login)
    await office.settled(fetch.id)

    assert started.practitioner.auth == login
    assert started.expires_at == office.clock.at + office.settings.fetch_seconds
    assert (await office.errands.get(fetch.id)).state is FetchState.READY


async def test_a_planned_fetch_that_is_deferred_waits_its_whole_time_from_its_start(office):
    office.a.lookups = [office.a.answer(Outcome.DEFERRED, retry_after=7200)]
    fetch = await office.errands.prepare(office.new(A, planned_for=day(5)), "desk")
    office.clock.at = T0 + 5 * DAY

    await office.errands.start(fetch.id, OWNER)

    fetch = await office.settled(fetch.id)
    assert (fetch.state, fetch.expires_at) == (FetchState.WAITING, T0 + 5 * DAY + 3 * DAY)


@pytest.mark.parametrize("ahead", [-1, 32, 400])
async def test_a_day_that_is_past_or_far_is_refused(office, ahead):
    with pytest.raises(LocalRefused) as refused:
        await office.errands.prepare(office.new(A, planned_for=day(ahead)), "desk")

    assert (refused.value.code, refused.value.field) == (Code.LOCAL_MALFORMED, "planned_for")


async def test_what_an_assistant_prepared_is_started_by_a_login_of_the_practitioner_only(office):
    fetch = await office.errands.prepare(office.new(A, planned_for=day(0), by_another=True), "desk")

    with pytest.raises(LocalRefused) as refused:
        await office.errands.start(fetch.id, OWNER)

    assert refused.value.code is Code.PRACTITIONER_AUTH_LEVEL
    assert await office.entries(EntryType.ASKED) == []
    await office.errands.start(fetch.id, OWNER, Auth(AuthMeans.OWN, AuthLevel.SUBSTANTIAL, Instant(T0)))
    assert len(await office.entries(EntryType.ASKED)) == 1


async def test_nobody_sees_what_was_prepared_for_another(office):
    await office.errands.prepare(office.new(A, planned_for=day(1)), "desk")

    assert await office.errands.prepared("899700000009") == []


async def test_a_fetch_is_taken_out_before_anybody_starts_it(office):
    fetch = await office.errands.prepare(office.new(A, planned_for=day(1)), "desk")

    assert (await office.errands.take_out(fetch.id)).state is FetchState.CANCELLED
    (ended,) = await office.entries(EntryType.FETCH_ENDED)
    assert ended.ref == fetch.id


async def test_a_fetch_that_was_started_is_no_longer_taken_out(office):
    office.a.gate = asyncio.Event()
    fetch = await office.errands.prepare(office.new(A, planned_for=day(1)), "desk")
    await office.errands.start(fetch.id, OWNER)

    with pytest.raises(LocalRefused) as refused:
        await office.errands.take_out(fetch.id)

    assert refused.value.code is Code.FETCH_STATE
    office.a.gate.set()
    assert (await office.settled(fetch.id)).state is FetchState.READY
    assert await office.entries(EntryType.FETCH_ENDED) == []

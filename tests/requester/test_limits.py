"""How much one practitioner may ask in a day, and what happens here when another service stops answering us."""

import asyncio

import pytest

from connector.core.codes import Code
from connector.core.errors import LocalRefused, PeerFault
from connector.core.fetch import Reply
from connector.core.ledger import EntryType
from connector.core.states import FetchState
from tests.kit.requester_office import A, B, C, an_office
from tests.kit.state import INS, OWNER

DAY = 86_400


@pytest.fixture
async def office(tmp_path):
    async with an_office(tmp_path, practitioner_per_day=4) as made:
        yield made


async def refused(office, *members):
    with pytest.raises(LocalRefused) as error:
        await office.fetch(*members)
    assert error.value.code is Code.LIMIT_EXCEEDED


async def test_a_practitioner_asks_so_many_services_in_a_day_and_no_more(office):
    await office.fetch(A, B)
    await office.fetch(A)
    await refused(office, A, B)

    assert (await office.fetch(C)).state is FetchState.NO_RECORD_GIVEN
    await refused(office, A)
    assert office.ears.of("limit_met") == [["practitioner", None, False]] * 2


async def test_the_refusal_stands_in_the_house_ledger_with_who_wanted_it(office):
    await office.fetch(A, B, C)
    await refused(office, A, B)

    (entry,) = await office.entries(EntryType.LIMITED)
    assert (entry.reason, entry.workers) == ("limit.practitioner", (INS,))
    assert entry.personal["practitioner"]["id"] == OWNER
    assert len(office.a.asked) == 3  # lookup, handover and document of the first fetch


async def test_the_day_is_counted_over_a_restart_and_ends_at_midnight(office):
    await office.fetch(A, B, C)
    await office.crash()
    await refused(office, A, B)

    office.clock.at += DAY - office.clock.at % DAY
    await office.fetch(A, B)


async def test_what_was_prepared_and_never_started_does_not_count(office):
    for _ in range(3):
        await office.errands.prepare(office.new(A, B), "desk")

    await office.fetch(A, B, C)


async def test_two_starts_at_once_do_not_pass_the_limit_together(office):
    fetches = [await office.errands.prepare(office.new(A, B), "desk") for _ in range(4)]

    outcomes = await asyncio.gather(*(office.errands.start(f.id, OWNER) for f in fetches), return_exceptions=True)

    assert sum(isinstance(outcome, LocalRefused) for outcome in outcomes) == 2


async def test_a_service_that_limits_us_is_an_alert_here_too_and_the_practitioner_is_told_whom_to_call(office):
    office.a.lookups = [
        PeerFault("SPSTI Ardèche: too many questions", code=Code.LIMIT_EXCEEDED, hint="call that service: +33 1 23")
    ]

    fetch = await office.fetch(A)

    assert (fetch.state, fetch.replies[0].reply) == (FetchState.FAILED, Reply.LIMITED)
    assert "+33 1 23" in fetch.replies[0].detail
    (alert,) = await office.entries(EntryType.ALERT)
    assert (alert.peer, alert.reason, alert.ref) == (A, "limit.exceeded", fetch.replies[0].lookup_id)
    assert alert.workers == (INS,)


async def test_a_limit_met_at_the_handover_is_an_alert_too(office):
    office.a.handovers = [PeerFault("SPSTI Ardèche: too many questions", code=Code.LIMIT_EXCEEDED)]

    fetch = await office.fetch(A)

    assert fetch.code is Code.LIMIT_EXCEEDED
    assert [entry.reason for entry in await office.entries(EntryType.ALERT)] == ["limit.exceeded"]

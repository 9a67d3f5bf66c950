"""What is owed to others, until it arrives: acknowledgements and traces."""

import pytest

from connector.core.codes import Code
from connector.core.directory import MemberStatus
from connector.core.errors import AdapterFault, PeerFault
from connector.core.ledger import EntryType
from connector.core.oid import Environment
from connector.core.records import TraceAction
from connector.core.states import FetchState
from connector.requester.outbox import pause_seconds
from connector.requester.settings import RequesterSettings
from tests.kit.requester_office import A, an_office
from tests.kit.state import US, a_trace, an_entry

DOWN = PeerFault("down", code=Code.PEER_UNREACHABLE)


def test_the_pause_doubles_up_to_an_hour():
    settings = RequesterSettings(US, Environment.TEST)

    assert [pause_seconds(attempts, settings) for attempts in (0, 1, 2, 9, 10, 10_000)] == [5, 10, 20, 2560, 3600, 3600]


async def test_a_document_is_shown_before_its_acknowledgement_has_arrived(office):
    office.a.ack_faults = [DOWN]

    fetch = await office.fetch(A)

    assert (fetch.state, office.a.acks) == (FetchState.READY, [])


async def test_an_acknowledgement_is_sent_again_after_5_10_20_seconds(office):
    office.a.ack_faults = [DOWN, DOWN, DOWN]
    await office.fetch(A)

    for pause in (5, 10, 20):
        assert office.a.acks == []
        office.clock.at += pause - 1
        await office.errands.run_due_work()
        office.clock.at += 1
        await office.errands.run_due_work()

    assert len(office.a.acks) == 1
    assert [rest[2] for rest in office.ears.of("delivery")] == [1, 2, 3]


async def test_an_acknowledgement_survives_a_restart(office):
    office.a.ack_faults = [DOWN]
    await office.fetch(A)

    await office.crash()
    office.clock.at += 5
    await office.errands.run_due_work()

    assert len(office.a.acks) == 1


async def test_a_holder_that_says_when_is_asked_then(office):
    office.a.ack_faults = [PeerFault("busy", code=Code.PEER_UNAVAILABLE, retry_after=300)]
    await office.fetch(A)

    office.clock.at += 299
    await office.errands.run_due_work()
    assert office.a.acks == []

    office.clock.at += 1
    await office.errands.run_due_work()
    assert len(office.a.acks) == 1


async def test_an_acknowledgement_to_a_suspended_member_waits(office):
    office.a.ack_faults = [DOWN]
    await office.fetch(A)
    office.members.change(A, status=MemberStatus.SUSPENDED)
    office.clock.at += 5
    await office.errands.run_due_work()
    assert (office.a.acks, office.ears.of("delivery")[-1][1]) == ([], Code.MEMBER_SUSPENDED)

    office.members.change(A, status=MemberStatus.ACTIVE)
    office.clock.at += 3600
    await office.errands.run_due_work()
    assert len(office.a.acks) == 1


async def test_an_acknowledgement_is_given_up_after_seven_days_with_an_alert(office):
    office.a.ack_faults = [DOWN, DOWN]
    await office.fetch(A)
    office.clock.at += 7 * 86_400

    await office.errands.run_due_work()

    (alert,) = await office.entries(EntryType.ALERT)
    assert (alert.outcome, alert.reason, alert.peer) == ("acknowledgement-not-delivered", "peer.unreachable", A)
    assert await office.state.requester.due_acks(office.clock.now() + 10_000_000) == []


@pytest.mark.parametrize("code", [Code.ACK_MISMATCH, Code.HANDOVER_NOT_AVAILABLE, Code.REQUEST_MALFORMED])
async def test_an_acknowledgement_that_is_refused_for_good_is_an_alert_at_once(office, code):
    office.a.ack_faults = [PeerFault("no", code=code)]

    await office.fetch(A)

    (alert,) = await office.entries(EntryType.ALERT)
    assert alert.reason == code.value
    assert await office.state.requester.due_acks(office.clock.now() + 10_000_000) == []


async def test_a_trace_is_written_again_until_the_vendors_database_has_it(office):
    office.shelf.fault = AdapterFault("sink: down", code=Code.ADAPTER_TIMEOUT)
    await office.fetch(A)
    assert office.ears.of("delivery")[-1] == ["trace", Code.ADAPTER_TIMEOUT, 1]

    office.shelf.fault = None
    office.clock.at += 5
    await office.errands.run_due_work()

    (trace,) = office.shelf.traces
    assert trace.action is TraceAction.RECEIVED


async def test_what_the_holders_part_did_is_traced_by_the_source(office):
    trace = a_trace()
    await office.state.holder.answer(entry=an_entry(), used=None, trace=trace)

    await office.errands.run_due_work()

    assert [kept.trace_id for kept in office.vendor.traces] == [trace.trace_id]
    assert office.shelf.traces == []


async def test_without_any_adapter_a_trace_waits(tmp_path):
    async with an_office(tmp_path, house={"sink": None, "source": None}) as office:
        await office.fetch(A, declared_reason="embauche")

        assert office.ears.of("delivery")[-1] == ["trace", Code.ADAPTER_ABSENT, 1]
        assert len(await office.state.traces.due_traces(office.clock.now() + 5)) == 1


async def test_an_outbox_that_cannot_be_written_is_told_and_tried_again(office):
    office.store.failing = {"due_acks"}
    await office.fetch(A)
    assert office.ears.of("failed")[-1][:2] == ["acknowledgements", "ledger.unavailable"]
    assert len(office.shelf.traces) == 1

    office.store.failing.clear()
    await office.errands.run_due_work()
    assert len(office.a.acks) == 1

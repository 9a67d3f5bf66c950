"""From the question to a document that can be read, with what the practitioner is told and the ledgers hold."""

import asyncio

import pytest

from connector.core.codes import Code
from connector.core.errors import AdapterFault, LocalRefused, PeerFault
from connector.core.fetch import Reply
from connector.core.ledger import EntryType
from connector.core.mandate import Kind
from connector.core.outcome import Outcome
from connector.core.records import TraceAction
from connector.core.states import FetchState
from tests.kit.holder_fakes import PDF
from tests.kit.requester_office import NAMES, A, B, C, an_office
from tests.kit.state import INS, OWNER, T0


async def test_the_most_recent_record_is_brought_over(office):
    fetch = await office.fetch(A, B, C)

    assert fetch.state is FetchState.READY
    assert fetch.document.member == A
    assert await office.shown(fetch.id) == PDF
    assert [r.reply for r in fetch.replies] == [Reply.ANNOUNCED, Reply.ANNOUNCED, Reply.WITHHELD]


async def test_each_step_is_told_in_order(office):
    fetch = await office.fetch(A, B)

    events = await office.events(fetch.id)

    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert [event.data["state"] for event in events if event.kind == "state"] == [
        "prepared",
        "asking",
        "downloading",
        "checking",
        "ready",
    ]
    assert {event.data["member"] for event in events if event.kind == "service"} == {A.value, B.value}


async def test_the_newest_is_never_told_without_of_how_many(office):
    fetch = await office.fetch(A, B, C)

    (newest,) = await office.notes(fetch.id)

    assert newest == {
        "note": "newest",
        "offered": [A.value],
        "last_act_on": "2026-11-03",
        "answered": 3,
        "asked": 3,
    }


async def test_every_service_is_asked_with_an_entry_of_its_own_before(office):
    office.store.failing = {"save"}
    fetch = await office.errands.prepare(office.new(A, B), "desk")

    with pytest.raises(Exception, match="disk is full"):
        await office.errands.start(fetch.id, OWNER)

    assert (office.a.asked, office.b.asked) == ([], [])
    assert (await office.errands.get(fetch.id)).state is FetchState.PREPARED


async def test_the_ledger_tells_what_was_asked_and_what_arrived(office):
    fetch = await office.fetch(A, B)

    assert await office.types() == ["asked", "asked", "arrived"]
    asked, _ = await office.entries(EntryType.ASKED)
    assert asked.peer == A
    assert asked.ref == fetch.replies[0].lookup_id
    assert asked.personal["practitioner"]["id"] == OWNER
    assert asked.personal["worker"] == INS.to_token()
    (arrived,) = await office.entries(EntryType.ARRIVED)
    assert (arrived.outcome, arrived.reason, arrived.document_sha256) == ("verified", None, office.a.digest.sha256)
    assert arrived.index == fetch.document.arrived_index


async def test_the_evidence_of_every_answer_stays_with_the_arrival(office):
    await office.fetch(A, C)

    (arrived,) = await office.entries(EntryType.ARRIVED)

    kept = arrived.personal
    assert kept["handover"]["receipt"].encode() == office.a.receipts[1].compact
    assert kept["handover"]["mandate"] == "mandate.of.handover"
    assert [service["receipt"].encode() for service in kept["services"]] == [
        office.a.receipts[0].compact,
        office.c.receipts[0].compact,
    ]
    assert all(service["mandate"] for service in kept["services"])
    assert arrived.mandate_sha256 == office.a.receipts[1].draft.mandate_sha256


async def test_no_two_services_see_the_same_id(office):
    await office.fetch(A, B)

    lookups = [demand for service in (office.a, office.b) for demand in service.asked if demand.kind is Kind.LOOKUP]
    assert len({demand.lookup_id for demand in lookups}) == 2


async def test_the_mandates_say_who_asks_about_whom_and_why(office):
    await office.fetch(A)

    lookup, handover, read = office.a.asked
    assert (lookup.kind, handover.kind, read.kind) == (Kind.LOOKUP, Kind.HANDOVER, Kind.READ)
    assert lookup.lookup_id == handover.lookup_id
    assert lookup.worker.verified_on is not None, "our own software's identity is asked for"
    assert (read.worker, read.information, read.lookup_id) == (None, None, None)
    assert read.document_sha256 == office.a.digest.sha256
    assert not any(demand.unattended for demand in office.a.asked)


async def test_the_acknowledgement_names_the_receipt_and_our_leaf(office):
    fetch = await office.fetch(A)

    ((ack, proof),) = office.a.acks
    assert ack.receipt_sha256 == office.a.receipts[1].sha256
    assert ack.received == office.a.digest
    assert proof.index == fetch.document.arrived_index
    assert await office.state.requester.due_acks(T0 + 10_000_000) == []


async def test_the_arrival_is_traced_in_our_own_software(office):
    await office.fetch(A)

    (trace,) = office.shelf.traces
    assert (trace.action, trace.ins, trace.peer) == (TraceAction.RECEIVED, INS, A)


async def test_a_lookup_stops_at_what_was_announced(office):
    fetch = await office.fetch(A, B, lookup_only=True)

    assert (fetch.state, fetch.document) == (FetchState.CHOOSING, None)
    told = [event async for event in office.errands.events(fetch.id)]
    assert told[-1].data["state"] == "choosing", "whoever follows is let go"


async def test_a_lookup_can_become_a_fetch(office):
    fetch = await office.fetch(A, B, lookup_only=True)

    await office.errands.choose(fetch.id, B, OWNER)

    assert (await office.settled(fetch.id)).document.member == B


async def test_equal_days_are_left_to_the_practitioner(office):
    office.b.day = office.a.day

    fetch = await office.fetch(A, B)

    assert fetch.state is FetchState.CHOOSING
    (note,) = await office.notes(fetch.id)
    assert (note["note"], note["offered"]) == ("equal-days", [A.value, B.value])


async def test_another_announced_record_can_be_chosen_after_reading(office):
    fetch = await office.fetch(A, B)
    await office.shown(fetch.id)
    first = fetch.document.vault_id

    await office.errands.choose(fetch.id, B, OWNER)
    fetch = await office.settled(fetch.id)

    assert (fetch.state, fetch.document.member, str(fetch.document.last_act_on)) == (FetchState.READY, B, "2026-05-20")
    assert office.state.vault.ids() == [fetch.document.vault_id]
    assert first != fetch.document.vault_id


@pytest.mark.parametrize("member", [A, C])
async def test_what_cannot_be_chosen_is_said(office, member):
    fetch = await office.fetch(A, B, C)

    with pytest.raises(LocalRefused) as raised:
        await office.errands.choose(fetch.id, member, OWNER)

    assert raised.value.code is (Code.FETCH_STATE if member == A else Code.FETCH_NO_DOCUMENT)


async def test_another_record_is_not_chosen_after_the_fetchs_time(office):
    fetch = await office.fetch(A, B)
    office.clock.at += 86_400

    with pytest.raises(LocalRefused) as raised:
        await office.errands.choose(fetch.id, B, OWNER)

    assert raised.value.code is Code.FETCH_EXPIRED


async def test_nothing_can_be_chosen_while_services_are_asked(office):
    office.a.gate = asyncio.Event()
    fetch = await office.begin(A)

    with pytest.raises(LocalRefused) as raised:
        await office.errands.choose(fetch.id, A, OWNER)

    assert raised.value.code is Code.FETCH_NO_DOCUMENT


# ---------------------------------------------------------------- services that do not announce


async def test_services_that_withhold_end_the_fetch_without_a_record(office):
    office.a.day = None

    fetch = await office.fetch(A, C)

    assert (fetch.state, fetch.code) == (FetchState.NO_RECORD_GIVEN, None)
    (ended,) = await office.entries(EntryType.FETCH_ENDED)
    assert ended.outcome == "no-record-given"
    assert [service["reply"] for service in ended.personal["services"]] == ["withheld", "withheld"]


FAULTS = {
    Reply.UNREACHABLE: PeerFault("down", code=Code.PEER_UNREACHABLE),
    Reply.TOO_LATE: PeerFault("slow", code=Code.PEER_TIMEOUT),
    Reply.REFUSED: PeerFault("alert", code=Code.PEER_REFUSED_US),
    Reply.LIMITED: PeerFault("too many", code=Code.LIMIT_EXCEEDED, retry_after=60),
    Reply.UNAVAILABLE: PeerFault("full", code=Code.LEDGER_UNAVAILABLE),
    Reply.MISBEHAVED: PeerFault("altered", code=Code.RECEIPT_SIGNATURE),
}


@pytest.mark.parametrize("reply", FAULTS)
async def test_a_service_that_fails_is_named_and_the_others_count(office, reply):
    office.a.lookups = [FAULTS[reply]]

    fetch = await office.fetch(A, B)

    assert (fetch.state, fetch.document.member) == (FetchState.READY, B)
    assert (fetch.replies[0].reply, fetch.replies[0].code) == (reply, FAULTS[reply].code)
    (note,) = await office.notes(fetch.id)
    assert (note["answered"], note["asked"]) == (1, 2)


@pytest.mark.parametrize("reply", FAULTS)
async def test_a_fetch_that_nobody_answered_fails_with_their_reason(office, reply):
    office.a.lookups = [FAULTS[reply]]

    fetch = await office.fetch(A)

    assert (fetch.state, fetch.code) == (FetchState.FAILED, FAULTS[reply].code)
    assert fetch.detail == "none of 1 services answered"
    (ended,) = await office.entries(EntryType.FETCH_ENDED)
    assert (ended.outcome, ended.reason) == ("failed", FAULTS[reply].code.value)


async def test_services_that_fail_in_two_ways_fail_the_fetch_as_unreachable(office):
    office.a.lookups, office.b.lookups = [FAULTS[Reply.UNREACHABLE]], [FAULTS[Reply.LIMITED]]

    assert (await office.fetch(A, B)).code is Code.PEER_UNREACHABLE


async def test_an_answer_that_is_not_what_is_owed_alerts_the_house(office):
    office.a.lookups = [FAULTS[Reply.MISBEHAVED]]
    fetch = await office.fetch(A, B)

    (alert,) = await office.entries(EntryType.ALERT)

    assert (alert.peer, alert.outcome, alert.reason) == (A, "misbehaved", "receipt.signature")
    assert alert.ref == fetch.replies[0].lookup_id


@pytest.mark.parametrize(
    ("outcome", "reply"),
    [
        (Outcome.COULD_NOT_LOOK, Reply.COULD_NOT_LOOK),
        (Outcome.REFUSED, Reply.REFUSED),
        (Outcome.GRANTED, Reply.MISBEHAVED),
        (Outcome.ANNOUNCED, Reply.MISBEHAVED),
    ],
)
async def test_an_answer_without_a_record_is_named(office, outcome, reply):
    code = Code.PRACTITIONER_PROFESSION if outcome is Outcome.REFUSED else None
    office.a.lookups = [office.a.answer(outcome, code=code)]

    fetch = await office.fetch(A, B)

    assert fetch.replies[0].reply is reply
    assert fetch.document.member == B


async def test_a_bug_about_one_service_does_not_silence_the_others(office):
    office.a.lookups = [RuntimeError("a bug")]

    fetch = await office.fetch(A, B)

    assert (fetch.replies[0].code, fetch.document.member) == (Code.INTERNAL, B)
    assert office.ears.of("failed")[0][0] == "lookup"


async def test_a_service_that_comes_after_the_deadline_is_too_late_and_not_used(tmp_path):
    async with an_office(tmp_path, deadline_seconds=0.05) as office:
        office.a.gate = asyncio.Event()

        fetch = await office.fetch(A, B)
        office.a.gate.set()
        await asyncio.sleep(0)

        assert (fetch.replies[0].reply, fetch.document.member) == (Reply.TOO_LATE, B)
        assert "did not answer within 0.05 s" in fetch.replies[0].detail
        assert (await office.errands.get(fetch.id)).replies[0].reply is Reply.TOO_LATE


async def test_a_service_that_left_the_directory_since_is_named_and_not_asked(office):
    fetch = await office.errands.prepare(office.new(A, B), "desk")
    office.members.remove(A)

    await office.errands.start(fetch.id, OWNER)
    fetch = await office.settled(fetch.id)

    assert (fetch.replies[0].reply, fetch.replies[0].code) == (Reply.REFUSED, Code.MEMBER_UNKNOWN)
    assert office.a.asked == []


# ---------------------------------------------------------------- waiting


async def test_a_person_at_the_holder_makes_the_fetch_wait(office):
    office.a.lookups = [office.a.answer(Outcome.DEFERRED, retry_after=7200)]

    fetch = await office.fetch(A, C)

    assert (fetch.state, fetch.replies[0].reply) == (FetchState.WAITING, Reply.DEFERRED)
    assert fetch.replies[0].ask_again_at == T0 + 7200
    assert fetch.expires_at == T0 + 3 * 86_400
    assert fetch.replies[1].ask_again_at is None


async def test_a_holder_that_deferred_is_asked_again_in_its_time_with_the_same_id(office):
    office.a.lookups = [office.a.answer(Outcome.DEFERRED, retry_after=7200)]
    fetch = await office.fetch(A, C)

    office.clock.at += 7199
    await office.errands.run_due_work()
    assert len(office.a.asked) == 1

    office.clock.at += 1
    await office.errands.run_due_work()
    fetch = await office.settled(fetch.id)

    first, again, *_ = office.a.asked
    assert fetch.state is FetchState.READY
    assert (again.lookup_id, again.unattended, first.unattended) == (first.lookup_id, True, False)
    assert all(demand.unattended for demand in office.a.asked[1:])
    assert len(office.c.asked) == 1, "who has answered is not asked again"
    assert await office.types() == ["asked", "asked", "asked", "arrived"]


async def test_a_holder_that_defers_without_a_time_is_asked_after_an_hour(office):
    office.a.lookups = [office.a.answer(Outcome.DEFERRED)]

    assert (await office.fetch(A)).replies[0].ask_again_at == T0 + 3600


async def test_a_deferred_service_does_not_hold_up_a_record_that_is_there(office):
    office.b.lookups = [office.b.answer(Outcome.DEFERRED, retry_after=60)]

    assert (await office.fetch(A, B)).state is FetchState.READY


async def test_a_service_that_is_down_is_asked_again_where_the_practitioner_wants_it(office):
    office.a.lookups = [FAULTS[Reply.UNREACHABLE]]
    fetch = await office.fetch(A, C, unattended=True)
    assert (fetch.state, fetch.replies[0].ask_again_at) == (FetchState.WAITING, T0 + 60)

    office.clock.at += 60
    await office.errands.run_due_work()

    assert (await office.settled(fetch.id)).state is FetchState.READY


async def test_a_fetch_that_waits_for_nothing_more_is_told_so(office):
    office.a.lookups = [office.a.answer(Outcome.DEFERRED, retry_after=60), office.a.answer(Outcome.WITHHELD)]
    fetch = await office.fetch(A)
    office.clock.at += 60
    await office.errands.run_due_work()

    assert (await office.settled(fetch.id)).state is FetchState.NO_RECORD_GIVEN


async def test_a_waiting_fetch_ends_when_the_practitioner_may_no_longer_ask(office):
    office.a.lookups = [office.a.answer(Outcome.DEFERRED, retry_after=60)]
    fetch = await office.fetch(A)
    office.people.asking.clear()
    office.clock.at += 60

    await office.errands.run_due_work()

    fetch = await office.settled(fetch.id)
    assert (fetch.state, fetch.code, len(office.a.asked)) == (FetchState.FAILED, Code.LOCAL_FORBIDDEN, 1)


async def test_a_waiting_fetch_ends_when_our_own_software_cannot_be_asked(office):
    office.a.lookups = [office.a.answer(Outcome.DEFERRED, retry_after=60)]
    fetch = await office.fetch(A)
    office.vendor.fault = AdapterFault("vendor: down", code=Code.ADAPTER_TIMEOUT)
    office.clock.at += 60

    await office.errands.run_due_work()

    assert (await office.settled(fetch.id)).code is Code.ADAPTER_TIMEOUT


# ---------------------------------------------------------------- cancelling


async def test_a_fetch_that_is_cancelled_asks_for_nothing_more(office):
    office.a.gate = asyncio.Event()
    fetch = await office.begin(A)
    await office.a.busy.wait()

    fetch = await office.errands.cancel(fetch.id, OWNER)
    office.a.gate.set()

    assert (await office.settled(fetch.id)).state is FetchState.CANCELLED
    assert [demand.kind for demand in office.a.asked] == [Kind.LOOKUP]
    (ended,) = await office.entries(EntryType.FETCH_ENDED)
    assert ended.outcome == "cancelled"


async def test_a_download_that_is_cancelled_leaves_nothing_behind(office):
    office.a.document_gate = asyncio.Event()
    fetch = await office.begin(A)
    await office.a.busy.wait()

    await office.errands.cancel(fetch.id, OWNER)

    assert office.state.vault.ids() == []
    assert await office.types() == ["asked"]


async def test_a_fetch_that_has_ended_is_not_cancelled(office):
    fetch = await office.fetch(A)

    with pytest.raises(LocalRefused) as raised:
        await office.errands.cancel(fetch.id, OWNER)

    assert raised.value.code is Code.FETCH_STATE


# ---------------------------------------------------------------- following


async def test_whoever_follows_hears_what_was_and_what_comes(office):
    office.a.gate = asyncio.Event()
    fetch = await office.begin(A)
    await office.a.busy.wait()
    follower = asyncio.create_task(_all(office.errands.events(fetch.id)))
    late = asyncio.create_task(_all(office.errands.events(fetch.id, after=2)))
    await asyncio.sleep(0)
    office.a.gate.set()

    heard, heard_late = await follower, await late

    assert [event.data.get("state") for event in heard if event.kind == "state"][-1] == "ready"
    assert heard_late == heard[2:]
    assert heard == await office.events(fetch.id)


async def test_events_hold_no_identity(office):
    fetch = await office.fetch(A, B)

    told = str([dict(event.data) for event in await office.events(fetch.id)])

    assert not any(word in told for word in ("279035121518989", "TCHITCHI", "CATARINA", OWNER, "LEFEVRE"))
    assert NAMES[A] in told


async def _all(events):
    return [event async for event in events]


# ---------------------------------------------------------------- whose fetch


async def test_another_practitioners_fetch_is_as_one_that_is_not_there(office):
    fetch = await office.fetch(A)

    refusals = []
    for fetch_id, who in ((fetch.id, "899700366257"), ("0" * 32, OWNER)):
        with pytest.raises(LocalRefused) as raised:
            await office.errands.get(fetch_id, who)
        refusals.append((raised.value.code, str(raised.value)))

    assert refusals[0] == refusals[1]
    assert refusals[0][0] is Code.LOCAL_NOT_FOUND


async def test_fetches_are_listed_for_their_practitioner(office):
    first, second = await office.fetch(A), await office.fetch(B)

    assert [fetch.id for fetch in await office.errands.list(OWNER)] == [second.id, first.id]
    assert await office.errands.list("899700366257") == []
    assert [fetch.id for fetch in await office.errands.list(OWNER, limit=1, before=second.id)] == [first.id]

"""What a start does with the fetches that it finds: nothing partial is shown, nothing is lost, nothing asked twice."""

import asyncio

import pytest

from connector.core.codes import Code
from connector.core.evidence import DocumentDigest
from connector.core.ledger import EntryType
from connector.core.mandate import Kind
from connector.core.outcome import Outcome
from connector.core.states import FetchState
from tests.kit.holder_fakes import PDF
from tests.kit.requester_office import A, B
from tests.kit.state import OWNER


async def settled_after_crash(office, fetch_id):
    for service in (office.a, office.b):
        service.gate = service.document_gate = None
    await office.crash()
    await office.errands.resume_all()
    return await office.settled(fetch_id)


async def test_services_that_had_not_replied_are_asked_after_a_restart(office):
    office.a.gate = asyncio.Event()
    fetch = await office.begin(A, B)
    await office.a.busy.wait()
    async for event in office.errands.events(fetch.id):
        if event.kind == "service":
            break

    fetch = await settled_after_crash(office, fetch.id)

    assert (fetch.state, fetch.document.member) == (FetchState.READY, A)
    assert len(office.b.asked) == 1, "its reply was kept"
    lookups = [demand.lookup_id for demand in office.a.asked if demand.kind is Kind.LOOKUP]
    assert lookups == [fetch.replies[0].lookup_id] * 2
    assert await office.types() == ["asked", "asked", "arrived"]
    assert {"note": "restarted", "member": None} in await office.notes(fetch.id)


async def test_a_transfer_that_was_under_way_is_begun_again_and_said_to_be(office):
    office.a.document_gate = asyncio.Event()
    fetch = await office.begin(A)
    await office.a.busy.wait()

    fetch = await settled_after_crash(office, fetch.id)

    assert fetch.state is FetchState.READY
    assert office.a.offsets == [0, 0]
    assert await office.shown(fetch.id) == PDF
    assert {"note": "started-over", "member": A.value} in await office.notes(fetch.id)
    assert len(office.a.acks) == 1


async def test_a_document_that_was_being_checked_is_fetched_again(office):
    office.store.failing = {"arrived"}
    fetch = await office.fetch(A)
    assert fetch.state is FetchState.CHECKING
    assert len(office.state.vault.ids()) == 1

    fetch = await settled_after_crash(office, fetch.id)

    assert (fetch.state, await office.shown(fetch.id)) == (FetchState.READY, PDF)
    assert await office.types() == ["asked", "arrived", "shown"]
    assert len(office.state.vault.ids()) == 1


async def test_a_record_withdrawn_while_we_were_down_is_not_shown(office):
    office.store.failing = {"arrived"}
    fetch = await office.fetch(A, B)
    office.a.handovers = [office.a.refused(Code.HANDOVER_NOT_AVAILABLE)]
    office.a.lookups = [office.a.answer(Outcome.WITHHELD)]

    fetch = await settled_after_crash(office, fetch.id)

    assert (fetch.state, fetch.document) == (FetchState.CHOOSING, None)
    assert office.state.vault.ids() == []


async def test_a_document_that_changed_while_we_were_down_is_checked_by_its_new_receipt(office):
    office.store.failing = {"arrived"}
    fetch = await office.fetch(A)
    office.a.pdf = PDF + b" a second version"

    fetch = await settled_after_crash(office, fetch.id)

    assert await office.shown(fetch.id) == office.a.pdf
    assert isinstance(fetch.document.digest, DocumentDigest)


@pytest.mark.parametrize(("seconds", "unattended"), [(0, False), (3600, True)])
async def test_a_fetch_taken_up_much_later_says_that_nobody_waits(office, seconds, unattended):
    office.a.gate = asyncio.Event()
    fetch = await office.begin(A)
    await office.a.busy.wait()
    office.clock.at += seconds

    await settled_after_crash(office, fetch.id)

    assert {demand.unattended for demand in office.a.asked[1:]} == {unattended}


async def test_fetches_that_need_a_person_are_left_alone(office):
    office.b.day = office.a.day
    choosing = await office.fetch(A, B)
    ready = await office.fetch(A)
    asked = len(office.a.asked)

    await office.crash()
    await office.errands.resume_all()

    assert (await office.settled(choosing.id)).state is FetchState.CHOOSING
    assert await office.shown(ready.id) == PDF
    assert len(office.a.asked) == asked


async def test_a_waiting_fetch_waits_on_over_a_restart(office):
    office.a.lookups = [office.a.answer(Outcome.DEFERRED, retry_after=60)]
    fetch = await office.fetch(A)

    await office.crash()
    await office.errands.resume_all()
    assert (await office.settled(fetch.id)).state is FetchState.WAITING

    office.clock.at += 60
    await office.errands.run_due_work()
    assert (await office.settled(fetch.id)).state is FetchState.READY


async def test_a_fetch_whose_time_ended_while_we_were_down_is_not_taken_up(office):
    office.a.gate = asyncio.Event()
    fetch = await office.begin(A)
    await office.a.busy.wait()
    office.clock.at += 86_400

    await settled_after_crash(office, fetch.id)
    await office.errands.run_due_work()

    fetch = await office.settled(fetch.id)
    assert (fetch.state, fetch.code) == (FetchState.EXPIRED, Code.FETCH_EXPIRED)
    assert len(office.a.asked) == 1


async def test_a_start_that_cannot_write_takes_the_fetch_up_later(office):
    office.a.gate = asyncio.Event()
    fetch = await office.begin(A)
    await office.a.busy.wait()
    office.a.gate = None
    await office.crash()
    office.store.failing = {"save"}

    await office.errands.resume_all()
    assert (await office.settled(fetch.id)).state is FetchState.ASKING
    assert office.ears.of("failed")[-1][:2] == ["resume", "ledger.unavailable"]

    office.store.failing.clear()
    await office.errands.run_due_work()
    assert (await office.settled(fetch.id)).state is FetchState.READY


async def test_a_fetch_is_carried_by_one_task_only(office):
    office.a.gate = asyncio.Event()
    fetch = await office.begin(A)
    await office.a.busy.wait()

    await office.errands.run_due_work()
    await office.errands.resume_all()
    office.a.gate.set()

    await office.settled(fetch.id)
    assert [demand.kind for demand in office.a.asked] == [Kind.LOOKUP, Kind.HANDOVER, Kind.READ]


async def test_the_ledgers_verify_after_crashes(office):
    for _ in range(3):
        office.a.document_gate = asyncio.Event()
        office.a.busy.clear()
        fetch = await office.begin(A)
        await office.a.busy.wait()
        await settled_after_crash(office, fetch.id)

    assert (await office.state.journal.verify()).is_sound


async def test_a_commit_that_has_begun_is_finished_when_the_fetch_is_cancelled(office):
    began, go_on = asyncio.Event(), asyncio.Event()
    real = office.state.requester.arrived

    async def slow(*args, **named):
        began.set()
        await go_on.wait()
        return await real(*args, **named)

    office.store.__dict__["arrived"] = slow
    fetch = await office.begin(A)
    await began.wait()
    cancelling = asyncio.create_task(office.errands.cancel(fetch.id, OWNER))
    await asyncio.sleep(0)
    go_on.set()

    with pytest.raises(Exception, match="it is ready, from which it cannot become cancelled"):
        await cancelling

    assert (await office.errands.get(fetch.id)).state is FetchState.READY
    assert [entry.outcome for entry in await office.entries(EntryType.ARRIVED)] == ["verified"]

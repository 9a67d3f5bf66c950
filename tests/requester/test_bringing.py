"""A record that was announced and is then not handed over: what is done, told and kept."""

import asyncio
from dataclasses import replace

import pytest

from connector.core.codes import Code
from connector.core.directory import MemberStatus
from connector.core.errors import AdapterFault, FailedClosed, LocalRefused, PeerFault
from connector.core.fetch import Reply
from connector.core.ledger import EntryType
from connector.core.mandate import Kind
from connector.core.outcome import Outcome
from connector.core.records import Opposition
from connector.core.states import FetchState
from tests.kit.holder_fakes import GIVEN, PDF
from tests.kit.requester_office import A, B, C, an_office
from tests.kit.state import INS, OWNER


def kinds(service):
    return [demand.kind for demand in service.asked]


# ---------------------------------------------------------------- the handover


async def test_a_holder_that_renders_is_asked_again_when_it_said(office):
    office.a.handovers = [office.a.waits(), office.a.waits(seconds=None)]

    fetch = await office.fetch(A)

    assert fetch.state is FetchState.READY
    assert office.pauses == [2, 1]
    assert [note["retry_after"] for note in await office.notes(fetch.id) if note["note"] == "rendering"] == [2, None]


async def test_a_holder_whose_software_failed_for_a_moment_is_asked_again(office):
    office.a.handovers = [office.a.waits(Outcome.COULD_NOT_LOOK, 5)]

    assert (await office.fetch(A)).state is FetchState.READY
    assert office.pauses == [5]


async def test_a_holder_that_renders_for_ever_is_left_for_the_next(tmp_path):
    async with an_office(tmp_path, handover_seconds=10.0) as office:
        office.a.handovers = [office.a.waits(seconds=4) for _ in range(3)]

        fetch = await office.fetch(A, B)

        assert fetch.state is FetchState.CHOOSING
        assert (fetch.replies[0].code, office.pauses) == (Code.PEER_TIMEOUT, [4, 4])
        assert "still preparing the document after 8 s" in fetch.replies[0].detail


async def test_a_holder_that_cannot_look_for_long_is_left_for_the_next(tmp_path):
    async with an_office(tmp_path, handover_seconds=1.0) as office:
        office.a.handovers = [office.a.waits(Outcome.COULD_NOT_LOOK, 30)]

        assert "could not look it up" in (await office.fetch(A, B)).replies[0].detail


async def test_a_changed_document_is_looked_up_again_once_at_that_holder(office):
    office.a.handovers = [office.a.refused(Code.DOCUMENT_CHANGED)]
    office.a.lookups = [office.a.announced("2026-11-03", "1" * 32), office.a.announced("2026-11-10", "2" * 32)]

    fetch = await office.fetch(A, B)

    assert (fetch.state, str(fetch.document.last_act_on)) == (FetchState.READY, "2026-11-10")
    assert kinds(office.a) == [Kind.LOOKUP, Kind.HANDOVER, Kind.LOOKUP, Kind.HANDOVER, Kind.READ]
    assert [demand.announcement_id for demand in office.a.asked if demand.kind is Kind.HANDOVER] == ["1" * 32, "2" * 32]
    assert len(office.b.asked) == 1
    assert await office.types() == ["asked", "asked", "asked", "arrived"]
    assert any(note["note"] == "asked-again" for note in await office.notes(fetch.id))


async def test_an_announcement_that_ended_is_renewed(office):
    office.a.handovers = [office.a.refused(Code.HANDOVER_NOT_AVAILABLE)]

    assert (await office.fetch(A)).state is FetchState.READY


async def test_a_document_that_keeps_changing_is_given_up(office):
    office.a.handovers = [office.a.refused(Code.DOCUMENT_CHANGED)] * 2

    fetch = await office.fetch(A, B)

    assert (fetch.state, fetch.replies[0].code) == (FetchState.CHOOSING, Code.DOCUMENT_CHANGED)
    assert kinds(office.a).count(Kind.HANDOVER) == 2


async def test_a_record_that_is_no_longer_given_is_left_for_the_next(office):
    office.a.handovers = [office.a.refused(Code.HANDOVER_NOT_AVAILABLE)]
    office.a.lookups = [office.a.announced(), office.a.answer(Outcome.WITHHELD)]

    fetch = await office.fetch(A, B)

    assert (fetch.state, fetch.replies[0].code) == (FetchState.CHOOSING, Code.HANDOVER_NOT_AVAILABLE)
    assert "no longer gives it" in fetch.replies[0].detail


async def test_a_holder_that_is_too_late_to_renew_its_announcement_is_not_asked_by_the_old_one(tmp_path):
    async with an_office(tmp_path, deadline_seconds=0.05) as office:
        found = await office.fetch(A, lookup_only=True)
        office.a.gate, office.a.handovers = asyncio.Event(), [office.a.refused(Code.DOCUMENT_CHANGED)]
        await office.errands.choose(found.id, A)

        fetch = await office.settled(found.id)

        assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.PEER_TIMEOUT)
        assert (fetch.replies[0].reply, fetch.replies[0].announcement) == (Reply.TOO_LATE, None)
        assert kinds(office.a) == [Kind.LOOKUP, Kind.HANDOVER, Kind.LOOKUP]


async def test_a_record_that_became_older_is_left_to_the_practitioner(office):
    office.a.handovers = [office.a.refused(Code.DOCUMENT_CHANGED)]
    office.a.lookups = [office.a.announced("2026-11-03"), office.a.announced("2025-01-01")]

    fetch = await office.fetch(A, B)

    assert fetch.state is FetchState.CHOOSING
    assert "is now of 2025-01-01, it was announced as of 2026-11-03" in fetch.replies[0].detail


async def test_a_refused_handover_says_the_holders_reason(office):
    office.a.handovers = [office.a.refused(Code.PRACTITIONER_AUTH_LEVEL)]

    fetch = await office.fetch(A)

    assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.PRACTITIONER_AUTH_LEVEL)
    assert "SPSTI Ardèche: did not give the document (no)" in fetch.detail


async def test_a_grant_that_names_no_document_is_misbehaviour(office):
    office.a.handovers = [replace(office.a.granted(), document=None)]

    fetch = await office.fetch(A)

    assert fetch.code is Code.PEER_MISBEHAVED
    (alert,) = await office.entries(EntryType.ALERT)
    assert alert.reason == "peer.misbehaved"


async def test_a_receipt_of_a_handover_that_is_not_believed_is_an_alert(office):
    office.a.handovers = [PeerFault("SPSTI Ardèche: receipt", code=Code.RECEIPT_NOT_IN_LEDGER)]

    fetch = await office.fetch(A, B)

    assert (fetch.state, fetch.replies[0].code) == (FetchState.CHOOSING, Code.RECEIPT_NOT_IN_LEDGER)
    (alert,) = await office.entries(EntryType.ALERT)
    assert (alert.peer, alert.reason) == (A, "receipt.not_in_ledger")


# ---------------------------------------------------------------- the next newest


async def test_the_next_newest_is_offered_with_the_reason(office):
    office.c.day = "2025-12-01"
    office.a.handovers = [PeerFault("SPSTI Ardèche: down", code=Code.PEER_UNREACHABLE)]

    fetch = await office.fetch(A, B, C)

    assert fetch.state is FetchState.CHOOSING
    note = (await office.notes(fetch.id))[-1]
    assert note == {
        "note": "chosen-failed",
        "member": A.value,
        "name": "SPSTI Ardèche",
        "code": "peer.unreachable",
        "detail": "SPSTI Ardèche: down",
        "offered": [B.value],
        "answered": 3,
        "asked": 3,
    }


async def test_the_practitioner_chooses_the_next_and_gets_it(office):
    office.a.handovers = [PeerFault("down", code=Code.PEER_UNREACHABLE)]
    fetch = await office.fetch(A, B)

    await office.errands.choose(fetch.id, B, OWNER)

    assert (await office.settled(fetch.id)).document.member == B


async def test_a_record_that_failed_can_be_chosen_again(office):
    office.a.handovers = [PeerFault("down", code=Code.PEER_UNREACHABLE)]
    fetch = await office.fetch(A, B)

    await office.errands.choose(fetch.id, A, OWNER)

    fetch = await office.settled(fetch.id)
    assert (fetch.document.member, fetch.replies[0].code) == (A, None)


async def test_a_fetch_whose_only_record_cannot_be_brought_fails_with_the_reason(office):
    office.a.handovers = [PeerFault("SPSTI Ardèche: down", code=Code.PEER_UNREACHABLE)]

    fetch = await office.fetch(A, C)

    assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.PEER_UNREACHABLE)
    assert fetch.detail == "SPSTI Ardèche: down"
    (ended,) = await office.entries(EntryType.FETCH_ENDED)
    assert ended.reason == "peer.unreachable"


async def test_a_holder_suspended_since_its_answer_is_left_for_the_next(office):
    fetch = await office.fetch(A, B, lookup_only=True)
    office.members.change(A, status=MemberStatus.SUSPENDED)

    await office.errands.choose(fetch.id, A, OWNER)

    fetch = await office.settled(fetch.id)
    assert (fetch.state, fetch.replies[0].code) == (FetchState.CHOOSING, Code.MEMBER_SUSPENDED)


# ---------------------------------------------------------------- rules on the way


async def test_an_opposition_recorded_on_the_way_stops_the_handover(office):
    office.a.gate = asyncio.Event()
    fetch = await office.begin(A)
    await office.a.busy.wait()
    office.vendor.looks[INS] = replace(GIVEN, opposition=Opposition.YES)
    office.a.gate.set()

    fetch = await office.settled(fetch.id)

    assert (fetch.state, fetch.code, kinds(office.a)) == (FetchState.FAILED, Code.FETCH_OPPOSED, [Kind.LOOKUP])


async def test_a_right_withdrawn_while_services_are_asked_refuses_the_next_mandate_with_its_entry(office):
    office.a.gate = asyncio.Event()
    fetch = await office.begin(A)
    await office.a.busy.wait()
    office.people.asking.clear()
    office.a.gate.set()

    fetch = await office.settled(fetch.id)

    assert (fetch.state, fetch.code, kinds(office.a)) == (FetchState.FAILED, Code.LOCAL_FORBIDDEN, [Kind.LOOKUP])
    assert fetch.detail.startswith("practitioner: not, or no longer, one of those who may ask in this service's name")
    (ended,) = await office.entries(EntryType.FETCH_ENDED)
    assert ended.reason == "local.forbidden"


async def test_a_practitioner_who_may_no_longer_ask_gets_no_more_bytes(office):
    office.a.cuts = [3000]
    office.a.document_gate = asyncio.Event()
    fetch = await office.begin(A)
    await office.a.busy.wait()
    office.people.asking.clear()
    office.a.document_gate.set()

    fetch = await office.settled(fetch.id)

    assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.LOCAL_FORBIDDEN)
    assert office.a.offsets == [0]


async def test_our_own_software_failing_on_the_way_stops_the_fetch(office):
    fetch = await office.fetch(A, B, lookup_only=True)
    office.vendor.fault = AdapterFault("vendor: busy", code=Code.ADAPTER_BUSY)

    await office.errands.choose(fetch.id, A, OWNER)

    fetch = await office.settled(fetch.id)
    assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.ADAPTER_BUSY)


# ---------------------------------------------------------------- this house fails


async def test_a_full_vault_fails_the_fetch_with_the_remedy(office):
    class Full:
        def __init__(self, vault):
            self.vault = vault

        def __getattr__(self, name):
            return getattr(self.vault, name)

        def create(self, vault_id):
            raise FailedClosed("vault: 0 bytes are free", code=Code.VAULT_UNAVAILABLE, hint="free the disk")

    office.house["vault"] = Full(office.state.vault)
    office.errands = None
    await office._stack.aclose()
    await office.open()
    office.house["vault"].vault = office.state.vault

    fetch = await office.fetch(A)

    assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.VAULT_UNAVAILABLE)
    assert "free the disk" in fetch.detail


async def test_a_document_is_not_shown_when_its_arrival_cannot_be_written(office):
    office.store.failing = {"arrived"}

    fetch = await office.fetch(A)

    assert (fetch.state, office.a.acks) == (FetchState.CHECKING, [])
    with pytest.raises(LocalRefused) as raised:
        await office.errands.copies.read(fetch.id, OWNER)
    assert raised.value.code is Code.FETCH_NO_DOCUMENT
    assert [rest[1] for rest in office.ears.of("failed")] == ["ledger.unavailable"]


async def test_a_fetch_that_could_not_be_written_is_taken_up_once_it_can(office):
    office.store.failing = {"arrived"}
    fetch = await office.fetch(A)
    office.store.failing.clear()

    await office.errands.run_due_work()

    fetch = await office.settled(fetch.id)
    assert fetch.state is FetchState.READY
    assert await office.shown(fetch.id) == PDF
    assert await office.types() == ["asked", "arrived", "shown"]


async def test_a_bug_ends_the_fetch_with_an_incident(office):
    class Broken:
        async def inspect(self, content, size, copy):
            raise RuntimeError("a bug that quotes TCHITCHI")

    office.house["inspector"] = Broken()
    await office.crash()

    fetch = await office.fetch(A)

    fetch = await office.settled(fetch.id)
    what, incident, error = office.ears.of("failed")[0]
    assert (fetch.state, fetch.code, what) == (FetchState.FAILED, Code.INTERNAL, "fetch")
    assert incident in fetch.detail
    assert "TCHITCHI" not in fetch.detail
    assert isinstance(error, RuntimeError)

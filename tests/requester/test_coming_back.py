"""Another record is chosen while a verified copy is here, and does not come: the copy can be read as before."""

import asyncio

from connector.core.codes import Code
from connector.core.directory import MemberStatus
from connector.core.errors import PeerFault
from connector.core.ledger import EntryType
from connector.core.states import FetchState
from connector.local.views import fetch_out
from connector.local.words import Language
from tests.kit.holder_fakes import PDF
from tests.kit.requester_office import A, B, an_office
from tests.kit.state import OWNER, T0

DAY = 86_400
DOWN = PeerFault("SPSTI Bocage: down", code=Code.PEER_UNREACHABLE)


async def choose(office, fetch, member=B):
    await office.errands.choose(fetch.id, member, OWNER)
    return await office.settled(fetch.id)


async def on_its_way(office, fetch):
    """The second record is chosen, and its first bytes are here."""
    office.b.document_gate = asyncio.Event()
    office.b.busy.clear()
    await office.errands.choose(fetch.id, B, OWNER)
    await office.b.busy.wait()


async def test_a_copy_can_be_read_again_when_the_other_record_does_not_come(office):
    first = await office.fetch(A, B)
    office.b.handovers = [DOWN]

    fetch = await choose(office, first)

    assert (fetch.state, fetch.document, fetch.chosen) == (FetchState.READY, first.document, A)
    assert fetch.expires_at == first.document.purge_at
    assert await office.shown(fetch.id) == PDF
    assert (fetch.replies[1].code, fetch.replies[1].detail) == (Code.PEER_UNREACHABLE, "SPSTI Bocage: down")


async def test_what_happened_to_the_other_record_is_told(office):
    fetch = await office.fetch(A, B)
    office.b.handovers = [DOWN]

    fetch = await choose(office, fetch)

    assert (await office.notes(fetch.id))[-1] == {
        "note": "copy-stays",
        "member": B.value,
        "name": "SPSTI Bocage",
        "code": "peer.unreachable",
        "detail": "SPSTI Bocage: down",
    }
    told = fetch_out(fetch, Language.EN)
    assert (told.document.member, told.services[1].code) == (A.value, Code.PEER_UNREACHABLE)


async def test_a_copy_that_was_filed_is_filed_still(office):
    fetch = await office.fetch(A, B)
    await office.errands.copies.file(fetch.id, OWNER)
    office.b.handovers = [DOWN]

    fetch = await choose(office, fetch)

    assert (fetch.state, len(office.shelf.filed)) == (FetchState.FILED, 1)
    assert await office.shown(fetch.id) == PDF


async def test_a_rejected_record_is_acknowledged_and_the_copy_keeps_its_place_in_the_ledger(office):
    first = await office.fetch(A, B)
    office.b.pdf = b"no pdf"

    fetch = await choose(office, first)

    assert (fetch.state, fetch.document) == (FetchState.READY, first.document)
    arrived = await office.entries(EntryType.ARRIVED)
    assert [(entry.peer, entry.outcome) for entry in arrived] == [(A, "verified"), (B, "rejected")]
    assert fetch.document.arrived_index == arrived[0].index
    assert office.state.vault.ids() == [first.document.vault_id]
    assert [ack.code for ack, _ in office.b.acks] == [fetch.replies[1].code]


async def test_cancelling_the_other_record_leaves_the_copy(office):
    first = await office.fetch(A, B)
    await on_its_way(office, first)

    fetch = await office.errands.cancel(first.id, OWNER)

    assert (fetch.state, fetch.document, fetch.replies[1].code) == (FetchState.READY, first.document, None)
    assert (await office.notes(fetch.id))[-1]["note"] == "choice-cancelled"
    assert await office.entries(EntryType.FETCH_ENDED) == []
    assert await office.shown(fetch.id) == PDF


async def test_the_other_record_can_be_chosen_again_after_it_failed(office):
    fetch = await office.fetch(A, B)
    office.b.handovers = [DOWN]
    await choose(office, fetch)

    fetch = await choose(office, fetch)

    assert (fetch.state, fetch.document.member, fetch.comes_back_as) == (FetchState.READY, B, None)
    assert office.state.vault.ids() == [fetch.document.vault_id]


async def test_a_rule_of_this_house_stops_the_other_record_with_its_entry_and_not_the_copy(office):
    first = await office.fetch(A, B)
    office.people.asking.clear()

    fetch = await choose(office, first)

    assert (fetch.state, fetch.document) == (FetchState.READY, first.document)
    assert await office.entries(EntryType.FETCH_ENDED) == []
    (refused,) = await office.entries(EntryType.FETCH_REFUSED)
    assert (refused.peer, refused.reason, refused.ref) == (B, "local.forbidden", fetch.id)


async def test_a_holder_suspended_since_leaves_the_copy(office):
    first = await office.fetch(A, B)
    office.members.change(B, status=MemberStatus.SUSPENDED)

    fetch = await choose(office, first)

    assert (fetch.state, fetch.replies[1].code) == (FetchState.READY, Code.MEMBER_SUSPENDED)


async def test_a_bug_on_the_way_of_the_other_record_leaves_the_copy(office):
    first = await office.fetch(A, B)
    office.b.handovers = [RuntimeError("a bug")]

    fetch = await choose(office, first)

    assert (fetch.state, fetch.replies[1].code) == (FetchState.READY, Code.INTERNAL)
    assert await office.shown(fetch.id) == PDF


async def test_a_restart_on_the_way_of_the_other_record_forgets_no_copy(office):
    first = await office.fetch(A, B)
    await on_its_way(office, first)
    await office.crash()
    office.b.document_gate, office.b.handovers = None, [DOWN]

    await office.errands.resume_all()
    fetch = await office.settled(first.id)

    assert (fetch.state, fetch.document) == (FetchState.READY, first.document)
    assert await office.shown(fetch.id) == PDF


async def test_the_end_of_the_fetchs_time_stops_the_other_record_and_not_the_copy(office):
    first = await office.fetch(A, B)
    await on_its_way(office, first)
    office.clock.at = T0 + DAY

    await office.errands.run_due_work()

    fetch = await office.errands.get(first.id)
    assert (fetch.state, fetch.replies[1].code) == (FetchState.READY, Code.FETCH_EXPIRED)
    assert await office.shown(fetch.id) == PDF


async def test_a_copy_whose_own_time_is_over_is_purged_with_the_other_record(tmp_path):
    async with an_office(tmp_path, kept_seconds=3600, opened_seconds=3600) as office:
        first = await office.fetch(A, B)
        await on_its_way(office, first)
        office.clock.at = T0 + DAY

        await office.errands.run_due_work()

        assert (await office.errands.get(first.id)).state is FetchState.PURGED
        assert office.state.vault.ids() == []


async def test_a_choice_that_cannot_be_given_up_in_the_state_is_taken_up_later(office):
    first = await office.fetch(A, B)
    await on_its_way(office, first)
    office.store.failing = {"arrived"}
    office.b.document_gate.set()
    assert (await office.settled(first.id)).state is FetchState.CHECKING
    office.store.failing.clear()
    office.b.handovers = [DOWN]

    await office.errands.run_due_work()

    assert (await office.settled(first.id)).document == first.document

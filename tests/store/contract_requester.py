"""What every `core.ports.RequesterStore` does; `kit` as in `contract_holder`."""

from dataclasses import replace

import pytest

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.ledger import EntryType
from connector.core.merkle import verify_inclusion
from connector.core.ports import Idempotency
from connector.core.states import FETCH_READABLE, FETCH_RUNNING, FetchState
from tests.kit.state import T0, a_fetch, a_trace, an_ack_draft, an_entry, an_event, an_id
from tests.store.contract_holder import root_of


async def a_kept_fetch(kit, state=FetchState.PREPARED, **changed):
    fetch = a_fetch(state, **changed)
    await kit.store.create_fetch(fetch, None, an_event(fetch))
    return fetch


async def arrive(kit, fetch, handover_id=None, trace=None):
    """A document of that fetch arrives; gives the id of its handover and the proof."""
    handover_id = handover_id or an_id()
    entry = an_entry(EntryType.ARRIVED, ref=fetch.id)
    ack = an_ack_draft(handover_id, b"r" * 32)
    return handover_id, await kit.store.arrived(fetch, [], entry, ack, trace)


class Fetches:
    async def test_a_fetch_is_kept_with_its_first_event(self, kit):
        fetch = a_fetch()
        event = an_event(fetch, members=[])

        assert await kit.store.create_fetch(fetch, None, event) == fetch

        kit = await kit.reopen()
        assert await kit.store.fetch(fetch.id) == fetch
        assert await kit.store.events(fetch.id, 0) == [event]

    async def test_an_unknown_fetch_is_none(self, kit):
        assert await kit.store.fetch(an_id()) is None

    async def test_the_same_start_again_gives_the_fetch_of_the_first(self, kit):
        first, again = a_fetch(), a_fetch()
        key = Idempotency("desk", "key-1", b"b" * 32)
        await kit.store.create_fetch(first, key, an_event(first))

        assert await kit.store.create_fetch(again, key, an_event(again)) == first
        assert await kit.store.fetch(again.id) is None

    async def test_what_was_made_under_a_key_is_found_by_it_alone(self, kit):
        first, key = a_fetch(), Idempotency("desk", "key-1", b"b" * 32)
        assert await kit.store.fetch_made(key) is None
        await kit.store.create_fetch(first, key, an_event(first))

        assert await kit.store.fetch_made(key) == first
        assert await kit.store.fetch_made(replace(key, caller="page")) is None
        with pytest.raises(LocalRefused) as refused:
            await kit.store.fetch_made(replace(key, body_sha256=b"c" * 32))
        assert refused.value.code is Code.LOCAL_CONFLICT

    async def test_a_key_used_for_something_else_is_a_conflict(self, kit):
        first, other = a_fetch(), a_fetch()
        await kit.store.create_fetch(first, Idempotency("desk", "key-1", b"b" * 32), an_event(first))

        with pytest.raises(LocalRefused) as refused:
            await kit.store.create_fetch(other, Idempotency("desk", "key-1", b"c" * 32), an_event(other))

        assert refused.value.code is Code.LOCAL_CONFLICT

    async def test_another_caller_may_use_the_same_key(self, kit):
        first, other = a_fetch(), a_fetch()
        await kit.store.create_fetch(first, Idempotency("desk", "key-1", b"b" * 32), an_event(first))

        kept = await kit.store.create_fetch(other, Idempotency("page", "key-1", b"c" * 32), an_event(other))

        assert kept == other

    async def test_saving_keeps_fetch_events_entries_and_trace_together(self, kit):
        fetch, trace = await a_kept_fetch(kit), a_trace()
        asking = replace(fetch, state=FetchState.ASKING)
        entries = [an_entry(EntryType.ASKED, ref="a"), an_entry(EntryType.ASKED, ref="b")]

        proofs = await kit.store.save(asking, [an_event(fetch, 2), an_event(fetch, 3)], entries, trace)

        assert await kit.store.fetch(fetch.id) == asking
        assert [event.number for event in await kit.store.events(fetch.id, 1)] == [2, 3]
        assert await kit.told() == [(EntryType.ASKED, "a"), (EntryType.ASKED, "b")]
        assert await kit.traces() == [(trace, 0)]
        assert [proof.index for proof in proofs] == [0, 1]
        for proof in proofs:
            assert verify_inclusion(proof.leaf_hash, proof.index, proof.size, proof.path, root_of(proof.checkpoint))

    async def test_entries_of_no_fetch_are_appended_together(self, kit):
        proofs = await kit.store.append([an_entry(EntryType.ASKED, ref="a"), an_entry(EntryType.STARTED, ref="b")])

        assert await kit.told() == [(EntryType.ASKED, "a"), (EntryType.STARTED, "b")]
        for proof in proofs:
            assert verify_inclusion(proof.leaf_hash, proof.index, proof.size, proof.path, root_of(proof.checkpoint))

    async def test_a_fetch_that_was_never_created_is_not_saved(self, kit):
        with pytest.raises(LocalRefused) as refused:
            await kit.store.save(a_fetch(), [], [an_entry(EntryType.ASKED)])

        assert refused.value.code is Code.LOCAL_NOT_FOUND
        assert await kit.told() == []

    async def test_a_fetch_that_was_cancelled_meanwhile_is_not_revived(self, kit):
        fetch = await a_kept_fetch(kit, FetchState.DOWNLOADING)
        await kit.store.save(replace(fetch, state=FetchState.CANCELLED), [])

        with pytest.raises(LocalRefused) as refused:
            await arrive(kit, replace(fetch, state=FetchState.READY), trace=a_trace())

        assert refused.value.code is Code.FETCH_STATE
        assert (await kit.store.fetch(fetch.id)).state is FetchState.CANCELLED
        assert await kit.told() == []
        assert await kit.traces() == []
        assert await kit.store.due_acks(T0) == []

    async def test_what_may_leave_one_state_only_is_judged_by_the_row_that_is_there(self, kit):
        fetch = await a_kept_fetch(kit)
        await kit.store.save(replace(fetch, state=FetchState.ASKING), [])
        taken_out = replace(fetch, state=FetchState.CANCELLED)

        with pytest.raises(LocalRefused) as refused:
            await kit.store.save(taken_out, [], [an_entry(EntryType.FETCH_ENDED)], only_from=FetchState.PREPARED)

        assert refused.value.code is Code.FETCH_STATE
        assert (await kit.store.fetch(fetch.id)).state is FetchState.ASKING
        assert await kit.told() == []

    async def test_several_moves_may_be_saved_at_once(self, kit):
        fetch = await a_kept_fetch(kit, FetchState.ASKING)

        await kit.store.save(replace(fetch, state=FetchState.READY), [])

        assert (await kit.store.fetch(fetch.id)).state is FetchState.READY

    async def test_lists_are_newest_first_by_owner_and_in_pages(self, kit):
        mine = [await a_kept_fetch(kit) for _ in range(4)]
        theirs = await a_kept_fetch(kit, owner="899700000000")

        async def ids(**question):
            return [fetch.id for fetch in await kit.store.fetches(**question)]

        newest_first = [fetch.id for fetch in reversed(mine)]
        assert await ids(owner=mine[0].owner) == newest_first
        assert await ids(owner=mine[0].owner, limit=2) == newest_first[:2]
        assert await ids(owner=mine[0].owner, limit=2, before=newest_first[1]) == newest_first[2:]
        assert await ids(owner=None) == [theirs.id, *newest_first]
        assert await ids(owner=None, before=theirs.id) == newest_first
        assert await ids(owner="nobody") == []

    async def test_those_that_a_practitioner_can_read_are_found_among_all_the_newest_first(self, kit):
        mine = [await a_kept_fetch(kit, state) for state in FetchState]
        theirs = await a_kept_fetch(kit, FetchState.READY, owner="899700000000")
        handed_on = await a_kept_fetch(kit, FetchState.FILED, owner="899700000000")
        await kit.store.save(replace(handed_on, readers=(mine[0].owner,)), [])

        async def ids(who):
            return [fetch.id for fetch in await kit.store.fetches_readable(who)]

        own = [fetch.id for fetch in reversed(mine) if fetch.state in FETCH_READABLE]
        assert await ids(mine[0].owner) == [handed_on.id, *own]
        assert await ids("899700000000") == [handed_on.id, theirs.id]
        assert await ids("nobody") == []

    async def test_a_page_before_an_unknown_fetch_is_refused(self, kit):
        with pytest.raises(LocalRefused) as refused:
            await kit.store.fetches(owner=None, before=an_id())

        assert refused.value.code is Code.LOCAL_NOT_FOUND

    async def test_a_restart_is_given_the_running_fetches_oldest_first(self, kit):
        kept = [await a_kept_fetch(kit, state) for state in (FetchState.DOWNLOADING, *FetchState)]

        kit = await kit.reopen()

        running = [fetch.id for fetch in kept if fetch.state in FETCH_RUNNING]
        assert [fetch.id for fetch in await kit.store.fetches_to_resume()] == running

    async def test_the_clock_is_given_the_fetches_whose_end_has_come(self, kit):
        fetch = await a_kept_fetch(kit)
        await a_kept_fetch(kit, FetchState.PURGED)

        assert await kit.store.fetches_to_end(fetch.expires_at - 1) == []
        assert [found.id for found in await kit.store.fetches_to_end(fetch.expires_at)] == [fetch.id]

    async def test_a_purged_fetch_is_told_and_not_due_any_more(self, kit):
        fetch = await a_kept_fetch(kit, FetchState.READY)
        purged = replace(fetch, state=FetchState.PURGED)

        await kit.store.purged(purged, [an_event(fetch, 2)], an_entry(EntryType.PURGED, ref=fetch.id))

        assert await kit.store.fetch(fetch.id) == purged
        assert await kit.store.fetches_to_end(fetch.expires_at) == []
        assert await kit.told() == [(EntryType.PURGED, fetch.id)]

    async def test_a_running_fetch_is_not_purged(self, kit):
        fetch = await a_kept_fetch(kit, FetchState.PURGED)

        with pytest.raises(LocalRefused):
            await kit.store.save(replace(fetch, state=FetchState.ASKING), [])


class Acks:
    async def test_what_arrived_is_acknowledged_with_the_proof_of_its_entry(self, kit):
        fetch, trace = await a_kept_fetch(kit, FetchState.CHECKING), a_trace()
        ready = replace(fetch, state=FetchState.READY)

        handover_id, proof = await arrive(kit, ready, trace=trace)
        await kit.store.record(an_entry(EntryType.STARTED))
        await kit.store.save(ready, [], [an_entry(EntryType.SHOWN)])
        kit = await kit.reopen()
        (due,) = await kit.store.due_acks(T0)

        assert (due.draft.handover_id, due.attempts, due.fetch_id) == (handover_id, 0, fetch.id)
        assert due.proof == proof
        assert verify_inclusion(proof.leaf_hash, proof.index, proof.size, proof.path, root_of(proof.checkpoint))
        assert await kit.traces() == [(trace, 0)]

    async def test_an_acknowledgement_that_failed_is_due_again_later(self, kit):
        handover_id, _ = await arrive(kit, await a_kept_fetch(kit, FetchState.CHECKING))

        await kit.store.ack_failed(handover_id, T0 + 60)

        assert await kit.store.due_acks(T0 + 59) == []
        assert [due.attempts for due in await kit.store.due_acks(T0 + 60)] == [1]

    async def test_an_acknowledgement_that_was_sent_is_never_due_again(self, kit):
        handover_id, _ = await arrive(kit, await a_kept_fetch(kit, FetchState.CHECKING))

        await kit.store.ack_sent(handover_id)

        assert await kit.store.due_acks(T0 + 10**6) == []

    async def test_a_document_that_arrives_again_is_acknowledged_once(self, kit):
        fetch = await a_kept_fetch(kit, FetchState.CHECKING)
        handover_id, _ = await arrive(kit, fetch)

        _, second = await arrive(kit, fetch, handover_id)

        assert [due.proof.index for due in await kit.store.due_acks(T0)] == [second.index]


class RequesterStoreContract(Fetches, Acks):
    """All of it."""

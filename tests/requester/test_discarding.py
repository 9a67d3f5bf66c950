"""A copy that its practitioner deletes before its time: the bytes, the entry, and what a crash leaves of it."""

import asyncio

import pytest

from connector.core.codes import Code
from connector.core.errors import FailedClosed, LocalRefused
from connector.core.ledger import EntryType
from connector.core.states import FetchState
from tests.kit.requester_office import A, B, C
from tests.kit.state import OWNER

COLLEAGUE = "899700427885"
DAY = 86_400


async def refused(work) -> Code:
    with pytest.raises(LocalRefused) as raised:
        await work
    return raised.value.code


@pytest.mark.parametrize("after", ["arriving", "reading", "filing"])
async def test_a_copy_that_is_discarded_is_gone_and_the_ledger_says_so(office, after):
    fetch = await office.fetch(A)
    if after == "reading":
        await office.errands.copies.read(fetch.id, OWNER)
    elif after == "filing":
        await office.errands.copies.file(fetch.id, OWNER)

    gone = await office.errands.copies.discard(fetch.id, OWNER)

    assert (gone.state, gone.document) == (FetchState.PURGED, None)
    assert office.state.vault.ids() == []
    (entry,) = await office.entries(EntryType.PURGED)
    assert (entry.reason, entry.ref, entry.peer) == ("discarded", fetch.id, A)
    assert entry.document_sha256 == office.a.digest.sha256
    assert await refused(office.errands.copies.read(fetch.id, OWNER)) is Code.FETCH_NO_DOCUMENT
    assert [event.data for event in await office.events(fetch.id) if event.kind == "state"][-1]["state"] == "purged"


async def test_a_colleague_reads_a_discarded_copy_no_longer(office):
    fetch = await office.fetch(A)
    office.people.reading |= {COLLEAGUE}
    await office.errands.copies.hand_on(fetch.id, OWNER, COLLEAGUE)

    await office.errands.copies.discard(fetch.id, OWNER)

    assert await refused(office.errands.copies.read(fetch.id, COLLEAGUE)) is Code.FETCH_NO_DOCUMENT


async def test_only_the_practitioner_who_asked_discards(office):
    fetch = await office.fetch(A)
    office.people.reading |= {COLLEAGUE}
    assert await refused(office.errands.copies.discard(fetch.id, COLLEAGUE)) is Code.LOCAL_NOT_FOUND
    await office.errands.copies.hand_on(fetch.id, OWNER, COLLEAGUE)
    assert await refused(office.errands.copies.discard(fetch.id, COLLEAGUE)) is Code.LOCAL_FORBIDDEN

    assert (await office.errands.get(fetch.id)).state is FetchState.READY
    assert office.state.vault.ids() == [fetch.document.vault_id]
    assert await office.entries(EntryType.PURGED) == []


async def test_a_fetch_that_runs_is_cancelled_and_not_discarded(office):
    office.a.document_gate = asyncio.Event()
    fetch = await office.begin(A)
    await office.a.busy.wait()

    assert await refused(office.errands.copies.discard(fetch.id, OWNER)) is Code.FETCH_STATE

    office.a.document_gate.set()
    assert (await office.settled(fetch.id)).state is FetchState.READY


@pytest.mark.parametrize("end", ["prepared", "choosing", "no-record-given", "cancelled", "purged"])
async def test_where_no_copy_is_here_nothing_is_discarded(office, end):
    office.b.day = office.a.day
    if end in {"prepared", "cancelled"}:
        fetch = await office.errands.prepare(office.new(A), "desk")
    else:
        fetch = await office.fetch(*{"choosing": (A, B), "no-record-given": (C,), "purged": (A,)}[end])
    if end == "cancelled":
        await office.errands.cancel(fetch.id, OWNER)
    elif end == "purged":
        await office.errands.copies.discard(fetch.id, OWNER)
    assert (await office.errands.get(fetch.id)).state == end
    purged = len(await office.entries(EntryType.PURGED))

    assert await refused(office.errands.copies.discard(fetch.id, OWNER)) is Code.FETCH_STATE

    assert (await office.errands.get(fetch.id)).state == end
    assert len(await office.entries(EntryType.PURGED)) == purged


async def test_a_crash_between_bytes_and_entry_leaves_a_copy_that_is_opened_no_more_and_purged_again(office):
    fetch = await office.fetch(A)
    office.store.failing = {"purged"}
    with pytest.raises(FailedClosed):
        await office.errands.copies.discard(fetch.id, OWNER)
    assert office.state.vault.ids() == []

    await office.crash()
    assert await refused(office.errands.copies.read(fetch.id, OWNER)) is Code.FETCH_EXPIRED
    await office.errands.run_due_work()

    assert (await office.errands.get(fetch.id)).state is FetchState.PURGED
    (entry,) = await office.entries(EntryType.PURGED)
    assert (entry.reason, entry.document_sha256) == ("discarded", office.a.digest.sha256)
    assert (await office.state.journal.verify()).is_sound


async def test_a_ledger_that_takes_nothing_leaves_the_copy_as_it_was(office):
    fetch = await office.fetch(A)
    office.store.failing = {"save"}

    with pytest.raises(FailedClosed):
        await office.errands.copies.discard(fetch.id, OWNER)

    office.store.failing.clear()
    assert office.state.vault.ids() == [fetch.document.vault_id]
    await office.errands.copies.read(fetch.id, OWNER)


async def test_a_copy_discarded_twice_at_once_is_discarded_once(office):
    fetch = await office.fetch(A)

    done = await asyncio.gather(
        office.errands.copies.discard(fetch.id, OWNER),
        office.errands.copies.discard(fetch.id, OWNER),
        return_exceptions=True,
    )

    assert [getattr(one, "code", None) for one in done] == [None, Code.FETCH_STATE]
    assert len(await office.entries(EntryType.PURGED)) == 1


async def test_the_copy_of_another_fetch_about_the_same_worker_stays(office):
    first, second = await office.fetch(A), await office.fetch(A)

    await office.errands.copies.discard(first.id, OWNER)

    assert office.state.vault.ids() == [second.document.vault_id]
    office.clock.at += 7 * DAY
    await office.errands.run_due_work()
    assert [entry.reason for entry in await office.entries(EntryType.PURGED)] == ["discarded", "kept"]

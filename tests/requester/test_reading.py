"""Reading, filing, and the end of what is kept."""

import pytest

from connector.core.codes import Code
from connector.core.errors import AdapterFault, FailedClosed, LocalRefused
from connector.core.ledger import EntryType
from connector.core.records import TraceAction
from connector.core.states import FetchState
from tests.kit.holder_fakes import PDF
from tests.kit.requester_office import A, B, C, an_office
from tests.kit.state import OWNER, T0

DAY = 86_400
COLLEAGUE = "899700427885"


async def refused(work) -> LocalRefused:
    with pytest.raises(LocalRefused) as raised:
        await work
    return raised.value


# ---------------------------------------------------------------- reading


async def test_each_reading_is_in_the_ledger_before_its_first_byte(office):
    fetch = await office.fetch(A)

    await office.errands.copies.read(fetch.id, OWNER)
    await office.errands.copies.read(fetch.id, OWNER)

    first, second = await office.entries(EntryType.SHOWN)
    assert (first.peer, first.document_sha256, first.ref) == (A, office.a.digest.sha256, fetch.document.handover_id)
    assert first.personal["reader"] == OWNER
    assert second.index == first.index + 1


async def test_each_reading_is_traced_in_our_own_software(office):
    fetch = await office.fetch(A)

    await office.errands.copies.read(fetch.id, OWNER)
    await office.settled(fetch.id)

    assert [trace.action for trace in office.shelf.traces] == [TraceAction.RECEIVED, TraceAction.READ]


async def test_nothing_is_shown_that_the_ledger_could_not_take(office):
    fetch = await office.fetch(A)
    office.store.failing = {"save"}

    with pytest.raises(FailedClosed):
        await office.errands.copies.read(fetch.id, OWNER)

    assert await office.entries(EntryType.SHOWN) == []
    assert (await office.errands.get(fetch.id)).document.first_opened_at is None


async def test_a_document_missing_from_the_vault_is_not_entered_as_shown(office):
    fetch = await office.fetch(A)
    await office.state.vault.delete(fetch.document.vault_id)

    with pytest.raises(FailedClosed) as raised:
        await office.errands.copies.read(fetch.id, OWNER)

    assert raised.value.code is Code.VAULT_DAMAGED
    assert await office.entries(EntryType.SHOWN) == []


async def test_the_first_reading_starts_the_clock_of_the_copy(office):
    fetch = await office.fetch(A)
    assert fetch.document.purge_at == T0 + 7 * DAY
    office.clock.at += 3600

    document, _ = await office.errands.copies.read(fetch.id, OWNER)
    office.clock.at += 3600
    again, _ = await office.errands.copies.read(fetch.id, OWNER)

    assert (document.first_opened_at, document.purge_at) == (T0 + 3600, T0 + 3600 + DAY)
    assert again == document


async def test_a_copy_opened_on_its_last_day_does_not_live_longer(office):
    fetch = await office.fetch(A)
    office.clock.at += 7 * DAY - 60

    document, _ = await office.errands.copies.read(fetch.id, OWNER)

    assert document.purge_at == T0 + 7 * DAY


async def test_only_the_practitioner_who_asked_reads(office):
    fetch = await office.fetch(A)
    office.people.reading.add("899700366257")

    assert (await refused(office.errands.copies.read(fetch.id, "899700366257"))).code is Code.LOCAL_NOT_FOUND


async def test_a_practitioner_who_may_no_longer_read_does_not(office):
    fetch = await office.fetch(A)
    office.people.reading.clear()

    assert (await refused(office.errands.copies.read(fetch.id, OWNER))).code is Code.LOCAL_FORBIDDEN
    assert await office.entries(EntryType.SHOWN) == []


@pytest.mark.parametrize("members", [(A, B), (C,)])
async def test_what_is_not_there_is_not_read(office, members):
    office.b.day = office.a.day
    fetch = await office.fetch(*members)

    assert (await refused(office.errands.copies.read(fetch.id, OWNER))).code is Code.FETCH_NO_DOCUMENT


async def test_a_copy_whose_time_is_over_is_not_read_even_before_it_is_purged(office):
    fetch = await office.fetch(A)
    await office.errands.copies.read(fetch.id, OWNER)
    office.clock.at += DAY

    assert (await refused(office.errands.copies.read(fetch.id, OWNER))).code is Code.FETCH_EXPIRED


def unread(reader) -> bool:
    """Whether a reader of the vault still gives something: it is not closed."""
    return next(reader, None) is not None


async def test_looking_whether_a_copy_can_be_read_leaves_no_file_open(office):
    fetch = await office.fetch(A)
    office.vault.readers.clear()

    assert [kept.id for kept in await office.errands.copies.kept(OWNER, fetch.worker.ins)] == [fetch.id]

    assert [unread(reader) for reader in office.vault.readers] == [False]


async def test_a_reading_that_could_not_be_entered_leaves_no_file_open(office):
    fetch = await office.fetch(A)
    office.vault.readers.clear()
    office.store.failing = {"save"}

    with pytest.raises(FailedClosed):
        await office.errands.copies.read(fetch.id, OWNER)

    assert [unread(reader) for reader in office.vault.readers] == [False]


async def test_a_reading_that_is_broken_off_leaves_no_file_open(tmp_path):
    async with an_office(tmp_path) as office:
        office.a.pdf = PDF + bytes(600_000)
        fetch = await office.fetch(A)
        office.vault.readers.clear()

        _, pieces = await office.errands.copies.read(fetch.id, OWNER)
        await anext(pieces)
        await pieces.aclose()

        assert [unread(reader) for reader in office.vault.readers] == [False]


# ---------------------------------------------------------------- filing


async def test_a_document_is_filed_with_what_is_known_of_it(office):
    fetch = await office.fetch(A)

    fetch = await office.errands.copies.file(fetch.id, OWNER)

    ((received, content),) = office.shelf.filed
    assert fetch.state is FetchState.FILED
    assert content == PDF
    assert (received.peer, received.peer_name, str(received.last_act_on)) == (A, "SPSTI Ardèche", "2026-11-03")
    assert received.sha256_hex == office.a.digest.sha256.hex()
    (entry,) = await office.entries(EntryType.FILED)
    assert entry.personal["filed_as"] == "GED-1"
    assert await office.shown(fetch.id) == PDF


async def test_a_document_is_filed_once(office):
    fetch = await office.fetch(A)
    await office.errands.copies.file(fetch.id, OWNER)

    assert (await refused(office.errands.copies.file(fetch.id, OWNER))).code is Code.FETCH_STATE
    assert len(office.shelf.filed) == 1


async def test_a_sink_that_fails_leaves_the_document_to_be_filed_again(office):
    fetch = await office.fetch(A)
    office.shelf.fault = AdapterFault("sink: down")
    with pytest.raises(AdapterFault):
        await office.errands.copies.file(fetch.id, OWNER)
    assert await office.entries(EntryType.FILED) == []

    office.shelf.fault = None
    assert (await office.errands.copies.file(fetch.id, OWNER)).state is FetchState.FILED


async def test_without_a_sink_nothing_is_filed(tmp_path):
    async with an_office(tmp_path, house={"sink": None}) as office:
        fetch = await office.fetch(A)

        with pytest.raises(AdapterFault) as raised:
            await office.errands.copies.file(fetch.id, OWNER)

        assert raised.value.code is Code.ADAPTER_ABSENT
        assert [trace.action for trace in office.vendor.traces] == [TraceAction.RECEIVED], "the source takes the trace"


# ---------------------------------------------------------------- another record taken since


async def taken_since(office):
    """Give a fetch as it was while the first record was here, which B's has replaced."""
    first = await office.fetch(A, B)
    office.b.pdf = PDF + b"%of B"
    await office.errands.choose(first.id, B, OWNER)
    now = await office.settled(first.id)
    assert (now.state, now.document.member) == (FetchState.READY, B)
    return first


async def test_nobody_is_shown_another_record_than_the_one_they_chose_to_open(office):
    first = await taken_since(office)

    fault = await refused(office.errands.copies.read(first.id, OWNER, first.document.given.sha256))

    assert fault.code is Code.DOCUMENT_REPLACED
    assert await office.entries(EntryType.SHOWN) == []
    now = await office.errands.get(first.id)
    assert now.document.first_opened_at is None
    assert TraceAction.READ not in [trace.action for trace in office.shelf.traces]
    await office.errands.copies.read(first.id, OWNER, now.document.given.sha256)


async def test_nobody_files_another_record_than_the_one_they_saw(office):
    first = await taken_since(office)

    fault = await refused(office.errands.copies.file(first.id, OWNER, first.document.given.sha256))

    assert fault.code is Code.DOCUMENT_REPLACED
    assert (office.shelf.filed, await office.entries(EntryType.FILED)) == ([], [])
    now = await office.errands.get(first.id)
    assert now.state is FetchState.READY
    assert (await office.errands.copies.file(first.id, OWNER, now.document.given.sha256)).state is FetchState.FILED


# ---------------------------------------------------------------- purging and expiring


async def test_a_copy_that_nobody_opened_goes_after_seven_days(office):
    fetch = await office.fetch(A)
    office.clock.at += 7 * DAY - 1
    await office.errands.run_due_work()
    assert (await office.errands.get(fetch.id)).state is FetchState.READY

    office.clock.at += 1
    await office.errands.run_due_work()

    assert (await office.errands.get(fetch.id)).state is FetchState.PURGED
    assert office.state.vault.ids() == []
    (entry,) = await office.entries(EntryType.PURGED)
    assert (entry.reason, entry.ref, entry.document_sha256) == ("kept", fetch.id, office.a.digest.sha256)


async def test_a_copy_that_was_opened_goes_a_day_later(office):
    fetch = await office.fetch(A)
    await office.errands.copies.read(fetch.id, OWNER)
    office.clock.at += DAY

    await office.errands.run_due_work()

    (entry,) = await office.entries(EntryType.PURGED)
    assert entry.reason == "opened"
    assert (await office.errands.get(fetch.id)).document is None


async def test_a_filed_copy_is_purged_like_any_other(office):
    fetch = await office.fetch(A)
    await office.errands.copies.file(fetch.id, OWNER)
    office.clock.at += 7 * DAY

    await office.errands.run_due_work()

    assert (await office.errands.get(fetch.id)).state is FetchState.PURGED


async def test_nothing_is_purged_by_a_clock_that_may_not_be_believed(office):
    fetch = await office.fetch(A)
    office.clock.at = fetch.document.purge_at

    await office.errands.run_due_work(may_end=False)
    assert office.state.vault.ids() == [fetch.document.vault_id]
    await office.errands.run_due_work()
    assert office.state.vault.ids() == []


async def test_a_fetch_that_ended_is_purged_after_a_week(office):
    fetch = await office.fetch(C)
    office.clock.at += 7 * DAY

    await office.errands.run_due_work()

    (entry,) = await office.entries(EntryType.PURGED)
    assert (entry.reason, entry.peer) == ("ended", None)
    assert (await office.errands.get(fetch.id)).state is FetchState.PURGED


async def test_a_fetch_that_nobody_started_expires_after_a_day(office):
    fetch = await office.errands.prepare(office.new(A), "desk")
    office.clock.at += DAY

    await office.errands.run_due_work()

    fetch = await office.errands.get(fetch.id)
    assert (fetch.state, fetch.code) == (FetchState.EXPIRED, Code.FETCH_EXPIRED)
    (entry,) = await office.entries(EntryType.FETCH_ENDED)
    assert (entry.outcome, entry.reason) == ("expired", "fetch.expired")


async def test_a_choice_that_nobody_makes_expires_with_what_was_announced(office):
    office.b.day = office.a.day
    fetch = await office.fetch(A, B)
    office.clock.at += DAY

    await office.errands.run_due_work()

    assert (await office.errands.get(fetch.id)).state is FetchState.EXPIRED


async def test_a_purge_that_cannot_be_written_is_made_later_and_stops_no_other(office):
    first, second = await office.fetch(A), await office.fetch(B)
    office.clock.at += 7 * DAY
    office.store.failing = {"purged"}
    office.store.when = lambda fetch, *_: fetch.id == first.id

    await office.errands.run_due_work()

    assert (await office.errands.get(second.id)).state is FetchState.PURGED
    assert (await office.errands.get(first.id)).state is FetchState.READY
    assert (await refused(office.errands.copies.read(first.id, OWNER))).code is Code.FETCH_EXPIRED

    office.store.failing.clear()
    await office.errands.run_due_work()
    assert (await office.errands.get(first.id)).state is FetchState.PURGED


# ---------------------------------------------------------------- handing on


async def test_a_colleague_reads_what_was_handed_to_them_and_both_are_in_the_journal(office):
    fetch = await office.fetch(A)
    office.people.reading |= {COLLEAGUE}

    await office.errands.copies.hand_on(fetch.id, OWNER, COLLEAGUE)
    await office.errands.copies.hand_on(fetch.id, OWNER, COLLEAGUE)
    await office.errands.copies.read(fetch.id, COLLEAGUE)

    (handed,) = await office.entries(EntryType.HANDED_ON)
    (shown,) = await office.entries(EntryType.SHOWN)
    assert (handed.personal["by"], handed.personal["reader"], handed.ref) == (OWNER, COLLEAGUE, fetch.id)
    assert shown.personal["reader"] == COLLEAGUE
    assert [one.id for one in await office.errands.list(COLLEAGUE)] == [fetch.id]
    assert len(await office.entries(EntryType.ASKED)) == 1


async def test_a_colleague_does_not_hand_on_what_was_handed_to_them(office):
    fetch = await office.fetch(A)
    office.people.reading |= {COLLEAGUE, "899700000003"}
    await office.errands.copies.hand_on(fetch.id, OWNER, COLLEAGUE)

    error = await refused(office.errands.copies.hand_on(fetch.id, COLLEAGUE, "899700000003"))

    assert error.code is Code.LOCAL_FORBIDDEN


@pytest.mark.parametrize("colleague", [OWNER, "899700000004"])
async def test_a_document_is_handed_to_nobody_who_may_not_read_and_not_to_oneself(office, colleague):
    fetch = await office.fetch(A)

    error = await refused(office.errands.copies.hand_on(fetch.id, OWNER, colleague))

    assert error.code is Code.LOCAL_FORBIDDEN
    assert await office.entries(EntryType.HANDED_ON) == []


async def test_a_colleague_whose_right_ended_reads_no_longer(office):
    fetch = await office.fetch(A)
    office.people.reading |= {COLLEAGUE}
    await office.errands.copies.hand_on(fetch.id, OWNER, COLLEAGUE)
    office.people.reading -= {COLLEAGUE}

    assert (await refused(office.errands.copies.read(fetch.id, COLLEAGUE))).code is Code.LOCAL_FORBIDDEN

"""The register of oppositions: found by every INS, one standing entry of a kind, nothing readable in the file."""

from dataclasses import replace

import pytest

from connector.core.codes import Code
from connector.core.coverage import CoverageCount
from connector.core.days import Day
from connector.core.errors import LocalRefused
from connector.core.ledger import EntryType, Tree
from connector.core.mandate import InformationMeans
from connector.core.oppositions import Lifting, Notice, Objection, OppositionKind
from connector.core.records import Counts, Opposition
from connector.store.coverage import read_last
from tests.kit.state import INS, OTHER_INS, T0, an_entry, an_id, opened

LIFTED = Lifting(Day(2026, 11, 20), InformationMeans.WRITTEN, "physician")


def an_objection(**changed):
    values = {
        "id": an_id(),
        "ins": INS,
        "kind": OppositionKind.PEERS,
        "on": Day(2026, 11, 3),
        "means": InformationMeans.ORAL,
        "by": "physician",
        "recorded_at": T0,
        "recorded_by": "desk",
        "due": Notice.OBJECTION,
    }
    return Objection(**(values | changed))


def note(objection):
    return an_entry(EntryType.OPPOSITION, ref=objection.id, peer=None, workers=(objection.ins,))


async def put(state, **changed):
    objection = an_objection(**changed)
    return await state.oppositions.add(objection, note(objection))


@pytest.fixture
async def state(tmp_path):
    async with opened(tmp_path) as state:
        yield state


async def test_a_worker_who_is_not_in_the_register_has_no_answer(state):
    await put(state)

    assert await state.oppositions.opposition([OTHER_INS]) is None
    assert not await state.oppositions.awaits_entry([OTHER_INS])


async def test_an_objection_is_a_yes_under_any_ins_that_is_asked_for(state):
    await put(state)

    assert await state.oppositions.opposition([OTHER_INS, INS]) is Opposition.YES


async def test_a_lifted_objection_is_a_no_and_a_new_one_a_yes_again(state):
    objection = await put(state)
    await state.oppositions.lift(objection.id, LIFTED, None, note(objection))

    assert await state.oppositions.opposition([INS]) is Opposition.NO

    await put(state)
    assert await state.oppositions.opposition([INS]) is Opposition.YES


async def test_the_first_kind_does_not_concern_peers(state):
    objection = await put(state, kind=OppositionKind.CARE)

    assert await state.oppositions.opposition([INS]) is None
    assert not await state.oppositions.awaits_entry([INS])
    assert await state.oppositions.of_worker([INS]) == [objection]


async def test_the_same_objection_again_is_the_one_that_stands_and_no_second_entry(state):
    first = await put(state)

    assert await put(state, on=Day(2026, 11, 9)) == first
    assert len(await state.journal.entries(Tree.HOUSE, type=EntryType.OPPOSITION)) == 1


async def test_what_the_software_does_not_have_is_due_until_it_is_entered(state):
    objection = await put(state)

    assert await state.oppositions.awaits_entry([INS])
    assert (await state.pending())["oppositions"] == 1
    assert await state.oppositions.entered(objection.id, Notice.OBJECTION, note(objection))
    assert not await state.oppositions.entered(objection.id, Notice.OBJECTION, note(objection))
    assert not await state.oppositions.awaits_entry([INS])
    assert await state.oppositions.opposition([INS]) is Opposition.YES
    assert len(await state.journal.entries(Tree.HOUSE, type=EntryType.OPPOSITION)) == 2


async def test_whoever_objects_after_it_was_first_asked_awaits_entry_and_nobody_else_does(state):
    assert not await state.oppositions.awaits_entry([INS])

    objection = await put(state)
    assert await state.oppositions.awaits_entry([OTHER_INS, INS])
    assert not await state.oppositions.awaits_entry([OTHER_INS])

    await state.oppositions.lift(objection.id, LIFTED, None, note(objection))
    assert not await state.oppositions.awaits_entry([INS])

    await put(state)
    assert await state.oppositions.awaits_entry([INS])


async def test_what_awaited_entry_before_a_restart_does_so_after_it(tmp_path):
    async with opened(tmp_path) as state:
        await put(state)
        await put(state, ins=OTHER_INS, due=None)
    async with opened(tmp_path) as state:
        assert await state.oppositions.awaits_entry([INS])
        assert not await state.oppositions.awaits_entry([OTHER_INS])


async def test_an_entry_made_for_the_objection_does_not_settle_its_lifting(state):
    objection = await put(state)
    await state.oppositions.lift(objection.id, LIFTED, Notice.LIFTING, note(objection))

    assert not await state.oppositions.entered(objection.id, Notice.OBJECTION, note(objection))
    assert not await state.oppositions.awaits_entry([INS])
    (due,) = await state.oppositions.page(only_due=True)
    assert due.due is Notice.LIFTING


@pytest.mark.parametrize(
    ("day", "twice", "code"),
    [(Day(2026, 11, 2), False, Code.LOCAL_MALFORMED), (Day(2026, 11, 20), True, Code.LOCAL_CONFLICT)],
)
async def test_an_objection_is_lifted_once_and_not_before_it_was_made(state, day, twice, code):
    objection = await put(state)
    if twice:
        await state.oppositions.lift(objection.id, LIFTED, None, note(objection))

    with pytest.raises(LocalRefused) as caught:
        await state.oppositions.lift(objection.id, replace(LIFTED, on=day), None, note(objection))

    assert caught.value.code is code


async def test_what_is_not_there_cannot_be_lifted_entered_or_begun_before(state):
    missing = an_objection()
    for call in (
        lambda: state.oppositions.lift(missing.id, LIFTED, None, note(missing)),
        lambda: state.oppositions.entered(missing.id, Notice.OBJECTION, note(missing)),
        lambda: state.oppositions.page(before=missing.id),
    ):
        with pytest.raises(LocalRefused) as caught:
            await call()
        assert caught.value.code is Code.LOCAL_NOT_FOUND
    assert await state.oppositions.find(missing.id) is None
    assert await state.journal.entries(Tree.HOUSE, type=EntryType.OPPOSITION) == []


async def test_entries_are_listed_newest_first_in_pages(state):
    kept = [await put(state), await put(state, ins=OTHER_INS, due=None), await put(state, kind=OppositionKind.CARE)]

    assert await state.oppositions.page(limit=2) == [kept[2], kept[1]]
    assert await state.oppositions.page(before=kept[1].id) == [kept[0]]
    assert await state.oppositions.page(only_due=True) == [kept[2], kept[0]]
    assert await state.oppositions.workers(OppositionKind.PEERS) == 2


async def test_the_register_is_the_same_after_a_restart_and_shows_nothing_in_the_file(tmp_path):
    async with opened(tmp_path) as state:
        objection = await put(state)
    raw = b"".join(path.read_bytes() for path in (tmp_path / "state").glob("state.db*"))
    async with opened(tmp_path) as state:
        assert await state.oppositions.find(objection.id) == objection

    assert INS.matricule.value.encode() not in raw
    assert b"2026-11-03" not in raw


async def test_the_last_coverage_is_kept_over_a_restart(tmp_path):
    count = CoverageCount(T0, Counts(10, 9, 8, 7, 6, 5))
    async with opened(tmp_path) as state:
        assert state.coverage.last() is None
        await state.coverage.keep(CoverageCount(T0, None, fault="adapter.timeout"))
        await state.coverage.keep(count)
    assert read_last(tmp_path / "state" / "state.db") == count
    async with opened(tmp_path) as state:
        assert state.coverage.last() == count
        assert read_last(tmp_path / "state" / "state.db") == count


@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 100])
def test_where_no_count_can_be_read_there_is_none(tmp_path, content):
    path = tmp_path / "state.db"
    if content is not None:
        path.write_bytes(content)

    assert read_last(path) is None

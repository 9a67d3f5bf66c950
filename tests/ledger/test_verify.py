"""Each way in which somebody could change a ledger behind our back, and who finds it out: the start, or `verify`."""

import asyncio

import pytest
from sqlite_utils import Database

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.ledger import EntryType, Tree
from connector.ledger import verify as verify_module
from tests.kit.state import INS, an_entry, opened, settings_in

COUNT = 600
ENTRIES = "update entries set {} where tree = 'exchange' and idx = {}"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A state with two stored nodes, several checkpoints, and a few house entries."""
    directory = tmp_path_factory.mktemp("written")

    async def write():
        async with opened(directory) as state:
            for count in (100, 156, 1, COUNT - 257):
                await asyncio.gather(*(state.holder.answer(entry=an_entry(), used=None) for _ in range(count)))
            await state.holder.record(an_entry(EntryType.STARTED))

    asyncio.run(write())
    return directory


@pytest.fixture
def copy(written, tmp_path):
    """A copy of it, to be changed."""
    for source in written.rglob("*"):
        target = tmp_path / source.relative_to(written)
        if source.is_dir():
            target.mkdir(mode=0o700, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)
    return tmp_path


def change(directory, *statements):
    db = Database(settings_in(directory).database)
    for statement in statements:
        with db.conn:
            db.execute(statement)
    db.close()


async def faults(directory):
    async with opened(directory) as state:
        report = await state.journal.verify()
    return [(fault.index, fault.what) for fault in report.trees[0].faults], report


async def test_an_untouched_ledger_is_sound(copy):
    found, report = await faults(copy)

    exchange, house = report.trees
    assert (found, report.is_sound) == ([], True)
    assert (exchange.tree, exchange.size, exchange.entries, exchange.destroyed) == (Tree.EXCHANGE, COUNT, COUNT, 0)
    assert exchange.checkpoints >= 5  # that of the empty tree included
    assert (house.size, house.checkpoints) == (1, 2)


@pytest.mark.parametrize(
    "field",
    [
        "outcome = 'announced'",
        "reason = null",
        "at = at - 86400",
        "peer = '318751275100020'",
        "type = 'asked'",
        "mandate_sha256 = zeroblob(32)",
        "document_sha256 = zeroblob(32)",
    ],
)
async def test_a_changed_field_is_found_at_its_entry(copy, field):
    change(copy, ENTRIES.format(field, 5))

    found, _ = await faults(copy)

    assert found == [(5, "is not what its leaf commits to")]


async def test_a_changed_reference_is_found(copy):
    change(copy, ENTRIES.format("ref = 'another'", 5))

    assert (await faults(copy))[0] == [(5, "stands under another reference")]


@pytest.mark.parametrize("field", ["sealed = zeroblob(200)", "wrapped_key = zeroblob(60)", "sealed = zeroblob(3)"])
async def test_a_changed_personal_part_is_found(copy, field):
    change(copy, ENTRIES.format(field, 5))

    ((index, what),), report = await faults(copy)

    assert index == 5
    assert "cannot be opened" in what
    assert report.trees[0].entries == COUNT


async def test_a_personal_part_moved_to_another_entry_is_found(copy):
    whole = "(select {0} from entries where tree = 'exchange' and idx = 6)"
    moved = ", ".join(f"{name} = {whole.format(name)}" for name in ("sealed", "wrapped_key", "personal_sha256"))
    change(copy, ENTRIES.format(moved, 5))

    assert [index for index, _ in (await faults(copy))[0]] == [5]


@pytest.mark.parametrize("field", ["type = 'rumour'", "peer = 'nobody'"])
async def test_a_field_that_no_entry_has_is_found(copy, field):
    change(copy, ENTRIES.format(field, 5))

    ((index, what),), _ = await faults(copy)

    assert index == 5
    assert "cannot be opened" in what


async def test_an_entry_that_its_worker_no_longer_finds_is_found(copy):
    change(copy, "delete from entry_tags where idx = 7")

    assert (await faults(copy))[0] == [(7, "is not found by its worker")]


async def test_a_story_changed_with_its_leaf_is_found_by_the_signed_roots(copy):
    change(copy, ENTRIES.format("leaf_hash = zeroblob(32)", 5))

    found, _ = await faults(copy)

    whats = {what for _, what in found}
    assert (5, "is not what its leaf commits to") in found
    assert "entries have another root than their signed checkpoint" in whats
    assert (0, "begins a subtree of level 8 kept otherwise") in found


async def test_a_leaf_changed_where_the_start_does_not_look_does_not_hide_from_verify(copy):
    """The start reads the right edge; what lies under a stored node is verified when somebody asks."""
    change(copy, ENTRIES.format("leaf_hash = zeroblob(32)", 5))

    async with opened(copy) as state:
        assert state.ready() is None
        assert not (await state.journal.verify()).is_sound


@pytest.mark.parametrize(("first", "last"), [(5, 5), (300, 310), (0, 0)])
async def test_removed_entries_are_found(copy, first, last):
    change(copy, f"delete from entries where tree = 'exchange' and idx between {first} and {last}")

    found, report = await faults(copy)

    assert found[0] == (first, f"is missing, and all up to {last}")
    assert report.trees[0].entries == COUNT - (last - first + 1)


@pytest.mark.parametrize("what", ["hash = zeroblob(32)", "idx = 9"])
async def test_a_node_that_the_right_edge_rests_on_is_checked_at_the_start(copy, what):
    change(copy, f"update nodes set {what} where idx = 0")

    with pytest.raises(FailedClosed) as refused:
        await faults(copy)

    assert refused.value.code is Code.LEDGER_UNAVAILABLE


async def test_a_checkpoint_that_is_not_ours_is_found(copy):
    change(copy, "update checkpoints set note = replace(note, 'exchange', 'house') where size = 100")
    change(copy, "update checkpoints set note = 'no note at all' where size = 257")

    found, _ = await faults(copy)

    assert [index for index, _ in found] == [100, 257]
    assert all("not ours" in what for _, what in found)


async def test_a_checkpoint_of_another_size_is_found(copy):
    change(
        copy,
        "update checkpoints set note = (select note from checkpoints where tree = 'exchange' and size = 256)"
        " where tree = 'exchange' and size = 257",
    )

    assert (await faults(copy))[0] == [(257, "entries have another root than their signed checkpoint")]


@pytest.mark.parametrize(
    "statement",
    [
        "delete from entries where tree = 'exchange' and idx = 599",
        "delete from entries where tree = 'exchange'",
        "delete from checkpoints where tree = 'exchange' and size = 600",
        "delete from checkpoints where tree = 'exchange'",
        "update checkpoints set note = 'x' where tree = 'exchange' and size = 600",
        "update checkpoints set size = 601 where tree = 'exchange' and size = 600",
        "update entries set leaf_hash = zeroblob(32) where tree = 'exchange' and idx = 599",
        "update entries set idx = 600 where tree = 'exchange' and idx = 599",
        "delete from facts where name = 'origin exchange'",
        "update facts set value = '318751275100020/exchange/2' where name = 'origin exchange'",
        "update facts set value = 'nonsense' where name = 'origin exchange'",
    ],
)
async def test_a_ledger_that_is_not_what_was_signed_is_not_opened(copy, statement):
    change(copy, statement)

    for _ in range(2):  # nothing is repaired by the first try
        with pytest.raises(FailedClosed) as refused:
            async with opened(copy):
                pass

        assert refused.value.code is Code.LEDGER_UNAVAILABLE


async def test_an_entry_slipped_in_while_the_connector_runs_is_found(copy):
    async with opened(copy) as state:
        change(
            copy,
            "insert into entries select null, tree, 600, leaf_hash, type, at, peer, mandate_sha256, outcome, reason,"
            " document_sha256, personal_sha256, ref, epoch, wrapped_key, sealed from entries"
            " where tree = 'exchange' and idx = 5",
        )
        report = await state.journal.verify()

    assert [fault.index for fault in report.trees[0].faults] == [600]


async def test_a_destroyed_epoch_leaves_every_proof(copy):
    (copy / "state" / "epochs" / "monthly-2026-11.key").unlink()

    found, report = await faults(copy)

    assert found == []
    assert report.trees[0].destroyed == COUNT


async def test_an_epoch_key_that_was_replaced_is_found(copy):
    path = copy / "state" / "epochs" / "monthly-2026-11.key"
    path.write_bytes(bytes(60))

    found, report = await faults(copy)

    assert report.trees[0].fault_count == COUNT
    assert len(found) == COUNT <= verify_module.MAX_FAULTS


async def test_only_so_many_faults_are_listed(copy):
    report = verify_module.TreeReport(Tree.HOUSE, "origin")
    for index in range(verify_module.MAX_FAULTS + 5):
        report.fault(index, "is wrong")

    assert report.fault_count == verify_module.MAX_FAULTS + 5
    assert len(report.faults) == verify_module.MAX_FAULTS


async def test_entries_that_cannot_be_opened_are_told_when_they_are_asked_for(copy):
    change(copy, ENTRIES.format("sealed = zeroblob(200)", 5))

    async with opened(copy) as state:
        with pytest.raises(FailedClosed):
            await state.journal.entries(Tree.EXCHANGE, worker=INS, limit=COUNT)


async def test_appending_goes_on_while_a_ledger_is_verified(copy):
    async with opened(copy) as state:
        verifying = asyncio.ensure_future(state.journal.verify())
        while not verifying.done():
            await state.holder.answer(entry=an_entry(), used=None)

        assert (await verifying).is_sound
        assert (await state.journal.verify()).trees[0].size > COUNT

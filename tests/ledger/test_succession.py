"""A state whose daemon does not start begins new ledgers: by two names, and while nobody runs on it."""

import pytest
from sqlite_utils import Database

from connector.core.codes import Code
from connector.core.errors import ConnectorError, FailedClosed
from connector.core.ledger import EntryType, Tree
from connector.ledger.succession import succeed_offline
from tests.kit.state import LEDGER_KEY, US, HandClock, SystemEntropy, an_entry, opened, settings_in


async def succeed(directory, **changed):
    values = {
        "clock": HandClock(),
        "entropy": SystemEntropy(),
        "signer": LEDGER_KEY,
        "member": US,
        "former_keys": (),
        "reason": "disque endommagé",
        "by": ("A. Un", "B. Deux"),
    }
    return await succeed_offline(settings_in(directory), **(values | changed))


def change(directory, *statements):
    db = Database(settings_in(directory).database)
    for statement in statements:
        with db.conn:
            db.execute(statement)
    db.close()


DAMAGES = {
    "the tail cut": "delete from entries where tree = 'exchange' and idx >= 3",
    "an entry removed": "delete from entries where tree = 'exchange' and idx = 4",
    "checkpoints gone": "delete from checkpoints where tree = 'exchange'",
    "checkpoint altered": "update checkpoints set note = replace(note, '5', '6') where tree = 'exchange'",
    "a leaf altered": "update entries set leaf_hash = zeroblob(32) where tree = 'exchange' and idx = 4",
    "its name gone": "delete from facts where name = 'origin exchange'",
}


@pytest.fixture
async def written(tmp_path):
    """Five entries, in as many commits."""
    async with opened(tmp_path) as state:
        for _ in range(5):
            await state.requester.append([an_entry()])
        note = await state.journal.checkpoint(Tree.EXCHANGE)
    return tmp_path, note


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_state_starts_again_with_new_ledgers_that_say_why(written, damage):
    directory, note = written
    change(directory, DAMAGES[damage])
    with pytest.raises(FailedClosed):
        async with opened(directory):
            pass

    serial = await succeed(directory)

    assert serial == 2
    async with opened(directory) as state:
        await state.requester.append([an_entry()])
        for tree in Tree:
            assert (await state.journal.checkpoint(tree)).startswith(f"{US}/{tree}/2\n")
            [leaf] = await state.journal.entries(tree, type=EntryType.SUCCEEDED)
            assert (leaf.personal["reason"], "by" in leaf.personal) == ("disque endommagé", False)
            assert leaf.personal["old"] == {t.value: f"{US}/{t}/1" for t in Tree}
        [agreed] = await state.journal.entries(Tree.HOUSE, type=EntryType.PROPOSED)
        assert (agreed.outcome, agreed.personal["by"]) == ("confirmed", ["A. Un", "B. Deux"])
        report = await state.journal.verify()
    is_signed = damage not in {"checkpoints gone", "checkpoint altered"}
    assert leaf.personal["highest"].get("exchange") == (note if is_signed else None)
    assert {tree.origin: tree.is_sound for tree in report.trees}[f"{US}/exchange/2"]
    assert not report.is_sound or damage == "its name gone"  # what is wrong with the old one is named for ever


async def test_it_refuses_while_a_daemon_runs_on_the_state(written):
    directory, _ = written
    async with opened(directory) as state:
        with pytest.raises(FailedClosed, match="in use by another process") as refused:
            await succeed(directory)
        await state.requester.append([an_entry()])

    assert refused.value.code is Code.STATE_UNAVAILABLE


async def test_another_members_state_is_left_as_it_is(written):
    directory, note = written
    other = type(US)("318751275100038")
    with pytest.raises(ConnectorError):
        await succeed(directory, member=other)

    async with opened(directory) as state:
        assert await state.journal.checkpoint(Tree.EXCHANGE) == note


async def test_a_second_one_goes_on_from_the_first(written):
    directory, _ = written
    await succeed(directory)

    assert await succeed(directory, clock=HandClock()) == 3

"""What a service decides for itself alone: kept over a restart, each change in the ledger, none twice."""

import pytest

from connector.core.errors import FailedClosed
from connector.core.ledger import EntryType, Tree
from connector.core.measures import Block, BlockReason, Pause, PauseReason
from connector.core.members import MemberId
from tests.kit.state import T0, HandClock, an_entry, opened

A, B = MemberId("1750712184"), MemberId("1690781810")


def a_block(member=A, reason=BlockReason.KEY_STOLEN):
    return Block(member, reason, T0, "operations")


def note(type_=EntryType.BLOCK, outcome="blocked"):
    return an_entry(type_, peer=A, outcome=outcome)


async def types(state):
    return [entry.type for entry in await state.journal.entries(Tree.HOUSE)]


async def test_nothing_is_in_force_at_first(tmp_path):
    async with opened(tmp_path) as state:
        assert (state.measures.blocks(), state.measures.pause()) == ((), None)


async def test_blocks_and_the_pause_outlast_a_restart(tmp_path):
    pause = Pause(PauseReason.INCIDENT, T0, "operations")
    async with opened(tmp_path) as state:
        await state.measures.block(a_block(), note())
        await state.measures.block(a_block(B, BlockReason.PRECAUTION), note())
        assert await state.measures.set_pause(pause, note(EntryType.ANSWERING, "paused"))
    async with opened(tmp_path) as state:
        assert set(state.measures.blocks()) == {a_block(), a_block(B, BlockReason.PRECAUTION)}
        assert state.measures.pause() == pause


async def test_a_second_block_of_a_member_changes_nothing_and_leaves_no_entry(tmp_path):
    async with opened(tmp_path) as state:
        first = await state.measures.block(a_block(), note())
        again = await state.measures.block(a_block(reason=BlockReason.PRECAUTION), note())

        assert again == first
        assert await types(state) == [EntryType.BLOCK]


async def test_a_lifted_block_is_given_once_and_journalled_once(tmp_path):
    async with opened(tmp_path) as state:
        await state.measures.block(a_block(), note())

        assert await state.measures.unblock(A, note(outcome="unblocked")) == a_block()
        assert await state.measures.unblock(A, note(outcome="unblocked")) is None
        assert state.measures.blocks() == ()
        assert await types(state) == [EntryType.BLOCK, EntryType.BLOCK]


async def test_a_pause_that_stands_is_not_begun_again_nor_ended_twice(tmp_path):
    async with opened(tmp_path) as state:
        pause, entry = Pause(PauseReason.MAINTENANCE, T0, "a"), note(EntryType.ANSWERING, "paused")

        assert await state.measures.set_pause(pause, entry)
        assert not await state.measures.set_pause(Pause(PauseReason.INCIDENT, T0, "b"), entry)
        assert state.measures.pause() == pause
        assert await state.measures.set_pause(None, entry)
        assert not await state.measures.set_pause(None, entry)
        assert len(await types(state)) == 2


async def test_a_block_that_cannot_be_journalled_does_not_count(tmp_path):
    clock = HandClock()
    async with opened(tmp_path, clock) as state:
        await state.tidy()
        clock.at -= 3600  # a clock that goes back: nothing is written (PROTOCOL section 7)
        with pytest.raises(FailedClosed):
            await state.measures.block(a_block(), note())
        assert state.measures.blocks() == ()

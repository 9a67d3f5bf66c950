"""Batches: what shares a commit, what is written together, and what one failure does to the others."""

import asyncio

import pytest

from connector.core.codes import Code
from connector.core.errors import MandateRefused
from connector.core.ledger import Tree
from connector.store.sql import Insert, insert_rows, rows
from tests.kit.state import a_used_mandate, an_announcement, an_entry, opened


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 16, 17, 37])
async def test_any_number_of_rows_is_inserted_in_its_order(tmp_path, count):
    expected = [(f"fact {number:02}", number) for number in range(count)]

    def operation(transaction):
        insert_rows(transaction.db, Insert("insert into facts (name, value)", 2), expected)
        found = rows(transaction.db, "select name, value from facts where name like 'fact %' order by name")
        return lambda: found

    async with opened(tmp_path) as state:
        assert await state._writer.run(operation) == expected


async def test_what_is_asked_for_at_once_shares_a_checkpoint(tmp_path):
    async with opened(tmp_path) as state:
        proofs = await asyncio.gather(
            *(state.holder.answer(entry=an_entry(), used=a_used_mandate()) for _ in range(20))
        )

    assert [proof.index for proof in proofs] == list(range(20))
    assert {proof.size for proof in proofs} == {20}


async def test_a_failure_after_a_write_leaves_every_other_operation_of_its_batch_whole(tmp_path):
    def writes_then_fails(transaction):
        transaction.db.execute("insert into facts (name, value) values ('half', 1)")
        transaction.append(an_entry())
        raise LookupError("on purpose")

    def counts(transaction):
        found = rows(transaction.db, "select name from facts where name = 'half'")
        return lambda: found

    async with opened(tmp_path) as state:
        announcement = an_announcement()
        before, failed, after = await asyncio.gather(
            state.holder.answer(entry=an_entry(), used=a_used_mandate(), announcement=announcement),
            state._writer.run(writes_then_fails),
            state.holder.answer(entry=an_entry(), used=a_used_mandate()),
            return_exceptions=True,
        )

        assert (before.index, type(failed), after.index) == (0, LookupError, 1)
        assert await state._writer.run(counts) == []
        assert await state.holder.announcement(announcement.id) == announcement
        assert len(await state.journal.entries(Tree.EXCHANGE, limit=10)) == 2
        assert (await state.journal.verify()).is_sound


async def test_a_mandate_is_refused_the_second_time_within_one_batch_too(tmp_path):
    used = a_used_mandate()
    async with opened(tmp_path) as state:
        first, second = await asyncio.gather(
            state.holder.answer(entry=an_entry(), used=used),
            state.holder.answer(entry=an_entry(), used=used),
            return_exceptions=True,
        )

    assert first.index == 0
    assert isinstance(second, MandateRefused)
    assert second.code is Code.MANDATE_REPLAYED


async def test_a_mandate_used_before_is_refused_and_the_rest_of_its_batch_kept(tmp_path):
    used = a_used_mandate()
    async with opened(tmp_path) as state:
        await state.holder.answer(entry=an_entry(), used=used)
        announcement = an_announcement()
        before, again, after = await asyncio.gather(
            state.holder.answer(entry=an_entry(), used=a_used_mandate(), announcement=announcement),
            state.holder.answer(entry=an_entry(), used=used, announcement=an_announcement()),
            state.holder.answer(entry=an_entry(), used=a_used_mandate()),
            return_exceptions=True,
        )

        assert isinstance(again, MandateRefused)
        assert again.code is Code.MANDATE_REPLAYED
        assert (before.index, after.index) == (1, 2)
        assert await state.holder.announcement(announcement.id) == announcement
        assert (await state.journal.verify()).is_sound

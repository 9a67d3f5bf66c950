"""Spooled copies live half an hour, and their end is journalled."""

import pytest

from connector.core.errors import FailedClosed
from connector.core.evidence import DocumentDigest
from connector.core.ledger import EntryType, Tree
from connector.holder.purge import purge_expired
from tests.kit.state import HandClock, a_handover, an_id, opened


async def spooled(state) -> str:
    handover = a_handover(id=an_id(), announcement_id=an_id())
    await state.holder.spooling(handover)
    writer = state.vault.create(handover.id)
    writer.write(b"%PDF-1.7 copy")
    digest: DocumentDigest = await writer.finish()
    await state.holder.spooled(handover.id, digest)
    return handover.id


async def test_an_expired_copy_is_destroyed_and_journalled(tmp_path):
    clock = HandClock()
    async with opened(tmp_path, clock) as state:
        handover_id = await spooled(state)
        clock.at += 1800

        assert await purge_expired(state.holder, state.vault, clock) == 1

        assert not state.vault.holds(handover_id)
        assert await state.holder.handover(handover_id) is None
        (entry,) = await state.journal.entries(Tree.HOUSE, type=EntryType.PURGED)
        assert (entry.ref, entry.reason) == (handover_id, "handover-expired")
        assert entry.document_sha256 is not None
        assert await purge_expired(state.holder, state.vault, clock) == 0


async def test_a_copy_within_its_half_hour_stays(tmp_path):
    clock = HandClock()
    async with opened(tmp_path, clock) as state:
        handover_id = await spooled(state)
        clock.at += 1799

        assert await purge_expired(state.holder, state.vault, clock) == 0
        assert state.vault.holds(handover_id)


async def test_a_handover_that_never_got_its_copy_is_purged_too(tmp_path):
    clock = HandClock()
    async with opened(tmp_path, clock) as state:
        await state.holder.spooling(a_handover())
        clock.at += 1800

        assert await purge_expired(state.holder, state.vault, clock) == 1


async def test_a_purge_that_could_not_be_journalled_is_done_again(tmp_path):
    clock = HandClock()
    async with opened(tmp_path, clock) as state:
        await spooled(state)
        clock.at += 1800

        class Failing:
            expired_handovers = state.holder.expired_handovers

            async def handover_purged(self, handover_id, entry):
                raise FailedClosed("disk full")

        with pytest.raises(FailedClosed):
            await purge_expired(Failing(), state.vault, clock)

        assert await purge_expired(state.holder, state.vault, clock) == 1
        assert len(await state.journal.entries(Tree.HOUSE, type=EntryType.PURGED)) == 1

"""What was counted of a peer is read when it first asks after a start: all of it, nobody else's, or nothing is said."""

import asyncio
import shutil
import sqlite3
from contextlib import closing

import pytest

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.core.ledger import Retention, Tree
from connector.core.limits import Counted
from connector.core.members import MemberId
from connector.ledger.retention import Retention as Retaining
from connector.store.epochs import EpochKeys
from connector.store.limits import SqliteLimitStore
from connector.store.readers import Readers
from tests.kit.state import PEER, T0, HandClock, an_entry, opened, settings_in

DAY = 86_400
OTHER = MemberId("318751275100046")


def a_count(number, *, peer=PEER, at=T0):
    return Counted(peer, Instant(at), bool(number % 2), *(b"%016d" % (number * 10 + part) for part in range(3)))


async def keep(state, *counts):
    for counted in counts:
        entry = an_entry(at=counted.at, retention=Retention.DAILY)
        await state.holder.answer(entry=entry, used=None, counted=counted)


async def test_it_is_given_by_peer_the_oldest_first(tmp_path):
    clock = HandClock()
    counts = [a_count(number, peer=(PEER, OTHER)[number % 2], at=T0 + number * DAY) for number in range(6)]
    async with opened(tmp_path, clock) as state:
        for counted in counts:
            clock.at = counted.at
            await keep(state, counted)

        assert await state.limits.counted_of(PEER, T0) == counts[::2]
        assert await state.limits.counted_of(OTHER, Instant(T0 + 3 * DAY)) == counts[3::2]
        assert await state.limits.counted_of(MemberId("318751275100053"), T0) == []


async def test_an_entry_that_is_erased_while_it_is_read_takes_nothing_of_it_away(tmp_path):
    """The rows move to another generation, and the key that they were read under is gone before they are opened."""
    clock, counts = HandClock(), [a_count(number) for number in range(3)]
    async with opened(tmp_path, clock) as state:
        await keep(state, *counts)
        parts, loop = state.parts, asyncio.get_running_loop()
        retention = Retaining(state.writer, parts, clock)

        class ErasedMeanwhile(EpochKeys):
            erased = False

            def find(self, name):
                if not self.erased:
                    self.erased = True
                    erasing = retention.erase(Tree.EXCHANGE, 1, "another person", ("Mme Un", "M. Deux"))
                    asyncio.run_coroutine_threadsafe(erasing, loop).result(30)
                return super().find(name)

        epochs = ErasedMeanwhile(settings_in(tmp_path).epochs, parts.keys.epochs, parts.entropy)
        readers = Readers(settings_in(tmp_path).database)  # the erasure has to read as well
        store = SqliteLimitStore(state.writer, readers, None, parts.keys, epochs)

        assert await store.counted_of(PEER, T0) == counts
        await readers.close()
        assert epochs.erased
        assert parts.epochs.names() == ["daily-2026-11-23.2", "monthly-2026-11"]


async def test_epoch_keys_that_are_not_there_forgive_nothing(tmp_path):
    async with opened(tmp_path) as state:
        await keep(state, a_count(1))
        shutil.move(settings_in(tmp_path).epochs, tmp_path / "elsewhere")

        with pytest.raises(FailedClosed) as refused:
            await state.limits.counted_of(PEER, T0)

    assert refused.value.code is Code.LEDGER_UNAVAILABLE


async def test_a_row_that_was_altered_is_no_row_less(tmp_path):
    async with opened(tmp_path) as state:
        await keep(state, a_count(1), a_count(2), a_count(3, peer=OTHER))
        with closing(sqlite3.connect(settings_in(tmp_path).database)) as db, db:
            db.execute("update counted set sealed = zeroblob(length(sealed)) where number = 2")

        with pytest.raises(FailedClosed) as refused:
            await state.limits.counted_of(PEER, T0)

        assert refused.value.code is Code.VAULT_DAMAGED
        assert await state.limits.counted_of(OTHER, T0) == [a_count(3, peer=OTHER)]

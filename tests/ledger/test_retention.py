"""The end of epochs, on time and by erasing one entry: what is gone, in old backups too, and what still holds."""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing

import pytest
from sqlite_utils import Database

from connector.core.codes import Code
from connector.core.errors import FailedClosed, LocalRefused
from connector.core.instant import Instant
from connector.core.ledger import Destroyed, DestroyedBy, EntryType, Retention, Tree
from connector.core.limits import Counted
from connector.crypto import aead
from connector.ledger import retention
from connector.ledger.retention import TABLES
from connector.ledger.retention import Retention as Retaining
from connector.store import destroyed
from connector.store.destroyed import Destruction
from connector.store.evidence import TokenKind, keep_token
from connector.store.migrations import migrations
from tests.kit.state import INS, OTHER_INS, PEER, T0, HandClock, an_entry, opened, settings_in

DAY = 86_400
MONTH_OVER = 1_890_777_600  # 2029-12-01T00:00:00Z, three years after November 2026
EXCHANGE = Tree.EXCHANGE


@pytest.fixture
def clock():
    return HandClock()


def retaining(state, clock):
    return Retaining(state.writer, state.parts, clock)


async def answer(state, count=1, **changed):
    return await asyncio.gather(
        *(
            state.holder.answer(
                entry=an_entry(**changed),
                used=None,
                counted=Counted(PEER, changed.get("at", T0), False, b"t" * 16, b"m" * 16, b"r" * 16),
            )
            for _ in range(count)
        )
    )


def back_up(directory, name="backup.db"):
    """Copy the database as a backup does, while it is in use."""
    target = directory / name
    with (
        closing(sqlite3.connect(settings_in(directory).database)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
    return target


def restored(directory, backup, elsewhere):
    """A state of that backup with every key that is there today."""
    there = settings_in(directory)
    elsewhere.mkdir()
    shutil.copy(there.master_key, elsewhere / "master.key")
    shutil.copytree(there.epochs, elsewhere / "state" / "epochs")
    shutil.copy(backup, elsewhere / "state" / "state.db")
    return elsewhere


def values(database, sql, *parameters):
    with closing(sqlite3.connect(database)) as db:
        return db.execute(sql, parameters).fetchall()


def months(state):
    return [name for name in state.parts.epochs.names() if name.startswith("monthly")]


async def house(state):
    found = await state.journal.entries(Tree.HOUSE, limit=100)
    return [(entry.type, entry.outcome, entry.reason, entry.ref) for entry in reversed(found)]


class TestOnTime:
    async def test_a_backup_with_the_keys_of_today_cannot_read_a_daily_entry_after_thirty_days(self, tmp_path, clock):
        async with opened(tmp_path / "a", clock) as state:
            await answer(state, retention=Retention.DAILY)
            backup, retain = back_up(tmp_path / "a"), retaining(state, clock)
            clock.at = T0 + 31 * DAY
            await retain.run()
            await answer(state, at=Instant(clock.at), retention=Retention.DAILY)

        copy = restored(tmp_path / "a", backup, tmp_path / "b")
        async with opened(copy, clock) as state:
            (entry,) = await state.journal.entries(EXCHANGE)

            assert entry.is_destroyed
            assert await state.journal.entries(EXCHANGE, worker=INS) == []
            assert await state.limits.counted_of(PEER, T0) == []
            epochs = state.parts.epochs
            ((wrapped, sealed),) = values(backup, "select wrapped_key, sealed from entries where tree = 'exchange'")
            assert len(sealed) > 100  # the backup has it, and nothing that is there opens it
            for name in epochs.names():
                with pytest.raises(FailedClosed):
                    aead.unwrap_key(epochs.find(name), wrapped, f"{entry.tree}/0".encode())
            tags = {tag for (tag,) in values(backup, "select tag from entry_tags where tree = 'exchange'")}
            assert tags.isdisjoint(epochs.worker_tag(name, INS) for name in epochs.names())
            assert tags.isdisjoint({state.parts.keys.worker_tag(INS)})

    async def test_before_the_thirty_days_are_over_the_same_backup_is_read(self, tmp_path, clock):
        async with opened(tmp_path / "a", clock) as state:
            await answer(state, retention=Retention.DAILY)
            backup, retain = back_up(tmp_path / "a"), retaining(state, clock)
            clock.at = T0 + 30 * DAY
            assert await retain.run() == 0

        async with opened(restored(tmp_path / "a", backup, tmp_path / "b"), clock) as state:
            (entry,) = await state.journal.entries(EXCHANGE, worker=INS)

        assert entry.workers == (INS,)

    async def test_a_restart_does_not_make_a_jump_of_the_clock_believed(self, tmp_path):
        async with opened(tmp_path, HandClock()) as state:
            await answer(state, retention=Retention.DAILY)
        wrong = Instant(T0 + 400 * DAY)
        async with opened(tmp_path, HandClock(wrong)) as state:
            await answer(state, at=wrong)  # stored is the wrong time, before anybody looked
        clock = HandClock(Instant(wrong + 60))
        async with opened(tmp_path, clock) as state:
            retain = retaining(state, clock)

            assert await retain.run() == 0

            clock.at += DAY
            assert await retain.run() == 1

    async def test_what_is_over_says_when_and_why_and_still_proves(self, tmp_path, clock):
        async with opened(tmp_path, clock) as state:
            (proof,) = await answer(state, retention=Retention.DAILY)
            await answer(state)
            retain = retaining(state, clock)
            clock.at = T0 + 31 * DAY
            ended = await retain.run()
            kept, gone = await state.journal.entries(EXCHANGE)
            report = await state.journal.verify()

            assert ended == 1
            assert (kept.workers, kept.destroyed) == ((INS,), None)
            assert (gone.personal, gone.workers) == (None, ())
            assert gone.destroyed == Destroyed(Instant(clock.at), DestroyedBy.RETENTION)
            assert (gone.outcome, gone.reason) == ("withheld", "opposed")
            assert report.is_sound
            assert [tree.destroyed for tree in report.trees] == [1, 0]
            assert await state.journal.prove(EXCHANGE, 0) == proof
            assert await house(state) == [
                (EntryType.DESTROYED, "begun", "retention", "daily-2026-11-23"),
                (EntryType.DESTROYED, "done", "retention", "daily-2026-11-23"),
            ]

    async def test_a_month_is_kept_for_three_years_and_no_day_longer(self, tmp_path, clock):
        async with opened(tmp_path, clock) as state:
            await answer(state)
            await state.writer.do(lambda t: keep_token(t, state.parts.epochs, TokenKind.RECEIPT, "h", b"a.b.c"))
            retain = retaining(state, clock)
            clock.at = MONTH_OVER - 1
            await retain.run()
            (before,) = await state.journal.entries(EXCHANGE, worker=INS)
            tokens = await state.evidence.tokens("h")
            clock.at = MONTH_OVER
            await retain.run()
            (after,) = await state.journal.entries(EXCHANGE)

            assert [token.compact for token in tokens] == [b"a.b.c"]
            assert await state.evidence.tokens("h") == []
        assert not before.is_destroyed
        assert after.is_destroyed

    async def test_nothing_of_it_is_left_in_the_database(self, tmp_path, clock):
        async with opened(tmp_path, clock) as state:
            await answer(state, retention.PIECE + 3, retention=Retention.DAILY)
            retain = retaining(state, clock)
            clock.at = T0 + 31 * DAY
            await retain.run()

        database = settings_in(tmp_path).database
        left = "select count(*) from entries where epoch like 'daily%' and (sealed <> x'' or wrapped_key <> x'')"
        assert values(database, left) == [(0,)]
        assert values(database, "select count(*) from entry_tags where epoch like 'daily%'") == [(0,)]
        assert values(database, "select count(*) from counted") == [(0,)]

    async def test_the_bytes_of_a_key_are_overwritten_before_its_name_goes(self, tmp_path, clock):
        async with opened(tmp_path, clock) as state:
            await answer(state)
            key, link = settings_in(tmp_path).epochs / "monthly-2026-11.key", tmp_path / "link"
            os.link(key, link)
            before = link.read_bytes()
            state.parts.epochs.destroy("monthly-2026-11")
            state.parts.epochs.destroy("monthly-2026-11")

        assert not key.exists()
        assert len(link.read_bytes()) == len(before)
        assert link.read_bytes() != before

    async def test_a_key_that_cannot_be_destroyed_is_told_and_tried_again(self, tmp_path, clock):
        epochs = settings_in(tmp_path).epochs
        async with opened(tmp_path, clock) as state:
            await answer(state, retention=Retention.DAILY)
            retain = retaining(state, clock)
            clock.at = T0 + 31 * DAY
            (epochs / "daily-2026-11-23.key").unlink()
            (epochs / "daily-2026-11-23.key").mkdir()
            with pytest.raises(FailedClosed) as failed:
                await retain.run()
            (epochs / "daily-2026-11-23.key").rmdir()

            assert failed.value.code is Code.LEDGER_UNAVAILABLE
            assert await retain.run() == 1
            assert [outcome for _, outcome, _, _ in await house(state)] == ["begun", "done"]

    async def test_a_clock_that_jumps_destroys_nothing_for_a_day(self, tmp_path, clock):
        async with opened(tmp_path, clock) as state:
            await answer(state, retention=Retention.DAILY)
        clock.at = T0 + 40 * DAY
        async with opened(tmp_path, clock) as state:
            retain = retaining(state, clock)
            assert await retain.run() == 0
            clock.at += DAY
            assert await retain.run() == 1


class TestInterrupted:
    """Each state that a crash leaves behind is finished by the next run."""

    DESTRUCTION = Destruction("daily-2026-11-23", DestroyedBy.RETENTION, Instant(T0 + 31 * DAY))

    @pytest.mark.parametrize("emptied", [0, 2, 5])
    @pytest.mark.parametrize("is_key_gone", [False, True])
    async def test_a_destruction_goes_on_where_it_was_cut(self, tmp_path, clock, is_key_gone, emptied):
        async with opened(tmp_path, clock) as state:
            await answer(state, 5, retention=Retention.DAILY)
            await state.writer.do(lambda t: destroyed.begin(t.db, self.DESTRUCTION))
            if is_key_gone:
                state.parts.epochs.destroy(self.DESTRUCTION.epoch)
                for _ in range(emptied):
                    await state.writer.do(lambda t: TABLES[0].empty(t.db, self.DESTRUCTION.epoch, 1) and None)
        clock.at = T0 + 31 * DAY
        async with opened(tmp_path, clock) as state:
            retain = retaining(state, clock)

            assert await retain.run() == 1
            assert await retain.run() == 0
            assert all(entry.is_destroyed for entry in await state.journal.entries(EXCHANGE))
            assert [outcome for _, outcome, _, _ in await house(state)] == ["done"]
            assert (await state.journal.verify()).is_sound

    async def test_a_restored_backup_is_rid_of_what_was_over_when_it_came_back(self, tmp_path, clock):
        async with opened(tmp_path / "a", clock) as state:
            await answer(state, retention=Retention.DAILY)
            backup, retain = back_up(tmp_path / "a"), retaining(state, clock)
            clock.at = T0 + 31 * DAY
            await retain.run()
        copy = restored(tmp_path / "a", backup, tmp_path / "b")
        async with opened(copy, clock) as state:
            retain = retaining(state, clock)
            await retain.run()
            clock.at += DAY
            assert await retain.run() == 1

        assert values(settings_in(copy).database, "select count(*) from entries where sealed <> x''") == [(2,)]

    @pytest.mark.parametrize("moved", [0, 2])
    async def test_an_erasure_goes_on_where_it_was_cut(self, tmp_path, clock, moved):
        async with opened(tmp_path, clock) as state:
            await answer(state, 5)
            epochs = state.parts.epochs

            def begin(transaction):
                successor = epochs.renew("monthly-2026-11")
                retention.empty_one(transaction.db, EXCHANGE, 2)
                erasure = Destruction("monthly-2026-11", DestroyedBy.ERASURE, T0, successor, EXCHANGE, 2)
                destroyed.begin(transaction.db, erasure)
                if moved:
                    TABLES[0].move(transaction.db, epochs, "monthly-2026-11", successor, 0, moved)

            await state.writer.do(begin)
        async with opened(tmp_path, clock) as state:
            assert await retaining(state, clock).run() == 1
            found = await state.journal.entries(EXCHANGE)

            assert [entry.is_destroyed for entry in found] == [False, False, True, False, False]
            assert [entry.index for entry in await state.journal.entries(EXCHANGE, worker=INS)] == [4, 3, 1, 0]
            assert months(state) == ["monthly-2026-11.2"]
            assert (await state.journal.verify()).is_sound


class TestErasing:
    async def test_keys_put_back_from_before_an_erasure_do_not_end_the_rest_of_the_month(self, tmp_path, clock):
        async with opened(tmp_path, clock) as state:
            await answer(state, 3)
            erasure = Destruction("monthly-2026-11", DestroyedBy.ERASURE, T0, "monthly-2026-11.2", EXCHANGE, 2)
            await state.writer.do(lambda transaction: destroyed.begin(transaction.db, erasure))

            with pytest.raises(FailedClosed) as refused:
                await retaining(state, clock).run()

            assert refused.value.code is Code.LEDGER_UNAVAILABLE
            assert "nothing was destroyed" in refused.value.hint
            entries = await state.journal.entries(EXCHANGE)
            assert [entry.is_destroyed for entry in entries] == [False] * 3

    async def test_a_backup_with_the_keys_of_today_cannot_read_an_erased_entry(self, tmp_path, clock):
        async with opened(tmp_path / "a", clock) as state:
            await answer(state, 3, workers=(INS, OTHER_INS))
            backup = back_up(tmp_path / "a")
            await retaining(state, clock).erase(EXCHANGE, 1, "another person of that name", ("Mme Un", "M. Deux"))

        async with opened(restored(tmp_path / "a", backup, tmp_path / "b"), clock) as state:
            assert all(entry.is_destroyed for entry in await state.journal.entries(EXCHANGE))
            assert await state.journal.entries(EXCHANGE, worker=OTHER_INS) == []

    async def test_the_others_of_its_epoch_are_read_and_found_as_before(self, tmp_path, clock):
        async with opened(tmp_path, clock) as state:
            proofs = await answer(state, 3)
            await answer(state, retention=Retention.DAILY)
            await state.writer.do(lambda t: keep_token(t, state.parts.epochs, TokenKind.RECEIPT, "h", b"a.b.c"))
            before = await state.journal.entries(EXCHANGE)
            await retaining(state, clock).erase(EXCHANGE, 1, "another person", ("Mme Un", "M. Deux"))
            (after,) = await answer(state)
            found = await state.journal.entries(EXCHANGE)

            assert [entry for entry in found[1:] if entry.index != 1] == [e for e in before if e.index != 1]
            assert found[3].destroyed == Destroyed(T0, DestroyedBy.ERASURE)
            assert [entry.index for entry in await state.journal.entries(EXCHANGE, worker=INS)] == [4, 3, 2, 0]
            assert [token.compact for token in await state.evidence.tokens("h")] == [b"a.b.c"]
            assert len(await state.limits.counted_of(PEER, T0)) == 5
            assert [await state.journal.prove(EXCHANGE, index) for index in (0, 1, 2, 4)] == [*proofs, after]
            assert (await state.journal.verify()).is_sound
            assert state.parts.epochs.names() == ["daily-2026-11-23", "monthly-2026-11.2"]

    async def test_who_agreed_and_why_stands_in_the_journal_under_the_reference_of_what_was_erased(
        self, tmp_path, clock
    ):
        async with opened(tmp_path, clock) as state:
            await answer(state, ref="a" * 32)
            await retaining(state, clock).erase(EXCHANGE, 0, "another person", ("Mme Un", "M. Deux"))
            (entry,) = await state.journal.entries(Tree.HOUSE, type=EntryType.ERASED)

            assert entry.ref == "a" * 32
            assert entry.personal == {
                "tree": "exchange",
                "index": 0,
                "reason": "another person",
                "by": ["Mme Un", "M. Deux"],
            }
            assert [line for line in await house(state) if line[0] is EntryType.DESTROYED] == [
                (EntryType.DESTROYED, "done", "erasure", "monthly-2026-11")
            ]

    async def test_two_entries_of_one_epoch_are_erased_one_after_the_other(self, tmp_path, clock):
        async with opened(tmp_path, clock) as state:
            await answer(state, 4)
            retain = retaining(state, clock)
            await asyncio.gather(*(retain.erase(EXCHANGE, index, "both", ("Mme Un", "M. Deux")) for index in (0, 3)))

            assert [entry.is_destroyed for entry in await state.journal.entries(EXCHANGE)] == [True, False, False, True]
            assert months(state) == ["monthly-2026-11.3"]

    async def test_answers_go_on_while_an_epoch_is_sealed_anew(self, tmp_path, clock):
        async with opened(tmp_path, clock) as state:
            await answer(state, retention.PIECE + 100)
            erasing = asyncio.ensure_future(
                retaining(state, clock).erase(EXCHANGE, 7, "another person", ("Mme Un", "M. Deux"))
            )
            while not erasing.done():
                await answer(state)
            await erasing
            found = await state.journal.entries(EXCHANGE, limit=10_000)

            assert [entry.index for entry in found if entry.is_destroyed] == [7]
            assert (await state.journal.verify()).is_sound

    async def test_an_erased_epoch_ends_on_time_with_its_last_generation(self, tmp_path, clock):
        async with opened(tmp_path, clock) as state:
            await answer(state, 2)
            retain = retaining(state, clock)
            await retain.erase(EXCHANGE, 0, "another person", ("Mme Un", "M. Deux"))
            clock.at = MONTH_OVER
            await retain.run()
            found = await state.journal.entries(EXCHANGE)

        assert [entry.destroyed.by for entry in found] == [DestroyedBy.RETENTION, DestroyedBy.ERASURE]

    async def test_an_entry_that_cannot_be_opened_does_not_stop_the_others(self, tmp_path, clock):
        async with opened(tmp_path, clock) as state:
            await answer(state, 3)
            damage = "update entries set sealed = zeroblob(200) where tree = 'exchange' and idx = 2"
            await state.writer.do(lambda t: t.db.execute(damage) and None)
            await retaining(state, clock).erase(EXCHANGE, 0, "another person", ("Mme Un", "M. Deux"))
            found = await state.journal.entries(EXCHANGE)

        assert [entry.is_destroyed for entry in found] == [True, False, True]

    @pytest.mark.parametrize("index", [1, 10**12])
    async def test_what_is_not_there_is_not_erased(self, tmp_path, clock, index):
        async with opened(tmp_path, clock) as state:
            await answer(state)
            with pytest.raises(LocalRefused) as refused:
                await retaining(state, clock).erasable(EXCHANGE, index)

        assert refused.value.code is Code.LOCAL_NOT_FOUND

    async def test_an_entry_is_erased_once(self, tmp_path, clock):
        async with opened(tmp_path, clock) as state:
            await answer(state)
            retain = retaining(state, clock)
            await retain.erase(EXCHANGE, 0, "another person", ("Mme Un", "M. Deux"))
            with pytest.raises(LocalRefused) as refused:
                await retain.erase(EXCHANGE, 0, "another person", ("Mme Un", "M. Deux"))

            assert refused.value.code is Code.LOCAL_CONFLICT
            assert months(state) == ["monthly-2026-11.2"]

    @pytest.mark.parametrize("kind", sorted(retention.KEPT_TO_THE_END))
    async def test_what_says_who_destroyed_what_is_not_erased(self, tmp_path, clock, kind):
        async with opened(tmp_path, clock) as state:
            await state.holder.record(an_entry(kind))
            with pytest.raises(LocalRefused) as refused:
                await retaining(state, clock).erase(Tree.HOUSE, 0, "to hide it", ("Mme Un", "M. Deux"))

            assert refused.value.code is Code.LOCAL_CONFLICT
            assert not (await state.journal.entries(Tree.HOUSE))[0].is_destroyed

    async def test_an_entry_that_was_emptied_behind_our_back_is_found(self, tmp_path, clock):
        async with opened(tmp_path, clock) as state:
            await answer(state)
            empty = "update entries set sealed = x'', wrapped_key = x'' where tree = 'exchange'"
            await state.writer.do(lambda t: t.db.execute(empty) and None)
            report = await state.journal.verify()

        assert [fault.what for fault in report.trees[0].faults] == ["was emptied, and nothing says why"]


def test_every_table_that_is_sealed_under_an_epoch_ends_with_it():
    db = Database(memory=True)
    migrations.apply(db)
    sealed = {table.name for table in db.tables if {"epoch", "sealed"} <= set(table.columns_dict)}

    assert sealed == {rows.table for rows in TABLES}
    db.close()

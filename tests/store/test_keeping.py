"""What is kept and for how long, by which clock, and what of it can be read by whom."""

from dataclasses import replace

import pytest
from sqlite_utils import Database

from connector.core.codes import Code
from connector.core.errors import FailedClosed, MandateRefused
from connector.core.ledger import EntryType, Retention, Tree
from connector.core.ports import Idempotency
from connector.core.states import FetchState
from tests.kit.state import (
    INS,
    OWNER,
    T0,
    HandClock,
    a_fetch,
    a_handover,
    a_trace,
    a_used_mandate,
    an_ack_draft,
    an_announcement,
    an_entry,
    an_event,
    an_id,
    opened,
    settings_in,
)

DAY = 86_400


async def answer(state, **changed):
    return await state.holder.answer(entry=an_entry(**changed), used=a_used_mandate())


class TestClock:
    async def test_a_clock_that_went_back_lets_nothing_be_written(self, tmp_path):
        clock = HandClock()
        async with opened(tmp_path, clock) as state:
            await answer(state)
            clock.at = T0 - 61

            with pytest.raises(FailedClosed) as refused:
                await answer(state)

            assert refused.value.code is Code.CLOCK_BACKWARDS
            assert "clock" in state.ready()
            clock.at = T0 - 60
            assert state.ready() is None
            await answer(state)

    async def test_a_clock_that_went_back_while_the_connector_was_down_is_found_out(self, tmp_path):
        async with opened(tmp_path) as state:
            await answer(state)

        async with opened(tmp_path, HandClock(T0 - 3600)) as state:
            assert "clock" in state.ready()
            with pytest.raises(FailedClosed):
                await answer(state)


class TestTidying:
    async def test_a_mandate_is_kept_until_two_minutes_after_its_end_by_the_highest_clock(self, tmp_path):
        clock, used = HandClock(), a_used_mandate()
        async with opened(tmp_path, clock) as state:
            await state.holder.answer(entry=an_entry(), used=used)
            clock.at = used.expires_at + 120
            assert await state.tidy() == 0
            with pytest.raises(MandateRefused):
                await state.holder.answer(entry=an_entry(), used=used)

            clock.at += 1
            assert await state.tidy() == 1

            clock.at -= 60  # the highest clock counts, and the mandate's own end has passed even now
            await state.holder.answer(entry=an_entry(), used=used)

    async def test_announcements_go_when_their_end_has_come(self, tmp_path):
        clock, announcement = HandClock(), an_announcement()
        async with opened(tmp_path, clock) as state:
            await state.holder.answer(entry=an_entry(), used=None, announcement=announcement)
            await state.tidy()
            assert await state.holder.announcement(announcement.id)

            clock.at = announcement.expires_at
            assert await state.tidy() == 1

            assert await state.holder.announcement(announcement.id) is None

    async def test_a_purged_handover_goes_when_no_acknowledgement_can_come(self, tmp_path):
        clock, handover = HandClock(), a_handover()
        async with opened(tmp_path, clock) as state:
            await state.holder.spooling(handover)
            await state.holder.handover_purged(handover.id, an_entry(EntryType.PURGED))
            clock.at += 30 * DAY - 1
            assert await state.tidy() == 0

            clock.at += 1

            assert await state.tidy() == 1

    async def test_a_purged_fetch_goes_with_its_events_and_its_key(self, tmp_path):
        clock, fetch = HandClock(), a_fetch(FetchState.READY)
        key = Idempotency("desk", "key", b"b" * 32)
        async with opened(tmp_path, clock) as state:
            await state.requester.create_fetch(fetch, key, an_event(fetch))
            await state.requester.purged(replace(fetch, state=FetchState.PURGED), [], an_entry(EntryType.PURGED))
            clock.at += 30 * DAY

            assert await state.tidy() == 1

            assert await state.requester.fetch(fetch.id) is None
            assert await state.requester.events(fetch.id, 0) == []
            other = a_fetch()
            assert await state.requester.create_fetch(other, key, an_event(other)) == other


class TestSecrecy:
    async def test_no_identity_stands_in_the_database(self, tmp_path):
        fetch = a_fetch()
        async with opened(tmp_path) as state:
            handover = a_handover()
            await state.holder.answer(
                entry=an_entry(), used=a_used_mandate(), announcement=an_announcement(), trace=a_trace()
            )
            await state.holder.decide(entry=an_entry(EntryType.DECIDED), used=None, handover=handover)
            await state.requester.create_fetch(fetch, Idempotency(OWNER, OWNER, b"b" * 32), an_event(fetch))
            await state.requester.arrived(
                fetch, [], an_entry(EntryType.ARRIVED), an_ack_draft(an_id(), bytes(32)), a_trace()
            )

        files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
        content = b"".join(path.read_bytes() for path in files)
        secrets = [
            "TCHITCHI",
            "CATARINA",
            "Lef",
            OWNER,
            INS.matricule.value,
            INS.matricule.body,
            "dossier 17",
            "Simone",
        ]
        assert [secret for secret in secrets if secret.encode() in content] == []

    async def test_a_value_moved_to_another_row_does_not_open(self, tmp_path):
        mine, other = an_announcement(), an_announcement()
        async with opened(tmp_path) as state:
            for announcement in (mine, other):
                await state.holder.answer(entry=an_entry(), used=None, announcement=announcement)
        db = Database(settings_in(tmp_path).database)
        with db.conn:
            sealed = db.execute("select sealed from announcements where id = ?", [other.id]).fetchone()[0]
            db.execute("update announcements set sealed = ? where id = ?", [sealed, mine.id])
        db.close()

        async with opened(tmp_path) as state:
            with pytest.raises(FailedClosed):
                await state.holder.announcement(mine.id)
            assert await state.holder.announcement(other.id) == other

    async def test_entries_of_the_two_retentions_stand_under_different_epochs(self, tmp_path):
        async with opened(tmp_path) as state:
            await answer(state)
            await answer(state, retention=Retention.DAILY)

        names = sorted(path.name for path in (tmp_path / "state" / "epochs").glob("*.key"))
        assert names == ["daily-2026-11-23.key", "monthly-2026-11.key"]

    async def test_an_epoch_key_survives_a_restart_and_is_bound_to_its_name(self, tmp_path):
        epochs = tmp_path / "state" / "epochs"
        async with opened(tmp_path) as state:
            await answer(state)
        async with opened(tmp_path) as state:
            await answer(state)
            assert len(await state.journal.entries(Tree.EXCHANGE, worker=INS)) == 2

        (epochs / "monthly-2026-11.key").rename(epochs / "daily-2026-11-23.key")
        async with opened(tmp_path) as state:
            with pytest.raises(FailedClosed):
                await answer(state, retention=Retention.DAILY)

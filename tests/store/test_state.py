"""Opening, failing, recovering and tidying a member's state."""

import asyncio
import stat
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from connector.core.codes import Code
from connector.core.errors import ConfigFault, FailedClosed, MandateRefused
from connector.core.ledger import EntryType, Retention, Tree
from connector.core.ports import Idempotency
from connector.core.states import FetchState
from connector.crypto.keys import to_pem
from connector.store.migrations import migrations
from tests.kit.state import (
    INS,
    LEDGER_KEY,
    OWNER,
    PEER,
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

REPOSITORY = Path(__file__).parents[2]
DAY = 86_400


async def answer(state, **changed):
    return await state.holder.answer(entry=an_entry(**changed), used=a_used_mandate())


async def limit_pages(state, pages):
    """Let the database grow no further: SQLite's own way to a full disk."""
    sql = f"pragma max_page_count = {pages}"
    await state._writer.do(lambda transaction: transaction.db.execute(sql).fetchall() and None)


async def fill(state):
    """Take the room that is left, then fail to take more."""
    await limit_pages(state, 1)  # SQLite takes the number of pages there are
    try:
        for _ in range(1000):
            await answer(state, personal={"mandate": "x" * 4000})
    except FailedClosed as refused:
        return refused
    raise AssertionError("a full disk was never found out")


class TestOpening:
    async def test_a_new_state_is_ready_and_keeps_its_files_private(self, tmp_path):
        async with opened(tmp_path) as state:
            assert state.ready() is None
            await answer(state)
            modes = [path.stat().st_mode for path in (tmp_path / "state").rglob("*") if path.is_file()]

        assert len(modes) >= 4  # database, its log, the lock, an epoch key
        assert {stat.S_IMODE(mode) for mode in modes} == {0o600}

    async def test_a_state_that_is_open_is_not_opened_again(self, tmp_path):
        async with opened(tmp_path):
            with pytest.raises(FailedClosed) as refused:
                async with opened(tmp_path):
                    pass

        assert refused.value.code is Code.STATE_UNAVAILABLE

    async def test_the_state_of_another_member_is_not_opened(self, tmp_path):
        async with opened(tmp_path):
            pass

        with pytest.raises(FailedClosed) as refused:
            async with opened(tmp_path, member=PEER):
                pass

        assert refused.value.code is Code.STATE_UNAVAILABLE

    async def test_a_state_is_not_opened_with_another_master_key(self, tmp_path):
        async with opened(tmp_path):
            pass
        (tmp_path / "master.key").unlink()

        with pytest.raises(FailedClosed) as refused:
            async with opened(tmp_path):
                pass

        assert "master key" in str(refused.value)

    async def test_a_state_without_its_master_key_is_not_opened(self, tmp_path):
        settings = settings_in(tmp_path)
        settings.master_key.unlink()

        with pytest.raises(ConfigFault):
            async with opened(tmp_path, settings=settings):
                pass

    async def test_a_file_that_is_no_database_is_not_opened(self, tmp_path):
        settings = settings_in(tmp_path)
        settings.directory.mkdir()
        settings.database.write_bytes(b"not a database " * 1000)

        with pytest.raises(FailedClosed) as refused:
            async with opened(tmp_path, settings=settings):
                pass

        assert refused.value.code is Code.STATE_UNAVAILABLE

    async def test_a_directory_that_cannot_be_made_is_told(self, tmp_path):
        settings = settings_in(tmp_path)
        settings.directory.write_text("a file, not a directory")

        with pytest.raises(FailedClosed) as refused:
            async with opened(tmp_path, settings=settings):
                pass

        assert refused.value.code is Code.STATE_UNAVAILABLE

    async def test_a_database_of_a_newer_version_is_not_opened(self, tmp_path):
        async with opened(tmp_path):
            pass
        db = Database(settings_in(tmp_path).database)
        db["_sqlite_migrations"].insert({"migration_set": migrations.name, "name": "m999_later", "applied_at": ""})
        db.close()

        with pytest.raises(FailedClosed) as refused:
            async with opened(tmp_path):
                pass

        assert "m999_later" in str(refused.value)

    async def test_a_refused_start_lets_go_of_the_state(self, tmp_path):
        async with opened(tmp_path):
            pass
        with suppress(FailedClosed):
            async with opened(tmp_path, member=PEER):
                pass

        async with opened(tmp_path) as state:
            assert state.ready() is None

    async def test_a_closed_state_takes_nothing_and_says_so(self, tmp_path):
        async with opened(tmp_path) as state:
            pass

        with pytest.raises(FailedClosed) as refused:
            await answer(state)

        assert refused.value.code is Code.STATE_UNAVAILABLE
        assert "stopped" in state.ready()

    async def test_what_is_queued_is_written_before_the_state_closes(self, tmp_path):
        async with opened(tmp_path) as state:
            answers = [asyncio.ensure_future(answer(state)) for _ in range(20)]
            await asyncio.sleep(0)

        assert len(await asyncio.gather(*answers)) == 20


class TestFailing:
    async def test_nothing_is_kept_and_everyone_is_told_when_the_disk_is_full(self, tmp_path):
        async with opened(tmp_path) as state:
            await answer(state)
            refused = await fill(state)
            size = len(await state.journal.entries(Tree.EXCHANGE, limit=5000))

            outcomes = await asyncio.gather(
                *(answer(state, personal={"mandate": "x" * 9000}) for _ in range(8)), return_exceptions=True
            )

            assert refused.code is Code.LEDGER_UNAVAILABLE
            assert {outcome.code for outcome in outcomes} == {Code.LEDGER_UNAVAILABLE}
            assert len(await state.journal.entries(Tree.EXCHANGE, limit=5000)) == size
            assert "SQLITE_FULL" in state.ready()

    async def test_writing_goes_on_where_it_stopped_once_there_is_room(self, tmp_path):
        async with opened(tmp_path) as state:
            await answer(state)
            await fill(state)
            size = len(await state.journal.entries(Tree.EXCHANGE, limit=5000))
            await limit_pages(state, 2**30)

            proof = await answer(state)

            assert proof.index == size
            assert state.ready() is None
            assert (await state.journal.verify()).is_sound

    async def test_a_mandate_of_a_failed_commit_was_not_used(self, tmp_path):
        used = a_used_mandate()
        async with opened(tmp_path) as state:
            await fill(state)
            with pytest.raises(FailedClosed):
                await state.holder.answer(entry=an_entry(personal={"mandate": "x" * 9000}), used=used)
            await limit_pages(state, 2**30)

            await state.holder.answer(entry=an_entry(), used=used)

    async def test_an_operation_that_fails_does_not_spoil_its_batch(self, tmp_path):
        used = a_used_mandate()
        async with opened(tmp_path) as state:
            await state.holder.answer(entry=an_entry(), used=used)

            outcomes = await asyncio.gather(
                answer(state),
                state.holder.answer(entry=an_entry(), used=used),
                answer(state, personal={"a float": 0.5}),
                state.requester.save(a_fetch(), []),
                answer(state),
                return_exceptions=True,
            )

            kinds = [type(outcome).__name__ for outcome in outcomes]
            assert kinds == ["Proof", "MandateRefused", "NotCanonical", "LocalRefused", "Proof"]
            assert [outcomes[0].index, outcomes[4].index] == [1, 2]
            assert (await state.journal.verify()).is_sound

    async def test_an_operation_that_breaks_a_rule_of_the_database_is_its_callers_alone(self, tmp_path):
        async with opened(tmp_path) as state:
            announcement = an_announcement()
            await state.holder.answer(entry=an_entry(), used=a_used_mandate(), announcement=announcement)

            twice, well = await asyncio.gather(
                state.holder.answer(entry=an_entry(), used=a_used_mandate(), announcement=announcement),
                answer(state),
                return_exceptions=True,
            )

            assert type(twice).__name__ == "IntegrityError"
            assert well.index == 1
            assert state.ready() is None

    async def test_a_batch_of_which_nothing_is_left_is_no_commit(self, tmp_path):
        used = a_used_mandate()
        async with opened(tmp_path) as state:
            await state.holder.answer(entry=an_entry(), used=used)
            before = await state.journal.checkpoint(Tree.EXCHANGE)

            with pytest.raises(MandateRefused):
                await state.holder.answer(entry=an_entry(), used=used)

            assert await state.journal.checkpoint(Tree.EXCHANGE) == before

    async def test_an_epoch_key_that_cannot_be_written_lets_no_entry_pass(self, tmp_path):
        async with opened(tmp_path) as state:
            (tmp_path / "state" / "epochs").write_text("in the way")

            with pytest.raises(FailedClosed) as refused:
                await answer(state)

            assert refused.value.code is Code.LEDGER_UNAVAILABLE

    async def test_a_ledger_that_was_changed_underneath_is_not_written_to_again(self, tmp_path):
        async with opened(tmp_path) as state:
            await answer(state)
            await fill(state)
            other = Database(settings_in(tmp_path).database)
            with other.conn:
                other.execute("update entries set leaf_hash = ? where idx = 0", [bytes(32)])
            other.close()
            with pytest.raises(FailedClosed):  # the failed commit makes the writer read the ledger again
                await answer(state, personal={"mandate": "x" * 9000})

            outcomes = [await asyncio.gather(answer(state), return_exceptions=True) for _ in range(2)]

            assert {outcome.code for (outcome,) in outcomes} == {Code.LEDGER_UNAVAILABLE}
            assert "signed" in state.ready()

    async def test_a_disk_that_is_nearly_full_is_said_in_advance(self, tmp_path):
        settings = replace(settings_in(tmp_path), min_free_bytes=2**62)
        async with opened(tmp_path, settings=settings) as state:
            assert "free" in state.ready()

    async def test_a_vault_that_is_gone_is_said(self, tmp_path):
        async with opened(tmp_path) as state:
            (tmp_path / "state" / "vault" / "partial").rmdir()
            (tmp_path / "state" / "vault").rmdir()

            assert "vault" in state.ready()

    async def test_a_waiter_that_was_cancelled_is_not_missed(self, tmp_path):
        async with opened(tmp_path) as state:
            waiting = asyncio.ensure_future(answer(state))
            await asyncio.sleep(0)
            waiting.cancel()

            await answer(state)

            assert len(await state.journal.entries(Tree.EXCHANGE)) == 2


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

        names = sorted(path.name for path in (tmp_path / "state" / "epochs").iterdir())
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


class TestReading:
    async def test_a_database_that_cannot_be_read_is_told(self, tmp_path):
        async with opened(tmp_path) as state:
            with pytest.raises(FailedClosed) as here:
                state._readers.here(lambda db: db.execute("select no_such_column from facts"))
            with pytest.raises(FailedClosed) as in_a_thread:
                await state._readers.run(lambda db: db.execute("select no_such_column from facts"))

            assert here.value.code is in_a_thread.value.code is Code.STATE_UNAVAILABLE

    async def test_a_reader_cannot_write(self, tmp_path):
        async with opened(tmp_path) as state:
            with pytest.raises(FailedClosed):
                state._readers.here(lambda db: db.execute("delete from facts"))


FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from connector.core.errors import FailedClosed
from connector.core.ledger import Tree
from tests.kit.state import *

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def main(directory):
    async with opened(Path(directory)) as state:
        kept = 0
        limit((Path(directory) / "state" / "state.db-wal").stat().st_size + 200_000)
        try:
            while True:
                await state.holder.answer(entry=an_entry(), used=a_used_mandate())
                kept += 1
        except FailedClosed as refused:
            print(refused.code, "not ready:", state.ready() is not None)
        limit(resource.RLIM_INFINITY)
        proof = await state.holder.answer(entry=an_entry(), used=a_used_mandate())
        report = await state.journal.verify()
        print(proof.index == kept, state.ready(), report.is_sound)
    async with opened(Path(directory)) as state:
        print(len(await state.journal.entries(Tree.EXCHANGE, limit=10_000)) == kept + 1)

asyncio.run(main(sys.argv[1]))
"""


def test_a_disk_that_fills_up_fails_closed_and_is_taken_up_again(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.stdout.splitlines() == ["ledger.unavailable not ready: True", "True None True", "True"]


KEEPS_ANSWERING = """
import asyncio, sys
from pathlib import Path
from tests.kit.state import *

async def main(directory):
    key = load_private_key(Path(directory, "key.pem").read_bytes())
    key = PrivateKeySigner("ledger-1", SigningAlgorithm.ED25519, key)
    async with opened(Path(directory), signer=key) as state:
        async def answer():
            while True:
                proof = await state.holder.answer(entry=an_entry(), used=None, announcement=None)
                print(proof.index, proof.leaf_hash.hex(), flush=True)
        await asyncio.gather(*(answer() for _ in range(8)))

from connector.crypto.keys import load_private_key
asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("rounds", [6])
async def test_a_ledger_whose_process_is_killed_at_any_moment_verifies(tmp_path, rounds):
    settings_in(tmp_path)
    (tmp_path / "key.pem").write_bytes(to_pem(LEDGER_KEY.key, None))
    told = {}
    for turn in range(rounds):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KEEPS_ANSWERING, str(tmp_path), cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE
        )
        lines = [await process.stdout.readline() for _ in range(1 + turn * 37)]
        process.kill()
        lines += (await process.stdout.read()).splitlines()
        await process.wait()
        told |= dict(line.split() for line in lines if len(line.split()) == 2 and len(line.split()[1]) == 64)

        async with opened(tmp_path) as state:
            report = await state.journal.verify()
            assert report.is_sound, report
            assert state.ready() is None

    async with opened(tmp_path) as state:
        entries = {entry.index: entry.leaf_hash for entry in await state.journal.entries(Tree.EXCHANGE, limit=10**6)}
    assert len(told) > rounds
    assert {int(index): bytes.fromhex(leaf.decode()) for index, leaf in told.items()}.items() <= entries.items()

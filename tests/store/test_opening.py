"""Opening and closing a member's state, and reading it."""

import asyncio
import stat
from contextlib import suppress

import pytest
from sqlite_utils import Database

from connector.core.codes import Code
from connector.core.errors import ConfigFault, FailedClosed
from connector.store.migrations import migrations
from tests.kit.state import (
    PEER,
    a_used_mandate,
    an_entry,
    opened,
    settings_in,
)


async def answer(state, **changed):
    return await state.holder.answer(entry=an_entry(**changed), used=a_used_mandate())


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

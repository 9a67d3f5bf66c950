"""An older schema is brought forward with a copy made first, a newer one is refused, and one can go back."""

import shutil
import sqlite3
import stat
from contextlib import closing

import pytest
import pytest_asyncio

from connector import __version__
from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import FailedClosed, MandateRefused
from connector.core.instant import Instant
from connector.core.ledger import EntryType, Tree
from connector.core.mandate import InformationMeans
from connector.core.oppositions import Lifting, Notice
from connector.store.copying import mark_restored
from connector.store.rollback import roll_back
from connector.store.upgrade import KEPT, list_backups
from tests.kit.history import SCHEMAS, an_objection, assert_kept, fill, take_back
from tests.kit.state import INS, PEER, T0, HandClock, a_used_mandate, an_entry, opened, settings_in

NEWER = "m999_later"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(tmp_path_factory):
    """A state of today, and what is in it."""
    directory = tmp_path_factory.mktemp("filled")
    return directory, await fill(directory)


@pytest.fixture
def here(filled, tmp_path):
    shutil.copytree(filled[0], tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def kept(filled):
    return filled[1]


def query(directory, sql):
    with closing(sqlite3.connect(settings_in(directory).database)) as db:
        found = db.execute(sql).fetchall()
        db.commit()
    return found


def make_newer(directory, program="9.9"):
    """As a later version leaves it: a migration that nobody here knows."""
    columns = "(migration_set, name, applied_at)"
    query(
        directory,
        f"insert into _sqlite_migrations {columns} select migration_set, '{NEWER}', '' from _sqlite_migrations limit 1",
    )
    query(directory, f"update facts set value = '{program}' where name = 'program'")


class TestForward:
    @pytest.mark.parametrize("schema", SCHEMAS[:-1])
    async def test_a_database_of_every_earlier_schema_is_brought_forward_with_all_its_rows(self, here, kept, schema):
        take_back(here, schema)
        async with opened(here) as state:
            await assert_kept(state, kept, since=schema)
            (entry,) = await state.journal.entries(Tree.HOUSE, type=EntryType.UPGRADED)
            await state.holder.answer(entry=an_entry(), used=a_used_mandate())
        async with opened(here) as state:
            assert len(await state.journal.entries(Tree.HOUSE, type=EntryType.UPGRADED)) == 1

        (backup,) = list_backups(settings_in(here).backups)
        assert (backup.schema, backup.program, backup.at) == (schema, "0", "20261123T120000Z")
        assert stat.S_IMODE(backup.path.stat().st_mode) == 0o600
        assert entry.personal == {"from": schema, "to": SCHEMAS[-1], "backup": backup.path.name}
        with closing(sqlite3.connect(backup.path)) as copy:
            assert copy.execute("select max(name) from _sqlite_migrations").fetchone() == (schema,)
            assert copy.execute("select count(*) from used_mandates").fetchone() == (4,)

    async def test_a_new_state_has_nothing_to_copy(self, tmp_path):
        async with opened(tmp_path) as state:
            assert await state.journal.entries(Tree.HOUSE) == []

        assert not settings_in(tmp_path).backups.exists()
        assert query(tmp_path, "select value from facts where name = 'program'") == [(__version__,)]
        assert query(tmp_path, "pragma auto_vacuum") == [(2,)]

    async def test_a_file_that_could_not_shrink_can_once_it_was_upgraded(self, here):
        take_back(here, SCHEMAS[0])
        assert query(here, "pragma auto_vacuum") == [(0,)]
        async with opened(here):
            pass

        assert query(here, "pragma auto_vacuum") == [(2,)]

    async def test_the_last_copies_are_kept_and_older_ones_go(self, here):
        for number in range(KEPT + 2):
            take_back(here, SCHEMAS[number])
            async with opened(here, HandClock(T0 + 60 * number)):
                pass

        backups = list_backups(settings_in(here).backups)
        assert [backup.schema for backup in backups] == SCHEMAS[KEPT - 2 + 2 : KEPT + 2]

    async def test_without_a_copy_nothing_is_changed(self, here):
        take_back(here, SCHEMAS[0])
        settings_in(here).backups.write_text("in the way")

        with pytest.raises(FailedClosed) as refused:
            async with opened(here):
                pass

        assert refused.value.code is Code.STATE_UNAVAILABLE
        assert "nothing was changed" in str(refused.value)
        assert query(here, "select max(name) from _sqlite_migrations") == [(SCHEMAS[0],)]

    async def test_the_state_of_another_member_is_not_brought_forward(self, here):
        take_back(here, SCHEMAS[0])
        with pytest.raises(FailedClosed):
            async with opened(here, member=PEER):
                pass

        assert query(here, "select max(name) from _sqlite_migrations") == [(SCHEMAS[0],)]
        assert not settings_in(here).backups.exists()


class TestBackward:
    async def test_a_newer_schema_is_refused_with_its_version_and_the_way_back(self, here):
        take_back(here, SCHEMAS[-2])
        async with opened(here):
            pass
        make_newer(here)
        with pytest.raises(FailedClosed) as refused:
            async with opened(here):
                pass

        (backup,) = list_backups(settings_in(here).backups)
        assert refused.value.code is Code.STATE_UNAVAILABLE
        assert all(said in str(refused.value) for said in ("version 9.9", NEWER, f"version {__version__}", SCHEMAS[-1]))
        way_back = f"spsti-connector roll-back {backup.path.name}"
        assert refused.value.hint == f"install version 9.9 again; or go back with {way_back}"

    async def test_without_a_copy_only_the_version_is_told(self, here):
        make_newer(here)
        with pytest.raises(FailedClosed) as refused:
            async with opened(here):
                pass

        assert refused.value.hint == "install version 9.9 again"

    async def test_going_back_forgets_no_mandate_no_objection_and_no_entry(self, here, kept):
        """The copy is of before the upgrade; what a later version has seen since counts after it too."""
        used, objection = a_used_mandate(), an_objection()
        take_back(here, SCHEMAS[-2])
        clock = HandClock()
        async with opened(here, clock) as state:
            clock.at += 600
            await state.oppositions.lift(kept.objection.id, *lifting())
            await state.oppositions.add(objection, an_entry(EntryType.OPPOSITION, workers=(INS,)))
            proof = await state.holder.answer(entry=an_entry(), used=used)
        make_newer(here)

        done = roll_back(settings_in(here), None, clock.now())

        assert done.has_ledgers
        assert done.aside.exists()
        assert query(here, "select max(name) from _sqlite_migrations") == [(SCHEMAS[-2],)]
        async with opened(here, clock) as state:
            with pytest.raises(MandateRefused):
                await state.holder.answer(entry=an_entry(), used=used)
            assert await state.oppositions.find(objection.id) == objection
            assert not (await state.oppositions.find(kept.objection.id)).stands
            assert await state.journal.prove(Tree.EXCHANGE, proof.index) == proof
            assert (await state.journal.verify()).is_sound
        with pytest.raises(FailedClosed) as refused:
            async with opened(here, HandClock(clock.at - 61)) as state:
                await state.holder.answer(entry=an_entry(), used=a_used_mandate())
        assert refused.value.code is Code.CLOCK_BACKWARDS

    async def test_ledgers_of_another_form_stay_behind_and_that_is_said(self, here):
        used = a_used_mandate()
        take_back(here, SCHEMAS[0])
        async with opened(here) as state:
            await state.holder.answer(entry=an_entry(), used=used)
        make_newer(here)

        assert not roll_back(settings_in(here), None, T0).has_ledgers
        assert query(here, "select count(*) from entries where tree = 'exchange'") == [(5,)]
        assert query(here, f"select count(*) from used_mandates where jti = '{used.jti}'") == [(1,)]
        async with opened(here) as state:  # or it would sign other histories of sizes that peers have seen
            with pytest.raises(FailedClosed) as refused:
                await state.holder.answer(entry=an_entry(), used=a_used_mandate())
        assert refused.value.code is Code.LEDGER_UNAVAILABLE

    async def test_a_state_that_was_put_back_from_a_backup_stays_so_when_one_goes_back(self, here):
        take_back(here, SCHEMAS[-2])
        async with opened(here):
            pass
        mark_restored(settings_in(here).database, Instant(T0 - 60), T0)
        make_newer(here)

        assert roll_back(settings_in(here), None, T0).has_ledgers

        async with opened(here) as state:
            with pytest.raises(FailedClosed) as refused:
                await state.holder.answer(entry=an_entry(), used=a_used_mandate())
        assert refused.value.code is Code.LEDGER_UNAVAILABLE

    async def test_a_right_that_was_taken_away_does_not_come_back(self, here):
        query(here, "delete from people")
        query(here, "insert into people values (1, 'gone', null, x'00'), (2, 'stays', null, x'00')")
        query(here, "insert into sessions values (x'01', 'gone', 9, x'00'), (x'02', 'stays', 9, x'00')")
        query(here, "insert into one_time values ('launch', x'01', 9, null)")
        take_back(here, SCHEMAS[-2])
        async with opened(here):
            pass
        query(here, "delete from sessions where person_id = 'gone'")
        query(here, "delete from people where id = 'gone'")
        query(here, "insert into one_time values ('launch', x'02', 9, null)")
        make_newer(here)

        roll_back(settings_in(here), None, T0)

        assert query(here, "select id from people") == [("stays",)]
        assert query(here, "select person_id from sessions") == [("stays",)]
        assert query(here, "select tag from one_time") == [(b"\x01",), (b"\x02",)]

    async def test_where_people_are_kept_in_another_form_everybody_is_signed_out(self, here):
        query(here, "insert into people values (7, 'gone', null, x'00')")
        query(here, "insert into sessions values (x'01', 'gone', 9, x'00')")
        take_back(here, SCHEMAS[-2])
        async with opened(here):
            pass
        make_newer(here)
        query(here, "alter table people rename column sealed to hidden")

        roll_back(settings_in(here), None, T0)

        assert query(here, "select count(*) from sessions") == [(0,)]

    async def test_what_nobody_may_forget_is_not_left_in_another_form(self, here):
        take_back(here, SCHEMAS[-2])
        async with opened(here):
            pass
        make_newer(here)
        query(here, "alter table used_mandates rename column jti to token")
        before = settings_in(here).database.read_bytes()[100:]

        with pytest.raises(FailedClosed) as refused:
            roll_back(settings_in(here), None, T0)

        assert "used_mandates" in str(refused.value)
        assert settings_in(here).database.read_bytes()[100:] == before
        assert [path.name for path in settings_in(here).directory.glob("state.db*")] == ["state.db"]

    @pytest.mark.parametrize("name", [None, "before-upgrade-20261123T120000Z-m001_state-0.db", "../state.db"])
    def test_without_such_a_copy_nobody_goes_back(self, here, name):
        with pytest.raises(FailedClosed) as refused:
            roll_back(settings_in(here), name, T0)

        assert "there is: none" in str(refused.value)

    async def test_nobody_goes_back_while_the_connector_runs(self, here):
        async with opened(here):
            with pytest.raises(FailedClosed) as refused:
                roll_back(settings_in(here), None, T0)

        assert "in use" in str(refused.value)

    async def test_a_damaged_copy_is_not_put_in_place(self, here):
        take_back(here, SCHEMAS[-2])
        async with opened(here):
            pass
        (backup,) = list_backups(settings_in(here).backups)
        with backup.path.open("r+b") as file:
            file.seek(8192)
            file.write(b"\xff" * 20_000)
        before = settings_in(here).database.read_bytes()[100:]

        with pytest.raises(FailedClosed):
            roll_back(settings_in(here), backup.path.name, T0)

        assert settings_in(here).database.read_bytes()[100:] == before


def lifting():
    lifted = Lifting(Day(2026, 11, 20), InformationMeans.WRITTEN, "physician")
    return lifted, Notice.LIFTING, an_entry(EntryType.OPPOSITION, workers=(INS,))

"""A directory of epoch keys that did not come is not taken for keys that were destroyed."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType, Retention, Tree
from connector.store.copying import mark_restored
from connector.store.epoch_home import FACT, MARKER
from tests.kit.state import T0, opened, settings_in


def an_entry():
    return EntryDraft(type=EntryType.STARTED, at=T0, personal={"by": "somebody"})


async def a_house(directory):
    async with opened(directory) as state:
        await state.holder.record(an_entry())
    return settings_in(directory)


def facts(settings, sql, *values):
    with closing(sqlite3.connect(settings.database)) as db, db:
        return db.execute(sql, values).fetchall()


def forget(settings):
    """Make it a state of a version that knew no marker."""
    (settings.epochs / MARKER).unlink()
    facts(settings, "delete from facts where name = ?", FACT)


async def refused(directory, *said):
    with pytest.raises(FailedClosed) as caught:
        async with opened(directory):
            pass
    assert caught.value.code is Code.STATE_UNAVAILABLE
    for words in (*said, "nothing was opened"):
        assert words in caught.value.message
    assert "mount it" in caught.value.hint


async def test_a_state_whose_epoch_keys_did_not_come_is_not_opened_and_opens_when_they_are_back(tmp_path):
    settings = await a_house(tmp_path)
    settings.epochs.rename(tmp_path / "elsewhere")

    await refused(tmp_path, "is not there")
    assert not settings.epochs.exists()
    settings.epochs.mkdir()  # the empty directory that a mount would have covered
    await refused(tmp_path, "is not there")
    assert list(settings.epochs.iterdir()) == []

    settings.epochs.rmdir()
    (tmp_path / "elsewhere").rename(settings.epochs)
    async with opened(tmp_path) as state:
        assert [found.personal for found in await state.journal.entries(Tree.HOUSE)] == [{"by": "somebody"}]


async def test_the_epoch_keys_of_another_state_are_refused(tmp_path):
    settings, other = await a_house(tmp_path / "one"), await a_house(tmp_path / "other")
    shutil.rmtree(settings.epochs)
    shutil.copytree(other.epochs, settings.epochs)

    await refused(tmp_path / "one", "belongs to another state")


async def test_a_state_of_an_older_version_is_marked_when_it_is_opened(tmp_path):
    settings = await a_house(tmp_path)
    forget(settings)

    async with opened(tmp_path):
        pass

    [(kept,)] = facts(settings, "select value from facts where name = ?", FACT)
    assert (settings.epochs / MARKER).read_text().strip() == kept


async def test_a_marker_whose_fact_was_not_kept_is_taken_up(tmp_path):
    settings = await a_house(tmp_path)
    before = (settings.epochs / MARKER).read_text()
    facts(settings, "delete from facts where name = ?", FACT)

    async with opened(tmp_path):
        pass

    assert (settings.epochs / MARKER).read_text() == before
    assert facts(settings, "select value from facts where name = ?", FACT) == [(before.strip(),)]


async def test_a_state_of_an_older_version_without_its_keys_is_refused_unless_it_was_put_back_so(tmp_path):
    settings = await a_house(tmp_path)
    forget(settings)
    shutil.rmtree(settings.epochs)

    await refused(tmp_path, "is not there, or empty")
    assert facts(settings, "select value from facts where name = ?", FACT) == []

    mark_restored(settings.database, T0, T0)
    async with opened(tmp_path):
        pass
    assert (settings.epochs / MARKER).is_file()


async def test_a_directory_that_goes_while_it_is_in_use_ends_no_epoch(tmp_path):
    settings = settings_in(tmp_path)
    async with opened(tmp_path) as state:
        epochs = state.parts.epochs
        name, _ = epochs.current(Retention.MONTHLY, T0)
        settings.epochs.rename(tmp_path / "elsewhere")

        for use in (
            lambda: epochs.find(name),
            lambda: epochs.destroy(name),
            lambda: epochs.current(Retention.DAILY, Instant(T0 + 40 * 86_400)),
        ):
            with pytest.raises(FailedClosed) as caught:
                use()
            assert caught.value.code is Code.LEDGER_UNAVAILABLE
        assert not settings.epochs.exists()

        (tmp_path / "elsewhere").rename(settings.epochs)
        assert epochs.find(name) is not None

"""Erasing an entry takes two people; going back before an upgrade takes a stopped connector."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from click.testing import CliRunner

from connector.cli.main import cli
from connector.core.instant import Instant
from connector.core.ledger import Destroyed, DestroyedBy
from connector.store.upgrade import list_backups
from tests.config.test_load import GOOD
from tests.kit.history import SCHEMAS, fill, take_back
from tests.kit.state import opened, settings_in

ERASE = ("journal", "erase", "exchange", 3, "--reason", "another person of that name", "--by", "Camille Exemple, DPO")


def test_erasing_proposes_and_says_how_it_goes_on(shell, house):
    result = shell(*ERASE)
    (proposal,) = house.proposals.kept.values()

    assert result.exit_code == 0
    assert (proposal.kind, proposal.subject) == ("erase", {"tree": "exchange", "index": 3})
    assert f"proposals confirm {proposal.id}" in result.stderr


@pytest.mark.parametrize("option", ["--reason", "--by"])
def test_nobody_erases_without_a_reason_or_a_name(shell, house, option):
    at = ERASE.index(option)

    assert shell(*ERASE[:at], *ERASE[at + 2 :]).exit_code == 2
    assert house.proposals.kept == {}


def test_the_journal_says_when_and_by_what_an_entry_was_destroyed(shell, house):
    gone = Destroyed(Instant(1_795_435_200), DestroyedBy.RETENTION)
    house.journal.rows[0] = replace(house.journal.rows[0], destroyed=gone)
    said = "on 2026-11-23T12:00:00Z, by retention"

    assert shell("journal", "list", "--before", "1").stdout.splitlines()[1].endswith(f"\t{said}")
    assert f"destroyed: {said}" in shell("journal", "show", "exchange", "0").stdout
    assert shell.json("journal", "show", "exchange", "0")[1]["destroyed_by"] == "retention"
    assert "destroyed" not in shell("journal", "show", "exchange", "3").stdout


def test_a_key_that_is_gone_without_a_word_is_said_as_such(shell):
    assert "destroyed: its key is not here" in shell("journal", "show", "exchange", "0").stdout


class TestRollingBack:
    @pytest.fixture
    async def config(self, tmp_path):
        """A service that was upgraded from the schema before, and then changed by a later version."""
        await fill(tmp_path)
        take_back(tmp_path, SCHEMAS[-2])
        async with opened(tmp_path):
            pass
        with closing(sqlite3.connect(settings_in(tmp_path).database)) as db:
            db.execute("update _sqlite_migrations set name = 'm999_later' where name = ?", (SCHEMAS[-1],))
            db.commit()
        path = tmp_path / "connector.toml"
        path.write_text(GOOD)
        return path

    def call(self, config, *arguments):
        return CliRunner().invoke(cli, ["roll-back", *arguments], env={"SPSTI_CONFIG": str(config)})

    async def test_the_copy_is_put_in_place_and_the_newer_one_kept_beside(self, config):
        result = self.call(config)
        settings = settings_in(config.parent)

        assert result.exit_code == 0, result.output
        assert f"In place: {list_backups(settings.backups)[0].path.name}" in result.stdout
        assert list(settings.backups.glob("replaced-*.db"))
        async with opened(config.parent) as state:
            assert (await state.journal.verify()).is_sound

    async def test_a_copy_that_is_not_there_is_told_with_those_that_are(self, config):
        result = self.call(config, "before-upgrade-20200101T000000Z-m001_state-0.db")

        assert result.exit_code == 1
        assert list_backups(settings_in(config.parent).backups)[0].path.name in result.stderr

    async def test_a_connector_that_runs_is_not_rolled_back(self, config):
        take_back(config.parent, SCHEMAS[-2])
        async with opened(config.parent):
            result = self.call(config)

        assert result.exit_code == 1
        assert "in use" in result.stderr

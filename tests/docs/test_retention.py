"""docs/retention.md goes over every table: how long it is kept, why, and what ends it."""

import re
from pathlib import Path

import pytest
from sqlite_utils import Database

from connector.store.migrations import migrations

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "retention.md").read_text()
ROWS = {
    cells[0].strip("`"): cells
    for line in TEXT.splitlines()
    if line.startswith("| `") and len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 7
}
FORMER = {"entry_workers"}
"""Tables of earlier schemas, which an upgrade does away with."""


def schema():
    db = Database(memory=True)
    migrations.apply(db)
    names = {name for name in db.table_names() if not name.startswith(("_", "sqlite_"))}
    db.close()
    return names


def test_every_table_says_how_long_it_is_kept_and_nothing_else_is_told():
    assert set(ROWS) - FORMER == schema()


@pytest.mark.parametrize("table", sorted(ROWS))
def test_a_table_is_ended_by_a_job_that_there_is_or_by_nobody_for_a_reason(table):
    _, what, how, how_long, why, ended_by, test = ROWS[table]
    jobs = re.findall(r"`([a-z-]+)`", ended_by)
    sources = "".join(path.read_text() for path in (ROOT / "connector" / "daemon").glob("*.py"))

    assert all((what, how, how_long, why))
    assert [job for job in jobs if f'Job("{job}"' not in sources] == []
    assert jobs or ended_by.startswith(("nobody: ", "the "))
    assert how != "sealed" or not ended_by.startswith("nobody: ") or table in {"limit_overrides", "oppositions"}
    assert re.fullmatch(r"`test_[a-z0-9_]+`|\u2013", test)


def test_every_test_that_is_named_exists():
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", TEXT))
    paths = (ROOT / "tests").rglob("test_*.py")
    defined = {name for path in paths for name in re.findall(r"def (test_[a-z0-9_]+)", path.read_text())}

    assert named - defined == set()

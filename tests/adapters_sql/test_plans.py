"""Whether the look-up uses an index: the database's own plan, small here, with 500,000 workers in `make test-long`."""

import pytest

from connector.contract.discovery import load_source
from connector.contract.testing import check_source, words
from spsti_adapter_sql.explain import Explained, _mysql, _sqlite
from tests.adapters_sql.houses import context, ins_of

KINDS = ("sqlite", "postgresql", pytest.param("mariadb", marks=pytest.mark.long))
MANY = 500_000

UNINDEX = {
    "sqlite": "DROP INDEX salarie_by_ins",
    "postgresql": "DROP INDEX salarie_by_ins",
    "mysql": "DROP INDEX salarie_by_ins ON salarie",
}


def plans(house, **options) -> dict[str, Explained]:
    given = {name: value for name, value in house.options(**options).items() if value is not None}
    source, _ = load_source("sql", given, context(house.folder))
    try:
        return {one.query: one for one in source.explain()}
    finally:
        source.close()


def check_plans(house_of, kind, workers):
    house = house_of(kind, own=True)
    house.fill(workers)
    house.analyse()
    indexed = plans(house)
    house.script(UNINDEX[house.dialect])
    return house, indexed, plans(house)


@pytest.mark.parametrize("kind", KINDS)
def test_plan_tells_an_index_from_a_scan(house_of, kind):
    _, indexed, scanning = check_plans(house_of, kind, 5000)

    assert (indexed["look"].scans, indexed["document"].scans) == (False, False), indexed
    assert scanning["look"].scans is True
    assert "by an index" in str(indexed["look"])
    assert "an index is missing" in str(scanning["look"])
    assert scanning["document"].scans is False


def test_adapter_check_shows_a_look_up_that_scans(house_of):
    house = house_of("sqlite", own=True)
    house.fill(5000)
    house.script(UNINDEX[house.dialect])
    source, _ = load_source("sql", house.options(), context(house.folder))
    findings = check_source(source, known=[ins_of(0)], unknown=[ins_of(7777)])
    source.close()

    (scans,) = [finding for finding in findings if finding.subject == "set up" and finding.ok is False]
    assert "look: reads the whole of" in scans.text


@pytest.mark.long
def test_account_that_may_read_the_tables_is_shown_the_plan_of_mariadb(house_of):
    house = house_of("mariadb", own=True)
    house.fill(5000)
    house.analyse()
    as_owner = {"url": house.url("root"), "password": None}
    indexed = plans(house, **as_owner)
    house.script(UNINDEX["mysql"])
    scanning = plans(house, **as_owner)

    assert (indexed["look"].scans, indexed["look"].rows_read) == (False, None)
    assert (scanning["look"].scans, scanning["look"].rows_read) == (True, None)
    assert set(scanning["look"].tables) <= {"salarie", "s"}


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
def test_half_a_million_workers_are_found_by_an_index(house_of, kind):
    house, indexed, scanning = check_plans(house_of, kind, MANY)
    assert (indexed["look"].scans, indexed["document"].scans, scanning["look"].scans) == (False, False, True)

    house.script("CREATE INDEX salarie_by_ins ON salarie (ins_matricule, ins_oid)")
    assert plans(house)["look"].scans is False
    source, _ = load_source("sql", house.options(), context(house.folder))
    findings = check_source(
        source,
        known=[ins_of(0), ins_of(19), ins_of(10, first="2")],
        unknown=[ins_of(MANY + 7), ins_of(3, first="4")],
    )
    last = source.look(ins_of(MANY - 1))
    former = source.look(ins_of(MANY - 10, first="2"))
    source.close()

    assert not [finding for finding in findings if finding.ok is False], words(findings)
    assert last.identity.ins == ins_of(MANY - 1)
    assert former.identity.ins == ins_of(MANY - 10)


@pytest.mark.parametrize(
    ("steps", "tables"),
    [
        (["SEARCH s USING INDEX i (a=?)"], []),
        (["SCAN salarie"], ["salarie"]),
        (["SCAN salarie USING COVERING INDEX i"], ["salarie"]),
        (["MATERIALIZE k", "SEARCH x USING INDEX i (a=?)", "SCAN k"], []),
        (["CO-ROUTINE k", "SCAN x", "SCAN k"], ["x"]),
        (["SCAN CONSTANT ROW", "SCAN (subquery-2)"], []),
        (["SEARCH h USING AUTOMATIC COVERING INDEX (salarie_id=?)"], ["h"]),
        (["USE TEMP B-TREE FOR ORDER BY", "LIST SUBQUERY 1"], []),
    ],
)
def test_steps_of_sqlite_are_read(steps, tables):
    assert list(_sqlite(steps)) == tables


@pytest.mark.parametrize(
    ("row", "tables"),
    [
        ({"table": "s", "type": "ref", "rows": 1}, []),
        ({"table": "s", "type": "ALL", "rows": 500_000}, ["s"]),
        ({"table": "s", "type": "index", "rows": 5000}, ["s"]),
        ({"table": "s", "type": "ALL", "rows": 12}, []),
        ({"table": "<derived3>", "type": "ALL", "rows": 9999}, []),
        ({"table": None, "type": None, "rows": None}, []),
    ],
)
def test_rows_of_mysql_are_read(row, tables):
    assert list(_mysql([row])) == tables


def test_plan_of_another_database_is_left_to_people():
    assert "ask it for the plan yourself" in str(Explained("look", None))

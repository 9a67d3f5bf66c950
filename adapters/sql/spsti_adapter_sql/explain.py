"""Whether the database finds a worker by an index or reads the whole table: its own plan, read for PostgreSQL, SQLite,
MySQL and MariaDB. Other plans are for people to read.

The plan is asked for a worker that nobody is, so it holds no identity. A scan of a small table is what any planner
chooses and no fault.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

SMALL_TABLE = 1000
"""Rows up to which a scan is nobody's concern."""

_ROWS = text("SELECT reltuples FROM pg_class WHERE oid = to_regclass(:name)")


@dataclass(frozen=True, slots=True)
class Explained:
    """What the plan of one query says. `scans` is None where the plan of this database is not read."""

    query: str
    scans: bool | None
    tables: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.scans is None:
            return f"{self.query}: plans of this database are not read here: ask it for the plan yourself"
        if not self.scans:
            return f"{self.query}: finds its rows by an index"
        return f"{self.query}: reads the whole of {', '.join(self.tables)}: an index is missing, or cannot be used"


def explain(connection: Connection, dialect: str, name: str, query: str, values: Mapping[str, Any]) -> Explained:
    """Ask for the plan of a query and read it; the query itself is not run."""
    match dialect:
        case "postgresql":
            plan = connection.execute(text(f"EXPLAIN (VERBOSE, FORMAT JSON) {query}"), values).scalar_one()
            tables = [table for table in _postgresql(plan[0]["Plan"]) if not _is_small(connection, table)]
        case "sqlite":
            steps = connection.execute(text(f"EXPLAIN QUERY PLAN {query}"), values).fetchall()
            tables = list(_sqlite([str(step[3]) for step in steps]))
        case "mysql" | "mariadb":
            rows = connection.execute(text(f"EXPLAIN {query}"), values).mappings().fetchall()
            tables = list(_mysql([{key.lower(): value for key, value in row.items()} for row in rows]))
        case _:
            return Explained(name, None)
    return Explained(name, bool(tables), tuple(dict.fromkeys(tables)))


def _postgresql(node: Mapping[str, Any]) -> Iterator[str]:
    if node["Node Type"] in {"Seq Scan", "Parallel Seq Scan"}:
        yield f'"{node["Schema"]}"."{node["Relation Name"]}"'
    for below in node.get("Plans", ()):
        yield from _postgresql(below)


def _is_small(connection: Connection, table: str) -> bool:
    rows = connection.execute(_ROWS, {"name": table}).scalar()
    return rows is not None and 0 <= rows <= SMALL_TABLE  # -1: never analysed


def _sqlite(steps: list[str]) -> Iterator[str]:
    # What the query itself makes is read whole, rightly: SQLite tells its name when it is made.
    made = {word[1] for step in steps if (word := step.split())[0] in {"MATERIALIZE", "CO-ROUTINE"}}
    for step in steps:
        verb, name, *_ = *step.split(), ""
        is_index_made_for_once = verb == "SEARCH" and " AUTOMATIC " in step
        is_scan = verb == "SCAN" and name not in made and name != "CONSTANT" and not name.startswith("(")
        if is_scan or (is_index_made_for_once and name not in made):
            yield name


def _mysql(rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        table, kind, count = row.get("table"), row.get("type"), row.get("rows")
        if table and not str(table).startswith("<") and kind in {"ALL", "index"} and int(count or 0) > SMALL_TABLE:
            yield str(table)

"""Whether the database finds a worker by an index or reads the whole table: its own plan, read for PostgreSQL, SQLite,
MySQL and MariaDB. Other plans are for people to read.

The plan is asked for a worker that nobody is, so it holds no identity. A scan of a small table is what any planner
chooses and no fault. MySQL and MariaDB show the plan of a view only to those who may read its tables, which the role of
the connector may not: there the question is asked, and the rows are counted that the server read to answer it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

SMALL_TABLE = 1000
"""Rows up to which a scan is nobody's concern."""

SMALL_BYTES = 1024 * 1024
"""Likewise the size on disk of a table that PostgreSQL has not counted yet."""

_VIEW_NO_EXPLAIN = 1345
_READS = text("SHOW SESSION STATUS LIKE 'Handler_read%'")
_SIZE = text("SELECT reltuples, pg_relation_size(oid) FROM pg_class WHERE oid = to_regclass(:name)")


@dataclass(frozen=True, slots=True)
class Explained:
    """What the plan of one query says. `scans` is None where the plan of this database is not read."""

    query: str
    scans: bool | None
    tables: tuple[str, ...] = ()
    rows_read: int | None = None

    def __str__(self) -> str:
        if self.scans is None:
            return f"{self.query}: plans of this database are not read here: ask it for the plan yourself"
        if not self.scans:
            return f"{self.query}: finds its rows by an index"
        what = (
            f"reads the whole of {', '.join(self.tables)}" if self.tables else f"reads {self.rows_read} rows for none"
        )
        return f"{self.query}: {what}: an index is missing, or cannot be used"


def explain(connection: Connection, dialect: str, name: str, query: str, values: Mapping[str, Any]) -> Explained:
    """Ask for the plan of a query and read it; the query itself is run only where its plan may not be seen."""
    match dialect:
        case "postgresql":
            plan = connection.execute(text(f"EXPLAIN (VERBOSE, FORMAT JSON) {query}"), values).scalar_one()
            tables = [table for table in _postgresql(plan[0]["Plan"]) if not _is_small(connection, table)]
        case "sqlite":
            steps = connection.execute(text(f"EXPLAIN QUERY PLAN {query}"), values).fetchall()
            tables = list(_sqlite([str(step[3]) for step in steps]))
        case "mysql" | "mariadb":
            try:
                rows = connection.execute(text(f"EXPLAIN {query}"), values).mappings().fetchall()
            except DBAPIError as error:
                if error.orig is None or error.orig.args[0] != _VIEW_NO_EXPLAIN:
                    raise
                count = _rows_read(connection, query, values)
                return Explained(name, count > SMALL_TABLE, rows_read=count)
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
    found = connection.execute(_SIZE, {"name": table}).one_or_none()
    if found is None:
        return False
    rows, size = found
    return bool(rows <= SMALL_TABLE if rows >= 0 else size <= SMALL_BYTES)  # -1: never analysed


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


def _rows_read(connection: Connection, query: str, values: Mapping[str, Any]) -> int:
    """Count what the server reads for a query; looking at the counters counts too, and is taken off."""
    counters = [_handler_reads(connection), _handler_reads(connection)]
    connection.execute(text(query), values).fetchall()
    before, at_rest, after = *counters, _handler_reads(connection)
    return max(0, (after - at_rest) - (at_rest - before))


def _handler_reads(connection: Connection) -> int:
    return sum(int(row[1]) for row in connection.execute(_READS).fetchall())

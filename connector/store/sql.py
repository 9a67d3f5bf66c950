"""The connection type of the rooms that speak SQL, reading single values off it, and writing many rows at once."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Final

Connection = sqlite3.Connection
Row = tuple[Any, ...]


def one(db: Connection, sql: str, *parameters: object) -> Row | None:
    """Give the first row, or None."""
    row: Row | None = db.execute(sql, parameters).fetchone()
    return row


def rows(db: Connection, sql: str, *parameters: object) -> list[Row]:
    """Give all rows; the query says how many at most."""
    found: list[Row] = db.execute(sql, parameters).fetchall()
    return found


_AT_ONCE: Final = 16
"""Rows of one statement at most: each size of the six tables that a lookup writes is among the 128 statements that
sqlite3 keeps prepared.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Insert:
    """`insert into table (…)`, without its values, and how many values a row has; there is one of each, compared as
    that: rows are gathered by it.
    """

    into: str
    columns: int


def insert_rows(db: Connection, insert: Insert, rows: Sequence[Row]) -> None:
    """Insert rows, several in one statement: a statement costs about as much as five rows in it."""
    for first in range(0, len(rows), _AT_ONCE):
        piece = rows[first : first + _AT_ONCE]
        db.execute(_statement(insert, len(piece)), tuple(chain.from_iterable(piece)))


@lru_cache(maxsize=512)
def _statement(insert: Insert, size: int) -> str:
    row = f"({', '.join('?' * insert.columns)})"
    return f"{insert.into} values {', '.join([row] * size)}"

"""The connection type of the rooms that speak SQL, and reading single values off it."""

import sqlite3
from typing import Any

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

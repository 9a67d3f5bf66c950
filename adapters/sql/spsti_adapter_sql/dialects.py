"""What differs between databases: how a session is kept from writing, how a statement is ended in time, how a BLOB is
read in pieces. What is not known here (another dialect) is left to the rights of the role.

SQL Server knows no read-only transaction: there the role alone forbids, and every reading ends in a rollback.
"""

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from connector.contract import AdapterError, Problem

APPLICATION = "spsti-connector"
_SQLITE_STEPS = 2000
"""Virtual machine instructions between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a pool of connections is for."""

    reads_only: bool
    statement_seconds: float
    connect_seconds: float
    time_zone: str


@dataclass(frozen=True, slots=True)
class PieceSql:
    """How a dialect measures and cuts a BLOB; `{}` stands for the column."""

    size: str
    piece: str


PIECES = {
    "postgresql": PieceSql(
        "octet_length({})", "substring({} FROM CAST(:spsti_from AS integer) FOR CAST(:spsti_for AS integer))"
    ),
    "mysql": PieceSql("length({})", "substring({}, :spsti_from, :spsti_for)"),
    "mariadb": PieceSql("length({})", "substring({}, :spsti_from, :spsti_for)"),
    "mssql": PieceSql("datalength({})", "substring({}, :spsti_from, :spsti_for)"),
}
"""Dialects that give a BLOB in pieces."""

SIZES = {"sqlite": "length({})", "oracle": "dbms_lob.getlength({})"}
"""Dialects that give a BLOB whole, and how it is measured first."""


def located(url: URL, directory: Path) -> URL:
    """Give the URL with SQLite's file made absolute and never to be created."""
    if url.get_backend_name() != "sqlite" or url.database is None:
        return url
    file = (directory / url.database).absolute().as_uri()
    return url.set(database=f"{file}?mode=rw").update_query_dict({"uri": "true"})


def driver_arguments(url: URL, session: Session) -> dict[str, Any]:
    """Give what the driver itself must know, by driver, so that a dead network is noticed."""
    patience = session.statement_seconds + 2
    match url.get_driver_name():
        case "psycopg":
            return {
                "connect_timeout": max(2, round(session.connect_seconds)),  # libpq takes 1 for 2
                "application_name": APPLICATION,
                "prepare_threshold": None,  # a view replaced by an update would break the prepared statements
                "keepalives_idle": 10,
                "keepalives_interval": 3,
                "keepalives_count": 3,
                "tcp_user_timeout": round(patience * 1000),
            }
        case "pymysql":
            return {
                "connect_timeout": max(1, round(session.connect_seconds)),
                "read_timeout": patience,
                "write_timeout": patience,
                "program_name": APPLICATION,
                "charset": "utf8mb4",
            }
        case "pyodbc":
            return {"timeout": max(1, round(session.connect_seconds))}
        case "oracledb":
            return {"tcp_connect_timeout": session.connect_seconds}
        case "pysqlite":
            return {"timeout": session.statement_seconds, "isolation_level": None}
        case _:
            return {}


def prepare(name: str, connection: Any, session: Session) -> None:  # noqa: ANN401  any driver's
    """Set up a new session of the driver; its settings outlive each transaction."""
    for statement in _session_statements(name, connection, session):
        cursor = connection.cursor()
        try:
            cursor.execute(statement)
        finally:
            cursor.close()
    if name == "oracle":
        connection.call_timeout = round(session.statement_seconds * 1000)
    elif name == "mssql" and hasattr(connection, "timeout"):
        connection.timeout = max(1, round(session.statement_seconds))
    if name != "sqlite":
        connection.commit()  # a SET that is rolled back is undone


def begin(name: str, session: Session) -> str:
    """Give the statement that a transaction begins with, where the session alone does not say enough."""
    if name == "sqlite":
        return "BEGIN" if session.reads_only else "BEGIN IMMEDIATE"
    if name == "oracle" and session.reads_only:
        return "SET TRANSACTION READ ONLY"
    return ""


def limit_sqlite(connection: sqlite3.Connection, seconds: float) -> None:
    """End what this connection executes next once the seconds have gone: SQLite has no such setting of its own."""
    ends_at = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > ends_at, _SQLITE_STEPS)


def _session_statements(name: str, connection: Any, session: Session) -> list[str]:  # noqa: ANN401
    milliseconds = round(session.statement_seconds * 1000)
    match name:
        case "postgresql":
            return _postgresql(session, milliseconds)
        case "mysql" | "mariadb":
            return _mysql(session, milliseconds, is_mariadb=_is_mariadb(connection))
        case "oracle":  # a moment that is bound without zone means this one
            return [f"ALTER SESSION SET TIME_ZONE = '{session.time_zone or '+00:00'}'"]
        case "mssql":
            return [f"SET LOCK_TIMEOUT {milliseconds}", "SET XACT_ABORT ON"]
        case "sqlite" if session.reads_only:
            return ["PRAGMA query_only = 1"]
        case "sqlite":
            return ["PRAGMA synchronous = FULL", "PRAGMA foreign_keys = 1"]
        case _:
            return []


def _postgresql(session: Session, milliseconds: int) -> list[str]:
    mode = "ISOLATION LEVEL REPEATABLE READ, READ ONLY" if session.reads_only else "ISOLATION LEVEL READ COMMITTED"
    return [
        f"SET SESSION CHARACTERISTICS AS TRANSACTION {mode}",
        f"SET statement_timeout = {milliseconds}",
        f"SET lock_timeout = {milliseconds}",
        "SET idle_in_transaction_session_timeout = '10min'",
        f"SET TIME ZONE '{session.time_zone or 'UTC'}'",
    ]


def _mysql(session: Session, milliseconds: int, *, is_mariadb: bool) -> list[str]:
    limit = f"max_execution_time = {milliseconds}"
    if is_mariadb:
        limit = f"max_statement_time = {session.statement_seconds}"
    return [
        f"SET SESSION TRANSACTION {'READ ONLY' if session.reads_only else 'READ WRITE'}",
        f"SET SESSION TRANSACTION ISOLATION LEVEL {'REPEATABLE READ' if session.reads_only else 'READ COMMITTED'}",
        f"SET SESSION {limit}",
        f"SET SESSION innodb_lock_wait_timeout = {max(1, round(session.statement_seconds))}",
        "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')",  # a value cut off must be an error
        "SET SESSION time_zone = '+00:00'",
    ]


def _is_mariadb(connection: Any) -> bool:  # noqa: ANN401
    cursor = connection.cursor()
    try:
        cursor.execute("SELECT version()")
        row = cursor.fetchone()
    finally:
        cursor.close()
    if row is None:
        raise AdapterError(Problem.UNREACHABLE, "the database does not say its version")
    return "mariadb" in str(row[0]).lower()

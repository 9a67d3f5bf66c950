"""What a driver raised, as one of the contract's problems: by SQLSTATE or the database's own number, else by class.

A driver's text may repeat a value (`Key (matricule)=(…) already exists`), so it is looked at and never passed on: only
the number goes into the error.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NoSuchColumnError,
    ProgrammingError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from connector.contract import AdapterError, Problem

DUPLICATES = frozenset({"23505", "1062", "1586", "2627", "2601", "ORA-00001"})
_SQLITE_DUPLICATES = frozenset({"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})

# SQLSTATE: the first entry that the state begins with, so exceptions stand before their class.
_STATES = (
    ("25006", Problem.ACCESS_REFUSED),  # a write in a read-only transaction
    ("25P03", Problem.UNREACHABLE),
    ("42501", Problem.ACCESS_REFUSED),
    ("53300", Problem.BUSY),
    ("55P03", Problem.BUSY),
    ("57014", Problem.BUSY),  # statement timeout
    ("HYT00", Problem.BUSY),
    ("08", Problem.UNREACHABLE),
    ("22", Problem.DATA),
    ("23", Problem.DATA),
    ("28", Problem.ACCESS_REFUSED),
    ("3D", Problem.SCHEMA),
    ("3F", Problem.SCHEMA),
    ("40", Problem.BUSY),
    ("42", Problem.SCHEMA),
)

_NUMBERS = {
    Problem.ACCESS_REFUSED: {
        *("1044", "1045", "1142", "1143", "1227", "1370", "1698", "1792", "1290"),  # MySQL, MariaDB
        *("229", "230", "262", "3906", "18456", "18452", "4060"),  # SQL Server
        *("ORA-01017", "ORA-01031", "ORA-01045", "ORA-28000", "ORA-28001", "ORA-01456"),
    },
    Problem.SCHEMA: {
        *("1049", "1054", "1064", "1109", "1146", "1305", "1356"),
        *("207", "208", "102", "2812"),
        *("ORA-00904", "ORA-00942", "ORA-00900", "ORA-00933", "ORA-04063", "ORA-06550"),
    },
    Problem.BUSY: {
        *("1040", "1203", "1205", "1213", "1226", "1317", "1969", "3024"),
        *("1222",),
        *("ORA-00018", "ORA-00020", "ORA-00054", "ORA-00060", "ORA-01013", "DPY-4024"),
    },
    Problem.UNREACHABLE: {
        *("1053", "2002", "2003", "2006", "2013"),
        *("ORA-01033", "ORA-01034", "ORA-03113", "ORA-03135"),
    },
    Problem.DATA: {
        *("1048", "1062", "1264", "1265", "1366", "1406", "1451", "1452", "4025"),
        *("515", "547", "2628", "8152"),
    },
}

# libpq gives no SQLSTATE for a connection that was refused; the server's words are those of its lc_messages.
_POSTGRESQL_WORDS = (
    (re.compile("authentication failed|authentification .* échou|pg_hba|permission denied|droit refusé"), "28000"),
    (re.compile('(database|base de données) ?« ?|database "'), "3D000"),
    (re.compile('role "|le rôle ?«'), "28000"),
    (re.compile("too many (clients|connections)|remaining connection slots|trop de "), "53300"),
)

_SQLITE_WORDS = (
    (re.compile("no such (table|column|function)|syntax error|incomplete input"), Problem.SCHEMA),
    (re.compile("readonly database|authorization denied"), Problem.ACCESS_REFUSED),
    (re.compile("locked|interrupted|busy"), Problem.BUSY),
)


class DuplicateError(Exception):
    """A row with that unique key is already there."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what SQLAlchemy and the drivers raise into AdapterError, or DuplicateError for a unique key.

    Raises:
        AdapterError: with the problem, and the driver's number as its text.
        DuplicateError: see there.
    """
    try:
        yield
    except DBAPIError as error:
        number = _number(error.orig)
        if isinstance(error, IntegrityError) and (number in DUPLICATES or number in _SQLITE_DUPLICATES):
            raise DuplicateError from None
        raise AdapterError(_problem(error, number), number or type(error.orig).__name__) from None
    except PoolTimeoutError:
        raise AdapterError(Problem.BUSY, "every connection is in use") from None
    except (StatementError, NoSuchColumnError) as error:
        raise AdapterError(Problem.SCHEMA, type(error).__name__) from None
    except (SQLAlchemyError, TimeoutError, ConnectionError) as error:
        raise AdapterError(Problem.UNREACHABLE, type(error).__name__) from None


def _problem(error: DBAPIError, number: str) -> Problem:
    words = str(error.orig)
    if number.startswith("SQLITE") or type(error.orig).__module__ == "sqlite3":
        for pattern, problem in _SQLITE_WORDS:
            if pattern.search(words):
                return problem
    for problem, numbers in _NUMBERS.items():
        if number in numbers:
            return problem
    if len(number) == 5:
        for prefix, problem in _STATES:
            if number.startswith(prefix):
                return problem
    if isinstance(error, IntegrityError | DataError):
        return Problem.DATA
    return Problem.SCHEMA if isinstance(error, ProgrammingError) else Problem.UNREACHABLE


def _number(error: BaseException | None) -> str:
    """Give SQLSTATE or the database's own number, whichever the driver tells; the empty text where it tells none."""
    if error is None:
        return ""
    first = error.args[0] if error.args else ""
    if isinstance(first, int):  # PyMySQL, pymssql: more exact than the SQLSTATE that some of them tell as well
        return str(first)
    if state := getattr(error, "sqlstate", None):  # psycopg
        return str(state)
    if name := getattr(error, "sqlite_errorname", None):
        return str(name)
    if code := getattr(first, "full_code", None):  # oracledb
        return str(code)
    if type(error).__module__.startswith("psycopg"):
        return next((state for pattern, state in _POSTGRESQL_WORDS if pattern.search(str(error))), "")
    if type(error).__module__.startswith("pyodbc") and isinstance(first, str):
        # SQL Server's own number is more exact than pyodbc's 42000, which is a missing right as well as bad syntax.
        found = re.search(r"\((\d{3,5})\) \(SQL", str(error))
        return found.group(1) if found else first
    return ""

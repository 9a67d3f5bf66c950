"""Values of drivers that no server here gives: days, moments, references and errors of other databases."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from connector.contract import AdapterError, Day, IdentityFault, Instant, Opposition, Problem
from connector.core.instant import parse_rfc3339
from spsti_adapter_sql.dialects import Session, begin, prepare
from spsti_adapter_sql.faults import DuplicateError, translated
from spsti_adapter_sql.moments import day_for, moment_for, read_day, read_moment
from spsti_adapter_sql.options import SinkOptions, SourceOptions
from spsti_adapter_sql.rows import look_of, missing_columns, reference_text
from tests.adapters_sql.houses import NOW, OID, ins_of

README = Path(__file__).resolve().parents[2] / "adapters" / "sql" / "README.md"
GUIDE = README.read_text(encoding="utf-8")
ROW = {
    "ins_matricule": ins_of(3).matricule.value,
    "ins_oid": OID,
    "status": "QUAL",
    "birth_name": "PAT-TROIS",
    "birth_given_names": "DOMINIQUE MARIE-LOUISE",
    "sex": "F",
    "birth_date": "1979-03-28",
    "birth_place": "51215",
    "opposition": "no",
    "record_ref": 7,
    "version": 2,
    "last_act_on": date(2025, 5, 13),
    "updated_at": datetime(2025, 5, 13, 15, 5, tzinfo=UTC),
}


def look(*rows, **more):
    return look_of(rows, **{"tells_opposition": True, "time_zone": "", **more})


def problem_of(call, *args, **more) -> Problem:
    with pytest.raises(AdapterError) as caught:
        call(*args, **more)
    return caught.value.problem


@pytest.mark.parametrize(
    "value",
    [
        date(2025, 5, 13),
        "2025-05-13",
        "2025-05-13 ",
        datetime(2025, 5, 13),  # noqa: DTZ001  Oracle's DATE
        datetime(2025, 5, 12, 23, 30, tzinfo=UTC),
        datetime(2025, 5, 13, 12, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_day_is_the_day_in_france(value):
    assert read_day(value, "last_act_on") == Day(2025, 5, 13)


@pytest.mark.parametrize("value", [None, 20250513, True, datetime(2025, 5, 13, 0, 0, 1)])  # noqa: DTZ001
def test_what_is_no_day_is_wrong_data(value):
    assert problem_of(read_day, value, "last_act_on") is Problem.DATA


@pytest.mark.parametrize("value", ["13/05/2025", "2025-02-30", ""])
def test_text_that_is_no_day_is_refused(value):
    with pytest.raises(IdentityFault):
        read_day(value, "last_act_on")


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        (datetime(2025, 5, 13, 15, 5, tzinfo=UTC), "", "2025-05-13T15:05:00Z"),
        ("2025-05-13T17:05:00+02:00", "", "2025-05-13T15:05:00Z"),
        ("2025-05-13 15:05:00Z", "", "2025-05-13T15:05:00Z"),
        ("2025-05-13 17:05:00", "Europe/Paris", "2025-05-13T15:05:00Z"),
        (datetime(2025, 1, 13, 16, 5), "Europe/Paris", "2025-01-13T15:05:00Z"),  # noqa: DTZ001
        (datetime(2025, 5, 13, 15, 5), "UTC", "2025-05-13T15:05:00Z"),  # noqa: DTZ001
        (date(2025, 5, 13), "", "2025-05-12T22:00:00Z"),
    ],
)
def test_moment_is_read_in_the_zone_that_it_or_the_option_names(value, zone, expected):
    assert read_moment(value, "updated_at", zone) == parse_rfc3339(expected)


@pytest.mark.parametrize("value", [None, 1_747_148_700, "yesterday", "", datetime(2025, 5, 13, 15, 5)])  # noqa: DTZ001
def test_moment_without_zone_or_of_another_type_is_wrong_data(value):
    assert problem_of(read_moment, value, "updated_at", "") is Problem.DATA


def test_moments_and_days_are_bound_as_each_database_keeps_them():
    assert moment_for("postgresql", NOW, "") == datetime(2026, 3, 14, 22, 59, tzinfo=UTC)
    assert moment_for("mysql", NOW, "") == datetime(2026, 3, 14, 22, 59)  # noqa: DTZ001
    assert moment_for("mysql", NOW, "Europe/Paris") == datetime(2026, 3, 14, 23, 59)  # noqa: DTZ001
    assert moment_for("sqlite", NOW, "") == "2026-03-14T22:59:00+00:00"
    assert moment_for("oracle", NOW, "Europe/Paris") == datetime(2026, 3, 14, 23, 59)  # noqa: DTZ001
    assert moment_for("mssql", NOW, "Europe/Paris") == datetime(2026, 3, 14, 22, 59)  # noqa: DTZ001
    assert (day_for("sqlite", Day(2026, 3, 14)), day_for("mssql", Day(2026, 3, 14))) == (
        "2026-03-14",
        date(2026, 3, 14),
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        ("7 ", "7"),
        (Decimal(7), "7"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (date(2025, 5, 13), "2025-05-13"),
    ],
)
def test_reference_may_be_a_number_or_a_text(value, text):
    assert reference_text(value, "record_ref") == text


@pytest.mark.parametrize("value", [None, "", "  ", 1.5, Decimal("1.5"), b"\x00\x01", True])
def test_reference_of_another_type_is_wrong_data(value):
    assert problem_of(reference_text, value, "record_ref") is Problem.DATA


@pytest.mark.parametrize(
    "change",
    [
        {"birth_place": 51215},
        {"sex": None},
        {"ins_oid": None},
        {"opposition": "non"},
        {"opposition": 1},
        {"opposition": True},
        {"extent": "half"},
        {"document_type_code": "60591-5"},
        {"attributes": b"douteux"},
        {"former_ins": 12},
        {"version": None},
    ],
    ids=str,
)
def test_value_of_a_wrong_type_or_word_is_wrong_data(change):
    assert problem_of(look, {**ROW, **change}) is Problem.DATA


@pytest.mark.parametrize(
    "change",
    [{"ins_matricule": "123"}, {"ins_oid": "1.2.3"}, {"former_ins": "x y"}, {"sex": "3"}, {"status": "VALI"}],
    ids=str,
)
def test_value_that_is_no_identity_is_refused_by_its_own_type(change):
    with pytest.raises(IdentityFault):
        look({**ROW, **change})


def test_words_are_read_in_either_case_and_padded():
    found = look({**ROW, "status": "qual ", "opposition": " YES", "sex": "f", "extent": "SUMMARY  ", "author": None})

    assert found.opposition is Opposition.YES
    assert found.announcement.extent.value == "summary"
    assert found.announcement.author == ""


def test_worker_without_a_record_is_still_told():
    found = look({**ROW, "record_ref": None, "version": None, "last_act_on": None, "updated_at": None})

    assert found.identity is not None
    assert found.announcement is None


def test_software_without_oppositions_gives_none_even_where_a_column_is_called_so():
    assert look(ROW, tells_opposition=False).opposition is Opposition.UNKNOWN
    assert missing_columns([name for name in ROW if name != "opposition"], tells_opposition=False) == []
    assert missing_columns([name for name in ROW if name != "opposition"], tells_opposition=True) == ["opposition"]


def test_rows_that_differ_in_anything_are_ambiguous():
    assert look(ROW, dict(ROW)).identity is not None
    assert problem_of(look, ROW, dict(ROW), {**ROW, "author": "x"}) is Problem.AMBIGUOUS


def driver_error(module, *args, **fields):
    kind = type("Error", (Exception,), {"__module__": module})
    error = kind(*args)
    for name, value in fields.items():
        setattr(error, name, value)
    return error


def oracle(code):
    return driver_error("oracledb.exceptions", type("_Error", (), {"full_code": code})())


def odbc(state, text=""):
    return driver_error("pyodbc", state, f"[{state}] [FreeTDS][SQL Server]{text}")


@pytest.mark.parametrize(
    ("wrapper", "error", "problem"),
    [
        (OperationalError, oracle("ORA-01017"), Problem.ACCESS_REFUSED),
        (OperationalError, oracle("ORA-01456"), Problem.ACCESS_REFUSED),
        (ProgrammingError, oracle("ORA-00942"), Problem.SCHEMA),
        (OperationalError, oracle("DPY-4024"), Problem.BUSY),
        (OperationalError, oracle("DPY-6005"), Problem.UNREACHABLE),
        (IntegrityError, oracle("ORA-01400"), Problem.DATA),
        (OperationalError, odbc("08001"), Problem.UNREACHABLE),
        (OperationalError, odbc("28000", "Login failed (18456) (SQLDriverConnect)"), Problem.ACCESS_REFUSED),
        (OperationalError, odbc("HYT00"), Problem.BUSY),
        (ProgrammingError, odbc("42S02", "Invalid object name (208) (SQLExecDirectW)"), Problem.SCHEMA),
        (ProgrammingError, odbc("42000", "SELECT permission denied (229) (SQLExecDirectW)"), Problem.ACCESS_REFUSED),
        (OperationalError, odbc("40001", "deadlock (1205) (SQLExecDirectW)"), Problem.BUSY),
        (OperationalError, driver_error("pymysql.err", 2003, "no route"), Problem.UNREACHABLE),
        (OperationalError, driver_error("pymysql.err", 1213, "deadlock"), Problem.BUSY),
        (OperationalError, driver_error("pymysql.err", 1792, "read only"), Problem.ACCESS_REFUSED),
        (OperationalError, psycopg.errors.TooManyConnections("x"), Problem.BUSY),
        (OperationalError, psycopg.errors.AdminShutdown("x"), Problem.UNREACHABLE),
        (OperationalError, psycopg.errors.DeadlockDetected("x"), Problem.BUSY),
        (OperationalError, driver_error("unknown.driver", "whatever"), Problem.UNREACHABLE),
        (ProgrammingError, driver_error("unknown.driver"), Problem.SCHEMA),
    ],
)
def test_errors_of_drivers_become_problems_without_their_text(wrapper, error, problem):
    with pytest.raises(AdapterError) as caught, translated():
        raise wrapper("SELECT secret", {"matricule": "279035121518989"}, error)

    assert caught.value.problem is problem
    assert "279035121518989" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ('FATAL:  password authentication failed for user "spsti_source"', Problem.ACCESS_REFUSED),
        ("FATAL:  authentification par mot de passe échouée pour l'utilisateur « spsti »", Problem.ACCESS_REFUSED),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.7", user "x", database "y"', Problem.ACCESS_REFUSED),
        ('FATAL:  database "dmst" does not exist', Problem.SCHEMA),
        ("FATAL:  la base de données « dmst » n'existe pas", Problem.SCHEMA),
        ("FATAL:  désolé, trop de clients sont déjà connectés", Problem.BUSY),
        ("FATAL:  sorry, too many clients already", Problem.BUSY),
        ("connection refused", Problem.UNREACHABLE),
    ],
)
def test_refused_connection_of_postgresql_is_read_in_english_and_french(words, problem):
    with pytest.raises(AdapterError) as caught, translated():
        raise OperationalError("", {}, psycopg.OperationalError(words))

    assert caught.value.problem is problem


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.UniqueViolation("x"),
        driver_error("pymysql.err", 1062, "Duplicate entry"),
        oracle("ORA-00001"),
        odbc("23000", "Violation of PRIMARY KEY (2627) (SQLExecDirectW)"),
    ],
    ids=["postgresql", "mysql", "oracle", "sqlserver"],
)
def test_unique_key_is_recognised_in_each_database(error):
    with pytest.raises(DuplicateError), translated():
        raise IntegrityError("", {}, error)


@pytest.mark.parametrize(
    "error",
    [psycopg.errors.NotNullViolation("x"), driver_error("pymysql.err", 1048, "null"), odbc("23000", "(515) (SQLExec)")],
    ids=["postgresql", "mysql", "sqlserver"],
)
def test_other_refusals_of_a_row_are_no_repetition(error):
    with pytest.raises(AdapterError) as caught, translated():
        raise IntegrityError("", {}, error)

    assert caught.value.problem is Problem.DATA


def test_full_pool_is_busy():
    with pytest.raises(AdapterError) as caught, translated():
        raise PoolTimeoutError

    assert caught.value.problem is Problem.BUSY
    assert not issubclass(PoolTimeoutError, DBAPIError)


class Driver:
    """A connection as the drivers of SQL Server and Oracle give one: it keeps what it is told."""

    def __init__(self):
        self.told, self.timeout, self.call_timeout, self.commits = [], 0, 0, 0

    def cursor(self):
        return self

    def execute(self, statement):
        self.told.append(statement)

    def close(self):
        pass

    def commit(self):
        self.commits += 1


READING = Session(reads_only=True, statement_seconds=1.5, connect_seconds=3, time_zone="")


def test_sql_server_is_given_its_limits():
    driver = Driver()
    prepare("mssql", driver, READING)

    assert driver.told == ["SET LOCK_TIMEOUT 1500", "SET XACT_ABORT ON"]
    assert (driver.timeout, driver.commits) == (2, 1)
    assert begin("mssql", READING) == ""


def test_oracle_is_given_its_limit_and_reads_in_a_read_only_transaction():
    driver = Driver()
    prepare("oracle", driver, READING)

    assert driver.told == ["ALTER SESSION SET TIME_ZONE = '+00:00'"]
    assert driver.call_timeout == 1500
    assert begin("oracle", READING) == "SET TRANSACTION READ ONLY"
    assert begin("oracle", replace(READING, reads_only=False)) == ""


@pytest.mark.parametrize("model", [SourceOptions, SinkOptions])
def test_every_option_is_in_the_guide(model):
    names = {field.alias or name for name, field in model.model_fields.items()}

    assert [name for name in sorted(names) if f"`{name}`" not in GUIDE] == []


def test_every_column_and_parameter_is_in_the_guide():
    columns = {*ROW, "attributes", "former_ins", "verified_on", "extent", "author", "content_type"}
    assert [name for name in sorted(columns) if f"`{name}`" not in GUIDE] == []
    assert Instant(NOW) == NOW

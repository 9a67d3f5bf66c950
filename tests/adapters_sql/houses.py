"""The vendor's database of the example in three kinds of server, with the views and roles of adapters/sql/views."""

import re
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import psycopg
import pymysql

from connector.contract import (
    TYPE_DMST,
    AdapterContext,
    Day,
    Environment,
    Ins,
    InsOid,
    Instant,
    Matricule,
    MemberId,
    ReceivedDocument,
    ToldToWorker,
    Trace,
    TraceAction,
)
from connector.core.instant import parse_rfc3339
from connector.core.matricule import key_of
from tests.adapters_sql.servers import ADMIN_PASSWORD, MariaDB, PostgreSQL

VIEWS = Path(__file__).resolve().parents[2] / "adapters" / "sql" / "views"
NOW = parse_rfc3339("2026-03-14T22:59:00Z")  # 23:59 in France
MEMBER = MemberId("385012345600017")
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40 + b"\n%%EOF\n"
PASSWORD = "of the role"
PATIENT = dict.fromkeys(("connect_timeout_seconds", "statement_timeout_seconds", "wait_seconds"), 30)
"""A busy machine takes its time to open eight connections at once."""

TABLES = """
CREATE TABLE salarie (
    id {integer} PRIMARY KEY,
    nom_naissance VARCHAR(100), prenoms_naissance VARCHAR(100), sexe VARCHAR(1), date_naissance VARCHAR(10),
    lieu_naissance_cog VARCHAR(5), statut_identite VARCHAR(5), attribut_identite VARCHAR(32),
    ins_matricule VARCHAR(15), ins_oid VARCHAR(32), ins_verifie_le DATE
);
CREATE TABLE ins_historique (salarie_id {integer}, matricule VARCHAR(15), oid VARCHAR(32));
CREATE TABLE dossier_version (
    id {integer} PRIMARY KEY, salarie_id {integer}, numero INTEGER, etat VARCHAR(10), communicable INTEGER,
    etendue VARCHAR(10), date_dernier_acte DATE, auteur VARCHAR(100), enregistre_le {moment}
);
CREATE TABLE dossier_pdf (version_id {integer} PRIMARY KEY, contenu {blob});
CREATE TABLE opposition (id {integer} PRIMARY KEY, salarie_id {integer}, reponse VARCHAR(20), recueillie_le {moment});
"""

EXAMPLE = ("salarie", "ins_historique", "dossier_version", "dossier_pdf", "opposition")
OURS = ("spsti_trace", "spsti_received", "spsti_told")

OID = InsOid.TEST.value


def ins_of(number: int, *, first: str = "1") -> Ins:
    """The INS of the nth worker; those of `first` 2 are former ones."""
    body = f"{first}850175{1 + number // 999:03}{1 + number % 999:03}"
    return Ins(Matricule(body + key_of(body)), InsOid.TEST)


def context(folder: Path) -> AdapterContext:
    return AdapterContext(MEMBER, Environment.TEST, folder, folder / "data", lambda: NOW)


def trace_of(number: int, trace_id: str = "00112233445566778899aabbccddeeff") -> Trace:
    return Trace(
        trace_id=trace_id,
        at=NOW,
        action=TraceAction.HANDED_OVER,
        ins=ins_of(number),
        peer=MEMBER,
        practitioner_id="810000000001",
        practitioner_name="Camille DURAND",
        purpose=TYPE_DMST,
        outcome="announced",
    )


def told_by(number: int, *, objects: bool, at: Instant = NOW) -> ToldToWorker:
    return ToldToWorker(ins_of(number), at, "nurse", "oral", objects=objects)


def received(number: int, content: bytes, sha256_hex: str = "ab" * 32, **more: str) -> ReceivedDocument:
    return ReceivedDocument(
        ins=ins_of(number),
        peer=MEMBER,
        peer_name="SPSTI de démonstration",
        last_act_on=Day(2026, 3, 14),
        received_at=NOW,
        document_type=TYPE_DMST,
        sha256_hex=sha256_hex,
        size=len(content),
        content_type="application/pdf",
        **more,
    )


class House(ABC):
    """One fresh database with workers 0 to `workers`-1: each has an INS, no objection, and version 1 of a record."""

    dialect = ""
    integer, moment, blob = "BIGINT", "", ""
    body = "1850175000000 + (1 + n / 999) * 1000 + 1 + n % 999"
    numbers = ""
    schema = ""
    false = "FALSE"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        password = folder / "password"
        password.write_text(PASSWORD + "\n")
        password.chmod(0o600)

    def run(self, statement: str, *values: object) -> list[tuple]:
        return self.run_all([(statement, values)])

    @abstractmethod
    def run_all(self, statements: Sequence[tuple[str, tuple]]) -> list[tuple]:
        """Run statements in one transaction of the owner's; gives the rows of the last."""

    @abstractmethod
    def script(self, text: str) -> None: ...

    def name(self, table: str) -> str:
        return f"{self.schema}.{table}" if self.schema else table

    @property
    def tables(self) -> str:
        return TABLES.format(integer=self.integer, moment=self.moment, blob=self.blob)

    def options(self, **more: object) -> dict:
        return {"url": self.url("spsti_source"), "password": "password", "time_zone": "UTC", **self.common(), **more}

    def sink_options(self, **more: object) -> dict:
        return {"url": self.url("spsti_sink"), "password": "password", "time_zone": "UTC", **self.common(), **more}

    def common(self) -> dict:
        return PATIENT | ({"schema": self.schema} if self.schema else {})

    @abstractmethod
    def url(self, user: str) -> str: ...

    def fill(self, workers: int) -> None:
        """Make the workers by the database's own numbers; every tenth has a former INS, the first twenty a PDF."""
        key = self.padded(f"97 - ({self.body}) % 97")
        statements = [f"DELETE FROM {table}" for table in EXAMPLE]
        statements += [f"DELETE FROM {self.name(table)}" for table in OURS]
        matricule = self.joined(self.text(self.body), key)
        former = self.joined(self.text(self.former), self.former_key)
        rows = {
            "salarie": "n + 1, 'PAT-TROIS', 'DOMINIQUE MARIE-LOUISE', 'F', '1979-03-28', '51215', 'QUAL', NULL,"
            f" {matricule}, '{OID}', '2026-01-05'",
            "dossier_version": "n + 1, n + 1, 1, 'valide', 1, 'complet', '2025-05-13', 'Dr TEST',"
            f" '2025-05-13 15:05:00{self.zone}'",
            "opposition": f"n + 1, n + 1, 'ne s''oppose pas', '2024-01-05 10:00:00{self.zone}'",
        }
        statements += [f"INSERT INTO {table} SELECT {row} FROM {self.series(workers)}" for table, row in rows.items()]
        every_tenth = self.series(-(-workers // 10))
        statements.append(f"INSERT INTO ins_historique SELECT n * 10 + 1, {former}, '{OID}' FROM {every_tenth}")
        pdfs = f"INSERT INTO dossier_pdf SELECT n + 1, %s FROM {self.series(min(workers, 20))}"
        self.run_all([*((statement, ()) for statement in statements), (pdfs, (PDF,))])

    zone = "+00:00"

    @property
    def former(self) -> str:
        return self.body.replace("1850175", "2850175").replace("n ", "(n * 10) ")

    @property
    def former_key(self) -> str:
        return self.padded(f"97 - ({self.former}) % 97")

    @abstractmethod
    def series(self, count: int) -> str: ...

    @abstractmethod
    def text(self, number: str) -> str: ...

    def padded(self, number: str) -> str:
        return f"lpad({self.text(number)}, 2, '0')"

    def joined(self, one: str, other: str) -> str:
        return f"{one} || {other}"

    def analyse(self) -> None:
        for table in EXAMPLE:
            self.run(self.analysing.format(table))

    analysing = "ANALYZE {}"


class SqliteHouse(House):
    dialect = "sqlite"
    integer, moment, blob = "INTEGER", "TEXT", "BLOB"
    false = "0"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.file = folder / "vendor.sqlite"
        with closing(sqlite3.connect(self.file)) as database:
            database.executescript(self.tables + (VIEWS / "sqlite.sql").read_text())

    def url(self, user: str) -> str:
        return "sqlite:///vendor.sqlite"

    def common(self) -> dict:
        return {"password": None}

    def options(self, **more: object) -> dict:
        return {name: value for name, value in super().options(**more).items() if value is not None}

    def sink_options(self, **more: object) -> dict:
        return {name: value for name, value in super().sink_options(**more).items() if value is not None}

    def run_all(self, statements: Sequence[tuple[str, tuple]]) -> list[tuple]:
        rows: list[tuple] = []
        with closing(sqlite3.connect(self.file)) as database, database:
            for statement, values in statements:
                rows = database.execute(statement.replace("%s", "?"), values).fetchall()
        return rows

    def script(self, text: str) -> None:
        with closing(sqlite3.connect(self.file)) as database:
            database.executescript(text)

    def series(self, count: int) -> str:
        steps = f"SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < {count}"
        return f"(WITH RECURSIVE c(n) AS ({steps}) SELECT n FROM c)"

    def text(self, number: str) -> str:
        return f"CAST({number} AS TEXT)"

    def padded(self, number: str) -> str:
        return f"printf('%02d', {number})"


class PostgresqlHouse(House):
    dialect = "postgresql"
    moment, blob = "TIMESTAMPTZ", "BYTEA"
    schema = "spsti"

    def __init__(self, folder: Path, server: PostgreSQL, database: str) -> None:
        super().__init__(folder)
        self.server, self.database = server, database
        if database in server.made:
            return
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {database}")
        role = (VIEWS / "postgresql-role.sql").read_text()
        if server.made:  # roles are the server's, rights the database's
            role = re.sub(r"CREATE ROLE [^;]*;", "", role)
        with self.connect() as connection:
            connection.execute(self.tables + (VIEWS / "postgresql.sql").read_text() + role)
            for user in ("spsti_source", "spsti_sink"):
                connection.execute(f"ALTER ROLE {user} PASSWORD '{PASSWORD}'")
        server.made.add(database)

    def connect(self, database: str | None = None) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.server.port,
            user="admin",
            password=ADMIN_PASSWORD,
            dbname=database or self.database,
            autocommit=True,
        )

    def url(self, user: str) -> str:
        return f"postgresql+psycopg://{user}@127.0.0.1:{self.server.port}/{self.database}"

    def run_all(self, statements: Sequence[tuple[str, tuple]]) -> list[tuple]:
        with self.connect() as connection, connection.transaction():
            for statement, values in statements:
                cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def script(self, text: str) -> None:
        with self.connect() as connection:
            connection.execute(text)

    def series(self, count: int) -> str:
        return f"generate_series(0, CAST({count - 1} AS bigint)) n"

    def text(self, number: str) -> str:
        return f"CAST({number} AS text)"

    zone = "+00"


class MariadbHouse(House):
    dialect = "mysql"
    moment, blob = "DATETIME", "LONGBLOB"
    zone = ""
    body = "1850175000000 + (1 + n DIV 999) * 1000 + 1 + n % 999"
    analysing = "ANALYZE TABLE {}"

    def __init__(self, folder: Path, server: MariaDB, database: str) -> None:
        super().__init__(folder)
        self.server, self.database = server, database
        if database in server.made:
            return
        with closing(self.connect("mysql")) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {database}")
        role = (VIEWS / "mysql-role.sql").read_text().replace("connector.example", "127.0.0.1")
        if server.made:  # accounts are the server's, rights the database's
            role = re.sub(r"CREATE USER [^;]*;", "", role)
        self.script(self.tables + (VIEWS / "mysql.sql").read_text() + role)
        for user in ("spsti_source", "spsti_sink"):
            self.run(f"ALTER USER '{user}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}' REQUIRE NONE ACCOUNT UNLOCK")
        server.made.add(database)

    def connect(self, database: str | None = None) -> pymysql.Connection:
        return pymysql.connect(
            host="127.0.0.1",
            port=self.server.port,
            user="root",
            database=database or self.database,
            autocommit=True,
            client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS,
        )

    def url(self, user: str) -> str:
        return f"mysql+pymysql://{user}@127.0.0.1:{self.server.port}/{self.database}"

    def run_all(self, statements: Sequence[tuple[str, tuple]]) -> list[tuple]:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            connection.begin()
            for statement, values in statements:
                cursor.execute(statement, values or None)
            connection.commit()
            return list(cursor.fetchall())

    def script(self, text: str) -> None:
        statements = re.split(r";\s*\n", re.sub(r"--[^\n]*", "", text))
        self.run_all([(statement, ()) for statement in statements if statement.strip()])

    def series(self, count: int) -> str:
        return f"(SELECT seq AS n FROM seq_0_to_{count - 1}) numbers"

    def text(self, number: str) -> str:
        return f"CAST({number} AS CHAR)"

    def joined(self, one: str, other: str) -> str:
        return f"concat({one}, {other})"

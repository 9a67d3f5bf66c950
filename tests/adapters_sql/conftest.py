"""Databases for the SQL adapter: servers once per worker of the tests, a fresh database per test."""

from itertools import count

import pytest

from connector.contract.discovery import load_sink, load_source
from connector.contract.guard import guard_sink, guard_source
from connector.contract.settings import GuardSettings
from tests.adapters_sql.houses import NOW, MariadbHouse, PostgresqlHouse, SqliteHouse, context
from tests.adapters_sql.servers import MariaDB, Missing, PostgreSQL

NUMBERS = count(1)
KINDS = ("sqlite", "postgresql", pytest.param("mariadb", marks=pytest.mark.long))


class Clock:
    def now(self):
        return NOW

    def monotonic(self):
        return 0.0


def running(kind):
    try:
        server = kind()
    except Missing as missing:
        pytest.skip(str(missing))
    try:
        server.prepare()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def postgresql_server():
    yield from running(PostgreSQL)


@pytest.fixture(scope="session")
def mariadb_server():
    yield from running(MariaDB)


@pytest.fixture
def house_of(request, tmp_path):
    """Make a house of a kind; its server is started by the first test that wants it. `own`: not the one all share."""

    def make(kind, *, own=False):
        if kind == "sqlite":
            return SqliteHouse(tmp_path)
        server = request.getfixturevalue(f"{kind}_server")
        database = f"own{next(NUMBERS)}" if own else "shared"
        return {"postgresql": PostgresqlHouse, "mariadb": MariadbHouse}[kind](tmp_path, server, database)

    return make


@pytest.fixture(params=KINDS)
def house(request, house_of):
    """A database with twenty workers, in each kind of server."""
    made = house_of(request.param)
    made.fill(20)
    return made


@pytest.fixture
async def source_of():
    """Make guarded sources, closed at the end."""
    made = []

    def make(house, **options):
        adapter, _ = load_source("sql", house.options(**options), context(house.folder))
        made.append(guard_source(adapter, GuardSettings(), name="sql", clock=Clock()))
        return made[-1]

    yield make
    for guard in made:
        await guard.close()


@pytest.fixture
async def sink_of():
    """Make guarded sinks, closed at the end."""
    made = []

    def make(house, **options):
        adapter, _ = load_sink("sql", house.sink_options(**options), context(house.folder))
        made.append(guard_sink(adapter, GuardSettings(), name="sql", clock=Clock()))
        return made[-1]

    yield make
    for guard in made:
        await guard.close()

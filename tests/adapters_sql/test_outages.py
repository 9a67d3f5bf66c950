"""Servers that are down, slow, full or refuse: each a clear fault while the daemon goes on; and what the roles may."""

import asyncio
import tracemalloc
from contextlib import closing

import pytest

from connector.contract import AdapterError, Problem
from connector.contract.discovery import load_sink, load_source
from connector.contract.guard import guard_source
from connector.contract.settings import GuardSettings
from connector.core.codes import Code
from connector.core.errors import AdapterFault
from tests.adapters_sql.conftest import Clock
from tests.adapters_sql.houses import PASSWORD, PDF, context, ins_of, trace_of

SERVERS = ("postgresql", pytest.param("mariadb", marks=pytest.mark.long))


@pytest.fixture
def adapter_of(request):
    """Make bare sources, whose own problems a test can see."""
    made = []

    def make(house, **options):
        made.append(load_source("sql", house.options(**options), context(house.folder))[0])
        return made[-1]

    yield make
    for source in made:
        source.close()


def problem_of(call, *args) -> Problem:
    with pytest.raises(AdapterError) as caught:
        call(*args)
    return caught.value.problem


@pytest.mark.parametrize("kind", SERVERS)
async def test_database_down_at_start_is_told_and_used_once_it_is_back(house_of, source_of, kind):
    house = house_of(kind)
    house.fill(20)
    house.server.stop()
    try:
        source = source_of(house)
        await source.start()
        with pytest.raises(AdapterFault) as caught:
            await source.look(ins_of(3))
        health = await source.health()
    finally:
        house.server.start()

    assert caught.value.code == Code.ADAPTER_FAILED
    assert (health.ok, health.detail.split(":")[0]) == (False, "unreachable")
    assert (await source.look(ins_of(3))).announcement is not None
    assert (await source.health()).ok


@pytest.mark.parametrize("kind", SERVERS)
async def test_connections_cut_by_a_restart_are_replaced_unseen(house_of, source_of, kind):
    house = house_of(kind)
    house.fill(20)
    source = source_of(house)
    await asyncio.gather(*(source.look(ins_of(number)) for number in range(8)))
    house.server.stop()
    house.server.start()

    for number in range(8):
        assert (await source.look(ins_of(number))).announcement is not None


async def test_sqlite_file_that_is_not_there_is_unreachable_and_never_made(house_of, source_of):
    house = house_of("sqlite")
    house.fill(20)
    away = house.file.rename(house.folder / "away")
    source = source_of(house)

    assert (await source.health()).detail.startswith("unreachable")
    assert not house.file.exists()
    away.rename(house.file)
    assert (await source.health()).ok


def test_write_in_a_question_is_refused_by_the_transaction_not_by_the_rights(house, adapter_of):
    """The owner of the tables, who may write, asks: only the read-only transaction is in the way."""
    writes = {
        "sqlite": ("SELECT * FROM salarie WHERE :matricule = :oid", None),
        "postgresql": (
            "WITH d AS (DELETE FROM public.salarie RETURNING id) SELECT * FROM d WHERE '1' = :matricule AND '1' = :oid",
            "admin",
        ),
        "mysql": ("SELECT spsti_write(:matricule, :oid)", "root"),
    }
    query, user = writes[house.dialect]
    options = {"queries": {"look": query}}
    if house.dialect == "postgresql":
        (house.folder / "owner").write_text("admin-of-the-tests")
        (house.folder / "owner").chmod(0o600)
        options |= {"url": house.url(user), "password": "owner"}
    if house.dialect == "mysql":
        house.run("DROP FUNCTION IF EXISTS spsti_write")
        house.run(
            "CREATE FUNCTION spsti_write(a TEXT, b TEXT) RETURNS INT MODIFIES SQL DATA"
            " BEGIN DELETE FROM opposition; RETURN 1; END"
        )
        (house.folder / "owner").write_text(PASSWORD)
        options |= {"url": house.url(user)}
        options["password"] = None
    adapter = adapter_of(house, **{name: value for name, value in options.items() if value is not None})
    if house.dialect == "sqlite":
        # SQLite has no SELECT that writes: the session itself is asked.
        with pytest.raises(AdapterError) as caught, adapter._questions.using() as connection:
            connection.exec_driver_sql("DELETE FROM salarie")
        assert caught.value.problem is Problem.ACCESS_REFUSED
    else:
        assert problem_of(adapter.look, ins_of(3)) is Problem.ACCESS_REFUSED

    assert house.run("SELECT count(*) FROM salarie") == [(20,)]
    assert house.run("SELECT count(*) FROM opposition") == [(20,)]


def test_statement_that_takes_too_long_is_ended(house, adapter_of):
    slow = {
        "sqlite": "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c"
        " WHERE '1' <> :matricule AND '1' <> :oid",
        "postgresql": "SELECT pg_sleep(60) WHERE '1' <> :matricule AND '1' <> :oid",
        "mysql": "SELECT sleep(60) FROM dual WHERE '1' <> :matricule AND '1' <> :oid",
    }
    adapter = adapter_of(house, statement_timeout_seconds=0.5, queries={"look": slow[house.dialect]})

    assert problem_of(adapter.look, ins_of(3)) is Problem.BUSY


async def test_documents_under_way_leave_the_questions_their_connection(house_of, source_of):
    house = house_of("postgresql")
    house.fill(20)
    house.run("UPDATE dossier_pdf SET contenu = contenu || decode(repeat('00', 5000000), 'hex')")
    source = source_of(house, question_connections=1)
    announcement = (await source.look(ins_of(3))).announcement
    streams = [source.document(announcement) for _ in range(4)]
    try:
        for stream in streams:
            await anext(stream)
        assert (await source.look(ins_of(4))).announcement is not None
    finally:
        for stream in streams:
            await stream.aclose()


def test_connection_in_use_at_the_close_is_closed_when_it_is_given_back(house, adapter_of):
    house.run("UPDATE dossier_pdf SET contenu = %s WHERE version_id = 4", PDF + bytes(2_000_000))
    adapter = adapter_of(house)
    pieces = adapter.document(adapter.look(ins_of(3)).announcement)
    next(pieces)
    pool = adapter._documents._engine.pool
    assert pool.checkedout() == 1
    adapter.close()
    pieces.close()

    assert (pool.checkedin(), pool.checkedout()) == (0, 0)
    assert problem_of(adapter.look, ins_of(3)) is Problem.UNREACHABLE


def test_every_connection_in_use_is_busy(house, adapter_of):
    adapter = adapter_of(house, question_connections=1, wait_seconds=0.1)
    with adapter._questions.using():
        assert problem_of(adapter.look, ins_of(3)) is Problem.BUSY

    assert adapter.look(ins_of(3)).announcement is not None


@pytest.mark.parametrize("kind", SERVERS)
def test_wrong_password_is_refused_access_and_the_new_one_is_taken_up(house_of, adapter_of, kind):
    house = house_of(kind)
    house.fill(20)
    password = house.folder / "password"
    password.write_text("of yesterday\n")
    adapter = adapter_of(house)
    assert problem_of(adapter.look, ins_of(3)) is Problem.ACCESS_REFUSED
    assert "yesterday" not in adapter.health().detail

    password.write_text(PASSWORD + "\n")
    assert adapter.look(ins_of(3)).announcement is not None


@pytest.mark.parametrize("kind", SERVERS)
def test_database_that_does_not_exist_is_a_problem_of_schema_or_access(house_of, adapter_of, kind):
    house = house_of(kind)
    adapter = adapter_of(house, url=house.url("spsti_source").rpartition("/")[0] + "/absent")

    # MariaDB tells an account without rights on it no more than that.
    assert problem_of(adapter.look, ins_of(3)) in {Problem.SCHEMA, Problem.ACCESS_REFUSED}


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM salarie WHERE '1' = :matricule AND '1' = :oid",
        "SELECT * FROM {trace} WHERE '1' = :matricule AND '1' = :oid",
        "SELECT content FROM {received} WHERE '1' = :matricule AND '1' = :oid",
    ],
)
def test_role_of_the_source_reads_the_views_and_nothing_else(house_of, adapter_of, kind, statement):
    house = house_of(kind)
    query = statement.format(trace=house.name("spsti_trace"), received=house.name("spsti_received"))

    assert problem_of(adapter_of(house, queries={"look": query}).look, ins_of(3)) is Problem.ACCESS_REFUSED


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM {trace}", "UPDATE {trace} SET outcome = 'x'", "DELETE FROM {received}", "DELETE FROM {told}"],
)
@pytest.mark.parametrize("half", ["source", "sink"])
def test_no_role_changes_what_was_written(house_of, kind, statement, half):
    house = house_of(kind)
    house.fill(20)
    load = load_source if half == "source" else load_sink
    options = house.options() if half == "source" else house.sink_options()
    adapter, _ = load("sql", options, context(house.folder))
    text = statement.format(**{name: house.name(f"spsti_{name}") for name in ("trace", "received", "told")})
    with closing(adapter), pytest.raises(AdapterError) as caught, adapter._writing.using() as connection:
        connection.exec_driver_sql(text)

    assert caught.value.problem is Problem.ACCESS_REFUSED


@pytest.mark.long
async def test_trace_waits_for_no_lock_for_ever(house_of):
    house = house_of("mariadb")
    house.fill(20)
    adapter, _ = load_source("sql", house.options(statement_timeout_seconds=1), context(house.folder))
    guard = guard_source(adapter, GuardSettings(), name="sql", clock=Clock())
    with closing(house.connect()) as owner:
        cursor = owner.cursor()
        cursor.execute("LOCK TABLES spsti_trace WRITE")
        with pytest.raises(AdapterFault) as caught:
            await guard.trace(trace_of(3))
        cursor.execute("UNLOCK TABLES")
        cursor.close()
    await guard.trace(trace_of(3))
    await guard.close()

    assert caught.value.code == Code.ADAPTER_BUSY
    assert house.run("SELECT count(*) FROM spsti_trace") == [(1,)]


@pytest.mark.long
def test_value_that_does_not_fit_is_refused_and_not_cut(house_of, adapter_of):
    house = house_of("mariadb")
    house.fill(20)
    house.run("SET GLOBAL sql_mode = ''")
    try:
        assert problem_of(adapter_of(house).trace, trace_of(3, "f" * 33)) is Problem.DATA
    finally:
        house.run("SET GLOBAL sql_mode = DEFAULT")


@pytest.mark.parametrize("kind", SERVERS)
def test_large_document_costs_a_few_pieces_of_memory_and_not_its_size(house_of, adapter_of, kind):
    house = house_of(kind)
    house.fill(20)
    many = "decode(repeat('00', 12000000), 'hex')" if kind == "postgresql" else "repeat('0', 12000000)"
    joined = f"contenu || {many}" if kind == "postgresql" else f"concat(contenu, {many})"
    house.run(f"UPDATE dossier_pdf SET contenu = {joined} WHERE version_id = 4")
    adapter = adapter_of(house)
    announcement = adapter.look(ins_of(3)).announcement
    tracemalloc.start()
    try:
        sizes = [len(piece) for piece in adapter.document(announcement)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert sum(sizes) > 12_000_000
    assert max(sizes) == 512 * 1024
    assert peak < 8 * max(sizes)


@pytest.mark.long
def test_second_statement_behind_a_question_is_never_run(house_of, adapter_of):
    house = house_of("mariadb")
    house.fill(20)
    query = "SELECT 1 WHERE '1' = :matricule AND '1' = :oid; DELETE FROM salarie"

    assert problem_of(adapter_of(house, queries={"look": query}).look, ins_of(3)) is Problem.SCHEMA
    assert house.run("SELECT count(*) FROM salarie") == [(20,)]

"""Faults of the options stand at their key, and repeat no value."""

import pytest

from connector.contract.discovery import load_source, sink_option_faults, source_option_faults
from spsti_adapter_sql.options import SinkOptions, SourceOptions
from spsti_adapter_sql.queries import RULES, STANDARD, query_faults, standard
from tests.adapters_sql.houses import context

GOOD = {"url": "sqlite:///vendor.sqlite"}
LOOK = "SELECT * FROM v WHERE m = :matricule AND o = :oid"
TRACE = "INSERT INTO t VALUES (:trace_id, :at, :action, :matricule, :oid, :member, :practitioner_id)"


def faults(**options):
    return [str(fault) for fault in source_option_faults("sql", {**GOOD, **options})]


def test_url_alone_is_enough_for_the_recommended_view(tmp_path):
    source, info = load_source("sql", GOOD, context(tmp_path))
    source.close()

    assert info.halves == ("source", "sink")
    assert faults() == []
    assert sink_option_faults("sql", GOOD) == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("key", "query", "said"),
    [
        ("look", "SELECT * FROM v WHERE m = :matricule", ":oid"),
        ("look", "SELECT * FROM v WHERE o = :oid", ":matricule"),
        ("look", "SELECT * FROM v WHERE m = '279035121518989'", ":matricule, :oid"),
        ("look", LOOK + " AND name = :name", "uses :name"),
        ("look", LOOK + " -- at 10:30 :note", "uses :note"),
        ("look", "UPDATE v SET m = :matricule WHERE o = :oid", "SELECT or WITH"),
        ("document", "SELECT content FROM d WHERE record_ref = :record_ref", ":version"),
        ("document", "DELETE FROM d WHERE r = :record_ref AND v = :version", "SELECT or WITH"),
        ("trace", TRACE.replace(":trace_id, ", ""), ":trace_id"),
        ("trace", TRACE + " ON CONFLICT DO NOTHING", "plain INSERT"),
        ("trace", TRACE.replace("INSERT", "INSERT IGNORE"), "plain INSERT"),
        ("trace", "DELETE FROM t WHERE a = :trace_id", "INSERT"),
        ("counts", "DROP TABLE t", "SELECT or WITH"),
        ("counts", "SELECT 1 AS workers WHERE :matricule = 1", "uses :matricule"),
    ],
)
def test_query_without_its_parameter_or_of_another_kind_is_a_fault_at_its_key(key, query, said):
    (fault,) = faults(queries={key: query})

    assert fault.startswith(f"queries.{key}: ")
    assert said in fault
    assert query not in fault


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"url": "postgresql+psycopg://user:secret@db/dmst"}, "url"),
        ({"url": "mysql+pymysql://user@db/dmst?password=secret"}, "url"),
        ({"url": "postgresql+nosuchdriver://db/dmst"}, "url"),
        ({"url": "mssql+pyodbc://user@db/dmst"}, "url"),
        ({"url": "postgresql+psycopg_async://user@db/dmst"}, "url"),
        ({"url": "not a url"}, "url"),
        ({"url": "sqlite://"}, "url"),
        ({"url": "sqlite:///:memory:"}, "url"),
        ({"url": "sqlite:///file:vendor.sqlite"}, "url"),
        ({"password": "credential:a/b"}, "password"),
        ({"password": "credential:"}, "password"),
        ({"password": ""}, "password"),
        ({"schema": "spsti; DROP TABLE salarie"}, "schema"),
        ({"time_zone": "Europe/Berlin"}, "time_zone"),
        ({"statement_timeout_seconds": 0}, "statement_timeout_seconds"),
        ({"question_connections": 0}, "question_connections"),
        ({"max_document_bytes": 0}, "max_document_bytes"),
        ({"documents": "paper"}, "documents"),
        ({"documents": "large-object"}, "documents"),
        ({"documents": "path"}, "files"),
        ({"documents": "url"}, "web"),
        ({"files": {"root": "docs"}}, "files"),
        ({"web": {"hosts": ["ged.example"]}}, "web"),
        ({"documents": "url", "web": {"hosts": []}}, "web.hosts"),
        ({"documents": "url", "web": {"hosts": ["https://ged.example"]}}, "web.hosts"),
        ({"documents": "url", "web": {"hosts": ["ged.example"], "authorization": "credential:"}}, "web.authorization"),
        ({"quieries": {}}, "quieries"),
        ({"queries": {"lok": LOOK}}, "queries.lok"),
    ],
)
def test_fault_stands_at_its_key_and_repeats_no_secret(options, where):
    (fault,) = faults(**options)

    assert fault.startswith(f"{where}: ")
    assert "secret" not in fault.replace("holds a secret", "")


@pytest.mark.parametrize(
    ("options", "begins"),
    [
        ({"queries": {"file": "INSERT INTO r VALUES (:matricule, :oid)"}}, "queries.file: "),
        ({"queries": {"told": "INSERT INTO r VALUES (:matricule, :oid, :at, :by, :means)"}}, "queries.told: "),
        ({"queries": {"filed": "SELECT id FROM r WHERE s = :sha256"}}, "queries.filed: "),
        ({"files": {"root": "inbox"}}, "[files] is wanted exactly where queries.file uses :path"),
    ],
)
def test_sink_says_its_faults_too(options, begins):
    (fault,) = sink_option_faults("sql", {**GOOD, **options})

    assert str(fault).startswith(begins)


def test_file_statement_takes_the_content_or_its_place_and_not_both():
    query = "INSERT INTO r VALUES (:matricule, :oid, :member, :last_act_on, :received_at, :sha256, :content, :path)"

    assert "exactly one of :content, :path" in query_faults("file", query)[0]


@pytest.mark.parametrize("name", sorted(RULES))
@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "mariadb", "sqlite", "mssql", "oracle"])
def test_standard_queries_keep_their_own_rules(name, dialect):
    query = standard(name, dialect=dialect, schema="spsti", column="content")

    assert not query or query_faults(name, query) == []
    assert bool(query) == (name != "counts")


def test_semicolon_at_the_end_is_left_out():
    options = SourceOptions.model_validate({**GOOD, "queries": {"look": LOOK + " ;\n"}})

    assert options.query("look") == LOOK
    assert options.query("trace") == STANDARD["trace"].format("")


def test_colon_that_is_no_parameter_is_written_with_a_backslash():
    assert query_faults("look", LOOK + r" AND t = '\:noon' AND x::int = 1") == []


def test_procedure_may_keep_the_trace():
    call = "CALL add_access(:trace_id, :at, :action, :matricule, :oid, :member, :practitioner_id)"

    assert SinkOptions.model_validate({**GOOD, "queries": {"trace": call}}).query("trace") == call

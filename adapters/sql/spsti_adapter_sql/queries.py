"""The queries of the configuration: which parameters each must and may name, and what stands in for one left out.

Parameters are bound by the driver, never put into the text. What counts as a parameter is asked of SQLAlchemy, so that
this check and the binding cannot differ. Those left out ask the view and tables of adapters/sql/views.
"""

import re
from dataclasses import dataclass

from sqlalchemy import text

_READS = re.compile(r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(?:SELECT|WITH)\b", re.IGNORECASE | re.DOTALL)
_ADDS = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(?:INSERT|CALL|EXEC|EXECUTE|SELECT|BEGIN)\b", re.IGNORECASE | re.DOTALL
)
_SWALLOWS = re.compile(r"\bON\s+CONFLICT\b|\bON\s+DUPLICATE\s+KEY\b|\bINSERT\s+IGNORE\b", re.IGNORECASE)
_ONLY_INSERT = re.compile(r"\s*INSERT\b", re.IGNORECASE)

_WORKER = frozenset({"matricule", "oid"})


@dataclass(frozen=True, slots=True)
class QueryRule:
    """What one query must look like. `any_of`: exactly one of these parameters must be named, where there are any."""

    reads: bool
    required: frozenset[str]
    optional: frozenset[str] = frozenset()
    any_of: frozenset[str] = frozenset()


RULES = {
    "look": QueryRule(reads=True, required=_WORKER),
    "document": QueryRule(reads=True, required=frozenset({"record_ref", "version"})),
    "counts": QueryRule(reads=True, required=frozenset()),
    "filed": QueryRule(reads=True, required=_WORKER | {"sha256"}),
    "trace": QueryRule(
        reads=False,
        required=_WORKER | {"trace_id", "at", "action", "member", "practitioner_id"},
        optional=frozenset({"practitioner_name", "purpose_system", "purpose_code", "outcome"}),
    ),
    "file": QueryRule(
        reads=False,
        required=_WORKER | {"member", "last_act_on", "received_at", "sha256"},
        optional=frozenset(
            {"member_name", "document_type_system", "document_type_code", "original_sha256", "size", "content_type"}
        ),
        any_of=frozenset({"content", "path"}),
    ),
    "told": QueryRule(
        reads=False, required=_WORKER | {"at", "by", "means", "objects"}, optional=frozenset({"told_id"})
    ),
}

_TRACE = """INSERT INTO {0}spsti_trace (trace_id, accessed_at, action, matricule, oid, member, practitioner_id,
 practitioner_name, purpose_system, purpose_code, outcome)
VALUES (:trace_id, :at, :action, :matricule, :oid, :member, :practitioner_id,
 :practitioner_name, :purpose_system, :purpose_code, :outcome)"""

STANDARD = {
    "look": "SELECT * FROM {0}spsti_record WHERE asked_matricule = :matricule AND asked_oid = :oid",
    "document": "SELECT {1} FROM {0}spsti_document WHERE record_ref = :record_ref AND version = :version",
    "counts": "",
    "trace": _TRACE,
    "filed": "SELECT id AS reference FROM {0}spsti_received"
    " WHERE matricule = :matricule AND oid = :oid AND sha256 = :sha256",
    "file": """INSERT INTO {0}spsti_received (matricule, oid, member, member_name, last_act_on, received_at,
 document_type_system, document_type_code, sha256, original_sha256, size_in_bytes, content_type, content)
VALUES (:matricule, :oid, :member, :member_name, :last_act_on, :received_at,
 :document_type_system, :document_type_code, :sha256, :original_sha256, :size, :content_type, :content)""",
    "told": "INSERT INTO {0}spsti_told (matricule, oid, told_at, told_by, means, objects)"
    " VALUES (:matricule, :oid, :at, :by, :means, :objects)",
}
"""`{0}` is the schema with its dot, `{1}` the column that holds or names the document."""

# pyodbc sends texts as nvarchar, and a varchar column compared with one is scanned instead of looked up.
_STANDARD_SQL_SERVER = {
    "look": "SELECT * FROM {0}spsti_record WHERE asked_matricule = CAST(:matricule AS varchar(15))"
    " AND asked_oid = CAST(:oid AS varchar(32))",
}


def standard(name: str, *, dialect: str, schema: str, column: str) -> str:
    """Give the query over the recommended view and tables."""
    template = (_STANDARD_SQL_SERVER if dialect == "mssql" else {}).get(name, STANDARD[name])
    return template.format(f"{schema}." if schema else "", column)


def parameters(query: str) -> frozenset[str]:
    r"""Name the parameters of a query as SQLAlchemy reads them: in quotes and comments too, unless written `\:name`."""
    return frozenset(text(query).compile().params)


def query_faults(name: str, query: str) -> list[str]:
    """Say everything that is wrong with a query, in words that do not repeat it."""
    rule, named = RULES[name], parameters(query)
    faults = []
    if not (_READS if rule.reads else _ADDS).match(query):
        faults.append("must begin with " + ("SELECT or WITH" if rule.reads else "INSERT, or call a procedure"))
    if missing := rule.required - named:
        faults.append(f"does not use the parameter {_list(missing)}")
    if unknown := named - rule.required - rule.optional - rule.any_of:
        known = _list(rule.required | rule.optional | rule.any_of)
        faults.append(
            rf"uses {_list(unknown)}, which is no parameter (known: {known}); a colon that means none is written \:"
        )
    if rule.any_of and len(rule.any_of & named) != 1:
        faults.append(f"must use exactly one of {_list(rule.any_of)}")
    if not rule.reads and _SWALLOWS.search(query):
        faults.append("must be a plain INSERT: a repetition is recognised by the error of its unique key")
    return faults


def must_add_a_row(query: str) -> bool:
    """Whether a statement that adds no row has failed; a procedure keeps its number to itself."""
    return _ONLY_INSERT.match(query) is not None


def without_end(query: str) -> str:
    """Take off the semicolon at the end: a query may be put into another."""
    return query.strip().rstrip(";").rstrip()


def _list(names: frozenset[str]) -> str:
    return ", ".join(f":{name}" for name in sorted(names)) or "none"

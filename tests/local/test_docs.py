"""The pages say what the code does: every code, every operation, every example."""

import json
import re
from pathlib import Path

import pytest

from connector.core.codes import Code
from connector.local.keys import Scope
from connector.local.requests import ROLES, NewFetchIn
from connector.local.routes import OPERATIONS, Access
from connector.local.statuses import status_of
from connector.peer.refusals import status_of_code
from connector.requester.notes import EventKind
from connector.wire.peer_codes import PEER_CODES

DOCS = Path(__file__).parents[2] / "docs"
ERRORS = (DOCS / "errors.md").read_text(encoding="utf-8")
API = (DOCS / "local-api.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([a-z_.]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
ROWS = {found[1]: [cell.strip() for cell in found.groups()] for found in ROW.finditer(ERRORS)}
WHO = {
    "asking member", "answering member", "operator", "vendor", "practitioner", "both operators", "caller", "us",
}  # fmt: skip
BEFORE_THE_MANDATE = {Code.REQUEST_TOO_LARGE: 413, Code.LEDGER_UNAVAILABLE: 503}
"""Statuses of the peer side that are not those of a refused mandate."""


def test_every_code_is_explained_once_and_no_other_is():
    assert sorted(found[1] for found in ROW.finditer(ERRORS)) == sorted(Code)


@pytest.mark.parametrize("code", Code)
def test_each_code_has_meaning_actor_statuses_and_remedy(code):
    _, means, who, peer, local, remedy = ROWS[code.value]
    assert who in WHO
    assert len(means) > 10
    assert len(remedy) > 10
    assert local == str(status_of(code))
    seen_by_peers = code in PEER_CODES or code.startswith("ack.")
    assert peer == (str(BEFORE_THE_MANDATE.get(code, status_of_code(code))) if seen_by_peers else "-")


def test_each_operation_stands_in_the_page_with_its_scope():
    access = {Access.ANYONE: "none", Access.LOOPBACK: "none on loopback"} | {scope: scope.value for scope in Scope}
    expected = [f"| `{o.method} {o.path}` | {access[o.access]} | {o.summary} |" for o in OPERATIONS]
    assert re.findall(r"^\| `(?:GET|POST) .*$", API, re.MULTILINE) == expected


def test_the_example_of_the_page_is_a_fetch():
    (example,) = re.findall(r"```json\n(.*?)```", API, re.DOTALL)
    assert NewFetchIn.model_validate(json.loads(example)).information.worker_does_not_object


def test_the_page_names_every_role_and_event():
    assert [role for role in ROLES if f"`{role}`" not in API] == []
    assert [kind for kind in EventKind if f"| `{kind}` |" not in API] == []


def test_the_page_has_the_words_for_withheld():
    assert "\"X n'a transmis aucun dossier. Cela ne veut pas dire qu'il n'en existe pas.\"" in API

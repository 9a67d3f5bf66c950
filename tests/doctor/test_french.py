"""The doctor in French: whatever it finds, no sentence of it is English."""

import json
import re
import string
from dataclasses import replace

import pytest
from click.testing import CliRunner

from connector.cli.main import cli
from connector.contract import AdapterHealth, Problem
from connector.contract.examination import told_of
from connector.contract.faults import FaultSeen
from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.fault_words import SENTENCES as FAULTS
from connector.core.fault_words import TERMS
from connector.core.faults import Fault
from connector.directory.age import Freshness, Staleness
from connector.doctor.finding import Finding, Level
from connector.doctor.labels import LABEL_KEYS, Label
from connector.doctor.listing import listing
from connector.doctor.words import SENTENCES
from tests.cli.english import english_in

CLOSING = (
    Code.LEDGER_UNAVAILABLE, Code.VAULT_UNAVAILABLE, Code.VAULT_DAMAGED, Code.STATE_UNAVAILABLE,
    Code.SIGNER_UNAVAILABLE, Code.DIRECTORY_UNAVAILABLE, Code.CRL_UNAVAILABLE,
)  # fmt: skip


ANY = Fault("age.none")
WORDED = frozenset({"fault", "what", "why", "difference", "found"})
"""Values of findings that are faults themselves."""


def places_in(texts):
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", SENTENCES)
def test_no_finding_of_the_doctor_is_english_in_french(key):
    names = places_in(SENTENCES[key]["fr"])
    finding = Finding("x", Level.CRITICAL, key, {name: ANY if name in WORDED else "X1" for name in names})

    assert english_in(finding.text("fr") + " " + finding.remedy("fr")) == []


def test_no_sentence_and_no_term_of_a_fault_is_english_in_french():
    told = {kind: " ".join(words["fr"]) for kind, words in FAULTS.items()} | dict(TERMS["fr"])
    found = {kind: english_in(re.sub(r"{[^}]*}", "", text)) for kind, text in told.items()}

    assert {kind: words for kind, words in found.items() if words} == {}


@pytest.mark.parametrize("key", LABEL_KEYS)
def test_no_label_of_the_network_is_english_in_french(key):
    assert english_in(Label(key, "X1").text("fr")) == []


def test_what_looks_for_english_finds_it():
    """Of the English sentences of the same tables nearly all are seen as such: the checks above can fail."""
    texts = [words["en"][0] for words in (*FAULTS.values(), *SENTENCES.values()) if words["en"][0].count(" ") > 3]

    assert sum(bool(english_in(re.sub(r"{[^}]*}", "", text))) for text in texts) > 0.85 * len(texts)


@pytest.mark.parametrize("state", list(Freshness))
def test_the_age_of_a_directory_is_told_in_both_languages(examined, state):
    ends = {"role": "snapshot", "at": "2026-12-01T00:00:00Z", "who": "publishers", "closes": "2026-12-08T00:00:00Z"}
    kinds = {Freshness.FRESH: None, Freshness.STALE: "ending", Freshness.GRACE: "grace", Freshness.CLOSED: "closed"}
    kind = kinds[state]
    patient = examined()
    kept = replace(
        patient.material.listing,
        copies=1,
        staleness=Staleness(state, None, Fault(f"age.{kind}", ends) if kind else None),
        is_ready=state is not Freshness.CLOSED,
    )
    found = list(listing(replace(patient, material=replace(patient.material, listing=kept))))
    told = [one for one in found if one.key in {"directory.stale", "directory.not-ready"}]

    assert len(told) == (0 if kind is None else 1)
    for one in told:
        assert english_in(one.text("fr") + one.remedy("fr")) == []
        assert "les publieurs doivent le signer de nouveau" in one.text("fr")
        assert "and the publishers must sign it again" in one.text("en")


@pytest.mark.parametrize("cause", [*Problem, "late", "busy", "answer", "process-ended"])
def test_why_an_adapter_cannot_be_asked_is_told_in_french_and_whole_in_english(cause):
    health = AdapterHealth(ok=False, detail="adapter x, health: the vendor's software does not answer")
    fault = told_of(health, FaultSeen("x", "health", Code.ADAPTER_FAILED, str(cause)))

    assert english_in(fault.whole("fr")) == []
    assert fault.text("fr") == f"{TERMS['fr'][cause]} (adapter.failed)"
    assert fault.text("en") == f"{health.detail} (adapter.failed)"


def test_an_exception_of_an_adapter_is_named_and_its_words_are_quoted():
    raised = told_of(AdapterHealth(ok=False, detail="x"), FaultSeen("x", "health", Code.ADAPTER_FAILED, "KeyError"))
    own = told_of(AdapterHealth(ok=False, detail="no inbox"), None)

    assert raised.text("fr") == "l'adaptateur a levé l'exception KeyError (adapter.failed)"
    assert own.text("fr") == "on ne peut pas l'interroger ; dans les mots de l'adaptateur : « no inbox »"
    assert own.text("en") == 'it cannot be asked; in the adapter\'s own words: "no inbox"'
    assert told_of(AdapterHealth(ok=True), None).text("fr") == "on peut l'interroger"


@pytest.mark.parametrize("code", CLOSING)
def test_an_error_without_a_sentence_of_its_own_has_the_words_of_its_code(code):
    fault = FailedClosed("the disk refuses", code=code, hint="look at it").fault

    assert english_in(fault.whole("fr")) == []
    assert TERMS["fr"][code.value] in fault.whole("fr")
    assert fault.whole("en") == "the disk refuses - look at it"


def test_a_house_with_much_amiss_is_told_of_in_french(services, examined):
    patient = examined()
    database, state = services["a"].vendor_database, patient.material.state
    state.directory.mkdir(exist_ok=True)
    kept = state.database.read_bytes() if state.database.is_file() else None
    away = database.rename(database.with_suffix(".away"))
    state.database.write_text("no database at all")
    call = ("check", "--config", str(patient.config), "--language")
    try:
        said = json.loads(CliRunner().invoke(cli, [*call, "fr", "--json"]).stdout)["findings"]
        shown = CliRunner().invoke(cli, [*call, "fr", "--verbose"]).output
    finally:
        away.rename(database)
        state.database.unlink()
        if kept is not None:
            state.database.write_bytes(kept)

    assert {"directory.trial", "ledger.unreadable", "adapter.wrong", "config.right"} <= {one["key"] for one in said}
    assert not [one for one in said if one.get("fault", {}).get("kind") == "unworded"]
    assert english_in(shown) == []
    assert "état : sa base est illisible (DatabaseError)" in shown

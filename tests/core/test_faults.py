"""Faults of the configuration: every kind has words in both languages, and every kind that is raised is one."""

import ast
import string
from pathlib import Path

import pytest

import connector
from connector.core.errors import ConfigFault
from connector.core.fault_words import SENTENCES, SUBJECTS, TERMS
from connector.core.faults import Fault, reason, unworded

ROOT = Path(connector.__file__).parent
MAKERS = {"Fault": 0, "Refused": 0, "_parsed_by": 1, "adapter_refused": 0, "_difference": 1, "_tell": 1, "_unfit": 0}
"""Calls that make a fault, with the place of its kind among the arguments."""


def texts_in(node):
    """The texts that an expression may give: itself, either branch of an `x if y else z`, or a name bound to such."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts_in(node.body)
        yield from texts_in(node.orelse)


def kinds_raised():
    for path in ROOT.rglob("*.py"):
        text = path.read_text("utf-8")
        if not any(f"{name}(" in text for name in (*MAKERS, "ConfigFault.of")):
            continue
        for call in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            is_of = name == "of" and getattr(getattr(call.func, "value", None), "id", "") == "ConfigFault"
            place = 0 if is_of else MAKERS.get(name)
            if place is not None and len(call.args) > place:
                yield from ((path.name, text) for text in texts_in(call.args[place]))


def places_in(form):
    return {name for _, name, _, _ in string.Formatter().parse(form) if name}


def test_no_kind_is_worded_twice():
    assert sum(map(len, SUBJECTS)) == len(SENTENCES)


def test_every_kind_that_the_code_names_has_words():
    raised = set(kinds_raised())

    assert len(raised) > 120
    assert {(file, kind) for file, kind in raised if "." in kind and kind not in SENTENCES} == set()


def test_every_kind_that_has_words_stands_in_the_code():
    words = ROOT / "core" / "fault_words"
    code = "".join(path.read_text("utf-8") for path in ROOT.rglob("*.py") if words not in path.parents)

    assert [kind for kind in SENTENCES if f'"{kind}"' not in code] == []


FRENCH_ALONE = {"line", "column", "type", "cause", "refusal", "problem", "product", "code", "rule"}
"""Values that French words where English has a finished text or a term."""


def test_both_languages_say_each_kind_and_french_asks_for_no_other_values():
    for kind, words in SENTENCES.items():
        english, french = words["en"], words["fr"]

        assert english[0], kind
        assert french[0], kind
        assert english[0] != french[0], kind
        assert places_in("".join(french)) - FRENCH_ALONE <= places_in("".join(english)), kind


def test_each_value_stands_in_a_form_that_can_be_worded():
    texts = (text for words in SENTENCES.values() for both in words.values() for text in both)

    assert {form for text in texts for _, _, form, _ in string.Formatter().parse(text) if form} <= {
        "term", "either", "quoted", "key", "remedy",
    }  # fmt: skip


def test_both_languages_have_the_same_terms():
    assert set(TERMS["en"]) == set(TERMS["fr"])


def test_a_fault_says_where_it_stands_what_it_is_and_what_to_do():
    fault = Fault("key.unknown-near", {"name": "pear", "nearest": "peer"}).at("connector.toml", 3, 1, "pear")

    assert str(fault) == 'connector.toml:3:1: pear: unknown key "pear" - did you mean "peer"?'
    assert fault.whole("fr") == ("connector.toml:3:1: pear: clé inconnue « pear » - vouliez-vous dire « peer » ?")
    assert fault.as_json() == {
        "kind": "key.unknown-near", "values": {"name": "pear", "nearest": "peer"},
        "file": "connector.toml", "line": 3, "column": 1, "key": "pear", "part": "",
    }  # fmt: skip


def test_what_was_raised_as_an_english_text_is_never_told_in_french_as_it_came():
    (fault,) = ConfigFault("socket: got a cat", hint="feed it").details

    assert fault.whole("en") == "socket: got a cat - feed it"
    assert "cat" not in fault.whole("fr")
    assert "--language en" in fault.whole("fr")


def test_an_error_of_one_kind_has_its_english_message_and_hint():
    error = ConfigFault.of("master-key.open", path="keys/master")

    assert (error.message, error.hint) == (
        "master key: keys/master can be read by everybody on this machine", "chmod 600 keys/master",
    )  # fmt: skip
    assert error.details[0].text("fr") == "clé maîtresse : keys/master est lisible par tous sur cette machine"


@pytest.mark.parametrize(
    ("error", "french"),
    [
        (FileNotFoundError(2, "No such file or directory"), "fichier ou dossier absent"),
        (PermissionError(13, "Permission denied"), "accès refusé"),
        (OSError(84, "Invalid multibyte character"), "EILSEQ"),
        (OSError("no number"), "OSError"),
    ],
)
def test_why_the_system_refuses_is_worded_or_stands_as_its_symbol(error, french):
    assert french in Fault("members.unreadable", {"reason": reason(error)}).text("fr")


def test_a_value_is_never_read_as_a_place_of_the_sentence():
    assert unworded("{hint} {0} {kind!r}").text("en") == "{hint} {0} {kind!r}"


def test_a_fault_may_hold_the_fault_that_caused_it():
    cause = Fault("pkcs12.unreadable")
    fault = Fault("init.signing", {"path": "sign.p12", "why": cause})

    assert fault.whole("fr").startswith("signing : sign.p12 ne convient pas : fichier PKCS#12 : illisible")
    assert fault.remedy("en") == cause.remedy("en")
    assert fault.as_json()["values"] == {"path": "sign.p12", "why": cause.as_json()}


def test_a_size_of_rsa_and_alternatives_are_worded():
    fault = Fault("key.cannot-sign", {"got": "RSA 1024", "algorithm": "PS256"})

    assert "RSA of 1024 bits" in fault.text("en")
    assert "RSA de 1024 bits" in fault.text("fr")
    assert Fault("key.unknown-elsewhere", {"name": "x", "sections": ["[a]", "[b]"]}).remedy("fr").endswith("[a] ou [b]")

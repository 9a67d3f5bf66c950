"""What the model refuses is a kind of fault of ours, worded in both languages, and never repeats what was given."""

import math
import tomllib
from datetime import date, datetime, time

import pytest
from pydantic import BaseModel, ValidationError

from connector.config import load
from connector.config.model import ConfigFile
from connector.config.validation import MAPPED, faults_of, model_in
from connector.core.errors import ConfigFault
from connector.directory.toml_problems import place_of, problem_of
from tests.kit.smallest_config import GOOD

WRONG = (
    "", "x" * 2_000, "é-secret", 10**12, -(10**12), 0, 1.5, math.nan, math.inf, True, [], ["x"] * 100, [[1]], [{}], {},
    {"a-secret": 1}, {"a-secret": "b"}, date(2026, 1, 5), datetime(2026, 1, 5, 10, 30), time(10, 30),  # noqa: DTZ001
)  # fmt: skip
"""One of everything that TOML can hold."""


def sections(model, seen):
    seen.add(model)
    for field in model.model_fields.values():
        inner = model_in(field.annotation)
        if inner is not None and inner not in seen:
            sections(inner, seen)
    return seen


def refused():
    for model in sections(ConfigFile, set()):
        for name in model.model_fields:
            for value in WRONG:
                try:
                    model.model_validate({name: value})
                except ValidationError as error:
                    yield error


def test_every_error_that_the_model_can_raise_has_a_kind_of_its_own():
    seen = {detail["type"] for error in refused() for detail in error.errors(include_url=False)}

    assert seen == MAPPED


def test_every_refusal_is_worded_in_both_languages_without_what_was_given():
    told = {(fault.kind, fault.whole("en"), fault.whole("fr")) for error in refused() for _, fault in faults_of(error)}

    assert "value.wrong" not in {kind for kind, _, _ in told}
    assert not any("value_error" in french or "Input should" in french for _, _, french in told)
    assert not any("é-secret" in text or "xxx" in text for _, *both in told for text in both)


class Later(BaseModel):
    """What the model does not hold yet."""

    numbers: set[int]


def test_an_error_of_a_later_model_is_told_by_its_type_and_in_the_language_asked():
    with pytest.raises(ValidationError) as caught:
        Later.model_validate({"numbers": "secret"})

    (fault,) = (fault for _, fault in faults_of(caught.value))

    assert fault.kind == "value.wrong"
    assert fault.text("fr") == "ne convient pas (set_type)"
    assert "secret" not in fault.whole("en")


def faults(tmp_path, text):
    path = tmp_path / "connector.toml"
    path.write_text(text)
    with pytest.raises(ConfigFault) as caught:
        load(path)
    return caught.value.details


@pytest.mark.parametrize(
    ("old", "new", "kind", "french"),
    [
        ('id = "318751275100020"', "id = 3", "value.type", "un nombre entier, attendu un texte"),
        ('id = "318751275100020"', 'id = "3"', "value.member-id", "attendu un Struct_IdNat"),
        ('environment = "test"', 'environment = "tst"', "value.one-of", "attendu l'une de ces valeurs : \"production"),
        ('name = "SPSTI Exemple"', 'name = ""', "value.empty", "est vide - donnez-lui une valeur"),
        ('trusted_cas = ["ca.pem"]', "trusted_cas = []", "value.empty", "est vide"),
        ('kid = "sign-1"', 'kid = "sign 1"', "value.form", "n'a pas la forme du motif"),
        ('kid = "sign-1"', "", "key.missing", "signing.kid: manque - ajoutez cette clé"),
        ('kid = "sign-1"', 'kid = "a"\nkib = "b"', "key.unknown-near", "vouliez-vous dire « kid » ?"),
        ("2026-01-05", '"le cinq"', "value.date", "attendu une date comme 2026-01-05"),
        ('key = "server.key"\n', "", "section.key-pair", "attendu soit certificate et key (PEM), soit pkcs12"),
        ("[members]", '[directory]\nroot="r"\nurls=["https://a.example"]\n[members]', "section.one-directory", "soit"),
        ("[members]", "[requester]\nmax_services = 21\n[members]", "value.at-most", "attendu un nombre d'au plus 20"),
        ("[members]", "[requester]\ndeadline_seconds = 121\n[members]", "value.at-most", "d'au plus 120"),
        ("[members]", "[insi]\nenabled = true\n[members]", "section.insi-incomplete", "activé, et sans platform"),
        ("[members]", '[local]\nlisten = "0.0.0.0:80"\n[members]', "section.local-open", "hors de la boucle locale"),
    ],
)
def test_a_fault_of_the_file_has_its_kind_and_its_french_words(tmp_path, old, new, kind, french):
    found = faults(tmp_path, GOOD.replace(old, new))

    assert [fault.kind for fault in found] == [kind]
    assert french in found[0].whole("fr")
    assert found[0].line > 0


def test_a_fault_of_the_file_is_data_for_a_program(tmp_path):
    (fault,) = faults(tmp_path, GOOD.replace("[peer]\n", "[peer]\ndrain_second = 3\n"))

    assert fault.as_json() == {
        "kind": "key.unknown-near", "values": {"name": "drain_second", "nearest": "drain_seconds"},
        "file": "connector.toml", "line": 7, "column": 1, "key": "peer.drain_second", "part": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 1\na = 2", "toml.twice"),
        ("[a]\n[a]", "toml.twice"),
        ("a = [1", "toml.unclosed"),
        ('a = "x', "toml.unclosed"),
        ("[a", "toml.unclosed"),
        ("a = x", "toml.value"),
        ("a = 2026-02-30", "toml.value"),
        ("a 1", "toml.equals"),
        ("a = 1 b = 2", "toml.line"),
        ("= 1", "toml.key"),
        ('a = "\\q"', "toml.text"),
        ("a = 'x\x01'", "toml.text"),
    ],
)
def test_a_text_that_is_no_toml_is_told_as_one_of_a_few_kinds(text, problem):
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)

    said, _, _ = place_of(caught.value)

    assert problem_of(said) == problem


def test_what_a_later_python_says_of_toml_is_told_without_its_words(tmp_path):
    (fault,) = faults(tmp_path, "a = [1")

    assert problem_of("Something entirely new") == "toml.other"
    assert fault.text("fr") == "n'est pas du TOML : quelque chose n'est pas fermé"

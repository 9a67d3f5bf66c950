"""`people` against a running local API: kept, suspended, imported line by line, reviewed."""

import pytest

from connector.cli.faults import Exit
from tests.kit.local_values import PHYSICIAN_ID

BY = ("--by", "Camille Exemple, responsable informatique")
ADD = ("people", "add", "--name", "Dominique Essai", "--role", "physician", "--practitioner", PHYSICIAN_ID, *BY)


def test_a_person_is_added_shown_and_suspended(shell, house):
    status, person = shell.json(*ADD, "--subject", "entra=0b5e", "--ends-on", "2027-06-30")
    assert (status, person["standing"], person["subjects"]) == (0, "active", [{"provider": "entra", "id": "0b5e"}])

    assert "Dominique Essai" in shell("people", "list").stdout
    assert shell.json("people", "suspend", person["id"], *BY)[1]["standing"] == "suspended"
    assert shell.json("people", "resume", person["id"], *BY)[1]["standing"] == "active"
    assert shell.json("people", "end", person["id"], "--on", "2026-11-22", *BY)[1]["standing"] == "ended"


def test_an_import_tells_each_line_and_keeps_those_that_are_right(shell, house, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(
        "name;roles;practitioner;subject;ends_on\n"
        f"Dominique Essai;physician dpo;{PHYSICIAN_ID};;31/12/2027\n"
        "Sans Numero;nurse;;;\n"
        "Trop Court;auditor\n"
        "Ana Audit;auditor;;entra=a1;\n",
        encoding="utf-8",
    )

    status, told = shell.json("people", "import", path, "--dry-run", *BY)
    assert [line["result"] for line in told["lines"]] == ["would-be-added", "wrong", "wrong", "would-be-added"]
    assert not house.sign_in.kept.people
    status, told = shell.json("people", "import", path, *BY)

    assert (status, told["ok"]) == (Exit.REFUSED, False)
    assert [(line["line"], line["result"]) for line in told["lines"]] == [
        (2, "added"), (3, "wrong"), (4, "wrong"), (5, "added"),
    ]  # fmt: skip
    assert "Sans Numero" not in str(told)
    assert sorted(person.name for person in house.sign_in.kept.people.values()) == ["Ana Audit", "Dominique Essai"]


@pytest.mark.parametrize("text", ["", "nom;rôle\n", "name;roles;secret\n"])
def test_a_file_that_is_no_list_of_people_is_refused(shell, tmp_path, text):
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")

    assert shell("people", "import", path, *BY).exit_code == Exit.USAGE


def test_a_review_asks_for_each_and_suspends_who_is_not_confirmed(shell, house):
    shell.json(*ADD)
    shell.json("people", "add", "--name", "Ana Audit", "--role", "auditor", *BY)

    result = shell("people", "review", *BY, stdin="y\nn\n")

    assert result.exit_code == 0, result.output
    assert "1 confirmed, 1 suspended" in result.stdout
    assert house.sign_in.kept.types()[-1] == ("person", "reviewed")


def test_an_enrolment_code_is_printed_once(shell, house):
    _, person = shell.json(*ADD)

    result = shell("people", "enrol", person["id"], *BY)

    assert result.exit_code == 0
    assert len(result.stdout.strip().replace("-", "")) == 16


def test_a_subject_without_provider_is_told(shell):
    assert shell(*ADD, "--subject", "0b5e").exit_code == Exit.USAGE

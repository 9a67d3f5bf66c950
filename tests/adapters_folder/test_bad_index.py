"""What is wrong with one line is told of that line, by a stable code; what is wrong with the whole ends all answers."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.contract import AdapterError, Problem
from connector.contract.discovery import sink_option_faults, source_option_faults
from spsti_adapter_folder.beneath import PlaceRefused, parse_place
from spsti_adapter_folder.faults import IndexCode, LineCode
from tests.adapters_folder.export import COLUMNS, PDF, as_csv, ins, line, matricule, put

README = Path(__file__).parents[2] / "adapters" / "folder" / "README.md"
WRONG_KEY = matricule(5)[:13] + f"{(int(matricule(5)[13:]) + 1) % 97:02}"

# What is wrong, the code, and whether the worker can still be told by INS (then the answer is "could not look").
BAD_LINES = [
    ({"matricule": WRONG_KEY}, LineCode.MATRICULE, False),
    ({"matricule": matricule(5)[:13]}, LineCode.MATRICULE, False),
    ({"oid": "1.2.250.1.213.1.4.2"}, LineCode.OID, False),
    ({"birth_name": ""}, LineCode.TRAITS, True),
    ({"birth_name": "X Æ A-12"}, LineCode.TRAITS, True),
    ({"birth_place": "postal code"}, LineCode.TRAITS, True),
    ({"birth_date": "28/03/1979"}, LineCode.TRAITS, True),
    ({"sex": "W"}, LineCode.TRAITS, True),
    ({"status": "QUALIFIED"}, LineCode.STATUS, True),
    ({"status": "PROV"}, LineCode.STATUS, True),
    ({"opposition": "non"}, LineCode.OPPOSITION, True),
    ({"last_act_on": ""}, LineCode.DATE, True),
    ({"last_act_on": "2025-02-30"}, LineCode.DATE, True),
    ({"last_act_on": "13/05/2025"}, LineCode.DATE, True),
    ({"last_act_on": "2026-03-15"}, LineCode.FUTURE, True),
    ({"file": "../secret.pdf"}, LineCode.OUTSIDE, True),
    ({"file": "pdf/../../secret.pdf"}, LineCode.OUTSIDE, True),
    ({"file": "..\\secret.pdf"}, LineCode.OUTSIDE, True),
    ({"file": "/etc/passwd"}, LineCode.OUTSIDE, True),
    ({"file": "C:\\export\\5.pdf"}, LineCode.OUTSIDE, True),
    ({"file": "pdf/5.pdf.part"}, LineCode.PARTIAL, True),
    ({"file": "pdf/.5.pdf"}, LineCode.PARTIAL, True),
    ({"file": "pdf/1.pdf"}, LineCode.SHARED, True),
]


def faults(folder):
    return (folder.parent / "data" / "faults.csv").read_text().splitlines()[1:]


def problem_of(call, *args):
    with pytest.raises(AdapterError) as raised:
        call(*args)
    return raised.value.problem


@pytest.mark.parametrize(("changes", "code", "is_findable"), BAD_LINES, ids=lambda value: str(value)[:40])
def test_a_bad_line_is_told_by_number_and_code_while_the_rest_goes_on(opened, folder, changes, code, is_findable):
    put(folder, "pdf/6.pdf", PDF)
    put(folder, "index.csv", as_csv([line(6), line(1), line(5, **changes)]))

    source = opened()

    assert [told.split(";")[:2] for told in faults(folder)][-1] == ["4", code.value]
    assert source.look(ins(6)).announcement is not None
    assert code.value in source.health().detail
    assert source.health().ok
    if is_findable:
        assert problem_of(source.look, ins(5)) is Problem.DATA
    else:
        assert source.look(ins(5)).identity is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('"' + ";".join(line(5).values()), LineCode.FORM),
        (";".join(line(5).values()) + ";more", LineCode.CELLS),
        (";".join(list(line(5).values())[:-1]), LineCode.CELLS),
        ("x" * 70_000, LineCode.TOO_LONG),
        (";".join(line(5, birth_name="Éloïse").values()).encode("cp1252"), LineCode.ENCODING),
    ],
    ids=["quote", "more", "fewer", "long", "encoding"],
)
def test_a_line_that_is_none_swallows_no_other(opened, folder, text, code):
    whole = as_csv([line(1)]).encode() + (text if isinstance(text, bytes) else text.encode())
    put(folder, "index.csv", whole + b"\r\n" + as_csv([line(2)]).encode().split(b"\r\n", 1)[1])

    source = opened()

    assert faults(folder) == [f"3;{code.value};"]
    assert source.look(ins(1)).announcement is not None
    assert source.look(ins(2)).announcement is not None


def test_a_duplicate_is_told_and_harmless(opened, folder):
    put(folder, "index.csv", as_csv([line(1), line(2), line(1)]))

    source = opened()

    assert faults(folder) == ["4;index.duplicate;"]
    assert source.look(ins(1)).announcement is not None


def test_a_file_of_two_workers_is_given_for_neither(opened, folder):
    put(folder, "index.csv", as_csv([line(1), line(2, file="pdf\\1.pdf")]))

    source = opened()

    assert faults(folder) == ["2;index.shared;file", "3;index.shared;file"]
    assert [problem_of(source.look, ins(number)) for number in (1, 2)] == [Problem.DATA] * 2


@pytest.mark.parametrize("value", [["a"], "7", None, {"matricule": 279}], ids=["list", "text", "null", "number"])
def test_a_json_object_that_is_none_is_one_bad_line(opened, folder, value):
    put(folder, "index.json", json.dumps([value, line(1)]))

    source = opened(index="index.json")

    assert faults(folder) == ["1;index.form;"]
    assert source.look(ins(1)).announcement is not None


def test_a_key_that_comes_twice_in_json_is_a_bad_line(opened, folder):
    text = json.dumps(line(1))[:-1] + ', "opposition": "no"}'
    put(folder, "index.jsonl", text)

    opened(index="index.jsonl")

    assert faults(folder) == ["1;index.form;"]


def test_a_named_column_that_an_object_lacks_is_a_bad_line(opened, folder):
    put(folder, "index.jsonl", json.dumps(line(1)))

    source = opened(index="index.jsonl", columns={"communicable": "may_leave"})

    assert faults(folder) == ["1;index.form;communicable"]
    assert problem_of(source.look, ins(1)) is Problem.DATA


def test_no_report_repeats_a_value(opened, folder):
    put(folder, "index.csv", as_csv([line(5, **changes) for changes, _, _ in BAD_LINES]))

    source = opened()

    told = "\n".join(faults(folder)) + source.health().detail
    assert len(faults(folder)) >= len(BAD_LINES) - 1
    assert not re.search(r"\d{6}|PAT|secret|passwd", told)


# --- the whole -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "code", "problem"),
    [
        ("index.csv", as_csv([], COLUMNS[1:]), IndexCode.HEADER, Problem.SCHEMA),
        ("index.csv", as_csv([line(1)], (*COLUMNS, "file")), IndexCode.HEADER, Problem.SCHEMA),
        ("index.csv", b"\xff\xfe" + as_csv([line(1)]).encode("utf-16-le"), IndexCode.HEADER, Problem.SCHEMA),
        ("index.csv", b"", IndexCode.EMPTY, Problem.SCHEMA),
        ("index.csv", as_csv([]), IndexCode.EMPTY, Problem.SCHEMA),
        ("index.json", json.dumps([line(1), line(2)])[:-20], IndexCode.CUT, Problem.SCHEMA),
        ("index.json", json.dumps([line(1), line(2)])[:-1], IndexCode.CUT, Problem.SCHEMA),
        ("index.json", json.dumps(line(1)), IndexCode.CUT, Problem.SCHEMA),
        ("index.json", "[", IndexCode.CUT, Problem.SCHEMA),
        ("index.json", "[[" * 50_000, IndexCode.CUT, Problem.SCHEMA),
        ("index.json", "[]", IndexCode.EMPTY, Problem.SCHEMA),
        ("index.jsonl", b"", IndexCode.EMPTY, Problem.SCHEMA),
    ],
)
def test_an_index_that_cannot_be_used_ends_all_answers(opened, folder, name, content, code, problem):
    put(folder, name, content)

    source = opened(index=name)

    assert not source.health().ok
    assert code.value in source.health().detail
    assert problem_of(source.look, ins(1)) is problem


def test_a_column_that_was_named_must_be_there(opened, folder):
    source = opened(columns={"communicable": "may_leave"})

    assert "may_leave" in source.health().detail
    assert problem_of(source.look, ins(1)) is Problem.SCHEMA


def test_an_index_that_is_a_link_is_not_read(opened, folder):
    (folder / "index.csv").rename(folder.parent / "outside.csv")
    (folder / "index.csv").symlink_to(folder.parent / "outside.csv")

    source = opened()

    assert "index.unreadable" in source.health().detail
    assert problem_of(source.look, ins(1)) is Problem.ACCESS_REFUSED


def test_an_absent_index_and_an_absent_folder_are_told(opened, folder):
    (folder / "index.csv").unlink()
    assert "index.missing" in opened().health().detail
    assert problem_of(opened(folder.parent / "elsewhere").look, ins(1)) is Problem.UNREACHABLE


def test_an_export_that_stopped_days_ago_is_no_answer_any_more(opened, folder):
    put(folder, "index.csv", as_csv([line(1)]), at=(folder / "index.csv").stat().st_mtime - 96 * 3600)

    source = opened()

    assert "index.stale" in source.health().detail
    assert problem_of(source.look, ins(1)) is Problem.UNREACHABLE


def test_the_configuration_of_the_guide_is_one():
    (block,) = re.findall(r"^```toml\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    given = tomllib.loads(block)

    assert source_option_faults("folder", given["source"]["options"]) == ()
    assert sink_option_faults("folder", given["sink"]["options"]) == ()


def test_every_code_is_documented():
    text = README.read_text()

    assert [code for code in (*LineCode, *IndexCode) if f"`{code.value}`" not in text] == []


# --- paths -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(["..", ".", "", "a", "b.pdf", "C:", "~", "é", "a\\b", "\0", "\n", "a" * 300])))
def test_a_path_that_is_taken_leads_downwards_only(parts):
    try:
        place = parse_place("/".join(parts))
    except PlaceRefused:
        return

    assert place
    assert not {"", ".", ".."} & set(place)
    assert not any("/" in part or "\\" in part or "\0" in part for part in place)

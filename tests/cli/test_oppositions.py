"""The register from the command line: no INS in an argument, and an import that tells each line."""

import json

import pytest

from connector.core.codes import Code
from connector.core.errors import FailedClosed

INS, OTHER = "279035121518989", "277076322082910"
SAID = ["--on", "2026-11-20", "--means", "oral", "--by", "physician"]
HEAD = "matricule;kind;on;means;by;lifted_on;lifted_means;lifted_by"


@pytest.fixture
def add(shell):
    def add_one(*arguments, ins=INS, kind="2"):
        stdin = json.dumps({"matricule": ins})
        return shell("oppositions", "add", "--kind", kind, *SAID, "--worker", "-", *arguments, stdin=stdin)

    return add_one


@pytest.fixture
def load(shell, tmp_path):
    def load_lines(*lines, head=HEAD, arguments=(), encoding="utf-8"):
        path = tmp_path / "register.csv"
        path.write_bytes("\n".join([head, *lines]).encode(encoding))
        result = shell("oppositions", "import", path, "--json", *arguments)
        told = json.loads(result.stdout) if result.stdout else None
        return result, [(one["line"], one["result"]) for one in told["lines"]] if told else []

    return load_lines


def kept(house):
    return list(house.register._store.kept.values())


def line(ins=INS, kind="2", on="2026-11-20", means="oral", by="physician", lifted=";;"):
    return f"{ins};{kind};{on};{means};{by};{lifted}"


def test_an_objection_is_added_shown_and_lifted(shell, add, house):
    result = add()
    assert result.exit_code == 0
    assert "kind: 2° of R4624-45-6" in result.stdout
    (objection,) = kept(house)
    shown = shell("oppositions", "show", objection.id)
    assert f"INS: {INS}" in shown.stdout
    found = shell("oppositions", "show", "--worker", "-", stdin=json.dumps({"matricule": INS}))
    assert objection.id in found.stdout
    assert shell("oppositions", "lift", objection.id, *SAID).exit_code == 0
    assert not kept(house)[0].stands
    assert shell("oppositions", "lift", objection.id, *SAID).exit_code == 4
    assert "lifted" in shell("oppositions", "list").stdout


def test_what_is_to_be_entered_by_hand_is_listed_until_it_was(shell, add, house):
    add(kind="1")
    (objection,) = kept(house)
    assert "to be entered in your software" in shell("oppositions", "pending").stdout.lower()
    assert shell("oppositions", "entered", objection.id).exit_code == 0
    assert objection.id not in shell("oppositions", "pending").stdout
    assert shell("oppositions", "entered", objection.id).exit_code == 4


def test_the_same_again_is_told(add):
    add()
    assert "stands already" in add().stderr


@pytest.mark.parametrize("arguments", [["show", INS], ["lift", INS, *SAID], ["entered", INS]])
def test_an_ins_is_no_argument(shell, arguments):
    result = shell("oppositions", *arguments)
    assert (result.exit_code, INS in result.output) == (2, False)


def test_nobody_is_asked_where_nobody_is(shell):
    assert "nobody can be asked" in shell("oppositions", "show").stderr


# ---------------------------------------------------------------- import


def test_right_lines_are_kept_and_the_same_file_again_changes_nothing(load, house):
    lines = [
        line(),
        "",
        line(OTHER, "2°", "20/11/2026", "Written", "nurse", "2026-11-22;oral;nurse"),
        line(kind="1"),
    ]
    result, told = load(*lines)
    assert (result.exit_code, told) == (0, [(2, "kept"), (4, "lifted"), (5, "kept")])
    assert house.sink.told_of == []
    before = kept(house)

    result, told = load(*lines)

    assert (result.exit_code, [one for _, one in told]) == (0, ["already"] * 3)
    assert kept(house) == before


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (line("279035121518988"), "key that does not match"),
        (line("27903512151898"), "matricule: got 14 characters"),
        (line(on="2026-02-30"), "on: got a day that does not exist"),
        (line(on="20.11.2026"), "on: got 10 characters in another form"),
        (line(kind="1", on="2026-12-01"), "on: got a day in the future"),
        (line(kind="3"), "kind: got another word, expected one of 1, 2"),
        (line(means="rumour"), "means: got another word"),
        (line(by="Dr Camille"), "by:"),
        (line(by=""), "by: got neither a role"),
        (line(lifted="2026-11-19;oral;nurse"), "lifted_on: got a day before"),
        (line(lifted=";oral;nurse"), "lifted_on:"),
        (line(lifted="2026-11-22;;nurse"), "lifted_means: got another word"),
        (line() + ";more", "got 9 cells, expected 8"),
        (line(), "the same worker and kind as line 2"),
    ],
)
def test_one_wrong_line_keeps_everything_out_and_is_told(load, house, wrong, told):
    result, lines = load(line(), wrong, line(OTHER))

    assert (result.exit_code, lines) == (1, [(2, "not-kept"), (3, "wrong"), (4, "not-kept")])
    assert told in json.loads(result.stdout)["lines"][1]["what"]
    assert kept(house) == []
    assert not [secret for secret in (INS, OTHER, "Camille", "rumour") if secret in result.output]


def test_an_objection_made_again_stands_whatever_the_order_of_the_lines(load, house):
    load(line(on="2026-11-22"), line(on="2026-11-03", lifted="2026-11-10;oral;nurse"))

    assert [(str(one.on), one.stands) for one in kept(house)] == [("2026-11-03", False), ("2026-11-22", True)]


def test_the_right_lines_can_be_kept_though_others_are_wrong(load, house):
    result, lines = load(line(), line(OTHER, kind="9"), arguments=["--skip-wrong"])

    assert (result.exit_code, lines) == (1, [(2, "kept"), (3, "wrong")])
    assert len(kept(house)) == 1


def test_a_dry_run_keeps_nothing(load, house):
    result, lines = load(line(), line(OTHER), arguments=["--dry-run"])

    assert (result.exit_code, lines) == (0, [(2, "would-be-kept"), (3, "would-be-kept")])
    assert kept(house) == []


def test_an_import_that_stops_says_where(load, house):
    store, real = house.register._store, house.register._store.add

    async def full(objection, entry):
        if len(store.kept) == 1:
            raise FailedClosed("ledger: the disk is full", code=Code.LEDGER_UNAVAILABLE)
        return await real(objection, entry)

    store.add = full
    result, lines = load(line(), line(OTHER), line(kind="1"))

    assert (result.exit_code, lines) == (1, [(2, "kept"), (3, "not-kept"), (4, "not-kept")])
    assert "Run it again" in json.loads(result.stdout)["lines"][2]["what"]


def test_each_may_be_told_to_the_sink(load, house):
    load(line(), arguments=["--tell-sink"])

    assert len(house.sink.told_of) == 1


@pytest.mark.parametrize(
    ("head", "encoding", "told"),
    [
        ("matricule;kind;on;means", "utf-8", "missing: by"),
        (HEAD + ";name", "utf-8", "not known: 1"),
        (HEAD + ";by", "utf-8", "each once"),
        (HEAD + "\né", "latin-1", "is not UTF-8"),
        (HEAD + '\n"x', "utf-8", "a quotation mark"),
        ("\n\n", "utf-8", "is empty"),
    ],
)
def test_a_file_that_is_no_register_is_refused_as_a_whole(load, house, head, encoding, told):
    result, _ = load(head=head, encoding=encoding)

    assert (result.exit_code, told in result.stderr) == (2, True), result.stderr
    assert kept(house) == []


def test_a_file_that_is_not_there_is_told(shell, tmp_path):
    assert "No such file" in shell("oppositions", "import", tmp_path / "none.csv").stderr


def test_commas_and_a_byte_order_mark_are_read_too(load):
    result, lines = load(line().replace(";", ","), head="\ufeff" + HEAD.replace(";", ","))

    assert (result.exit_code, lines) == (0, [(2, "kept")])


def test_people_get_a_table_and_a_summary(shell, tmp_path):
    path = tmp_path / "register.csv"
    path.write_text(f"{HEAD}\n{line()}\n")
    result = shell("oppositions", "import", path)
    assert result.stdout.splitlines() == ["line\tresult\twhat", "2\tkept\t"]
    assert "1 lines: 1 kept" in result.stderr
    assert "The authority is your software" in result.stderr

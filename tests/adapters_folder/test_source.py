"""What a folder answers: who, whether they object, and the newest file that may be given."""

import json
from hashlib import sha256

import pytest

from connector.contract import AdapterError, Counts, Day, Extent, Ins, InsOid, Opposition, Problem
from connector.contract.testing import check_source, words
from tests.adapters_folder.export import COLUMNS, NOW, OID, PDF, as_csv, ins, line, matricule, put, trace


def problem_of(call, *args):
    with pytest.raises(AdapterError) as raised:
        call(*args)
    return raised.value.problem


def test_an_export_passes_the_conformance_kit(opened, folder):
    source = opened(traces="acces.csv")

    findings = check_source(source, known=[ins(1), ins(2), ins(3)], unknown=[ins(4), ins(5)], trace=trace())

    assert not [finding for finding in findings if finding.ok is False], words(findings)


def test_the_day_of_the_newest_act_comes_from_the_index_and_never_from_the_file(opened, folder):
    announcement = opened().look(ins(1)).announcement

    assert announcement.last_act_on == Day(2025, 5, 13)
    assert announcement.updated_at == NOW - 3600


def test_identity_status_and_opposition_come_from_the_index(opened):
    look = opened().look(ins(2))

    assert look.identity.ins == ins(2)
    assert look.identity.traits.birth_name == "PAT-TROIS"
    assert look.identity.is_qualified
    assert look.opposition is Opposition.YES


def test_a_worker_without_a_document_is_known_all_the_same(opened):
    look = opened().look(ins(3))

    assert look.identity is not None
    assert look.announcement is None
    assert look.opposition is Opposition.UNKNOWN


def test_a_worker_is_nobody_under_another_oid(opened):
    assert opened().look(Ins(ins(1).matricule, InsOid.DEMO)).identity is None


def test_a_document_is_read_byte_for_byte_in_pieces(opened):
    source = opened()

    pieces = list(source.document(source.look(ins(1)).announcement))

    assert len(pieces) > 1
    assert sha256(b"".join(pieces)).digest() == sha256(PDF).digest()


def test_counts_tell_who_could_be_answered_about(opened, folder):
    put(
        folder, "index.csv", as_csv([line(1), line(2, opposition="yes"), line(3, file="pdf/gone.pdf"), line(4, oid="")])
    )

    assert opened().counts() == Counts(4, 3, 3, 3, 2, 1)


def test_former_ins_lead_to_the_worker_who_bears_another_now(opened, folder):
    put(folder, "index.csv", as_csv([line(1, former=f"{OID} {matricule(9)}")], (*COLUMNS, "former")))

    look = opened().look(ins(9))

    assert look.identity.ins == ins(1)
    assert look.identity.former == (ins(9),)


def test_words_columns_and_dates_of_a_french_export_are_understood(opened, folder):
    names = {name: f"champ {number}" for number, name in enumerate(COLUMNS)}
    row = line(1, birth_name="Éloïse", birth_date="28/03/1979", last_act_on="13/05/2025", opposition="Sans", status="Q")
    text = as_csv([{names[key]: value for key, value in row.items()}], tuple(names.values()), delimiter="\t")
    put(folder, "index.csv", text.encode("cp1252"))

    source = opened(
        encoding="cp1252",
        date_format="DD/MM/YYYY",
        columns=names,
        words={"opposition": {"Sans": "no", "Refus": "yes"}, "status": {"Q": "QUAL"}},
    )
    look = source.look(ins(1))

    assert look.identity.traits.birth_name == "ELOISE"
    assert look.identity.traits.birth_date.value == "1979-03-28"
    assert look.announcement.last_act_on == Day(2025, 5, 13)
    assert look.opposition is Opposition.NO


@pytest.mark.parametrize("form", ["index.json", "index.jsonl"])
def test_a_json_index_answers_like_a_csv(opened, folder, form):
    lines = [json.dumps(line(number, birth_name="ŒUVRÉ", author="Dr Zoé"), ensure_ascii=False) for number in (1, 2)]
    text = "[\n " + " ,\n".join(lines) + "]\n" if form == "index.json" else "\n".join(lines)
    put(folder, form, text)

    look = opened(index=form).look(ins(2))

    assert look.identity.traits.birth_name == "OEUVRE"
    assert look.announcement.author == "Dr Zoé"


def test_optional_columns_are_told(opened, folder):
    more = {"extent": "summary", "author": "Dr A", "updated_at": "2025-05-14T10:00:00", "verified_on": "2025-01-02"}
    put(folder, "index.csv", as_csv([line(1, **more)], (*COLUMNS, *more)))

    look = opened().look(ins(1))

    assert look.announcement.extent is Extent.SUMMARY
    assert look.announcement.author == "Dr A"
    assert look.announcement.updated_at == 1747209600
    assert look.identity.verified_on == Day(2025, 1, 2)


# --- the newest ------------------------------------------------------------------------------------------------------


def newest(folder, opened, *lines, columns=COLUMNS):
    put(folder, "index.csv", as_csv(lines, columns))
    source = opened()
    announcement = source.look(ins(1)).announcement
    return None if announcement is None else b"".join(source.document(announcement))


def test_of_several_lines_the_newest_act_is_announced(folder, opened):
    put(folder, "new.pdf", PDF + b"new %%EOF")

    content = newest(folder, opened, line(1, file="new.pdf", last_act_on="2026-01-02"), line(1))

    assert content.endswith(b"new %%EOF")


def test_of_two_on_one_day_the_one_recorded_last_is_announced(folder, opened):
    put(folder, "new.pdf", PDF + b"new %%EOF")
    lines = [line(1, file="new.pdf", updated_at="2025-05-14T10:00:00Z"), line(1, updated_at="2025-05-14T09:00:00Z")]

    assert newest(folder, opened, *lines, columns=(*COLUMNS, "updated_at")).endswith(b"new %%EOF")


def test_two_on_one_day_of_which_none_came_last_are_ambiguous(folder, opened):
    put(folder, "new.pdf", PDF)
    put(folder, "index.csv", as_csv([line(1, file="new.pdf"), line(1)]))

    assert problem_of(opened().look, ins(1)) is Problem.AMBIGUOUS


def test_a_version_kept_back_is_passed_over(folder, opened):
    put(folder, "new.pdf", PDF)
    lines = [line(1, file="new.pdf", last_act_on="2026-01-02", communicable="no"), line(1, communicable="yes")]

    assert newest(folder, opened, *lines, columns=(*COLUMNS, "communicable")) == PDF


def test_a_line_twice_is_one_record(folder, opened):
    assert newest(folder, opened, line(1), line(1)) == PDF


def test_two_identities_with_one_ins_are_ambiguous(folder, opened):
    put(folder, "index.csv", as_csv([line(1), line(1, birth_name="AUTRE", file="pdf/2.pdf")]))

    assert problem_of(opened().look, ins(1)) is Problem.AMBIGUOUS


def test_lines_that_contradict_each_other_about_the_opposition_are_no_answer(folder, opened):
    put(folder, "index.csv", as_csv([line(1), line(1, opposition="yes")]))

    assert problem_of(opened().look, ins(1)) is Problem.DATA


# --- by a pattern ----------------------------------------------------------------------------------------------------


def named(number, day, more=""):
    return f"pdf/{matricule(number)}_{day}{more}.pdf"


@pytest.fixture
def by_name(folder):
    put(folder, "index.csv", as_csv([line(1), line(2), line(3)], tuple(name for name in COLUMNS if name != "file")))
    put(folder, named(1, "20240105"), PDF)
    put(folder, named(1, "20260105"), PDF + b"new %%EOF")
    put(folder, named(2, "20270105"), PDF)
    return {"file_pattern": "pdf/{matricule}_{last_act_on:YYYYMMDD}.pdf"}


def test_a_pattern_locates_the_files_and_tells_their_day(opened, by_name):
    source = opened(**by_name)

    announcement = source.look(ins(1)).announcement

    assert announcement.last_act_on == Day(2026, 1, 5)
    assert b"".join(source.document(announcement)).endswith(b"new %%EOF")
    assert source.look(ins(3)).announcement is None
    assert source.counts() == Counts(3, 3, 3, 3, 2, 2)


def test_a_file_named_after_tomorrow_is_no_answer(opened, by_name):
    assert problem_of(opened(**by_name).look, ins(2)) is Problem.DATA


def test_versions_in_names_are_numbers(opened, folder, by_name):
    put(folder, named(1, "20260106", "_9"), PDF)
    put(folder, named(1, "20260106", "_10"), PDF + b"ten %%EOF")
    source = opened(file_pattern="pdf/{matricule}_{last_act_on:YYYYMMDD}_{version}.pdf")

    assert b"".join(source.document(source.look(ins(1)).announcement)).endswith(b"ten %%EOF")


def test_one_key_of_the_export_for_two_workers_gives_neither(opened, folder):
    lines = [line(1, worker="A-7"), line(2, worker="A-7")]
    put(folder, "index.csv", as_csv(lines, (*COLUMNS, "worker")))
    put(folder, "A-7.pdf", PDF)
    source = opened(file_pattern="{worker}.pdf")

    assert problem_of(source.look, ins(1)) is Problem.DATA
    assert problem_of(source.look, ins(2)) is Problem.DATA


def test_a_file_without_a_day_anywhere_is_no_answer(opened, folder):
    put(folder, "index.csv", as_csv([line(1, worker="A-7", last_act_on="")], (*COLUMNS, "worker")))
    put(folder, "A-7.pdf", PDF)

    assert problem_of(opened(file_pattern="{worker}.pdf").look, ins(1)) is Problem.DATA

"""A folder as a sink: whole or not at all, once, durable; and accesses as lines of a CSV."""

import csv
import json
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256

import pytest

from connector.contract import TYPE_DMST, AdapterError, Day, Problem, ReceivedDocument, ToldToWorker
from connector.contract.discovery import load_sink, load_source, sink_option_faults, source_option_faults
from spsti_adapter_folder import FolderSink
from spsti_adapter_folder.traces import TraceFile
from tests.adapters_folder.export import NOW, PDF, PEER, context, ins, matricule, trace

DOCUMENT = ReceivedDocument(
    ins=ins(1),
    peer=PEER,
    peer_name="SPSTI de démonstration",
    last_act_on=Day(2026, 3, 1),
    received_at=NOW,
    document_type=TYPE_DMST,
    sha256_hex=sha256(PDF).hexdigest(),
    size=len(PDF),
    content_type="application/pdf",
)
TOLD = ToldToWorker(ins(1), NOW, "Camille DURAND", "oral", objects=True)


@pytest.fixture
def inbox(tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    return inbox


@pytest.fixture
def sink(inbox):
    sink = FolderSink(FolderSink.Options(inbox="inbox", traces="inbox/acces.csv"), context(inbox))
    sink.start()
    return sink


def pieces():
    return iter([PDF[:100], PDF[100:]])


def problem_of(call, *args):
    with pytest.raises(AdapterError) as raised:
        call(*args)
    return raised.value.problem


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_document_lies_beside_its_json_which_tells_whose_it_is(sink, inbox):
    reference = sink.file(DOCUMENT, pieces())

    beside = json.loads((inbox / reference).with_suffix(".json").read_text())
    assert (inbox / reference).read_bytes() == PDF
    assert names(inbox) == sorted([reference, reference.replace(".pdf", ".json")])
    assert beside["file"] == reference
    assert (beside["matricule"], beside["sha256"]) == (matricule(1), DOCUMENT.sha256_hex)
    assert beside["last_act_on"] == "2026-03-01"
    assert beside["received_at"] == "2026-03-14T22:59:00+00:00"
    assert oct((inbox / reference).stat().st_mode)[-3:] == "640"
    assert matricule(1) not in reference


def test_of_a_copy_that_something_was_taken_out_of_the_original_digest_lies_beside_it(sink, inbox):
    reference = sink.file(replace(DOCUMENT, original_sha256_hex="cd" * 32), pieces())

    beside = json.loads((inbox / reference).with_suffix(".json").read_text())
    assert (beside["sha256"], beside["original_sha256"]) == (DOCUMENT.sha256_hex, "cd" * 32)


def test_the_same_document_again_is_one_also_where_the_import_took_it(sink, inbox):
    reference = sink.file(DOCUMENT, pieces())
    for path in inbox.iterdir():
        path.unlink()

    assert sink.file(DOCUMENT, pieces()) == reference
    assert names(inbox) == []


def test_the_same_document_of_another_worker_is_another(sink, inbox):
    assert sink.file(DOCUMENT, pieces()) != sink.file(replace(DOCUMENT, ins=ins(2)), pieces())
    assert len(names(inbox)) == 4


@pytest.mark.parametrize("content", [[PDF[:-1]], [PDF, b"x"], [], [PDF.replace(b"1.7", b"1.6")]])
def test_bytes_that_were_not_announced_leave_nothing(sink, inbox, content):
    assert problem_of(sink.file, DOCUMENT, iter(content)) is Problem.DATA
    assert names(inbox) == []


def test_a_connection_lost_half_way_leaves_nothing_and_the_next_try_files_it(sink, inbox):
    def lost():
        yield PDF[:100]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        sink.file(DOCUMENT, lost())
    assert names(inbox) == []
    assert sink.file(DOCUMENT, pieces()) in names(inbox)


def test_what_a_crash_left_half_written_is_removed_at_the_start(sink, inbox):
    (inbox / ".spsti-00.part").write_bytes(b"half")
    (inbox / "theirs.part").write_bytes(b"theirs")

    sink.start()

    assert names(inbox) == ["theirs.part"]


def test_anything_but_a_pdf_has_no_place(sink):
    assert problem_of(sink.file, replace(DOCUMENT, content_type="text/plain"), pieces()) is Problem.NOT_SUPPORTED


def test_an_absent_inbox_is_told(sink, inbox):
    inbox.rmdir()

    assert not sink.health().ok
    assert problem_of(sink.file, DOCUMENT, pieces()) is Problem.UNREACHABLE
    assert problem_of(sink.trace, trace()) is Problem.UNREACHABLE


def test_what_a_worker_was_told_is_put_once(sink, inbox):
    sink.told(TOLD)
    sink.told(TOLD)
    sink.told(replace(TOLD, objects=False))

    told = [json.loads(path.read_text()) for path in inbox.iterdir()]
    assert sorted(one["objects"] for one in told) == [False, True]
    assert {one["kind"] for one in told} == {"told-to-worker"}
    assert not [one for one in told if "told_id" in one]


def test_what_a_worker_was_told_has_its_id_and_is_known_again_from_before_there_were_ids(sink, inbox):
    known = replace(TOLD, told_id="ab" * 16)
    sink.told(known)
    (path,) = inbox.iterdir()
    assert json.loads(path.read_text())["told_id"] == "ab" * 16
    sink.told(TOLD)
    sink.told(known)

    assert list(inbox.iterdir()) == [path]


# --- accesses --------------------------------------------------------------------------------------------------------


def rows(file):
    with file.open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text, delimiter=";"))


def test_an_access_is_one_line_however_often_it_comes(sink, inbox):
    sink.trace(trace())
    sink.trace(trace())
    sink.trace(trace("ff" * 16, practitioner_name="=HYPERLINK(1)\nX;Y"))

    found = rows(inbox / "acces.csv")
    assert [row["trace_id"] for row in found] == [trace().trace_id, "ff" * 16]
    assert found[0]["matricule"] == matricule(1)
    assert found[0]["at"] == "2026-03-14T22:59:00+00:00"
    assert found[1]["practitioner_name"] == "'=HYPERLINK(1) X;Y"


def test_an_import_that_takes_the_file_away_finds_each_access_once(sink, inbox):
    sink.trace(trace())
    (inbox / "acces.csv").rename(inbox / "taken.csv")
    sink.trace(trace())
    sink.trace(trace("ff" * 16))

    assert [row["trace_id"] for row in rows(inbox / "taken.csv")] == [trace().trace_id]
    assert [row["trace_id"] for row in rows(inbox / "acces.csv")] == ["ff" * 16]


def test_many_accesses_at_once_do_not_mix(sink, inbox):
    ids = [f"{number:032x}" for number in range(60)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: sink.trace(trace(one)), ids * 2))

    assert sorted(row["trace_id"] for row in rows(inbox / "acces.csv")) == ids


@pytest.mark.parametrize("cut", [0, 1, 40, 120, -1])
def test_a_line_that_a_crash_cut_is_taken_back_and_written_whole(sink, inbox, cut):
    """The memory says begun, the file ends anywhere in the line."""
    file = inbox / "acces.csv"
    sink.trace(trace("ee" * 16))
    before = file.stat().st_size
    sink.trace(trace())
    with sqlite3.connect(inbox.parent / "data" / "delivered.sqlite") as memory:
        memory.execute("UPDATE delivered SET state = 'begun', start = ? WHERE name = ?", (before, trace().trace_id))
    memory.close()
    os.truncate(file, file.stat().st_size if cut == -1 else before + cut)

    sink.trace(trace("dd" * 16))
    sink.trace(trace())

    assert sorted(row["trace_id"] for row in rows(file)) == sorted([trace().trace_id, "ee" * 16, "dd" * 16])


def test_without_a_file_for_them_accesses_have_no_place(tmp_path):
    assert problem_of(TraceFile(None, tmp_path, 0o640).write, trace()) is Problem.NOT_SUPPORTED


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_accesses_go_into_a_file_and_nothing_else(sink, inbox, kind):
    target = inbox / "acces.csv"
    if kind == "link":
        target.symlink_to(inbox.parent / "elsewhere.csv")
    elif kind == "pipe":
        os.mkfifo(target)
    else:
        target.mkdir()

    assert problem_of(sink.trace, trace()) in {Problem.UNREACHABLE, Problem.ACCESS_REFUSED}
    assert not (inbox.parent / "elsewhere.csv").exists()


# --- options ---------------------------------------------------------------------------------------------------------


def test_both_halves_are_found_by_their_entry_points(inbox):
    given = {"folder": "inbox", "index": "index.csv"}

    assert load_source("folder", given, context(inbox))[1].halves == ("source", "sink")
    assert load_sink("folder", {"inbox": "inbox"}, context(inbox))[1].contract_version == 1


@pytest.mark.parametrize(
    ("options", "path", "words"),
    [
        ({"file_pattern": "{matricule}.pdf"}, "options", "a file name gives no traits"),
        ({}, "index", "missing"),
        ({"index": "../index.csv"}, "index", "inside the folder"),
        ({"index": "index.xlsx"}, "index", "tells its form"),
        ({"index": "i.csv", "file_pattern": "{name}.pdf"}, "file_pattern", "unknown field"),
        ({"index": "i.csv", "file_pattern": "{matricule}{worker}.pdf"}, "file_pattern", "one of them"),
        ({"index": "i.csv", "file_pattern": "{worker}_{worker}.pdf"}, "file_pattern", "twice"),
        ({"index": "i.csv", "file_pattern": "{worker}/a.pdf"}, "file_pattern", "folders"),
        ({"index": "i.csv", "file_pattern": "../{worker}.pdf"}, "file_pattern", "inside the folder"),
        ({"index": "i.csv", "file_pattern": "{worker.pdf"}, "file_pattern", "braces"),
        ({"index": "i.csv", "file_pattern": "{worker}.doc"}, "file_pattern", "at the end"),
        ({"index": "i.csv", "file_pattern": "{last_act_on:DDMM}{worker}.pdf"}, "file_pattern", "are written"),
        ({"index": "i.csv", "words": {"opposition": {"": "no"}}}, "words.opposition", "empty cell is unknown"),
        ({"index": "i.csv", "words": {"opposition": {"N": "nein"}}}, "words.opposition.N", ""),
        ({"index": "i.csv", "file_mode": 0o644}, "file_mode", "owner and group"),
        ({"index": "i.csv", "colums": {}}, "colums", "unknown key"),
        ({"index": "i.csv", "columns": {"nir": "NIR"}}, "columns.nir", "unknown key"),
    ],
)
def test_options_are_refused_by_their_key(options, path, words):
    faults = source_option_faults("folder", {"folder": "x"} | options)

    assert [str(fault) for fault in faults if ".".join(map(str, fault.path)) in {path, ""} and words in str(fault)]


def test_a_sink_wants_to_know_its_inbox():
    assert [fault.path for fault in sink_option_faults("folder", {})] == [("inbox",)]

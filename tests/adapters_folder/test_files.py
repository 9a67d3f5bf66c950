"""Files on their way in, links, and files that are no PDF: never offered, and never a reason to stop."""

import os

import pytest

from connector.contract import AdapterError, Problem
from spsti_adapter_folder.beneath import Signature
from spsti_adapter_folder.settling import Settling
from tests.adapters_folder.export import NOW, PDF, as_csv, ins, line, put
from tests.adapters_folder.test_bad_index import problem_of


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.7 cut", PDF[:-7], b"<html>%%EOF", bytes(5000)],
    ids=["empty", "cut", "no-end", "html", "zeros"],
)
def test_a_file_that_is_no_whole_pdf_is_not_offered(opened, folder, content):
    put(folder, "pdf/1.pdf", content)

    assert problem_of(opened().look, ins(1)) is Problem.DOCUMENT_UNREADABLE


def test_a_file_that_the_index_names_and_nobody_exported_is_told(opened, folder):
    (folder / "pdf/1.pdf").unlink()

    assert problem_of(opened().look, ins(1)) is Problem.DATA


@pytest.mark.parametrize("kind", ["link", "link-inside", "folder-link", "folder", "pipe"])
def test_a_link_or_anything_but_a_file_is_not_followed(opened, folder, kind):
    outside = put(folder.parent, "outside/1.pdf", PDF)
    target = folder / "pdf/1.pdf"
    target.unlink()
    if kind == "link":
        target.symlink_to(outside)
    elif kind == "link-inside":
        target.symlink_to("2.pdf")
    elif kind == "folder":
        target.mkdir()
    elif kind == "pipe":
        os.mkfifo(target)
    else:
        (folder / "pdf/2.pdf").unlink()
        (folder / "pdf").rmdir()
        (folder / "pdf").symlink_to(outside.parent)

    assert problem_of(opened().look, ins(1)) is Problem.DATA


def test_a_file_just_written_is_not_offered_before_it_has_settled(folder, opened):
    put(folder, "pdf/1.pdf", PDF)
    written_at = int((folder / "pdf/1.pdf").stat().st_ctime)

    young = opened(settle_seconds=3600, now=written_at + 10, index_max_age_hours=8760)
    assert problem_of(young.look, ins(1)) is Problem.BUSY  # the index itself has just been written


def test_settling_takes_a_file_whose_closing_was_seen_or_that_stays_the_same():
    seconds = [0.0]
    settling = Settling(10, lambda: NOW, lambda: seconds[0])
    state = Signature(5, (NOW + 100) * 10**9, 0, 1)  # by a clock that is ahead of ours

    assert not settling.is_quiet(("a",), state)
    seconds[0] = 9.9
    assert not settling.is_quiet(("a",), state)
    grown = Signature(6, (NOW + 105) * 10**9, 0, 1)
    assert not settling.is_quiet(("a",), grown)
    seconds[0] = 12
    assert not settling.is_quiet(("a",), grown)
    seconds[0] = 20
    assert settling.is_quiet(("a",), grown)
    assert settling.is_quiet(("b",), Signature(5, (NOW - 10) * 10**9, (NOW - 10) * 10**9, 1))

    settling.was_closed(("c",), state)
    assert settling.is_quiet(("c",), state)
    assert not settling.is_quiet(("c",), grown)


def test_a_document_that_changed_since_it_was_announced_is_gone(opened, folder):
    source = opened()
    announcement = source.look(ins(1)).announcement
    put(folder, "pdf/1.pdf", PDF + b"%%EOF", at=NOW - 3600)

    assert problem_of(lambda: list(source.document(announcement))) is Problem.DOCUMENT_GONE


def test_a_document_that_vanished_since_it_was_announced_is_told(opened, folder):
    source = opened()
    announcement = source.look(ins(1)).announcement
    (folder / "pdf/1.pdf").unlink()

    assert problem_of(lambda: list(source.document(announcement))) is Problem.DATA


def test_a_document_written_over_while_it_is_read_is_given_up(opened, folder):
    source = opened()
    stream = source.document(source.look(ins(1)).announcement)
    next(stream)
    with (folder / "pdf/1.pdf").open("r+b") as other:
        other.write(b"%PDF-2.0")
    os.utime(folder / "pdf/1.pdf", (NOW, NOW))

    assert problem_of(lambda: list(stream)) is Problem.DOCUMENT_GONE


def test_a_document_replaced_while_it_is_read_is_read_to_its_end(opened, folder):
    source = opened()
    stream = source.document(source.look(ins(1)).announcement)
    first = next(stream)
    put(folder, "pdf/1.pdf", b"%PDF- another %%EOF")

    assert first + b"".join(stream) == PDF


@pytest.mark.parametrize("reference", ["", "zz", "00" * 16])
def test_an_announcement_that_is_not_of_this_folder_is_gone(opened, reference):
    source = opened()
    announcement = source.look(ins(1)).announcement
    object.__setattr__(announcement, "record_ref", reference)

    with pytest.raises(AdapterError) as raised:
        list(source.document(announcement))
    assert raised.value.problem is Problem.DOCUMENT_GONE


def test_an_older_record_is_gone_once_a_newer_one_may_be_given(opened, folder):
    source = opened(start=False)
    announcement = source.look(ins(1)).announcement
    put(folder, "new.pdf", PDF)
    put(folder, "index.csv", as_csv([line(1), line(1, file="new.pdf", last_act_on="2026-01-01")]))
    source._export.refresh()

    assert problem_of(lambda: list(source.document(announcement))) is Problem.DOCUMENT_GONE

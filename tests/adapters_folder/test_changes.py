"""What changes in the folder: noticed by inotify or by the poll, taken in whole, and not read again at a restart."""

import os
import queue
import re
import sqlite3
import threading
from pathlib import Path

import pytest

from connector.contract import Problem
from spsti_adapter_folder.watching import Watcher
from tests.adapters_folder.export import COLUMNS, NOW, PDF, as_csv, ins, line, matricule, put
from tests.adapters_folder.test_bad_index import problem_of

WAIT = 60
BY_NAME = {"file_pattern": "pdf/{matricule}_{last_act_on}.pdf"}


class Told:
    """A listener that only remembers; asked to refresh, it says what the test told it to."""

    def __init__(self):
        self.events = queue.Queue()

    def refresh(self):
        self.events.put("refresh")

    def arrived(self, folder, name, *, is_moved):
        self.events.put(("arrived", name))
        return name == "index.csv"

    def left(self, folder, name):
        self.events.put(("left", name))
        return False

    def lost(self):
        self.events.put("lost")

    def next(self):
        return self.events.get(timeout=WAIT)


@pytest.fixture
def watch():
    watchers = []

    def make(folder, listener, poll_seconds=3600):
        watchers.append(Watcher((folder,), poll_seconds, listener))
        watchers[-1].start()
        return watchers[-1]

    yield make
    for watcher in watchers:
        watcher.stop(WAIT)


def test_a_file_is_told_when_it_is_closed_and_not_before(watch, tmp_path):
    told = Told()
    watch(tmp_path, told)
    assert told.next() == "refresh"

    with (tmp_path / "1.pdf").open("wb") as out:
        out.write(b"half")
        out.flush()
        (tmp_path / "2.pdf").touch()
        assert told.next() == ("arrived", "2.pdf")
    assert told.next() == ("arrived", "1.pdf")
    (tmp_path / "1.pdf").rename(tmp_path / "3.pdf")
    assert {told.next(), told.next()} == {("left", "1.pdf"), ("arrived", "3.pdf")}
    (tmp_path / "3.pdf").unlink()
    assert told.next() == ("left", "3.pdf")


def test_a_file_that_matters_makes_it_look_again_at_once(watch, tmp_path):
    told = Told()
    watch(tmp_path, told)
    assert told.next() == "refresh"

    put(tmp_path, "index.csv", b"x")

    seen = [told.next()]
    while seen[-1] != "refresh":
        seen.append(told.next())
    assert ("arrived", "index.csv") in seen


def test_the_poll_goes_on_where_nobody_tells(watch, tmp_path):
    told = Told()
    watcher = watch(tmp_path / "absent", told, poll_seconds=0.01)

    assert [told.next() for _ in range(3)] == ["refresh"] * 3
    assert not watcher.is_told


def test_lost_events_end_in_a_look_at_everything(watch, tmp_path):
    """The kernel's queue is filled while the listener is held up in its first refresh."""

    class Slow(Told):
        go_on = threading.Event()

        def refresh(self):
            super().refresh()
            assert self.go_on.wait(WAIT)

    told = Slow()
    watch(tmp_path, told)
    assert told.next() == "refresh"
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 100_000:
        pytest.skip("the queue of events is too long here to be filled")
    names = [tmp_path / "a", tmp_path / "b"]
    names[0].touch()
    for number in range(limit // 2 + 100):
        names[number % 2].rename(names[1 - number % 2])
    told.go_on.set()

    seen = told.next()
    while seen != "lost":
        seen = told.next()
    while seen != "refresh":
        seen = told.next()


# --- what becomes of it ----------------------------------------------------------------------------------------------


def test_a_new_index_answers_and_the_former_does_until_then(opened, folder):
    source = opened(start=False)
    put(folder, "index.csv", as_csv([line(1, opposition="yes")]))
    assert source.look(ins(2)).identity is not None

    source._export.refresh()

    assert source.look(ins(2)).identity is None
    assert source.look(ins(1)).opposition.value == "yes"


def test_an_index_written_over_in_place_is_no_answer_until_it_is_read(opened, folder):
    source = opened(start=False)
    (folder / "index.csv").write_text(as_csv([line(2)]))

    assert problem_of(source.look, ins(1)) is Problem.BUSY
    assert problem_of(source.look, ins(4)) is Problem.BUSY
    source._export.refresh()
    assert source.look(ins(1)).identity is None


def test_an_index_still_being_written_is_left_alone_and_the_former_goes_on(opened, folder):
    source = opened(start=False, settle_seconds=3600, now=NOW + 10**9, index_max_age_hours=8760)
    assert problem_of(source.look, ins(1)) is Problem.UNREACHABLE  # stale: the clock of this test is far ahead
    os.utime(folder / "index.csv", (NOW + 10**9, NOW + 10**9))
    assert source._export.refresh() == 3600


def test_a_broken_index_ends_the_answers_and_a_good_one_brings_them_back(opened, folder):
    source = opened(start=False)
    put(folder, "index.csv", "nothing;of;use\r\n")
    source._export.refresh()
    source._export.refresh()

    assert problem_of(source.look, ins(1)) is Problem.SCHEMA
    put(folder, "index.csv", as_csv([line(1)]))
    source._export.refresh()
    assert source.look(ins(1)).announcement is not None


def test_an_index_closed_between_its_lines_is_not_taken_for_whole(opened, folder):
    source = opened(start=False, settle_seconds=3600, index_max_age_hours=8760)
    assert source._export.arrived(folder, "index.csv", is_moved=False)
    source._export.refresh()
    assert problem_of(source.look, ins(1)) is Problem.BUSY

    assert source._export.arrived(folder, "index.csv", is_moved=True)
    source._export.refresh()
    assert source.look(ins(3)).identity is not None


def test_an_index_cut_by_half_is_not_believed_until_somebody_says_so(opened, folder):
    put(folder, "index.csv", as_csv([line(number, file="") for number in range(1, 121)]))
    source = opened(start=False)
    put(folder, "index.csv", as_csv([line(number, file="") for number in range(1, 60)]))
    source._export.refresh()

    assert problem_of(source.look, ins(1)) is Problem.SCHEMA
    assert source.health().detail == "index.shrunk 59 lines after 120"
    source.close()
    assert problem_of(opened().look, ins(1)) is Problem.SCHEMA
    assert opened(least_share_of_former=0.1).look(ins(1)).identity is not None


def test_an_index_taken_away_ends_the_answers(opened, folder):
    source = opened(start=False)
    (folder / "index.csv").unlink()
    source._export.refresh()

    assert problem_of(source.look, ins(1)) is Problem.UNREACHABLE


def test_a_share_that_goes_and_comes_back_is_answered_from_again(opened, folder):
    source = opened(start=False)
    folder.rename(folder.parent / "gone")
    source._export.refresh()
    assert problem_of(source.look, ins(1)) is Problem.UNREACHABLE

    (folder.parent / "gone").rename(folder)
    source._export.refresh()
    assert source.look(ins(1)).announcement is not None


def test_the_watch_takes_in_what_arrives(folder, opened, watch):
    """The whole way, by inotify: a file that the pattern finds, then an index."""
    put(folder, "index.csv", as_csv([line(1)], tuple(name for name in COLUMNS if name != "file")))
    source = opened(start=False, settle_seconds=3600, index_max_age_hours=8760, **BY_NAME)
    seen = queue.Queue()

    class Listener:
        def __getattr__(self, name):
            def call(*args, **more):
                result = getattr(source._export, name)(*args, **more)
                seen.put((name, *args[1:]))
                return result

            return call

    def until(event):
        while seen.get(timeout=WAIT) != event:
            pass

    watcher = Watcher(source._export.watched(), 3600, Listener())
    watcher.start()
    until(("refresh",))
    assert problem_of(source.look, ins(1)) is Problem.BUSY  # nobody saw how the index was written: it has to settle
    put(folder, "index.csv", as_csv([line(1)], tuple(name for name in COLUMNS if name != "file")))
    until(("refresh",))
    name = f"{matricule(1)}_2026-01-02.pdf"
    put(folder, f"pdf/{name}", PDF)
    until(("arrived", name))
    assert str(source.look(ins(1)).announcement.last_act_on) == "2026-01-02"
    (folder / "pdf" / name).unlink()
    until(("left", name))
    watcher.stop(WAIT)

    assert source.look(ins(1)).announcement is None


def test_after_lost_events_the_folder_is_listed_anew(opened, folder):
    put(folder, "index.csv", as_csv([line(1)], tuple(name for name in COLUMNS if name != "file")))
    source = opened(start=False, **BY_NAME)
    before = (folder / "pdf").stat()
    put(folder, f"pdf/{matricule(1)}_2026-01-02.pdf", PDF)
    os.utime(folder / "pdf", ns=(before.st_atime_ns, before.st_mtime_ns))  # a share that keeps no such time
    source._export.refresh()
    assert source.look(ins(1)).announcement is None

    source._export.lost()
    source._export.refresh()

    assert source.look(ins(1)).announcement is not None


def test_with_an_index_and_no_listing_yet_nobody_is_said_to_have_no_record(opened, folder):
    """The files are listed first: a folder that cannot be listed ends the answers."""
    put(folder, "index.csv", as_csv([line(1)], tuple(name for name in COLUMNS if name != "file")))
    source = opened(start=False, file_pattern="elsewhere/{matricule}_{last_act_on}.pdf")

    assert not source.health().ok
    assert problem_of(source.look, ins(1)) is Problem.UNREACHABLE


# --- the cache -------------------------------------------------------------------------------------------------------


def generation(folder):
    with sqlite3.connect(folder.parent / "data" / "folder.sqlite") as database:
        ((number,),) = database.execute("SELECT value FROM note WHERE name = 'generation'").fetchall()
    database.close()
    return number


def test_a_restart_reads_nothing_again_that_is_as_it_was(opened, folder):
    opened().close()

    source = opened()

    assert generation(folder) == "1"
    assert source.look(ins(1)).announcement is not None
    assert "3 lines" in source.health().detail


@pytest.mark.parametrize("spoil", ["other-options", "key", "rubbish", "other-index"])
def test_a_cache_that_does_not_fit_any_more_is_made_anew(opened, folder, spoil):
    opened().close()
    data = folder.parent / "data"
    options = {"words": {"opposition": {"o": "yes"}}} if spoil == "other-options" else {}
    if spoil == "key":
        (data / "folder.key").write_bytes(b"short")
    elif spoil == "rubbish":
        (data / "folder.sqlite").write_bytes(b"SQLite? no" * 1000)
    elif spoil == "other-index":
        put(folder, "index.csv", as_csv([line(1)]))

    source = opened(**options)

    assert source.look(ins(1)).announcement is not None
    assert (source.look(ins(2)).identity is None) == (spoil == "other-index")


def test_the_cache_holds_no_identity(opened, folder):
    put(folder, f"pdf/{matricule(1)}_2026-01-02.pdf", PDF)
    source = opened(**BY_NAME)
    assert source.look(ins(1)).announcement is not None
    source.close()

    kept = b"".join(file.read_bytes() for file in (folder.parent / "data").iterdir())

    assert not re.search(rb"279035121|PAT-TROIS|DOMINIQUE|1979", kept)
    assert oct((folder.parent / "data" / "folder.key").stat().st_mode)[-3:] == "600"


def test_before_the_first_reading_the_answer_is_to_come_back_later(opened):
    source = opened(start=False)
    source._export._publish(None)

    assert problem_of(source.look, ins(1)) is Problem.BUSY
    assert source.health().detail == "index.not_read"

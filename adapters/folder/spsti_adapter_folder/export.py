"""The export as it stands: which reading of the index answers now, which files the pattern found, and what is wrong.

One thread (`watching`) looks at the folder and brings the cache up to date; the adapter's threads ask. An index that
cannot be used as a whole ends all answers: yesterday's does not know yesterday's objections.
"""

import os
import threading
import time
from hashlib import sha256
from pathlib import Path

from connector.contract import AdapterContext, AdapterError, AdapterHealth, Problem
from spsti_adapter_folder.beneath import Signature, of_folder, open_beneath, parse_place
from spsti_adapter_folder.cache import Cache, write_notes
from spsti_adapter_folder.faults import IndexCode, IndexFault
from spsti_adapter_folder.forms import Csv, form_of
from spsti_adapter_folder.index_file import IndexFile
from spsti_adapter_folder.indexing import Indexing, spaced
from spsti_adapter_folder.listing import Listing
from spsti_adapter_folder.options import FolderSourceOptions
from spsti_adapter_folder.pattern import NamePattern
from spsti_adapter_folder.rows import Rows, today_in_france
from spsti_adapter_folder.settling import Settling
from spsti_adapter_folder.tags import Tags
from spsti_adapter_folder.watching import Watcher

_START_SECONDS = 10.0
_STOP_SECONDS = 4.0
_PAUSE_SECONDS = 0.001
_COMPARED_FROM = 100
"""Lines of an index that is worth comparing with the next."""

_PROBLEMS = {
    IndexCode.NOT_READ: Problem.BUSY,
    IndexCode.CHANGING: Problem.BUSY,
    IndexCode.MISSING: Problem.UNREACHABLE,
    IndexCode.STALE: Problem.UNREACHABLE,
    IndexCode.UNREADABLE: Problem.ACCESS_REFUSED,
    IndexCode.HEADER: Problem.SCHEMA,
    IndexCode.CUT: Problem.SCHEMA,
    IndexCode.EMPTY: Problem.SCHEMA,
    IndexCode.SHRUNK: Problem.SCHEMA,
}


class Export:
    """Implements `watching.Listener`."""

    def __init__(self, options: FolderSourceOptions, context: AdapterContext) -> None:
        self.folder = context.config_directory / options.folder
        self._options, self._context = options, context
        self._data = context.data_directory
        self._index_place = parse_place(options.index)
        self.pattern = NamePattern.parse(options.file_pattern) if options.file_pattern else None
        self.rows = Rows(options)
        self.settling = Settling(options.settle_seconds, context.now)
        self.cache = Cache(self._data / "folder.sqlite")
        self._tags: Tags | None = None
        self._listing: Listing | None = None
        self._index: IndexFile | None = None
        self._fault: IndexFault | None = IndexFault(IndexCode.NOT_READ)
        self._refused: tuple[Signature, IndexFault] | None = None
        self._missing_since: float | None = None
        self._retired: list[IndexFile] = []
        self._is_read = threading.Event()
        self._is_closing = threading.Event()
        self._watcher: Watcher | None = None

    @property
    def tags(self) -> Tags:
        """The tags of this cache.

        Raises:
            AdapterError: `busy`, before `start`.
        """
        if self._tags is None:
            raise AdapterError(Problem.BUSY, IndexCode.NOT_READ)
        return self._tags

    def start(self) -> None:
        """Open the cache and begin to watch. A first reading that takes long goes on after this has returned.

        Raises:
            AdapterError: the data directory cannot be used.
        """
        self.open()
        self._watcher = Watcher(self.watched(), self._options.poll_seconds, self)
        self._watcher.start()
        self._is_read.wait(_START_SECONDS)

    def open(self) -> None:
        """Open the cache alone; from then on `refresh` may be called, by one thread.

        Raises:
            AdapterError: the data directory cannot be used.
        """
        try:
            self._tags = Tags.kept_in(self._data / "folder.key")
        except OSError as error:
            raise AdapterError(of_folder(error), error) from error
        shape = self._options.model_dump_json(exclude={"poll_seconds", "settle_seconds", "traces", "file_mode"})
        self.cache.prepare(sha256(shape.encode() + self._tags.check()).hexdigest())
        if self.pattern is not None:
            self._listing = Listing(self.folder, self.pattern, self.cache, self._tags, self.settling)

    def watched(self) -> tuple[Path, ...]:
        """Give the folders in which a change matters: the index's, and the one that the pattern names."""
        folders = [self.folder.joinpath(*self._index_place[:-1])]
        if self._listing is not None:
            folders.append(self._listing.folder)
        return tuple(dict.fromkeys(folders))

    def close(self) -> None:
        """End the watching and let go of cache and index."""
        self._is_closing.set()
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.stop(_STOP_SECONDS)
        self._publish(None)
        self.cache.close()

    def current(self) -> IndexFile:
        """Give the index that answers now.

        Raises:
            AdapterError: there is none that may answer.
        """
        index, fault = self._index, self._fault_now()
        if fault is not None or index is None:
            raise AdapterError(_PROBLEMS[fault.code if fault else IndexCode.NOT_READ], fault)
        return index

    def health(self) -> AdapterHealth:
        """Say what the last look at the folder found."""
        fault = self._fault_now()
        if fault is not None:
            return AdapterHealth(ok=False, detail=f"{fault.code.value} {fault.detail}".strip())
        words = [self.cache.note("report")]
        if self._listing is not None:
            words.append(self.cache.note("listing"))
        if self._watcher is not None and not self._watcher.is_told:
            words.append("found by polling only")
        return AdapterHealth(ok=True, detail="; ".join(word for word in words if word))

    def refresh(self) -> float | None:
        """Look at the index and the folder again (`watching.Listener`)."""
        soon: float | None = None
        try:
            # The files first: with an index and no files, everybody would have no record.
            if self._listing is not None:
                self._listing.refresh()
            soon = self._look_at_index()
        except IndexFault as fault:
            self._fault = fault
        except AdapterError as error:
            is_refused = error.problem is Problem.ACCESS_REFUSED
            self._fault = IndexFault(IndexCode.UNREADABLE if is_refused else IndexCode.MISSING, "the folder")
        except _Stopped:
            return None
        except Exception as error:  # noqa: BLE001  the thread goes on; the next poll tries again
            self._fault = IndexFault(IndexCode.UNREADABLE, type(error).__name__)
        self._is_read.set()
        return soon

    def arrived(self, folder: Path, name: str, *, is_moved: bool) -> bool:
        """Take note of a file that is whole (`watching.Listener`).

        An index that was only closed may be opened again for its next line: it has to settle.
        """
        if folder / name == self.folder.joinpath(*self._index_place):
            if is_moved:
                self._note_moved()
            return True
        if self._listing is not None and folder == self._listing.folder:
            self._listing.arrived(name)
        return False

    def left(self, folder: Path, name: str) -> bool:
        """Take note of a file that went away (`watching.Listener`)."""
        if self._listing is not None and folder == self._listing.folder:
            self._listing.left(name)
        return folder / name == self.folder.joinpath(*self._index_place)

    def lost(self) -> None:
        """Read the folder anew at the next refresh (`watching.Listener`)."""
        if self._listing is not None:
            self._listing.forget()

    def _look_at_index(self) -> float | None:
        """Read the index if it is another one and nobody writes it; give the seconds after which to look again."""
        self._drop_retired()
        settle = self._options.settle_seconds
        try:
            descriptor = open_beneath(self.folder, self._index_place)
        except AdapterError as error:
            return self._index_missing(error, settle)
        self._missing_since = None
        signature = Signature.of(os.fstat(descriptor))
        try:
            if self._index is not None and self._index.signature == signature:
                self._fault = None
                return None
            if self._refused is not None and self._refused[0] == signature:
                raise self._refused[1]
            if not self.settling.is_quiet(self._index_place, signature):
                return max(settle, 0.1)
            self._read(descriptor, signature)
            descriptor = -1  # the index has it now
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        return None

    def _index_missing(self, error: AdapterError, settle: float) -> float | None:
        """Some exports delete the index before they write it: for a moment the former one goes on."""
        now = time.monotonic()
        self._missing_since = now if self._missing_since is None else self._missing_since
        left = settle - (now - self._missing_since)
        if self._index is not None and self._fault is None and left > 0:
            return left
        is_missing = error.problem is Problem.UNREACHABLE or isinstance(error.__cause__, FileNotFoundError)
        raise IndexFault(IndexCode.MISSING if is_missing else IndexCode.UNREADABLE)

    def _read(self, descriptor: int, signature: Signature) -> None:
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            try:
                form = form_of(self._options, stream)
                if isinstance(form, Csv) and (missing := self.rows.missing(form.header)):
                    raise IndexFault(IndexCode.HEADER, f"no column {', '.join(missing)}"[:160])
                generation = int(self.cache.note("generation") or 0)
                if self.cache.note("index") != repr(signature):
                    generation += 1
                    key_field = self.pattern.key_field if self.pattern else None
                    indexing = Indexing(self.rows, self.tags, key_field, self._pause)
                    today = today_in_france(self._context.now())
                    with self.cache.writing() as connection:
                        report = indexing.run(connection, generation, form, stream, today)
                        self._compare(report.lines)
                        if Signature.of(os.fstat(descriptor)) != signature:
                            raise IndexFault(IndexCode.CHANGING)
                        write_notes(
                            connection,
                            {
                                "generation": str(generation),
                                "index": repr(signature),
                                "report": report.words(),
                                "lines": str(report.lines),
                            },
                        )
                    report.write(self._data / "faults.csv")
            except IndexFault as fault:
                if fault.code is not IndexCode.CHANGING:
                    self._refused = (signature, fault)
                raise
        self._refused = None
        self._publish(IndexFile(descriptor, signature, form, generation))

    def _compare(self, lines: int) -> None:
        """Refuse an index that is so much shorter than the former one that its export was cut, most likely."""
        former = int(self.cache.note("lines") or 0)
        if former >= _COMPARED_FROM and lines < former * self._options.least_share_of_former:
            raise IndexFault(IndexCode.SHRUNK, f"{spaced(lines)} lines after {spaced(former)}")

    def _publish(self, index: IndexFile | None) -> None:
        former, self._index = self._index, index
        self._fault = None if index is not None else IndexFault(IndexCode.NOT_READ)
        if former is not None:
            former.retire()
            self._retired.append(former)

    def _drop_retired(self) -> None:
        """Forget the generations that nobody reads any more."""
        if self._retired and self._index is not None and all(index.is_closed for index in self._retired):
            self._retired.clear()
            self.cache.forget(self._index.generation)

    def _fault_now(self) -> IndexFault | None:
        if self._fault is None and self._index is not None:
            age = self._context.now() - self._index.signature.mtime_ns / 1e9
            if age > self._options.index_max_age_hours * 3600:
                return IndexFault(IndexCode.STALE, f"no new one for {age / 86400:.0f} days: see the export")
        return self._fault

    def _note_moved(self) -> None:
        try:
            descriptor = open_beneath(self.folder, self._index_place)
        except AdapterError:
            return
        self.settling.was_closed(self._index_place, Signature.of(os.fstat(descriptor)))
        os.close(descriptor)

    def _pause(self) -> None:
        """Let other threads work for a moment."""
        if self._is_closing.wait(_PAUSE_SECONDS):
            raise _Stopped


class _Stopped(Exception):
    """The adapter is being closed."""

"""The folder read for the connector. All methods are plain: a disk or a share may be slow, the event loop not."""

import os
from collections.abc import Iterator
from typing import ClassVar

from connector.contract import (
    AdapterContext,
    AdapterError,
    AdapterHealth,
    AdapterOptions,
    Announcement,
    Counts,
    Ins,
    Look,
    Problem,
    Source,
    Trace,
)
from spsti_adapter_folder.answers import Answers
from spsti_adapter_folder.beneath import Signature, opened
from spsti_adapter_folder.counting import count
from spsti_adapter_folder.export import Export
from spsti_adapter_folder.options import FolderSourceOptions
from spsti_adapter_folder.rows import today_in_france
from spsti_adapter_folder.traces import TraceFile

_PIECE = 256 * 1024


class FolderSource(Source):
    """Reads an index and the PDFs it names; writes accesses into a CSV for the vendor's import."""

    contract_version = 1
    Options: ClassVar[type[AdapterOptions]] = FolderSourceOptions

    def __init__(self, options: FolderSourceOptions, context: AdapterContext) -> None:
        self.tells_opposition = options.tells_opposition
        self._context = context
        self._export = Export(options, context)
        self._answers = Answers(self._export)
        traces = None if options.traces is None else context.config_directory / options.traces
        self._traces = TraceFile(traces, context.data_directory, options.file_mode)

    def start(self) -> None:
        """Open the cache and begin to watch the folder."""
        self._export.start()

    def look(self, ins: Ins) -> Look:
        """Answer from the index and the newest file."""
        return self._answers.look(ins, today_in_france(self._context.now()))

    def document(self, announcement: Announcement) -> Iterator[bytes]:
        """Read the PDF, if it still is the one to give and nobody touches it meanwhile."""
        place = self._answers.place_of(announcement, today_in_france(self._context.now()))
        with opened(self._export.folder, place) as descriptor:
            before = Signature.of(os.fstat(descriptor))
            if before.version() != announcement.version:
                raise AdapterError(Problem.DOCUMENT_GONE)
            read = 0
            while piece := os.read(descriptor, _PIECE):
                read += len(piece)
                yield piece
            # One that was replaced meanwhile lost its name, which changes its ctime, and was read whole.
            after = Signature.of(os.fstat(descriptor))
            if (read, before.mtime_ns) != (after.size, after.mtime_ns):
                raise AdapterError(Problem.DOCUMENT_GONE, "written over while it was read")

    def trace(self, trace: Trace) -> None:
        """Append the access to the CSV that the vendor's software takes in."""
        self._traces.write(trace)

    def health(self) -> AdapterHealth:
        """Say what the last look at the folder found."""
        return self._export.health()

    def counts(self) -> Counts:
        """Count by the cache and one listing of the folder."""
        return count(self._export, tells_opposition=self.tells_opposition)

    def close(self) -> None:
        """End the watching."""
        self._export.close()

"""Accesses as lines of a CSV that the vendor's import takes in: each `trace_id` once, durable when the call returns.

Before a line is written, where it will begin is kept. After a crash between line and memory, the next try looks there:
a whole line counts, a cut one is taken back. An import takes the file by renaming it, so that no line falls between
reading and emptying.
"""

import csv
import fcntl
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from connector.contract import AdapterError, Instant, Problem, Trace
from spsti_adapter_folder.beneath import of_folder
from spsti_adapter_folder.delivering import sync_folder
from spsti_adapter_folder.memory import Memory

COLUMNS = (
    "trace_id",
    "at",
    "action",
    "matricule",
    "oid",
    "peer",
    "practitioner_id",
    "practitioner_name",
    "purpose_system",
    "purpose_code",
    "outcome",
)
_LONGEST_LINE = 64 * 1024


class TraceFile:
    """One CSV, written by both halves; None where the vendor's software takes in none."""

    def __init__(self, file: Path | None, data_directory: Path, mode: int) -> None:
        self._file, self._data, self._mode = file, data_directory, mode
        self._memory = Memory(data_directory / "delivered.sqlite")

    def write(self, trace: Trace) -> None:
        """Append one access.

        Raises:
            AdapterError: `not-supported`, there is no file; `unreachable` or `access-refused`, it cannot be written.
        """
        if self._file is None:
            raise AdapterError(Problem.NOT_SUPPORTED, "no traces configured")
        try:
            with self._alone(), self._memory.open() as memory:
                found = memory.execute(
                    "SELECT state, start FROM delivered WHERE name = ?", (trace.trace_id,)
                ).fetchone()
                if found is not None and found[0] == "done":
                    return
                with self._opened(self._file) as descriptor:
                    begun = -1 if found is None else int(found[1])
                    start = _end_of_lines(descriptor)
                    if not _stands_at(descriptor, begun, text_of(trace, with_header=not begun)):
                        memory.execute(
                            "INSERT OR REPLACE INTO delivered VALUES (?, 'begun', ?)", (trace.trace_id, start)
                        )
                        _append(descriptor, start, text_of(trace, with_header=not start))
                memory.execute("INSERT OR REPLACE INTO delivered VALUES (?, 'done', NULL)", (trace.trace_id,))
        except OSError as error:
            raise AdapterError(of_folder(error), error) from error

    @contextmanager
    def _opened(self, file: Path) -> Iterator[int]:
        is_new = not file.exists()
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(file, flags, self._mode)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise AdapterError(Problem.ACCESS_REFUSED, "no regular file")
            if is_new:
                os.fchmod(descriptor, self._mode)
                sync_folder(file.parent)
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep the other threads, and the other half of the adapter, out of the file."""
        descriptor = os.open(self._data / "traces.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def text_of(trace: Trace, *, with_header: bool) -> bytes:
    """Write one access as a line, after the header where the file is new."""
    cells = (
        trace.trace_id,
        moment(trace.at),
        trace.action.value,
        trace.ins.matricule.value,
        trace.ins.oid.value,
        trace.peer.value,
        trace.practitioner_id,
        trace.practitioner_name,
        trace.purpose.system,
        trace.purpose.code,
        trace.outcome,
    )
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    if with_header:
        writer.writerow(COLUMNS)
    writer.writerow([_plain(cell) for cell in cells])
    return text.getvalue().encode()


def moment(at: Instant) -> str:
    """Give an instant in ISO 8601 with its zone."""
    return datetime.fromtimestamp(at, UTC).isoformat()


def _plain(cell: str) -> str:
    """Keep a cell on its line, and from being a formula where the file is opened as a table."""
    flat = "".join(char if char.isprintable() else " " for char in cell)
    return f"'{flat}" if flat.startswith(("=", "+", "-", "@")) else flat


def _end_of_lines(descriptor: int) -> int:
    """Give where the next line begins; what an interrupted try left of one is taken back."""
    size = os.fstat(descriptor).st_size
    tail_at = max(size - _LONGEST_LINE, 0)
    tail = os.pread(descriptor, _LONGEST_LINE, tail_at)
    end = tail_at + tail.rfind(b"\n") + 1
    if end != size:
        os.ftruncate(descriptor, end)
    return end


def _stands_at(descriptor: int, start: int, text: bytes) -> bool:
    """Whether an interrupted try had written its line; the file that had it may have been taken away since.

    Then nobody here can know: the line is written again, and `trace_id` tells the import.
    """
    if start < 0 or os.pread(descriptor, len(text), start) != text:
        return False
    os.fsync(descriptor)
    return True


def _append(descriptor: int, start: int, text: bytes) -> None:
    try:
        at = start
        while at < start + len(text):
            at += os.pwrite(descriptor, text[at - start :], at)
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, start)
        raise

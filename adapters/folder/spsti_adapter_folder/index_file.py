"""An index that is open: its lines are read again alone, by their place, for as long as somebody uses it.

An index that was replaced by renaming stays readable through its descriptor; one that is written over in place does
not, and is noticed.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from connector.contract import AdapterError, Problem
from spsti_adapter_folder.beneath import Signature
from spsti_adapter_folder.faults import IndexCode
from spsti_adapter_folder.forms import Cells, Form, Span


class IndexFile:
    """One generation's file; the descriptor becomes its own and is closed after `retire` and the last lease."""

    def __init__(self, descriptor: int, signature: Signature, form: Form, generation: int) -> None:
        self.signature, self.generation = signature, generation
        self._descriptor, self._form = descriptor, form
        self._lock = threading.Lock()
        self._leases, self._is_retired = 0, False

    @contextmanager
    def leased(self) -> Iterator["IndexFile"]:
        """Use the file; it was the one that was asked for to the end, or the answer is none.

        Raises:
            AdapterError: `busy`, it is being written over.
        """
        with self._lock:
            if self._is_retired and not self._leases:
                raise AdapterError(Problem.BUSY, IndexCode.CHANGING)
            self._leases += 1
        try:
            yield self
            self._check()
        finally:
            with self._lock:
                self._leases -= 1
                self._close_if_over()

    def cells(self, span: Span) -> Cells:
        """Read one line again.

        Raises:
            AdapterError: `busy`, the file is shorter than it was.
            LineFault: the line cannot be read.
        """
        line = os.pread(self._descriptor, span.length, span.offset)
        if len(line) != span.length:
            raise AdapterError(Problem.BUSY, IndexCode.CHANGING)
        return self._form.cells(line)

    def retire(self) -> None:
        """Let go of the file; whoever uses it now may finish."""
        with self._lock:
            self._is_retired = True
            self._close_if_over()

    @property
    def is_closed(self) -> bool:
        """Whether nobody will use it again."""
        return self._descriptor < 0

    def _check(self) -> None:
        # Not the whole signature: a file that was replaced loses its name, and that changes its ctime.
        found = Signature.of(os.fstat(self._descriptor))
        if (found.size, found.mtime_ns) != (self.signature.size, self.signature.mtime_ns):
            raise AdapterError(Problem.BUSY, IndexCode.CHANGING)

    def _close_if_over(self) -> None:
        if self._is_retired and not self._leases and self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

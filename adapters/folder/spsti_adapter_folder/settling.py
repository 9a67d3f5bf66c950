"""Whether a file is whole: nobody changed it for a while, or it was seen to be closed or moved in; and it is a PDF.

On a share nobody tells that a file was closed, and the server's clock may differ from ours: so a file also counts as
settled when it was seen unchanged for long enough by our own monotonic clock.
"""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from connector.contract import Instant
from spsti_adapter_folder.beneath import Place, Signature

_HEAD = b"%PDF-"
_TAIL = b"%%EOF"
_TAIL_BYTES = 1024
_REMEMBERED = 8192
_T = TypeVar("_T")


class Settling:
    """Remembers, for the files asked for last, which state was found whole, or since when it has been the same."""

    def __init__(
        self, seconds: float, now: Callable[[], Instant], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._now, self._monotonic = seconds, now, monotonic
        self._whole: _Memory[Signature] = _Memory()
        self._since: _Memory[tuple[Signature, float]] = _Memory()
        self._closed: _Memory[Signature] = _Memory()

    def was_closed(self, place: Place, signature: Signature) -> None:
        """Take note that a writer closed or moved in this file, in this state."""
        self._closed.keep(place, signature)

    def is_quiet(self, place: Place, signature: Signature) -> bool:
        """Whether nobody is writing this file any more, as far as can be known. With no seconds to wait, always."""
        if not self._seconds or self._closed.get(place) == signature:
            return True
        if self._seconds <= self._now() - signature.changed_at:
            return True
        seen = self._since.get(place)
        if seen is None or seen[0] != signature:
            self._since.keep(place, (signature, self._monotonic()))
            return False
        return self._monotonic() - seen[1] >= self._seconds

    def is_whole_pdf(self, place: Place, signature: Signature, descriptor: int) -> bool:
        """Whether it is quiet and has a PDF's beginning and end; a file cut short has no end."""
        if self._whole.get(place) == signature:
            return True
        if not self.is_quiet(place, signature):
            return False
        tail_at = max(signature.size - _TAIL_BYTES, 0)
        if os.pread(descriptor, len(_HEAD), 0) != _HEAD or _TAIL not in os.pread(descriptor, _TAIL_BYTES, tail_at):
            return False
        self._whole.keep(place, signature)
        return True


class _Memory(Generic[_T]):
    """The newest of what several threads found out, by file."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Place, _T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, place: Place) -> _T | None:
        return self._kept.get(place)

    def keep(self, place: Place, thing: _T) -> None:
        with self._lock:
            self._kept.pop(place, None)
            self._kept[place] = thing
            if len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)

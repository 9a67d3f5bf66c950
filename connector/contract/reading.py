"""What the conformance kit checks of a document: the same bytes twice, in small pieces, a whole PDF, not held whole."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from connector.contract.findings import Finding
from connector.contract.guard import SourceGuard
from connector.core.records import Announcement
from connector.core.units import MIB

MAX_PIECE: Final = 1024 * 1024
LARGE: Final = 16 * MIB
"""From this size on, a document tells whether it is held whole."""

_EDGE: Final = 1024

Memory = Callable[[], int | None]
"""How much memory the adapter's process holds now, in bytes; None where the system does not tell."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What is kept of a document that was read: never the whole. Times in milliseconds; `grown` is memory in bytes."""

    sha256: bytes
    size: int
    largest: int
    head: bytes
    tail: bytes
    first_ms: float
    whole_ms: float
    grown: int | None


async def document_findings(
    guard: SourceGuard, announcement: Announcement, subject: str, memory: Memory
) -> list[Finding]:
    """Read a document twice and once in part.

    Raises:
        AdapterFault: it cannot be read.
    """
    read = await _read(guard, announcement, memory)
    again = await _read(guard, announcement, memory)
    await leave_early(guard, announcement)
    is_same = read.sha256 == again.sha256
    same = f"the same version gives {'the same' if is_same else 'other'} bytes the second time"
    largest = f"{read.size} bytes, largest piece {read.largest} of {MAX_PIECE} at most"
    found = [
        Finding(is_same, subject, same),
        _streaming(f"{subject}, streaming", read),
        Finding(read.largest <= MAX_PIECE, subject, largest),
    ]
    if announcement.content_type == "application/pdf":
        is_pdf = read.head.startswith(b"%PDF-") and b"%%EOF" in read.tail
        found.append(Finding(is_pdf, subject, "a PDF with beginning and end" if is_pdf else "no PDF, or a cut one"))
    return found


async def leave_early(guard: SourceGuard, announcement: Announcement) -> None:
    """Read one piece and go.

    Raises:
        AdapterFault: it cannot be read.
    """
    stream = guard.document(announcement)
    await anext(stream)
    await stream.aclose()


def _streaming(subject: str, read: _Read) -> Finding:
    times = f"first piece after {read.first_ms:.0f} ms, all after {read.whole_ms:.0f} ms"
    if read.grown is None or read.size < LARGE:
        text = (
            f"{times}; {read.size} bytes are too few to tell whether it is held whole: "
            f"give a worker whose document has {LARGE // MIB} MiB or more"
        )
        return Finding(None, subject, text, is_checked=False)
    ok = read.grown < read.size * 7 // 10
    told = f"{times}; reading {read.size // MIB} MiB took {max(read.grown, 0) // MIB} MiB of memory"
    return Finding(ok, subject, told if ok else f"{told}: it is held whole, give it piece by piece")


async def _read(guard: SourceGuard, announcement: Announcement, memory: Memory) -> _Read:
    digest, size, largest, head, tail = sha256(), 0, 0, b"", b""
    before, started, first_ms, most = memory(), time.perf_counter(), 0.0, 0
    async for piece in guard.document(announcement):
        first_ms = first_ms or (time.perf_counter() - started) * 1000
        most = max(most, memory() or 0)
        digest.update(piece)
        size, largest = size + len(piece), max(largest, len(piece))
        head, tail = (head + piece)[:_EDGE], (tail + piece)[-_EDGE:]
    whole_ms = (time.perf_counter() - started) * 1000
    grown = most - before if before is not None else None
    return _Read(digest.digest(), size, largest, head, tail, first_ms, whole_ms, grown)

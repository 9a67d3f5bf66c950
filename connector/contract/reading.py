"""What the conformance kit checks of a document: the same bytes twice, in small pieces, a whole PDF, not held whole."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from connector.contract.findings import Finding, found, not_checked
from connector.contract.guard import SourceGuard
from connector.core.faults import Fault
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
    guard: SourceGuard, announcement: Announcement, about: Fault, memory: Memory
) -> list[Finding]:
    """Read a document twice and once in part.

    Raises:
        AdapterFault: it cannot be read.
    """
    read = await _read(guard, announcement, memory)
    again = await _read(guard, announcement, memory)
    await leave_early(guard, announcement)
    is_same = read.sha256 == again.sha256
    pieces = Fault("kit.pieces", {"size": read.size, "largest": read.largest, "most": MAX_PIECE})
    told = [
        found(about, Fault("kit.same-bytes" if is_same else "kit.other-bytes"), ok=is_same),
        _streaming(Fault("kit.streaming", {"document": about}), read),
        found(about, pieces, ok=read.largest <= MAX_PIECE),
    ]
    if announcement.content_type == "application/pdf":
        is_pdf = read.head.startswith(b"%PDF-") and b"%%EOF" in read.tail
        told.append(found(about, Fault("kit.pdf" if is_pdf else "kit.no-pdf"), ok=is_pdf))
    return told


async def leave_early(guard: SourceGuard, announcement: Announcement) -> None:
    """Read one piece and go.

    Raises:
        AdapterFault: it cannot be read.
    """
    stream = guard.document(announcement)
    await anext(stream)
    await stream.aclose()


def _streaming(about: Fault, read: _Read) -> Finding:
    times = {"first": round(read.first_ms), "whole": round(read.whole_ms)}
    if read.grown is None or read.size < LARGE:
        return not_checked(about, Fault("kit.too-few", {**times, "size": read.size, "large": LARGE // MIB}))
    ok = read.grown < read.size * 7 // 10
    values = {**times, "size": read.size // MIB, "grown": max(read.grown, 0) // MIB}
    return found(about, Fault("kit.streamed" if ok else "kit.held-whole", values), ok=ok)


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

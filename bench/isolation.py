"""What processes of their own cost: a look at an adapter apart beside one in the daemon, and a document looked into."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from bench.machine import Row, median
from connector.contract.adapter import AdapterContext
from connector.contract.discovery import load_source
from connector.contract.guard import SourceGuard, guard_source
from connector.contract.isolated import open_source
from connector.contract.settings import GuardSettings, ProcessSettings
from connector.core.evidence import DocumentDigest
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.inspection.inspector import PdfInspector
from connector.inspection.settings import InspectionSettings
from spsti_sandbox.cast import Cast
from spsti_sandbox.vendor_db import generate

LOOKS = 300
SIDE_BY_SIDE = 16
DOCUMENTS = 30
MOST_DOCUMENT_MS = 50


class _Clock:
    def now(self) -> Instant:
        return Instant(int(time.time()))

    def monotonic(self) -> float:
        return time.monotonic()


class _Nowhere:
    """A vault writer that keeps nothing."""

    def write(self, data: bytes) -> None:
        """Drop it."""

    async def finish(self) -> DocumentDigest:
        """Say that it was nothing."""
        return DocumentDigest(hashlib.sha256().digest(), 0)

    def abort(self) -> None:
        """Nothing was kept."""


async def rows(work: Path, repetitions: int, seconds: float) -> list[Row]:
    """Ask both, interleaved; then look into the demonstration's own PDF, and one with a script."""
    del seconds
    folder = work / "isolation"
    (folder / "data").mkdir(parents=True, exist_ok=True)
    database = folder / "a.sqlite"
    database.unlink(missing_ok=True)
    cast: Cast = generate(database, seed=5, service="a", workers=2000, documents=4)
    context = AdapterContext(MemberId("385012345600017"), Environment.TEST, folder, folder / "data", _Clock().now)
    options, settings = {"database": "a.sqlite"}, GuardSettings(look_seconds=30)
    here = guard_source(load_source("demo", options, context)[0], settings, name="demo", clock=_Clock())
    began = time.perf_counter()
    made, _ = await open_source("demo", options, context, guard=settings, process=ProcessSettings())
    start_ms = (time.perf_counter() - began) * 1000
    apart = guard_source(made, settings, name="demo", clock=_Clock())
    try:
        found = await _looks(here, apart, cast, repetitions, start_ms)
        look = await here.look(cast.only_at_a.asked.ins)
        if look.announcement is None:
            msg = "the cast's first worker has no record"
            raise RuntimeError(msg)
        pdf = b"".join([piece async for piece in here.document(look.announcement)])
    finally:
        await here.close()
        await apart.close()
    return [*found, await _document(pdf, repetitions)]


async def _looks(here: SourceGuard, apart: SourceGuard, cast: Cast, repetitions: int, start_ms: float) -> list[Row]:
    ins = cast.only_at_a.asked.ins
    took: dict[tuple[str, int], list[float]] = {}
    for _ in range(repetitions):
        for name, guard in (("here", here), ("apart", apart)):
            for abreast in (1, SIDE_BY_SIDE):
                took.setdefault((name, abreast), []).append(await _each_us(partial(guard.look, ins), abreast))
    return [
        Row(
            f"look at an adapter apart, {abreast} at once",
            f"{median(took['apart', abreast]):.0f} us",
            f"in the daemon {median(took['here', abreast]):.0f} us",
            median(took["apart", abreast]) / median(took["here", abreast]),
            "told",
            None,
            f"its process starts in {start_ms:.0f} ms" if abreast == 1 else "",
        )
        for abreast in (1, SIDE_BY_SIDE)
    ]


async def _each_us(ask: Callable[[], Awaitable[object]], abreast: int) -> float:
    async def many() -> None:
        for _ in range(LOOKS // abreast):
            await ask()

    began = time.perf_counter()
    await asyncio.gather(*(many() for _ in range(abreast)))
    return (time.perf_counter() - began) / (LOOKS // abreast * abreast) * 1e6


async def _document(pdf: bytes, repetitions: int) -> Row:
    inspector = PdfInspector(InspectionSettings())
    try:
        await inspector.inspect(iter((pdf,)), len(pdf), _Nowhere)
        took = []
        for _ in range(repetitions * DOCUMENTS):
            began = time.perf_counter()
            await inspector.inspect(iter((pdf,)), len(pdf), _Nowhere)
            took.append((time.perf_counter() - began) * 1000)
    finally:
        await inspector.close()
    ms = median(took)
    what = f"a PDF of {len(pdf) // 1024} kB looked into"
    return Row(what, f"{ms:.1f} ms", "no inspection", None, f"< {MOST_DOCUMENT_MS} ms", ms < MOST_DOCUMENT_MS)

"""The conformance kit: asks a source what a connector would ask and says in words what is right and what is wrong.

For an author's tests and for the configured, real software. It reads only; a trace is written where one is handed in.
Findings name workers by their place in the lists given, never by identity. The source is asked through the same guard
as in service, so whatever the guard would refuse is found here.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from connector.contract.adapter import Source
from connector.contract.guard import SourceGuard, guard_source
from connector.contract.settings import GuardSettings
from connector.core.errors import AdapterFault
from connector.core.instant import Instant, day_in_france
from connector.core.matricule import Ins
from connector.core.oid import InsOid
from connector.core.records import Announcement, Look, Opposition, Trace

__all__ = ["Finding", "check_source", "examine_source", "words"]

MAX_PIECE = 1024 * 1024
CONCURRENT = 16
_EDGE = 1024
REPEATS = 20
"""Looks per worker over which the latency is told."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing checked: `ok` is None for what is only told."""

    ok: bool | None
    subject: str
    text: str

    def __str__(self) -> str:
        mark = {True: "right", False: "WRONG", None: "note "}[self.ok]
        return f"{mark}  {self.subject}: {self.text}"


@dataclass(frozen=True, slots=True)
class _Read:
    """What is kept of a document that was read: never the whole."""

    sha256: bytes
    size: int
    largest: int
    head: bytes
    tail: bytes


def words(findings: Sequence[Finding]) -> str:
    """Give the findings as text, one a line."""
    return "\n".join(str(finding) for finding in findings)


def check_source(
    source: Source, *, known: Sequence[Ins], unknown: Sequence[Ins], trace: Trace | None = None
) -> list[Finding]:
    """Check a source from a plain test; `assert not [f for f in findings if f.ok is False]` is the whole assertion.

    Args:
        source: made and not closed; it is left open.
        known: workers that it holds, at least one of them with a record that may be given.
        unknown: INS that it does not hold.
        trace: written twice, to see that it is one access; nothing is written without it.
    """
    return asyncio.run(examine_source(source, known=known, unknown=unknown, trace=trace))


async def examine_source(
    source: Source, *, known: Sequence[Ins], unknown: Sequence[Ins], trace: Trace | None = None
) -> list[Finding]:
    """Check a source from async code; as `check_source`.

    Raises:
        ValueError: no known or no unknown worker was given.
    """
    if not (known and unknown):
        msg = "examine_source: got no known or no unknown worker, expected at least one of each"
        raise ValueError(msg)
    examination = _Examination(source, known, unknown)
    await examination.run(trace)
    return examination.findings


class _SystemClock:
    """The machine's clock: the kit runs outside the daemon."""

    def now(self) -> Instant:
        return Instant(int(time.time()))  # noqa: TID251

    def monotonic(self) -> float:
        return time.monotonic()


class _Examination:
    """The checks, in the order in which a vendor would put things right."""

    def __init__(self, source: Source, known: Sequence[Ins], unknown: Sequence[Ins]) -> None:
        self.findings: list[Finding] = []
        self._source, self._known, self._unknown = source, known, unknown
        self._clock = _SystemClock()
        # A breaker would hide later findings behind the first ones.
        settings = GuardSettings(failures_to_open=1_000_000)
        self._guard: SourceGuard = guard_source(source, settings, name="under test", clock=self._clock)
        self._looks: dict[int, Look] = {}

    async def run(self, trace: Trace | None) -> None:
        if not await self._health():
            return
        await self._known_workers()
        await self._unknown_workers()
        self._oppositions()
        await self._other_oid()
        await self._steadiness()
        await self._concurrency()
        await self._documents()
        await self._counts()
        await self._latency()
        if trace is not None:
            await self._trace(trace)

    async def _health(self) -> bool:
        health = await self._guard.health()
        self._say(health.ok, "health", health.detail or ("it can be asked" if health.ok else "it cannot be asked"))
        return health.ok

    async def _known_workers(self) -> None:
        for place, ins in enumerate(self._known, start=1):
            look = await self._look(ins, f"known worker {place}")
            if look is None:
                continue
            if look.identity is None:
                self._say(ok=False, subject=f"known worker {place}", text="got nobody, expected an identity")
                continue
            self._looks[place] = look
            status = f"status {look.identity.status}"
            if look.identity.ins != ins:
                self._say(None, f"known worker {place}", f"{status}, asked by a former INS, which the history holds")
            elif look.identity.is_qualified:
                self._say(ok=True, subject=f"known worker {place}", text=status)
            else:
                self._say(None, f"known worker {place}", f"{status}: only QUAL is ever answered to a peer")
        given = sum(look.announcement is not None for look in self._looks.values())
        self._say(given > 0, "records", f"{given} of {len(self._known)} known workers have a record that may be given")

    async def _unknown_workers(self) -> None:
        for place, ins in enumerate(self._unknown, start=1):
            look = await self._look(ins, f"unknown worker {place}")
            if look is not None:
                ok = look.identity is None
                self._say(ok, f"unknown worker {place}", "got nobody" if ok else "got a worker, expected nobody")

    def _oppositions(self) -> None:
        if not self._source.tells_opposition:
            self._say(None, "opposition", "not kept by this software: the service needs the connector's register")
            return
        said = Counter(look.opposition for look in self._looks.values())
        told = ", ".join(f"{said[answer]} {answer}" for answer in Opposition)
        can_tell = bool(said[Opposition.YES] or said[Opposition.NO])
        self._say(can_tell, "opposition", told + ("" if can_tell else ": unknown for all lets no record leave"))

    async def _other_oid(self) -> None:
        """A matricule with another OID is another INS: a source that drops the OID finds the wrong worker."""
        for place, look in self._looks.items():
            ins = self._known[place - 1]
            other = InsOid.DEMO if ins.oid is not InsOid.DEMO else InsOid.TEST
            changed = Ins(ins.matricule, other)
            if look.identity is not None and changed in look.identity.former:
                continue
            found = await self._look(changed, "same matricule, other OID")
            if found is not None:
                ok = found.identity is None
                self._say(ok, "same matricule, other OID", "got nobody" if ok else "got a worker: the OID is not asked")
            return

    async def _steadiness(self) -> None:
        for place, first in self._looks.items():
            again = await self._look(self._known[place - 1], f"known worker {place}, again")
            if again is not None and again != first:
                self._say(ok=False, subject=f"known worker {place}", text="got another answer the second time")
                return
        self._say(ok=True, subject="steadiness", text="the second answer equals the first")

    async def _concurrency(self) -> None:
        places = list(self._looks)
        if not places:
            return
        asked = [places[number % len(places)] for number in range(CONCURRENT)]
        answers = await asyncio.gather(
            *(self._guard.look(self._known[place - 1]) for place in asked), return_exceptions=True
        )
        wrong = sum(answer != self._looks[place] for place, answer in zip(asked, answers, strict=True))
        text = f"{CONCURRENT} looks at once" + (f", {wrong} of them failed or differ" if wrong else "")
        self._say(not wrong, "concurrency", text)

    async def _documents(self) -> None:
        for place, look in self._looks.items():
            if look.announcement is not None:
                await self._document(f"document of known worker {place}", look.announcement)

    async def _document(self, subject: str, announcement: Announcement) -> None:
        today = day_in_france(self._clock.now())
        if day_in_france(announcement.updated_at) > today:
            self._say(ok=False, subject=subject, text="updated_at lies in the future")
        if str(announcement.last_act_on) > day_in_france(announcement.updated_at):
            self._say(ok=False, subject=subject, text="last_act_on lies after updated_at: an act before it took place")
        try:
            read = await self._read(announcement)
            again = await self._read(announcement)
            await self._leave_early(announcement)
        except AdapterFault as fault:
            self._fault(subject, fault)
            return
        is_same = read.sha256 == again.sha256
        self._say(
            is_same, subject, f"the same version gives {'the same' if is_same else 'other'} bytes the second time"
        )
        largest = f"largest piece {read.largest} of {MAX_PIECE} at most"
        self._say(read.largest <= MAX_PIECE, subject, f"{read.size} bytes, {largest}")
        if announcement.content_type == "application/pdf":
            is_pdf = read.head.startswith(b"%PDF-") and b"%%EOF" in read.tail
            self._say(is_pdf, subject, "a PDF with beginning and end" if is_pdf else "no PDF, or a cut one")

    async def _read(self, announcement: Announcement) -> "_Read":
        digest, size, largest, head, tail = sha256(), 0, 0, b"", b""
        async for piece in self._guard.document(announcement):
            digest.update(piece)
            size, largest = size + len(piece), max(largest, len(piece))
            head, tail = (head + piece)[:_EDGE], (tail + piece)[-_EDGE:]
        return _Read(digest.digest(), size, largest, head, tail)

    async def _leave_early(self, announcement: Announcement) -> None:
        stream = self._guard.document(announcement)
        await anext(stream)
        await stream.aclose()

    async def _counts(self) -> None:
        try:
            counts = await self._guard.counts()
        except AdapterFault as fault:
            self._fault("counts", fault)
            return
        if counts is None:
            self._say(None, "counts", "not given: nobody can say in advance how many workers could be answered about")
            return
        ok = counts.workers >= len(self._looks)
        self._say(ok, "counts", f"{counts.workers} workers" + ("" if ok else ", fewer than were found"))

    async def _latency(self) -> None:
        for name, workers in (("known", self._known), ("unknown", self._unknown)):
            times: list[float] = []
            for _ in range(REPEATS):
                for ins in workers:
                    started = time.perf_counter()
                    try:
                        await self._guard.look(ins)
                    except AdapterFault:
                        continue
                    times.append((time.perf_counter() - started) * 1000)
            if times:
                times.sort()
                middle, late = times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)]
                self._say(None, f"latency, {name} workers", f"half within {middle:.1f} ms, 99 of 100 within {late:.1f}")

    async def _trace(self, trace: Trace) -> None:
        try:
            await self._guard.trace(trace)
            await self._guard.trace(trace)
        except AdapterFault as fault:
            self._fault("trace", fault)
            return
        self._say(None, "trace", "taken, and taken a second time: see in the DMST that it is there once")

    async def _look(self, ins: Ins, subject: str) -> Look | None:
        try:
            return await self._guard.look(ins)
        except AdapterFault as fault:
            self._fault(subject, fault)
            return None

    def _fault(self, subject: str, fault: AdapterFault) -> None:
        self._say(ok=False, subject=subject, text=f"{fault.message} ({fault.code})")

    def _say(self, ok: bool | None, subject: str, text: str) -> None:  # noqa: FBT001  the first thing said
        self.findings.append(Finding(ok, subject, text))

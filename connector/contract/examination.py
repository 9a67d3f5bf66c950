"""The checks of the conformance kit, in the order in which a vendor would put things right.

They ask through the same guard as in service and tell each thing in words; workers by their place, never by identity.
What only a person can know, which record is the newest, is compared where it is given.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from connector.contract.adapter import Source
from connector.contract.guard import SourceGuard, guard_source
from connector.contract.measures import Latency, floor_ms, resident_bytes
from connector.contract.settings import MIB, GuardSettings
from connector.core.days import Day
from connector.core.errors import AdapterFault, IdentityFault
from connector.core.instant import Instant, day_in_france
from connector.core.matricule import Ins
from connector.core.oid import InsOid
from connector.core.records import Announcement, Look, Opposition, Trace

MAX_PIECE = 1024 * 1024
CONCURRENT = 16
LARGE = 16 * MIB
"""From this size on, a document tells whether it is held whole."""

_EDGE = 1024
_TELLING_MS = 5.0
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
    """What is kept of a document that was read: never the whole. Times in milliseconds; `grown` is memory in bytes."""

    sha256: bytes
    size: int
    largest: int
    head: bytes
    tail: bytes
    first_ms: float
    whole_ms: float
    grown: int | None


@dataclass(frozen=True, slots=True)
class Depth:
    """How much is asked. `newest` is the day of the newest act that a person sees, by the place of a known worker."""

    repeats: int = REPEATS
    newest: Mapping[int, Day] = field(default_factory=dict)
    floor_ms: int | None = None
    """What is configured, to be compared with what was measured."""


class _SystemClock:
    """The machine's clock: the kit runs outside the daemon."""

    def now(self) -> Instant:
        return Instant(int(time.time()))  # noqa: TID251

    def monotonic(self) -> float:
        return time.monotonic()


class Examination:
    """The checks, in the order in which a vendor would put things right."""

    def __init__(
        self,
        source: Source,
        known: Sequence[Ins],
        unknown: Sequence[Ins],
        depth: Depth,
        settings: GuardSettings | None = None,
    ) -> None:
        self.findings: list[Finding] = []
        self.p99_ms: float | None = None
        self._depth = depth
        self._source, self._known, self._unknown = source, known, unknown
        self._clock = _SystemClock()
        # A breaker would hide later findings behind the first ones.
        settings = replace(settings or GuardSettings(), failures_to_open=1_000_000)
        self._guard: SourceGuard = guard_source(source, settings, name="under test", clock=self._clock)
        self._looks: dict[int, Look] = {}

    async def run(self, trace: Trace | None) -> None:
        """Make all the checks; a trace is written where one is handed in. The source is left open."""
        if not await self._health():
            return
        await self._known_workers()
        await self._unknown_workers()
        self._oppositions()
        self._traits()
        self._newest()
        await self._other_oid()
        await self._steadiness()
        await self._concurrency()
        await self._documents()
        await self._broken_off()
        await self._counts()
        await self._latency()
        if trace is not None:
            await self._trace(trace)

    async def close(self) -> None:
        """Close the source: for who made it for this examination alone."""
        await self._guard.close()

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

    def _traits(self) -> None:
        """The traits came through the contract's own types: whether a qualified identity may travel is left."""
        for place, look in self._looks.items():
            identity = look.identity
            if identity is None or not identity.is_qualified:
                continue
            try:
                identity.qualified()
            except IdentityFault as fault:
                self._say(ok=False, subject=f"traits of known worker {place}", text=fault.message)
            else:
                told = "the five of them, written as INSi writes them"
                if identity.verified_on is None:
                    told += "; when INSi confirmed them is not given"
                self._say(ok=True, subject=f"traits of known worker {place}", text=told)

    def _newest(self) -> None:
        """Which record is the newest a person must say: the one that is seen in the software."""
        for place, look in self._looks.items():
            subject, expected = f"newest record of known worker {place}", self._depth.newest.get(place)
            if look.announcement is None:
                if expected is not None:
                    self._say(ok=False, subject=subject, text=f"none may be given, expected one of {expected}")
                continue
            day = look.announcement.last_act_on
            told = f"newest act of {day}, {look.announcement.extent}"
            if expected is None:
                self._say(None, subject, f"{told}: compare it with what you see in the software")
            else:
                ok = day == expected
                self._say(ok, subject, told if ok else f"{told}, expected {expected}: another version was chosen")

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
        self._memory(subject, read)
        largest = f"largest piece {read.largest} of {MAX_PIECE} at most"
        self._say(read.largest <= MAX_PIECE, subject, f"{read.size} bytes, {largest}")
        if announcement.content_type == "application/pdf":
            is_pdf = read.head.startswith(b"%PDF-") and b"%%EOF" in read.tail
            self._say(is_pdf, subject, "a PDF with beginning and end" if is_pdf else "no PDF, or a cut one")

    def _memory(self, subject: str, read: _Read) -> None:
        times = f"first piece after {read.first_ms:.0f} ms, all after {read.whole_ms:.0f} ms"
        if read.grown is None or read.size < LARGE:
            self._say(
                None,
                f"{subject}, streaming",
                f"{times}; {read.size} bytes are too few to tell whether it is held whole: "
                f"give a worker whose document has {LARGE // MIB} MiB or more",
            )
            return
        ok = read.grown < read.size * 7 // 10
        told = f"{times}; reading {read.size // MIB} MiB took {max(read.grown, 0) // MIB} MiB of memory"
        self._say(ok, f"{subject}, streaming", told if ok else f"{told}: it is held whole, give it piece by piece")

    async def _read(self, announcement: Announcement) -> _Read:
        digest, size, largest, head, tail = sha256(), 0, 0, b"", b""
        before, started, first_ms, most = resident_bytes(), time.perf_counter(), 0.0, 0
        async for piece in self._guard.document(announcement):
            first_ms = first_ms or (time.perf_counter() - started) * 1000
            most = max(most, resident_bytes() or 0)
            digest.update(piece)
            size, largest = size + len(piece), max(largest, len(piece))
            head, tail = (head + piece)[:_EDGE], (tail + piece)[-_EDGE:]
        whole_ms = (time.perf_counter() - started) * 1000
        grown = most - before if before is not None else None
        return _Read(digest.digest(), size, largest, head, tail, first_ms, whole_ms, grown)

    async def _leave_early(self, announcement: Announcement) -> None:
        stream = self._guard.document(announcement)
        await anext(stream)
        await stream.aclose()

    async def _broken_off(self) -> None:
        """Readings that are given up must not use up what the next ones need: connections, cursors, threads."""
        announced = [look.announcement for look in self._looks.values() if look.announcement is not None]
        if not announced:
            return
        try:
            for _ in range(CONCURRENT):
                await self._leave_early(announced[0])
            await self._read(announced[0])
        except AdapterFault as fault:
            self._fault(f"readings broken off, {CONCURRENT} in a row", fault)
            return
        self._say(ok=True, subject="readings broken off", text=f"{CONCURRENT} in a row, and the next one is whole")

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
        found: dict[str, Latency] = {}
        all_times: list[float] = []
        for name, workers in (("known", self._known), ("unknown", self._unknown)):
            times: list[float] = []
            for _ in range(self._depth.repeats):
                for ins in workers:
                    started = time.perf_counter()
                    try:
                        await self._guard.look(ins)
                    except AdapterFault:
                        continue
                    times.append((time.perf_counter() - started) * 1000)
            if times:
                told = found[name] = Latency.of(times)
                all_times += times
                text = f"half within {told.half:.1f} ms, 99 of 100 within {told.late:.1f}"
                self._say(None, f"latency, {name} workers", text)
        if all_times:
            self._floor(Latency.of(all_times).late, found)

    def _floor(self, p99_ms: float, found: Mapping[str, Latency]) -> None:
        self.p99_ms = p99_ms
        needed = floor_ms(p99_ms)
        text = f"99 of 100 looks within {p99_ms:.1f} ms: [holder] withheld_floor_ms should be {needed} at least"
        configured = self._depth.floor_ms
        if configured is None:
            self._say(None, "time floor", text)
        else:
            ok = configured >= needed
            self._say(True if ok else None, "time floor", f"{text}, it is {configured}")
        known, unknown = found.get("known"), found.get("unknown")
        if known and unknown and abs(known.half - unknown.half) > max(_TELLING_MS, min(known.half, unknown.half)):
            text = "known and unknown workers take visibly different times: the floor hides it, one way is better"
            self._say(None, "time floor", text)

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

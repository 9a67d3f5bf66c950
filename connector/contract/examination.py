"""The checks of the conformance kit, in the order in which a vendor would put things right.

They ask through the same guard as in service and tell each thing in words; workers by their place, never by identity.
What only a person can know, which record is the newest, is compared where it is given.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from connector.contract.adapter import Source
from connector.contract.faults import FaultSeen, as_value
from connector.contract.findings import Finding, not_checked
from connector.contract.guard import SourceGuard, guard_source
from connector.contract.interruption import Interruption, lost_and_back
from connector.contract.measures import Latency, floor_ms, resident_bytes
from connector.contract.newest import NewestCase, cases_left
from connector.contract.reading import Memory, document_findings, leave_early
from connector.contract.settings import GuardSettings
from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import AdapterFault, IdentityFault
from connector.core.faults import Fault
from connector.core.instant import Instant, day_in_france
from connector.core.matricule import Ins
from connector.core.oid import InsOid
from connector.core.records import AdapterHealth, Announcement, Look, Opposition, Trace

CONCURRENT: Final = 16
REPEATS: Final = 20
"""Looks per worker over which the latency is told."""

_TELLING_MS: Final = 5.0
_REFUSED_CASES: Final = frozenset({NewestCase.DUPLICATE, NewestCase.FUTURE})


@dataclass(frozen=True, slots=True)
class Cutting:
    """How the connection to the software can be cut. `source` is the one that goes the way that is cut, where it is
    not the one under examination; `why_not` says why there is no way.
    """

    interruption: Interruption | None = None
    source: Source | None = None
    why_not: str = "nothing here can cut it"


@dataclass(frozen=True, slots=True)
class Depth:
    """How much is asked. By the place of a known worker: `newest` is the day of the newest act that a person sees,
    `recorded` when it was recorded, to the minute (two records of one day), `cases` what is special about its records.
    """

    repeats: int = REPEATS
    newest: Mapping[int, Day] = field(default_factory=dict)
    recorded: Mapping[int, Instant] = field(default_factory=dict)
    cases: Mapping[int, NewestCase] = field(default_factory=dict)
    floor_ms: int | None = None
    """What is configured, to be compared with what was measured."""
    cutting: Cutting = field(default_factory=Cutting)
    memory: Memory = resident_bytes
    """Of the process that the adapter runs in."""


class SystemClock:
    """The machine's clock: the kit runs outside the daemon."""

    def now(self) -> Instant:
        """Seconds since 1970."""
        return Instant(int(time.time()))  # noqa: TID251

    def monotonic(self) -> float:
        """Seconds for deadlines."""
        return time.monotonic()


def told_of(health: AdapterHealth, seen: FaultSeen | None) -> Fault:
    """Give what an adapter says of its health; `seen` is the fault for which it could not be asked at all."""
    if seen is not None and not health.ok:
        return as_value(AdapterFault(health.detail, code=seen.code), seen)
    if not health.detail:
        return Fault("examined.asked" if health.ok else "examined.not-asked")
    return Fault("examined.said" if health.ok else "examined.refused", {"text": health.detail})


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
        self._check = ""
        self._seen: FaultSeen | None = None
        self.p99_ms: float | None = None
        self._depth = depth
        self._source, self._known, self._unknown = source, known, unknown
        self._clock = SystemClock()
        # A breaker would hide later findings behind the first ones.
        self._settings = replace(settings or GuardSettings(), failures_to_open=1_000_000)
        self._guard: SourceGuard = guard_source(
            source, self._settings, name="under test", clock=self._clock, report=self._report
        )
        self._looks: dict[int, Look] = {}

    async def run(self, trace: Trace | None) -> None:
        """Make all the checks; a trace is written where one is handed in. The source is left open."""
        if not await self._health():
            self.findings.append(not_checked("everything else", "see health").of(self._check))
            return
        for check, step in (
            ("known-workers", self._known_workers),
            ("unknown-workers", self._unknown_workers),
            ("opposition", self._oppositions),
            ("traits", self._traits),
            ("newest", self._newest),
            ("other-oid", self._other_oid),
            ("steadiness", self._steadiness),
            ("concurrency", self._concurrency),
            ("documents", self._documents),
            ("readings-broken-off", self._broken_off),
            ("counts", self._counts),
            ("latency", self._latency),
            ("connection-lost", self._connection),
        ):
            self._check = check
            await step()
        self._check = "trace"
        if trace is None:
            self.findings.append(not_checked("trace", "it would write").of(self._check))
        else:
            await self._trace(trace)

    async def run_quick(self) -> None:
        """Ask only how it is and about the unknown workers: what needs no person, and writes and reads no record."""
        if await self._health():
            self._check = "unknown-workers"
            await self._unknown_workers()

    async def close(self) -> None:
        """Close the source: for who made it for this examination alone."""
        await self._guard.close()

    async def _health(self) -> bool:
        self._check = "health"
        self._seen = None
        health = await self._guard.health()
        self._tell(health.ok, "health", told_of(health, self._seen))
        if health.ok:
            await self._remarks()
        return health.ok

    async def _remarks(self) -> None:
        """Show what the adapter says of itself: a look-up that scans is found here before a day is full."""
        try:
            remarks = await self._guard.remarks()
        except AdapterFault as fault:
            self._fault("set up", fault)
            return
        for remark in remarks:
            self._tell(remark.ok, "set up", Fault("examined.remark", {"text": remark.text}))

    async def _known_workers(self) -> None:
        for place, ins in enumerate(self._known, start=1):
            look = await self._known_look(place, ins)
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
                self._tell(ok, f"unknown worker {place}", Fault("examined.nobody" if ok else "examined.worker"))

    async def _known_look(self, place: int, ins: Ins) -> Look | None:
        try:
            return await self._guard.look(ins)
        except AdapterFault as fault:
            case = self._depth.cases.get(place)
            if case in _REFUSED_CASES and fault.code is Code.ADAPTER_CONTRACT:
                self._say(None, f"known worker {place}", f"{case} records: nothing is given ({fault.message})")
            else:
                self._fault(f"known worker {place}", fault)
            return None

    async def _oppositions(self) -> None:
        if not self._source.tells_opposition:
            self._say(None, "opposition", "not kept by this software: the service needs the connector's register")
            return
        said = Counter(look.opposition for look in self._looks.values())
        told = ", ".join(f"{said[answer]} {answer}" for answer in Opposition)
        can_tell = bool(said[Opposition.YES] or said[Opposition.NO])
        self._say(can_tell, "opposition", told + ("" if can_tell else ": unknown for all lets no record leave"))

    async def _traits(self) -> None:
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

    async def _newest(self) -> None:
        """Which record is the newest a person must say: the one that is seen in the software."""
        compared = []
        for place, look in self._looks.items():
            subject, expected = f"newest record of known worker {place}", self._depth.newest.get(place)
            if look.announcement is None:
                if expected is not None:
                    self._say(ok=False, subject=subject, text=f"none may be given, expected one of {expected}")
                continue
            day, case = look.announcement.last_act_on, self._depth.cases.get(place)
            told = f"newest act of {day}, {look.announcement.extent}"
            if expected is None:
                self._say(None, subject, f"{told}: compare it with what you see in the software")
                continue
            ok, recorded = day == expected, self._depth.recorded.get(place)
            if not ok:
                told += f", expected {expected}: another version was chosen"
            elif recorded is not None and look.announcement.updated_at // 60 != recorded // 60:
                ok, told = False, f"{told}, recorded at another time: another version of that day was chosen"
            self._say(ok, subject, told)
            # Two of one day have the same day whichever was chosen.
            if case is not NewestCase.SAME_DAY or recorded is not None:
                compared.append(place)
        self.findings += [finding.of(self._check) for finding in cases_left(self._depth.cases, compared)]

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
            found = await document_findings(self._guard, announcement, subject, self._depth.memory)
        except AdapterFault as fault:
            self._fault(subject, fault)
            return
        self.findings += [finding.of(self._check) for finding in found]

    async def _broken_off(self) -> None:
        """Readings that are given up must not use up what the next ones need: connections, cursors, threads."""
        announced = [look.announcement for look in self._looks.values() if look.announcement is not None]
        if not announced:
            return
        try:
            for _ in range(CONCURRENT):
                await leave_early(self._guard, announced[0])
            async for _ in self._guard.document(announced[0]):
                pass
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
        times: dict[str, list[float]] = {"known": [], "unknown": []}
        # Taken in turn, so that what slows the software for a while slows both.
        for _ in range(self._depth.repeats):
            for name, workers in (("known", self._known), ("unknown", self._unknown)):
                for ins in workers:
                    started = time.perf_counter()
                    try:
                        await self._guard.look(ins)
                    except AdapterFault:
                        continue
                    times[name].append((time.perf_counter() - started) * 1000)
        found = {name: Latency.of(those) for name, those in times.items() if those}
        for name, told in found.items():
            text = f"half within {told.half:.1f} ms, 99 of 100 within {told.late:.1f}"
            self._say(None, f"latency, {name} workers", text)
        if found:
            self._floor(Latency.of([*times["known"], *times["unknown"]]).late, found)

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

    async def _connection(self) -> None:
        cutting = self._depth.cutting
        place = next(iter(self._looks), None)
        if cutting.interruption is None or place is None:
            why = "no known worker was found" if place is None else cutting.why_not
            self.findings.append(not_checked("connection lost and back", why).of(self._check))
            return
        guard = self._guard
        if cutting.source is not None:
            guard = guard_source(cutting.source, self._settings, name="under test", clock=self._clock)
        try:
            found = await lost_and_back(
                guard, self._known[place - 1], self._looks[place], cutting.interruption, self._clock
            )
        finally:
            if guard is not self._guard:
                await guard.close()
        self.findings += [finding.of(self._check) for finding in found]

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
        self._tell(ok=False, subject=subject, fault=as_value(fault, self._seen))

    def _report(self, seen: FaultSeen) -> None:
        self._seen = seen

    def _tell(self, ok: bool | None, subject: str, fault: Fault) -> None:  # noqa: FBT001  the first thing said
        """Say what the doctor shows too, in either language."""
        self.findings.append(Finding(ok, subject, fault.text("en"), self._check, fault=fault))

    def _say(self, ok: bool | None, subject: str, text: str) -> None:  # noqa: FBT001  the first thing said
        self.findings.append(Finding(ok, subject, text, self._check))

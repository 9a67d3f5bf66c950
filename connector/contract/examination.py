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
from connector.contract.findings import Finding, found, not_checked
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
    why_not: Fault = field(default_factory=lambda: Fault("kit.cannot-cut"))


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
            self.findings.append(not_checked(Fault("kit.rest"), Fault("kit.see-health")).of(self._check))
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
            self.findings.append(not_checked(Fault("kit.trace"), Fault("kit.would-write")).of(self._check))
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
        self._say(Fault("kit.health"), told_of(health, self._seen), ok=health.ok)
        if health.ok:
            await self._remarks()
        return health.ok

    async def _remarks(self) -> None:
        """Show what the adapter says of itself: a look-up that scans is found here before a day is full."""
        try:
            remarks = await self._guard.remarks()
        except AdapterFault as fault:
            self._fault(Fault("kit.set-up"), fault)
            return
        for remark in remarks:
            self._say(Fault("kit.set-up"), Fault("examined.remark", {"text": remark.text}), ok=remark.ok)

    async def _known_workers(self) -> None:
        for place, ins in enumerate(self._known, start=1):
            look = await self._known_look(place, ins)
            if look is None:
                continue
            about = Fault("kit.known", {"place": place})
            if look.identity is None:
                self._say(about, Fault("kit.got-nobody"), ok=False)
                continue
            self._looks[place] = look
            status = {"status": look.identity.status.value}
            if look.identity.ins != ins:
                self._say(about, Fault("kit.former", status), ok=None)
            elif look.identity.is_qualified:
                self._say(about, Fault("kit.status", status), ok=True)
            else:
                self._say(about, Fault("kit.not-qualified", status), ok=None)
        given = sum(look.announcement is not None for look in self._looks.values())
        values = {"given": given, "count": len(self._known)}
        self._say(Fault("kit.records"), Fault("kit.given", values), ok=given > 0)

    async def _unknown_workers(self) -> None:
        for place, ins in enumerate(self._unknown, start=1):
            about = Fault("kit.unknown", {"place": place})
            look = await self._look(ins, about)
            if look is not None:
                ok = look.identity is None
                self._say(about, Fault("examined.nobody" if ok else "examined.worker"), ok=ok)

    async def _known_look(self, place: int, ins: Ins) -> Look | None:
        try:
            return await self._guard.look(ins)
        except AdapterFault as fault:
            case, about = self._depth.cases.get(place), Fault("kit.known", {"place": place})
            if case in _REFUSED_CASES and fault.code is Code.ADAPTER_CONTRACT:
                values = {"case": case.value, "what": self._value_of(fault)}
                self._say(about, Fault("kit.case-refused", values), ok=None)
            else:
                self._fault(about, fault)
            return None

    async def _oppositions(self) -> None:
        about = Fault("kit.opposition")
        if not self._source.tells_opposition:
            self._say(about, Fault("kit.no-opposition"), ok=None)
            return
        said = Counter(look.opposition for look in self._looks.values())
        can_tell = bool(said[Opposition.YES] or said[Opposition.NO])
        values = {answer.value: said[answer] for answer in Opposition}
        self._say(about, Fault("kit.oppositions" if can_tell else "kit.all-unknown", values), ok=can_tell)

    async def _traits(self) -> None:
        """The traits came through the contract's own types: whether a qualified identity may travel is left."""
        for place, look in self._looks.items():
            identity = look.identity
            if identity is None or not identity.is_qualified:
                continue
            about = Fault("kit.traits", {"place": place})
            try:
                identity.qualified()
            except IdentityFault as fault:
                values = {"what": fault.message, "rule": fault.code.value}
                self._say(about, Fault("kit.traits-unfit", values), ok=False)
            else:
                is_dated = identity.verified_on is not None
                self._say(about, Fault("kit.traits-right" if is_dated else "kit.traits-undated"), ok=True)

    async def _newest(self) -> None:
        """Which record is the newest a person must say: the one that is seen in the software."""
        compared = []
        for place, look in self._looks.items():
            about, expected = Fault("kit.newest", {"place": place}), self._depth.newest.get(place)
            if look.announcement is None:
                if expected is not None:
                    self._say(about, Fault("kit.none-expected", {"expected": str(expected)}), ok=False)
                continue
            day, case = look.announcement.last_act_on, self._depth.cases.get(place)
            told = {"day": str(day), "extent": look.announcement.extent.value}
            if expected is None:
                self._say(about, Fault("kit.compare", told), ok=None)
                continue
            recorded = self._depth.recorded.get(place)
            if day != expected:
                self._say(about, Fault("kit.newest-other", {**told, "expected": str(expected)}), ok=False)
            elif recorded is not None and look.announcement.updated_at // 60 != recorded // 60:
                self._say(about, Fault("kit.newest-same-day", told), ok=False)
            else:
                self._say(about, Fault("kit.newest-right", told), ok=True)
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
            about = Fault("kit.other-oid")
            found_there = await self._look(changed, about)
            if found_there is not None:
                ok = found_there.identity is None
                self._say(about, Fault("kit.nobody" if ok else "kit.oid-not-asked"), ok=ok)
            return

    async def _steadiness(self) -> None:
        for place, first in self._looks.items():
            again = await self._look(self._known[place - 1], Fault("kit.known-again", {"place": place}))
            if again is not None and again != first:
                self._say(Fault("kit.known", {"place": place}), Fault("kit.unsteady"), ok=False)
                return
        self._say(Fault("kit.steadiness"), Fault("kit.steady"), ok=True)

    async def _concurrency(self) -> None:
        places = list(self._looks)
        if not places:
            return
        asked = [places[number % len(places)] for number in range(CONCURRENT)]
        answers = await asyncio.gather(
            *(self._guard.look(self._known[place - 1]) for place in asked), return_exceptions=True
        )
        wrong = sum(answer != self._looks[place] for place, answer in zip(asked, answers, strict=True))
        at_once = Fault("kit.at-once", {"count": CONCURRENT})
        if wrong:
            at_once = Fault("kit.at-once-wrong", {"count": CONCURRENT, "wrong": wrong})
        self._say(Fault("kit.concurrency"), at_once, ok=not wrong)

    async def _documents(self) -> None:
        for place, look in self._looks.items():
            if look.announcement is not None:
                await self._document(Fault("kit.document", {"place": place}), look.announcement)

    async def _document(self, about: Fault, announcement: Announcement) -> None:
        today = day_in_france(self._clock.now())
        if day_in_france(announcement.updated_at) > today:
            self._say(about, Fault("kit.updated-ahead"), ok=False)
        if str(announcement.last_act_on) > day_in_france(announcement.updated_at):
            self._say(about, Fault("kit.act-ahead"), ok=False)
        try:
            told = await document_findings(self._guard, announcement, about, self._depth.memory)
        except AdapterFault as fault:
            self._fault(about, fault)
            return
        self.findings += [finding.of(self._check) for finding in told]

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
            self._fault(Fault("kit.broken-off-at", {"count": CONCURRENT}), fault)
            return
        self._say(Fault("kit.broken-off"), Fault("kit.next-whole", {"count": CONCURRENT}), ok=True)

    async def _counts(self) -> None:
        about = Fault("kit.counts")
        try:
            counts = await self._guard.counts()
        except AdapterFault as fault:
            self._fault(about, fault)
            return
        if counts is None:
            self._say(about, Fault("kit.no-counts"), ok=None)
            return
        ok = counts.workers >= len(self._looks)
        self._say(about, Fault("kit.counted" if ok else "kit.counted-few", {"count": counts.workers}), ok=ok)

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
        measured = {name: Latency.of(those) for name, those in times.items() if those}
        for name, told in measured.items():
            about = Fault("kit.latency-known" if name == "known" else "kit.latency-unknown")
            self._say(about, Fault("kit.times", {"half": f"{told.half:.1f}", "late": f"{told.late:.1f}"}), ok=None)
        if measured:
            self._floor(Latency.of([*times["known"], *times["unknown"]]).late, measured)

    def _floor(self, p99_ms: float, measured: Mapping[str, Latency]) -> None:
        self.p99_ms = p99_ms
        needed, about, configured = floor_ms(p99_ms), Fault("kit.floor"), self._depth.floor_ms
        values = {"late": f"{p99_ms:.1f}", "needed": needed}
        if configured is None:
            self._say(about, Fault("kit.floor-needed", values), ok=None)
        else:
            ok = configured >= needed
            self._say(about, Fault("kit.floor-is", {**values, "configured": configured}), ok=True if ok else None)
        known, unknown = measured.get("known"), measured.get("unknown")
        if known and unknown and abs(known.half - unknown.half) > max(_TELLING_MS, min(known.half, unknown.half)):
            self._say(about, Fault("kit.telling"), ok=None)

    async def _connection(self) -> None:
        cutting = self._depth.cutting
        place = next(iter(self._looks), None)
        if cutting.interruption is None or place is None:
            why = Fault("kit.no-known") if place is None else cutting.why_not
            self.findings.append(not_checked(Fault("kit.connection"), why).of(self._check))
            return
        guard = self._guard
        if cutting.source is not None:
            guard = guard_source(
                cutting.source, self._settings, name="under test", clock=self._clock, report=self._report
            )
        ins, expected = self._known[place - 1], self._looks[place]
        try:
            told = await lost_and_back(guard, ins, expected, cutting.interruption, self._clock, self._value_of)
        finally:
            if guard is not self._guard:
                await guard.close()
        self.findings += [finding.of(self._check) for finding in told]

    async def _trace(self, trace: Trace) -> None:
        try:
            await self._guard.trace(trace)
            await self._guard.trace(trace)
        except AdapterFault as fault:
            self._fault(Fault("kit.trace"), fault)
            return
        self._say(Fault("kit.trace"), Fault("kit.taken-twice"), ok=None)

    async def _look(self, ins: Ins, about: Fault) -> Look | None:
        try:
            return await self._guard.look(ins)
        except AdapterFault as fault:
            self._fault(about, fault)
            return None

    def _fault(self, about: Fault, fault: AdapterFault) -> None:
        self._say(about, self._value_of(fault), ok=False)

    def _value_of(self, fault: AdapterFault) -> Fault:
        return as_value(fault, self._seen)

    def _report(self, seen: FaultSeen) -> None:
        self._seen = seen

    def _say(self, about: Fault, what: Fault, *, ok: bool | None) -> None:
        self.findings.append(found(about, what, ok=ok).of(self._check))

"""What each member has asked here, counted in memory before any work is done (PROTOCOL section 5).

A reservation counts as a miss until a record was announced, so that what runs at the same time cannot pass a limit
together. Whoever the worker is and whatever the answer, the same is done in the same time: nothing here looks at the
vendor's software. What is kept of it, and who is told, is `holder.limits`.

After a start nothing of a member is known here until `recall_pairs` and `recall_today` were given what is kept of it:
whoever asks for a place sees to that first. Blocks are known from `restore` on.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from connector.core.directory import Member
from connector.core.identity import QualifiedIdentity
from connector.core.instant import Instant
from connector.core.limits import (
    MINUTE_SECONDS,
    PATTERN_DAYS,
    REPEAT_SECONDS,
    Counted,
    LimitBlock,
    LimitRule,
    Limits,
    PeerOverride,
    person_key,
)
from connector.core.members import MemberId
from connector.core.units import DAY_SECONDS
from connector.holder.pairs import Pairs

Tagger = Callable[..., bytes]
"""`LimitStore.tag`."""

_PATTERN_SECONDS: Final = PATTERN_DAYS * DAY_SECONDS
_BLOCKED_RETRY_SECONDS: Final = DAY_SECONDS


class Reached(Exception):
    """A limit is met. `block` where it is a new one that must be kept."""

    def __init__(self, rule: LimitRule, retry_after: int, *, tag: bytes | None = None) -> None:
        super().__init__(rule)
        self.rule, self.retry_after, self.tag = rule, retry_after, tag

    @property
    def blocks(self) -> bool:
        """Whether a block begins here."""
        return self.tag is not None


@dataclass(slots=True)
class PeerCount:
    """One member's counts: the minute as instants, the day as numbers. `free_at` is monotonic, for slowed answers."""

    minute: deque[Instant] = field(default_factory=deque)
    repeats: deque[Instant] = field(default_factory=deque)
    probes: deque[Instant] = field(default_factory=deque)
    ledger: deque[Instant] = field(default_factory=deque)
    seen: dict[bytes, Instant] = field(default_factory=dict)
    turned_at: Instant | None = None
    day: int = 0
    total: int = 0
    hits: int = 0
    misses: int = 0
    probes_today: int = 0
    free_at: float = 0.0
    blocked: LimitBlock | None = None

    def turn_to(self, now: Instant) -> None:
        """Begin another day where it has come (UTC), and forget the last minute's: once for each instant."""
        if now == self.turned_at:
            return
        self.turned_at = now
        if now // DAY_SECONDS != self.day:
            self.day = now // DAY_SECONDS
            self.total = self.hits = self.misses = self.probes_today = 0
        for times in (self.minute, self.repeats, self.probes, self.ledger):
            while times and times[0] <= now - MINUTE_SECONDS:
                times.popleft()
        while self.seen and (oldest := next(iter(self.seen))) and self.seen[oldest] <= now - REPEAT_SECONDS:
            del self.seen[oldest]

    def add_today(self, counted: Counted, *, is_forgiven: bool = False) -> None:
        """Count one lookup or probe of the running day; a miss that is forgiven counts for the day alone."""
        if counted.is_probe:
            self.probes_today += 1
            return
        self.total += 1
        if counted.is_hit:
            self.hits += 1
        elif not is_forgiven:
            self.misses += 1


@dataclass(slots=True, eq=False)
class Reservation:
    """A place that was taken. `counted` is to be kept with the entry, None for a repeat; `wait_seconds` comes first.

    `recalled_seconds` were spent on what is kept of this peer, at its first question since a start.
    """

    counted: Counted | None
    wait_seconds: float = 0.0
    recalled_seconds: float = 0.0
    _count: PeerCount | None = None

    def hit(self) -> None:
        """A record was announced: the miss that stood for it becomes a hit."""
        count, counted = self._count, self.counted
        if count is not None and counted is not None and counted.at // DAY_SECONDS == count.day:
            count.misses -= 1
            count.hits += 1
        self._count = None


class Counting:
    """The counts of all members. Every method is one step on the event loop."""

    def __init__(self, limits: Limits, tag: Tagger) -> None:
        self._limits, self._tag = limits, tag
        self._by_size: dict[str, Limits] = {}
        self._overrides: dict[MemberId, PeerOverride] = {}
        self._peers: dict[str, PeerCount] = {}
        self._blocked: dict[bytes, LimitBlock] = {}
        self._lifted: dict[tuple[MemberId, bytes], Instant] = {}
        self._pairs = Pairs()

    # ------------------------------------------------------------ asking for a place

    def reserve(
        self, peer: Member, worker: QualifiedIdentity, lookup_id: str, now: Instant, monotonic: float
    ) -> Reservation:
        """Take a place for one lookup.

        Raises:
            Reached: a limit; nothing is counted.
        """
        count, limits = self._count(peer.id, now), self.limits_of(peer)
        traits, matricule = self._tags(peer.id, worker)
        self._check_blocks(count, now, traits, matricule)
        repeat = self._tag("limit repeat", peer.id.value, lookup_id, traits.hex(), matricule.hex())[: len(traits)]
        if repeat in count.seen:
            _take(count.repeats, limits.per_minute, now, LimitRule.MINUTE)
            return Reservation(None)
        if count.total >= limits.per_day:
            raise Reached(LimitRule.DAY, _rest_of_day(now))
        if count.misses >= limits.block_from(count.hits):
            raise Reached(LimitRule.MISSES, _BLOCKED_RETRY_SECONDS, tag=b"")
        since = Instant(now - _PATTERN_SECONDS)
        for one, other in ((traits, matricule), (matricule, traits)):
            if self._pairs.count_others(one, other, since) >= limits.others_per_person:
                raise Reached(LimitRule.PATTERN, _BLOCKED_RETRY_SECONDS, tag=one)
        wait = self._slow(count, limits, monotonic)
        _take(count.minute, limits.per_minute, now, LimitRule.MINUTE)
        counted = Counted(peer.id, now, is_hit=False, traits=traits, matricule=matricule, repeat=repeat)
        count.add_today(counted)
        count.seen[repeat] = now
        self._pairs.remember(traits, matricule, now)
        if wait is not None:
            count.free_at = monotonic + wait + limits.slow_seconds
        return Reservation(counted, wait or 0.0, _count=count)

    def reserve_probe(self, peer: Member, now: Instant) -> Reservation:
        """Take a place for one probe, which has a quota of its own.

        Raises:
            Reached: `probes`.
        """
        count, limits = self._count(peer.id, now), self.limits_of(peer)
        if count.probes_today >= limits.probes_per_day:
            raise Reached(LimitRule.PROBES, _rest_of_day(now))
        _take(count.probes, limits.probes_per_minute, now, LimitRule.PROBES)
        count.probes_today += 1
        return Reservation(Counted(peer.id, now, is_hit=True))

    def refused(self, peer: Member, now: Instant) -> None:
        """Count a demand that is refused for what it says: it costs an entry, so it has its place in the minute.

        Raises:
            Reached: `minute`: then it is not answered, and no entry is written.
        """
        _take(self._count(peer.id, now).minute, self.limits_of(peer).per_minute, now, LimitRule.MINUTE)

    def asked_ledger(self, peer: Member, now: Instant) -> None:
        """Count a question about ledgers; it takes nothing from what may be asked about workers.

        Raises:
            Reached: `ledger`.
        """
        _take(self._count(peer.id, now).ledger, self.limits_of(peer).ledger_per_minute, now, LimitRule.LEDGER)

    def check(self, peer: Member, worker: QualifiedIdentity, now: Instant) -> None:
        """Look whether anything may still be given, at the handover.

        Raises:
            Reached: the pair, or this person for this member, is blocked.
        """
        self._check_blocks(self._count(peer.id, now), now, *self._tags(peer.id, worker))

    # ------------------------------------------------------------ what was before, and what operators change

    def restore(self, blocks: Iterable[LimitBlock], overrides: Mapping[MemberId, PeerOverride]) -> None:
        """Take up the blocks that were kept, lifted ones too, and the peers' own numbers."""
        self._overrides = dict(overrides)
        for block in blocks:
            if block.lifted_at is None:
                self.block(block)
            else:
                self._keep_lifted(block)

    def recall_pairs(self, peer: MemberId, counted: Iterable[Counted]) -> None:
        """Take up of one peer whom it asked about, the oldest first; it may be done twice."""
        for one in counted:
            if one.is_probe:
                continue
            self._pairs.remember(one.traits, one.matricule, one.at)
            for tag in (one.traits, one.matricule):
                if one.at <= self._lifted.get((peer, tag), -1):
                    self._pairs.forget(tag)

    def recall_today(self, peer: MemberId, counted: Iterable[Counted], now: Instant) -> None:
        """Take up of one peer, once, what still counts for its minute, its day and its repeats, the oldest first."""
        count, today = self._count(peer, now), now // DAY_SECONDS
        forgiven_until = self._lifted.get((peer, b""), -1)
        for one in counted:
            if one.at // DAY_SECONDS == today:
                count.add_today(one, is_forgiven=one.at <= forgiven_until)
            if one.at > now - MINUTE_SECONDS:
                (count.probes if one.is_probe else count.minute).append(one.at)
            if one.at > now - REPEAT_SECONDS and not one.is_probe:
                count.seen[one.repeat] = one.at

    def block(self, block: LimitBlock) -> None:
        """Answer nothing more to that pair, or to that peer about that person."""
        if block.tag:
            self._blocked[block.tag] = block
        else:
            self._peers.setdefault(block.peer.value, PeerCount()).blocked = block

    def lift(self, block: LimitBlock) -> None:
        """Answer again; what was counted before no longer counts for this rule."""
        self._keep_lifted(block)
        if block.tag:
            self._blocked.pop(block.tag, None)
            self._pairs.forget(block.tag)
        elif (count := self._peers.get(block.peer.value)) is not None:
            count.blocked, count.misses, count.free_at = None, 0, 0.0

    def set_override(self, member: MemberId, override: PeerOverride | None) -> None:
        """Have other numbers for a peer, or those configured again."""
        if override is None:
            self._overrides.pop(member, None)
        else:
            self._overrides[member] = override

    def prune(self, now: Instant) -> None:
        """Forget persons about whom nothing was asked for 30 days."""
        since = Instant(now - _PATTERN_SECONDS)
        self._pairs.prune(since)
        self._lifted = {of: at for of, at in self._lifted.items() if at > since}
        self._blocked = {tag: block for tag, block in self._blocked.items() if block.holds_at(now)}

    # ------------------------------------------------------------ looking

    def limits_of(self, peer: Member) -> Limits:
        """Give the numbers that count for a peer."""
        limits = self._by_size.get(peer.size_class)
        if limits is None:
            limits = self._by_size[peer.size_class] = self._limits.of_peer(peer.size_class)
        override = self._overrides.get(peer.id) if self._overrides else None
        return limits if override is None else override.over(limits)

    def override_of(self, member: MemberId) -> PeerOverride | None:
        """Give a peer's own numbers."""
        return self._overrides.get(member)

    def count_of(self, member: MemberId, now: Instant) -> PeerCount:
        """Give a peer's counts of today."""
        return self._count(member, now)

    def blocks(self, now: Instant) -> list[LimitBlock]:
        """Give what is blocked now, the oldest first."""
        pairs = [count.blocked for count in self._peers.values() if count.blocked is not None]
        persons = [block for block in self._blocked.values() if block.holds_at(now)]
        return sorted((*pairs, *persons), key=lambda block: block.since)

    # ------------------------------------------------------------ within

    def _count(self, member: MemberId, now: Instant) -> PeerCount:
        count = self._peers.get(member.value)
        if count is None:
            count = self._peers[member.value] = PeerCount()
        count.turn_to(now)
        return count

    def _tags(self, peer: MemberId, worker: QualifiedIdentity) -> tuple[bytes, bytes]:
        ins = worker.ins
        traits = self._tag("limit traits", peer.value, *person_key(worker.traits))
        return traits, self._tag("limit matricule", peer.value, ins.oid, ins.matricule.value)

    def _check_blocks(self, count: PeerCount, now: Instant, *tags: bytes) -> None:
        if count.blocked is not None:
            raise Reached(LimitRule.MISSES, _BLOCKED_RETRY_SECONDS)
        if self._blocked:
            for tag in tags:
                block = self._blocked.get(tag)
                if block is not None and block.holds_at(now):
                    raise Reached(LimitRule.PATTERN, _BLOCKED_RETRY_SECONDS)

    def _slow(self, count: PeerCount, limits: Limits, monotonic: float) -> float | None:
        """Give how long a slowed pair's answer waits, None where it is not slowed."""
        if count.misses < limits.slow_from(count.hits):
            return None
        wait = max(0.0, count.free_at - monotonic)
        if wait > limits.slow_seconds:
            raise Reached(LimitRule.MISSES, ceil(wait))
        return wait

    def _keep_lifted(self, block: LimitBlock) -> None:
        """Remember since when a peer, or a person for it, begins at nothing: what is recalled later is from before."""
        of = (block.peer, block.tag)
        if block.lifted_at is not None:
            self._lifted[of] = max(block.lifted_at, self._lifted.get(of, block.lifted_at))


def _take(times: deque[Instant], most: int, now: Instant, rule: LimitRule) -> None:
    if len(times) >= most:
        raise Reached(rule, max(1, times[len(times) - most] + MINUTE_SECONDS - now))
    times.append(now)


def _rest_of_day(now: Instant) -> int:
    return DAY_SECONDS - now % DAY_SECONDS

"""The limits against enumeration (PROTOCOL section 5) as values: the numbers, what is counted, what is blocked.

A NIR can be guessed: at most 999 candidates for a known sex, birth date and place. So what one member asks another is
counted, whoever the worker and whatever the answer. Counting is `holder.counting`; here is what needs no memory.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.private import Private
from connector.core.slots import set_by_slot
from connector.core.spelling import fold
from connector.core.traits import StrictTraits
from connector.core.units import DAY_SECONDS

MINUTE_SECONDS: Final = 60
PATTERN_DAYS: Final = 30
REPEAT_SECONDS: Final = 600
"""A `lookup_id` that comes again within ten minutes about the same worker counts once."""

LEDGER_PER_MINUTE: Final = 120
LEDGER_PER_DEMAND: Final = 6
"""Our rule: a demand shows an honest member some four new heads, and each is worth one proof."""

MISSES_TO_HITS: Final = 3
BLOCK_FACTOR: Final = 10

SIZE_SCALE: Final = {"S": 0.5, "M": 1.0, "L": 2.0, "XL": 4.0}
"""Our numbers: a mean service (106,000 workers) is M, the largest (over a million) XL; without a class it is M."""


class LimitRule(StrEnum):
    """Which limit was met."""

    PATTERN = "pattern"
    MISSES = "misses"
    MINUTE = "minute"
    DAY = "day"
    PROBES = "probes"
    PRACTITIONER = "practitioner"
    LEDGER = "ledger"


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers, those of PROTOCOL section 5 by default; the probes' are ours. Counting is never off.

    `others_per_person` is how many matricules one set of traits, and how many sets one matricule, may be asked with in
    30 days. `slow_seconds` is the space between two answers to a pair whose misses are slowed.
    """

    per_minute: int = 20
    per_day: int = 500
    misses_per_day: int = 30
    others_per_person: int = 3
    slow_seconds: int = 6
    probes_per_minute: int = 10
    probes_per_day: int = 200
    practitioner_per_day: int = 60

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) < 1:
                msg = f"limit {name}: got {getattr(self, name)}, expected 1 at least: counting is never off"
                raise ValueError(msg)

    def of_peer(self, size_class: str) -> "Limits":
        """Give the numbers for a peer of that size: how much it may ask in a day grows with it."""
        return replace(self, per_day=max(1, round(self.per_day * SIZE_SCALE.get(size_class, 1.0))))

    @property
    def ledger_per_minute(self) -> int:
        """How often a peer may ask about ledgers in a minute: enough to follow every head that its demands show it."""
        return max(LEDGER_PER_MINUTE, LEDGER_PER_DEMAND * self.per_minute)

    def slow_from(self, hits: int) -> int:
        """Give the misses of a day above which a pair is slowed, after so many hits on that day."""
        return max(self.misses_per_day, MISSES_TO_HITS * hits)

    def block_from(self, hits: int) -> int:
        """Give the misses of a day above which a pair is blocked."""
        return BLOCK_FACTOR * self.slow_from(hits)


@dataclass(frozen=True, slots=True)
class PeerOverride:
    """Other numbers for one peer, as the holder's operator set them; None leaves one as it is configured."""

    per_minute: int | None = None
    per_day: int | None = None
    misses_per_day: int | None = None

    def over(self, limits: Limits) -> Limits:
        """Give the numbers that count for that peer; a number of this kind is not scaled by size any more."""
        return replace(
            limits,
            per_minute=self.per_minute or limits.per_minute,
            per_day=self.per_day or limits.per_day,
            misses_per_day=self.misses_per_day or limits.misses_per_day,
        )


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class Counted(Private):
    """One lookup as it counts: kept with its ledger entry, in one transaction.

    `traits`, `matricule` and `repeat` are keyed tags of whom it was about and of its `lookup_id`; all are empty for a
    probe, which is about nobody. Every answer but an announcement is a miss.
    """

    peer: MemberId
    at: Instant
    is_hit: bool
    traits: bytes = b""
    matricule: bytes = b""
    repeat: bytes = b""

    @property
    def is_probe(self) -> bool:
        """Whether it is of the probes' own quota."""
        return not self.traits

    def as_hit(self) -> "Counted":
        """Give the same, once a record was announced."""
        return Counted(self.peer, self.at, True, self.traits, self.matricule, self.repeat)  # noqa: FBT003


@dataclass(frozen=True, slots=True)
class LimitBlock:
    """A pair of services, or one person for one requester, about which nothing is answered any more.

    `tag` is the keyed tag of the traits or of the matricule that repeats, empty for a pair; `ref` the `lookup_id` that
    met the limit. `lifted_at` is set once two people lifted it: what was counted before no longer counts.
    """

    id: str
    peer: MemberId
    rule: LimitRule
    since: Instant
    ref: str
    tag: bytes = b""
    lifted_at: Instant | None = None

    def holds_at(self, at: Instant) -> bool:
        """Whether it still blocks: a person's ends with the 30 days of its pattern, a pair's when it is lifted."""
        if self.lifted_at is not None:
            return False
        return self.rule is not LimitRule.PATTERN or at < self.since + PATTERN_DAYS * DAY_SECONDS


def person_key(traits: StrictTraits) -> tuple[str, ...]:
    """Give what two sets of traits have in common that `core.identity.compare` could take for one person's.

    The first word of the given names alone, names folded and the date resolved: otherwise each way of writing one
    person would give an enumerator three more matricules to try.
    """
    given = fold(traits.first_given_name).partition(" ")[0]
    return (fold(traits.birth_name), given, traits.sex, traits.birth_date.resolved().value, traits.birth_place)

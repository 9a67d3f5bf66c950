"""Which record is the newest: the cases that are easily got wrong, for an author's test software and for the real one.

An author builds each case in test software and the kit says which version must be announced. In the real software a
person names workers who have such records, and what they see there. The order is the contract's (docs/adapters.md):
valid versions only, by the day of the newest act, and of two on one day the one recorded last.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from connector.contract.adapter import Problem, Source
from connector.contract.faults import FaultSeen
from connector.contract.findings import Finding, not_checked
from connector.contract.guard import guard_source
from connector.contract.settings import GuardSettings
from connector.core.days import Day
from connector.core.errors import AdapterFault
from connector.core.faults import Fault
from connector.core.instant import Instant, parse_rfc3339
from connector.core.matricule import Ins
from connector.core.ports import Clock


class NewestCase(StrEnum):
    """What a worker's records hold."""

    AMENDED = "amended"
    CANCELLED = "cancelled"
    DUPLICATE = "duplicate"
    FUTURE = "future-dated"
    SAME_DAY = "same-day"


class VersionState(StrEnum):
    """What became of a version in the software."""

    VALID = "valid"
    AMENDED = "amended"
    """Another version took its place."""
    CANCELLED = "cancelled"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Version:
    """One version as test software is to hold it: `recorded_at` is when it was written down, never the act's day."""

    state: VersionState
    last_act_on: Day
    recorded_at: Instant


@dataclass(frozen=True, slots=True)
class NewestExample:
    """A worker's versions, in the order in which they were recorded. `expected` are places that may be announced.

    None of them: no record may be announced. `problems` are answers that are right too: nothing leaves by them.
    """

    name: str
    case: NewestCase | None
    versions: tuple[Version, ...]
    expected: tuple[int, ...]
    problems: frozenset[Problem] = field(default_factory=frozenset)


def _version(state: VersionState, day: str, recorded: str) -> Version:
    return Version(state, Day.parse(day), parse_rfc3339(f"{recorded}:00Z"))


_V, _A, _C, _D = VersionState.VALID, VersionState.AMENDED, VersionState.CANCELLED, VersionState.DRAFT
_MARCH: Final = _version(_V, "2025-03-04", "2025-03-04T09:00")
_MAY: Final = _version(_V, "2025-05-13", "2025-05-13T09:00")

EXAMPLES: Final = (
    NewestExample("one", None, (_MARCH,), (0,)),
    NewestExample("none", None, (), ()),
    NewestExample("the-later-act", None, (_MAY, _version(_V, "2025-03-04", "2025-06-01T09:00")), (0,)),
    NewestExample(
        "amended",
        NewestCase.AMENDED,
        (_version(_A, "2025-05-13", "2025-05-13T09:00"), _version(_V, "2025-05-13", "2025-06-02T08:30")),
        (1,),
    ),
    NewestExample(
        "an-earlier-record-amended-later",
        NewestCase.AMENDED,
        (
            _version(_A, "2025-03-04", "2025-03-04T09:00"),
            _MAY,
            _version(_V, "2025-03-04", "2025-06-02T08:30"),
        ),
        (1,),
    ),
    NewestExample("cancelled", NewestCase.CANCELLED, (_MARCH, _version(_C, "2025-05-13", "2025-05-13T09:00")), (0,)),
    NewestExample("all-cancelled", NewestCase.CANCELLED, (_version(_C, "2025-05-13", "2025-05-13T09:00"),), ()),
    NewestExample("draft", None, (_MARCH, _version(_D, "2025-05-13", "2025-05-13T09:00")), (0,)),
    NewestExample("duplicate", NewestCase.DUPLICATE, (_MAY, _MAY), (0, 1), frozenset({Problem.AMBIGUOUS})),
    NewestExample(
        "future-dated",
        NewestCase.FUTURE,
        (_MARCH, _version(_V, "2999-01-01", "2025-05-13T09:00")),
        (0,),
        frozenset({Problem.DATA}),
    ),
    NewestExample("same-day", NewestCase.SAME_DAY, (_MAY, _version(_V, "2025-05-13", "2025-05-13T17:05")), (1,)),
    NewestExample(
        "same-day-recorded-in-another-order",
        NewestCase.SAME_DAY,
        (_version(_V, "2025-05-13", "2025-05-13T17:05"), _MAY),
        (0,),
    ),
    NewestExample(
        "same-day-the-later-cancelled",
        NewestCase.SAME_DAY,
        (_MAY, _version(_C, "2025-05-13", "2025-05-13T17:05")),
        (0,),
    ),
)
"""Every case that the kit knows; a version's place in `versions` is what an author's software keeps it by."""


async def newest_finding(source: Source, ins: Ins, example: NewestExample, clock: Clock) -> Finding:
    """Ask test software that holds exactly the example's versions for a qualified worker who does not object.

    The announcement is compared by day and by the moment of recording, to the second.
    """
    seen: list[FaultSeen] = []
    guard = guard_source(source, GuardSettings(), name="under test", clock=clock, report=seen.append)
    try:
        look = await guard.look(ins)
    except AdapterFault as fault:
        ok = any(one.cause == problem.value for one in seen for problem in example.problems)
        return Finding(ok, example.name, f"{fault.message} ({fault.code})", "newest")
    finally:
        await guard.close()
    if look.announcement is None:
        text = "none announced" + (f", expected {_told(example)}" if example.expected else "")
        return Finding(not example.expected, example.name, text, "newest")
    got = (look.announcement.last_act_on, look.announcement.updated_at)
    places = [(version.last_act_on, version.recorded_at) for version in example.versions]
    ok = got in [places[place] for place in example.expected]
    place = f"version {places.index(got)}" if got in places else "none of the versions"
    text = f"announced {place}" + ("" if ok else f", expected {_told(example)}")
    return Finding(ok, example.name, text, "newest")


def _told(example: NewestExample) -> str:
    return " or ".join(f"version {place}" for place in example.expected) or "none"


def cases_left(named: Mapping[int, NewestCase], compared: Iterable[int]) -> list[Finding]:
    """Say of each case whether a worker with such records was named and compared with what a person sees."""
    done = set(compared)
    found = []
    for case in NewestCase:
        places = [place for place, its in named.items() if its is case]
        if any(place in done for place in places):
            continue
        why = Fault("kit.case-unseen" if places else "kit.case-unnamed")
        found.append(not_checked(Fault("kit.newest-case", {"case": case.value}), why))
    return found

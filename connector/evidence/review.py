"""The monthly review, per practitioner: what a data-protection officer should look at, with why it stands out.

Counted are our own practitioners by what they asked, and those of other members by what they asked here. Nothing is
decided here: a mark says that someone should look (our rules):

    volume       more than twice the own mean of the three months before, and at least ten
    misses       at least ten lookups, more than half of them without a record
    declared     follow-up declared by the practitioner for at least five, and more than half
    unattended   asked again in the background, at least ten times
    hours        before 7, after 20 or on a weekend in France, at least five times
    opposition   the worker had objected
    refused      a rule of this house, or the other service, refused
    repeated     the same worker on four days or more
    unopened     a record that was brought over and that nobody opened
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import Instant, day_in_france
from connector.core.ledger import EntryType, Tree
from connector.core.mandate import FollowUpBasis
from connector.core.outcome import Outcome
from connector.evidence.reading import Entries, each, mandate_of, practitioner_of
from connector.ledger.find import JournalEntry, Search

_FRANCE: Final = ZoneInfo("Europe/Paris")
MONTHS_BEFORE: Final = 3
FIRST_HOUR, LAST_HOUR = 7, 20
_REPLIES_REFUSED: Final = frozenset({"refused", "limited"})


@dataclass(slots=True)
class _Count:
    """What is counted of one practitioner of one service."""

    id: str
    name: str
    member: str | None
    asked: int = 0
    before: int = 0
    misses: int = 0
    refused: int = 0
    opposed: int = 0
    declared: int = 0
    unattended: int = 0
    out_of_hours: int = 0
    arrived: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    fetches: set[str] = field(default_factory=set)
    days: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def repeated(self) -> int:
        """Workers that were asked about on several days."""
        return sum(len(days) > MONTHS_BEFORE for days in self.days.values())

    def marks(self) -> list[str]:
        """Say why someone should look."""
        mean = self.before / MONTHS_BEFORE
        rules = (
            ("volume", self.asked >= 10 and self.asked > 2 * mean),
            ("misses", self.asked >= 10 and 2 * self.misses > self.asked),
            ("declared", self.declared >= 5 and 2 * self.declared > self.asked),
            ("unattended", self.unattended >= 10),
            ("hours", self.out_of_hours >= 5),
            ("opposition", self.opposed > 0),
            ("refused", self.refused > 0),
            ("repeated", self.repeated > 0),
            ("unopened", bool(self.arrived - self.shown)),
        )
        return [name for name, holds in rules if holds]

    def row(self) -> dict[str, Any]:
        """Give what the review shows."""
        return {
            "id": self.id, "name": self.name, "member": self.member, "asked": self.asked,
            "mean_before": round(self.before / MONTHS_BEFORE, 1), "misses": self.misses, "refused": self.refused,
            "opposed": self.opposed, "declared": self.declared, "unattended": self.unattended,
            "out_of_hours": self.out_of_hours, "repeated": self.repeated, "brought": len(self.arrived),
            "unopened": len(self.arrived - self.shown), "marks": self.marks(),
        }  # fmt: skip


def month_bounds(month: str) -> tuple[Instant, Instant, Instant]:
    """Give when a month `YYYY-MM` begins and ends in France, and when the months it is compared with begin.

    Raises:
        LocalRefused: `local.malformed`, it is no month.
    """
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise LocalRefused("month: expected YYYY-MM", field="month", code=Code.LOCAL_MALFORMED) from None
    number = first.year * 12 + first.month - 1
    if len(month) != 7 or not 2000 <= first.year <= 9998:
        raise LocalRefused("month: expected YYYY-MM", field="month", code=Code.LOCAL_MALFORMED)
    return _begin(number), _begin(number + 1), _begin(number - MONTHS_BEFORE)


async def review(journal: Entries, month: str) -> list[dict[str, Any]]:
    """Count a month; those with most marks come first.

    Raises:
        LocalRefused: `local.malformed`, it is no month.
    """
    begins, ends, compared_from = month_bounds(month)
    counts: dict[tuple[str | None, str], _Count] = {}
    for tree in Tree:
        # A record that came on the last day may be opened a week later; nothing after that is a transit copy.
        async for entry in each(journal, Search(tree, since=compared_from, until=Instant(ends + 8 * 86_400))):
            _count(counts, entry, begins, ends)
    rows = [count.row() for count in counts.values() if count.asked or count.refused or count.opposed]
    return sorted(rows, key=lambda row: (-len(row["marks"]), row["member"] or "", row["id"]))


def _count(counts: dict[tuple[str | None, str], _Count], entry: JournalEntry, begins: Instant, ends: Instant) -> None:
    who = practitioner_of(entry)
    if who is None:
        return
    member = entry.peer.value if entry.type is EntryType.ANSWERED and entry.peer is not None else None
    count = counts.setdefault((member, who[0]), _Count(who[0], who[1], member))
    in_month = begins <= entry.at < ends
    if entry.type is EntryType.SHOWN:
        count.shown.add(entry.ref)
    elif entry.type in {EntryType.ASKED, EntryType.ANSWERED} and entry.at < begins:
        count.before += 1
    elif in_month:
        _count_in_month(count, entry)


def _count_in_month(count: _Count, entry: JournalEntry) -> None:
    personal = entry.personal or {}
    match entry.type:
        case EntryType.ASKED | EntryType.ANSWERED:
            mandate = mandate_of(entry)
            follow_up = personal.get("follow_up") or mandate.get("follow_up") or {}
            count.asked += 1
            count.declared += follow_up.get("basis") == FollowUpBasis.DECLARED.value
            unattended = bool(personal.get("unattended") or mandate.get("unattended"))
            count.unattended += unattended
            count.out_of_hours += not unattended and _out_of_hours(entry.at)
            if entry.workers:
                count.days[entry.workers[0].to_token()].add(day_in_france(entry.at))
            count.misses += entry.outcome == Outcome.WITHHELD.value
            count.refused += entry.outcome == Outcome.REFUSED.value
        case EntryType.ARRIVED:
            count.arrived.add(entry.ref)
            _count_replies(count, personal)
        case EntryType.FETCH_ENDED:
            _count_replies(count, personal)
        case EntryType.FETCH_REFUSED:
            count.refused += 1
            count.opposed += entry.reason == Code.FETCH_OPPOSED.value
        case EntryType.LIMITED:
            count.refused += 1


def _count_replies(count: _Count, personal: Mapping[str, Any]) -> None:
    """Count what services answered a fetch, once for each fetch: several of its records may have arrived."""
    fetch_id, services = str(personal.get("fetch_id")), personal.get("services")
    if fetch_id in count.fetches:
        return
    count.fetches.add(fetch_id)
    replies: Iterable[Any] = services if isinstance(services, list) else ()
    told = Counter(str(service.get("reply")) for service in replies)
    count.misses += told["withheld"]
    count.refused += sum(told[reply] for reply in _REPLIES_REFUSED)


def _out_of_hours(at: Instant) -> bool:
    local = datetime.fromtimestamp(at, _FRANCE)
    return local.weekday() >= 5 or not FIRST_HOUR <= local.hour < LAST_HOUR


def _begin(number: int) -> Instant:
    return Instant(int(datetime(number // 12, number % 12 + 1, 1, tzinfo=_FRANCE).timestamp()))

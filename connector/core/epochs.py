"""The epochs of the ledgers by the calendar of UTC: which one an instant belongs to, and when its key is destroyed.

A day's epoch ends 30 days after the day, a month's three years after the month (PROTOCOL section 6). An epoch may have
several *generations*: erasing one entry before its time gives the others a new key and destroys the old one (ADR 0010).
Where keys lie, and who destroys them, is not said here.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from connector.core.instant import Instant
from connector.core.ledger import Retention

DAILY_DAYS: Final = 30
MONTHLY_YEARS: Final = 3

_FORMATS: Final = {Retention.DAILY: "%Y-%m-%d", Retention.MONTHLY: "%Y-%m"}
_NAME: Final = re.compile(r"(daily|monthly)-([0-9-]+)(?:\.([1-9][0-9]{0,5}))?", re.ASCII)


@lru_cache(maxsize=64)
def epoch_of(retention: Retention, at: Instant) -> str:
    """Name the first generation of an instant's epoch: `daily-2026-11-23`, `monthly-2026-11`."""
    return f"{retention}-{datetime.fromtimestamp(at, UTC).strftime(_FORMATS[retention])}"


@dataclass(frozen=True, slots=True)
class Epoch:
    """One generation of an epoch: entries from `begins_at` up to before `ends_at`, readable up to before `over_at`."""

    base: str
    generation: int
    begins_at: Instant
    ends_at: Instant
    over_at: Instant

    @property
    def name(self) -> str:
        """Its name: that of the epoch, and from the second generation on its number, `monthly-2026-11.2`."""
        return self.base if self.generation == 1 else f"{self.base}.{self.generation}"

    @property
    def next_name(self) -> str:
        """The name of the generation that follows."""
        return f"{self.base}.{self.generation + 1}"

    @classmethod
    def parse(cls, name: str) -> "Epoch":
        """Read a name.

        Raises:
            ValueError: it is none.
        """
        found = _NAME.fullmatch(name)
        if found is None or found[3] == "1":
            raise ValueError("expected an epoch such as daily-2026-11-23 or monthly-2026-11.2")
        retention = Retention(found[1])
        begins = datetime.strptime(found[2], _FORMATS[retention]).replace(tzinfo=UTC)
        if retention is Retention.DAILY:
            ends = begins + timedelta(days=1)
            over = ends + timedelta(days=DAILY_DAYS)
        else:
            ends = (begins + timedelta(days=31)).replace(day=1)
            over = ends.replace(year=ends.year + MONTHLY_YEARS)
        base = epoch_of(retention, _instant(begins))
        if found[2] != base.removeprefix(f"{retention}-"):  # strptime takes 2026-1-2 as well
            raise ValueError("expected a date of two and two figures")
        return cls(base, int(found[3] or 1), _instant(begins), _instant(ends), _instant(over))


def _instant(moment: datetime) -> Instant:
    return Instant(int(moment.timestamp()))

"""Calendar days, and birth dates that may be none.

`Day` is a day that exists. `BirthDate` is INSi's `DateLunaire`: a pattern, not a calendar date (reference/ins.md 0.8,
[A] WSDL). For comparing, an incomplete or lunar birth date is put through the rules of ins.md 2.2 (EXI ID 11 and 12,
RNIV EXI PP 19, [B]):

| written | known | resolved |
|---|---|---|
| a day that exists | all | itself |
| month 01-12, day 00, or one that month has not (32, 31 April, 29 February 1999) | month and year | `YYYY-MM-01` |
| month 00 or 13-99, day 01-31 | day and year | `YYYY-01-DD` |
| month 00 or 13-99, day 00 or 32-99 | year | `YYYY-12-31` |

Year 0000 has no row: there a person estimates the year, so it is refused. That fictitious months (20 to 99) tell
nothing of the month is our reading: those of a NIR have a meaning (31 to 42 is the month plus 30), those of a lunar
date have none that we could read, and a trait is never derived from a NIR.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Self

from connector.core.codes import Code
from connector.core.errors import IdentityFault
from connector.core.private import Private, shape_of
from connector.core.slots import set_by_slot

_PATTERN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True, order=True)
class Day:
    """A day of the Gregorian calendar, year 1 to 9999; it prints as `YYYY-MM-DD`."""

    year: int
    month: int
    day: int

    def __post_init__(self) -> None:
        if not _exists(self.year, self.month, self.day):
            raise _no_day("day", "a day that does not exist")

    @classmethod
    def parse(cls, text: str, *, field: str = "day") -> "Day":
        """Read `YYYY-MM-DD` and nothing else; `field` names the thing in the error.

        Raises:
            IdentityFault: `identity.malformed`, another form or a day that does not exist.
        """
        if not _PATTERN.fullmatch(text):
            raise _no_day(field, f"{shape_of(text)} in another form")
        day = _day(text)
        if day is None:
            raise _no_day(field, "a day that does not exist")
        return day

    @classmethod
    def of(cls, day: date) -> Self:
        """Take the day of a `datetime.date`."""
        return cls(day.year, day.month, day.day)

    def to_date(self) -> date:
        """Give it as a `datetime.date`, to count days with."""
        return date(self.year, self.month, self.day)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}-{self.day:02}"


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class BirthDate(Private):
    """A birth date as INSi writes it, `YYYY-MM-DD`, where month and day need not exist."""

    value: str

    def __post_init__(self) -> None:
        if not _PATTERN.fullmatch(self.value):
            raise _no_birth_date(f"{shape_of(self.value)} in another form")
        if self.value.startswith("0000"):
            raise _no_birth_date("year 0000", "where the year is not known a person estimates it (ins.md 2.2)")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `YYYY-MM-DD`, lunar or not; spaces around it are left out.

        Raises:
            IdentityFault: `identity.malformed`, another form or year 0000.
        """
        return cls(text.strip(" "))

    def resolved(self) -> Self:
        """Put it through the table at the head of this module; a day that exists stays as it is."""
        year, month, day = map(int, self.value.split("-"))
        if _exists(year, month, day):
            return self
        if 1 <= month <= 12:
            return type(self)(f"{year:04}-{month:02}-01")
        if 1 <= day <= 31:
            return type(self)(f"{year:04}-01-{day:02}")
        return type(self)(f"{year:04}-12-31")


@lru_cache(maxsize=2048)
def _day(text: str) -> Day | None:
    """Give a day written `YYYY-MM-DD`, None where it does not exist. Kept, since a day of the calendar is nobody's."""
    year, month, day = map(int, text.split("-"))
    return Day(year, month, day) if _exists(year, month, day) else None


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except (ValueError, OverflowError):
        return False
    return True


def _no_day(field: str, got: str) -> IdentityFault:
    return IdentityFault(Code.IDENTITY_MALFORMED, field=field, got=got, expected="YYYY-MM-DD, a day of the calendar")


def _no_birth_date(got: str, hint: str = "") -> IdentityFault:
    return IdentityFault(
        Code.IDENTITY_MALFORMED,
        field="birth date",
        got=got,
        expected="YYYY-MM-DD, month and day as INSi gives them",
        hint=hint,
    )

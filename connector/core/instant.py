"""Instants as whole seconds since 1970 UTC, and their RFC 3339 form (PROTOCOL section 2).

The clock itself is a port (`core.ports.Clock`); nothing here reads it.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NewType
from zoneinfo import ZoneInfo

from connector.core.codes import Code
from connector.core.errors import RequestRefused

Instant = NewType("Instant", int)
"""Seconds since 1970-01-01T00:00:00Z, as NumericDate without fraction (RFC 7519 section 2)."""

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
_FRANCE = ZoneInfo("Europe/Paris")


@lru_cache(maxsize=256)
def rfc3339(at: Instant) -> str:
    """Give the instant as `YYYY-MM-DDThh:mm:ssZ`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_rfc3339(text: str) -> Instant:
    """Read `YYYY-MM-DDThh:mm:ssZ`.

    Raises:
        RequestRefused: `request.malformed`, another form or a day that does not exist.
    """
    if _RFC3339.fullmatch(text):
        try:
            return Instant(int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()))
        except ValueError:
            pass
    msg = "instant: got another form, expected YYYY-MM-DDThh:mm:ssZ in UTC"
    raise RequestRefused(msg, code=Code.REQUEST_MALFORMED)


def end_of_day_in_france(day: date) -> Instant:
    """Give the instant at which a calendar day is over in France."""
    return Instant(int(datetime.combine(day + timedelta(days=1), time(), _FRANCE).timestamp()))


@lru_cache(maxsize=64)
def day_in_france(at: Instant) -> str:
    """Give the calendar day in France at that instant, `YYYY-MM-DD`: the day in which `last_act_on` is counted."""
    return datetime.fromtimestamp(at, _FRANCE).strftime("%Y-%m-%d")

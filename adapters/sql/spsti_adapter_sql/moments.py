"""Days and moments as databases keep them. A moment without its zone is read only where the configuration says which
zone the database means, and written so that the database's own conversion does not shift it.
"""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from connector.contract import AdapterError, Day, Instant, Problem, instant_of

_FRANCE = ZoneInfo("Europe/Paris")
_MIDNIGHT = time()
_BOUND_WITHOUT_ZONE = frozenset({"mysql", "mariadb", "oracle", "mssql"})
"""MySQL has no type with a zone; the drivers of the others drop it without a word."""


def read_day(value: object, column: str) -> Day:
    """Give the day of a DATE, of a text `YYYY-MM-DD`, or of a moment at midnight without zone (Oracle's DATE).

    Raises:
        AdapterError: `data`: NULL, or a moment that says no day.
        IdentityFault: a text in another form.
    """
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            return Day.of(value.astimezone(_FRANCE).date())
        if value.time() != _MIDNIGHT:
            raise AdapterError(Problem.DATA, f"{column}: a time of day without zone, expected a day")
        return Day.of(value.date())
    if isinstance(value, date):
        return Day.of(value)
    if isinstance(value, str):
        return Day.parse(value.strip(), field=column)
    raise AdapterError(Problem.DATA, f"{column}: got {type(value).__name__}, expected a day")


def read_moment(value: object, column: str, time_zone: str) -> Instant:
    """Give the instant of a TIMESTAMP, or of a text in ISO 8601. A day alone is its beginning in France.

    Raises:
        AdapterError: `data`: NULL, no moment, or one without zone where the option `time_zone` is not set.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise AdapterError(Problem.DATA, f"{column}: a text that is no moment in ISO 8601") from None
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, _MIDNIGHT, _FRANCE)
    if not isinstance(value, datetime):
        raise AdapterError(Problem.DATA, f"{column}: got {type(value).__name__}, expected a moment")
    if value.tzinfo is None:
        if not time_zone:
            raise AdapterError(Problem.DATA, f"{column}: a moment without zone: set the option time_zone")
        value = value.replace(tzinfo=ZoneInfo(time_zone))
    try:
        return instant_of(value)
    except (OverflowError, ValueError):
        raise AdapterError(Problem.DATA, f"{column}: a moment out of range") from None


def moment_for(dialect: str, at: Instant, time_zone: str) -> datetime | str:
    """Give a moment as it is bound: with its zone for PostgreSQL; in ISO 8601 for SQLite, which has no such type; else
    without zone, in `time_zone` or UTC. SQL Server takes a moment without zone for UTC, so there it always is.
    """
    moment = datetime.fromtimestamp(at, ZoneInfo(time_zone) if time_zone and dialect != "mssql" else UTC)
    if dialect == "sqlite":
        return moment.isoformat()
    return moment.replace(tzinfo=None) if dialect in _BOUND_WITHOUT_ZONE else moment


def day_for(dialect: str, day: Day) -> date | str:
    """Give a day as it is bound."""
    return str(day) if dialect == "sqlite" else day.to_date()

"""Days and hours as people in France read them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from connector.core.instant import Instant, rfc3339
from connector.local.words import Language, local_day

_FRANCE = ZoneInfo("Europe/Paris")


def local_moment(at: str | Instant, language: Language) -> str:
    """Write an instant (seconds, or RFC 3339 in UTC) as day and hour in France; other text stays as it is."""
    text = at if isinstance(at, str) else rfc3339(at)
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).astimezone(_FRANCE)
    except ValueError:
        return text
    day = local_day(moment.strftime("%Y-%m-%d"), language)
    return f"{day} à {moment:%H:%M}" if language is Language.FR else f"{day}, {moment:%H:%M}"


def local_size(count: int, language: Language) -> str:
    """Write a size in the unit people know."""
    size, unit = max(count / 1000, 0.1), "k"
    for larger in "MGT":
        if size < 1000:
            break
        size, unit = size / 1000, larger
    number = f"{size:.{0 if size >= 10 else 1}f}"
    return f"{number.replace('.', ',')} {unit}o" if language is Language.FR else f"{number} {unit}B"

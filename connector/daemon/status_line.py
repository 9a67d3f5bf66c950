"""The line that `systemctl status` shows: ready or why not, how many peers, and how old the member directory is."""

from collections.abc import Sequence
from typing import Final

from connector.core.instant import Instant
from connector.core.units import DAY_SECONDS, HOUR_SECONDS
from connector.local.ports import Check

_MINUTE: Final = 60


def status_line(
    checks: Sequence[Check], *, members: int, connections: int, refreshed_at: Instant | None, now: Instant
) -> str:
    """Say it in one line, in the order in which an operator asks. Nothing personal is in what it is made of.

    Args:
        checks: those of `/health/ready`.
        members: how many the directory lists.
        connections: of peers, open now.
        refreshed_at: when copies of the directory last answered; None for a local file.
        now: the wall clock.
    """
    red = [check for check in checks if not check.ok]
    warned = [check.name for check in checks if check.ok and check.remedy]
    head = "ready" if not red else "NOT READY: " + "; ".join(f"{one.name}: {one.detail or one.remedy}" for one in red)
    directory = f"{_count(members, 'member')} listed"
    if refreshed_at is not None:
        directory += f", directory confirmed {_age(now - refreshed_at)} ago"
    parts = [head, f"{_count(connections, 'connection')} of peers open", directory]
    if warned:
        parts.append("look at: " + ", ".join(warned))
    return "; ".join(parts)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _age(seconds: int) -> str:
    for unit, name in ((DAY_SECONDS, "d"), (HOUR_SECONDS, "h"), (_MINUTE, "min")):
        if seconds >= 2 * unit or (unit == _MINUTE and seconds >= unit):
            return f"{seconds // unit} {name}"
    return f"{max(seconds, 0)} s"

"""Whether the clock may be believed for what cannot be undone: keys destroyed by a wrong date are gone for ever.

A machine that starts in the wrong year would end every epoch at once. So after a jump forward, or after a long rest,
nothing is destroyed for a day: time for certificates and directory to be found "expired", and for a person to look.
"""

from typing import Final

from connector.core.instant import Instant

JUMP_SECONDS: Final = 7 * 86_400
WAIT_SECONDS: Final = 86_400.0


def is_jump(last: Instant, now: Instant, elapsed: float) -> bool:
    """Whether the clock went on by more than a week beyond the seconds that passed; `last` is 0 where none is known."""
    return bool(last) and (now - last) - elapsed > JUMP_SECONDS


class ClockJump:
    """Compares the wall clock with the one that only goes forward, from look to look."""

    def __init__(self, last: Instant, monotonic: float) -> None:
        """Begin at the last instant known, that of the last write before a restart; 0 where there was none."""
        self._last = last
        self._at = monotonic
        self._until = monotonic

    def waits(self, now: Instant, monotonic: float) -> bool:
        """Whether to wait: a jump of more than a week was seen, and no day has passed since."""
        if is_jump(self._last, now, monotonic - self._at):
            self._until = monotonic + WAIT_SECONDS
        self._last, self._at = now, monotonic
        return monotonic < self._until

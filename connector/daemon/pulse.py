"""The daemon's pulse: the watchdog is fed only while the event loop turns *and* the thread that writes answers.

A daemon whose loop turns while its writer hangs would still accept connections and never answer one: systemd shall end
and start it. A full disk is not such a case: the writer answers that it cannot write, readiness is red, nothing leaves,
and a restart would mend nothing. With each beat the line of `systemctl status` is brought up to date.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from connector.daemon.notify import Notifier
from connector.logs import JOB_FAILED, get_logger

IDLE_SECONDS: Final = 10.0
"""How often the line of status is renewed where no watchdog asks for more."""

_BEATS: Final = 3
"""Beats within the manager's patience: one may be late without consequence."""


class Pulse:
    """Beats between `start` and `stop`."""

    def __init__(
        self,
        notifier: Notifier,
        *,
        answers: Callable[[], Awaitable[None]],
        line: Callable[[], Awaitable[str]],
        watchdog_seconds: float | None,
    ) -> None:
        """Join what is asked and whom it is told.

        Args:
            notifier: the service manager.
            answers: returns once the writer's thread has come by; hangs with it.
            line: what `systemctl status` shall show.
            watchdog_seconds: the manager's patience, None where it has no watchdog.
        """
        self._notifier, self._answers, self._line = notifier, answers, line
        self._is_watched = watchdog_seconds is not None
        self._seconds = min(IDLE_SECONDS, (watchdog_seconds or IDLE_SECONDS * _BEATS) / _BEATS)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with a beat at once."""
        self._task = asyncio.get_running_loop().create_task(self._beat_on())

    async def stop(self) -> None:
        """End; the manager stops waiting when it is told that the daemon stops."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def beat(self) -> None:
        """Ask the writer, then tell the manager. Without an answer it never returns, and nothing is told."""
        await self._answers()
        if self._is_watched:
            self._notifier.alive()
        try:
            line = await self._line()
        except Exception as error:  # noqa: BLE001 - a line that cannot be made is no reason to be ended by the watchdog
            get_logger().error(JOB_FAILED, job="status-line", code=getattr(error, "code", None), exc_info=error)
        else:
            self._notifier.status(line)

    async def _beat_on(self) -> None:
        while True:
            await self.beat()
            await asyncio.sleep(self._seconds)

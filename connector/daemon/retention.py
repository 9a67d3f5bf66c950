"""What ends on time in the running daemon: epochs, pages they stood on, old copies of the database; and erasures."""

import asyncio
from collections.abc import Sequence
from typing import Final

from connector.core.ledger import Tree
from connector.core.ports import Clock
from connector.daemon.four_eyes import Subject
from connector.jobs import Job
from connector.ledger.retention import Retention
from connector.ledger.service import OpenState
from connector.store.settings import StateSettings
from connector.store.upgrade import forget_backups

EVERY_SECONDS: Final = 900.0


class Housekeeping:
    """Runs every quarter of an hour: with nothing to do it reads a few rows and names of files."""

    def __init__(self, state: OpenState, settings: StateSettings, clock: Clock) -> None:
        self._state, self._settings, self._clock = state, settings, clock
        self.retention = Retention(state.writer, state.parts, clock, state.give_back)

    async def run(self) -> None:
        """Destroy what is over, then give its room back.

        Raises:
            FailedClosed: something could not be destroyed; what is left is tried by the next run.
        """
        await self.retention.run()
        await self._state.give_back()
        if not await self.retention.waits():
            await asyncio.to_thread(forget_backups, self._settings.backups, self._clock.now())

    def job(self) -> Job:
        """Give it as a job."""
        return Job("retention", EVERY_SECONDS, self.run)


class EraseEntry:
    """Erases an entry's personal part before its time; the subject is `{"tree", "index"}` (`four_eyes.Deed`)."""

    def __init__(self, retention: Retention) -> None:
        self._retention = retention

    async def check(self, subject: Subject) -> None:
        """Raise LocalRefused where there is no such entry, it was destroyed, or it says who destroyed what."""
        await self._retention.erasable(Tree(subject["tree"]), int(subject["index"]))

    async def do(self, subject: Subject, reason: str, by: Sequence[str]) -> Subject:
        """Erase it; every other entry of its epoch is sealed anew."""
        await self._retention.erase(Tree(subject["tree"]), int(subject["index"]), reason, by)
        return dict(subject)

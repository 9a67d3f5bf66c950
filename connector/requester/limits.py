"""How much one practitioner may ask in a day (PROTOCOL section 5, third limit), counted where the demands leave.

What was asked is read off the fetches that the state keeps: nothing else need be durable, and a restart forgives
nothing. One start at a time for each practitioner, so that two cannot pass the limit together.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.fetch import Fetch
from connector.core.instant import Instant
from connector.core.limits import LimitRule
from connector.core.ports import Clock, FetchObserver, RequesterStore
from connector.core.units import DAY_SECONDS
from connector.requester import entries
from connector.requester.settings import RequesterSettings

_PAGE: Final = 100
_LONGEST_FETCH: Final = 3 * DAY_SECONDS


class PractitionerLimit:
    """Counts the services asked in the name of each practitioner since midnight UTC; repeats of a lookup are free."""

    def __init__(
        self, settings: RequesterSettings, store: RequesterStore, clock: Clock, observer: FetchObserver
    ) -> None:
        self._settings, self._store, self._clock, self._observer = settings, store, clock, observer
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def place(self, fetch: Fetch) -> AsyncIterator[None]:
        """Hold the practitioner's place while a fetch is started.

        Raises:
            LocalRefused: `limit.exceeded`; the house ledger has it.
            FailedClosed: the state cannot be read or written.
        """
        async with self._locks.setdefault(fetch.owner, asyncio.Lock()):
            now = self._clock.now()
            most = self._settings.practitioner_per_day
            if await self._asked(fetch.owner, now) + len(fetch.replies) > most:
                await self._store.record(entries.over_limit(fetch, now))
                self._observer.limit_met(LimitRule.PRACTITIONER, None, blocked=False)
                raise LocalRefused(
                    f"practitioner: {most} services may be asked in one day, and this fetch would ask more",
                    code=Code.LIMIT_EXCEEDED,
                    hint="go on tomorrow; where the work needs more, have practitioner_per_day in [limits] raised",
                )
            yield

    async def _asked(self, owner: str, now: Instant) -> int:
        midnight = now - now % DAY_SECONDS
        asked, before = 0, None
        while page := await self._store.fetches(owner=owner, limit=_PAGE, before=before):
            asked += sum(len(f.replies) for f in page if f.started_at is not None and f.started_at >= midnight)
            if len(page) < _PAGE or page[-1].created_at < midnight - _LONGEST_FETCH:
                break
            before = page[-1].id
        return asked

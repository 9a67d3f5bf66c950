"""The tasks that carry fetches: one for each that runs, stopped before anyone else moves it, taken up after a crash.

A fetch in memory has one `Errand`, kept as long as anything here holds it. Background work is done fetch by fetch: the
failure of one is told to the observer and stops no other.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

from connector.core.codes import Code
from connector.core.errors import AdapterFault, ConnectorError, LocalRefused
from connector.core.fetch import Reply
from connector.core.ports import FetchObserver, RequesterStore, new_id
from connector.core.states import FETCH_RUNNING, FetchState
from connector.requester import entries, notes
from connector.requester.asking import due_again
from connector.requester.errand import Errand
from connector.requester.means import Means, end, give_up
from connector.requester.notes import Note
from connector.requester.purge import is_due, move_on
from connector.requester.pursue import pursue

Work = Callable[[Errand], Awaitable[None]]


class Running:
    """The fetches of this process that someone looks at, and the tasks of those that run."""

    def __init__(self, means: Means, store: RequesterStore) -> None:
        self._means, self._store = means, store
        self._observer: FetchObserver = means.observer
        self._errands: WeakValueDictionary[str, Errand] = WeakValueDictionary()
        self._loading = asyncio.Lock()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def find(self, fetch_id: str, who: str | None) -> Errand:
        """Give a fetch; another practitioner's is answered as one that is not there.

        Raises:
            LocalRefused: `local.not_found`.
        """
        errand = self._errands.get(fetch_id)
        if errand is None:
            async with self._loading:  # two readers of one row would be two holders of its newest value
                errand = self._errands.get(fetch_id) or await self._load(fetch_id)
        if errand is None or (who is not None and not errand.fetch.is_open_to(who)):
            raise LocalRefused("fetch: there is none of this id", code=Code.LOCAL_NOT_FOUND)
        return errand

    async def _load(self, fetch_id: str) -> Errand | None:
        fetch = await self._store.fetch(fetch_id)
        if fetch is None:
            return None
        told = await self._store.events(fetch_id, 0)
        last = told[-1].number if told else 0
        errand = Errand(fetch, last, store=self._store, clock=self._means.clock, observer=self._observer)
        self._errands[fetch_id] = errand
        return errand

    async def begin_asking(
        self,
        errand: Errand,
        *,
        unattended: bool = False,
        **changes: Any,  # noqa: ANN401 - fields of Fetch
    ) -> None:
        """Write *asked* for every service whose reply is pending, then let a task ask them; the rules were looked at.

        Raises:
            LocalRefused: `fetch.state`.
            FailedClosed: nothing was kept, nothing is asked.
        """
        now = self._means.clock.now()
        fetch = replace(errand.fetch, **changes)
        asked = [
            entries.asked(fetch, reply, now, unattended=unattended)
            for reply in fetch.replies
            if reply.reply is Reply.PENDING
        ]
        await errand.keep(state=FetchState.ASKING, entries=asked, **changes)
        self.spawn(errand, unattended=unattended, permitted=True)

    def spawn(self, errand: Errand, *, unattended: bool = False, permitted: bool = False) -> None:
        """Carry a fetch on in a task of its own."""
        fetch_id = errand.fetch.id
        carried = self._carry(errand, unattended=unattended, permitted=permitted)
        task = asyncio.create_task(carried, name=f"fetch {fetch_id}")
        self._tasks[fetch_id] = task
        task.add_done_callback(lambda done: self._forget(fetch_id, done))

    async def stop(self, fetch_id: str) -> None:
        """Stop the task of a fetch, if there is one; what it was committing is committed."""
        task = self._tasks.get(fetch_id)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def close(self) -> None:
        """Stop every task, and wait for them."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def resume(self) -> None:
        """Take up every fetch that should run and has no task, and ask holders again whose time has come.

        Raises:
            FailedClosed: the state cannot be read.
        """
        for fetch in await self._store.fetches_to_resume():
            await self._guarded("resume", fetch.id, self._take_up)

    async def by_the_clock(self) -> None:
        """Expire and purge what is due.

        Raises:
            FailedClosed: the state cannot be read.
        """
        for fetch in await self._store.fetches_to_end(self._means.clock.now()):
            await self._guarded("clock", fetch.id, self._end)

    async def _take_up(self, errand: Errand) -> None:
        fetch, now = errand.fetch, self._means.clock.now()
        if fetch.id in self._tasks or fetch.state not in FETCH_RUNNING or is_due(fetch, now):
            return
        if fetch.state is FetchState.WAITING:
            if due_again(fetch.replies, now):
                await self._ask_again(errand)
            return
        over = fetch.state is not FetchState.ASKING
        await errand.keep(notes.note(Note.STARTED_OVER, fetch.chosen) if over else notes.note(Note.RESTARTED))
        attended = fetch.started_at is not None and now - fetch.started_at <= self._means.settings.attended_seconds
        self.spawn(errand, unattended=not attended)

    async def _ask_again(self, errand: Errand) -> None:
        """Ask the holders of a waiting fetch whose time has come, nobody waiting for it."""
        try:
            await self._means.rules.permit(errand.fetch)
        except (LocalRefused, AdapterFault) as error:
            await end(errand, self._means, FetchState.FAILED, error.code, str(error))
        else:
            due = due_again(errand.fetch.replies, self._means.clock.now())
            await self.begin_asking(errand, unattended=True, replies=errand.with_replies(*due))

    async def _end(self, errand: Errand) -> None:
        if is_due(errand.fetch, self._means.clock.now()):
            await self.stop(errand.fetch.id)
            await move_on(errand, self._means)

    async def _carry(self, errand: Errand, *, unattended: bool, permitted: bool) -> None:
        """Carry a fetch; a bug ends it with an incident id, and a house that cannot write leaves it for later."""
        fetch_id = errand.fetch.id
        try:
            await pursue(errand, self._means, unattended=unattended, permitted=permitted)
        except ConnectorError as error:
            self._observer.work_failed("fetch", fetch_id, error.code.value, error)
        except Exception as error:  # noqa: BLE001 - the outermost boundary of a fetch
            incident = new_id(self._means.entropy)
            self._observer.work_failed("fetch", fetch_id, incident, error)
            detail = f"something went wrong here, incident {incident}"
            await self._guarded(
                "fetch",
                fetch_id,
                lambda failed: give_up(failed, self._means, FetchState.FAILED, Code.INTERNAL, detail),
            )

    async def _guarded(self, what: str, fetch_id: str, work: Work) -> None:
        try:
            errand = await self.find(fetch_id, None)
            async with errand.lock:
                await work(errand)
        except ConnectorError as error:
            self._observer.work_failed(what, fetch_id, error.code.value, error)

    def _forget(self, fetch_id: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(fetch_id) is task:
            del self._tasks[fetch_id]

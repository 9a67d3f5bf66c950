"""One fetch in motion: its value, the number of its last event, and those who follow it.

Every move goes through `core.states.check_move` and is kept with its event, entries and trace in one transaction; what
is in memory changes only once that was committed. A commit that has begun is waited for even when its caller is
cancelled, so that nobody goes on from a value that is already old.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from connector.core.evidence import AckDraft
from connector.core.fetch import Fetch, FetchEvent, ServiceReply
from connector.core.ledger import EntryDraft, Proof
from connector.core.ports import Clock, FetchObserver, RequesterStore
from connector.core.records import Trace
from connector.core.states import FETCH_ENDED, FETCH_READABLE, FetchState, check_move
from connector.requester import notes
from connector.requester.notes import Happening

T = TypeVar("T")

_RESTING: Final = FETCH_ENDED | FETCH_READABLE


class Errand:
    """The only holder of a fetch's newest value in this process; `lock` is taken by whoever moves it from outside."""

    def __init__(
        self, fetch: Fetch, last_event: int, *, store: RequesterStore, clock: Clock, observer: FetchObserver
    ) -> None:
        self.fetch = fetch
        self.lock = asyncio.Lock()
        self._last_event = last_event
        self._writing = asyncio.Lock()
        self._store, self._clock, self._observer = store, clock, observer
        self._changed = asyncio.Event()

    async def keep(
        self,
        *happenings: Happening,
        state: FetchState | None = None,
        entries: Sequence[EntryDraft] = (),
        trace: Trace | None = None,
        only_from: FetchState | None = None,
        **changes: Any,  # noqa: ANN401 - fields of Fetch
    ) -> Sequence[Proof]:
        """Keep changed fields, a move if `state` is given, and what is told of them.

        Raises:
            LocalRefused: `fetch.state`, there is no such move, or the fetch is no longer `only_from`.
            FailedClosed: nothing of it was kept.
        """
        return await self._write(
            happenings,
            state,
            changes,
            lambda fetch, events: self._store.save(fetch, events, entries, trace, only_from),
        )

    async def keep_arrived(
        self,
        *happenings: Happening,
        state: FetchState,
        entry: EntryDraft,
        ack: AckDraft,
        trace: Trace | None,
        **changes: Any,  # noqa: ANN401 - fields of Fetch
    ) -> Proof:
        """Keep the end of the checks: *arrived* and the acknowledgement to be sent, with the move.

        Raises:
            LocalRefused, FailedClosed: as `keep`.
        """
        return await self._write(
            happenings, state, changes, lambda fetch, events: self._store.arrived(fetch, events, entry, ack, trace)
        )

    async def keep_purged(self, entry: EntryDraft) -> None:
        """Keep that the fetch's time is over; what is personal in it goes.

        Raises:
            LocalRefused, FailedClosed: as `keep`.
        """
        await self._write(
            (),
            FetchState.PURGED,
            {"document": None},
            lambda fetch, events: self._store.purged(fetch, events, entry),
        )

    def with_replies(self, *replies: ServiceReply) -> tuple[ServiceReply, ...]:
        """Give the fetch's replies with some of them exchanged."""
        new = {reply.member: reply for reply in replies}
        return tuple(new.get(known.member, known) for known in self.fetch.replies)

    async def follow(self, after: int) -> AsyncIterator[FetchEvent]:
        """Give the events after a number, then those to come, until the fetch rests: it can be read, or has ended."""
        while True:
            changed, resting = self._changed, self.is_resting
            batch = await self._store.events(self.fetch.id, after)
            for event in batch:
                after = event.number
                yield event
            if not batch:
                if resting:
                    return
                await changed.wait()

    @property
    def is_resting(self) -> bool:
        """Whether nothing more happens to it unless someone wants it to; a lookup rests at choosing."""
        fetch = self.fetch
        return fetch.state in _RESTING or (
            fetch.state is FetchState.CHOOSING and fetch.lookup_only and fetch.chosen is None
        )

    def _next(
        self, happenings: Sequence[Happening], state: FetchState | None, changes: dict[str, Any]
    ) -> tuple[Fetch, list[FetchEvent]]:
        fetch = replace(self.fetch, **changes)
        told = list(happenings)
        if state is not None:
            check_move(fetch.state, state)
            told.append(notes.state(fetch, state))
            fetch = replace(fetch, state=state)
        now = self._clock.now()
        events = [
            FetchEvent(fetch_id=fetch.id, number=number, at=now, kind=kind, data=data)
            for number, (kind, data) in enumerate(told, self._last_event + 1)
        ]
        return fetch, events

    async def _write(
        self,
        happenings: Sequence[Happening],
        state: FetchState | None,
        changes: dict[str, Any],
        commit: Callable[[Fetch, Sequence[FetchEvent]], Awaitable[T]],
    ) -> T:
        task = asyncio.ensure_future(self._commit_and_adopt(happenings, state, changes, commit))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            while not task.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([task])
            if not task.cancelled():
                task.exception()  # seen: whoever cancelled goes by the value, not by this error
            raise

    async def _commit_and_adopt(
        self,
        happenings: Sequence[Happening],
        state: FetchState | None,
        changes: dict[str, Any],
        commit: Callable[[Fetch, Sequence[FetchEvent]], Awaitable[T]],
    ) -> T:
        async with self._writing:
            fetch, events = self._next(happenings, state, changes)
            result = await commit(fetch, events)
            if isinstance(result, Proof):
                fetch = fetch.arrived_at_index(result.number)
            self._adopt(fetch, len(events))
            return result

    def _adopt(self, fetch: Fetch, events: int) -> None:
        before, self.fetch = self.fetch, fetch
        self._last_event += events
        self._changed.set()
        self._changed = asyncio.Event()
        if fetch.state is not before.state:
            self._observer.fetch_moved(fetch, before.state)

"""Following a fetch by server-sent events (WHATWG HTML, section 9.2).

Each event's `id` is its number within the fetch, so that a browser that reconnects goes on behind the last it saw. A
fetch that rests and was seen to its end is answered 204, which ends a browser's reconnecting.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.fetch import Fetch, FetchEvent
from connector.core.states import FETCH_ENDED, FETCH_READABLE, FetchState
from connector.local.bodies import number_of, query_of
from connector.local.desk import desk_of
from connector.local.fetches import fetch_id_of
from connector.local.guards import CALLER, PORTS, SETTINGS, authorise, break_off, language_of
from connector.local.keys import Scope
from connector.local.sign_in.rights import caller_of_person
from connector.local.sign_in.session import session_cookie
from connector.local.sign_in.values import Seen, signed_in_of
from connector.local.streams import STREAMS, Streams
from connector.local.views import event_out
from connector.local.words import Language

_NUMBER: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_COMMENT: Final = b": still here\n\n"
_FIRST: Final = b"retry: 2000\n\n"


async def follow(request: web.Request) -> web.StreamResponse:
    """`GET /api/v1/fetches/{id}/events`."""
    query = query_of(request, "after")
    after = number_of(query, "after", _last_seen(request))
    desk = desk_of(request)
    fetch = await desk.get(fetch_id_of(request))
    streams = request.app[STREAMS]
    with streams.place():
        ahead = _Ahead(desk.events(fetch, after), streams)
        try:
            # Of a fetch that rests, the end is there at once: it decides the status line.
            first = await ahead.next() if _rests(fetch) else None
            if _rests(fetch) and first is None:
                return web.Response(status=204)
            return await _send(request, fetch, ahead, first)
        finally:
            await ahead.close()


def _last_seen(request: web.Request) -> int:
    text = request.headers.get("Last-Event-ID", "")
    return int(text) if _NUMBER.fullmatch(text) else 0


def _rests(fetch: Fetch) -> bool:
    return fetch.state in FETCH_ENDED | FETCH_READABLE or (fetch.lookup_only and fetch.state is FetchState.CHOOSING)


async def _send(request: web.Request, fetch: Fetch, ahead: "_Ahead", first: FetchEvent | None) -> web.StreamResponse:
    language = language_of(request)
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Content-Language": language.value,
            "X-Accel-Buffering": "no",
        }
    )
    await response.prepare(request)
    try:
        await response.write(_FIRST)
        event = first
        while True:
            await _check_caller(request, fetch)
            if event is not None:
                await response.write(_encoded(event, fetch, language))
            try:
                event = await ahead.next(request.app[SETTINGS].keep_alive_seconds)
            except TimeoutError:
                event = None
                await response.write(_COMMENT)
                continue
            if event is None:
                break
        await response.write_eof()
    except ConnectionError:
        pass  # whoever followed went away; the fetch goes on
    except Exception as error:  # noqa: BLE001 - the status line is out: the stream can only break off
        break_off(request, error)
    return response


async def _check_caller(request: web.Request, fetch: Fetch) -> None:
    """Break off the stream of a caller who could not open it now: it may stay open for hours.

    Raises:
        LocalRefused: why not: no such key or session any more, locked, withdrawn, another role.
    """
    desk = request.app[PORTS].sign_in
    if desk is None or signed_in_of(request) is None:
        authorise(request, Scope.FETCH)
    else:
        me = await desk.sessions.find(session_cookie(request), Seen.of(request), is_use=False)
        if me is None:
            raise LocalRefused("session: it has ended", code=Code.SIGN_IN_REQUIRED)
        request[CALLER] = caller_of_person(me)
    await desk_of(request).get(fetch.id)


def _encoded(event: FetchEvent, fetch: Fetch, language: Language) -> bytes:
    # JSON has no raw line break, so `data` is one line.
    data = event_out(event, fetch, language).model_dump_json()
    return f"id: {event.number}\nevent: {event.kind}\ndata: {data}\n\n".encode()


class _Ahead:
    """Waits for the next event; a silence that ends the waiting does not lose the event that comes after it."""

    def __init__(self, events: AsyncIterator[FetchEvent], streams: Streams) -> None:
        self._events = events
        self._next: asyncio.Task[FetchEvent | None] | None = None
        self._stop = asyncio.ensure_future(streams.stopping.wait())

    async def next(self, seconds: float | None = None) -> FetchEvent | None:
        """Give the next event; None after the last one, or when the daemon stops.

        Raises:
            TimeoutError: nothing happened for so many seconds.
        """
        if self._next is None:
            self._next = asyncio.ensure_future(anext(self._events, None))
        await asyncio.wait({self._next, self._stop}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if self._next.done():
            done, self._next = self._next, None
            return done.result()
        if self._stop.done():
            return None
        raise TimeoutError

    async def close(self) -> None:
        """Stop waiting."""
        for task in (self._stop, self._next):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task
        close = getattr(self._events, "aclose", None)
        if close is not None:
            await close()

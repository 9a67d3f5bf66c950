"""Rows of fetches, their events and their idempotency keys, as functions of the open transaction.

A fetch is one sealed value; beside it stand its state, the instant at which the clock must move it, and a keyed tag of
its owner. A fetch that has ended stays ended: two that write at once are judged here, in one transaction.
"""

import json
from collections.abc import Sequence
from typing import Final

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.fetch import Fetch, FetchEvent
from connector.core.instant import Instant
from connector.core.ports import Idempotency
from connector.core.states import FETCH_MOVES, FETCH_READABLE, FETCH_RUNNING, FetchState, check_move
from connector.store.keys import StateKeys
from connector.store.sealing import Sealer
from connector.store.sql import Connection, one, rows

KEPT_AFTER_PURGE_SECONDS = 30 * 86_400
"""Our rule: a practitioner's list shows for a month that there was a fetch; then its row goes as well."""

AT_ONCE = 100

_TABLE = "fetches"
_EVENTS = "fetch_events"
_FIND = "select sealed from fetches where id = ?"
_INSERT = "insert into fetches (id, state, owner_tag, due_at, sealed) values (?, ?, ?, ?, ?)"
_UPDATE = "update fetches set state = ?, due_at = ?, sealed = ? where id = ?"
_INSERT_EVENT = "insert into fetch_events (fetch_id, number, sealed) values (?, ?, ?)"
_EVENTS_AFTER = "select number, sealed from fetch_events where fetch_id = ? and number > ? order by number"
_OF_ALL = "select id, sealed from fetches where number < ? order by number desc limit ?"
_OPEN_TO = "(owner_tag = ? or id in (select fetch_id from fetch_readers where reader_tag = ?))"
_OF_OWNER = f"select id, sealed from fetches where {_OPEN_TO} and number < ? order by number desc limit ?"  # noqa: S608 (constant)
_READABLE = f"""
    select id, sealed from fetches where {_OPEN_TO} and state in (select value from json_each(?)) order by number desc
"""  # noqa: S608 (constant)
_KEEP_READER = "insert or ignore into fetch_readers (reader_tag, fetch_id) values (?, ?)"
_PREPARED = "select id, sealed from fetches where state = 'prepared' order by number"
_RUNNING = """
    select id, sealed from fetches where state in (select value from json_each(?)) order by number
"""
_DUE = "select id, sealed from fetches where due_at <= ? and state <> 'purged' order by due_at limit ?"
_NO_CURSOR = 2**62


def _reachable() -> dict[FetchState, frozenset[FetchState]]:
    """For each state, all that the table of moves leads to, over any number of moves."""
    reach = dict(FETCH_MOVES)
    for _ in FetchState:
        for state, ends in reach.items():
            reach[state] = ends.union(*(reach[end] for end in ends))
    return {state: ends | {state} for state, ends in reach.items()}


_REACHABLE: Final = _reachable()


def due_at(fetch: Fetch, now: Instant) -> Instant:
    """When the clock must move a fetch: as it says itself, or, once purged, out of the database."""
    return Instant(now + KEPT_AFTER_PURGE_SECONDS) if fetch.state is FetchState.PURGED else fetch.expires_at


def find(db: Connection, sealer: Sealer, fetch_id: str) -> Fetch | None:
    """Give a fetch."""
    row = one(db, _FIND, fetch_id)
    return sealer.open(Fetch, _TABLE, fetch_id, row[0]) if row else None


def create(
    db: Connection, sealer: Sealer, keys: StateKeys, fetch: Fetch, idempotency: Idempotency | None, now: Instant
) -> Fetch | None:
    """Insert a fetch; give the one that was kept under this idempotency key instead, if there is one.

    Raises:
        LocalRefused: `local.conflict`, the key was used for something else.
    """
    if idempotency is not None and (known := made(db, sealer, keys, idempotency)) is not None:
        return known
    sealed = sealer.seal(_TABLE, fetch.id, fetch)
    db.execute(_INSERT, (fetch.id, fetch.state.value, keys.owner_tag(fetch.owner), due_at(fetch, now), sealed))
    if idempotency is not None:
        tag = keys.idempotency_tag(idempotency.caller, idempotency.key)
        db.execute("insert into idempotency values (?, ?, ?)", (tag, idempotency.body_sha256, fetch.id))
    return None


def made(db: Connection, sealer: Sealer, keys: StateKeys, idempotency: Idempotency) -> Fetch | None:
    """Give the fetch that was kept under an idempotency key.

    Raises:
        LocalRefused: `local.conflict`, the key was used for something else.
    """
    tag = keys.idempotency_tag(idempotency.caller, idempotency.key)
    row = one(db, "select body_sha256, fetch_id from idempotency where tag = ?", tag)
    if row is None:
        return None
    if row[0] != idempotency.body_sha256:
        raise LocalRefused(
            "idempotency key: it was used for another fetch, expected a new one for another demand",
            code=Code.LOCAL_CONFLICT,
            field="Idempotency-Key",
        )
    return find(db, sealer, row[1])


def update(
    db: Connection,
    sealer: Sealer,
    keys: StateKeys,
    fetch: Fetch,
    now: Instant,
    only_from: FetchState | None = None,
) -> None:
    """Write a fetch that is there; with `only_from`, only while that is the state it has here.

    Raises:
        LocalRefused: `local.not_found`, it is not; `fetch.state`, it has another state than `only_from`, or no moves
            lead from the state it has here to the new one: somebody else moved it meanwhile.
    """
    row = one(db, "select state from fetches where id = ?", fetch.id)
    if row is None:
        raise LocalRefused("fetch: there is none of this id", code=Code.LOCAL_NOT_FOUND)
    before = FetchState(row[0])
    if only_from is not None and before is not only_from:
        raise LocalRefused(
            f"fetch: it is {before}, expected one that is still {only_from}",
            code=Code.FETCH_STATE,
            hint="read the fetch again",
        )
    if fetch.state not in _REACHABLE[before]:
        check_move(before, fetch.state)
    sealed = sealer.seal(_TABLE, fetch.id, fetch)
    db.execute(_UPDATE, (fetch.state.value, due_at(fetch, now), sealed, fetch.id))
    for reader in fetch.readers:
        db.execute(_KEEP_READER, (keys.owner_tag(reader), fetch.id))


def keep_events(db: Connection, sealer: Sealer, events: Sequence[FetchEvent]) -> None:
    """Append events; their numbers are their writer's, and a number is given once."""
    for event in events:
        place = f"{event.fetch_id}/{event.number}"
        db.execute(_INSERT_EVENT, (event.fetch_id, event.number, sealer.seal(_EVENTS, place, event)))


def events_after(db: Connection, sealer: Sealer, fetch_id: str, after: int) -> list[FetchEvent]:
    """Give the events of a fetch with a number above `after`."""
    found = rows(db, _EVENTS_AFTER, fetch_id, after)
    return [sealer.open(FetchEvent, _EVENTS, f"{fetch_id}/{number}", sealed) for number, sealed in found]


def page(
    db: Connection, sealer: Sealer, keys: StateKeys, owner: str | None, limit: int, before: str | None
) -> list[Fetch]:
    """Give fetches, the newest first: of one practitioner, with those handed to them, or of all, before the one named.

    Raises:
        LocalRefused: `local.not_found`, there is no fetch of the id to begin before.
    """
    number = _NO_CURSOR
    if before is not None:
        row = one(db, "select number from fetches where id = ?", before)
        if row is None:
            raise LocalRefused("fetches: there is none of the id to begin before", code=Code.LOCAL_NOT_FOUND)
        number = row[0]
    if owner is None:
        found = rows(db, _OF_ALL, number, limit)
    else:
        tag = keys.owner_tag(owner)
        found = rows(db, _OF_OWNER, tag, tag, number, limit)
    return [sealer.open(Fetch, _TABLE, fetch_id, sealed) for fetch_id, sealed in found]


def readable(db: Connection, sealer: Sealer, keys: StateKeys, who: str) -> list[Fetch]:
    """Give the fetches whose document is here for one practitioner, handed to them or their own, the newest first."""
    tag, states = keys.owner_tag(who), json.dumps([state.value for state in FETCH_READABLE])
    return [sealer.open(Fetch, _TABLE, fetch_id, sealed) for fetch_id, sealed in rows(db, _READABLE, tag, tag, states)]


def prepared(db: Connection, sealer: Sealer) -> list[Fetch]:
    """Give the fetches that wait to be started, the oldest first; they expire, so there are never many."""
    return [sealer.open(Fetch, _TABLE, fetch_id, sealed) for fetch_id, sealed in rows(db, _PREPARED)]


def to_resume(db: Connection, sealer: Sealer) -> list[Fetch]:
    """Give the fetches that were running when the last process ended, the oldest first."""
    running = json.dumps([state.value for state in FETCH_RUNNING])
    return [sealer.open(Fetch, _TABLE, fetch_id, sealed) for fetch_id, sealed in rows(db, _RUNNING, running)]


def to_end(db: Connection, sealer: Sealer, now: Instant) -> list[Fetch]:
    """Give the fetches that the clock must move, the longest due first, not more than `AT_ONCE`."""
    return [sealer.open(Fetch, _TABLE, fetch_id, sealed) for fetch_id, sealed in rows(db, _DUE, now, AT_ONCE)]


def forget_old(db: Connection, now: Instant) -> int:
    """Drop fetches purged long ago, with their events and keys; says how many."""
    return db.execute("delete from fetches where state = 'purged' and due_at <= ?", (now,)).rowcount

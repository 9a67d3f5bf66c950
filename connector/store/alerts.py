"""Identity alerts and the list *to qualify* (`core.ports_vigilance.AlertStore`): sealed rows, found by keyed tags.

What a peer's lookup leaves is written in the transaction of its answer (`keep_noticed`), without an entry of a ledger:
peers see how far the house ledger has grown, and must not learn of a withheld answer by it (ADR 0006). What a person
does with an alert has its entry.
"""

from collections.abc import Callable, Sequence
from typing import Final

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.identity_alerts import Alert, AlertState, Handling, NearMiss, Noticed, ToQualify, Unqualified
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft
from connector.core.matricule import Ins
from connector.store.keys import TAG_BYTES, StateKeys
from connector.store.readers import Readers
from connector.store.sealing import Sealer
from connector.store.sql import Connection, Row, one, rows
from connector.store.writer import Transaction, Writer

_ALERTS: Final = "identity_alerts"
_WAITING: Final = "to_qualify"
_LIVE = "select id, sealed from identity_alerts where tag = ? and state <> 'closed'"
_INSERT = "insert into identity_alerts (id, tag, state, purge_at, sealed) values (?, ?, ?, ?, ?)"
_UPDATE = "update identity_alerts set state = ?, purge_at = ?, sealed = ? where id = ?"
_FIND = "select id, sealed from identity_alerts where id = ?"
_NEWEST = "select id, sealed from identity_alerts where number < ? order by number desc limit ?"
_OF_STATE = "select id, sealed from identity_alerts where state = ? and number < ? order by number desc limit ?"
_ONE_WAITING = "select sealed from to_qualify where tag = ?"
_KEEP_WAITING = "insert or replace into to_qualify (tag, last_at, sealed) values (?, ?, ?)"
_WAITING_NEWEST = "select tag, sealed from to_qualify where last_at <= ? order by last_at desc limit ?"
_OPEN = "select count(*) from identity_alerts where state = 'open'"
_FORGET = "delete from identity_alerts where purge_at <= ?"
_FORGET_WAITING = "delete from to_qualify where last_at <= ?"
_NO_CURSOR: Final = 2**62

CLOSED_KEPT_SECONDS: Final = 365 * 86_400
"""Our rule: a year to look back on what was decided; the decision itself stands in the journal for three."""

UNHANDLED_KEPT_SECONDS: Final = 3 * 365 * 86_400
"""Our rule: an alert that nobody closed is kept as long after it was last seen as the journal's entries about it."""

WAITING_KEPT_SECONDS: Final = 365 * 86_400
"""Our rule: nobody asked for a year, so nobody waits."""


class SqliteAlertStore:
    """`core.ports_vigilance.AlertStore` on the state's database."""

    def __init__(self, writer: Writer, readers: Readers, sealer: Sealer, keys: StateKeys) -> None:
        self._writer, self._readers, self._sealer, self._keys = writer, readers, sealer, keys

    async def notice(self, near_miss: NearMiss) -> None:
        """Keep a near miss that this service saw by itself.

        Raises:
            FailedClosed: it was not kept.
        """
        await self._writer.do(lambda t: keep_noticed(t, self._sealer, self._keys, near_miss))

    async def alert(self, alert_id: str) -> Alert | None:
        """Give an alert."""
        row = await self._readers.run(lambda db: one(db, _FIND, alert_id))
        return self._open(row) if row else None

    async def alerts(
        self, *, state: AlertState | None = None, before: str | None = None, limit: int = 50
    ) -> Sequence[Alert]:
        """Give alerts, the newest first: of one state or of all.

        Raises:
            LocalRefused: `local.not_found`, there is no alert of the id to begin before.
        """

        def read(db: Connection) -> list[Row]:
            number = _NO_CURSOR
            if before is not None:
                row = one(db, "select number from identity_alerts where id = ?", before)
                if row is None:
                    raise _not_found()
                number = row[0]
            if state is None:
                return rows(db, _NEWEST, number, limit)
            return rows(db, _OF_STATE, state.value, number, limit)

        return [self._open(row) for row in await self._readers.run(read)]

    async def handle(self, alert_id: str, handling: Handling, entry: EntryDraft) -> Alert:
        """Take or close an alert, with its entry.

        Raises:
            LocalRefused: `local.not_found`; `local.conflict`, it is closed, or this person has it.
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> Callable[[], Alert]:
            row = one(transaction.db, _FIND, alert_id)
            if row is None:
                raise _not_found()
            handled = self._open(row).handle(handling)
            sealed = self._sealer.seal(_ALERTS, alert_id, handled)
            transaction.db.execute(_UPDATE, (handled.state.value, _purge_at(handled), sealed, alert_id))
            transaction.append(entry)
            return lambda: handled

        return await self._writer.run(operation)

    async def open_alerts(self) -> int:
        """Count the alerts that nobody has taken."""
        row = await self._readers.run(lambda db: one(db, _OPEN))
        return int(row[0]) if row else 0

    async def to_qualify(self, *, limit: int = 50) -> Sequence[ToQualify]:
        """Give those asked for most recently."""
        found = await self._readers.run(lambda db: rows(db, _WAITING_NEWEST, _NO_CURSOR, limit))
        return [self._sealer.open(ToQualify, _WAITING, tag.hex(), sealed) for tag, sealed in found]

    async def settled(self, ins: Ins) -> None:
        """Forget one that waits no longer."""
        tag = self._keys.worker_tag(ins)

        def operation(transaction: Transaction) -> None:
            transaction.db.execute("delete from to_qualify where tag = ?", (tag,))

        await self._writer.do(operation)

    def _open(self, row: Row) -> Alert:
        return self._sealer.open(Alert, _ALERTS, row[0], row[1])


def keep_noticed(transaction: Transaction, sealer: Sealer, keys: StateKeys, noticed: Noticed) -> None:
    """Keep what was noticed, in a transaction that may hold an answer too: new, or once more the same."""
    if isinstance(noticed, Unqualified):
        _keep_waiting(transaction.db, sealer, keys.worker_tag(noticed.ins), noticed)
    else:
        _keep_alert(transaction.db, sealer, _tag_of(keys, noticed), noticed)


def forget_old(db: Connection, now: Instant) -> int:
    """Drop alerts, and records that waited for a qualified identity, whose time is over; says how many rows."""
    waiting = db.execute(_FORGET_WAITING, (now - WAITING_KEPT_SECONDS,))
    return db.execute(_FORGET, (now,)).rowcount + waiting.rowcount


def _purge_at(alert: Alert) -> int:
    if alert.state is AlertState.CLOSED:
        return alert.handled[-1].at + CLOSED_KEPT_SECONDS
    return alert.last_at + UNHANDLED_KEPT_SECONDS


def _keep_alert(db: Connection, sealer: Sealer, tag: bytes, near_miss: NearMiss) -> None:
    row = one(db, _LIVE, tag)
    if row is None:
        alert = Alert(near_miss, near_miss.at)
        sealed = sealer.seal(_ALERTS, near_miss.id, alert)
        db.execute(_INSERT, (near_miss.id, tag, alert.state.value, _purge_at(alert), sealed))
        return
    alert = sealer.open(Alert, _ALERTS, row[0], row[1]).seen_again(near_miss.at)
    db.execute(_UPDATE, (alert.state.value, _purge_at(alert), sealer.seal(_ALERTS, row[0], alert), row[0]))


def _keep_waiting(db: Connection, sealer: Sealer, tag: bytes, seen: Unqualified) -> None:
    row = one(db, _ONE_WAITING, tag)
    if row is None:
        waiting = ToQualify(seen.ins, seen.status, seen.at, seen.at)
    else:
        waiting = sealer.open(ToQualify, _WAITING, tag.hex(), row[0]).seen_again(seen)
    db.execute(_KEEP_WAITING, (tag, waiting.last_at, sealer.seal(_WAITING, tag.hex(), waiting)))


def _tag_of(keys: StateKeys, near_miss: NearMiss) -> bytes:
    """Give the tag of what was seen: the same identities, differing in the same way, asked for by the same member."""
    return keys.tags.tag(
        "near miss",
        near_miss.kind.value,
        near_miss.meeting.value,
        near_miss.ins.to_token(),
        near_miss.other.to_token() if near_miss.other else "",
        " ".join(near_miss.differing),
        near_miss.peer.value if near_miss.peer else "",
    )[:TAG_BYTES]


def _not_found() -> LocalRefused:
    return LocalRefused("identity alert: there is none of this id", code=Code.LOCAL_NOT_FOUND, hint="list them")

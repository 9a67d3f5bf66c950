"""The desk of the person who watches over identities: alerts, and records that wait for a qualified identity."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connector.core.codes import Code
from connector.core.errors import AdapterFault, LocalRefused
from connector.core.identity_alerts import Alert, AlertState, Handling, ToQualify
from connector.core.ports import Clock, GuardedSource
from connector.core.ports_vigilance import AlertStore
from connector.core.private import Private
from connector.vigilance import entries


@dataclass(frozen=True, slots=True, repr=False)
class Waiting(Private):
    """A worker who waits to be qualified; `confirmed` says that the vendor's software was asked just now."""

    worker: ToQualify
    confirmed: bool


class Alerts:
    """Alerts as people handle them. `source` is None where this service has no adapter."""

    def __init__(self, store: AlertStore, source: GuardedSource | None, clock: Clock) -> None:
        self._store, self._source, self._clock = store, source, clock

    async def page(
        self, *, state: AlertState | None = None, before: str | None = None, limit: int = 50
    ) -> Sequence[Alert]:
        """Give alerts, the newest first.

        Raises:
            LocalRefused: `local.not_found`, no alert of the id `before`.
        """
        return await self._store.alerts(state=state, before=before, limit=limit)

    async def get(self, alert_id: str) -> Alert:
        """Give one alert.

        Raises:
            LocalRefused: `local.not_found`.
        """
        alert = await self._store.alert(alert_id)
        if alert is None:
            raise LocalRefused("identity alert: there is none of this id", code=Code.LOCAL_NOT_FOUND, hint="list them")
        return alert

    async def take(self, alert_id: str, by: str, caller: str) -> Alert:
        """Let a person have it, in the place of another one too.

        Raises:
            LocalRefused: `local.not_found`; `local.conflict`, it is closed, or theirs already.
            FailedClosed: it was not kept.
        """
        return await self._handle(alert_id, Handling(AlertState.TAKEN, by, self._clock.now()), caller)

    async def close(self, alert_id: str, by: str, reason: str, caller: str) -> Alert:
        """Close it with a reason; the same near miss, seen again, is a new alert.

        Raises:
            LocalRefused: `local.not_found`; `local.conflict`, it is closed; `local.malformed`, no reason.
            FailedClosed: it was not kept.
        """
        return await self._handle(alert_id, Handling(AlertState.CLOSED, by, self._clock.now(), reason), caller)

    async def to_qualify(self, limit: int = 50) -> Sequence[Waiting]:
        """Give the workers whose record could not be given because their identity is not qualified here.

        The vendor's software is asked about each: who is qualified by now, or no longer known, leaves the list.

        Raises:
            FailedClosed: the state cannot be relied on.
        """
        found = [await self._look(worker) for worker in await self._store.to_qualify(limit=limit)]
        return [waiting for waiting in found if waiting is not None]

    async def _handle(self, alert_id: str, handling: Handling, caller: str) -> Alert:
        alert = await self.get(alert_id)
        return await self._store.handle(alert_id, handling, entries.handled(alert, handling, caller))

    async def _look(self, worker: ToQualify) -> Waiting | None:
        if self._source is None:
            return Waiting(worker, confirmed=False)
        try:
            local = (await self._source.look(worker.ins)).identity
        except AdapterFault:
            return Waiting(worker, confirmed=False)
        if local is None or local.is_qualified:
            await self._store.settled(worker.ins)
            return None
        return Waiting(replace(worker, status=local.status), confirmed=True)

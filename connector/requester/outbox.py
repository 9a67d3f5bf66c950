"""What is owed to others and is sent until it arrives: acknowledgements to holders, traces to the vendor's software.

Both are durable before they are first tried. A failure is tried again after 5 s, then twice as long each time, up to an
hour. An acknowledgement is given up after seven days, which is how long a holder takes one, or at once when its holder
refuses it for good; both are alerts in the house ledger. A trace is never given up.
"""

import asyncio
from typing import Final

from connector.core.codes import Code
from connector.core.directory import MemberStatus
from connector.core.errors import AdapterFault, ConnectorError, PeerFault
from connector.core.instant import Instant
from connector.core.ports import (
    Clock,
    DueAck,
    FetchObserver,
    GuardedSink,
    GuardedSource,
    MemberDirectory,
    PeerClient,
    RequesterStore,
    TraceOutbox,
)
from connector.core.records import Trace, TraceAction
from connector.requester import entries
from connector.requester.settings import RequesterSettings

_FOR_GOOD: Final = frozenset(
    {Code.ACK_MALFORMED, Code.ACK_SIGNATURE, Code.ACK_MISMATCH, Code.HANDOVER_NOT_AVAILABLE, Code.REQUEST_MALFORMED}
)
_OF_THE_SOURCE: Final = frozenset({TraceAction.LOOKED_UP, TraceAction.HANDED_OVER})
_DOUBLINGS: Final = 20


def pause_seconds(attempts: int, settings: RequesterSettings) -> int:
    """Give how long to wait after so many failures before this one."""
    return min(settings.delivery_first_seconds << min(attempts, _DOUBLINGS), settings.delivery_at_most_seconds)


class AckOutbox:
    """Sends acknowledgements to their holders."""

    def __init__(
        self,
        settings: RequesterSettings,
        store: RequesterStore,
        peers: PeerClient,
        directory: MemberDirectory,
        clock: Clock,
        observer: FetchObserver,
    ) -> None:
        self._settings, self._store, self._peers = settings, store, peers
        self._directory, self._clock, self._observer = directory, clock, observer
        self._one_at_a_time = asyncio.Lock()

    async def deliver(self) -> None:
        """Send all that are due, each on its own.

        Raises:
            FailedClosed: the outbox cannot be read or written.
        """
        async with self._one_at_a_time:
            for due in await self._store.due_acks(self._clock.now()):
                await self._send(due)

    async def _send(self, due: DueAck) -> None:
        draft, now = due.draft, self._clock.now()
        member = self._directory.get(draft.audience)
        try:
            if member is None or member.status is not MemberStatus.ACTIVE:
                raise PeerFault(f"{draft.audience}: not an active member", code=Code.MEMBER_SUSPENDED)
            sent = await self._peers.acknowledge(member, draft, due.proof)
        except PeerFault as fault:
            await self._failed(due, fault, now)
        else:
            await self._store.ack_sent(draft.handover_id, sent)

    async def _failed(self, due: DueAck, fault: PeerFault, now: Instant) -> None:
        draft = due.draft
        self._observer.delivery_failed("acknowledgement", draft.handover_id, fault.code, due.attempts + 1)
        if fault.code in _FOR_GOOD or now >= draft.issued_at + self._settings.acknowledge_seconds:
            await self._store.record(entries.not_delivered(draft.audience, draft.handover_id, fault.code, now))
            await self._store.ack_sent(draft.handover_id)  # leaves the outbox: the alert says that it did not arrive
            return
        pause = fault.retry_after or pause_seconds(due.attempts, self._settings)
        await self._store.ack_failed(draft.handover_id, Instant(now + pause))


class TraceDelivery:
    """Writes traces into the vendor's own DMST (R4624-45-5): the source's actions by it, ours by the sink."""

    def __init__(
        self,
        settings: RequesterSettings,
        traces: TraceOutbox,
        source: GuardedSource | None,
        sink: GuardedSink | None,
        clock: Clock,
        observer: FetchObserver,
    ) -> None:
        self._settings, self._traces, self._source, self._sink = settings, traces, source, sink
        self._clock, self._observer = clock, observer
        self._one_at_a_time = asyncio.Lock()

    async def deliver(self) -> None:
        """Hand over all that are due, each on its own.

        Raises:
            FailedClosed: the outbox cannot be read or written.
        """
        async with self._one_at_a_time:
            written: list[Trace] = []
            try:
                for trace, attempts in await self._traces.due_traces(self._clock.now()):
                    if await self._write(trace, attempts):
                        written.append(trace)
            finally:
                # In one commit. After a crash before it they are handed over once more, which changes nothing there.
                await asyncio.gather(*(self._traces.trace_written(trace.trace_id) for trace in written))

    async def _write(self, trace: Trace, attempts: int) -> bool:
        half: GuardedSource | GuardedSink | None = self._source or self._sink
        if trace.action not in _OF_THE_SOURCE:
            half = self._sink or self._source
        try:
            if half is None:
                raise AdapterFault("trace: no adapter is configured", code=Code.ADAPTER_ABSENT)
            await half.trace(trace)
        except ConnectorError as error:
            self._observer.delivery_failed("trace", trace.trace_id, error.code, attempts + 1)
            retry_at = Instant(self._clock.now() + pause_seconds(attempts, self._settings))
            await self._traces.trace_failed(trace.trace_id, retry_at)
            return False
        return True

"""What the holder's side writes into the house ledger: refused connections, limits met, faults of the adapter.

A peer that tries again and again must not fill the ledger: each cause is written once per hour, and a failed write
changes nothing for the peer, who is refused in any case (PROTOCOL section 6: by peer, cause and hour).
"""

from typing import Final

from connector.core.codes import Code
from connector.core.errors import ConnectorError, FailedClosed
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType
from connector.core.limits import LimitRule
from connector.core.members import MemberId
from connector.core.ports import Clock, HouseLedger, Observer
from connector.core.units import HOUR_SECONDS

_MAX_CAUSES: Final = 4096


class HouseNotes:
    """Remembers in memory what it wrote this hour; after a restart a cause may stand twice in one hour, beside the
    entry of the start itself, which a memory on disk would not spare (docs/security-model.md).
    """

    def __init__(self, ledger: HouseLedger, clock: Clock, observer: Observer) -> None:
        self._ledger, self._clock, self._observer = ledger, clock, observer
        self._hour = 0
        self._written: set[tuple[str, str]] = set()

    async def connection_refused(self, x5t: str, member: MemberId | None, cause: str) -> None:
        """Note that this certificate was refused; `x5t` is empty where none was accepted in the handshake."""
        now = self._clock.now()
        if self._is_new(now, x5t, cause):
            await self._record(
                EntryDraft(
                    type=EntryType.CONNECTION_REFUSED,
                    at=now,
                    peer=member,
                    outcome="refused",
                    reason=cause,
                    personal={"certificate": x5t},
                )
            )

    async def adapter_fault(self, fault: ConnectorError, *, ref: str = "", peer: MemberId | None = None) -> None:
        """Note that the vendor's software did not do its part: each time with a `ref` (of a document), else hourly."""
        now = self._clock.now()
        self._observer.adapter_failed(fault.code)
        if ref or self._is_new(now, "adapter", fault.code):
            await self._record(
                EntryDraft(type=EntryType.ADAPTER_FAULT, at=now, peer=peer, reason=fault.code.value, ref=ref)
            )

    async def limited(self, member: MemberId, rule: LimitRule) -> None:
        """Note that a member met a limit, once an hour: its demands over it have no entry of their own."""
        now = self._clock.now()
        if self._is_new(now, f"limit {member}", rule):
            reason = f"limit.{rule}"
            await self._record(
                EntryDraft(type=EntryType.LIMITED, at=now, peer=member, outcome="limited", reason=reason)
            )

    def _is_new(self, now: Instant, who: str, cause: str) -> bool:
        if now // HOUR_SECONDS != self._hour:
            self._hour = now // HOUR_SECONDS
            self._written.clear()
        known = (who, cause) in self._written or len(self._written) >= _MAX_CAUSES
        self._written.add((who, cause)) if not known else None
        return not known

    async def _record(self, entry: EntryDraft) -> None:
        try:
            await self._ledger.record(entry)
        except FailedClosed as fault:
            self._observer.ledger_failed(Code(fault.code))

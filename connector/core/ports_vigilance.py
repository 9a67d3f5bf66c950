"""The ports of identity vigilance: alerts, records that wait for a qualified identity, and identities that are kept."""

from collections.abc import Sequence
from typing import Protocol

from connector.core.identity_alerts import Alert, AlertState, Handling, NearMiss, ToQualify
from connector.core.kept_identity import KeptIdentity, KeptMove
from connector.core.ledger import EntryDraft
from connector.core.matricule import Ins
from connector.core.ports import HouseLedger


class AlertNotices(Protocol):
    """Where a room that sees a near miss reports it; what a peer's lookup leaves goes with its answer instead."""

    async def notice(self, near_miss: NearMiss) -> None:
        """Keep it, or count it with the alert about the same that is not closed. No ledger entry."""
        ...


class AlertStore(AlertNotices, Protocol):
    """Alerts and the list *to qualify*; only what a person does with an alert has a ledger entry (ADR 0006)."""

    async def alert(self, alert_id: str) -> Alert | None: ...
    async def alerts(
        self, *, state: AlertState | None = None, before: str | None = None, limit: int = 50
    ) -> Sequence[Alert]:
        """Give alerts, the newest first. Raises LocalRefused `local.not_found` for an unknown `before`."""
        ...

    async def handle(self, alert_id: str, handling: Handling, entry: EntryDraft) -> Alert:
        """Take or close one, with its entry. Raises LocalRefused `local.not_found`, `local.conflict`."""
        ...

    async def to_qualify(self, *, limit: int = 50) -> Sequence[ToQualify]:
        """Give those asked for most recently."""
        ...

    async def settled(self, ins: Ins) -> None:
        """Forget one that waits no longer."""
        ...


class IdentityStore(HouseLedger, Protocol):
    """Identities that are kept here; each change is one transaction with its house entry."""

    async def add(self, kept: KeptIdentity, entry: EntryDraft) -> None: ...
    async def identity(self, identity_id: str) -> KeptIdentity | None: ...
    async def of_ins(self, ins: Ins) -> Sequence[KeptIdentity]: ...
    async def moves(self, identity_id: str) -> Sequence[KeptMove]: ...
    async def move(self, identity_id: str, kept: KeptMove, entry: EntryDraft) -> KeptIdentity:
        """Keep a move. Raises LocalRefused `local.not_found`; `local.conflict`, it was moved meanwhile."""
        ...

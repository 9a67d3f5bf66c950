"""The port by which the holder keeps what it has counted and blocked (`core.limits`), and those it tells of it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from connector.core.instant import Instant
from connector.core.ledger import EntryDraft
from connector.core.limits import Counted, LimitBlock, LimitRule, PeerOverride
from connector.core.members import MemberId


class LimitStore(Protocol):
    """What outlives a restart. A `Counted` itself is kept by `HolderStore.answer`, with its ledger entry.

    All that write raise FailedClosed `ledger.unavailable` when the commit failed: then nothing of it exists.
    """

    def tag(self, purpose: str, *parts: str) -> bytes:
        """Give the keyed hash under which something personal is counted."""
        ...

    async def counted_of(self, peer: MemberId, since: Instant) -> Sequence[Counted]:
        """Give what was counted of a peer from an instant on, the oldest first; what can no longer be read is left
        out.
        """
        ...

    async def blocks(self) -> Sequence[LimitBlock]:
        """Give all blocks that are kept, lifted ones included, the oldest first."""
        ...

    async def overrides(self) -> Mapping[MemberId, PeerOverride]:
        """Give the peers with numbers of their own."""
        ...

    async def block(self, block: LimitBlock, entry: EntryDraft) -> None:
        """Keep a block with its house entry."""
        ...

    async def lift(self, block: LimitBlock, entry: EntryDraft) -> None:
        """Keep that a block is lifted, with its house entry."""
        ...

    async def override(self, member: MemberId, override: PeerOverride | None, entry: EntryDraft) -> None:
        """Keep other numbers for a peer, None to go back to those configured, with the house entry."""
        ...


class LimitObserver(Protocol):
    """Hears of limits that were met, for logs and metrics. It returns at once and raises nothing."""

    def limit_met(self, rule: LimitRule, member: MemberId | None, *, blocked: bool) -> None:
        """A demand was not answered; `blocked` where from now on none is."""
        ...

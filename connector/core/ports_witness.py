"""The ports of witnessing: what `store` keeps of other members' ledgers and of what they say of ours."""

from collections.abc import Sequence
from typing import Protocol

from connector.core.ledger import EntryDraft, Tree
from connector.core.members import MemberId
from connector.core.witness import (
    HeadLink,
    KnownHead,
    LedgerFault,
    LedgerGap,
    LedgerName,
    SeenHead,
    SignedHead,
    Witnessed,
    WitnessStatement,
)


class WitnessReader(Protocol):
    """What was witnessed, for whoever proves the time of a signature."""

    async def witnessed(self, ledger: LedgerName, size: int, *, limit: int = 5) -> Sequence[Witnessed]:
        """Give the earliest statements about a ledger of at least that size to which links lead, by their time.

        `ledger` is ours, or that of a member with which this house has exchanged; `size` is that of a checkpoint of a
        receipt or acknowledgement (or, for ours, any size).
        """
        ...


class WitnessStore(WitnessReader, Protocol):
    """What is kept; each change is one transaction with its house entry. All raise FailedClosed."""

    async def head(self, member: MemberId, tree: Tree) -> SignedHead | None:
        """Give the last verified head of a member's ledger of that kind, of its newest serial."""
        ...

    async def heads(self) -> Sequence[KnownHead]:
        """Give the last verified head of every member's ledgers."""
        ...

    async def keep_head(self, head: SignedHead, links: Sequence[HeadLink] = ()) -> None:
        """Keep a head where it is newer than the one known, with the links that prove it."""
        ...

    async def see(self, heads: Sequence[SeenHead]) -> None:
        """Keep heads until they were compared; the same again changes nothing."""
        ...

    async def seen(self, limit: int) -> Sequence[SeenHead]:
        """Give heads that have still to be compared, by member and size."""
        ...

    async def compared(self, heads: Sequence[SeenHead]) -> None:
        """Forget heads that were compared."""
        ...

    async def keep_statements(self, statements: Sequence[WitnessStatement]) -> None:
        """Keep what witnesses signed; the same again changes nothing."""
        ...

    async def statements(self, member: MemberId) -> Sequence[WitnessStatement]:
        """Give each witness's newest statement about each ledger of a member, the newest first."""
        ...

    async def fault(self, fault: LedgerFault, entry: EntryDraft | None) -> bool:
        """Keep a fault with its entry; False, and nothing, where that kind is known of that ledger already.

        What a witness did wrong is known by the witness and the member, whichever serial it spoke of.
        """
        ...

    async def faults(self) -> Sequence[LedgerFault]:
        """Give all faults, the oldest first."""
        ...

    async def gap(self, gap: LedgerGap, head: SignedHead, entry: EntryDraft) -> bool:
        """Keep a gap and the new ledger's head; False, and nothing, where the gap is known already."""
        ...

    async def gaps(self) -> Sequence[LedgerGap]:
        """Give all gaps, the oldest first."""
        ...

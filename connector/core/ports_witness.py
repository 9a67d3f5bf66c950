"""The ports of witnessing: what is kept of other members' ledgers, how they are asked, and who hears of it."""

from collections.abc import Sequence
from typing import Protocol

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.ledger import EntryDraft, Tree
from connector.core.members import MemberId
from connector.core.witness import (
    HeadLink,
    HeldHead,
    KnownHead,
    LedgerFault,
    LedgerGap,
    LedgerName,
    SeenHead,
    Showing,
    SignedHead,
    ToldBeginning,
    WitnessAnswer,
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
        """Keep heads until they were compared, so many of each member; the same again changes nothing.

        Those that nobody else told of came with a receipt or an acknowledgement.
        """
        ...

    async def seen(self, limit: int) -> Sequence[SeenHead]:
        """Give heads that have still to be compared, so many of each member, by member and size."""
        ...

    async def exchanged(self) -> frozenset[MemberId]:
        """Give the members whose receipts or acknowledgements this house has: theirs is what it may have to prove."""
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

    async def explain(self, new: LedgerName, told: ToldBeginning, entry: EntryDraft) -> bool:
        """Keep what a member says of its new ledger, once; False where there is no such gap, or it was told."""
        ...

    async def succeed(self, entry: EntryDraft, serial: int, agreed: EntryDraft | None = None) -> None:
        """Begin both ledgers of this house anew under that serial, with this entry as the first leaf of each.

        `agreed` comes next in the house ledger: who decided it, which is not for peers.
        """
        ...

    async def gaps(self) -> Sequence[LedgerGap]:
        """Give all gaps, the oldest first."""
        ...


class HeadsNoticed(Protocol):
    """Hears of each checkpoint that a receipt or an acknowledgement bore, once it was verified. It returns at once."""

    def noticed(self, member: MemberId, checkpoint: str) -> None:
        """Take a checkpoint to compare with what is known, later."""
        ...


class HeadsIgnored:
    """For a house that looks at no ledgers: a test, a tool."""

    def noticed(self, member: MemberId, checkpoint: str) -> None:
        """Do nothing."""


class LedgerWitness(Protocol):
    """What a member does for others: it tells what it holds of them, and countersigns what they show it."""

    async def held(self) -> Sequence[HeldHead]:
        """Give what this member holds of every other, each under its own signature of now."""
        ...

    async def witness(self, member: Member, showing: Showing) -> WitnessAnswer:
        """Compare a checkpoint that its own member shows with what is known. Raises RequestRefused, FailedClosed."""
        ...


class LedgerPeers(Protocol):
    """How other members are asked about ledgers. All raise PeerFault."""

    async def checkpoint(self, member: Member, tree: Tree) -> str:
        """Ask for its newest checkpoint; of its house ledger at most once a day."""
        ...

    async def consistency(self, member: Member, tree: Tree, first: int, second: int) -> tuple[bytes, ...]:
        """Ask for the proof between two of its sizes; `request.malformed`: it says it never had them."""
        ...

    async def held(self, member: Member) -> Sequence[HeldHead]:
        """Ask what it holds of everyone."""
        ...

    async def show(self, member: Member, showing: Showing) -> WitnessAnswer:
        """Show it a checkpoint of ours."""
        ...


class WitnessObserver(Protocol):
    """Hears of witnessing, for logs and metrics. It returns at once and raises nothing."""

    def ledger_fault(self, fault: LedgerFault) -> None:
        """A fault was found that was not known."""
        ...

    def ledger_gap(self, gap: LedgerGap) -> None:
        """A member began a new ledger."""
        ...

    def witnessed(self, statement: WitnessStatement) -> None:
        """A witness countersigned a checkpoint of ours."""
        ...

    def witness_failed(self, member: MemberId, code: Code) -> None:
        """A witness could not be had, or said what cannot be used."""
        ...

    def witness_round(self, answered: int, asked: int) -> None:
        """A round of witnesses is over."""
        ...

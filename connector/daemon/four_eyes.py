"""Proposing and confirming what two people must agree on: who does it is handed in, by the kind of proposal."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType
from connector.core.ports import Clock, Entropy, new_id
from connector.core.proposals import PROPOSAL_SECONDS, Proposal, ProposalKind
from connector.holder.limits import HolderLimits
from connector.store.proposals import SqliteProposals

Subject = Mapping[str, Any]


class Deed(Protocol):
    """What is done once two people agreed. `check` refuses what could not be done, before anyone is asked twice."""

    async def check(self, subject: Subject) -> None:
        """Raise LocalRefused where it cannot be done."""
        ...

    async def do(self, subject: Subject, reason: str, by: Sequence[str]) -> Subject:
        """Do it, for the two persons named; give what came of it."""
        ...


class FourEyes:
    """`connector.local.ports.Proposals`."""

    def __init__(
        self, store: SqliteProposals, deeds: Mapping[ProposalKind, Deed], clock: Clock, entropy: Entropy
    ) -> None:
        self._store, self._deeds, self._clock, self._entropy = store, deeds, clock, entropy

    async def propose(self, kind: ProposalKind, subject: Subject, *, reason: str, by: str, key: str) -> Proposal:
        """Keep a proposal for a second person.

        Raises:
            LocalRefused: it could not be done; its code says why.
            FailedClosed: it cannot be kept.
        """
        await self._deed(kind).check(subject)
        now = self._clock.now()
        expires_at = Instant(now + PROPOSAL_SECONDS)
        proposal = Proposal(new_id(self._entropy), kind, now, expires_at, by, key, reason, subject)
        await self._store.keep(proposal, self._entry(proposal, "proposed", by))
        return proposal

    async def confirm(self, proposal_id: str, *, by: str, key: str) -> tuple[Proposal, Subject]:
        """Do what was proposed; gives it, and what came of it.

        Raises:
            LocalRefused: `local.not_found`; `local.forbidden`, not a second person; `local.conflict`, its day is over;
                or it can no longer be done.
            FailedClosed: it cannot be kept: it was not done.
        """
        proposal = await self._find(proposal_id)
        both = proposal.confirmed_by(by, key, self._clock.now())
        deed = self._deed(proposal.kind)
        await deed.check(proposal.subject)
        if not await self._store.drop(proposal_id):
            raise _none()
        return proposal, await deed.do(proposal.subject, proposal.reason, both)

    async def withdraw(self, proposal_id: str, *, by: str) -> Proposal:
        """Take a proposal back; anyone who may propose may.

        Raises:
            LocalRefused: `local.not_found`.
            FailedClosed: it cannot be kept.
        """
        proposal = await self._find(proposal_id)
        if not await self._store.drop(proposal_id, self._entry(proposal, "withdrawn", by)):
            raise _none()
        return proposal

    async def waiting(self) -> Sequence[Proposal]:
        """Give what waits for a second person, the oldest first."""
        return await self._store.waiting(self._clock.now())

    def _deed(self, kind: ProposalKind) -> Deed:
        """Give what does a kind: the daemon's table has a row for each that this service offers."""
        deed = self._deeds.get(kind)
        if deed is None:
            raise LocalRefused(f"proposal: {kind} is not offered here", code=Code.LOCAL_CONFLICT)
        return deed

    async def _find(self, proposal_id: str) -> Proposal:
        proposal = await self._store.find(proposal_id)
        if proposal is None:
            raise _none()
        return proposal

    def _entry(self, proposal: Proposal, outcome: str, by: str) -> EntryDraft:
        return EntryDraft(
            type=EntryType.PROPOSED,
            at=self._clock.now(),
            outcome=outcome,
            reason=proposal.kind.value,
            ref=proposal.id,
            personal={"by": by, "reason": proposal.reason, "subject": dict(proposal.subject)},
        )


class LiftBlock:
    """Lifts a block of the limits; the subject is `{"block": id}`."""

    def __init__(self, limits: HolderLimits) -> None:
        self._limits = limits

    async def check(self, subject: Subject) -> None:
        """Raise LocalRefused `local.not_found` where no such block holds."""
        self._limits.find_block(str(subject.get("block", "")))

    async def do(self, subject: Subject, reason: str, by: Sequence[str]) -> Subject:
        """Lift it."""
        block = await self._limits.lift(str(subject["block"]), reason, by)
        return {"block": block.id, "member": block.peer.value}


def _none() -> LocalRefused:
    return LocalRefused(
        "proposal: none of this id waits", code=Code.LOCAL_NOT_FOUND, hint="proposals list shows those that do"
    )

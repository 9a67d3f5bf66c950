"""The limits of the holder: reserved before the work, kept with the entry, told to our own people (PROTOCOL section 5).

    reserve     in memory, before the vendor's software is asked; a limit that is met is answered 429, without a receipt
    kept        `Reservation.counted` goes with the ledger entry into one transaction (`HolderStore.answer`)
    told        a block is an alert with the mandate that met it; other limits one house entry per peer, rule and hour

What operators see and change is here as well; that two of them agreed is looked at where they are met (`local`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from connector.core.directory import Member
from connector.core.errors import LimitReached, LocalRefused
from connector.core.identity import QualifiedIdentity
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType
from connector.core.limits import PATTERN_DAYS, LimitBlock, LimitRule, Limits, PeerOverride
from connector.core.members import MemberId
from connector.core.ports import Clock, Entropy, new_id
from connector.core.ports_limits import LimitObserver, LimitStore
from connector.core.units import DAY_SECONDS
from connector.holder.counting import Counting, Reached, Reservation
from connector.holder.house import HouseNotes
from connector.wire.mandate import VerifiedMandate

_PRUNE_SECONDS: Final = 3600
_AT_ONCE: Final = 2_000
"""Lookups that are recalled in one turn of the event loop: some milliseconds."""
_SAID: Final = {
    LimitRule.PATTERN: "this member asked about one person under too many identities",
    LimitRule.MISSES: "this member asked for too many records that this service does not give",
    LimitRule.MINUTE: "this member asked more than it may in a minute",
    LimitRule.DAY: "this member asked more than it may in a day",
    LimitRule.PROBES: "this member made more tests than it may",
    LimitRule.LEDGER: "this member asked about ledgers more than it may in a minute",
    LimitRule.PRACTITIONER: "this practitioner asked more than one may in a day",
}


@dataclass(frozen=True, slots=True)
class PeerStanding:
    """How a peer stands against its limits today. `blocks` are those that hold."""

    member: MemberId
    limits: Limits
    override: PeerOverride | None
    total: int
    hits: int
    misses: int
    probes: int
    slowed: bool
    blocks: tuple[LimitBlock, ...]


class HolderLimits:
    """Counts, keeps and tells."""

    def __init__(
        self,
        limits: Limits,
        store: LimitStore,
        *,
        house: HouseNotes,
        observer: LimitObserver,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._store, self._house, self._observer = store, house, observer
        self._clock, self._entropy = clock, entropy
        self._counting = Counting(limits, store.tag)
        self._pruned_at = Instant(0)
        self._recalled: set[MemberId] = set()
        self._recalling: dict[MemberId, asyncio.Lock] = {}

    async def load(self) -> None:
        """Take up what is blocked and set: to be called once, before anything is answered. It takes as long whatever
        was counted: that is taken up member by member, before each one's first place (`_recall`).

        Raises:
            FailedClosed: `state.unavailable`.
        """
        self._counting.restore(await self._store.blocks(), await self._store.overrides())

    async def _recall(self, member: MemberId) -> float:
        """Take up what was counted of a member, before its first place since the start; gives the seconds spent on it.

        Raises:
            FailedClosed: it cannot be read: then this member is given nothing, and it is tried again next time.
        """
        if member in self._recalled:
            return 0.0
        began = self._clock.monotonic()
        async with self._recalling.setdefault(member, asyncio.Lock()):
            if member not in self._recalled:
                since = Instant(self._clock.now() - PATTERN_DAYS * DAY_SECONDS)
                counted = await self._store.counted_of(member, since)
                for first in range(0, len(counted), _AT_ONCE):
                    self._counting.recall_pairs(member, counted[first : first + _AT_ONCE])
                    await asyncio.sleep(0)
                # Nothing awaited from here on: whoever is cut off before it begins again, and counts nothing twice.
                self._counting.recall_today(member, counted, self._clock.now())
                self._recalled.add(member)
        self._recalling.pop(member, None)
        return self._clock.monotonic() - began

    # ------------------------------------------------------------ on each demand

    async def reserve(
        self, peer: Member, worker: QualifiedIdentity | None, verified: VerifiedMandate, now: Instant
    ) -> Reservation:
        """Take a place for one lookup, or one probe where there is no worker.

        Raises:
            LimitReached: nothing is counted or looked at.
            FailedClosed: what was counted cannot be read, or a new block not be kept.
        """
        recalled_seconds = 0.0 if peer.id in self._recalled else await self._recall(peer.id)
        self._prune(now)
        try:
            if worker is None:
                place = self._counting.reserve_probe(peer, now)
            else:
                place = self._counting.reserve(peer, worker, verified.lookup_id or "", now, self._clock.monotonic())
        except Reached as reached:
            raise await self._told(reached, peer, worker, verified, now) from None
        place.recalled_seconds = recalled_seconds
        return place

    async def check(
        self, peer: Member, worker: QualifiedIdentity | None, verified: VerifiedMandate, now: Instant
    ) -> None:
        """Look at the handover whether anything may still be given.

        Raises:
            LimitReached: the pair, or this person for this member, was blocked since.
        """
        if worker is None:
            return
        try:
            self._counting.check(peer, worker, now)
        except Reached as reached:
            raise await self._told(reached, peer, worker, verified, now) from None

    async def refused(self, peer: Member, verified: VerifiedMandate, now: Instant) -> None:
        """Count a demand that is about to be refused for what it says.

        Raises:
            LimitReached: there were too many: no entry is written for this one.
            FailedClosed: what was counted cannot be read.
        """
        await self._recall(peer.id)
        try:
            self._counting.refused(peer, now)
        except Reached as reached:
            raise await self._told(reached, peer, None, verified, now) from None

    async def asked_ledger(self, peer: Member, now: Instant) -> None:
        """Count a question about ledgers, which bears no mandate: proofs and countersignatures cost us work.

        Raises:
            LimitReached: there were too many in a minute.
        """
        try:
            self._counting.asked_ledger(peer, now)
        except Reached as reached:
            raise await self._passing(reached, peer) from None

    async def _told(
        self, reached: Reached, peer: Member, worker: QualifiedIdentity | None, verified: VerifiedMandate, now: Instant
    ) -> LimitReached:
        if reached.tag is None:
            return await self._passing(reached, peer)
        block = LimitBlock(new_id(self._entropy), peer.id, reached.rule, now, verified.lookup_id or "", reached.tag)
        # In memory first: what is asked meanwhile is stopped already, whether or not the disk takes it.
        self._counting.block(block)
        await self._store.block(block, _blocked(block, worker, verified))
        return self._answered(reached, peer, blocked=True)

    async def _passing(self, reached: Reached, peer: Member) -> LimitReached:
        await self._house.limited(peer.id, reached.rule)
        return self._answered(reached, peer, blocked=False)

    def _answered(self, reached: Reached, peer: Member, *, blocked: bool) -> LimitReached:
        self._observer.limit_met(reached.rule, peer.id, blocked=blocked)
        return LimitReached(
            f"limit: {_SAID[reached.rule]}",
            retry_after=reached.retry_after,
            hint="a person of this service can change or lift it: call its contact in the directory",
        )

    def _prune(self, now: Instant) -> None:
        if now >= self._pruned_at + _PRUNE_SECONDS:
            self._pruned_at = now
            self._counting.prune(now)

    # ------------------------------------------------------------ for operators

    async def standing(self, member: Member) -> PeerStanding:
        """Tell how a peer stands today.

        Raises:
            FailedClosed: what was counted before the start cannot be read.
        """
        await self._recall(member.id)
        now = self._clock.now()
        count, limits = self._counting.count_of(member.id, now), self._counting.limits_of(member)
        return PeerStanding(
            member=member.id,
            limits=limits,
            override=self._counting.override_of(member.id),
            total=count.total,
            hits=count.hits,
            misses=count.misses,
            probes=count.probes_today,
            slowed=count.misses >= limits.slow_from(count.hits),
            blocks=tuple(block for block in self.blocks() if block.peer == member.id),
        )

    def blocks(self) -> Sequence[LimitBlock]:
        """Give what is blocked now, the oldest first."""
        return self._counting.blocks(self._clock.now())

    def find_block(self, block_id: str) -> LimitBlock:
        """Give a block that holds.

        Raises:
            LocalRefused: `local.not_found`.
        """
        found = next((block for block in self.blocks() if block.id == block_id), None)
        if found is None:
            raise LocalRefused(
                "block: there is none of this id, or it was lifted",
                code="local.not_found",
                hint="members limits show lists those that hold",
            )
        return found

    async def lift(self, block_id: str, reason: str, by: Sequence[str]) -> LimitBlock:
        """Lift a block. `by` are the two persons who agreed; who they are stands in the personal part of the entry.

        Raises:
            LocalRefused: `local.not_found`.
            FailedClosed: it cannot be kept.
        """
        now = self._clock.now()
        block = replace(self.find_block(block_id), lifted_at=now)
        await self._store.lift(block, _changed(block.peer, "lifted", now, block.ref, reason, by, block=block.id))
        self._counting.lift(block)
        return block

    async def set_override(self, member: MemberId, override: PeerOverride | None, reason: str, by: str) -> None:
        """Set other numbers for a peer, or with None those that are configured.

        Raises:
            FailedClosed: it cannot be kept.
        """
        now = self._clock.now()
        numbers = {} if override is None else {name: getattr(override, name) for name in PeerOverride.__slots__}
        word = "configured" if override is None else "set"
        await self._store.override(member, override, _changed(member, word, now, "", reason, (by,), **numbers))
        self._counting.set_override(member, override)


def _blocked(block: LimitBlock, worker: QualifiedIdentity | None, verified: VerifiedMandate) -> EntryDraft:
    """The alert of a block; it holds the mandate, since a demand over a limit has no leaf of its own."""
    return EntryDraft(
        type=EntryType.ALERT,
        at=block.since,
        peer=block.peer,
        mandate_sha256=verified.sha256,
        outcome="blocked",
        reason=f"limit.{block.rule}",
        ref=block.ref,
        personal={"block": block.id, "mandate": verified.compact.decode("ascii")},
        workers=(worker.ins,) if worker is not None else (),
    )


def _changed(
    peer: MemberId, outcome: str, at: Instant, ref: str, reason: str, by: Sequence[str], **more: object
) -> EntryDraft:
    return EntryDraft(
        type=EntryType.LIMIT_CHANGED,
        at=at,
        peer=peer,
        outcome=outcome,
        ref=ref,
        personal={"by": list(by), "reason": reason, **more},
    )

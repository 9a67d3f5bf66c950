"""Our own ledgers before witnesses: shown daily and at start to five random members, and compared with what they hold.

What a witness holds of us, signed by our own key, may show that this house is *behind* or *forked* from what it signed
before: an old copy of its state was restored, or somebody wrote the ledger anew. Then nothing more is signed and nobody
is answered until the operator begins a new ledger (`journal succeed`): the exchange ledger is halted, over restarts
too. How long a start waits for witnesses, and what happens when none can be had, is an ADR of its own.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

from connector.core.codes import Code
from connector.core.directory import Member, MemberStatus
from connector.core.errors import ConnectorError, PeerFault
from connector.core.instant import Instant
from connector.core.ledger import Tree
from connector.core.members import MemberId
from connector.core.ports import Entropy
from connector.core.units import DAY_SECONDS
from connector.core.witness import (
    Beginning,
    HeldHead,
    LedgerFault,
    LedgerFaultKind,
    Relation,
    Showing,
    SignedHead,
    WitnessStatement,
    in_words,
    relate,
)
from connector.crypto.notes import UnknownSigner
from connector.ledger.succession import agreed_entry, first_entry, signed_heads
from connector.ledger.watching import CLOCK_SECONDS, LedgerWatch, WatchPorts, open_head, origin_of
from connector.wire.cosignature import open_statement

WITNESSES: Final = 5
TRIES: Final = 15
"""Members that one round asks at most, where some do not answer."""

START_SECONDS: Final = 5.0
WITNESS_SECONDS: Final = 30.0
"""What one witness may take in all."""

ROUND_SECONDS: Final = 86_400


class OwnLedgers(Protocol):
    """This house's ledgers: `ledger.service.Journal` is the real thing."""

    async def checkpoint(self, tree: Tree) -> str:
        """Give the newest one."""
        ...

    async def consistency(self, tree: Tree, first: int, second: int) -> Sequence[bytes]:
        """Prove that the newest ledger of `first` entries is the beginning of that of `second`."""
        ...

    async def beginning(self, head: SignedHead) -> Beginning | None:
        """Give the first leaf of the ledger under a head of ours, opened, where it follows another."""
        ...

    async def root(self, tree: Tree, size: int) -> bytes:
        """Give the root that it had at that size."""
        ...

    def open_own(self, note: str) -> SignedHead:
        """Open what one of our keys signed. Raises PeerFault: none of them did."""
        ...

    def halt(self, reason: str | None) -> None:
        """Sign no further entry of the exchange ledger; None takes it back."""
        ...


@dataclass(frozen=True, slots=True)
class Round:
    """What a round of witnesses came to."""

    at: Instant
    asked: int
    answered: int


class Witnessing:
    """Shows our ledgers and judges what others hold of them."""

    def __init__(
        self, own: MemberId, ledgers: OwnLedgers, watch: LedgerWatch, ports: WatchPorts, entropy: Entropy
    ) -> None:
        self._own, self._ledgers, self._watch = own, ledgers, watch
        self._ports, self._entropy = ports, entropy
        self._behind: dict[Tree, LedgerFault] = {}
        self._last: Round | None = None
        self._answered_at: Instant | None = None
        self._running: asyncio.Task[Round] | None = None

    # ------------------------------------------------------------ for the daemon

    async def start(self) -> None:
        """Take up what was found before, and begin a first round; waits a little for its witnesses.

        Raises:
            FailedClosed: the state cannot be read.
        """
        await self._take_up()
        self._watch.start()
        with suppress(TimeoutError, ConnectorError):  # of the state: its own check tells of it
            async with asyncio.timeout(START_SECONDS):
                await asyncio.shield(self.begin_round())

    async def close(self) -> None:
        """Give up a round that is under way."""
        await self._watch.close()
        if self._running is not None and not self._running.done():
            self._running.cancel()
            await asyncio.wait((self._running,))

    async def tick(self) -> None:
        """Compare what waits, and begin a round where one is due; a job's regular turn.

        Raises:
            FailedClosed: something could not be kept.
        """
        for fault in self._behind.values():
            await self._watch.keep_fault(fault)  # where the disk refused it when it was found
        await self._watch.settle()
        now, answered_at = self._ports.clock.now(), self._answered_at
        if answered_at is None or now - answered_at >= ROUND_SECONDS or now < answered_at:
            await self.begin_round()

    def begin_round(self) -> "asyncio.Task[Round]":
        """Begin a round, or join the one that is under way."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self.round(), name="witnesses")
        return self._running

    async def round(self) -> Round:
        """Show our ledgers to five random members, and compare what they hold."""
        ports, others = self._ports, self._shuffled()
        shows_house = not await self._was_house_shown(ports.clock.now())
        asked = answered = 0
        while others and asked < TRIES and answered < WITNESSES and not self._behind:
            batch = others[: min(WITNESSES - answered, TRIES - asked)]
            del others[: len(batch)]
            asked += len(batch)
            outcomes = await asyncio.gather(*(self._meet(member, shows_house=shows_house) for member in batch))
            answered += sum(outcomes)
            if any(outcomes):
                self._answered_at = ports.clock.now()
        ports.observer.witness_round(answered, asked)
        self._last = Round(ports.clock.now(), asked, answered)
        return self._last

    async def succeed(self, reason: str, by: Sequence[str]) -> int:
        """Begin both ledgers anew: the first leaf of each names the old ones, the highest checkpoints known that bear
        our signature, and the reason, and nobody. Gives the new serial; peers learn of it at the next contact.

        Raises:
            FailedClosed: nothing was begun, and what was halted stays so.
        """
        store = self._ports.store
        known = [self._ledgers.open_own(await self._ledgers.checkpoint(tree)) for tree in Tree]
        signed = await signed_heads(self._own, self._ledgers, store)
        old = {head.ledger.tree: head.ledger for head in known}
        now = self._ports.clock.now()
        entry, serial = first_entry(old, signed, now, reason)
        await store.succeed(entry, serial, agreed_entry(now, reason, by))
        self._behind.clear()
        self._ledgers.halt(None)
        self._answered_at = None  # so that the next turn shows it
        return serial

    # ------------------------------------------------------------ looking

    def behind(self) -> LedgerFault | None:
        """Say what is wrong with our own ledgers, by our own signature."""
        return next(iter(self._behind.values()), None)

    def last_round(self) -> Round | None:
        """Give the last round since the start."""
        return self._last

    def last_answer(self) -> Instant | None:
        """Say when a witness last answered, since the start."""
        return self._answered_at

    def others(self) -> Sequence[Member]:
        """Give the members that can be asked to witness."""
        members = self._ports.directory.members()
        return [m for m in members if m.id != self._own and m.status is MemberStatus.ACTIVE]

    # ------------------------------------------------------------ one witness

    async def _meet(self, member: Member, *, shows_house: bool) -> bool:
        """Compare and show; whether the member answered with what can be used."""
        try:
            async with asyncio.timeout(WITNESS_SECONDS):
                held = await self._compare(member)
                if self._behind:
                    return True
                kept = [await self._show(member, Tree.EXCHANGE, held.get(Tree.EXCHANGE))]
                if shows_house and not self._behind:
                    kept.append(await self._show(member, Tree.HOUSE, held.get(Tree.HOUSE)))
                await self._watch.look(member)
        except TimeoutError:
            self._ports.observer.witness_failed(member.id, Code.PEER_TIMEOUT)
            return False
        except ConnectorError as fault:
            self._ports.observer.witness_failed(member.id, fault.code)
            return False
        return any(kept)

    async def _compare(self, member: Member) -> dict[Tree, SignedHead]:
        """Take what it holds of everyone; give what it holds of us, where that is as we know it.

        Raises:
            PeerFault: it could not be asked, or sent what is no checkpoint.
        """
        of_us: dict[Tree, SignedHead] = {}
        for held in await self._ports.peers.held(member):
            if origin_of(held.checkpoint).member == self._own:
                head = await self._judge(member, held)
                if head is not None:
                    of_us[head.ledger.tree] = head
            else:
                await self._watch.told(member, held)
        return of_us

    async def _show(self, member: Member, tree: Tree, held: SignedHead | None) -> WitnessStatement | None:
        """Show one ledger, once more where the witness holds something else than was thought; give its word.

        Raises:
            PeerFault: it could not be asked, or its word is not one.
        """
        for _ in range(2):
            head = self._ledgers.open_own(await self._ledgers.checkpoint(tree))
            first = 0 if held is None or held.ledger != head.ledger else held.size
            proof = () if first in {0, head.size} else await self._ledgers.consistency(tree, first, head.size)
            beginning = await self._ledgers.beginning(head) if tree is Tree.EXCHANGE else None
            answer = await self._ports.peers.show(member, Showing(head.note, first, tuple(proof), beginning))
            if answer.cosignature is not None:
                return await self._believe(member, head, answer.cosignature)
            if answer.held is None:
                break
            held = await self._judge(member, HeldHead(answer.held, ""))
            if held is None or held.ledger.tree is not tree:
                break
        return None

    async def _believe(self, member: Member, head: SignedHead, line: str) -> WitnessStatement:
        """Verify a witness's word about ours, and keep it.

        Raises:
            PeerFault: it does not verify, which is kept as a fault, or its clock is far from ours.
            FailedClosed: it could not be kept.
        """
        now = self._ports.clock.now()
        try:
            statement = open_statement(line, head, witness=member.id, keys=member.ledger_keys())
        except UnknownSigner:
            raise
        except PeerFault:
            await self._watch.fault(LedgerFaultKind.FALSE_STATEMENT, head, head.note, line, member.id)
            raise
        if abs(statement.at - now) > CLOCK_SECONDS:
            raise PeerFault(f"{member.name}: its clock differs from ours by {statement.at - now:+d} s")
        await self._ports.store.keep_statements((statement,))
        self._ports.observer.witnessed(statement)
        return statement

    async def _judge(self, member: Member, held: HeldHead) -> SignedHead | None:
        """Compare what a witness holds of us with what we have; None where it cannot be gone on from.

        What is signed by our key and not in our ledger means that this house is behind or forked.
        """
        origin = origin_of(held.checkpoint)
        note = await self._ledgers.checkpoint(origin.tree)  # read after what it is compared with: it only ever grows
        own = self._ledgers.open_own(note)
        try:
            head = self._open_held(held.checkpoint, origin.tree)
        except PeerFault:
            await self._watch.fault(LedgerFaultKind.FALSE_HEAD, own, note, held.checkpoint, member.id)
            return None
        if head is None:
            self._ports.observer.witness_failed(member.id, Code.PEER_MISBEHAVED)
            return None
        match relate(own, head):
            case Relation.OLD_LEDGER:
                return None
            case Relation.LONGER | Relation.NEW_LEDGER:
                await self._halt(LedgerFaultKind.SHORTENED, own, head, member)
                return None
            case _ if head.root != await self._ledgers.root(origin.tree, head.size):
                await self._halt(LedgerFaultKind.FORK, own, head, member)
                return None
        return head

    def _open_held(self, note: str, tree: Tree) -> SignedHead | None:
        """Open what a witness holds of us; None where only a key that was declared stolen signed it.

        A key that is listed for us and not here is ours too: a machine that was rolled back lost it with all the rest.

        Raises:
            PeerFault: we never signed it.
        """
        listed = self._ports.directory.get(self._own)
        try:
            head = self._ledgers.open_own(note)
        except PeerFault:
            if listed is None:
                raise
            return open_head(note, listed, tree)
        if listed is not None:
            with suppress(PeerFault):  # by a key that is not listed yet
                return open_head(note, listed, tree)
        return head

    async def _halt(self, kind: LedgerFaultKind, own: SignedHead, head: SignedHead, teller: Member) -> None:
        """Stop first: what is known is known, whether the disk takes it, or this witness's time runs out."""
        fault = LedgerFault(head.ledger, kind, self._ports.clock.now(), own.note, head.note, teller.id)
        self._behind.setdefault(own.ledger.tree, fault)
        self._ledgers.halt(in_words(fault))
        await self._watch.keep_fault(fault)

    # ------------------------------------------------------------ beginnings and ends

    async def _take_up(self) -> None:
        """Know again what was found before a restart; what a newer ledger has left behind no longer counts."""
        self._behind.clear()
        serials = {tree: self._ledgers.open_own(await self._ledgers.checkpoint(tree)).ledger.serial for tree in Tree}
        for fault in await self._ports.store.faults():
            tree = fault.ledger.tree
            if is_own(fault, self._own) and fault.ledger.serial >= serials[tree]:
                self._behind.setdefault(tree, fault)
        if self._behind:
            self._ledgers.halt(in_words(next(iter(self._behind.values()))))
        newest = [s.at for s in await self._ports.store.statements(self._own)]
        self._answered_at = max(newest, default=None)

    async def _was_house_shown(self, now: Instant) -> bool:
        """Whether the house ledger was shown today: what it grows by is nobody's business (PROTOCOL section 1)."""
        shown = await self._ports.store.statements(self._own)
        return any(s.head.ledger.tree is Tree.HOUSE and s.at // DAY_SECONDS == now // DAY_SECONDS for s in shown)

    def _shuffled(self) -> list[Member]:
        return sorted(self.others(), key=lambda _: self._entropy.token(8))


def is_own(fault: LedgerFault, own: MemberId) -> bool:
    """Whether a fault says that our own ledger is behind or forked, and not that a witness lied about it."""
    return fault.ledger.member == own and fault.kind in {LedgerFaultKind.SHORTENED, LedgerFaultKind.FORK}

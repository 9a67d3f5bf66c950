"""Other members' ledgers: whether each only ever grows from what was seen of it before (PROTOCOL section 6).

Heads come from three sides: with receipts and acknowledgements (`noticed`), from the member itself when it asks us to
countersign (`witness`) or when we look (`look`), and from third members (`told`). Each is compared with the last head
that is known, by asking the member itself for the RFC 6962 proof where the sizes differ. What does not go on is a
fault: kept and journalled once, with the two signed texts that prove it. What cannot be settled now is tried again
later; no physician waits for any of it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from connector.core.codes import Code
from connector.core.directory import Member, MemberStatus
from connector.core.errors import ConfigFault, ConnectorError, PeerFault, RequestRefused
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType, Tree
from connector.core.members import MemberId
from connector.core.merkle import verify_consistency
from connector.core.ports import Clock, MemberDirectory
from connector.core.ports_witness import LedgerPeers, WitnessObserver, WitnessStore
from connector.core.witness import (
    HeadLink,
    HeldHead,
    LedgerFault,
    LedgerFaultKind,
    LedgerGap,
    LedgerName,
    Relation,
    SeenHead,
    Showing,
    SignedHead,
    ToldBeginning,
    WitnessAnswer,
    culprit,
    relate,
)
from connector.crypto.keys import PrivateKeySigner, Switched
from connector.crypto.notes import UnknownSigner
from connector.wire.beginning import read_beginning
from connector.wire.checkpoint import Checkpoint, Origin, open_of_member
from connector.wire.cosignature import cosign, open_statement, signed_head

SETTLE_SECONDS: Final = 2.0
"""Heads that come within this time are compared together (our rule)."""

COMPARED_AT_ONCE: Final = 100
"""Heads of one member in one turn: one that does not let itself be compared keeps nobody else's waiting."""

MAX_NOTICED: Final = 10_000
"""Heads that wait in memory to be kept; beyond them the newest of each member still comes with its next receipt."""

LINE_SECONDS: Final = 600
"""How long a signature under a head that has not changed is given out again: many ask, and each costs one."""

CLOCK_SECONDS: Final = 300
"""How far a witness's clock may be from ours (our rule: a mandate allows 60 s, its life 300)."""


@dataclass(frozen=True, slots=True)
class WatchPorts:
    """What watching needs of the house."""

    store: WitnessStore
    peers: LedgerPeers
    directory: MemberDirectory
    clock: Clock
    observer: WitnessObserver


class LedgerWatch:
    """`core.ports_witness.LedgerWitness` and `HeadsNoticed`; follows what was noticed between `start` and `close`."""

    def __init__(self, own: MemberId, signer: PrivateKeySigner | Switched[PrivateKeySigner], ports: WatchPorts) -> None:
        self._own, self._signer, self._ports = own, signer, ports
        self._noticed: dict[tuple[MemberId, str], None] = {}
        self._last: dict[MemberId, str] = {}
        self._lines: dict[str, tuple[Instant, str]] = {}
        self._kick = asyncio.Event()
        self._locks: defaultdict[MemberId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._following: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Follow what is noticed from now on."""
        self._following = asyncio.create_task(self._follow(), name="ledger watch")

    async def close(self) -> None:
        """Stop; what was noticed and not kept yet comes again with the member's next checkpoint."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait((self._following,))

    # ------------------------------------------------------------ heads that come by the way

    def noticed(self, member: MemberId, checkpoint: str) -> None:
        """Take a checkpoint whose signature was verified with the receipt or acknowledgement that bore it."""
        if self._last.get(member) != checkpoint and len(self._noticed) < MAX_NOTICED:
            self._last[member] = checkpoint
            self._noticed[member, checkpoint] = None
            self._kick.set()

    async def told(self, teller: Member, held: HeldHead) -> SeenHead | None:
        """Take what a third member holds of another; None where that other is unknown here, or it is not comparable.

        A head that its member never signed, and a countersignature that does not verify, are faults of the teller.

        Raises:
            PeerFault: it is no checkpoint at all.
            FailedClosed: nothing of it was kept.
        """
        ports, origin = self._ports, origin_of(held.checkpoint)
        member = ports.directory.get(origin.member)
        if member is None or member.id in {self._own, teller.id} or member.status is not MemberStatus.ACTIVE:
            return None
        try:
            head = open_head(held.checkpoint, member, origin.tree)
        except UnknownSigner as fault:
            ports.observer.witness_failed(teller.id, fault.code)
            return None
        except PeerFault:
            known = await ports.store.head(member.id, origin.tree)
            shown, note = _unsigned(held.checkpoint), known.note if known else ""
            await self.fault(LedgerFaultKind.FALSE_HEAD, shown, note, held.checkpoint, teller.id)
            return None
        if head is None:
            return None
        await self._keep_line(teller, head, held.cosignature)
        known = await ports.store.head(member.id, origin.tree)
        if origin.tree is Tree.HOUSE and known is not None and relate(known, head) in _NEEDS_PROOF:
            return None  # its member gives one proof a day: enough for what it shows us itself
        seen = SeenHead(head, teller.id)
        if known is None or relate(known, head) is not Relation.SAME:
            await ports.store.see((seen,))
        return seen

    async def look(self, member: Member) -> None:
        """Ask a member for its newest exchange checkpoint: one that is shorter than what it had signed is a fault.

        Raises:
            PeerFault: it could not be asked, or what it sent is not signed by it.
            FailedClosed: the fault, or the head, could not be kept.
        """
        store = self._ports.store
        known = await store.head(member.id, Tree.EXCHANGE)
        note = await self._ports.peers.checkpoint(member, Tree.EXCHANGE)
        head = self._open_now(note, member, Tree.EXCHANGE)
        if known is None or not await self._is_shortened(known, head):
            await store.see((SeenHead(head, member.id),))  # shown by itself, and with no receipt

    async def settle(self) -> None:
        """Keep what was noticed, and compare all that waits.

        Raises:
            FailedClosed: something could not be kept; it is tried again.
        """
        taken = list(self._noticed)
        if taken:
            await self._ports.store.see([SeenHead(_unsigned(note)) for _, note in taken])
            for one in taken:
                self._noticed.pop(one, None)  # a job's turn may have come between
        waiting = await self._ports.store.seen(COMPARED_AT_ONCE)
        of_members = [list(group) for _, group in groupby(waiting, lambda seen: seen.head.ledger.member)]
        for outcome in await asyncio.gather(*map(self._compare_all, of_members), return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    # ------------------------------------------------------------ what we do for others

    async def held(self) -> Sequence[HeldHead]:
        """Give what is held of every other member, each under our signature of the last minutes."""
        now, before = self._ports.clock.now(), self._lines
        heads = [known.head for known in await self._ports.store.heads()]

        def sign() -> dict[str, tuple[Instant, str]]:
            kept = {head.note: before.get(head.note, (Instant(0), "")) for head in heads}
            return {
                head.note: kept[head.note]
                if 0 <= now - kept[head.note][0] < LINE_SECONDS
                else (now, self._cosigned(head))
                for head in heads
            }

        self._lines = lines = await asyncio.to_thread(sign)
        return [HeldHead(note, line) for note, (_, line) in lines.items()]

    async def witness(self, member: Member, showing: Showing) -> WitnessAnswer:
        """Countersign a checkpoint that goes on from what is known of its member; else give what is known.

        Raises:
            RequestRefused: `request.malformed`, not a checkpoint of that member, or not signed by it.
            FailedClosed: it could not be kept, so it was not seen.
        """
        try:
            tree = origin_of(showing.checkpoint).tree
            head = self._open_now(showing.checkpoint, member, tree)
            told = read_beginning(showing.beginning, head) if showing.beginning is not None else None
        except PeerFault as fault:
            raise RequestRefused(
                f"witness request: {fault.message}", code=Code.REQUEST_MALFORMED, hint="show a checkpoint of your own"
            ) from None
        store = self._ports.store
        async with self._locks[member.id]:
            known = await store.head(member.id, tree)
            links: tuple[HeadLink, ...] = ()
            match relate(known, head) if known is not None else None:
                case Relation.NEW_LEDGER if known is not None:
                    await self._gap(known, head)
                case Relation.FORK if known is not None:
                    await self.fault(LedgerFaultKind.FORK, head, known.note, head.note)
                    return WitnessAnswer(held=known.note)
                case Relation.OLD_LEDGER | Relation.SHORTER if known is not None:
                    return WitnessAnswer(held=known.note)
                case Relation.LONGER if known is not None:
                    if showing.first != known.size and known.size:
                        return WitnessAnswer(held=known.note)
                    link = _link(known, head, showing.proof)
                    if link is None:
                        await self.fault(LedgerFaultKind.NOT_CONSISTENT, head, known.note, head.note)
                        return WitnessAnswer(held=known.note)
                    links = (link,)
            if known is None or known.note != head.note:  # asked again and again, it costs no write
                await store.keep_head(head, links)
            if told is not None:
                await store.explain(head.ledger, told, _told_entry(head.ledger, told, self._ports.clock.now()))
        return WitnessAnswer(cosignature=self._cosigned(head))

    def _cosigned(self, head: SignedHead) -> str:
        signer = self._signer.current if isinstance(self._signer, Switched) else self._signer
        return cosign(head, witness=self._own, signer=signer, at=self._ports.clock.now()).line

    # ------------------------------------------------------------ faults

    async def fault(
        self, kind: LedgerFaultKind, of: SignedHead, known: str, shown: str, told_by: MemberId | None = None
    ) -> LedgerFault:
        """Keep a fault, with its entry, where it is a new one.

        Raises:
            FailedClosed: it could not be kept.
        """
        fault = LedgerFault(of.ledger, kind, self._ports.clock.now(), known, shown, told_by)
        await self.keep_fault(fault)
        return fault

    async def keep_fault(self, fault: LedgerFault) -> None:
        """Keep it, with its entry, where it is a new one.

        Raises:
            FailedClosed: it could not be kept.
        """
        if await self._ports.store.fault(fault, _fault_entry(fault)):
            self._ports.observer.ledger_fault(fault)

    async def _gap(self, known: SignedHead, head: SignedHead) -> None:
        gap = LedgerGap(self._ports.clock.now(), known.ledger, known.note, head.ledger, head.note)
        if await self._ports.store.gap(gap, head, _gap_entry(gap)):
            self._ports.observer.ledger_gap(gap)

    # ------------------------------------------------------------ comparing

    async def _follow(self) -> None:
        while True:
            await self._kick.wait()
            await asyncio.sleep(SETTLE_SECONDS)
            self._kick.clear()
            try:
                await self.settle()
            except ConnectorError as error:  # a job tries again; the state's own check tells of a disk that is full
                self._ports.observer.witness_failed(self._own, error.code)

    async def _compare_all(self, waiting: Sequence[SeenHead]) -> None:
        """Compare heads of one member, the shortest first, as far as that member can be asked."""
        member = self._ports.directory.get(waiting[0].head.ledger.member)
        if member is None or member.status is not MemberStatus.ACTIVE:
            return
        done: list[SeenHead] = []
        async with self._locks[member.id]:
            try:
                for seen in waiting:
                    await self._compare(member, seen)
                    done.append(seen)
            except PeerFault as fault:
                self._ports.observer.witness_failed(member.id, fault.code)
            finally:
                if done:
                    await self._ports.store.compared(done)

    async def _compare(self, member: Member, seen: SeenHead) -> None:
        """Compare one head with what is known.

        Raises:
            PeerFault: its member could not be asked; it is compared later.
        """
        store, head = self._ports.store, seen.head
        told_by = seen.told_by if seen.told_by != member.id else None
        known = await store.head(member.id, head.ledger.tree)
        if known is None:
            await store.keep_head(head)
            return
        relation = relate(known, head)
        if relation is Relation.NEW_LEDGER:
            await self._gap(known, head)
        elif relation is Relation.FORK:
            await self.fault(LedgerFaultKind.FORK, head, known.note, head.note, told_by)
        elif relation in _NEEDS_PROOF:
            first, second = (known, head) if relation is Relation.LONGER else (head, known)
            link = _link(first, second, await self._proof(member, first, second))
            if link is not None:
                await store.keep_head(second, (link,))
            elif not await self._is_explained(member, second):
                await self.fault(LedgerFaultKind.NOT_CONSISTENT, head, known.note, head.note, told_by)

    async def _proof(self, member: Member, first: SignedHead, second: SignedHead) -> tuple[bytes, ...]:
        """Ask for a proof; the empty one, which proves nothing here, where the member says that it has none.

        Raises:
            PeerFault: it could not be asked.
        """
        if first.size == 0:
            return ()
        try:
            return await self._ports.peers.consistency(member, first.ledger.tree, first.size, second.size)
        except PeerFault as fault:
            if fault.code is not Code.REQUEST_MALFORMED:
                raise
            return ()

    async def _is_explained(self, member: Member, longest: SignedHead) -> bool:
        """Look at what the member shows now: a new ledger explains a missing proof, a shorter one is its own fault.

        Raises:
            PeerFault: it could not be asked.
        """
        tree = longest.ledger.tree
        if tree is Tree.HOUSE:
            return False
        now = self._open_now(await self._ports.peers.checkpoint(member, tree), member, tree)
        if relate(longest, now) is Relation.NEW_LEDGER:
            await self._gap(longest, now)
            return True
        return await self._is_shortened(longest, now)

    async def _is_shortened(self, known: SignedHead, now: SignedHead) -> bool:
        """Whether what a member shows now ends before what it had signed *before it was asked*; that is kept."""
        if relate(known, now) not in {Relation.SHORTER, Relation.OLD_LEDGER}:
            return False
        await self.fault(LedgerFaultKind.SHORTENED, known, known.note, now.note)
        return True

    async def _keep_line(self, teller: Member, head: SignedHead, line: str) -> None:
        """Keep a third member's statement about one with which this house has exchanged: it may have to prove it."""
        ports, now = self._ports, self._ports.clock.now()
        latest = Instant(now + CLOCK_SECONDS)
        try:
            statement = open_statement(line, head, witness=teller.id, keys=teller.ledger_keys(), latest=latest)
        except UnknownSigner as fault:
            ports.observer.witness_failed(teller.id, fault.code)
            return
        except PeerFault:
            await self.fault(LedgerFaultKind.FALSE_STATEMENT, head, head.note, line, teller.id)
            return
        if statement.at < now - LINE_SECONDS - CLOCK_SECONDS:  # signed just now, as all of them are: dated back
            ports.observer.witness_failed(teller.id, Code.PEER_MISBEHAVED)
            return
        if head.ledger.tree is Tree.EXCHANGE and head.ledger.member in await ports.store.exchanged():
            await ports.store.keep_statements((statement,))

    def _open_now(self, note: str, member: Member, tree: Tree) -> SignedHead:
        """Open what a member shows now, by the keys that are valid now.

        Raises:
            PeerFault: not a checkpoint of it.
        """
        now = self._ports.clock.now()
        keys = [key for key in member.ledger_keys() if key.is_valid_at(now)]
        try:
            return signed_head(note, open_of_member(note, member.id, tree, keys))
        except ConfigFault as fault:
            raise PeerFault(f"{member.name}: {fault.message}") from None


_NEEDS_PROOF: Final = frozenset({Relation.LONGER, Relation.SHORTER})


def open_head(note: str, member: Member, tree: Tree) -> SignedHead | None:
    """Open a head that a third member holds, signed perhaps long ago; None where only a stolen key signed it.

    Raises:
        UnknownSigner: signed by a key that is not listed here, or not yet.
        PeerFault: its member never signed it.
    """
    keys = list(member.ledger_keys())
    sound = [key for key in keys if key.compromised_since is None]
    try:
        head = signed_head(note, open_of_member(note, member.id, tree, keys))
    except ConfigFault as fault:
        raise PeerFault(f"{member.name}: {fault.message}") from None
    if len(sound) < len(keys):
        try:
            open_of_member(note, member.id, tree, sound)
        except PeerFault:
            return None
    return head


def origin_of(note: str) -> Origin:
    """Give the ledger that a note says it is of.

    Raises:
        PeerFault: it names none.
    """
    return Origin.parse(note.partition("\n")[0])


def _unsigned(note: str) -> SignedHead:
    """Give a note's statement as it stands, where its signature was looked at before, or is not asked for.

    Raises:
        PeerFault: it is no checkpoint.
    """
    return signed_head(note, Checkpoint.parse_body(note.rpartition("\n\n")[0] + "\n"))


def _link(first: SignedHead, second: SignedHead, proof: tuple[bytes, ...]) -> HeadLink | None:
    if not verify_consistency(first.size, second.size, first.root, second.root, proof):
        return None
    return HeadLink(first.ledger, first.size, first.root, second.size, second.root, proof)


def _fault_entry(fault: LedgerFault) -> EntryDraft:
    return EntryDraft(
        type=EntryType.WITNESS,
        at=fault.at,
        peer=culprit(fault),
        outcome="fault",
        reason=fault.kind.value,
        personal={
            "ledger": str(fault.ledger),
            "known": fault.known,
            "shown": fault.shown,
            "told_by": fault.told_by.value if fault.told_by else None,
        },
    )


def _gap_entry(gap: LedgerGap) -> EntryDraft:
    return EntryDraft(
        type=EntryType.WITNESS,
        at=gap.at,
        peer=gap.new.member,
        outcome="gap",
        reason=str(gap.new),
        personal={"old": str(gap.old), "last": gap.last, "new": str(gap.new), "first": gap.first},
    )


def _told_entry(new: LedgerName, told: ToldBeginning, at: Instant) -> EntryDraft:
    return EntryDraft(
        type=EntryType.WITNESS,
        at=at,
        peer=new.member,
        outcome="gap-explained",
        reason=str(new),
        personal={"new": str(new), "reason": told.reason, "highest": told.highest},
    )

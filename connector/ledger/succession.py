"""Beginning both ledgers anew (`journal succeed`): what the first leaf says, and the state whose daemon does not start.

A running house succeeds its ledgers through `ledger.showing`. One whose rows are no longer what its last checkpoint
says is not opened by any daemon, and nothing in it is repaired: here it is opened for this one thing, while nobody else
has it. Its old entries stay as they are found, and `journal verify` goes on naming what is wrong with them.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Protocol

from connector.core.codes import Code
from connector.core.directory import MemberKey
from connector.core.errors import ConnectorError, FailedClosed
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType, Tree, serial_of
from connector.core.members import MemberId
from connector.core.merkle import Frontier
from connector.core.ports import Clock, Entropy
from connector.core.proposals import ProposalKind
from connector.core.witness import MAX_REASON, LedgerFault, LedgerName, SignedHead, WitnessStatement
from connector.crypto.keys import PrivateKeySigner
from connector.ledger.append import AppendedEntry, LedgerWriter
from connector.ledger.heads import FIRST_SERIAL, Head, LedgerKeys, origin_of
from connector.ledger.service import Journal, open_state
from connector.store.service import State
from connector.store.settings import StateSettings
from connector.store.sql import Connection, one
from connector.wire.checkpoint import Origin

_LAST: Final = (
    "select max(size) from checkpoints where tree = ?",
    "select max(idx) from entries where tree = ?",
)


class SignsOwn(Protocol):
    """Opens what our own keys signed: `ledger.service.Journal`."""

    async def checkpoint(self, tree: Tree) -> str:
        """Give the newest one that is stored."""
        ...

    def open_own(self, note: str) -> SignedHead:
        """Open it. Raises PeerFault: none of our keys signed it."""
        ...


class KnowsHeads(Protocol):
    """What was heard of our own ledgers: `core.ports_witness.WitnessStore`."""

    async def faults(self) -> Sequence[LedgerFault]:
        """Give every fault."""
        ...

    async def statements(self, member: MemberId) -> Sequence[WitnessStatement]:
        """Give the newest statement of each witness about a member."""
        ...


async def signed_heads(own: MemberId, ledgers: SignsOwn, store: KnowsHeads) -> list[SignedHead]:
    """Give the heads of our own ledgers that are known here and bear our signature, whoever holds them.

    Raises:
        FailedClosed: the state cannot be read.
    """
    notes = [fault.shown for fault in await store.faults() if fault.ledger.member == own]
    notes += [statement.head.note for statement in await store.statements(own)]
    for tree in Tree:
        with suppress(ConnectorError):  # a damaged state may have none
            notes.append(await ledgers.checkpoint(tree))
    found = []
    for note in notes:
        with suppress(ConnectorError):  # a liar's head is no head of ours
            found.append(ledgers.open_own(note))
    return found


def first_entry(
    old: Mapping[Tree, LedgerName], signed: Iterable[SignedHead], now: Instant, reason: str
) -> tuple[EntryDraft, int]:
    """Give the entry that both new ledgers begin with, and their serial: one more than the highest that is known.

    It is shown to every peer, so it names nobody: who decided is `agreed_entry`.
    """
    heads = list(signed)
    highest = {
        tree: max((h for h in heads if h.ledger.tree is tree), key=lambda h: (h.ledger.serial, h.size), default=None)
        for tree in Tree
    }
    serials = [name.serial for name in old.values()] + [head.ledger.serial for head in heads]
    serial = max(serials) + 1
    entry = EntryDraft(
        type=EntryType.SUCCEEDED,
        at=now,
        outcome="begun",
        reason=str(serial),
        personal={
            "old": {tree.value: str(name) for tree, name in old.items()},
            "highest": {tree.value: head.note for tree, head in highest.items() if head is not None},
            "reason": _one_line(reason),
        },
    )
    return entry, serial


def agreed_entry(now: Instant, reason: str, by: Sequence[str]) -> EntryDraft:
    """Give the house entry that says which two people decided it."""
    return EntryDraft(
        type=EntryType.PROPOSED,
        at=now,
        outcome="confirmed",
        reason=ProposalKind.SUCCEED.value,
        personal={"by": list(by), "reason": reason},
    )


def _one_line(text: str) -> str:
    """Give a text as peers take it: printable, without line feeds."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:MAX_REASON] or "?"


class EndedLedgers(LedgerWriter):
    """Ledgers that are taken as they are found, and can only be succeeded."""

    def load(self, db: Connection) -> None:
        """Take their names alone: what stands in them is not believed, and not gone on from."""
        self._forget_batch()
        self._heads = {tree: Head(self._name(db, tree), Frontier(), "") for tree in Tree}

    def append(self, draft: EntryDraft) -> AppendedEntry:
        """Append to the new ledgers, once they were begun in this batch.

        Raises:
            FailedClosed: they were not.
        """
        if self._begun:
            return self._append(draft, draft.type.tree)
        raise FailedClosed(
            "ledger: opened to begin a new one, and for nothing else",
            code=Code.LEDGER_UNAVAILABLE,
            hint="run it again: the state was brought to this version's form first",
        )

    def names(self) -> dict[Tree, LedgerName]:
        """Say which ledgers end."""
        return {tree: LedgerName(h.origin.member, tree, h.origin.serial) for tree, h in self._heads.items()}

    def _name(self, db: Connection, tree: Tree) -> Origin:
        """Give the newest serial that anything in the state bears: a new ledger's numbers must lie above all others."""
        written = origin_of(db, tree)
        found = [one(db, query, tree.value) or (None,) for query in _LAST]
        stored = [serial_of(row[0]) for row in found if row[0] is not None]
        return Origin(self._keys.member, tree, max(written.serial if written else FIRST_SERIAL, *stored, FIRST_SERIAL))


async def succeed_offline(
    settings: StateSettings,
    *,
    clock: Clock,
    entropy: Entropy,
    signer: PrivateKeySigner,
    member: MemberId,
    former_keys: Sequence[MemberKey],
    reason: str,
    by: Sequence[str],
) -> int:
    """Begin both ledgers of a state that no daemon runs on anew; gives their serial, once the state opens again.

    Raises:
        ConfigFault: the master key cannot be read.
        FailedClosed: `state.unavailable`, a daemon runs on it, or it is not this member's; `ledger.unavailable`, it
            cannot be written, or does not open afterwards either.
    """
    keys = LedgerKeys(member, signer, former_keys)
    state = await State.open(
        settings,
        clock=clock,
        entropy=entropy,
        member=member,
        journal=lambda parts: Journal(keys, parts, EndedLedgers(keys, parts.epochs, parts.entropy)),
    )
    try:
        ended = state.journal.ledgers
        if not isinstance(ended, EndedLedgers):
            raise TypeError("the ledgers were opened to go on")
        signed = await signed_heads(member, state.journal, state.witness)
        entry, serial = first_entry(ended.names(), signed, clock.now(), reason)
        await state.witness.succeed(entry, serial, agreed_entry(clock.now(), reason, by))
    finally:
        await state.close()
    again = await open_state(
        settings, clock=clock, entropy=entropy, signer=signer, member=member, former_keys=former_keys
    )
    await again.close()
    return serial

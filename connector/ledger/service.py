"""The journal of one member: what the CLI, the local API and the peer routes ask of its two ledgers.

*Ledger* is the word of code and protocol, *journal* that of people (DESIGN section 6). Everything here reads, in
threads of its own; appending is `ledger.append`, inside the store's writer.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from connector.core.codes import Code
from connector.core.directory import MemberKey
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.core.ledger import EntryType, Proof, Tree, serial_of
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.outcome import Outcome
from connector.core.ports import Clock, Entropy
from connector.core.witness import Beginning, SignedHead
from connector.crypto.keys import PrivateKeySigner, Switched
from connector.ledger import disclose, prove
from connector.ledger.append import LedgerWriter
from connector.ledger.beginning import beginning_of
from connector.ledger.disclose import Disclosed
from connector.ledger.entries import StoredEntry
from connector.ledger.export import ndjson_line
from connector.ledger.find import JournalEntry, Search, count_alerts, count_reasons, find
from connector.ledger.heads import FIRST_SERIAL, LedgerKeys, origin_of
from connector.ledger.verify import TreeReport, Verification, ledgers_of
from connector.store.service import State, StateParts
from connector.store.settings import StateSettings
from connector.store.sql import Connection
from connector.wire.checkpoint import Origin
from connector.wire.cosignature import signed_head

EXPORT_PAGE = 200


@dataclass(frozen=True, slots=True)
class JournalReport:
    """What a verification of both ledgers found."""

    trees: tuple[TreeReport, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing at all is wrong."""
        return all(tree.is_sound for tree in self.trees)


class Journal:
    """Both ledgers of one member, for reading."""

    def __init__(self, keys: LedgerKeys, parts: StateParts, ledgers: LedgerWriter | None = None) -> None:
        """Build both sides of the ledgers from the parts of a state that is being opened.

        `ledgers` is the side that appends, where it is not to go on from what is stored (`ledger.succession`).
        """
        self._keys = keys
        self._parts = parts
        self.ledgers = ledgers or LedgerWriter(keys, parts.epochs, parts.entropy)

    async def entries(
        self,
        tree: Tree,
        *,
        since: Instant | None = None,
        until: Instant | None = None,
        type: EntryType | None = None,  # noqa: A002 (the word of the entry)
        peer: MemberId | None = None,
        ref: str = "",
        worker: Ins | None = None,
        limit: int = 50,
        before: int | None = None,
    ) -> Sequence[JournalEntry]:
        """Give the entries that answer to all that is asked, the newest first, opened; `before` is an index.

        Raises:
            FailedClosed: `vault.damaged` or `ledger.unavailable`, an entry is not what was written.
        """
        return await self.search(Search(tree, since, until, type, peer, ref, worker, before, limit))

    async def search(self, search: Search) -> Sequence[JournalEntry]:
        """As `entries`, from a search that was put together before."""
        parts = self._parts

        def read(db: Connection) -> list[JournalEntry]:
            return find(db, search, str(_origin(db, search.tree)), parts.keys, parts.epochs)

        return await parts.readers.run(read)

    async def reasons(self, outcomes: Collection[Outcome], since: Instant) -> Mapping[tuple[Outcome, str], int]:
        """Count the lookups answered with these outcomes from an instant on, by outcome and real reason.

        For this house's own people: a reason never goes to a peer (PROTOCOL section 4).
        """
        return await self._parts.readers.run(lambda db: count_reasons(db, outcomes, since))

    async def alerts(self, since: Instant) -> Mapping[tuple[str, MemberId | None], int]:
        """Count the alerts from an instant on, by reason and peer: what the status warns of."""
        return await self._parts.readers.run(lambda db: count_alerts(db, since))

    async def export(self, search: Search) -> AsyncIterator[bytes]:
        """Give everything that a search finds, whatever its limit, as lines of JSON, read in pages."""
        search = replace(search, limit=EXPORT_PAGE)
        while page := await self.search(search):
            for entry in page:
                yield ndjson_line(entry)
            search = replace(search, before=page[-1].index)

    async def verify(self) -> JournalReport:
        """Verify both ledgers from their rows up, in pages: other readers get their turn in between.

        Raises:
            FailedClosed: `state.unavailable`, the database cannot be read.
        """
        reports: list[TreeReport] = []
        for tree in Tree:
            reports += [await self._verify(origin, size) for origin, size in await self._ledgers(tree)]
        return JournalReport(tuple(reports))

    async def prove(self, tree: Tree, index: int) -> Proof:
        """Give an entry's proof under the first checkpoint that covers it.

        Raises:
            RequestRefused: `request.malformed`, there is no such entry.
        """
        return await self._parts.readers.run(lambda db: prove.proof_of(db, tree, index))

    async def disclose(self, tree: Tree, index: int) -> Disclosed:
        """Give an entry with its salt, opened and proven, for whoever is shown it as evidence.

        Raises:
            RequestRefused: `request.malformed`, there is no such entry.
            FailedClosed: it is not what was written, or its proof does not hold.
        """
        found = await self._disclosed(lambda db: [disclose.at_place(db, tree, index)])
        return found[0]

    async def disclosed(self, ref: str) -> Sequence[Disclosed]:
        """Give all entries of a lookup, a handover or a fetch as evidence, in the order in which they were written.

        Raises:
            FailedClosed: one is not what was written, or its proof does not hold.
        """
        return await self._disclosed(lambda db: disclose.of_ref(db, ref))

    async def _disclosed(self, find_rows: Callable[[Connection], Sequence[StoredEntry]]) -> Sequence[Disclosed]:
        parts = self._parts

        def read(db: Connection) -> list[Disclosed]:
            found = []
            for row in find_rows(db):
                origin = replace(_origin(db, row.tree), serial=serial_of(row.index))
                found.append(disclose.disclosed(db, row, self._keys, origin, parts.epochs))
            return found

        return await parts.readers.run(read)

    async def consistency(self, tree: Tree, first: int, second: int, *, serial: int | None = None) -> Sequence[bytes]:
        """Prove that the ledger of `first` entries is the beginning of that of `second`: the newest, or a named one.

        Raises:
            RequestRefused: `request.malformed`, the ledger never had these sizes in this order.
        """
        return await self._parts.readers.run(lambda db: prove.consistency(db, tree, first, second, serial))

    async def checkpoint(self, tree: Tree) -> str:
        """Give the newest signed checkpoint, a note."""
        return self._parts.readers.here(lambda db: prove.last_checkpoint(db, tree)[1])

    async def root(self, tree: Tree, size: int) -> bytes:
        """Give the root that the newest ledger had when it had so many entries.

        Raises:
            RequestRefused: `request.malformed`, it never had so many.
        """
        return await self._parts.readers.run(lambda db: prove.root(db, tree, size))

    async def beginning(self, head: SignedHead) -> Beginning | None:
        """Give the first leaf of our ledger under that head, opened for peers; None where it follows no other ledger.

        Raises:
            FailedClosed: it is not what was written.
        """
        ledger, parts = head.ledger, self._parts
        if ledger.serial == FIRST_SERIAL or not head.size:
            return None
        return await parts.readers.run(lambda db: beginning_of(db, ledger, head.size, parts.epochs))

    def open_own(self, note: str) -> SignedHead:
        """Open a checkpoint that one of our own keys signed.

        Raises:
            PeerFault: none of them did.
        """
        return signed_head(note, self._keys.open(note, Origin.parse(note.partition("\n")[0])))

    def halt(self, reason: str | None) -> None:
        """Sign no further entry of the exchange ledger, for that reason; None takes it back."""
        self.ledgers.halt(reason)

    async def _ledgers(self, tree: Tree) -> Sequence[tuple[Origin, int]]:
        return await self._parts.readers.run(lambda db: ledgers_of(db, _origin(db, tree)))

    async def _verify(self, origin: Origin, size: int) -> TreeReport:
        parts = self._parts
        verification = Verification(origin, size, self._keys, parts.keys, parts.epochs)
        while await parts.readers.run(verification.step):
            pass
        return verification.report


OpenState: TypeAlias = State[Journal]
"""A member's state with its journal."""


async def open_state(
    settings: StateSettings,
    *,
    clock: Clock,
    entropy: Entropy,
    signer: PrivateKeySigner | Switched[PrivateKeySigner],
    member: MemberId,
    former_keys: Sequence[MemberKey] = (),
) -> OpenState:
    """Open a member's state: store, vault and ledgers.

    Args:
        settings: where it is.
        clock: the time.
        entropy: random bytes for keys, salts and ids.
        signer: the Ed25519 key that signs checkpoints now.
        member: whose state it is; another member's is not opened.
        former_keys: ledger keys that signed earlier checkpoints, as the directory lists them.

    Raises:
        ConfigFault: the master key cannot be read.
        FailedClosed: `state.unavailable`, `ledger.unavailable`, `vault.unavailable`: see `State.open`.
    """
    keys = LedgerKeys(member, signer, former_keys)
    return await State.open(
        settings, clock=clock, entropy=entropy, member=member, journal=lambda parts: Journal(keys, parts)
    )


def _origin(db: Connection, tree: Tree) -> Origin:
    origin = origin_of(db, tree)
    if origin is None:
        raise FailedClosed(
            f"ledger {tree}: it was never begun", code=Code.LEDGER_UNAVAILABLE, hint="open the state to begin it"
        )
    return origin

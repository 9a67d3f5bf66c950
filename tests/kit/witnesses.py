"""Members that watch each other's ledgers: real states, real peer endpoints over mutual TLS, real keys.

A test writes into their ledgers, copies and restores their state directories, rewrites rows and signs them anew with
the real key, and asks the others what they saw.
"""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from connector.contract.settings import GuardSettings
from connector.core.directory import Member
from connector.core.ledger import EntryType, Tree
from connector.core.merkle import Frontier
from connector.core.witness import LedgerFault, LedgerGap, Showing, WitnessAnswer, WitnessStatement
from connector.crypto.notes import NoteSigner
from connector.ledger.showing import Witnessing
from connector.ledger.watching import LedgerWatch, WatchPorts
from connector.peer.client import HttpPeerClient
from connector.peer.connect import PeerClientSettings
from connector.peer.ledgers import HttpLedgerPeers
from connector.peer.server import PeerServer, ServerPorts
from connector.peer.tls import ClientTls
from connector.wire import checkpoint
from connector.wire.checkpoint import Checkpoint, Origin
from tests.kit.fake_holder import material
from tests.kit.holder_fakes import ListedMembers, Party
from tests.kit.holder_house import House
from tests.kit.pki import Pki
from tests.kit.requester_fakes import a_clock, a_party
from tests.kit.state import HandClock, SystemEntropy, an_entry, settings_in

NUMBERS = ("318751275100020", "318751275100038", "318751275100046", "318751275100053")


class WitnessEars:
    """Remembers what it hears."""

    def __init__(self) -> None:
        self.faults: list[LedgerFault] = []
        self.gaps: list[LedgerGap] = []
        self.statements: list[WitnessStatement] = []
        self.failures: list[tuple[str, str]] = []
        self.rounds: list[tuple[int, int]] = []

    def ledger_fault(self, fault):
        self.faults.append(fault)

    def ledger_gap(self, gap):
        self.gaps.append(gap)

    def witnessed(self, statement):
        self.statements.append(statement)

    def witness_failed(self, member, code):
        self.failures.append((member.value, code.value))

    def witness_round(self, answered, asked):
        self.rounds.append((answered, asked))


class Served:
    """Stands before a port of the endpoint, so that a test can put another one in its place while it serves."""

    def __init__(self, real) -> None:
        self.real = real

    def __getattr__(self, name: str):
        return getattr(self.real, name)


@dataclass
class Watcher:
    """One member. `directory` is its state's, `members` the list that all of them share."""

    place: Path
    pki: Pki
    party: Party
    members: ListedMembers
    clock: HandClock
    ears: WitnessEars = field(default_factory=WitnessEars)

    async def open(self) -> None:
        """Open the state, listen and be ready to ask."""
        other = next(NUMBER for NUMBER in NUMBERS if self.party.id.value != NUMBER)
        third = next(n for n in NUMBERS if n not in {self.party.id.value, other})
        self.house = House(
            self.place, self.pki, self.party, a_party(other, "x"), a_party(third, "y"), {}, {},
            GuardSettings(), clock=self.clock,
        )  # fmt: skip
        self.house.members = self.members
        self.house.server_leaf = self.pki.issue(self.party.id.value, "server")
        await self.house.start()
        self.state = self.house.state
        tls = ClientTls(material(self.pki, self.pki.issue(self.party.id.value, "client")))
        self._stack = AsyncExitStack()
        settings = PeerClientSettings(exchange_seconds=3.0, connect_seconds=2.0, silent_seconds=1.0)
        self.client = await self._stack.enter_async_context(
            HttpPeerClient(self.members, self.party.signer, tls, self.clock, SystemEntropy(), settings)
        )
        self.peers = HttpLedgerPeers(self.client)
        ports = WatchPorts(self.state.witness, self.peers, self.members, self.clock, self.ears)
        self.watch = LedgerWatch(self.party.id, self.party.ledger_signer, ports)
        self.showing = Witnessing(self.party.id, self.state.journal, self.watch, ports, SystemEntropy())
        self.client.heads = self.watch
        self.ledgers, self.desk = Served(self.state.journal), Served(self.watch)
        await self._serve()

    async def _serve(self) -> None:
        """Listen anew, with the routes of ledgers joined to what watches them."""
        await self.house.server.close()
        house = self.house
        ports = ServerPorts(
            self.members, self.ledgers, self.clock, SystemEntropy(), house.ears, house.files, witness=self.desk
        )
        house.server = PeerServer(house.server._settings, house.tls, house.holder, ports)
        port = await house.server.start()
        self._stack.push_async_callback(house.server.close)
        self.members.change(self.party.id, endpoint=f"https://localhost:{port}")

    async def close(self) -> None:
        """Stop all of it."""
        await self.showing.close()
        await self._stack.aclose()
        await self.house.stop()

    @property
    def member(self) -> Member:
        """As listed now."""
        return self.members.get(self.party.id)

    async def write(self, count: int = 1, kind: EntryType = EntryType.ANSWERED) -> None:
        """Append entries, one commit each."""
        for _ in range(count):
            await self.state.requester.append([an_entry(kind)])

    async def note(self, tree: Tree = Tree.EXCHANGE) -> str:
        """Our newest checkpoint."""
        return await self.state.journal.checkpoint(tree)

    async def origin(self, tree: Tree = Tree.EXCHANGE) -> str:
        """The ledger that is written now."""
        return (await self.note(tree)).partition("\n")[0]

    async def journal(self, kind: EntryType = EntryType.WITNESS):
        """Entries of that type in the house ledger, oldest first."""
        return list(reversed(await self.state.journal.entries(Tree.HOUSE, type=kind)))

    async def back_to(self, copy: Path) -> None:
        """Stop, put an old copy of the state in place, and start again: a virtual machine that was rolled back."""
        await self.close()
        shutil.rmtree(self.place)
        shutil.copytree(copy, self.place)
        await self.open()

    async def copied(self, to: Path) -> Path:
        """A copy of the state directory as a stopped daemon leaves it."""
        await self.close()
        shutil.copytree(self.place, to)
        await self.open()
        return to

    async def cut_tail(self, leave: int) -> None:
        """Take away the newest exchange entries with all that stood on them: an older signed head is the last again."""
        await self._with_rows(
            lambda db: db.executescript(
                f"delete from entries where tree = 'exchange' and idx >= {leave};"
                f"delete from checkpoints where tree = 'exchange' and size > {leave};"
            )
        )

    async def rewrite(self, index: int) -> None:
        """Put another leaf in the place of one, and sign every later checkpoint anew with the real key."""
        signer = NoteSigner(await self.origin(), self.party.ledger_signer.key)

        def change(db: sqlite3.Connection) -> None:
            db.execute("update entries set leaf_hash = ? where tree = 'exchange' and idx = ?", (bytes(32), index))
            leaves = [
                row[0] for row in db.execute("select leaf_hash from entries where tree = 'exchange' order by idx")
            ]
            for (size,) in db.execute("select size from checkpoints where tree = 'exchange' order by size").fetchall():
                root = Frontier().extend(leaves[:size]).root
                note = checkpoint.seal(Checkpoint(Origin.parse(signer.name), size, root), signer)
                db.execute("update checkpoints set note = ? where tree = 'exchange' and size = ?", (note, size))

        await self._with_rows(change)

    async def _with_rows(self, change: Callable[[sqlite3.Connection], object]) -> None:
        await self.close()
        db = sqlite3.connect(settings_in(self.place).database)
        with db:
            change(db)
        db.close()
        await self.open()

    async def show(self, witness: "Watcher", tree: Tree = Tree.EXCHANGE) -> WitnessAnswer:
        """Show a witness what our ledger is now, without looking first whether we are behind."""
        held = await witness.state.witness.head(self.party.id, tree)
        head = self.state.journal.open_own(await self.note(tree))
        first = held.size if held is not None and held.size <= head.size else 0
        proof = await self.state.journal.consistency(tree, first, head.size) if first else ()
        return await self.peers.show(witness.member, Showing(head.note, first, tuple(proof)))


@asynccontextmanager
async def watchers(directory: Path, count: int = 3):
    """That many members, each of which lists all."""
    pki, clock = Pki(directory / "pki"), a_clock()
    parties = [a_party(number, f"SPSTI {number[-3:]}") for number in NUMBERS[:count]]
    members = ListedMembers(*parties)
    found = [Watcher(directory / party.id.value, pki, party, members, clock) for party in parties]
    opened = []
    try:
        for one in found:
            await one.open()
            opened.append(one)
        yield found
    finally:
        for one in opened:
            await one.close()

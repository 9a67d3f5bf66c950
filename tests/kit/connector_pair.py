"""A requester and holders with everything real between them: wire, mutual TLS, stores, vaults and ledgers."""

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from connector.contract.settings import GuardSettings
from connector.core.ledger import EntryType, Tree
from connector.core.oid import Environment
from connector.peer.client import HttpPeerClient
from connector.peer.connect import PeerClientSettings
from connector.peer.tls import ClientTls
from connector.requester.integrate import Errands, House
from connector.requester.settings import RequesterSettings
from tests.kit import holder_house
from tests.kit.fake_holder import material
from tests.kit.holder_fakes import Party
from tests.kit.pki import Pki
from tests.kit.requester_fakes import Members, Pause, a_clock, a_party
from tests.kit.requester_office import FetchEars, Lens, LocalVendor, Office, People, Shelf
from tests.kit.state import SystemEntropy, opened

WE = holder_house.ASKER
GUARD = GuardSettings(look_seconds=20.0, failures_to_open=1000)


@dataclass
class Pair(Office):
    """The requester of the pair, with what `Office` gives tests; `holders` are the houses it asks."""

    def __post_init__(self) -> None:
        self.clock = a_clock()
        self.pki = Pki(Path(self.directory) / "pki")
        self.us = a_party(WE, "SPSTI Sud")
        self.holders: list[holder_house.House] = []

    async def add_holder(self, number: str, name: str, party: Party | None = None) -> holder_house.House:
        """Start one more holder, with the first as a third member of its list."""
        party, stranger = party or a_party(number, name), a_party("318751275100046", "SPSTI Est")
        place = Path(self.directory) / number
        house = holder_house.House(place, self.pki, party, self.us, stranger, {}, {}, GUARD, clock=self.clock)
        house.server_leaf = self.pki.issue(number, "server")
        await house.start()
        house.members.change(party.id, endpoint=f"https://localhost:{house.port}")
        party.member = house.members.get(party.id)
        self.holders.append(house)
        return house

    async def open(self) -> None:
        """Open the requester's state and build its errands over the real client."""
        self._stack = AsyncExitStack()
        self.state = await self._stack.enter_async_context(
            opened(Path(self.directory) / "we", self.clock, self.us.ledger_signer, member=self.us.id)
        )
        self.members = Members(self.us, *(house.us for house in self.holders))
        self.tls = ClientTls(material(self.pki, self.pki.issue(WE, "client")))
        self.client = HttpPeerClient(
            self.members, self.us.signer, self.tls, self.clock, SystemEntropy(), PeerClientSettings()
        )
        await self._stack.enter_async_context(self.client)
        values = {"resume_pause_seconds": 0.0} | self.changes
        self.settings = RequesterSettings(self.us.id, Environment.TEST, **values)
        self.vendor, self.shelf, self.people, self.ears = LocalVendor(), Shelf(), People(), FetchEars()
        house = House(
            store=self.state.requester,
            vault=self.state.vault,
            peers=self.client,
            directory=self.members,
            practitioners=self.people,
            source=self.vendor,
            sink=self.shelf,
            traces=self.state.traces,
            inspector=Lens(),
            clock=self.clock,
            entropy=SystemEntropy(),
            observer=self.ears,
        )
        self.errands = Errands(self.settings, house, sleep=Pause(self.pauses))

    async def close_all(self) -> None:
        """Stop the requester, then the holders."""
        await self.close()
        for house in self.holders:
            await house.stop()

    async def holder_types(self, house: holder_house.House) -> list[str]:
        """The types of a holder's exchange entries, oldest first."""
        return [entry.type.value for entry in await house.entries(Tree.EXCHANGE)]

    async def arrived(self):
        """Our newest *arrived*."""
        return (await self.entries(EntryType.ARRIVED))[-1]


@asynccontextmanager
async def a_pair(directory, *holders: tuple[str, str]):
    """A requester and its holders, running while the context lasts."""
    pair = Pair(directory)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_stop, pair)
        for number, name in holders or (("318751275100020", "SPSTI Nord"),):
            await pair.add_holder(number, name)
        await pair.open()
        yield pair


async def _stop(pair: Pair) -> None:
    if hasattr(pair, "errands"):
        await pair.close()
    for house in pair.holders:
        await house.stop()

"""A requester with a real state, vault and ledgers, between services and a vendor that do as told."""

import asyncio
import hashlib
from collections import defaultdict
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

from connector.core.coded import TYPE_DMST
from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import DocumentRejected, FailedClosed, PeerFault
from connector.core.evidence import DocumentDigest, Receipt, ReceiptDraft
from connector.core.fetch import Fetch, PeerAnnouncement
from connector.core.identity import QualifiedIdentity
from connector.core.inspection import Finding, FindingKind, Handling, Inspected
from connector.core.instant import Instant
from connector.core.ledger import EntryType, Proof, Tree
from connector.core.mandate import Information, InformationMeans, VisitKind
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.outcome import Outcome
from connector.core.ports import HandoverAnswer, LookupAnswer
from connector.core.records import AdapterHealth
from connector.core.states import FETCH_ENDED, FetchState
from connector.requester.integrate import Errands, House
from connector.requester.new_fetch import NewFetch
from connector.requester.settings import RequesterSettings
from tests.kit.holder_fakes import GIVEN, KNOWN, PDF, UNKNOWN_HERE, ListedMembers, Party
from tests.kit.requester_fakes import Pause
from tests.kit.state import INS, OWNER, T0, TRAITS, US, HandClock, SystemEntropy, a_fetch, an_id, opened

A = MemberId("318751275100038")
B = MemberId("318751275100046")
C = MemberId("318751275100053")
NAMES = {A: "SPSTI Ardèche", B: "SPSTI Bocage", C: "SPSTI Causses"}
WORKER = QualifiedIdentity(INS, TRAITS)
PRACTITIONER = a_fetch().practitioner
DONE = FETCH_ENDED | {FetchState.READY, FetchState.FILED, FetchState.CHOOSING, FetchState.WAITING}


def a_receipt(member: MemberId, outcome: Outcome, **fields) -> Receipt:
    """A receipt as the client gives one: verified already."""
    draft = ReceiptDraft(member, US, T0, hashlib.sha256(an_id().encode()).digest(), outcome, "file:test", **fields)
    compact = f"receipt.of.{an_id()}".encode()
    proof = Proof(Tree.EXCHANGE, 0, bytes(32), (), 1, "note")
    return Receipt(draft, bytes(32), proof, compact, hashlib.sha256(compact).digest())


@dataclass
class Service:
    """One service that is asked. What is put into a list is used once, in order; then the rest applies."""

    id: MemberId
    day: str | None = "2026-11-03"
    lookups: list = field(default_factory=list)
    handovers: list = field(default_factory=list)
    pdf: bytes = PDF
    promised: DocumentDigest | None = None
    content_type: str = "application/pdf"
    cuts: list = field(default_factory=list)
    """For each attempt at the document: after how many bytes it fails, or with what."""
    ack_faults: list = field(default_factory=list)
    gate: asyncio.Event | None = None
    """Where set, lookups wait for it."""
    document_gate: asyncio.Event | None = None
    asked: list = field(default_factory=list)
    offsets: list = field(default_factory=list)
    acks: list = field(default_factory=list)
    receipts: list = field(default_factory=list)
    busy: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a lookup or a document is kept waiting."""

    @property
    def digest(self) -> DocumentDigest:
        return self.promised or DocumentDigest(hashlib.sha256(self.pdf).digest(), len(self.pdf))

    def announced(self, day: str | None = None, announcement_id: str | None = None) -> LookupAnswer:
        """An answer that announces a record."""
        announcement = PeerAnnouncement(
            announcement_id or an_id(), Day.parse(day or self.day), T0, TYPE_DMST, "pdf", "application/pdf"
        )
        return self.answer(Outcome.ANNOUNCED, announcement=announcement)

    def answer(self, outcome: Outcome, announcement=None, code: Code | None = None, **more) -> LookupAnswer:
        """An answer to a lookup, with its evidence."""
        receipt = a_receipt(self.id, outcome, code=code)
        self.receipts.append(receipt)
        return LookupAnswer(outcome, announcement, receipt, code, mandate=f"mandate.of.{an_id()}".encode(), **more)

    def granted(self) -> HandoverAnswer:
        """A handover that is given."""
        handover_id = an_id()
        receipt = a_receipt(self.id, Outcome.GRANTED, handover_id=handover_id, document=self.digest)
        self.receipts.append(receipt)
        return HandoverAnswer(
            Outcome.GRANTED,
            receipt,
            handover_id=handover_id,
            document=self.digest,
            content_type=self.content_type,
            expires_at=Instant(T0 + 1800),
            mandate=b"mandate.of.handover",
        )

    def refused(self, code: Code) -> HandoverAnswer:
        """A handover that is not given."""
        return HandoverAnswer(Outcome.REFUSED, a_receipt(self.id, Outcome.REFUSED, code=code), code=code, detail="no")

    def waits(self, outcome: Outcome = Outcome.RENDERING, seconds: int | None = 2) -> HandoverAnswer:
        """A handover that is to be asked for again."""
        return HandoverAnswer(outcome, a_receipt(self.id, outcome), retry_after=seconds)


def used(script: list, otherwise):
    """The next of a script, raised where it is an exception."""
    answer = script.pop(0) if script else otherwise()
    if isinstance(answer, Exception):
        raise answer
    return answer


class ScriptedPeers:
    """`core.ports.PeerClient` over services that do as told."""

    def __init__(self, *services: Service) -> None:
        self.services = {service.id: service for service in services}

    async def lookup(self, member, demand) -> LookupAnswer:
        service = self.services[member.id]
        service.asked.append(demand)
        if service.gate is not None:
            service.busy.set()
            await service.gate.wait()
        withheld = lambda: service.answer(Outcome.WITHHELD)
        return used(service.lookups, service.announced if service.day else withheld)

    async def handover(self, member, demand) -> HandoverAnswer:
        service = self.services[member.id]
        service.asked.append(demand)
        return used(service.handovers, service.granted)

    @asynccontextmanager
    async def document(self, member, demand, *, size: int, offset: int = 0):
        service = self.services[member.id]
        service.asked.append(demand)
        service.offsets.append(offset)
        yield self._pieces(service, offset)

    async def _pieces(self, service: Service, offset: int):
        end = used(service.cuts, lambda: None)
        if service.document_gate is not None:
            yield service.pdf[offset : offset + 100]
            service.busy.set()
            await service.document_gate.wait()
            offset += 100
        for begin in range(offset, len(service.pdf), 1000):
            if end is not None and begin >= end:
                raise PeerFault(f"{NAMES[service.id]}: cut", code=Code.PEER_UNREACHABLE)
            yield service.pdf[begin : min(begin + 1000, len(service.pdf))]

    async def acknowledge(self, member, ack, proof) -> bytes:
        service = self.services[member.id]
        used(service.ack_faults, lambda: None)
        service.acks.append((ack, proof))
        return f"ack.of.{ack.handover_id}".encode()


class LocalVendor:
    """This service's own software behind its guard: `looks` by INS; `fault` is raised where set."""

    def __init__(self) -> None:
        self.looks = {INS: GIVEN}
        self.fault: Exception | None = None
        self.traces: list = []
        self.looked = 0

    async def look(self, ins):
        self.looked += 1
        if self.fault is not None:
            raise self.fault
        return self.looks.get(ins, UNKNOWN_HERE)

    async def trace(self, trace) -> None:
        if self.fault is not None:
            raise self.fault
        self.traces.append(trace)

    async def health(self) -> AdapterHealth:
        return AdapterHealth(ok=True)


class Shelf(LocalVendor):
    """The half that takes documents."""

    def __init__(self) -> None:
        super().__init__()
        self.filed: list = []

    async def file(self, document, content) -> str:
        if self.fault is not None:
            raise self.fault
        self.filed.append((document, b"".join([piece async for piece in content])))
        return f"GED-{len(self.filed)}"


class People:
    """Who may ask and who may read."""

    def __init__(self) -> None:
        self.asking, self.reading = {OWNER}, {OWNER}

    def may_ask(self, practitioner_id: str) -> bool:
        return practitioner_id in self.asking

    def may_read(self, practitioner_id: str) -> bool:
        return practitioner_id in self.reading


class Lens:
    """Looks into documents as told by marks in them: `/JS` is refused, `/Strip` is left out of a copy, `/Link` is told.

    The real one is `connector.inspection`, with tests of its own.
    """

    async def inspect(self, content, size, copy) -> Inspected:
        data = b"".join(bytes(piece) for piece in content)
        if b"/JS" in data:
            raise DocumentRejected("document: it holds scripts", code=Code.DOCUMENT_ACTIVE_CONTENT)
        if b"/Link" in data:
            return Inspected((Finding(FindingKind.EMBEDDED_FILES, 2, Handling.ALLOW),))
        if b"/Strip" not in data:
            return Inspected()
        writer = copy()
        writer.write(data.replace(b"/Strip", b""))
        return Inspected((Finding(FindingKind.SCRIPTS, 1, Handling.STRIP),), await writer.finish())


class FetchEars:
    """An observer that remembers; `heard` lets a test wait."""

    def __init__(self) -> None:
        self.told: list[tuple] = []
        self._queues: dict[str, asyncio.Queue] = defaultdict(asyncio.Queue)

    def fetch_moved(self, fetch: Fetch, start: FetchState) -> None:
        self._hear("moved", start, fetch.state)

    def service_replied(self, fetch_id, reply) -> None:
        self._hear("replied", reply.member, reply.reply)

    def document_rejected(self, fetch_id, member, code) -> None:
        self._hear("rejected", member, code)

    def limit_met(self, rule, member, *, blocked) -> None:
        self._hear("limit_met", rule.value, member, blocked)

    def delivery_failed(self, kind, ref, code, attempts) -> None:
        self._hear("delivery", kind, code, attempts)

    def work_failed(self, what, ref, incident, error) -> None:
        self._hear("failed", what, incident, error)

    def of(self, kind: str) -> list[tuple]:
        """All that was told of one kind."""
        return [rest for first, *rest in self.told if first == kind]

    async def next(self, kind: str) -> tuple:
        """Wait for the next of a kind."""
        return await self._queues[kind].get()

    def _hear(self, kind: str, *what: object) -> None:
        self.told.append((kind, *what))
        self._queues[kind].put_nowait(what)


class FragileStore:
    """The real store, whose named operations fail closed, or have a bug, while a set holds their names."""

    def __init__(self, store) -> None:
        self._store = store
        self.failing: set[str] = set()
        self.when = lambda *_: True

    def __getattr__(self, name: str):
        real = getattr(self._store, name)
        if name not in self.failing:
            return real

        async def fails(*args, **named):
            if self.when(*args):
                raise FailedClosed("ledger: the disk is full")
            return await real(*args, **named)

        return fails


class WatchedVault:
    """The vault; it remembers every reader it gave, so that none is closed only because nobody has it any more."""

    def __init__(self, vault) -> None:
        self._vault, self.readers = vault, []

    def read(self, vault_id: str, offset: int = 0):
        self.readers.append(self._vault.read(vault_id, offset))
        return self.readers[-1]

    def __getattr__(self, name: str):
        return getattr(self._vault, name)


@dataclass
class Office:
    """One requester, running."""

    directory: object
    clock: HandClock = field(default_factory=HandClock)
    vendor: LocalVendor = field(default_factory=LocalVendor)
    shelf: Shelf = field(default_factory=Shelf)
    people: People = field(default_factory=People)
    ears: FetchEars = field(default_factory=FetchEars)
    pauses: list = field(default_factory=list)
    changes: dict = field(default_factory=dict)
    house: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.a, self.b, self.c = Service(A), Service(B, "2026-05-20"), Service(C, None)
        self.peers = ScriptedPeers(self.a, self.b, self.c)
        parties = [Party(member.value, name) for member, name in NAMES.items()]
        self.members = ListedMembers(Party(US.value, "SPSTI Nord"), *parties)

    async def open(self) -> None:
        """Open the state and build the errands, as a start does."""
        self._stack = AsyncExitStack()
        self.state = await self._stack.enter_async_context(opened(self.directory, self.clock))
        self.store, self.vault = FragileStore(self.state.requester), WatchedVault(self.state.vault)
        values = {"deadline_seconds": 30.0, "resume_pause_seconds": 1.0} | self.changes
        self.settings = RequesterSettings(US, Environment.TEST, **values)
        self.errands = Errands(
            self.settings,
            House(
                **(
                    {
                        "store": self.store,
                        "vault": self.vault,
                        "peers": self.peers,
                        "directory": self.members,
                        "practitioners": self.people,
                        "source": self.vendor,
                        "sink": self.shelf,
                        "traces": self.state.traces,
                        "inspector": Lens(),
                        "clock": self.clock,
                        "entropy": SystemEntropy(),
                        "observer": self.ears,
                    }
                    | self.house
                )
            ),
            sleep=Pause(self.pauses),
        )

    async def close(self) -> None:
        """Stop as a crash would: whatever runs is dropped where it was."""
        await self.errands.close()
        await self._stack.aclose()

    async def crash(self) -> None:
        """Stop, and start again on the same state."""
        await self.close()
        await self.open()

    # ------------------------------------------------------------ what tests do

    def new(self, *members: MemberId, **changes) -> NewFetch:
        """A demand of our practitioner about our worker."""
        values = {
            "worker": WORKER,
            "practitioner": PRACTITIONER,
            "information": Information(T0, OWNER, InformationMeans.ORAL),
            "visit": VisitKind.INITIAL,
            "members": members or (A, B),
        }
        return NewFetch(**(values | changes))

    async def begin(self, *members: MemberId, **changes) -> Fetch:
        """Prepare and start."""
        fetch = await self.errands.prepare(self.new(*members, **changes), "desk")
        return await self.errands.start(fetch.id, OWNER)

    async def fetch(self, *members: MemberId, **changes) -> Fetch:
        """Prepare, start, and wait for the end of it."""
        return await self.settled((await self.begin(*members, **changes)).id)

    async def settled(self, fetch_id: str) -> Fetch:
        """Wait until a fetch needs a person or time, or has ended, and what it owes was tried once."""
        task = self.errands._running._tasks.get(fetch_id)
        if task is not None:
            await asyncio.wait([task])
        if self.errands._deliveries:
            await asyncio.wait(list(self.errands._deliveries))
        return await self.errands.get(fetch_id)

    async def events(self, fetch_id: str, after: int = 0) -> list:
        """The events kept so far."""
        return list(await self.state.requester.events(fetch_id, after))

    async def notes(self, fetch_id: str) -> list[dict]:
        """The notes told so far."""
        return [dict(event.data) for event in await self.events(fetch_id) if event.kind == "note"]

    async def entries(self, type: EntryType):  # noqa: A002 (the entry's word)
        """The entries of one type, oldest first."""
        return list(reversed(await self.state.journal.entries(type.tree, type=type)))

    async def types(self) -> list[str]:
        """The types of all exchange entries, oldest first."""
        return [entry.type.value for entry in reversed(await self.state.journal.entries(Tree.EXCHANGE))]

    async def shown(self, fetch_id: str) -> bytes:
        """What the practitioner reads."""
        _, pieces = await self.errands.copies.read(fetch_id, OWNER)
        return b"".join([piece async for piece in pieces])


@asynccontextmanager
async def an_office(directory, **changes):
    """A requester that runs while the context lasts."""
    office = Office(directory, house=changes.pop("house", {}), changes=changes)
    await office.open()
    try:
        yield office
    finally:
        await office.close()


def known_as(**changes):
    """A look of our vendor that knows the worker otherwise."""
    return replace(GIVEN, identity=replace(KNOWN, **changes))

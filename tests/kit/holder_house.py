"""A holder with everything real about it (state, guard, TLS, server), and another member that asks it.

The vendor's software, the members list, the clock and the waiting are the test's. The asker speaks HTTP by itself over
one connection, so that a test sees the very bytes and knows that the next request goes the same way.
"""

import asyncio
import hashlib
import ssl
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from connector.contract.guard import guard_source
from connector.contract.opposition import OppositionAuthority
from connector.contract.settings import Authority, GuardSettings, OppositionSettings
from connector.core.coded import PHYSICIAN, PURPOSE_CARE, PURPOSE_PROBE, TYPE_DMST
from connector.core.days import Day
from connector.core.errors import FailedClosed
from connector.core.evidence import AckDraft, AckResult, DocumentDigest, Receipt
from connector.core.ledger import EntryDraft, EntryType, Tree
from connector.core.limits import Limits
from connector.core.mandate import (
    Auth,
    AuthLevel,
    AuthMeans,
    FollowUp,
    FollowUpBasis,
    Information,
    InformationMeans,
    Kind,
    MandateDraft,
    Practitioner,
    VisitKind,
)
from connector.core.oid import Environment
from connector.core.policy import HolderPolicy
from connector.core.ports import DirectoryFiles
from connector.core.practitioner_id import PractitionerId
from connector.crypto.keys import x5t_s256
from connector.directory.members_file import NoFiles
from connector.holder.evidence import Ports
from connector.holder.question import Question
from connector.holder.service import Holder
from connector.holder.settings import HolderSettings
from connector.peer.server import PeerServer, ServerPorts
from connector.peer.settings import PeerServerSettings
from connector.peer.tls import ServerTls, TlsMaterial, client_context
from connector.wire import ack as ack_wire
from connector.wire import form, mandate, receipt
from connector.wire import handover as handover_wire
from connector.wire.bearer import authorization
from connector.wire.fhir_read import parse_bundle
from tests.kit.holder_fakes import WORKER, Ears, ListedMembers, Party, Vendor
from tests.kit.pki import KeyKind, Leaf, Pki
from tests.kit.state import INS, LEDGER_KEY, T0, HandClock, SystemEntropy, an_id, opened

US = "318751275100020"
ASKER = "318751275100038"
OTHER = "318751275100046"
PRACTITIONER = Practitioner(
    PractitionerId("899700366240"),
    "Dr LEFEVRE Claire",
    PHYSICIAN,
    Auth(AuthMeans.OWN, AuthLevel.SUBSTANTIAL, T0),
)
GENEROUS = Limits(
    per_minute=10**6, per_day=10**6, misses_per_day=10**6, others_per_person=10**6, probes_per_minute=10**6
)
"""Limits that tests of other things do not meet; counting stays on."""

LOOKUP_PATH = "/fhir/DocumentReference/_search"


class FailingStore:
    """The real store, of which named operations fail closed, or have a bug, while a set holds their names."""

    def __init__(self, store) -> None:
        self._store = store
        self.failing: set[str] = set()
        self.broken: set[str] = set()
        self.held: dict[str, tuple[asyncio.Event, asyncio.Event]] = {}
        """Operations that tell by the first event that they were begun, and wait for the second."""
        self.entries: list[EntryDraft] = []
        """What was to be appended, as it was handed over: the journal does not tell how long an entry can be read."""

    def __getattr__(self, name: str):
        real = getattr(self._store, name)
        if name in self.failing:

            async def fails(*_args, **_kw):
                raise FailedClosed("ledger: the disk is full")

            return fails
        if name in self.broken:

            async def breaks(*_args, **_kw):
                raise RuntimeError("a bug that quotes 279035121518989 TCHITCHI")

            return breaks

        if name in self.held:
            begun, gate = self.held[name]

            async def waits(*args, **kw):
                begun.set()
                await gate.wait()
                return await real(*args, **kw)

            return waits

        def noting(*args, **kw):
            if "entry" in kw:
                self.entries.append(kw["entry"])
            return real(*args, **kw)

        return noting


@dataclass
class House:
    """One holder, running."""

    directory_path: Path
    pki: Pki
    us: Party
    asker: Party
    other: Party
    holder_changes: dict
    server_changes: dict
    guard: GuardSettings
    clock: HandClock = field(default_factory=HandClock)
    vendor: Vendor = field(default_factory=Vendor)
    ears: Ears = field(default_factory=Ears)
    pauses: list[float] = field(default_factory=list)
    with_crls: bool = False
    really_waits: bool = False
    """Whether the time floor is waited for, instead of only noted."""
    files: DirectoryFiles = field(default_factory=NoFiles)

    def __post_init__(self) -> None:
        self.members = ListedMembers(self.us, self.asker, self.other)
        self.server_leaf = self.pki.issue(US, "server")
        self.leaf = self.pki.issue(ASKER, "client")
        self.other_leaf = self.pki.issue(OTHER, "client")
        self.x5t = x5t_s256(self.leaf.der)
        self._stack = AsyncExitStack()

    def material(self, leaf: Leaf, *, with_crls: bool | None = None) -> TlsMaterial:
        """TLS material of a leaf of this PKI."""
        crls = self.with_crls if with_crls is None else with_crls
        return TlsMaterial(
            self.pki.ca_path.read_bytes(),
            leaf.cert_pem_path.read_bytes(),
            leaf.key_pem_path.read_bytes(),
            tuple(path.read_bytes() for path in self.pki.crl_paths) if crls else (),
        )

    async def start(self) -> None:
        """Open the state and listen."""
        self.state = await self._stack.enter_async_context(
            opened(self.directory_path, self.clock, self.us.ledger_signer, member=self.us.id)
        )
        self.store = FailingStore(self.state.holder)
        self.guarded = guard_source(self.vendor, self.guard, name="vendor", clock=self.clock)
        self._stack.push_async_callback(self.guarded.close)
        opposition = OppositionSettings(Authority.ADAPTER, Day(2026, 1, 5), "Mme Directrice")
        settings = HolderSettings(
            member=self.us.id,
            **(
                {"policy": HolderPolicy(Environment.TEST), "limits": GENEROUS, "hold_seconds": 30.0}
                | self.holder_changes
            ),
        )
        ports = Ports(
            store=self.store,
            source=self.guarded,
            oppositions=OppositionAuthority(opposition, register=None, source_tells=True),
            directory=self.members,
            signer=self.us.signer,
            clock=self.clock,
            entropy=SystemEntropy(),
            observer=self.ears,
            limits=self.state.limits,
            limit_observer=self.ears,
            pause=self._pause,
        )
        self.holder = Holder(settings, ports, self.state.vault)
        await self.holder.limits.load()
        self._stack.push_async_callback(self.holder.close)
        self.tls = ServerTls(self.material(self.server_leaf))
        server_settings = PeerServerSettings(
            "127.0.0.1", 0, "0.0.0", Day(2026, 11, 23), **({"drain_seconds": 10.0} | self.server_changes)
        )
        server_ports = ServerPorts(self.members, self.state.journal, self.clock, SystemEntropy(), self.ears, self.files)
        self.server = PeerServer(server_settings, self.tls, self.holder, server_ports)
        self.port = await self.server.start()
        self._stack.push_async_callback(self.server.close)

    async def stop(self) -> None:
        """Close everything in order."""
        await self._stack.aclose()

    async def restart(self) -> None:
        """Stop and start on the same state."""
        await self.stop()
        await self.start()

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(seconds if self.really_waits else 0)

    # ------------------------------------------------------------ what was recorded

    async def entries(self, tree: Tree = Tree.EXCHANGE, type: EntryType | None = None):  # noqa: A002 (the entry's word)
        """The entries of a ledger, oldest first."""
        return list(reversed(await self.state.journal.entries(tree, type=type)))

    async def last(self, tree: Tree = Tree.EXCHANGE):
        """The newest entry."""
        return (await self.entries(tree))[-1]

    # ------------------------------------------------------------ asking without a socket

    def question(self, compact: bytes, *, party: Party | None = None, x5t: str | None = None) -> Question:
        """A request of the asker as the server would hand it over."""
        member = self.members.get((party or self.asker).id) or (party or self.asker).member
        return Question(member, x5t or self.x5t, compact, self.clock.now(), self.clock.monotonic())

    def demand(self, kind: Kind = Kind.LOOKUP, **changes) -> MandateDraft:
        """A demand about our worker."""
        values = {
            "kind": kind,
            "issuer": self.asker.id,
            "audience": self.us.id,
            "purpose": PURPOSE_CARE,
            "document_type": TYPE_DMST,
            "fetch_requested_at": self.clock.now(),
            "lookup_id": an_id(),
            "practitioner": PRACTITIONER,
            "worker": WORKER,
            "information": Information(self.clock.now(), "899700366240", InformationMeans.ORAL),
            "follow_up": FollowUp(FollowUpBasis.KNOWN_LOCALLY, VisitKind.INITIAL),
        }
        return MandateDraft(**(values | changes))

    def probe(self, kind: Kind = Kind.LOOKUP, **changes) -> MandateDraft:
        """A demand about nobody."""
        nobody = {"practitioner": None, "worker": None, "information": None, "follow_up": None}
        return self.demand(kind, **({"purpose": PURPOSE_PROBE} | nobody | changes))

    def seal(self, demand: MandateDraft, **changes) -> bytes:
        """Sign a demand as the asker, for its connection."""
        values = {"x5t": self.x5t, "now": self.clock.now(), "jti": an_id(), "signer": self.asker.signer}
        return mandate.seal(demand, **(values | changes))


@asynccontextmanager
async def a_house(
    directory: Path,
    *,
    with_crls: bool = False,
    guard: GuardSettings | None = None,
    server=None,
    clock: HandClock | None = None,
    key: KeyKind = "p256",
    **holder,
):
    """A holder that runs while the context lasts; with a clock that goes by itself, it waits for the floor as well."""
    house = House(
        directory,
        Pki(directory / "pki", now=datetime.fromtimestamp(T0, UTC), key=key),
        Party(US, "SPSTI Nord", LEDGER_KEY),
        Party(ASKER, "SPSTI Sud"),
        Party(OTHER, "SPSTI Est"),
        holder,
        server or {},
        guard or GuardSettings(look_seconds=20.0, failures_to_open=1000),
        with_crls=with_crls,
        clock=clock or HandClock(),
        really_waits=clock is not None,
    )
    await house.start()
    try:
        yield house
    finally:
        await house.stop()


# ---------------------------------------------------------------- over the wire


@dataclass(frozen=True)
class Reply:
    """An HTTP answer as it arrived; `headers` in their order and spelling."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """A header's value, its name in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Line:
    """One connection of a member to the house, speaking HTTP/1.1."""

    def __init__(self, house: House, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.house, self.reader, self.writer = house, reader, writer

    async def send(self, method: str, path: str, headers: dict[str, str] | list, body: bytes | None = None) -> Reply:
        """Send a request and read its answer."""
        self.write(method, path, headers, body)
        await self.writer.drain()
        return await self.read()

    def write(self, method: str, path: str, headers, body: bytes | None = None) -> None:
        """Send a request."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in (headers.items() if isinstance(headers, dict) else headers)]
        if body is not None and "content-length" not in {line.partition(":")[0].lower() for line in lines}:
            lines.append(f"Content-Length: {len(body)}")
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))

    async def read_head(self) -> Reply:
        """Read status and headers."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in head[1:-2]))
        return Reply(int(head[0].split(" ")[1]), pairs, b"")

    async def read(self) -> Reply:
        """Read a whole answer."""
        head = await self.read_head()
        body = await self.reader.readexactly(int(head.header("Content-Length") or 0))
        return replace(head, body=body)

    async def is_closed(self) -> bool:
        """Wait until the other side closes; False when more bytes come first."""
        try:
            return await self.reader.read(1) == b""
        except (ConnectionError, ssl.SSLError):
            return True

    # ------------------------------------------------------------ the exchanges

    async def lookup(
        self, demand: MandateDraft | None = None, *, compact: bytes | None = None, body=None, **headers
    ) -> Reply:
        """Ask about a worker."""
        demand = demand or self.house.demand()
        if body is None:
            body = form.encode_search(demand.worker.ins) if demand.worker else form.encode_probe()
        values = {"Authorization": authorization(compact or self.house.seal(demand)), "Content-Type": form.CONTENT_TYPE}
        return await self.send("POST", LOOKUP_PATH, values | headers, body)

    async def handover(
        self, announcement_id: str, *, probe: bool = False, body: bytes | None = None, **changes
    ) -> Reply:
        """Ask for the document of an announcement."""
        make = self.house.probe if probe else self.house.demand
        compact = self.house.seal(make(Kind.HANDOVER, **({"announcement_id": announcement_id} | changes)))
        headers = {"Authorization": authorization(compact), "Content-Type": "application/json"}
        body = handover_wire.encode_request(announcement_id) if body is None else body
        return await self.send("POST", "/handovers", headers, body)

    def read_mandate(self, grant: handover_wire.Grant, *, probe: bool = False, **changes) -> bytes:
        """A mandate to read a granted document."""
        make = self.house.probe if probe else self.house.demand
        values = {"handover_id": grant.handover_id, "document_sha256": grant.document.sha256}
        return self.house.seal(make(Kind.READ, **(values | changes)))

    def ask_document(self, grant: handover_wire.Grant, *, compact: bytes | None = None, **headers) -> None:
        """Ask for the bytes, without reading them."""
        values = {"Authorization": authorization(compact or self.read_mandate(grant)), "Accept": "application/pdf"}
        self.write("GET", f"/fhir/Binary/{grant.handover_id}", values | headers)

    async def document(self, grant: handover_wire.Grant, *, compact: bytes | None = None, **headers) -> Reply:
        """Fetch the bytes."""
        self.ask_document(grant, compact=compact, **headers)
        return await self.read()

    async def announced(self) -> str:
        """Look up, and give the announcement's id."""
        reply = await self.lookup()
        assert reply.status == 200
        offered = parse_bundle(reply.body, asked=INS)
        return offered.id

    async def granted(self) -> tuple[handover_wire.Grant, Reply]:
        """Look up and ask for the document, and give the grant."""
        reply = await self.handover(await self.announced())
        assert reply.status == 201
        return handover_wire.parse_grant(reply.body), reply

    async def acknowledge(self, draft: AckDraft, proof, path_id: str | None = None, signer=None) -> Reply:
        """Acknowledge a document."""
        token = ack_wire.seal(draft, proof=proof, signer=signer or self.house.asker.signer)
        path = f"/handovers/{path_id or draft.handover_id}/ack"
        return await self.send("POST", path, {"Content-Type": "application/jose"}, token)


def opened_receipt(house: House, reply: Reply, compact: bytes, lookup_id: str | None) -> Receipt:
    """Check the receipt of an answer as a requester would."""
    token = reply.header(receipt.HEADER)
    assert token is not None
    found = receipt.open_receipt(token.encode(), holder=house.us.member, now=house.clock.now())
    receipt.check_receipt(
        found,
        mandate_sha256=hashlib.sha256(compact).digest(),
        body=reply.body,
        audience=house.asker.id,
        holder=house.us.member,
        lookup_id=lookup_id,
    )
    return found


@asynccontextmanager
async def a_line(house: House, leaf: Leaf | None = None):
    """A connection of the asker, or of whoever the leaf belongs to."""
    context = client_context(house.material(leaf or house.leaf, with_crls=False))
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port, ssl=context, server_hostname="localhost")
    try:
        yield Line(house, reader, writer)
    finally:
        writer.transport.abort()


def an_ack_of(house: House, grant: handover_wire.Grant, reply: Reply, **changes) -> AckDraft:
    """An acknowledgement of a document that arrived whole."""
    values = {
        "issuer": house.asker.id,
        "audience": house.us.id,
        "issued_at": house.clock.now(),
        "handover_id": grant.handover_id,
        "receipt_sha256": hashlib.sha256((reply.header(receipt.HEADER) or "").encode()).digest(),
        "result": AckResult.VERIFIED,
        "code": None,
        "received": DocumentDigest(grant.document.sha256, grant.document.size),
    }
    return AckDraft(**(values | changes))

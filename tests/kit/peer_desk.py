"""A client of ours at a holder of the test's own, and what that holder may do wrong."""

import socket
import ssl
import threading
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace

import pytest
from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import PeerFault
from connector.core.evidence import AckDraft, AckResult
from connector.core.ledger import Proof
from connector.core.mandate import Kind
from connector.core.members import MemberId
from connector.core.outcome import Outcome
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate
from connector.peer.client import HttpPeerClient
from connector.peer.connect import PeerClientSettings
from connector.peer.tls import ClientTls
from connector.wire import fhir
from tests.kit.fake_holder import FakeHolder, Script, a_holder, material
from tests.kit.holder_fakes import Party
from tests.kit.pki import Pki
from tests.kit.requester_fakes import HOLDERS, NOW, WE, Members, a_clock, a_demand, a_party
from tests.kit.state import HandClock, SystemEntropy, an_id

QUICK = PeerClientSettings(connect_seconds=2.0, exchange_seconds=5.0, handover_seconds=5.0, silent_seconds=5.0)
DEAF = replace(QUICK, connect_seconds=0.2)
_END = "-----END CERTIFICATE-----"
IMPATIENT = replace(QUICK, exchange_seconds=0.3, silent_seconds=0.3, bytes_per_second=10**9)


@dataclass
class Desk:
    """We, the holder we ask, and what is between."""

    us: Party
    holder: FakeHolder
    members: Members
    clock: HandClock
    client: HttpPeerClient
    tls: ClientTls
    pki: Pki
    stack: AsyncExitStack

    @property
    def holder_leaf_der(self) -> bytes:
        return ssl.PEM_cert_to_DER_cert(self.holder.tls.material.chain.decode().split("-----END")[0] + _END)

    @property
    def script(self) -> Script:
        return self.holder.script

    @property
    def member(self):
        return self.members.get(self.holder.party.id)

    async def lookup(self, **changes):
        return await self.client.lookup(self.member, a_demand(self.us, self.member, **changes))

    async def handover(self, **changes):
        return await self.client.handover(self.member, a_demand(self.us, self.member, Kind.HANDOVER, **changes))

    async def granted(self):
        return await self.handover()

    def document(self, granted, *, offset: int = 0, size: int | None = None):
        demand = a_demand(
            self.us,
            self.member,
            Kind.READ,
            handover_id=granted.handover_id,
            document_sha256=granted.document.sha256,
        )
        return self.client.document(
            self.member, demand, size=granted.document.size if size is None else size, offset=offset
        )

    async def read(self, granted, **where) -> bytes:
        async with self.document(granted, **where) as pieces:
            return b"".join([piece async for piece in pieces])

    def new_client(self, settings: PeerClientSettings = QUICK, tls: ClientTls | None = None) -> HttpPeerClient:
        return HttpPeerClient(self.members, self.us.signer, tls or self.tls, self.clock, SystemEntropy(), settings)

    async def use(self, settings: PeerClientSettings) -> None:
        self.client = await self.stack.enter_async_context(self.new_client(settings))


@asynccontextmanager
async def a_desk(directory, **leaf):
    pki = Pki(directory / "pki")
    us, party = a_party(WE, "SPSTI Nord"), a_party(HOLDERS[0], "SPSTI Sud")
    async with AsyncExitStack() as stack:
        server_leaf = leaf.pop("server", None)
        holder = await stack.enter_async_context(
            a_holder(party, us, pki, NOW, server_leaf(pki) if server_leaf else None)
        )
        members = Members(us, party)
        tls = ClientTls(material(pki, pki.issue(WE, "client"), **leaf))
        clock = a_clock()
        client = HttpPeerClient(members, us.signer, tls, clock, SystemEntropy(), QUICK)
        await stack.enter_async_context(client)
        yield Desk(us, holder, members, clock, client, tls, pki, stack)


async def fault_of(work) -> PeerFault:
    with pytest.raises(PeerFault) as raised:
        await work
    assert "SPSTI Sud" in raised.value.message or raised.value.code is Code.PEER_REFUSED_US
    return raised.value


def an_ack(desk: Desk, granted, **changes) -> AckDraft:
    values = {
        "issuer": desk.us.id,
        "audience": desk.member.id,
        "issued_at": NOW,
        "handover_id": granted.handover_id,
        "receipt_sha256": granted.receipt.sha256,
        "result": AckResult.VERIFIED,
        "code": None,
        "received": granted.document,
    }
    return AckDraft(**(values | changes))


def our_proof(desk: Desk) -> Proof:
    """A leaf of ours under a checkpoint of ours."""
    return FakeHolder(desk.us, desk.holder.party, desk.pki.issue(WE, "server"), desk.pki, NOW)._append()


@contextmanager
def an_outspoken_server(context: ssl.SSLContext):
    """A TLS server that sends its alert and waits until it was read, as other makes do (asyncio's closes without)."""

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as tls:
            with suppress(ssl.SSLError):
                tls.do_handshake()
            socket.socket.shutdown(tls, socket.SHUT_WR)
            while socket.socket.recv(tls, 4096):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def flip(token: bytes) -> bytes:
    """The same token with another signature."""
    head, claims, signature = token.split(b".")
    return b".".join((head, claims, (b"B" if signature[:1] == b"A" else b"A") + signature[1:]))


def another_leaf(proof: Proof) -> Proof:
    return replace(proof, leaf_hash=bytes(32))


OTHER_KEY = PrivateKeySigner("sign-318751275100038", SigningAlgorithm.ES256, generate(SigningAlgorithm.ES256))

BAD_RECEIPTS = {
    "none": ({"no_receipt": True}, Code.RECEIPT_MALFORMED),
    "two of them": ({"two_receipts": True}, Code.RECEIPT_MALFORMED),
    "no token": ({"tamper_receipt": lambda _: b"receipt"}, Code.RECEIPT_MALFORMED),
    "altered": ({"tamper_receipt": flip}, Code.RECEIPT_SIGNATURE),
    "signed by another key": ({"signer": OTHER_KEY}, Code.RECEIPT_SIGNATURE),
    "over another body": ({"tamper_body": lambda body: body + b" "}, Code.RECEIPT_MISMATCH),
    "for another mandate": ({"receipt_changes": {"mandate_sha256": bytes(32)}}, Code.RECEIPT_MISMATCH),
    "for another member": ({"receipt_changes": {"audience": MemberId(HOLDERS[1])}}, Code.RECEIPT_MISMATCH),
    "for another lookup": ({"receipt_changes": {"lookup_id": an_id()}}, Code.RECEIPT_MISMATCH),
    "of another outcome than the Bundle": (
        {"receipt_changes": {"outcome": Outcome.WITHHELD}},
        Code.RECEIPT_MISMATCH,
    ),
    "of another outcome than the status": (
        {"receipt_changes": {"outcome": Outcome.DEFERRED}},
        Code.RECEIPT_MISMATCH,
    ),
    "whose leaf is not in the tree": ({"proof": another_leaf}, Code.RECEIPT_NOT_IN_LEDGER),
}


def an_outcome(status: int, code: Code | None, text: str = "because", **headers) -> web.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(status=status, body=fhir.operation_outcome(code, text), headers=named)

"""A holder for the requester's tests: real wire and TLS around a script, with a switch for each way to misbehave.

It keeps no rules of its own. It opens no mandate and decides nothing: it answers what it was told to, over a ledger of
one growing tree, and notes what it was sent, so that a test sees what left the requester.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256

from aiohttp import web

from connector.core import merkle
from connector.core.coded import TYPE_DMST
from connector.core.codes import Code
from connector.core.days import Day
from connector.core.evidence import DocumentDigest, ReceiptDraft
from connector.core.instant import Instant
from connector.core.ledger import Proof, Tree
from connector.core.outcome import Outcome
from connector.core.records import Announcement, Extent
from connector.crypto.notes import NoteSigner
from connector.peer.tls import ServerTls, TlsMaterial
from connector.wire import ack, checkpoint, fhir, form, handover, receipt
from connector.wire.bearer import from_authorization
from connector.wire.digest import repr_digest
from connector.wire.handover import Grant
from connector.wire.mandate import open_mandate
from connector.wire.ranges import content_range, parse_range
from tests.kit.holder_fakes import PDF, Party
from tests.kit.pki import Leaf, Pki
from tests.kit.state import T0, an_id

SEARCH = "/fhir/DocumentReference/_search"
DIRECTORY = "file:test"
Tamper = Callable[[bytes], bytes]


def announcement(day: str = "2026-11-03") -> Announcement:
    """What is announced of a record of that day."""
    return Announcement("dossier 17", "1", Day.parse(day), T0, TYPE_DMST, Extent.FULL)


@dataclass
class Script:
    """What the holder does. Every switch is off at first: it announces a record and gives it."""

    day: str | None = "2026-11-03"
    outcome: Outcome | None = None
    code: Code | None = None
    retry_after: str | None = None
    pdf: bytes = PDF
    promised: DocumentDigest | None = None
    content_type: str = "application/pdf"
    renders: int = 0
    # the receipt
    no_receipt: bool = False
    two_receipts: bool = False
    signer: object | None = None
    receipt_changes: dict = field(default_factory=dict)
    tamper_receipt: Tamper | None = None
    tamper_body: Tamper | None = None
    proof: Callable[[Proof], Proof] | None = None
    grant_changes: dict = field(default_factory=dict)
    # HTTP
    raw: web.Response | None = None
    headers: dict = field(default_factory=dict)
    hang: bool = False
    drop: int = 0
    cut_at: list[int] = field(default_factory=list)
    document_headers: dict = field(default_factory=dict)
    document_status: int | None = None
    endless: bool = False
    ack_status: int = 204


class FakeHolder:
    """Listens over mutual TLS; `asked` are the verified mandates, `acks` the opened acknowledgements."""

    def __init__(self, party: Party, requester: Party, leaf: Leaf, pki: Pki, now: Instant) -> None:
        self.party, self.requester, self.script = party, requester, Script()
        self.tls = ServerTls(material(pki, leaf))
        self.asked: list = []
        self.acks: list = []
        self.paths: list[str] = []
        self.headers: list = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.waiting = asyncio.Event()
        """Set when a request is being kept waiting."""
        self._handover_ids: dict[str, str] = {}
        self._leaves = merkle.Frontier()
        self._notes = NoteSigner(f"{party.id}/exchange/1", party.ledger_signer.key)
        self._at = now
        self._gone = asyncio.Event()

    async def start(self) -> int:
        """Listen, and give the port."""
        self._server = web.Server(self._handle, access_log=None)
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._connected, "127.0.0.1", 0, ssl=self.tls.context)
        port = self._listener.sockets[0].getsockname()[1]
        self.party.member = replace(self.party.member, endpoint=f"https://localhost:{port}")
        return port

    def _connected(self):
        self.connections += 1
        return self._server()

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        self._gone.set()
        self._listener.close()
        await self._server.shutdown(0.1)

    def drop_connections(self) -> None:
        """Close what lies ready, as a server does when it is tired of waiting."""
        for connection in self._server.connections:
            if connection.transport is not None:
                connection.transport.abort()

    # ------------------------------------------------------------ answering

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        script = self.script
        body = await request.read()
        self.paths.append(f"{request.method} {request.path}")
        self.headers.append(request.headers)
        self.bodies.append(body)
        if script.hang:
            self.waiting.set()
            await self._gone.wait()
        if script.drop:
            script.drop -= 1
            request.transport.abort()
            raise ConnectionResetError
        if script.endless and request.method == "POST":
            return await self._endless(request)
        if script.raw is not None:
            return replace_response(script.raw)
        if request.path == SEARCH:
            return self._lookup(request, body)
        if request.path == "/handovers":
            return self._handover(request, body)
        if request.path.endswith("/ack"):
            return self._ack(request, body)
        return await self._document(request)

    def _mandate(self, request: web.BaseRequest):
        compact = from_authorization(request.headers.get("Authorization"))
        verified = open_mandate(compact, peer=self.requester.member, now=self._at)
        self.asked.append(verified)
        return verified

    def _lookup(self, request: web.BaseRequest, body: bytes) -> web.Response:
        script, mandate = self.script, self._mandate(request)
        ins = form.parse_search(body, request.headers["Content-Type"])
        outcome = script.outcome or (Outcome.ANNOUNCED if script.day else Outcome.WITHHELD)
        offer = fhir.Offer(an_id(), announcement(script.day), ins) if outcome is Outcome.ANNOUNCED else None
        status = {Outcome.DEFERRED: 202, Outcome.COULD_NOT_LOOK: 503, Outcome.REFUSED: 403}.get(outcome, 200)
        content = fhir.search_bundle(self.party.member, offer, base_url=self.party.member.endpoint)
        if outcome is Outcome.DEFERRED:
            content = b""
        elif status != 200:
            content = fhir.operation_outcome(script.code, "no, for a reason")
        return self._answer(mandate, outcome, status, content, lookup_id=mandate.lookup_id)

    def _handover(self, request: web.BaseRequest, body: bytes) -> web.Response:
        script, mandate = self.script, self._mandate(request)
        announcement_id = handover.parse_request(body, request.headers["Content-Type"])
        if script.outcome is not None and script.outcome is not Outcome.GRANTED:
            status = {Outcome.REFUSED: 404, Outcome.COULD_NOT_LOOK: 503}.get(script.outcome, 202)
            content = fhir.operation_outcome(script.code, "not given") if status != 202 else b""
            return self._answer(mandate, script.outcome, status, content, lookup_id=mandate.lookup_id)
        if script.renders:
            script.renders -= 1
            return self._answer(mandate, Outcome.RENDERING, 202, b"", lookup_id=mandate.lookup_id)
        handover_id = self._handover_ids.setdefault(announcement_id, an_id())
        promised = script.promised or DocumentDigest(sha256(script.pdf).digest(), len(script.pdf))
        grant = Grant(handover_id, promised, script.content_type, Instant(self._at + 1800))
        content = handover.encode_grant(replace(grant, **script.grant_changes))
        return self._answer(
            mandate,
            Outcome.GRANTED,
            201,
            content,
            lookup_id=mandate.lookup_id,
            handover_id=handover_id,
            document=promised,
        )

    def _answer(self, mandate, outcome: Outcome, status: int, body: bytes, **fields) -> web.Response:
        script = self.script
        draft = ReceiptDraft(
            **(
                {
                    "issuer": self.party.id,
                    "audience": self.requester.id,
                    "issued_at": self._at,
                    "mandate_sha256": mandate.sha256,
                    "outcome": outcome,
                    "directory": DIRECTORY,
                    "code": script.code if outcome is Outcome.REFUSED else None,
                }
                | fields
                | script.receipt_changes
            )
        )
        proof = self._append()
        token = receipt.seal(
            draft,
            body_sha256=sha256(body).digest(),
            proof=script.proof(proof) if script.proof else proof,
            signer=script.signer or self.party.signer,
        )
        if script.tamper_receipt:
            token = script.tamper_receipt(token)
        answer = web.Response(status=status, body=script.tamper_body(body) if script.tamper_body else body)
        answer.headers["Content-Type"] = fhir.CONTENT_TYPE
        if not script.no_receipt:
            answer.headers.add(receipt.HEADER, token.decode())
        if script.two_receipts:
            answer.headers.add(receipt.HEADER, token.decode())
        if script.retry_after is not None:
            answer.headers["Retry-After"] = script.retry_after
        answer.headers.update(script.headers)
        return answer

    def _append(self) -> Proof:
        """One more leaf, proven under a fresh checkpoint."""
        leaf = merkle.leaf_hash(an_id().encode())
        batch = self._leaves.extend([leaf])
        self._leaves = batch.frontier
        origin = checkpoint.Origin(self.party.id, Tree.EXCHANGE, 1)
        note = checkpoint.seal(checkpoint.Checkpoint(origin, batch.frontier.size, batch.root), self._notes)
        return Proof(Tree.EXCHANGE, batch.first_index, leaf, batch.paths[0], batch.frontier.size, note)

    async def _document(self, request: web.BaseRequest) -> web.StreamResponse:
        script = self.script
        self._mandate(request)
        if script.code is not None and script.document_status is not None:
            return web.Response(status=script.document_status, body=fhir.operation_outcome(script.code, "not now"))
        promised = script.promised or DocumentDigest(sha256(script.pdf).digest(), len(script.pdf))
        offset = parse_range(request.headers.get("Range"), len(script.pdf)) if "Range" in request.headers else 0
        rest = script.pdf[offset:]
        response = web.StreamResponse(status=script.document_status or (206 if offset else 200))
        response.headers.update(
            {
                "Content-Type": "application/pdf",
                "Content-Length": str(len(rest)),
                "Repr-Digest": repr_digest(promised.sha256),
            }
        )
        if offset:
            response.headers["Content-Range"] = content_range(offset, len(script.pdf))
        response.headers.update(script.document_headers)
        await response.prepare(request)
        if script.cut_at:
            await response.write(rest[: script.cut_at.pop(0)])
            request.transport.close()  # what was written still leaves
            raise ConnectionResetError
        await response.write(rest[: int(response.headers["Content-Length"])])
        return response

    def _ack(self, request: web.BaseRequest, body: bytes) -> web.Response:
        self.acks.append(ack.open_ack(body, requester=self.requester.member, now=self._at))
        status = self.script.ack_status
        if status == 204:
            return web.Response(status=204)
        return web.Response(status=status, body=fhir.operation_outcome(self.script.code, "another result came before"))

    async def _endless(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": fhir.CONTENT_TYPE})
        response.enable_chunked_encoding()
        await response.prepare(request)
        while True:  # until the requester has had enough
            await response.write(b" " * 16_384)


def replace_response(raw: web.Response) -> web.Response:
    """The same answer again: aiohttp's own is used up by being sent."""
    headers = {key: value for key, value in raw.headers.items() if key.lower() != "content-length"}
    return web.Response(status=raw.status, body=raw.body, headers=headers)


def material(pki: Pki, leaf: Leaf, *, cas: bytes | None = None, crls: tuple[bytes, ...] = ()) -> TlsMaterial:
    """TLS material of a leaf of a PKI."""
    return TlsMaterial(
        cas if cas is not None else pki.ca_path.read_bytes(),
        leaf.cert_pem_path.read_bytes(),
        leaf.key_pem_path.read_bytes(),
        crls,
    )


@asynccontextmanager
async def a_holder(party: Party, requester: Party, pki: Pki, now: Instant, leaf: Leaf | None = None):
    """A holder that listens while the context lasts."""
    holder = FakeHolder(party, requester, leaf or pki.issue(party.id.value, "server"), pki, now)
    await holder.start()
    try:
        yield holder
    finally:
        await holder.close()


def tls12(holder: FakeHolder) -> None:
    """Speak what members do not speak."""
    holder.tls.context.minimum_version = ssl.TLSVersion.TLSv1_2
    holder.tls.context.maximum_version = ssl.TLSVersion.TLSv1_2

"""Many holders in one process that announce a record to whoever asks, in the real wire form and as cheaply as they can.

Run as `python -m bench.fake_holders FILE`. They stand in for services on other machines when a *requester's* client is
measured: each has its own port, certificate, signing key and a ledger of one leaf, whose checkpoint is signed once. The
mandate is read and not judged. `POST /bare` answers with the same number of bytes, for the bare client; a dead holder
accepts connections and never says anything.
"""

import asyncio
import json
import socket
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from connector.core.coded import TYPE_DMST
from connector.core.days import Day
from connector.core.directory import Member
from connector.core.evidence import ReceiptDraft
from connector.core.ledger import Proof, Tree
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.merkle import leaf_hash
from connector.core.oid import Environment
from connector.core.outcome import Outcome
from connector.core.records import Announcement, Extent
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, load_private_key
from connector.crypto.notes import NoteSigner
from connector.daemon.system import SystemClock
from connector.directory.members_file import MembersFile
from connector.wire import checkpoint, fhir, jose, receipt

OK = "HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {length}\r\nDMST-Receipt: {receipt}\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Holder:
    """One of them."""

    member: Member
    signer: PrivateKeySigner
    proof: Proof
    directory: str

    def answer(self, mandate: bytes) -> bytes:
        """Announce a record about whoever is asked for."""
        asked = jose.read(mandate, typ="mandate+jwt")
        worker, now = asked.claims["worker"], SystemClock().now()
        announcement = Announcement("1", "1", Day(2026, 10, 1), now, TYPE_DMST, Extent.FULL)
        offer = fhir.Offer("a" * 32, announcement, Ins.parse(worker["oid"], worker["matricule"]))
        body = fhir.search_bundle(self.member, offer, base_url=self.member.endpoint + "/fhir")
        draft = ReceiptDraft(
            issuer=self.member.id,
            audience=MemberId.parse(asked.claims["iss"]),
            issued_at=now,
            mandate_sha256=asked.sha256,
            outcome=Outcome.ANNOUNCED,
            directory=self.directory,
            lookup_id=asked.claims["lookup_id"],
        )
        sealed = receipt.seal(draft, body_sha256=sha256(body).digest(), proof=self.proof, signer=self.signer)
        return OK.format(type=fhir.CONTENT_TYPE, length=len(body), receipt=sealed.decode()).encode() + body


class Connection(asyncio.Protocol):
    """One connection: whole requests in, whole answers out."""

    def __init__(self, holder: Holder) -> None:
        self._holder, self._buffer = holder, bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end])
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if len(self._buffer) < end + 4 + int(headers[b"content-length"]):
            return
        self._buffer.clear()
        if head.startswith(b"POST /bare "):
            self._transport.write(_alike[self._holder.member.id])
        else:
            at = head.lower().index(b"authorization: bearer ") + len(b"authorization: bearer ")
            self._transport.write(self._holder.answer(head[at:].split(b"\r\n", 1)[0]))


_alike: dict[MemberId, bytes] = {}
"""Made once for each holder: what the bare client gets has the size of a real answer."""


def holder_of(one: dict[str, Any], directory: MembersFile) -> Holder:
    """Make a holder of what its folder has."""
    member = directory.get(MemberId.parse(one["member"]))
    if member is None:
        raise RuntimeError("a holder is not in the members file")
    sign, ledger = (load_private_key(Path(one[name]).read_bytes()) for name in ("sign", "ledger"))
    origin = checkpoint.Origin(member.id, Tree.EXCHANGE, 1)
    leaf = leaf_hash(member.id.value.encode())
    note = checkpoint.seal(checkpoint.Checkpoint(origin, 1, leaf), NoteSigner(str(origin), ledger))  # type: ignore[arg-type]
    proof = Proof(Tree.EXCHANGE, 0, leaf, (), 1, note)
    return Holder(member, PrivateKeySigner("sign-1", SigningAlgorithm.ES256, sign), proof, directory.version)


async def serve(spec: dict[str, Any], ready: Callable[[], None]) -> None:
    """Listen on all ports until killed; `ready` is called once they listen."""
    directory = MembersFile(Path(spec["members"]), Environment.TEST)
    loop, dead = asyncio.get_running_loop(), []
    for one in spec["holders"]:
        if one["dead"]:
            listening = socket.socket()
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the bench holds the port
            listening.bind(("127.0.0.1", one["port"]))
            listening.listen(64)
            dead.append(listening)
            continue
        holder = holder_of(one, directory)
        _alike[holder.member.id] = holder.answer(spec["example"].encode())
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.minimum_version, tls.verify_mode = ssl.TLSVersion.TLSv1_3, ssl.CERT_REQUIRED
        tls.load_verify_locations(spec["ca"])
        tls.load_cert_chain(one["certificate"], one["key"])
        await loop.create_server(partial(Connection, holder), "127.0.0.1", one["port"], ssl=tls)
    ready()
    await asyncio.Event().wait()


if __name__ == "__main__":
    content = json.loads(Path(sys.argv[1]).read_text())
    asyncio.run(serve(content, Path(content["ready"]).touch))

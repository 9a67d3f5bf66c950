"""A vendor's side that does what a test tells it to, byte by byte, and the adapter towards it."""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field
from hashlib import sha256

from connector.contract import (
    TYPE_DMST,
    AdapterContext,
    Announcement,
    Day,
    Environment,
    Extent,
    Ins,
    InsOid,
    Instant,
    Matricule,
    MemberId,
    ReceivedDocument,
    ToldToWorker,
    Trace,
    TraceAction,
)
from connector.contract.guard import guard_source
from connector.contract.settings import GuardSettings
from spsti_adapter_http import HttpSource

NOW = Instant(int(time.time()))
PEER = MemberId("385012345600017")
INS = Ins(Matricule("279035121518989"), InsOid.TEST)
OTHER = Ins(Matricule("277076322082910"), InsOid.TEST)
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 4000 + b"\n%%EOF\n"
TRAITS = {
    "birth_name": "PAT-TROIS",
    "birth_given_names": "DOMINIQUE MARIE-LOUISE",
    "sex": "F",
    "birth_date": "1979-03-28",
    "birth_place": "51215",
}
RECORD = {
    "record_ref": "8731",
    "version": "3",
    "last_act_on": "2025-05-13",
    "updated_at": "2025-05-13T17:05:00+02:00",
    "document_type": TYPE_DMST.to_json(),
    "extent": "full",
    "author": "Dr Camille DURAND",
}
IDENTITY = {"ins": {"oid": INS.oid.value, "matricule": INS.matricule.value}, "traits": TRAITS, "status": "QUAL"}
LOOK = {"identity": IDENTITY, "opposition": "no", "record": RECORD}
NOBODY = {"identity": None, "opposition": "unknown", "record": None}
ANNOUNCEMENT = Announcement("8731", "3", Day(2025, 5, 13), NOW, TYPE_DMST, Extent.FULL)
TRACE = Trace(
    "00112233445566778899aabbccddeeff",
    NOW,
    TraceAction.HANDED_OVER,
    INS,
    PEER,
    "810000000001",
    "Camille DURAND",
    TYPE_DMST,
    "announced",
)
TOLD = ToldToWorker(INS, NOW, "Camille DURAND", "oral", objects=True, told_id="3f2504e04f8911d39a0c0305e82c3301")


def received(content, **changes):
    return ReceivedDocument(
        **{
            "ins": INS,
            "peer": PEER,
            "peer_name": "SPSTI de démonstration",
            "last_act_on": Day(2025, 5, 13),
            "received_at": NOW,
            "document_type": TYPE_DMST,
            "sha256_hex": sha256(content).hexdigest(),
            "size": len(content),
            "content_type": "application/pdf",
        }
        | changes
    )


@dataclass
class Request:
    """What arrived: the head as it was written, and the body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Vendor:
    """Answers each connection's requests with what stands next in `answers`; the last one stays."""

    answers: list[bytes] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, path, _ = head[0].split(" ")
                headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in head[1:-2])}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.requests.append(Request(method, path, headers, body))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer is HANGS:
                    await reader.read()
                writer.write(answer)
                await writer.drain()
                if b"\r\nconnection: close" in answer.lower() or not answer:
                    break
        writer.close()


HANGS = b"hangs"


def http(status, body=b"", *, kind="application/json", length=None, more=()):
    """An answer's bytes; `length` other than the body's makes it half a body."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} X"]
    head += [f"Content-Type: {kind}"] if kind else []
    head += [f"Content-Length: {len(content) if length is None else length}"] if length != -1 else []
    cut = (length or 0) > len(content) or length == -1
    head += [*more, *(["Connection: close"] if cut else [])]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + content


class Clock:
    """The machine's clock."""

    def now(self):
        return NOW

    def monotonic(self):
        return time.monotonic()


def context(folder):
    return AdapterContext(PEER, Environment.TEST, folder, folder, lambda: Instant(int(time.time())))


def source_of(url, folder, **options):
    return HttpSource(HttpSource.Options(url=url, **options), context(folder))


def guarded(source, **limits):
    return guard_source(source, GuardSettings(**limits), name="http", clock=Clock())

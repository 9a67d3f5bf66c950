"""Sources and sinks as vendors write them, well and badly, and a clock that is set by hand."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any

from connector.contract import (
    TYPE_DMST,
    AdapterHealth,
    Announcement,
    Counts,
    Day,
    Extent,
    IdentityStatus,
    Ins,
    InsOid,
    Instant,
    LocalIdentity,
    Look,
    Matricule,
    MemberId,
    Opposition,
    ReceivedDocument,
    Sink,
    Source,
    StrictTraits,
    ToldToWorker,
    Trace,
    TraceAction,
)
from connector.core.instant import parse_rfc3339

INS = Ins(Matricule("279035121518989"), InsOid.TEST)
OTHER_INS = Ins(Matricule("277076322082910"), InsOid.TEST)
NOW = parse_rfc3339("2026-03-14T22:59:00Z")  # 23:59 in France
TRAITS = StrictTraits.parse(
    birth_name="PAT-TROIS",
    birth_given_names="DOMINIQUE MARIE-LOUISE",
    sex="F",
    birth_date="1979-03-28",
    birth_place="51215",
)
IDENTITY = LocalIdentity(INS, TRAITS, IdentityStatus.QUAL)
ANNOUNCEMENT = Announcement(
    record_ref="17",
    version="3",
    last_act_on=Day(2026, 3, 14),
    updated_at=Instant(NOW - 3600),
    document_type=TYPE_DMST,
    extent=Extent.FULL,
)
LOOK = Look(IDENTITY, Opposition.NO, ANNOUNCEMENT)
NOBODY = Look(None, Opposition.UNKNOWN, None)
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40 + b"\n%%EOF\n"
MEMBER = MemberId("385012345600017")
TRACE = Trace(
    trace_id="00112233445566778899aabbccddeeff",
    at=NOW,
    action=TraceAction.HANDED_OVER,
    ins=INS,
    peer=MEMBER,
    practitioner_id="810000000001",
    practitioner_name="Camille DURAND",
    purpose=TYPE_DMST,
    outcome="announced",
)
TOLD = ToldToWorker(INS, NOW, "nurse", "oral", objects=False)
RECEIVED = ReceivedDocument(
    ins=INS,
    peer=MEMBER,
    peer_name="SPSTI de démonstration",
    last_act_on=Day(2026, 3, 14),
    received_at=NOW,
    document_type=TYPE_DMST,
    sha256_hex="00" * 32,
    size=len(PDF),
    content_type="application/pdf",
)


class HandClock:
    """Stands still until it is moved."""

    def __init__(self, now: Instant = NOW) -> None:
        self.wall, self.seconds = now, 0.0

    def now(self) -> Instant:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds


class AsyncSource(Source):
    """A source whose every answer a test may set; async."""

    contract_version = 1

    def __init__(self, **set_by_test: Any) -> None:
        self.on_look: Callable[[Ins], Any] = lambda ins: LOOK if ins == INS else NOBODY
        self.pieces: list[Any] = [PDF]
        self.said_health: Any = AdapterHealth(ok=True)
        self.said_counts: Any = Counts(workers=1)
        self.traces: list[Trace] = []
        self.calls = 0
        for name, value in set_by_test.items():
            setattr(self, name, value)

    async def look(self, ins: Ins) -> Look:
        self.calls += 1
        return self.on_look(ins)

    async def document(self, announcement: Announcement) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece

    async def trace(self, trace: Trace) -> None:
        self.traces.append(trace)

    async def health(self) -> AdapterHealth:
        return self.said_health

    async def counts(self) -> Counts:
        return self.said_counts


class PlainSource(AsyncSource):
    """The same in plain methods."""

    def look(self, ins: Ins) -> Look:
        self.calls += 1
        return self.on_look(ins)

    def document(self, announcement: Announcement) -> Iterator[bytes]:
        yield from self.pieces

    def trace(self, trace: Trace) -> None:
        self.traces.append(trace)

    def health(self) -> AdapterHealth:
        return self.said_health

    def counts(self) -> Counts:
        return self.said_counts


class PlainSink(Sink):
    """Keeps what it is given."""

    contract_version = 1

    def __init__(self) -> None:
        self.filed: list[bytes] = []
        self.told_of: list[ToldToWorker] = []
        self.reference: Any = "document 1"

    def file(self, document: ReceivedDocument, content: Iterator[bytes]) -> str:
        self.filed.append(b"".join(content))
        return self.reference

    def told(self, told: ToldToWorker) -> None:
        self.told_of.append(told)

    def trace(self, trace: Trace) -> None:
        pass

    def health(self) -> AdapterHealth:
        return AdapterHealth(ok=True)


class AsyncSink(PlainSink):
    """The same in async methods."""

    async def file(self, document: ReceivedDocument, content: AsyncIterator[bytes]) -> str:
        self.filed.append(b"".join([piece async for piece in content]))
        return self.reference

    async def told(self, told: ToldToWorker) -> None:
        self.told_of.append(told)


def look_with(**changed: Any) -> Look:
    """Give a good look with parts of its announcement changed."""
    return replace(LOOK, announcement=replace(ANNOUNCEMENT, **changed))

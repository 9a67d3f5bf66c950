"""The probe: the four exchanges with one member, about nobody, to test the way between two services (PROTOCOL 1).

Its document is read and hashed, never kept nor shown. Both ledgers have it like any other exchange.
"""

import hashlib
from contextlib import aclosing
from dataclasses import dataclass, field

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.errors import DocumentRejected, PeerFault
from connector.core.evidence import AckDraft, AckResult, DocumentDigest
from connector.core.ledger import EntryType
from connector.core.mandate import Kind
from connector.core.members import MemberId
from connector.core.outcome import Outcome
from connector.core.ports import HandoverAnswer, LookupAnswer, RequesterStore, new_id
from connector.requester import demands, entries, integrity, receive
from connector.requester.means import Means
from connector.requester.new_fetch import active_member

MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a probe did, and how many milliseconds each step took."""

    member: MemberId
    handover_id: str
    document: DocumentDigest
    steps_ms: dict[str, int] = field(default_factory=dict)


class _Discard:
    """A document that is only hashed (`VaultWriter`)."""

    def __init__(self) -> None:
        self._hash, self._size = hashlib.sha256(), 0

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self._size += len(data)

    async def finish(self) -> DocumentDigest:
        return DocumentDigest(self._hash.digest(), self._size)

    def abort(self) -> None:
        """Nothing was kept."""


class _Timed:
    """How long each step takes by itself."""

    def __init__(self, means: Means, steps: dict[str, int]) -> None:
        self._means, self.steps = means, steps
        self._begun = means.clock.monotonic()

    def end(self, step: str) -> None:
        self.steps[step] = self._means.since_ms(self._begun)
        self._begun = self._means.clock.monotonic()


class Probe:
    """Probes members, one at a time or several."""

    def __init__(self, means: Means, store: RequesterStore) -> None:
        self._means, self._store = means, store

    async def run(self, member_id: MemberId, steps: dict[str, int] | None = None) -> ProbeResult:
        """Do the four exchanges; each step's own milliseconds go into `steps` as it ends, also when a later one fails.

        Raises:
            LocalRefused: `member.unknown`, `member.suspended`.
            PeerFault: an exchange failed, or was refused.
            DocumentRejected: the test document is not what its receipt promised; that was acknowledged as rejected.
        """
        means = self._means
        member = active_member(member_id, means.directory)
        timed = _Timed(means, {} if steps is None else steps)
        lookup_id = new_id(means.entropy)
        await self._store.append([entries.probe(EntryType.ASKED, member.id, lookup_id, means.clock.now())])
        found, announcement_id = await self._lookup(member, lookup_id)
        timed.end("lookup")
        answer = await self._handover(member, lookup_id, announcement_id)
        if answer.handover_id is None or answer.document is None or answer.receipt is None:
            raise PeerFault(f"{member.name}: granted a probe's handover without naming its document")
        timed.end("handover")
        received = await self._read(member, answer.handover_id, answer.document)
        timed.end("document")
        error: DocumentRejected | None = None
        try:
            if received.refused is not None:
                raise received.refused
            integrity.check_promise(answer.document, answer.content_type, max_bytes=MAX_BYTES, holder=member.name)
            integrity.check_bytes(received.digest, answer.document, received.head, holder=member.name)
        except DocumentRejected as rejected:
            error = rejected
        await self._acknowledge(member, found, answer, received.digest, error)
        timed.end("acknowledgement")
        if error is not None:
            raise error
        return ProbeResult(member.id, answer.handover_id, answer.document, timed.steps)

    async def _lookup(self, member: Member, lookup_id: str) -> tuple[LookupAnswer, str]:
        means = self._means
        demand = demands.probe_demand(
            Kind.LOOKUP, member.id, means.settings.member, means.clock.now(), lookup_id=lookup_id
        )
        answer = await means.peers.lookup(member, demand)
        if answer.outcome is not Outcome.ANNOUNCED or answer.announcement is None:
            raise _refused(member, answer.code, answer.detail or answer.outcome.value)
        return answer, answer.announcement.id

    async def _handover(self, member: Member, lookup_id: str, announcement_id: str) -> HandoverAnswer:
        means = self._means
        demand = demands.probe_demand(
            Kind.HANDOVER,
            member.id,
            means.settings.member,
            means.clock.now(),
            lookup_id=lookup_id,
            announcement_id=announcement_id,
        )
        answers = receive.obtain(
            member,
            demand,
            peers=means.peers,
            permit=_always,
            sleep=means.sleep,
            limit_seconds=means.settings.handover_seconds,
        )
        async with aclosing(answers):
            async for answer in answers:
                if answer.outcome is Outcome.GRANTED:
                    return answer
                if answer.outcome not in receive.HANDOVER_PENDING:
                    raise _refused(member, answer.code, answer.detail or answer.outcome.value)
        raise PeerFault(f"{member.name}: gave no final answer to a handover")  # obtain() ends only with one

    async def _read(self, member: Member, handover_id: str, document: DocumentDigest) -> receive.Received:
        means = self._means
        demand = demands.probe_demand(
            Kind.READ,
            member.id,
            means.settings.member,
            means.clock.now(),
            handover_id=handover_id,
            document=document,
        )
        steps = receive.download(
            member,
            demand,
            document,
            _Discard(),
            peers=means.peers,
            permit=_always,
            sleep=means.sleep,
            attempts=means.settings.download_attempts,
            pause_seconds=means.settings.resume_pause_seconds,
        )
        async with aclosing(steps):
            async for step in steps:
                if isinstance(step, receive.Received):
                    return step
        raise PeerFault(f"{member.name}: the document has no end", code=Code.PEER_UNREACHABLE)  # download() has one

    async def _acknowledge(
        self,
        member: Member,
        found: LookupAnswer,
        granted: HandoverAnswer,
        received: DocumentDigest,
        error: DocumentRejected | None,
    ) -> None:
        means, now = self._means, self._means.clock.now()
        handover_id, receipt = granted.handover_id, granted.receipt
        if handover_id is None or receipt is None:
            raise PeerFault(f"{member.name}: granted a probe's handover without naming its document")
        result = AckResult.VERIFIED if error is None else AckResult.REJECTED
        code = error.code if error else None
        arrived = entries.probe(
            EntryType.ARRIVED,
            member.id,
            handover_id,
            now,
            found=found,
            granted=granted,
            outcome=result.value,
            reason=code.value if code else None,
            document_sha256=received.sha256,
        )
        (proof,) = await self._store.append([arrived])
        draft = AckDraft(
            issuer=means.settings.member,
            audience=member.id,
            issued_at=now,
            handover_id=handover_id,
            receipt_sha256=receipt.sha256,
            result=result,
            code=code,
            received=received,
        )
        await self._store.ack_sent(handover_id, await means.peers.acknowledge(member, draft, proof))


async def _always() -> None:
    """A probe concerns nobody: no rule about a person stops it."""


def _refused(member: Member, code: Code | None, detail: str) -> PeerFault:
    return PeerFault(f"{member.name}: refused the probe ({detail})", code=code or Code.PEER_MISBEHAVED)

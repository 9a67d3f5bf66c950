"""The ports through which the roles reach the rest of the house; `daemon` gives them the real things, tests fakes.

A port is small, its operations are atomic, and it raises only errors of `core.errors`. Writes that must be durable
before something leaves return only after the commit that holds them was fsynced.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from connector.core.codes import Code
from connector.core.directory import Member, MemberChange
from connector.core.evidence import Ack, AckDraft, DocumentDigest, Receipt
from connector.core.fetch import Fetch, FetchEvent, PeerAnnouncement, ServiceReply
from connector.core.handover import Handover, IssuedAnnouncement
from connector.core.identity_alerts import Noticed
from connector.core.inspection import Inspected
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, Proof, Tree
from connector.core.limits import Counted, LimitRule
from connector.core.mandate import MandateDraft
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.oppositions import Lifting, Notice, Objection
from connector.core.outcome import Outcome
from connector.core.records import (
    AdapterHealth,
    Announcement,
    Counts,
    Look,
    Opposition,
    ReceivedDocument,
    ToldToWorker,
    Trace,
)
from connector.core.slots import set_by_slot
from connector.core.states import FetchState


class Clock(Protocol):
    """The time: wall clock for what is written, monotonic seconds for deadlines."""

    def now(self) -> Instant: ...
    def monotonic(self) -> float: ...


class Entropy(Protocol):
    """Random bytes fit for keys and ids."""

    def token(self, length: int) -> bytes: ...


def new_id(entropy: Entropy) -> str:
    """Give a fresh id of 128 random bits as 32 lower-case hex characters (PROTOCOL section 2)."""
    return entropy.token(16).hex()


class Signer(Protocol):
    """A private key that signs, wherever it is kept. `algorithm` is ES256, PS256 or EdDSA; signatures in JWS form."""

    @property
    def kid(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    def sign(self, data: bytes) -> bytes: ...


# ---------------------------------------------------------------- members


class MemberDirectory(Protocol):
    """The list of members: `version` goes into receipts (`file:<sha-256>` with a members file)."""

    @property
    def version(self) -> str: ...
    def get(self, member: MemberId) -> Member | None: ...
    def members(self) -> Sequence[Member]: ...
    def by_certificate(self, spki_sha256: str, subject_ous: tuple[str, ...]) -> Member | None: ...
    def changes(self) -> AsyncIterator[MemberChange]: ...


# ---------------------------------------------------------------- the vendor's software, behind the guard


class GuardedSource(Protocol):
    """A vendor's source behind timeout, concurrency limit, circuit breaker and validation; raises AdapterFault."""

    async def look(self, ins: Ins) -> Look: ...
    def document(self, announcement: Announcement) -> AsyncIterator[bytes]: ...
    async def trace(self, trace: Trace) -> None: ...
    async def health(self) -> AdapterHealth: ...
    async def counts(self) -> Counts | None: ...


class GuardedSink(Protocol):
    """A vendor's sink behind the same guard."""

    async def file(self, document: ReceivedDocument, content: AsyncIterator[bytes]) -> str: ...
    async def told(self, told: ToldToWorker) -> None: ...
    async def trace(self, trace: Trace) -> None: ...
    async def health(self) -> AdapterHealth: ...


class Oppositions(Protocol):
    """Whether a worker objects, by whom the controller named as authority (DESIGN section 5)."""

    def not_ready(self) -> str | None:
        """Say why this member could never tell, so that it must not answer."""
        ...

    async def opposition(self, ins: Sequence[Ins], look: Look | None) -> Opposition: ...


# ---------------------------------------------------------------- vault


class VaultWriter(Protocol):
    """A document being kept: visible under its id only once `finish` returned."""

    def write(self, data: bytes) -> None: ...
    async def finish(self) -> DocumentDigest: ...
    def abort(self) -> None: ...


class VaultReader(Iterator[memoryview | bytes], Protocol):
    """The pieces of a kept document. Read to the end it is closed; who has enough before closes it.

    What may still be read by another thread is not closed: it would seem to end there. It closes itself when dropped.
    """

    def close(self) -> None: ...


class Vault(Protocol):
    """Encrypted documents by opaque id. Raises FailedClosed `vault.unavailable`, `vault.damaged`."""

    def create(self, vault_id: str) -> VaultWriter: ...
    def read(self, vault_id: str, offset: int = 0) -> VaultReader: ...
    def holds(self, vault_id: str) -> bool: ...
    async def delete(self, vault_id: str) -> None: ...
    def ids(self) -> Sequence[str]: ...


# ---------------------------------------------------------------- state and ledgers, as atomic operations


@set_by_slot
@dataclass(frozen=True, slots=True)
class UsedMandate:
    """The one-time id of a mandate, kept until `exp` + 120 s by the highest clock ever stored (PROTOCOL section 7)."""

    issuer: MemberId
    jti: str
    expires_at: Instant


class HouseLedger(Protocol):
    """Appends to the house ledger what no exchange entry tells."""

    async def record(self, entry: EntryDraft) -> None: ...


class HolderStore(HouseLedger, Protocol):
    """The holder's durable state: every method is one transaction with its ledger entry.

    All raise FailedClosed `ledger.unavailable` when the commit failed: then nothing of it exists.
    """

    async def answer(
        self,
        *,
        entry: EntryDraft,
        used: UsedMandate | None,
        announcement: IssuedAnnouncement | None = None,
        trace: Trace | None = None,
        noticed: Noticed | None = None,
        counted: Counted | None = None,
    ) -> Proof:
        """Append the entry of a lookup or handover answer, and keep what our staff is to know of it (ADR 0006).

        Raises MandateRefused `mandate.replayed`.
        """
        ...

    async def announcement(self, announcement_id: str) -> IssuedAnnouncement | None: ...

    async def decide(self, *, entry: EntryDraft, used: UsedMandate | None, handover: Handover | None) -> Proof:
        """Append *decided* and keep or update the handover. Raises MandateRefused `mandate.replayed`."""
        ...

    async def handover(self, handover_id: str) -> Handover | None: ...
    async def handover_of(self, announcement_id: str) -> Handover | None: ...
    async def spooling(self, handover: Handover) -> Handover: ...
    async def spooled(self, handover_id: str, document: DocumentDigest) -> None: ...
    async def spool_failed(self, handover_id: str) -> None: ...
    async def receipt_issued(self, handover_id: str, receipt: bytes) -> None: ...
    async def release(
        self, *, entry: EntryDraft, used: UsedMandate, handover_id: str, trace: Trace | None = None
    ) -> Proof: ...
    async def end(self, *, entry: EntryDraft, handover_id: str) -> Proof: ...
    async def acknowledge(self, *, ack: Ack, entry: EntryDraft) -> bool: ...
    async def expired_handovers(self, now: Instant) -> Sequence[Handover]: ...
    async def handover_purged(self, handover_id: str, entry: EntryDraft) -> None: ...


@dataclass(frozen=True, slots=True)
class DueAck:
    """An acknowledgement that still has to reach its holder; its proof is read from the ledger when it is sent."""

    draft: AckDraft
    proof: Proof
    attempts: int
    fetch_id: str


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A repeated start of the same errand: the caller, its key, and the digest of what it sent."""

    caller: str
    key: str
    body_sha256: bytes


class RequesterStore(HouseLedger, Protocol):
    """The requester's durable state: every method is one transaction with its ledger entries."""

    async def create_fetch(self, fetch: Fetch, idempotency: Idempotency | None, event: FetchEvent) -> Fetch:
        """Keep a new fetch, or give the one already kept under that key.

        Raises LocalRefused `local.conflict` when the key was used for something else.
        """
        ...

    async def fetch_made(self, idempotency: Idempotency) -> Fetch | None:
        """Give the fetch that was kept under a key; raises as `create_fetch`."""
        ...

    async def fetch(self, fetch_id: str) -> Fetch | None: ...
    async def fetches(self, *, owner: str | None, limit: int = 50, before: str | None = None) -> Sequence[Fetch]: ...
    async def fetches_readable(self, who: str) -> Sequence[Fetch]:
        """Those of a practitioner, or handed to them, in a state of `FETCH_READABLE`, the newest first."""

    async def fetches_prepared(self) -> Sequence[Fetch]:
        """All that wait to be started, the oldest first."""

    async def fetches_to_resume(self) -> Sequence[Fetch]:
        """Give the fetches in a state of `FETCH_RUNNING`, oldest first."""
        ...

    async def fetches_to_end(self, now: Instant) -> Sequence[Fetch]:
        """Give the fetches, not purged yet, whose `expires_at` has come."""
        ...

    async def save(
        self,
        fetch: Fetch,
        events: Sequence[FetchEvent],
        entries: Sequence[EntryDraft] = (),
        trace: Trace | None = None,
        only_from: FetchState | None = None,
    ) -> Sequence[Proof]:
        """Keep the fetch, its events, entries and trace in one transaction; proofs in the order of the entries.

        With `only_from`, only while the fetch that is kept has that state.
        """
        ...

    async def append(self, entries: Sequence[EntryDraft]) -> Sequence[Proof]:
        """Append entries of either tree that belong to no fetch, such as a probe's, in one transaction."""
        ...

    async def arrived(
        self,
        fetch: Fetch,
        events: Sequence[FetchEvent],
        entry: EntryDraft,
        ack: AckDraft,
        trace: Trace | None,
    ) -> Proof: ...
    async def events(self, fetch_id: str, after: int) -> Sequence[FetchEvent]: ...
    async def due_acks(self, now: Instant) -> Sequence[DueAck]: ...
    async def ack_sent(self, handover_id: str, compact: bytes | None = None) -> None:
        """Forget an acknowledgement that is due; what its holder took is kept as evidence."""
        ...

    async def ack_failed(self, handover_id: str, retry_at: Instant) -> None: ...
    async def purged(self, fetch: Fetch, events: Sequence[FetchEvent], entry: EntryDraft) -> None: ...


class TraceOutbox(Protocol):
    """Traces that the vendor's database does not have yet."""

    async def due_traces(self, now: Instant) -> Sequence[tuple[Trace, int]]: ...
    async def trace_written(self, trace_id: str) -> None: ...
    async def trace_failed(self, trace_id: str, retry_at: Instant) -> None: ...


class OppositionStore(Protocol):
    """The connector's own register of oppositions: each change is one transaction with its house entry."""

    async def add(self, objection: Objection, entry: EntryDraft) -> Objection:
        """Keep an objection; where the same worker's of that kind stands already, give that one instead."""
        ...

    async def lift(self, objection_id: str, lifting: Lifting, due: Notice | None, entry: EntryDraft) -> Objection:
        """Lift one. Raises LocalRefused `local.not_found`, `local.conflict`, `local.malformed`."""
        ...

    async def entered(self, objection_id: str, notice: Notice, entry: EntryDraft) -> bool:
        """Note that the vendor's software has it; False where it was not to be entered."""
        ...

    async def find(self, objection_id: str) -> Objection | None: ...
    async def of_worker(self, ins: Sequence[Ins]) -> Sequence[Objection]: ...
    async def page(
        self, *, only_due: bool = False, before: str | None = None, limit: int = 50
    ) -> Sequence[Objection]: ...


class LedgerReader(Protocol):
    """What peers may see of our ledgers: the newest signed checkpoint, and that an older one is its beginning."""

    async def checkpoint(self, tree: Tree) -> str: ...
    async def consistency(self, tree: Tree, first: int, second: int) -> Sequence[bytes]:
        """Give the RFC 6962 proof. Raises RequestRefused `request.malformed` for sizes that the ledger never had."""
        ...


class DirectoryFiles(Protocol):
    """The signed files of the directory that this member mirrors, by the path they have below `/directory/`."""

    def read(self, path: str) -> bytes | None: ...


# ---------------------------------------------------------------- what logs and metrics are told


class Observer(Protocol):
    """Hears what the holder's side did, for logs and metrics. Nothing personal is handed to it; it never raises."""

    def refused(self, code: Code, member: MemberId | None, exchange: str) -> None:
        """A request ended before an answer was owed, or was refused with one."""
        ...

    def answered(self, outcome: Outcome, member: MemberId, lookup_id: str | None, ms: float) -> None: ...
    def handover_ended(self, handover_id: str, member: MemberId, sent: int, ms: float, *, complete: bool) -> None: ...
    def acknowledged(self, handover_id: str, member: MemberId, *, verified: bool) -> None: ...
    def adapter_failed(self, code: Code) -> None: ...
    def ledger_failed(self, code: Code) -> None: ...
    def handshake_failed(self, reason: str) -> None:
        """A TLS client that showed no certificate we accept; `reason` is OpenSSL's word for it."""
        ...

    def bug(self, incident: str, error: BaseException) -> None:
        """An exception that nobody expected: its text may hold anything and is not for logs, its place is."""
        ...


# ---------------------------------------------------------------- a peer, as the requester sees it


@dataclass(frozen=True, slots=True)
class LookupAnswer:
    """A holder's answer whose receipt, path and body were checked. `peer_date` is its clock, to explain refusals.

    `mandate` is the compact form of the mandate that was answered: with the receipt it is the evidence.
    """

    outcome: Outcome
    announcement: PeerAnnouncement | None
    receipt: Receipt | None
    code: Code | None = None
    detail: str = ""
    retry_after: int | None = None
    peer_date: Instant | None = None
    mandate: bytes | None = None


@dataclass(frozen=True, slots=True)
class HandoverAnswer:
    """Granted with the document's digest, rendering with `retry_after`, or not."""

    outcome: Outcome
    receipt: Receipt | None
    handover_id: str | None = None
    document: DocumentDigest | None = None
    content_type: str = ""
    expires_at: Instant | None = None
    code: Code | None = None
    detail: str = ""
    retry_after: int | None = None
    mandate: bytes | None = None


class PeerClient(Protocol):
    """One exchange with one member over mutual TLS; seals the mandate for the connection it goes on.

    All raise PeerFault (`peer.*`, `receipt.*`).
    """

    async def lookup(self, member: Member, demand: MandateDraft) -> LookupAnswer: ...
    async def handover(self, member: Member, demand: MandateDraft) -> HandoverAnswer: ...
    def document(
        self, member: Member, demand: MandateDraft, *, size: int, offset: int = 0
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]: ...
    async def acknowledge(self, member: Member, ack: AckDraft, proof: Proof) -> bytes:
        """Send it, and give the compact form that the holder took."""
        ...


# ---------------------------------------------------------------- the requester's own house


class Practitioners(Protocol):
    """The service's own list of who may ask and who may read a whole DMST, as of now (DESIGN section 7)."""

    def may_ask(self, practitioner_id: str) -> bool: ...
    def may_read(self, practitioner_id: str) -> bool: ...


class DocumentInspector(Protocol):
    """Looks into a document whose digest is right, before anyone sees it."""

    async def inspect(
        self, content: Iterator[memoryview | bytes], size: int, copy: Callable[[], VaultWriter]
    ) -> Inspected:
        """Say what is in it. Where policy changes it, what is to be shown is kept by `copy()`, called at most once.

        Raises DocumentRejected `document.*` for a document that must not be shown at all.
        """
        ...


class FetchObserver(Protocol):
    """Hears what fetches do, for logs and metrics. It returns at once and raises nothing."""

    def fetch_moved(self, fetch: Fetch, start: FetchState) -> None: ...
    def service_replied(self, fetch_id: str, reply: ServiceReply) -> None: ...
    def document_rejected(self, fetch_id: str, member: MemberId, code: Code) -> None: ...
    def limit_met(self, rule: LimitRule, member: MemberId | None, *, blocked: bool) -> None: ...
    def delivery_failed(self, kind: str, ref: str, code: Code, attempts: int) -> None: ...
    def work_failed(self, what: str, ref: str, incident: str, error: BaseException) -> None: ...


JsonObject = dict[str, Any]

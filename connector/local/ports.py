"""What the local side needs of the house: the daemon gives it the real things, tests fakes.

Nothing here is HTTP. Ports raise only errors of `core.errors`; values that people or programs are shown hold no
identity unless their docstring says so.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from connector.core.codes import Code
from connector.core.coverage import CoverageCount
from connector.core.datamatrix import ScannedIdentity
from connector.core.directory import Member, MemberStatus
from connector.core.fetch import Fetch, FetchedDocument, FetchEvent
from connector.core.identity import IdentityAttribute, QualifiedIdentity
from connector.core.identity_alerts import Alert, AlertState
from connector.core.insi import InsiAnswer, SearchTraits, Verification, VitaleCard
from connector.core.instant import Instant
from connector.core.kept_identity import KeptIdentity, KeptMove
from connector.core.ledger import Destroyed, EntryType, Tree
from connector.core.limits import LimitBlock, Limits, PeerOverride
from connector.core.mandate import Auth
from connector.core.matricule import Ins
from connector.core.measures import Block, BlockReason, Pause, PauseReason
from connector.core.members import MemberId
from connector.core.oppositions import Lifting, Objection
from connector.core.outcome import WithheldReason
from connector.core.ports import Clock, Entropy, Idempotency, MemberDirectory
from connector.core.private import Private
from connector.core.proposals import Proposal, ProposalKind
from connector.core.traits import StrictTraits
from connector.core.witness import KnownHead, LedgerFault, LedgerGap, WitnessStatement
from connector.directory.age import Freshness
from connector.local.keys import KeyRing
from connector.local.ports_people import PractitionerList as PractitionerList  # noqa: PLC0414 (callers take it here)
from connector.local.sign_in.desk import SignInDesk
from connector.requester.new_fetch import NewFetch
from connector.requester.register import NewObjection
from connector.vigilance.alerts import Waiting
from connector.vigilance.desk import Move


class Copies(Protocol):
    """The copies that came: `requester.copies.Copies` is the real thing. `who` as for `Errands`.

    `sha256` names the document that is meant; None means whichever is here.
    """

    async def kept(self, who: str, worker: Ins) -> Sequence[Fetch]: ...
    async def read(
        self, fetch_id: str, who: str, sha256: bytes | None = None
    ) -> tuple[FetchedDocument, AsyncIterator[bytes]]: ...
    async def hand_on(self, fetch_id: str, who: str, colleague: str) -> Fetch: ...
    async def file(self, fetch_id: str, who: str, sha256: bytes | None = None) -> Fetch: ...
    async def discard(self, fetch_id: str, who: str) -> Fetch: ...


class Errands(Protocol):
    """The errands of the requester: `requester.integrate.Errands` is the real thing.

    `who` is the PS_IdNat of the practitioner for whom something is done, None for the house itself.
    """

    @property
    def copies(self) -> Copies:
        """What may be done with those that came."""
        ...

    async def prepare(self, new: NewFetch, caller: str, idempotency: Idempotency | None = None) -> Fetch: ...
    async def made(self, idempotency: Idempotency) -> Fetch | None: ...
    async def start(
        self, fetch_id: str, who: str | None = None, auth: Auth | None = None, instead_of: Sequence[str] = ()
    ) -> Fetch: ...
    async def choose(self, fetch_id: str, member: MemberId, who: str | None = None) -> Fetch: ...
    async def cancel(self, fetch_id: str, who: str | None = None) -> Fetch: ...
    async def take_out(self, fetch_id: str) -> Fetch:
        """Cancel a fetch, only while it is prepared."""
        ...

    async def get(self, fetch_id: str, who: str | None = None) -> Fetch: ...
    async def list(self, who: str | None, *, limit: int = 50, before: str | None = None) -> Sequence[Fetch]: ...
    async def prepared(self, who: str | None) -> Sequence[Fetch]: ...
    def events(self, fetch_id: str, after: int = 0, who: str | None = None) -> AsyncIterator[FetchEvent]: ...


# ---------------------------------------------------------------- journal


@dataclass(frozen=True, slots=True, repr=False)
class JournalQuery(Private):
    """What to look for in one ledger, newest first. `before` is an index: only earlier entries are given."""

    tree: Tree
    type: EntryType | None = None
    peer: MemberId | None = None
    outcome: str | None = None
    ref: str | None = None
    since: Instant | None = None
    until: Instant | None = None
    worker: Ins | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, repr=False)
class JournalEntry(Private):
    """One entry as its own house reads it. `personal` is None once its key was destroyed; `destroyed` says when and
    why, None where nothing here knows it.
    """

    tree: Tree
    index: int
    type: EntryType
    at: Instant
    leaf_hash: bytes
    peer: MemberId | None = None
    outcome: str | None = None
    reason: str | None = None
    document_sha256: bytes | None = None
    ref: str = ""
    personal: Mapping[str, Any] | None = None
    destroyed: Destroyed | None = None


@dataclass(frozen=True, slots=True)
class TreeReport:
    """What verifying one ledger found; `faults` name indexes, never contents."""

    tree: Tree
    origin: str
    size: int
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WitnessReport:
    """What witnesses say of our ledgers, what is known of others', and every fault and gap that was ever found.

    `behind` says in words what is wrong with ours, empty where nothing is.
    """

    behind: str
    asked_at: Instant | None
    answered_at: Instant | None
    statements: Sequence[WitnessStatement]
    heads: Sequence[KnownHead]
    faults: Sequence[LedgerFault]
    gaps: Sequence[LedgerGap]


class Witnesses(Protocol):
    """Witnessing as it runs: `daemon.witnessing.WitnessDesk` is the real thing."""

    async def report(self) -> WitnessReport: ...


class NoWitnesses:
    """A house that shows its ledgers to nobody: a test, a tool."""

    async def report(self) -> WitnessReport:
        """Give an empty report."""
        return WitnessReport("", None, None, (), (), (), ())


class JournalReader(Protocol):
    """The ledgers of this house, for its auditors."""

    async def find(self, query: JournalQuery) -> Sequence[JournalEntry]: ...
    async def get(self, tree: Tree, index: int) -> JournalEntry | None: ...
    async def verify(self) -> Sequence[TreeReport]: ...


@dataclass(frozen=True, slots=True)
class JournalExport:
    """Which part of the journal is exported, and in which form; without a tree, both ledgers."""

    form: str
    tree: Tree | None = None
    since: Instant | None = None
    until: Instant | None = None
    type: EntryType | None = None
    peer: MemberId | None = None
    outcome: str | None = None
    ref: str = ""


class Evidence(Protocol):
    """Evidence and reports: `evidence.desk.EvidenceDesk` is the real thing. `caller` is the API key.

    What comes back is as the models of `local.evidence_answers` say; it names people.
    """

    async def prove(self, tree: Tree, index: int) -> Mapping[str, Any]: ...
    async def export(self, ref: str, caller: str) -> bytes: ...
    async def worker(self, ins: Ins, caller: str) -> Mapping[str, Any]: ...
    async def peer(self, member: MemberId, since: Instant, caller: str) -> Mapping[str, Any]: ...
    async def review(self, month: str, caller: str) -> Mapping[str, Any]: ...
    async def sign(self, month: str, by: str, caller: str) -> Mapping[str, Any]: ...
    async def seal(self, report_sha256: str, peer: MemberId, by: str, caller: str) -> str: ...
    def lines(self, wanted: JournalExport, caller: str) -> AsyncIterator[bytes]: ...


# ---------------------------------------------------------------- status


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be right; where it is not, why and what to do.

    Detail and remedy are for programs, logs and the CLI; pages have words of their own, for each `state` of a name.
    """

    name: str
    ok: bool
    detail: str = ""
    remedy: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """One certificate of ours."""

    use: str
    ends_at: Instant
    days_left: int


@dataclass(frozen=True, slots=True)
class AdapterStatus:
    """One half of the vendor's adapter, `source` or `sink`.

    `read_at` is when a source last answered, since the start.
    """

    half: str
    name: str
    ok: bool
    detail: str = ""
    read_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class LedgerStatus:
    """How far one ledger reaches."""

    tree: Tree
    origin: str
    size: int


@dataclass(frozen=True, slots=True)
class PeerSeen:
    """What was heard of a peer since the start: when we last asked, whether an answer came, and when it called us."""

    member: MemberId
    asked_at: Instant | None = None
    is_reachable: bool | None = None
    elapsed_ms: int | None = None
    called_us_at: Instant | None = None
    version: str = ""
    """Of its connector, as it said when it was last tested; empty where it did not yet."""


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Everything that IT staff look at first."""

    started_at: Instant
    checks: Sequence[Check]
    certificates: Sequence[CertificateStatus] = ()
    directory_version: str = ""
    members: int = 0
    members_active: int = 0
    adapters: Sequence[AdapterStatus] = ()
    ledgers: Sequence[LedgerStatus] = ()
    outbox: Mapping[str, int] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    peers: Sequence[PeerSeen] = ()
    free_bytes: int | None = None
    last_backup_at: Instant | None = None


class StatusProvider(Protocol):
    """Whether the connector can answer and ask (`readiness`: cheap, called often), and all about it."""

    async def readiness(self) -> Sequence[Check]: ...
    async def status(self) -> StatusReport: ...


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """One step of testing a peer, `elapsed_ms` from the start of the probe; `cause` and `remedy` where it failed."""

    name: str
    ok: bool
    elapsed_ms: int
    code: Code | None = None
    cause: str = ""
    remedy: str = ""


class Prober(Protocol):
    """Tests one peer by the probe of PROTOCOL section 1: its steps up to the first that failed, at least one."""

    async def probe(self, member: MemberId) -> Sequence[ProbeStep]: ...


# ---------------------------------------------------------------- oppositions and coverage


class Register(Protocol):
    """The register of oppositions: `requester.register.Register` is the real thing."""

    def check(self, new: NewObjection) -> None: ...
    async def add(self, new: NewObjection, caller: str) -> tuple[Objection, bool]: ...
    async def lift(self, objection_id: str, lifting: Lifting, caller: str, *, tell_sink: bool = True) -> Objection: ...
    async def entered(self, objection_id: str, caller: str) -> Objection: ...
    async def get(self, objection_id: str) -> Objection: ...
    async def of_worker(self, ins: Ins) -> Sequence[Objection]: ...
    async def page(
        self, *, only_due: bool = False, before: str | None = None, limit: int = 50
    ) -> Sequence[Objection]: ...


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """The last count, and why peers were given nothing since `since`: counts, never identities.

    `could_not_look` counts by the code of the fault. `warn_below` is the share that the service set.
    """

    last: CoverageCount | None
    warn_below: float
    since: Instant
    withheld: Mapping[WithheldReason, int]
    could_not_look: Mapping[Code, int]

    @property
    def is_low(self) -> bool:
        """Whether fewer workers could be answered about than the service wants to be warned of."""
        share = self.last.share if self.last else None
        return share is not None and share < self.warn_below


class Coverage(Protocol):
    """How many workers could be answered about: as last counted, or counted now by the vendor's software."""

    async def report(self) -> CoverageReport: ...
    async def measure(self) -> CoverageReport: ...


# ---------------------------------------------------------------- identities


class IdentityDesk(Protocol):
    """INSi and the identities that are kept here: `vigilance.desk.IdentityDesk` is the real thing. `by` is a person."""

    async def search(self, question: SearchTraits | VitaleCard, by: str, *, fresh: bool = False) -> InsiAnswer: ...
    async def verify(self, identity: QualifiedIdentity, by: str, *, fresh: bool = False) -> Verification: ...
    async def read_label(self, payload: str, caller: str) -> ScannedIdentity: ...
    async def keep(
        self, traits: StrictTraits, by: str, reason: str, caller: str, attribute: IdentityAttribute | None = None
    ) -> KeptIdentity: ...
    async def get(self, identity_id: str) -> KeptIdentity: ...
    async def moves(self, identity_id: str) -> Sequence[KeptMove]: ...
    async def of_ins(self, ins: Ins) -> Sequence[KeptIdentity]: ...
    async def move(self, identity_id: str, move: Move, caller: str) -> KeptIdentity: ...


class Alerts(Protocol):
    """Identity alerts, and who waits to be qualified: `vigilance.alerts.Alerts` is the real thing."""

    async def page(
        self, *, state: AlertState | None = None, before: str | None = None, limit: int = 50
    ) -> Sequence[Alert]: ...
    async def get(self, alert_id: str) -> Alert: ...
    async def take(self, alert_id: str, by: str, caller: str) -> Alert: ...
    async def close(self, alert_id: str, by: str, reason: str, caller: str) -> Alert: ...
    async def to_qualify(self, limit: int = 50) -> Sequence[Waiting]: ...


# ---------------------------------------------------------------- the federation, and what this service decides alone


@dataclass(frozen=True, slots=True)
class MembershipReport:
    """The member directory in force, how old it is, and the members that this service has blocked itself.

    `copies` counts those that can be asked, None with a local file. `differences` are what the directory says otherwise
    of this service than its configuration.
    """

    version: str
    is_signed: bool
    freshness: Freshness
    message: str
    ends_at: Instant | None
    refreshed_at: Instant | None
    copies: int | None
    members: Mapping[MemberStatus, int]
    findings: Sequence[str]
    differences: Sequence[str]
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class RefusedCopy:
    """A copy of the directory that was passed over: its address or member id, the kind of refusal, what was met."""

    source: str
    refusal: str
    detail: str


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What a refresh came to."""

    changed: bool
    refused: Sequence[RefusedCopy]
    directory: MembershipReport


class Membership(Protocol):
    """The directory as it runs, blocks and the pause; `caller` is the API key."""

    def report(self) -> MembershipReport: ...
    async def refresh(self) -> RefreshReport: ...
    async def block(self, member: MemberId, reason: BlockReason, caller: str) -> tuple[Block, bool]: ...
    async def unblock(self, member: MemberId, caller: str) -> Block: ...
    def paused(self) -> Pause | None: ...
    async def pause(self, reason: PauseReason, caller: str) -> Pause: ...
    async def resume(self, caller: str) -> None: ...


# ---------------------------------------------------------------- limits, and what takes two people


class Standing(Protocol):
    """How a peer stands against its limits today: `holder.limits.PeerStanding` is the real thing."""

    @property
    def limits(self) -> Limits: ...
    @property
    def override(self) -> PeerOverride | None: ...
    @property
    def total(self) -> int: ...
    @property
    def hits(self) -> int: ...
    @property
    def misses(self) -> int: ...
    @property
    def probes(self) -> int: ...
    @property
    def slowed(self) -> bool: ...
    @property
    def blocks(self) -> Sequence[LimitBlock]: ...


class LimitDesk(Protocol):
    """The limits of the holder, for operators: `holder.limits.HolderLimits` is the real thing."""

    async def standing(self, member: Member) -> Standing: ...
    def blocks(self) -> Sequence[LimitBlock]: ...
    async def set_override(self, member: MemberId, override: PeerOverride | None, reason: str, by: str) -> None: ...


class Proposals(Protocol):
    """What one person proposes and another confirms; `key` is the name of the API key they called with."""

    async def propose(
        self, kind: ProposalKind, subject: Mapping[str, Any], *, reason: str, by: str, key: str
    ) -> Proposal: ...
    async def confirm(self, proposal_id: str, *, by: str, key: str) -> tuple[Proposal, Mapping[str, Any]]: ...
    async def withdraw(self, proposal_id: str, *, by: str) -> Proposal: ...
    async def waiting(self) -> Sequence[Proposal]: ...


class MetricsText(Protocol):
    """The metrics in Prometheus' text form."""

    def render(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class LocalPorts:
    """All of it. `keys` changes at a reload of the configuration, so it is asked each time.

    Without `sign_in` nobody signs in here: programs call with their keys, and no page opens.
    """

    errands: Errands
    directory: MemberDirectory
    journal: JournalReader
    evidence: Evidence
    status: StatusProvider
    prober: Prober
    register: Register
    coverage: Coverage
    identities: IdentityDesk
    alerts: Alerts
    membership: Membership
    limits: LimitDesk
    proposals: Proposals
    metrics: MetricsText
    clock: Clock
    entropy: Entropy
    keys: KeyRing
    practitioners: PractitionerList
    witnesses: Witnesses = field(default_factory=NoWitnesses)
    sign_in: SignInDesk | None = None

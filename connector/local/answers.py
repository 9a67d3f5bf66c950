"""What callers are answered, as pydantic models: the OpenAPI document is made from them.

Instants are RFC 3339 UTC, days `YYYY-MM-DD`, hashes SHA-256 in base64url. `text` and `next` are sentences in the
language of `Accept-Language`: what happened, and what to do.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from connector.core.codes import Code
from connector.core.directory import MemberStatus
from connector.core.fetch import Reply
from connector.core.inspection import FindingKind, Handling
from connector.core.ledger import DestroyedBy, EntryType, Tree
from connector.core.states import FetchState

MomentOut = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
DayOut = Annotated[str, Field(json_schema_extra={"format": "date"})]
HashOut = Annotated[str, Field(description="SHA-256, base64url")]


class Answer(BaseModel):
    """What every answer has in common."""

    # Built at its first use: there are over a hundred of these, and the daemon should not start with them.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


class FieldProblem(Answer):
    """One place of the request that is wrong, and how."""

    field: str
    message: str


class Problem(Answer):
    """An error (RFC 9457). `code` is stable: docs/errors.md has all of them."""

    type: Annotated[str, Field(description="urn:spsti-connector:error:<code>")]
    title: str
    status: int
    code: Code
    detail: str
    hint: Annotated[str, Field(description="what to do")]
    errors: list[FieldProblem] = []
    incident: Annotated[str | None, Field(description="of a fault of the connector itself")] = None
    fetch: Annotated[str | None, Field(description="of `fetch.copy_kept`: the fetch whose copy is kept")] = None


class WorkerOut(Answer):
    """As much of the worker as tells fetches apart."""

    birth_name: str
    birth_given_names: str
    birth_date: str


class PractitionerOut(Answer):
    """In whose name is asked."""

    id: str
    name: str


class ServiceOut(Answer):
    """One service of a fetch and what it answered. `lookup_id` is known to that service too: quote it in a call."""

    member: str
    name: str
    lookup_id: str
    reply: Reply
    text: str
    next: str
    code: Code | None
    detail: str
    last_act_on: DayOut | None
    updated_at: MomentOut | None
    summary: bool | None
    elapsed_ms: int | None
    ask_again_at: MomentOut | None


class NewestOut(Answer):
    """Which announced records are the most recent, and of how many services."""

    members: list[str]
    last_act_on: DayOut | None
    answered: int
    asked: int
    text: str


class ReceiptOut(Answer):
    """The holder's signed answer to the handover, in short."""

    sha256: HashOut
    issuer: str
    issued_at: MomentOut
    leaf_index: int
    ledger: Annotated[str, Field(description="origin of the holder's ledger")]
    ledger_size: int


class FindingOut(Answer):
    """Something in the PDF beside its pages, in how many places, and what this service's policy does about it."""

    kind: FindingKind
    count: int
    handling: Handling
    text: str


class DocumentOut(Answer):
    """The document that arrived. `last_act_on` is its newest health act, `updated_at` when its PDF last changed.

    `size` and `sha256` are of the bytes that arrived and were acknowledged. Where policy changed them, `shown_size` and
    `shown_sha256` are of the copy that is read here.
    """

    member: str
    name: str
    last_act_on: DayOut
    updated_at: MomentOut | None
    arrived_at: MomentOut
    first_opened_at: MomentOut | None
    purge_at: MomentOut
    content_type: str
    size: int
    sha256: HashOut
    shown_size: int | None
    shown_sha256: HashOut | None
    findings: list[FindingOut]
    receipt: ReceiptOut | None


class FetchOut(Answer):
    """A fetch: the errand of one practitioner about one worker over several services."""

    id: str
    state: FetchState
    text: str
    next: str
    code: Code | None
    detail: str
    created_at: MomentOut
    started_at: MomentOut | None
    expires_at: MomentOut
    planned_for: DayOut | None
    lookup_only: bool
    unattended: bool
    practitioner: PractitionerOut
    worker: WorkerOut | None
    services: list[ServiceOut]
    newest: NewestOut
    chosen: str | None
    document: DocumentOut | None
    steps_ms: dict[str, int]
    readers: Annotated[list[str], Field(description="colleagues to whom the document was handed, by PS_IdNat")]


class PreparedOut(Answer):
    """Fetches that wait to be started, the oldest first."""

    items: list[FetchOut]


class FetchPage(Answer):
    """Fetches, newest first. `next` is the cursor of the following page."""

    items: list[FetchOut]
    next: str | None


class EventOut(Answer):
    """The data of one server-sent event; its `id` is `number`, its `event` is `kind`."""

    number: int
    at: MomentOut
    kind: str
    text: str
    next: str
    data: dict[str, Any]


class MemberOut(Answer):
    """A service of the federation."""

    id: str
    name: str
    former_names: list[str]
    towns: list[str]
    departements: list[str]
    status: MemberStatus
    contact: str


class MemberPage(Answer):
    """Services that fit, in the order of their names; `more` when there were more than the limit."""

    items: list[MemberOut]
    more: bool
    directory: Annotated[str, Field(description="version of the member directory")]


class InsOut(Answer):
    """Whether matricule, key and OID may be an INS here; where not, what is wrong, without repeating it."""

    ok: bool
    code: Code | None = None
    field: str = ""
    got: str = ""
    expected: str = ""
    hint: str = ""


class JournalEntryOut(Answer):
    """One entry of a ledger. `personal` is given for a single entry only, and until it is `destroyed` on time."""

    tree: Tree
    index: int
    type: EntryType
    at: MomentOut
    peer: str | None
    outcome: str | None
    reason: str | None
    ref: str
    document_sha256: HashOut | None
    leaf_hash: HashOut
    destroyed: bool
    destroyed_at: MomentOut | None
    destroyed_by: Annotated[
        DestroyedBy | None, Field(description="`retention`: its time was over; `erasure`: two people agreed on it")
    ]
    personal: dict[str, Any] | None = None


class JournalPage(Answer):
    """Entries, newest first. `next` is the cursor of the following page."""

    items: list[JournalEntryOut]
    next: str | None


class TreeReportOut(Answer):
    """What verifying one ledger found."""

    tree: Tree
    origin: str
    size: int
    ok: bool
    faults: list[str]


class JournalReportOut(Answer):
    """What verifying both ledgers found."""

    ok: bool
    trees: list[TreeReportOut]

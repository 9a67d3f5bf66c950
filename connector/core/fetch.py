"""The requester's errand: one practitioner, one worker, at most five services, and what each of them answered.

`most_recent` is the rule of the framework: among the services that answered, the newest health act wins, equal days are
all offered, and the result always says of how many (DESIGN section 2, PROTOCOL section 1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from connector.core.coded import Coded
from connector.core.codes import Code
from connector.core.days import Day
from connector.core.evidence import DocumentDigest
from connector.core.identity import QualifiedIdentity
from connector.core.inspection import Finding
from connector.core.instant import Instant
from connector.core.mandate import FollowUp, Information, Practitioner
from connector.core.members import MemberId
from connector.core.private import Private
from connector.core.states import FetchState

DEFAULT_MAX_SERVICES = 5
HARD_MAX_SERVICES = 20


@dataclass(frozen=True, slots=True)
class PeerAnnouncement:
    """What a holder says it may give: the day of its newest health act, and how to ask for the document."""

    id: str
    last_act_on: Day
    updated_at: Instant
    document_type: Coded
    format_code: str
    content_type: str
    summary: bool = False


class Reply(StrEnum):
    """How one service answered, or did not, in the words of API, events, pages and CLI."""

    PENDING = "pending"
    ANNOUNCED = "announced"
    WITHHELD = "withheld"
    DEFERRED = "deferred"
    COULD_NOT_LOOK = "could-not-look"
    REFUSED = "refused"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    TOO_LATE = "too-late"
    MISBEHAVED = "misbehaved"

    @property
    def is_answer(self) -> bool:
        """Whether the service said what it has to say about this worker."""
        return self in {Reply.ANNOUNCED, Reply.WITHHELD}


@dataclass(frozen=True, slots=True)
class ServiceReply:
    """One service within a fetch. `lookup_id` is shared with that service only.

    `mandate` and `receipt` are the compact forms of the last lookup that was answered: the evidence of that answer. An
    announced reply that bears a `code` is one whose document could not be brought, for the reason in `detail`.
    """

    member: MemberId
    name: str
    lookup_id: str
    reply: Reply = Reply.PENDING
    code: Code | None = None
    detail: str = ""
    announcement: PeerAnnouncement | None = None
    elapsed_ms: int | None = None
    ask_again_at: Instant | None = None
    receipt: bytes | None = None
    mandate: bytes | None = None


@dataclass(frozen=True, slots=True)
class FetchedDocument:
    """The document that arrived and was verified: where it came from and what both ledgers hold of it.

    `digest` is of the bytes that came and were acknowledged. Where policy changed them, `shown` is of the copy that the
    vault holds instead, and `findings` say why.
    """

    vault_id: str
    member: MemberId
    handover_id: str
    digest: DocumentDigest
    last_act_on: Day
    content_type: str
    arrived_at: Instant
    purge_at: Instant
    first_opened_at: Instant | None = None
    holder_receipt: bytes | None = None
    arrived_index: int | None = None
    findings: tuple[Finding, ...] = ()
    shown: DocumentDigest | None = None

    @property
    def given(self) -> DocumentDigest:
        """What whoever reads it here is given: the copy where there is one."""
        return self.shown or self.digest

    def is_named_by(self, sha256: bytes) -> bool:
        """Whether a SHA-256 names this document: that of what is given, or of what came."""
        return sha256 in {self.given.sha256, self.digest.sha256}


@dataclass(frozen=True, slots=True, repr=False)
class Fetch(Private):
    """The whole errand. `lookup_only` stops at choosing; `owner` is the PS_IdNat of the practitioner.

    `expires_at` is when the clock moves it next: one that runs expires, one that can be read or has ended is purged.
    `unattended` lets services that did not answer be asked again in the background. One that is `planned_for` a day
    waits until a professional starts it, to the end of that day at most. `readers` are the colleagues to whom
    its owner handed the document, by PS_IdNat. What somebody else prepared for the owner bears no login of theirs yet.
    While another record is brought over, `comes_back_as` is the state in which the `document` that is here could be
    read, and to which the fetch goes back where the other does not come.
    """

    id: str
    state: FetchState
    created_at: Instant
    expires_at: Instant
    owner: str
    practitioner: Practitioner
    worker: QualifiedIdentity
    information: Information
    follow_up: FollowUp
    follow_up_reason: str
    purpose: Coded
    document_type: Coded
    replies: tuple[ServiceReply, ...]
    requested_by: str
    lookup_only: bool = False
    unattended: bool = False
    chosen: MemberId | None = None
    document: FetchedDocument | None = None
    code: Code | None = None
    detail: str = ""
    started_at: Instant | None = None
    steps_ms: Mapping[str, int] = field(default_factory=dict)
    planned_for: Day | None = None
    readers: tuple[str, ...] = ()
    by_another: bool = False
    comes_back_as: FetchState | None = None

    @property
    def begun_at(self) -> Instant:
        """From when its time counts: from its preparation, or from its start where it was planned for a day."""
        if self.planned_for is None or self.started_at is None:
            return self.created_at
        return self.started_at

    def is_open_to(self, practitioner_id: str) -> bool:
        """Whether a practitioner asked for it, or had its document handed to them."""
        return practitioner_id == self.owner or practitioner_id in self.readers

    def arrived_at_index(self, index: int) -> "Fetch":
        """Give the fetch with its document's place in our own exchange ledger, known only once its entry is there.

        A copy that has its place keeps it: the entry is then about another record, which is not shown.
        """
        if self.state is not FetchState.READY or self.document is None or self.document.arrived_index is not None:
            return self
        return replace(self, document=replace(self.document, arrived_index=index))

    def reply_of(self, member: MemberId) -> ServiceReply | None:
        """Give the reply of one of the services asked."""
        return next((r for r in self.replies if r.member == member), None)


@dataclass(frozen=True, slots=True)
class FetchEvent:
    """One thing that happened to a fetch, for those who follow it. `number` grows by one within the fetch.

    `data` holds member ids, states, codes, sizes and times, never an identity: it may be sent to a browser and logged.
    """

    fetch_id: str
    number: int
    at: Instant
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest announcements, and of how many services they are the newest."""

    offered: tuple[ServiceReply, ...]
    answered: int
    asked: int


def most_recent(replies: Sequence[ServiceReply]) -> Newest:
    """Choose by `last_act_on` over the services that answered; equal days are all offered, in the order asked."""
    announced = [r for r in replies if r.reply is Reply.ANNOUNCED and r.announcement is not None]
    newest = max((r.announcement.last_act_on for r in announced if r.announcement), default=None)
    return Newest(
        offered=tuple(r for r in announced if r.announcement and r.announcement.last_act_on == newest),
        answered=sum(r.reply.is_answer for r in replies),
        asked=len(replies),
    )

"""What callers are answered about evidence and reports of the journal. Reports name people: they are made for that."""

from typing import Annotated

from pydantic import Field

from connector.local.answers import Answer, MomentOut


class WitnessOut(Answer):
    """A member's signed word that it had seen the ledger."""

    witness: str
    at: MomentOut
    size: Annotated[int, Field(description="entries of the ledger when it was seen")]
    line: Annotated[str, Field(description="its C2SP cosignature line")]


class ProofOut(Answer):
    """An entry's place: leaf, path (RFC 6962) up to the root that the checkpoint signs. Verified before it is given."""

    origin: str
    index: int
    type: str
    at: MomentOut
    leaf: str
    path: list[str]
    size: int
    checkpoint: str
    destroyed: bool
    witnesses: list[WitnessOut]


class AccessOut(Answer):
    """One thing that happened with a worker's record."""

    at: MomentOut
    what: str
    who: str
    who_id: str
    service: Annotated[str | None, Field(description="the other service, where there is one")]
    purpose: str | None
    visit: str | None
    basis: Annotated[str | None, Field(description="why the worker is followed: known locally, or declared")]
    reason: str | None
    outcome: str | None
    tree: str
    index: int


class WorkerReportOut(Answer):
    """Who asked for and who read a worker's record, oldest first."""

    made_at: MomentOut
    member: str
    worker: str
    known_as: Annotated[list[str], Field(description="every INS under which entries were looked for")]
    rows: list[AccessOut]


class EntryCountOut(Answer):
    """How many entries there are of one type and outcome."""

    type: str
    outcome: str | None
    count: int


class PeerDocumentOut(Answer):
    """A document that went or came."""

    at: MomentOut
    way: Annotated[str, Field(description="sent or received")]
    handover_id: str
    sha256: str | None
    outcome: str | None
    worker: str | None
    index: int


class PeerPractitionerOut(Answer):
    """A practitioner who asked."""

    id: str
    name: str
    side: Annotated[str, Field(description="ours or theirs")]
    entries: int


class PeerReportOut(Answer):
    """What went to a member and what came from it."""

    member: str
    since: MomentOut
    entries: list[EntryCountOut]
    documents: list[PeerDocumentOut]
    practitioners: list[PeerPractitionerOut]
    workers: Annotated[int, Field(description="how many persons it was about")]
    destroyed: Annotated[int, Field(description="entries whose personal part was destroyed, as planned")]


class PractitionerReviewOut(Answer):
    """What one practitioner did in the month; `marks` say why someone should look."""

    id: str
    name: str
    member: Annotated[str | None, Field(description="the service that asked here; null for our own practitioners")]
    asked: int
    mean_before: Annotated[float, Field(description="own mean of the three months before")]
    misses: int
    refused: int
    opposed: int
    declared: int
    unattended: int
    out_of_hours: int
    repeated: Annotated[int, Field(description="workers asked about on four days or more")]
    brought: int
    unopened: int
    marks: list[str]


class SignatureOut(Answer):
    """Who signed the month off, and when."""

    by: str
    at: MomentOut
    index: Annotated[int, Field(description="of the entry in the house ledger")]


class ReviewOut(Answer):
    """A month's review, those with most marks first."""

    month: str
    practitioners: list[PractitionerReviewOut]
    signed: list[SignatureOut]


class SealOut(Answer):
    """This service's signature over an acceptance report (docs/acceptance.md)."""

    seal: Annotated[str, Field(description="compact JWS, typ acceptance+jwt")]

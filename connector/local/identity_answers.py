"""What callers of the identity desk are answered, as pydantic models like those of `local.answers`."""

from typing import Annotated

from pydantic import Field

from connector.core.identity import IdentityAttribute, IdentityStatus
from connector.core.identity_alerts import AlertKind, AlertState, Meeting
from connector.core.identity_rules import DocumentKind, MoveKind, Nationality
from connector.core.insi import InsiCode, VerificationMethod, VerificationResult
from connector.local.answers import Answer, DayOut, MomentOut


class InsNumberOut(Answer):
    """An INS."""

    matricule: str
    oid: str


class TraitsOut(Answer):
    """The five strict traits."""

    birth_name: str
    birth_given_names: str
    sex: str
    birth_date: str
    birth_place: str


class FoundOut(InsNumberOut, TraitsOut):
    """The identity of an answer 00, every character as INSi wrote it, with its former INS."""

    former: list[InsNumberOut]


class IdentitySearchOut(Answer):
    """INSi's answer: 00 found, 01 none, 02 several. `differing` names traits that the answer does not bear out."""

    code: InsiCode
    at: MomentOut
    message_id: Annotated[str, Field(description="under which INSi and the journal have the call")]
    identity: FoundOut | None
    differing: list[str]
    text: str
    next: str


class IdentityVerifyOut(Answer):
    """What INSi says of an identity; `method` says how: a search is not the operation that CNDA calls verification."""

    result: VerificationResult
    method: VerificationMethod
    at: MomentOut
    verified_on: DayOut | None
    differing: Annotated[list[str], Field(description="names of traits, and ins: never values")]
    text: str
    next: str


class DocumentSeenOut(Answer):
    """A document that was seen."""

    kind: DocumentKind
    nationality: Nationality
    seen_on: DayOut
    further_proof: str


class MoveOut(Answer):
    """One move of an identity, with who decided it and why."""

    kind: MoveKind
    at: MomentOut
    by: str
    reason: str
    before: IdentityStatus
    after: IdentityStatus
    document: DocumentSeenOut | None
    insi_message_id: str


class IdentityOut(Answer):
    """An identity that is kept here, with everything that moved it."""

    id: str
    status: IdentityStatus
    attributes: list[IdentityAttribute]
    ins: InsNumberOut | None
    former: list[InsNumberOut]
    traits: TraitsOut
    verified_on: DayOut | None
    created_at: MomentOut
    by: str
    reason: str
    moves: list[MoveOut]
    text: str
    next: str


class IdentityPage(Answer):
    """Identities that bear an INS; more than one is an error to be put right."""

    items: list[IdentityOut]


class LabelReadOut(InsNumberOut):
    """What a label says: not verified, and of no status; the place where it has one."""

    birth_name: str
    birth_given_names: str
    sex: str
    birth_date: str
    birth_place: str | None


class LabelWriteOut(Answer):
    """The payload of a label; ASCII 29 ends fields of variable length."""

    payload: str


class HandlingOut(Answer):
    """Who did what with an alert."""

    state: AlertState
    by: str
    at: MomentOut
    reason: str


class AlertOut(Answer):
    """An identity alert. `differing` names traits; their values stand in the records of both sides only."""

    id: str
    state: AlertState
    kind: AlertKind
    meeting: Meeting
    ins: InsNumberOut
    other: Annotated[InsNumberOut | None, Field(description="the other side's INS, where it is another")]
    differing: list[str]
    peer: Annotated[str | None, Field(description="the service that asked")]
    ref: Annotated[str, Field(description="the lookup or fetch, as the journal has it")]
    first_at: MomentOut
    last_at: MomentOut
    count: int
    handled: list[HandlingOut]
    text: str
    next: str


class AlertPage(Answer):
    """Alerts, newest first. `next` is the cursor of the following page."""

    items: list[AlertOut]
    next: str | None


class ToQualifyOut(InsNumberOut):
    """A worker of this service whose record could not be given, because the identity is not qualified here."""

    status: IdentityStatus
    confirmed: Annotated[bool, Field(description="whether your software was asked just now")]
    first_at: MomentOut
    last_at: MomentOut
    count: Annotated[int, Field(description="how often other services asked")]
    text: str
    next: str


class ToQualifyPage(Answer):
    """Those asked for most recently first."""

    items: list[ToQualifyOut]

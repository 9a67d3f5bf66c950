"""From identities, alerts and INSi's answers to what callers are answered."""

from collections.abc import Iterable, Sequence

from connector.core.datamatrix import ScannedIdentity
from connector.core.identity_alerts import Alert
from connector.core.identity_rules import DocumentSeen
from connector.core.insi import InsiAnswer, InsiIdentity, Verification
from connector.core.instant import rfc3339
from connector.core.kept_identity import KeptIdentity, KeptMove
from connector.core.matricule import Ins
from connector.core.traits import StrictTraits
from connector.local import identity_words as words
from connector.local.identity_answers import (
    AlertOut,
    DocumentSeenOut,
    FoundOut,
    HandlingOut,
    IdentityOut,
    IdentitySearchOut,
    IdentityVerifyOut,
    InsNumberOut,
    LabelReadOut,
    MoveOut,
    ToQualifyOut,
    TraitsOut,
)
from connector.local.words import Language
from connector.vigilance.alerts import Waiting


def search_out(answer: InsiAnswer, language: Language) -> IdentitySearchOut:
    """Show what a search gave."""
    told = words.of_answer(answer.code, answer.differing, language)
    return IdentitySearchOut(
        code=answer.code,
        at=rfc3339(answer.at),
        message_id=answer.message_id,
        identity=_found(answer.identity) if answer.identity else None,
        differing=list(answer.differing),
        text=told.text,
        next=told.next,
    )


def verify_out(verification: Verification, language: Language) -> IdentityVerifyOut:
    """Show what a verification gave: names of traits, never a value of INSi's."""
    told = words.of_verification(verification.result, verification.differing, language)
    day = verification.answer.day if verification.is_verified and verification.answer else None
    return IdentityVerifyOut(
        result=verification.result,
        method=verification.method,
        at=rfc3339(verification.at),
        verified_on=str(day) if day else None,
        differing=list(verification.differing),
        text=told.text,
        next=told.next,
    )


def identity_out(kept: KeptIdentity, moves: Sequence[KeptMove], language: Language) -> IdentityOut:
    """Show an identity to those who keep it."""
    identity = kept.identity
    told = words.of_status(identity.status, language)
    return IdentityOut(
        id=kept.id,
        status=identity.status,
        attributes=sorted(identity.attributes),
        ins=_number(identity.ins) if identity.ins else None,
        former=_numbers(identity.former),
        traits=_traits(identity.traits),
        verified_on=str(identity.verified_on) if identity.verified_on else None,
        created_at=rfc3339(kept.created_at),
        by=kept.by,
        reason=kept.reason,
        moves=[_move(one) for one in moves],
        text=told.text,
        next=told.next,
    )


def label_out(scanned: ScannedIdentity) -> LabelReadOut:
    """Show what a label says."""
    return LabelReadOut(
        matricule=scanned.ins.matricule.value,
        oid=scanned.ins.oid.value,
        birth_name=scanned.birth_name,
        birth_given_names=" ".join(scanned.given_names),
        sex=scanned.sex.value,
        birth_date=scanned.birth_date.value,
        birth_place=scanned.birth_place,
    )


def alert_out(alert: Alert, language: Language) -> AlertOut:
    """Show an alert to the person who watches over identities."""
    near_miss, told = alert.near_miss, words.of_alert(alert, language)
    return AlertOut(
        id=near_miss.id,
        state=alert.state,
        kind=near_miss.kind,
        meeting=near_miss.meeting,
        ins=_number(near_miss.ins),
        other=_number(near_miss.other) if near_miss.other else None,
        differing=list(near_miss.differing),
        peer=near_miss.peer.value if near_miss.peer else None,
        ref=near_miss.ref,
        first_at=rfc3339(near_miss.at),
        last_at=rfc3339(alert.last_at),
        count=alert.count,
        handled=[HandlingOut(state=h.state, by=h.by, at=rfc3339(h.at), reason=h.reason) for h in alert.handled],
        text=told.text,
        next=told.next,
    )


def to_qualify_out(waiting: Waiting, language: Language) -> ToQualifyOut:
    """Show a worker who waits to be qualified."""
    worker = waiting.worker
    told = words.of_status(worker.status, language, confirmed=waiting.confirmed)
    return ToQualifyOut(
        matricule=worker.ins.matricule.value,
        oid=worker.ins.oid.value,
        status=worker.status,
        confirmed=waiting.confirmed,
        first_at=rfc3339(worker.first_at),
        last_at=rfc3339(worker.last_at),
        count=worker.count,
        text=told.text,
        next=told.next,
    )


def _found(identity: InsiIdentity) -> FoundOut:
    return FoundOut(
        **_number(identity.ins).model_dump(),
        **_traits(identity.traits).model_dump(),
        former=_numbers(identity.former),
    )


def _move(kept: KeptMove) -> MoveOut:
    move = kept.move
    return MoveOut(
        kind=move.kind,
        at=rfc3339(move.at),
        by=move.by,
        reason=move.reason,
        before=move.before.status,
        after=move.after.status,
        document=_document(move.document) if move.document else None,
        insi_message_id=move.insi_message_id,
    )


def _document(document: DocumentSeen) -> DocumentSeenOut:
    return DocumentSeenOut(
        kind=document.kind,
        nationality=document.nationality,
        seen_on=str(document.seen_on),
        further_proof=document.further_proof,
    )


def _traits(traits: StrictTraits) -> TraitsOut:
    return TraitsOut(**traits.to_json())


def _numbers(numbers: Iterable[Ins]) -> list[InsNumberOut]:
    return [_number(ins) for ins in numbers]


def _number(ins: Ins) -> InsNumberOut:
    return InsNumberOut(matricule=ins.matricule.value, oid=ins.oid.value)

"""How the status of an identity moves, on what evidence, and who said so (RNIV; reference/ins.md 3.1 to 3.3).

    PROV --INSi 00, accepted--> RECUP --document of high trust--> QUAL
    PROV --document of high trust--> VALI --INSi 00 with the same traits--> QUAL
    any  --a strict trait changes, *douteux*, *fictif*, or a person's decision--> PROV, its INS given up

There is no other way to *qualified*: each half needs evidence of its own. Every move is a value that names the person,
the reason and the evidence, for whoever keeps it; nothing here keeps or asks anything. An identity read from the
application carte Vitale counts as qualified without a call (RNIV 4.3.4): there is no reader for one here, so that way
does not exist.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from connector.core.codes import Code
from connector.core.days import BirthDate, Day
from connector.core.errors import LocalRefused
from connector.core.identity import IdentityAttribute, IdentityStatus, LocalIdentity
from connector.core.insi import InsiAnswer, Verification, no_identity, traits_comparison
from connector.core.instant import Instant, day_in_france
from connector.core.matricule import Ins
from connector.core.private import Private
from connector.core.traits import StrictTraits

MAX_REASON_LENGTH = 500
_S = IdentityStatus
_FORBID_CALLS = frozenset({IdentityAttribute.DOUTEUX, IdentityAttribute.FICTIF})
_ADULT = 18


class DocumentKind(StrEnum):
    """Documents of high trust, by the codes of FR Core's validation mode (ins.md 7.1).

    A driving licence is none. `LEP`, `LECV`, `ANCV` and `CC` stand in that value set too; their meaning could not be
    read, so they are not accepted.
    """

    IDENTITY_CARD = "CN"
    PASSPORT = "PA"
    RESIDENCE_PERMIT = "CS"
    ELECTRONIC_IDENTITY_CARD = "eCN"
    LA_POSTE = "IN"
    APCV = "AV"
    BIRTH_RECORD = "AN"
    FAMILY_RECORD_BOOK = "LE"


class Nationality(StrEnum):
    """What the list of documents depends on (RNIV 3.3.2, EXI ID 19; ins.md 3.3 [B])."""

    FRENCH = "french"
    EUROPEAN = "european"
    OTHER = "other"


_ELECTRONIC = frozenset({DocumentKind.ELECTRONIC_IDENTITY_CARD, DocumentKind.LA_POSTE, DocumentKind.APCV})
_FOR_MINORS = frozenset({DocumentKind.BIRTH_RECORD, DocumentKind.FAMILY_RECORD_BOOK})
_ACCEPTED = {
    Nationality.FRENCH: frozenset({DocumentKind.IDENTITY_CARD, DocumentKind.PASSPORT}),
    Nationality.EUROPEAN: frozenset({DocumentKind.PASSPORT, DocumentKind.RESIDENCE_PERMIT, DocumentKind.IDENTITY_CARD}),
    Nationality.OTHER: frozenset({DocumentKind.PASSPORT, DocumentKind.RESIDENCE_PERMIT}),
}


@dataclass(frozen=True, slots=True)
class DocumentSeen:
    """A document that a person of this house saw: kind and day are recorded (EXI SI 10 and 23), no number or image.

    `nationality` is the holder's (European: EU, EEA, Switzerland, United Kingdom). `further_proof` says what was seen
    beside a birth record or a *livret de famille*, which are for minors only and never enough alone.
    """

    kind: DocumentKind
    nationality: Nationality
    seen_on: Day
    further_proof: str = ""


class MoveKind(StrEnum):
    """What moved a status; the word in API, CLI and journal."""

    RECOVERED = "recovered"
    VALIDATED = "validated"
    VERIFIED = "verified"
    MATRICULE_REFRESHED = "matricule-refreshed"
    TRAITS_CHANGED = "traits-changed"
    MARKED = "marked"
    UNMARKED = "unmarked"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, repr=False)
class StatusMove(Private):
    """One move: what it was and is, who decided it and why, and the evidence. `given_up` is an INS no longer borne."""

    kind: MoveKind
    before: LocalIdentity
    after: LocalIdentity
    by: str
    reason: str
    at: Instant
    document: DocumentSeen | None = None
    insi_message_id: str = ""
    given_up: Ins | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Decision(Private):
    """The person who decides a move, when, and the reason in words."""

    by: str
    reason: str
    at: Instant

    def __post_init__(self) -> None:
        for name, text in (("by", self.by), ("reason", self.reason)):
            if not text.strip() or len(text) > MAX_REASON_LENGTH:
                raise LocalRefused(
                    f"{name}: got {len(text)} characters, expected 1 to {MAX_REASON_LENGTH}",
                    code=Code.IDENTITY_STATUS,
                    hint="a change of status is kept with the person and the reason",
                    field=name,
                )


def check_call_allowed(attributes: frozenset[IdentityAttribute]) -> None:
    """Refuse a call of INSi about an identity that is *douteux* or *fictif* (EXI ID 24 and 26).

    Raises:
        LocalRefused: `identity.call_forbidden`.
    """
    if attributes & _FORBID_CALLS:
        raise LocalRefused(
            "identity: it is marked doubtful or fictitious, for which INSi may not be asked",
            code=Code.IDENTITY_CALL_FORBIDDEN,
            hint="settle the identity with a document first, then remove the mark",
            field="attributes",
        )


def recover(
    held: LocalIdentity, answer: InsiAnswer, decision: Decision, *, accepting: tuple[str, ...] = ()
) -> StatusMove:
    """Take over what INSi found: PROV becomes RECUP, VALI becomes QUAL; the traits become INSi's, unchanged.

    `accepting` names exactly the traits that differ from those held and that the person accepts, so that none changes
    unseen. A validated identity accepts none: its document spoke of the traits held.

    Raises:
        LocalRefused: `identity.call_forbidden`; `insi.none`, `insi.several`, the answer has no identity;
            `identity.evidence`, it differs in other traits than those accepted; `identity.status`, from another status.
    """
    check_call_allowed(held.attributes)
    found = answer.identity
    if found is None:
        raise no_identity(answer.code)
    after = {_S.PROV: _S.RECUP, _S.VALI: _S.QUAL}.get(held.status)
    if after is None:
        raise _no_move(held.status, "recovered", "it already bears INSi's traits: verify it instead")
    comparison = traits_comparison(held.traits, found)
    differing = () if comparison.is_same_person else comparison.differing
    if differing and held.status is _S.VALI:
        raise _no_evidence(
            f"INSi differs in {_listed(differing)} from what the document proved",
            "see the document again and correct the traits: the identity becomes provisional, then recover it",
        )
    if set(differing) != set(accepting):
        raise _no_evidence(
            f"INSi differs in {_listed(differing)}, accepted was {_listed(accepting)}",
            "compare each of these traits with the person, then accept exactly those",
        )
    identity = replace(
        held, ins=found.ins, traits=found.traits, status=after, former=found.former, verified_on=answer.day
    )
    return _moved(MoveKind.RECOVERED, held, identity, decision, insi_message_id=answer.message_id)


def validate(held: LocalIdentity, document: DocumentSeen, decision: Decision) -> StatusMove:
    """Say that the traits held were checked against a document of high trust: PROV becomes VALI, RECUP becomes QUAL.

    Raises:
        LocalRefused: `identity.evidence`, the document does not prove an identity of this person, or is of tomorrow;
            `identity.status`, already validated, or *douteux* or *fictif*.
    """
    if held.attributes & _FORBID_CALLS:
        raise _no_move(held.status, "validated", "remove the mark douteux or fictif first")
    after = {_S.PROV: _S.VALI, _S.RECUP: _S.QUAL}.get(held.status)
    if after is None:
        raise _no_move(held.status, "validated", "a document was seen already")
    _check_document(document, held.traits.birth_date, decision.at)
    return _moved(MoveKind.VALIDATED, held, replace(held, status=after), decision, document=document)


def confirm(held: LocalIdentity, verification: Verification, decision: Decision) -> StatusMove:
    """Renew the day of verification of an identity that INSi bears out. Its status stays.

    Raises:
        LocalRefused: `identity.evidence`, not verified; `identity.status`, the identity bears no INS.
    """
    if not held.status.has_ins:
        raise _no_move(held.status, "verified", "recover it from INSi first")
    if not verification.is_verified or verification.answer is None or verification.answer.identity is None:
        raise _no_evidence(f"INSi's result is {verification.result}", "settle the difference first")
    identity = verification.answer.identity
    if identity.ins != held.ins or not traits_comparison(held.traits, identity).is_same_person:
        raise _no_evidence("the verification is of another identity", "verify this one")
    after = replace(held, former=identity.former, verified_on=verification.answer.day)
    return _moved(MoveKind.VERIFIED, held, after, decision, insi_message_id=verification.answer.message_id)


def refresh_matricule(held: LocalIdentity, answer: InsiAnswer, decision: Decision) -> StatusMove:
    """Take the matricule that replaced the one held: INSi names the old one as history, all traits being the same.

    Raises:
        LocalRefused: `identity.evidence`, anything else differs or the history does not name it; `identity.status`,
            the identity bears no INS.
    """
    check_call_allowed(held.attributes)
    if held.ins is None:
        raise _no_move(held.status, "given another matricule", "recover it from INSi first")
    found = answer.identity
    if found is None or found.ins == held.ins or held.ins not in found.former:
        raise _no_evidence("INSi does not name the matricule held as a former one", "treat it as another identity")
    comparison = traits_comparison(held.traits, found)
    if not comparison.is_same_person:
        raise _no_evidence(
            f"with the matricule {_listed(comparison.differing)} changed", "correct the traits: it becomes provisional"
        )
    after = replace(held, ins=found.ins, traits=found.traits, former=found.former, verified_on=answer.day)
    return _moved(
        MoveKind.MATRICULE_REFRESHED, held, after, decision, insi_message_id=answer.message_id, given_up=held.ins
    )


def change_traits(held: LocalIdentity, traits: StrictTraits, decision: Decision) -> StatusMove:
    """Correct a strict trait: whatever the status was, the identity is provisional again and gives up its INS.

    Raises:
        LocalRefused: `identity.status`, nothing changes.
    """
    if traits == held.traits:
        raise _no_move(held.status, "changed", "the traits are those held")
    return _provisional(MoveKind.TRAITS_CHANGED, held=held, decision=decision, traits=traits)


def withdraw(held: LocalIdentity, decision: Decision) -> StatusMove:
    """Make an identity provisional again because a person no longer relies on it.

    Raises:
        LocalRefused: `identity.status`, it is.
    """
    if held.status is _S.PROV:
        raise _no_move(held.status, "withdrawn", "it is provisional")
    return _provisional(MoveKind.WITHDRAWN, held=held, decision=decision)


def mark(held: LocalIdentity, attribute: IdentityAttribute, decision: Decision) -> StatusMove:
    """Set an attribute: *douteux* and *fictif* make the identity provisional and give up its INS (EXI ID 26).

    Raises:
        LocalRefused: `identity.status`, it has it, or it excludes one that is set (only *douteux* and *homonyme* go
            together).
    """
    if attribute in held.attributes:
        raise _no_move(held.status, f"marked {attribute}", "it is")
    attributes = held.attributes | {attribute}
    if IdentityAttribute.FICTIF in attributes and len(attributes) > 1:
        raise _no_move(held.status, f"marked {attribute}", "fictif stands alone: remove the other mark first")
    if attribute in _FORBID_CALLS:
        return _provisional(MoveKind.MARKED, held=held, decision=decision, attributes=attributes)
    return _moved(MoveKind.MARKED, held, replace(held, attributes=attributes), decision)


def unmark(held: LocalIdentity, attribute: IdentityAttribute, decision: Decision) -> StatusMove:
    """Remove an attribute; the status stays, so what was invalidated has to be obtained again.

    Raises:
        LocalRefused: `identity.status`, it has not got it.
    """
    if attribute not in held.attributes:
        raise _no_move(held.status, f"unmarked {attribute}", "it is not marked so")
    return _moved(MoveKind.UNMARKED, held, replace(held, attributes=held.attributes - {attribute}), decision)


def _check_document(document: DocumentSeen, birth_date: BirthDate, at: Instant) -> None:
    today = Day.parse(day_in_france(at))
    if document.seen_on > today:
        raise _no_evidence("the document was seen on a day to come", "enter the day on which it was seen")
    if document.kind in _FOR_MINORS:
        if _age(birth_date, document.seen_on) >= _ADULT:
            raise _no_evidence(
                f"{document.kind} proves the identity of minors only", "see an identity card, passport or permit"
            )
        if not document.further_proof.strip():
            raise _no_evidence(f"{document.kind} is not enough alone", "say which further proof was seen")
    elif document.kind not in _ELECTRONIC | _ACCEPTED[document.nationality]:
        accepted = ", ".join(sorted(_ELECTRONIC | _ACCEPTED[document.nationality]))
        raise _no_evidence(
            f"{document.kind} is no document of high trust for a holder who is {document.nationality}",
            f"accepted are {accepted}",
        )


def _age(birth_date: BirthDate, on: Day) -> int:
    born = date.fromisoformat(birth_date.resolved().value)
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _provisional(
    kind: MoveKind,
    *,
    held: LocalIdentity,
    decision: Decision,
    traits: StrictTraits | None = None,
    attributes: frozenset[IdentityAttribute] | None = None,
) -> StatusMove:
    after = LocalIdentity(
        ins=None,
        traits=held.traits if traits is None else traits,
        status=_S.PROV,
        attributes=held.attributes if attributes is None else attributes,
    )
    return _moved(kind, held, after, decision, given_up=held.ins)


def _moved(
    kind: MoveKind,
    before: LocalIdentity,
    after: LocalIdentity,
    decision: Decision,
    *,
    document: DocumentSeen | None = None,
    insi_message_id: str = "",
    given_up: Ins | None = None,
) -> StatusMove:
    return StatusMove(
        kind=kind,
        before=before,
        after=after,
        by=decision.by,
        reason=decision.reason,
        at=decision.at,
        document=document,
        insi_message_id=insi_message_id,
        given_up=given_up,
    )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(name.replace("_", " ") for name in names) or "nothing"


def _no_evidence(got: str, hint: str) -> LocalRefused:
    return LocalRefused(f"identity: {got}", code=Code.IDENTITY_EVIDENCE, hint=hint, field="evidence")


def _no_move(status: IdentityStatus, move: str, hint: str) -> LocalRefused:
    return LocalRefused(
        f"identity: its status is {status}, from which it cannot be {move}",
        code=Code.IDENTITY_STATUS,
        hint=hint,
        field="status",
    )

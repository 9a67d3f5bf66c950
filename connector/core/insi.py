"""What is asked of INSi, the national identity service, and what it answers, as values (reference/ins.md 4).

How a call is made is `connector.insi`'s, what an answer does to an identity is `core.identity_rules`. "None found" and
"several found" are answers, not errors; an answer that cannot be relied on is an `InsiFault` and never becomes one of
these values. The answer's bytes are kept as they came (EXI REC 07 and 08, ins.md 2.4 [B]).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from connector.core.codes import Code
from connector.core.days import BirthDate, Day
from connector.core.errors import IdentityFault, LocalRefused
from connector.core.identity import Agreement, Comparison, IdentityStatus, LocalIdentity, QualifiedIdentity, compare
from connector.core.instant import Instant, day_in_france
from connector.core.matricule import Ins, Matricule
from connector.core.private import Private, shape_of
from connector.core.spelling import check_birth_name, check_given_names, normalise
from connector.core.traits import Sex, StrictTraits

UNKNOWN_PLACE = "99999"
"""The local code of a birth place that is not known (ins.md 2.1): it says nothing, so it is not searched with."""

_COG = re.compile(r"[0-9A-Z]{5}")


class InsiOperation(StrEnum):
    """The two operations of the public WSDL (ins.md 4.2), by our words: WS_INS2 and WS_INS1."""

    TRAITS = "traits"
    VITALE = "vitale"


class InsiCode(StrEnum):
    """`CodeCR` (ins.md 4.5)."""

    FOUND = "00"
    NONE = "01"
    SEVERAL = "02"


@dataclass(frozen=True, slots=True, repr=False)
class SearchTraits(Private):
    """What a search by traits is made with: all that is known, in INSi's spelling; how it is tried is `connector.insi`.

    `given_names` in their order; `birth_place` is a COG code, or None where it is not known.
    """

    birth_name: str
    given_names: tuple[str, ...]
    sex: Sex
    birth_date: BirthDate
    birth_place: str | None = None

    def __post_init__(self) -> None:
        check_birth_name(self.birth_name)
        check_given_names(self.given_names)
        if self.sex is Sex.INDETERMINATE:
            raise _unusable("sex", "the local value I", "M or F: INSi knows no other")
        if self.birth_place is not None and not _COG.fullmatch(self.birth_place):
            raise _unusable("birth place", shape_of(self.birth_place), "a COG code: 5 digits or capitals")

    @classmethod
    def parse(
        cls, *, birth_name: str, given_names: str, sex: str, birth_date: str, birth_place: str | None = None
    ) -> Self:
        """Read the traits as text, given names separated by spaces, and spell them as INSi does.

        Raises:
            IdentityFault: `identity.malformed`, with the trait in `field`.
        """
        place = (birth_place or "").strip(" ").upper()
        return cls(
            birth_name=normalise(birth_name, field="birth name"),
            given_names=tuple(normalise(given_names, field="birth given names").split(" ")),
            sex=Sex.parse(sex),
            birth_date=BirthDate.parse(birth_date),
            birth_place=None if place in {"", UNKNOWN_PLACE} else place,
        )

    @classmethod
    def of(cls, traits: StrictTraits) -> Self:
        """Take the five strict traits of an identity.

        Raises:
            IdentityFault: `identity.malformed`, the local value I as sex.
        """
        place = None if traits.birth_place == UNKNOWN_PLACE else traits.birth_place
        return cls(traits.birth_name, traits.birth_given_names, traits.sex, traits.birth_date, place)


@dataclass(frozen=True, slots=True, repr=False)
class VitaleCard(Private):
    """What a Vitale card says of one person: the insured's number, the person's own where it has one, date and rank.

    `insured` is the number of the *ouvrant droit*, often a parent's: it is no INS of the person. The date may be lunar.
    """

    insured: Matricule
    birth_date: BirthDate
    rank: int = 1
    individual: Matricule | None = None
    birth_name: str | None = None

    def __post_init__(self) -> None:
        if self.birth_name is not None:
            check_birth_name(self.birth_name)
        if not 1 <= self.rank <= 9:
            raise _unusable("birth rank", "another number", "1 to 9")

    def to_json(self) -> dict[str, str]:
        """Give what was searched with, for the personal part of a ledger entry."""
        known = {"individual": self.individual.value if self.individual else "", "birth_name": self.birth_name or ""}
        return {
            "insured": self.insured.value,
            "birth_date": self.birth_date.value,
            "rank": str(self.rank),
            **{name: value for name, value in known.items() if value},
        }


@dataclass(frozen=True, slots=True, repr=False)
class InsiIdentity(Private):
    """The identity of an answer 00, every character as INSi wrote it.

    `former` is INSHISTO as sent, which may repeat the active INS; entries whose key or OID is wrong are left out of it
    and counted in `unreadable_former`: history only ever raises an alert, it qualifies nothing.
    """

    ins: Ins
    traits: StrictTraits
    former: tuple[Ins, ...] = ()
    unreadable_former: int = 0

    def as_local(self) -> LocalIdentity:
        """Give it as the side that holds the history, for `core.identity.compare`; its status here means nothing."""
        return LocalIdentity(self.ins, self.traits, IdentityStatus.QUAL, former=self.former)


@dataclass(frozen=True, slots=True, repr=False)
class InsiAnswer(Private):
    """One answer of INSi that was read whole and found coherent.

    `identity` is there for 00 alone. `differing` names the traits of the question that the answer does not bear out
    (never the birth name, sex or date: that would be another person, and a fault). `raw` is the HTTP body as it came.
    """

    operation: InsiOperation
    code: InsiCode
    at: Instant
    message_id: str
    raw: bytes
    identity: InsiIdentity | None = None
    differing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.code is InsiCode.FOUND) != (self.identity is not None):
            msg = "an answer 00 has an identity, 01 and 02 have none"
            raise ValueError(msg)

    @property
    def day(self) -> Day:
        """The day of the answer in France: what `verified_on` holds."""
        return Day.parse(day_in_france(self.at))


class VerificationMethod(StrEnum):
    """How an identity was verified. The public WSDL has no verification operation, so today it is always `search`.

    A search gives the same evidence, and is not the operation that CNDA authorises as verification (ins.md 4.6).
    """

    SEARCH = "search"
    VERIFICATION = "verification"


class VerificationResult(StrEnum):
    """What became of it."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_FOUND = "not-found"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Verification:
    """One identity held against INSi. It names traits, never their values; `ins` among them is the identifier.

    `agreement` is `core.identity.compare`'s word where INSi found one identity: it tells a changed matricule from
    another one. `is_verified` is the only thing that may refresh a date of verification. `is_kept` says that INSi's
    answer is one that was kept, to an earlier question.
    """

    method: VerificationMethod
    result: VerificationResult
    at: Instant
    differing: tuple[str, ...] = ()
    agreement: Agreement | None = None
    answer: InsiAnswer | None = None
    is_kept: bool = False

    @property
    def is_verified(self) -> bool:
        """Whether INSi bears the identity out."""
        return self.result is VerificationResult.AGREES


@dataclass(frozen=True, slots=True, repr=False)
class InsiCaller(Private):
    """Who has a call made, for the journal: a person's id in this house (or the program's name), and what for."""

    who: str
    purpose: str
    attended: bool = True

    def to_json(self) -> dict[str, str | bool]:
        """Give the personal part of a ledger entry."""
        return {"who": self.who, "purpose": self.purpose, "attended": self.attended}


def verification_of(
    asked: QualifiedIdentity, answer: InsiAnswer, method: VerificationMethod = VerificationMethod.SEARCH
) -> Verification:
    """Hold an identity against INSi's answer: 00, the same INS and the same traits, or it is not verified.

    Spelling and a shorter list of given names are told by `agreement` and still agree (DESIGN section 4).
    """
    if answer.identity is None:
        result = VerificationResult.NOT_FOUND if answer.code is InsiCode.NONE else VerificationResult.SEVERAL
        return Verification(method, result, answer.at, answer=answer)
    comparison = compare(asked, answer.identity.as_local())
    if comparison.is_same_person:
        return Verification(
            method, VerificationResult.AGREES, answer.at, comparison.differing, comparison.agreement, answer
        )
    ins = () if asked.ins == answer.identity.ins else ("ins",)
    return Verification(
        method, VerificationResult.DIFFERS, answer.at, (*ins, *comparison.differing), comparison.agreement, answer
    )


def check_verified(verification: Verification) -> InsiAnswer:
    """Give the answer that bears an identity out.

    Raises:
        LocalRefused: `identity.discrepancy`, INSi has it otherwise, with the names of what differs; `insi.none`,
            `insi.several`.
    """
    answer = verification.answer
    if verification.result is VerificationResult.NOT_FOUND:
        raise no_identity(InsiCode.NONE)
    if verification.result is VerificationResult.SEVERAL:
        raise no_identity(InsiCode.SEVERAL)
    if not verification.is_verified or answer is None:
        named = ", ".join(name.replace("_", " ") for name in verification.differing) or "the INS"
        raise LocalRefused(
            f"worker identity: INSi has it otherwise, what differs is: {named}",
            code=Code.IDENTITY_DISCREPANCY,
            hint="compare these with an identity document, correct, then verify again",
            field="worker",
        )
    return answer


def no_identity(code: InsiCode) -> LocalRefused:
    """Give the error of a search that found nobody, or several: what the person at the desk can do is said with it."""
    several = code is InsiCode.SEVERAL
    advice = ADVICE[InsiCode.SEVERAL if several else InsiCode.NONE]
    ours = Code.INSI_SEVERAL if several else Code.INSI_NONE
    return LocalRefused(advice.reason, code=ours, hint=advice.next_step, field="worker")


def traits_comparison(held: StrictTraits, found: InsiIdentity) -> Comparison:
    """Compare traits that bear no INS yet with those INSi found; a local sex I differs from any.

    The agreement is one of `SAME`, `SPELLING_DIFFERS`, `GIVEN_NAMES_SHORTER`, `TRAIT_DIFFERS`.
    """
    if held.sex is not Sex.INDETERMINATE:
        return compare(QualifiedIdentity(found.ins, held), found.as_local())
    others = compare(QualifiedIdentity(found.ins, replace(held, sex=found.traits.sex)), found.as_local())
    differing = () if others.is_same_person else others.differing
    return Comparison(Agreement.TRAIT_DIFFERS, (*differing, "sex"))


@dataclass(frozen=True, slots=True)
class Advice:
    """Why an identity could not be obtained and what a person can do next: never a search by name at a peer."""

    reason: str
    next_step: str


ADVICE: Mapping[InsiCode, Advice] = {
    InsiCode.NONE: Advice(
        "INSi knows nobody with these traits",
        "compare birth name, given names, sex, date and place with an identity document: the used name is not the "
        "birth name; correct the trait, then search again; until then the identity stays provisional",
    ),
    InsiCode.SEVERAL: Advice(
        "INSi knows several persons with these traits",
        "add all given names and the birth place of the identity document, then search again; do not choose by guess",
    ),
}
"""For answers without an identity (ins.md 4.4, [B]); a fault has its own words in its message and hint."""


def _unusable(field: str, got: str, expected: str) -> IdentityFault:
    return IdentityFault(Code.IDENTITY_MALFORMED, field=field, got=got, expected=expected)

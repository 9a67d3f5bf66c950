"""Identities as a member holds them and as one is asked for, and when two of them are one person.

Statuses and attributes: RNIV (reference/ins.md 3.1 [A], 3.2 [B]). `compare` follows DESIGN section 4 and ins.md 2.4,
*our rule*, stated as ours: no text of the RNIV on comparing between two identification domains could be opened. There
is no phonetic or fuzzy match. How an identity is obtained or verified is `connector.insi`'s; whether its verification
is recent enough, and what an alert becomes, are decisions of the rooms above.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum

from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import IdentityFault
from connector.core.matricule import Ins
from connector.core.private import Private
from connector.core.slots import set_by_slot
from connector.core.spelling import fold
from connector.core.traits import Sex, StrictTraits


class IdentityStatus(StrEnum):
    """EXI SI 07, mutually exclusive: *provisoire, récupérée, validée, qualifiée*."""

    PROV = "PROV"
    RECUP = "RECUP"
    VALI = "VALI"
    QUAL = "QUAL"

    @property
    def has_ins(self) -> bool:
        """Whether an identity of this status carries an INS: recovered and qualified ones do, the others may not."""
        return self in {IdentityStatus.RECUP, IdentityStatus.QUAL}


class IdentityAttribute(StrEnum):
    """EXI SI 09; the French words of the RNIV."""

    HOMONYME = "homonyme"
    DOUTEUX = "douteux"
    FICTIF = "fictif"


_ALLOWED_TOGETHER = frozenset({IdentityAttribute.DOUTEUX, IdentityAttribute.HOMONYME})
_PROVISIONAL_ONLY = frozenset({IdentityAttribute.DOUTEUX, IdentityAttribute.FICTIF})


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class QualifiedIdentity(Private):
    """INS and traits of a worker, qualified by whoever states them: the only identity that may travel.

    `verified_on` is the day of INSi's answer where it is known; a mandate does not carry it.
    """

    ins: Ins
    traits: StrictTraits
    verified_on: Day | None = None

    def __post_init__(self) -> None:
        if self.traits.sex is Sex.INDETERMINATE:
            raise _not_qualified("the local value I as sex", "M or F, as INSi returns it")


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class LocalIdentity(Private):
    """A worker's identity in one member's own software.

    `former` are the INS that INSi gave as history, in any order; it may repeat the active one. `verified_on` is the
    day of INSi's answer, None where the vendor does not keep it.
    """

    ins: Ins | None
    traits: StrictTraits
    status: IdentityStatus
    attributes: frozenset[IdentityAttribute] = frozenset()
    former: tuple[Ins, ...] = ()
    verified_on: Day | None = None

    def __post_init__(self) -> None:
        if self.status.has_ins != (self.ins is not None):
            got = "no INS" if self.ins is None else "an INS"
            raise _contradiction(
                f"status {self.status} with {got}", "RECUP and QUAL with an INS, PROV and VALI without"
            )
        if len(self.attributes) > 1 and self.attributes != _ALLOWED_TOGETHER:
            raise _contradiction("attributes that exclude each other", "one attribute, or douteux with homonyme")
        if self.attributes & _PROVISIONAL_ONLY and self.status is not IdentityStatus.PROV:
            raise _contradiction(f"status {self.status} and douteux or fictif", "PROV, the INS being invalidated")

    @property
    def is_qualified(self) -> bool:
        """Whether the matricule may be sent out (EXI SI 08)."""
        return self.status is IdentityStatus.QUAL

    def qualified(self) -> QualifiedIdentity:
        """Give what may travel.

        Raises:
            IdentityFault: `identity.not_qualified`: another status, or a sex that INSi never returns.
        """
        if self.ins is None or not self.is_qualified:
            raise _not_qualified(f"status {self.status}", "QUAL")
        return QualifiedIdentity(self.ins, self.traits, self.verified_on)


class Agreement(Enum):
    """How two identities stand to each other; the first three are the same person."""

    SAME = "same"
    SPELLING_DIFFERS = "spelling_differs"
    GIVEN_NAMES_SHORTER = "given_names_shorter"
    TRAIT_DIFFERS = "trait_differs"
    INS_DIFFERS = "ins_differs"
    MATRICULE_CHANGED = "matricule_changed"


_SAME_PERSON = frozenset({Agreement.SAME, Agreement.SPELLING_DIFFERS, Agreement.GIVEN_NAMES_SHORTER})


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of `compare`: the agreement, and the names (never the values) of the traits concerned.

    For the same person these are the traits written in two ways; else those that differ beyond spelling, which may be
    none where only the INS differs.
    """

    agreement: Agreement
    differing: tuple[str, ...] = ()

    @property
    def is_same_person(self) -> bool:
        """Whether anything may pass between the two on the ground of identity. Status is asked elsewhere."""
        return self.agreement in _SAME_PERSON


_SAME = Comparison(Agreement.SAME)


class _Likeness(IntEnum):
    """How alike one trait is on both sides, the worst last."""

    EQUAL = 0
    SPELLING = 1
    SHORTER = 2
    DIFFERENT = 3


_OF_ONE_INS = {
    _Likeness.EQUAL: Agreement.SAME,
    _Likeness.SPELLING: Agreement.SPELLING_DIFFERS,
    _Likeness.SHORTER: Agreement.GIVEN_NAMES_SHORTER,
    _Likeness.DIFFERENT: Agreement.TRAIT_DIFFERS,
}


def compare(asked: QualifiedIdentity, local: LocalIdentity) -> Comparison:
    """Compare an identity that was stated with one that is held here. Our rule (ins.md 2.4, DESIGN section 4).

    With one INS: equal traits are the same person; so are traits equal once folded (hyphen, apostrophe and space are
    one) and once lunar dates are resolved, and given names of which the shorter list opens the longer word by word; any
    other difference is an identity alert. With two: that the INS asked for is a former one here means that the
    matricule changed, else these are two INS; both are alerts, whatever the traits say. Only the local side has a
    history, so the member whose history names the other's INS is the one that sees a change.

    The local status is not looked at: whether it is qualified is a question of its own.
    """
    if asked.traits == local.traits and local.ins == asked.ins:
        return _SAME
    likeness = _likeness_of_traits(asked.traits, local.traits)
    worst = max(likeness.values())
    if local.ins == asked.ins:
        floor = worst if worst is _Likeness.DIFFERENT else _Likeness.SPELLING
        return Comparison(_OF_ONE_INS[worst], _traits_at_least(floor, likeness))
    agreement = Agreement.MATRICULE_CHANGED if asked.ins in local.former else Agreement.INS_DIFFERS
    return Comparison(agreement, _traits_at_least(_Likeness.DIFFERENT, likeness))


def _traits_at_least(floor: _Likeness, likeness: dict[str, _Likeness]) -> tuple[str, ...]:
    return tuple(name for name, how in likeness.items() if how >= floor)


def _likeness_of_traits(one: StrictTraits, other: StrictTraits) -> dict[str, _Likeness]:
    return {
        "birth_name": _likeness(one.birth_name, other.birth_name, fold(one.birth_name), fold(other.birth_name)),
        "birth_given_names": _likeness_of_lists(one.birth_given_names, other.birth_given_names),
        "sex": _likeness(one.sex, other.sex, one.sex, other.sex),
        "birth_date": _likeness(
            one.birth_date, other.birth_date, one.birth_date.resolved(), other.birth_date.resolved()
        ),
        "birth_place": _likeness(one.birth_place, other.birth_place, one.birth_place, other.birth_place),
    }


def _likeness(one: object, other: object, one_folded: object, other_folded: object) -> _Likeness:
    if one == other:
        return _Likeness.EQUAL
    return _Likeness.SPELLING if one_folded == other_folded else _Likeness.DIFFERENT


def _likeness_of_lists(one: tuple[str, ...], other: tuple[str, ...]) -> _Likeness:
    if one == other:
        return _Likeness.EQUAL
    shorter, longer = sorted((fold(" ".join(one)).split(), fold(" ".join(other)).split()), key=len)
    if shorter == longer:
        return _Likeness.SPELLING
    return _Likeness.SHORTER if longer[: len(shorter)] == shorter else _Likeness.DIFFERENT


def _contradiction(got: str, expected: str) -> IdentityFault:
    return IdentityFault(Code.IDENTITY_MALFORMED, field="identity", got=got, expected=expected)


def _not_qualified(got: str, expected: str) -> IdentityFault:
    return IdentityFault(
        Code.IDENTITY_NOT_QUALIFIED,
        field="identity",
        got=got,
        expected=expected,
        hint="qualify it in the software that holds it: INSi's traits, and a document of high trust",
    )

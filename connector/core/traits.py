"""The five strict traits that, with the INS, make an identity (reference/ins.md 2.1).

They are kept in INSi's spelling (`core.spelling`). Complementary traits, the used name above all, have no place here:
they never decide an identity. Comparing is `core.identity`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from connector.core.codes import Code
from connector.core.days import BirthDate
from connector.core.errors import IdentityFault
from connector.core.private import Private, shape_of
from connector.core.slots import set_by_slot
from connector.core.spelling import check_birth_name, check_given_names, normalise

TRAIT_NAMES = ("birth_name", "birth_given_names", "sex", "birth_date", "birth_place")
"""Keys of the JSON form, fields of `StrictTraits`, and the words by which a difference is told."""

_COG = re.compile(r"[0-9A-Z]{5}")


class Sex(StrEnum):
    """INSi returns M or F only (EF_INS25_04); I is a local value."""

    MALE = "M"
    FEMALE = "F"
    INDETERMINATE = "I"

    @classmethod
    def parse(cls, text: str) -> "Sex":
        """Read M, F or I, in either case.

        Raises:
            IdentityFault: `identity.malformed`.
        """
        sex = _SEXES.get(text.strip(" ").upper() if text.isascii() else text)
        if sex is None:
            raise IdentityFault(Code.IDENTITY_MALFORMED, field="sex", got=shape_of(text), expected="M, F, or locally I")
        return sex


_SEXES = {sex.value: sex for sex in Sex}


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class StrictTraits(Private):
    """Birth name, birth given names in their order, sex, birth date (may be lunar), birth place.

    The birth place is a COG code of five characters, a commune or `99` and a country, never a postal code: only the
    form can be checked here, and a postal code has the same. `99999` is an unknown place.
    """

    birth_name: str
    birth_given_names: tuple[str, ...]
    sex: Sex
    birth_date: BirthDate
    birth_place: str

    def __post_init__(self) -> None:
        check_birth_name(self.birth_name)
        check_given_names(self.birth_given_names)
        if not _COG.fullmatch(self.birth_place):
            raise IdentityFault(
                Code.IDENTITY_MALFORMED,
                field="birth place",
                got=shape_of(self.birth_place),
                expected="a COG code: 5 digits or capitals",
                hint="give the code of the commune or 99 and the country, not the postal code",
            )

    @classmethod
    def parse(cls, *, birth_name: str, birth_given_names: str, sex: str, birth_date: str, birth_place: str) -> Self:
        """Read the five traits as text, the given names separated by single spaces, and spell them as INSi does.

        Raises:
            IdentityFault: `identity.malformed`, with the trait in `field`.
        """
        place = birth_place.strip(" ")
        given_names = normalise(birth_given_names, field="birth given names")
        return cls(
            birth_name=normalise(birth_name, field="birth name"),
            birth_given_names=tuple(given_names.split(" ")),
            sex=Sex.parse(sex),
            birth_date=BirthDate.parse(birth_date),
            birth_place=place.upper() if place.isascii() else place,
        )

    @property
    def first_given_name(self) -> str:
        """The first birth given name: the first word of the list, a compound name whole ([A], FR Core `given`)."""
        return self.birth_given_names[0]

    def to_json(self) -> dict[str, str]:
        """Give the five traits as text, given names as one list separated by spaces: the form of the mandate."""
        return {
            "birth_name": self.birth_name,
            "birth_given_names": " ".join(self.birth_given_names),
            "sex": str(self.sex),
            "birth_date": self.birth_date.value,
            "birth_place": self.birth_place,
        }

    @classmethod
    def from_json(cls, json: Mapping[str, object]) -> Self:
        """Read what `to_json` gives, in exactly that spelling; other keys are ignored (PROTOCOL section 3).

        Raises:
            IdentityFault: `identity.malformed`: a trait that is missing, no text, refused by `parse`, or not in
                INSi's spelling. A peer has one way to write a trait.
        """
        texts: dict[str, Any] = dict(zip(TRAIT_NAMES, map(json.get, TRAIT_NAMES), strict=True))
        if set(map(type, texts.values())) != {str}:
            name = next(name for name, value in texts.items() if type(value) is not str)
            got = "no text" if name in json else "nothing"
            raise IdentityFault(Code.IDENTITY_MALFORMED, field=_label(name), got=got, expected="a text")
        traits = cls.parse(**texts)
        spelt = traits.to_json()
        if spelt != texts:
            raise IdentityFault(
                Code.IDENTITY_MALFORMED,
                field=_label(next(name for name in TRAIT_NAMES if spelt[name] != texts[name])),
                got="another spelling",
                expected="INSi's spelling: capitals, no accent, no space around",
            )
        return traits


def _label(name: str) -> str:
    return name.replace("_", " ")

"""The national identifier of a member, and the check digits of the numbers it is made of.

Struct_IdNat: `3` and a SIRET, or `1` and a FINESS (PROTOCOL section 2; reference/security.md 2). Whether such a member
is in the directory is another question. A member id names an organisation: it may be logged.
"""

import re
from dataclasses import dataclass
from typing import Self

from connector.core.codes import Code
from connector.core.errors import IdentityFault
from connector.core.private import shape_of

_SIRET = re.compile(r"[0-9]{14}")
_FINESS = re.compile(r"[0-9][0-9AB][0-9]{7}")
_LA_POSTE = "356000000"
_LA_POSTE_HEAD_OFFICE = "35600000000048"
_CORSICA = {"2A": "21", "2B": "22"}


def luhn_ok(digits: str) -> bool:
    """Whether the last of these digits is the Luhn check digit of the others (ISO/IEC 7812-1 annex B)."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(int(digit) for digit in digits[::-2])) % 10 == 0


def is_siret(number: str) -> bool:
    """Whether a text has the form of a SIRET: 14 digits."""
    return _SIRET.fullmatch(number) is not None


def is_finess(number: str) -> bool:
    """Whether a text has the form of a FINESS number: 9 characters, a letter only as second (Corsica)."""
    return _FINESS.fullmatch(number) is not None


def siret_check_ok(siret: str) -> bool:
    """Whether the check digit of a SIRET is right: Luhn over the 14 digits.

    Establishments of La Poste, its head office apart, have a digit sum divisible by 5 instead.
    """
    if siret.startswith(_LA_POSTE) and siret != _LA_POSTE_HEAD_OFFICE:
        return sum(int(digit) for digit in siret) % 5 == 0
    return luhn_ok(siret)


def finess_check_ok(finess: str) -> bool:
    """Whether the check digit of a FINESS number is right: Luhn over the nine, Corsica's A as 1 and B as 2.

    The Corsican rule rests on two numbers ([I]); a letter after another digit than 2 occurs in test data and is wrong.
    """
    digits = _CORSICA.get(finess[:2], finess[:2]) + finess[2:]
    return digits.isdecimal() and luhn_ok(digits)


@dataclass(frozen=True, slots=True, order=True)
class MemberId:
    """A member of the federation, by Struct_IdNat; it prints as its value.

    The form is always right; the check digit may be wrong where `parse` was told to accept that.
    """

    value: str

    def __post_init__(self) -> None:
        if not (self.is_siret or self.is_finess):
            raise _malformed(shape_of(self.value))

    @classmethod
    def parse(cls, text: str, *, strict: bool = True) -> Self:
        """Read a Struct_IdNat, as it stands in the OU of an IGC-Santé organisation certificate.

        Args:
            text: the identifier, without spaces.
            strict: refuse a wrong check digit. Test data of the ANS have wrong ones, so a test environment passes False
                and warns by `check_digit_ok`.

        Raises:
            IdentityFault: `identity.malformed`.
        """
        member = cls(text)
        if strict and not member.check_digit_ok:
            raise _malformed("a check digit that does not match", "compare it with the certificate or the directory")
        return member

    @property
    def number(self) -> str:
        """The SIRET or FINESS number without its prefix."""
        return self.value[1:]

    @property
    def is_siret(self) -> bool:
        """Whether it is a SIRET."""
        return self.value.startswith("3") and is_siret(self.number)

    @property
    def is_finess(self) -> bool:
        """Whether it is a FINESS number."""
        return self.value.startswith("1") and is_finess(self.number)

    @property
    def check_digit_ok(self) -> bool:
        """Whether the number is right by its own check digit."""
        return siret_check_ok(self.number) if self.is_siret else finess_check_ok(self.number)

    def __str__(self) -> str:
        return self.value


def _malformed(got: str, hint: str = "") -> IdentityFault:
    return IdentityFault(
        Code.IDENTITY_MALFORMED,
        field="member id",
        got=got,
        expected="3 and a SIRET of 14 digits, or 1 and a FINESS number of 9 characters",
        hint=hint,
    )

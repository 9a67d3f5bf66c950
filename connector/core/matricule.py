"""The matricule INS with its key, and the INS itself: the pair of matricule and OID.

Source: reference/ins.md 1.1 and 1.2 (structure [B] from public parsers and service-public.fr, key [B] from two
independent implementations and published vectors). Nothing about the person is derived from the digits: birth place,
month and even sex in a NIR may differ from the strict traits (ins.md 1.4).
"""

import re
from dataclasses import dataclass
from typing import NoReturn, Self

from connector.core.codes import Code
from connector.core.errors import IdentityFault
from connector.core.oid import URN_PREFIX, InsOid
from connector.core.private import Private, shape_of
from connector.core.slots import set_by_slot

_SEPARATORS = str.maketrans("", "", " .\u00a0\u202f")
_BODY = re.compile(r"[0-9]{5}(?:[0-9]{2}|2[AB])[0-9]{6}")
_SHAPE = re.compile(_BODY.pattern + r"[0-9]{2}")
_CORSICA = {"2A": "19", "2B": "18"}

# Position in the 15 characters, what it is, what it may be. The key needs no row: its range follows from the rule.
_PARTS = (
    (slice(0, 1), "sex digit", re.compile(r"[1-478]"), "1, 2, or 3, 4, 7, 8 while a registration is pending"),
    (
        slice(3, 5),
        "month of birth",
        re.compile(r"0[1-9]|1[0-2]|[23][0-9]|4[0-2]|[5-9][0-9]"),
        "01 to 12, or 20 to 42 or 50 to 99 where the month is not known",
    ),
    (
        slice(5, 10),
        "place of birth",
        re.compile(r"(?:0[1-9]|[1-8][0-9]|9[0-69]|2[AB])(?!000)[0-9]{3}|9[78][0-9](?!00)[0-9]{2}"),
        "a département, overseas territory or 99, then a commune or country other than zero",
    ),
    (slice(10, 13), "order number", re.compile(r"(?!000)[0-9]{3}"), "001 to 999"),
)

# All parts at once, for the matricules that are right; the rows above say what is wrong with the others.
_WELL_FORMED = re.compile(
    rf"{_PARTS[0][2].pattern}[0-9]{{2}}(?:{_PARTS[1][2].pattern})(?:{_PARTS[2][2].pattern}){_PARTS[3][2].pattern}[0-9]{{2}}"
)


def key_of(body: str) -> str:
    """Compute the two digits of the key of the first 13 characters: 97 minus the number modulo 97.

    In positions 6 and 7 alone, Corsica's `2A` counts as 19 and `2B` as 18.

    Raises:
        IdentityFault: `identity.malformed`, not 13 digits (Corsica's letters apart).
    """
    if not _BODY.fullmatch(body):
        raise _malformed(shape_of(body), "13 digits, or 2A or 2B in positions 6 and 7")
    return f"{_key_of(body):02}"


def _key_of(body: str) -> int:
    if not body.isdecimal():
        body = body[:5] + _CORSICA[body[5:7]] + body[7:]
    return 97 - int(body) % 97


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class Matricule(Private):
    """Fifteen characters, key included, no space, upper case. Without its OID it is no INS."""

    value: str

    def __post_init__(self) -> None:
        value = self.value
        if not _WELL_FORMED.fullmatch(value):
            self._refuse()
        if _key_of(value[:13]) != int(value[13:]):
            raise _malformed("a key that does not match the 13 characters before it", "97 minus their value modulo 97")

    def _refuse(self) -> NoReturn:
        if not _SHAPE.fullmatch(self.value):
            raise _malformed(shape_of(self.value), "13 digits (Corsica: 2A or 2B in positions 6 and 7) and a key of 2")
        what, expected = next(
            (what, expected) for where, what, allowed, expected in _PARTS if not allowed.fullmatch(self.value[where])
        )
        raise _malformed(f"a {what} that does not exist", expected)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a matricule as people write it: spaces and dots between the parts, either case.

        Raises:
            IdentityFault: `identity.malformed`: length, characters, a part that does not exist, or the key.
        """
        bare = text.translate(_SEPARATORS)
        return cls(bare.upper() if bare.isascii() else bare)

    @property
    def body(self) -> str:
        """The 13 characters without the key."""
        return self.value[:13]

    @property
    def key(self) -> str:
        """The two digits of the key."""
        return self.value[13:]


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class Ins(Private):
    """The national health identity: equal only where matricule and OID are both equal."""

    matricule: Matricule
    oid: InsOid

    @classmethod
    def parse(cls, system_or_oid: str, value: str) -> Self:
        """Read the pair from an OID (bare or `urn:oid:…`) and a matricule as people write it.

        Raises:
            IdentityFault: `identity.oid` or `identity.malformed`.
        """
        return cls(oid=InsOid.parse(system_or_oid), matricule=Matricule.parse(value))

    def to_token(self) -> str:
        """Give the FHIR search token `urn:oid:<oid>|<matricule>` (PROTOCOL section 1). Never put it in a URL."""
        return f"{self.oid.urn}|{self.matricule.value}"

    @classmethod
    def from_token(cls, text: str) -> Self:
        """Read what `to_token` gives, in exactly that form: a peer has one way to write an INS.

        Raises:
            IdentityFault: `identity.oid` or `identity.malformed`.
        """
        system, bar, value = text.partition("|")
        if bar and system.startswith(URN_PREFIX):
            ins = cls.parse(system, value)
            if ins.to_token() == text:
                return ins
        raise IdentityFault(
            Code.IDENTITY_MALFORMED,
            field="INS token",
            got=f"{shape_of(text)} in another form",
            expected=f"{URN_PREFIX}<OID>|<15 characters>, upper case, no space",
        )


def _malformed(got: str, expected: str) -> IdentityFault:
    return IdentityFault(
        Code.IDENTITY_MALFORMED,
        field="matricule",
        got=got,
        expected=expected,
        hint="compare it with the document it was copied from",
    )

"""The national identifier of a professional, PS_IdNat: `8` and the RPPS number, or `3` or `5` and a register number.

Source: PROTOCOL section 2, reference/security.md 2. It identifies a person, so it prints as `[redacted]`; whoever
must write it (mandate, ledger, trace) takes `.value`. Whether the professional may ask is decided elsewhere.
"""

import re
from dataclasses import dataclass
from typing import Self

from connector.core.codes import Code
from connector.core.errors import IdentityFault
from connector.core.members import finess_check_ok, is_finess, is_siret, luhn_ok, siret_check_ok
from connector.core.private import Private, shape_of

_RPPS = re.compile(r"8[0-9]{11}")
# Ours: what structures number their staff with is not specified.
_REGISTER_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")
_OTHER_KINDS = {
    "0": "an ADELI number",
    "4": "a number under a SIREN",
    "6": "a number under an RPPS practice",
}


@dataclass(frozen=True, slots=True, repr=False)
class PractitionerId(Private):
    """A professional: `8`+RPPS, `3`+FINESS`/`number or `5`+SIRET`/`number; the form is right, the digits may not be."""

    value: str

    def __post_init__(self) -> None:
        if not (self.is_rpps or self._is_in_a_register):
            raise IdentityFault(
                Code.IDENTITY_MALFORMED,
                field="practitioner id",
                got=_OTHER_KINDS.get(self.value[:1], shape_of(self.value)),
                expected="8 and an RPPS number of 11 digits, or 3 and a FINESS or 5 and a SIRET, / and a number",
                hint="every professional who may ask can have an RPPS number",
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a PS_IdNat, without spaces.

        Raises:
            IdentityFault: `identity.malformed`; ADELI and the other kinds of PS_IdNat are named.
        """
        return cls(text)

    @property
    def is_rpps(self) -> bool:
        """Whether it is an RPPS number, else it stands in the register of a structure."""
        return _RPPS.fullmatch(self.value) is not None

    @property
    def check_digit_ok(self) -> bool:
        """Whether the RPPS number, or the structure's, is right by its check digit.

        Only ever a warning: the ANS publishes RPPS numbers that fail it.
        """
        if self.is_rpps:
            return luhn_ok(self.value[1:])
        structure = self.value[1:].partition("/")[0]
        return finess_check_ok(structure) if self.value.startswith("3") else siret_check_ok(structure)

    @property
    def _is_in_a_register(self) -> bool:
        structure, _, number = self.value[1:].partition("/")
        of_structure = {"3": is_finess, "5": is_siret}.get(self.value[:1])
        return of_structure is not None and of_structure(structure) and _REGISTER_NUMBER.fullmatch(number) is not None

"""The payload of the INS label: the datamatrix that carries a qualified identity (ANS format v2.2, ins.md 3.5).

    IS 01 and 22 zeros     header
    S1 matricule, 15       S2 OID, 19 or 20         S3 birth given names, 1 to 100     S4 birth name, 1 to 100
    S5 sex, M or F         S6 birth date JJ-MM-AAAA S7 COG of the birth place, 5, may be missing

`GS` (ASCII 29) ends a field of variable length that is shorter than its maximum and not the last one. A scanner that
types into a text field often drops it or types another key, and no source says which: fields are told apart by their
lengths and by the digits of their identifiers, which no name can hold, and what could be read in two ways is refused.
What is scanned says nothing of the status that results, and is not thereby verified (EXI REC 02).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from connector.core.codes import Code
from connector.core.days import BirthDate
from connector.core.errors import IdentityFault
from connector.core.identity import QualifiedIdentity
from connector.core.insi import SearchTraits
from connector.core.matricule import Ins
from connector.core.private import Private, shape_of
from connector.core.spelling import MAX_NAME_LENGTH, check_birth_name, check_given_names
from connector.core.traits import Sex, StrictTraits

GS: Final = "\x1d"
HEADER: Final = "IS01" + 22 * "0"
MAX_PAYLOAD: Final = 400
"""Characters: the longest payload has 298."""

_FIELD = re.compile(r"S([1-7])")
_FIXED = {"1": 15, "5": 1, "6": 10, "7": 5}
_NAMES = {
    "1": "S1 (matricule)",
    "2": "S2 (OID)",
    "3": "S3 (birth given names)",
    "4": "S4 (birth name)",
    "5": "S5 (sex)",
    "6": "S6 (birth date)",
    "7": "S7 (birth place)",
}
_REQUIRED = "123456"
_OID_LENGTHS = (19, 20)
_DATE = re.compile(r"([0-9]{2})-([0-9]{2})-([0-9]{4})")
_COG = re.compile(r"[0-9A-Z]{5}")
# What a keyboard scanner was seen or is thought to type for GS, beside nothing: "<GS>" is what ZXing's text shows.
_SPELT_GS = ("<GS>", "{GS}", "\u241d", "\u2194")
_OTHER_KEY = re.compile(r"[^0-9A-Za-z .'-]")


@dataclass(frozen=True, slots=True, repr=False)
class ScannedIdentity(Private):
    """What a label says: INS and traits, the birth place where it has one. Not verified, of no status."""

    ins: Ins
    birth_name: str
    given_names: tuple[str, ...]
    sex: Sex
    birth_date: BirthDate
    birth_place: str | None

    def traits(self) -> StrictTraits:
        """Give the five strict traits.

        Raises:
            IdentityFault: `datamatrix.malformed`, the label has no birth place.
        """
        if self.birth_place is None:
            raise _malformed("7", "nothing", "a COG code", "enter the birth place from the identity document")
        return StrictTraits(self.birth_name, self.given_names, self.sex, self.birth_date, self.birth_place)

    def question(self) -> SearchTraits:
        """Give what INSi can be asked with, to verify what was scanned."""
        return SearchTraits(self.birth_name, self.given_names, self.sex, self.birth_date, self.birth_place)


def encode(identity: QualifiedIdentity) -> str:
    """Write the label of a qualified identity: nothing else may be encoded (EXI ID 29)."""
    year, month, day = identity.traits.birth_date.value.split("-")
    values = {
        "1": identity.ins.matricule.value,
        "2": identity.ins.oid.value,
        "3": " ".join(identity.traits.birth_given_names),
        "4": identity.traits.birth_name,
        "5": identity.traits.sex.value,
        "6": f"{day}-{month}-{year}",
        "7": identity.traits.birth_place,
    }
    longest = {"2": max(_OID_LENGTHS), "3": MAX_NAME_LENGTH, "4": MAX_NAME_LENGTH}
    return HEADER + "".join(
        f"S{number}{value}{GS if len(value) < longest.get(number, 0) else ''}" for number, value in values.items()
    )


def decode(payload: str) -> ScannedIdentity:
    """Read the payload as a scanner types it, its fields in any order.

    Raises:
        IdentityFault: `datamatrix.malformed`: no INS label, another version, a field that is missing, there twice or
            of another form; `datamatrix.ambiguous`: a name whose end cannot be told; `identity.malformed` or
            `identity.oid`: matricule, OID or a name that is none.
    """
    text = payload.strip("\r\n\t ")
    if len(text) > MAX_PAYLOAD:
        raise _malformed("", shape_of(text), f"at most {MAX_PAYLOAD}", "scan one label at a time")
    for spelt in _SPELT_GS:
        text = text.replace(spelt, GS)
    _check_header(text)
    values: dict[str, str] = {}
    for number, value in _fields(text[len(HEADER) :]):
        if number in values:
            raise _malformed(number, "the field twice", "once", "scan the label again")
        values[number] = value
    for number in _REQUIRED:
        if number not in values:
            raise _malformed(number, "nothing", "the field", "scan the label again; S7 alone may be missing")
    return _identity(values, separated=GS in text)


def _check_header(text: str) -> None:
    if not text.startswith("IS"):
        hint = "scan the INS label itself"
        if text[:2].lower() == "is":
            hint = "capitals were typed as small letters: switch caps lock off and scan again"
        raise _malformed("", "another beginning", "an INS label, which begins with IS", hint)
    if text[2:4] != "01":
        got = "another version" if text[2:4].isdecimal() else "no digits after IS"
        hint = "" if text[2:4].isdecimal() else "set the scanner to the keyboard layout of this computer"
        raise _malformed("", got, "version 01 of the format", hint)
    if not text.startswith(HEADER):
        raise _malformed("", "a header of another form", "IS01 and 22 zeros, reserved in version 01")


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Give identifier and value of each field. No value holds an S before a digit, so an identifier ends a name."""
    place = 0
    while place < len(text):
        found = _FIELD.match(text, place)
        if found is None:
            raise _malformed("", f"no field at character {len(HEADER) + place + 1}", "S1 to S7", "scan the label again")
        number, start = found[1], found.end()
        if number in _FIXED:
            end = start + _FIXED[number]
            value = text[start:end]
        else:
            following = _FIELD.search(text, start)
            end = following.start() if following else len(text)
            value = text[start:end]
        if number not in _FIXED:
            value = _without_separator(value)
        elif len(value) < _FIXED[number] or GS in value:
            raise _malformed(number, "a value cut short", f"{_FIXED[number]} characters", "scan the label again")
        elif text[end : end + 1] == GS or (end < len(text) and _OTHER_KEY.match(text, end)):
            end += 1  # an encoder that ends every field
        yield number, value
        place = end


def _without_separator(value: str) -> str:
    if value.endswith(GS) or (value and _OTHER_KEY.match(value[-1])):
        return value[:-1]
    return value


def _identity(values: dict[str, str], *, separated: bool) -> ScannedIdentity:
    oid = values["2"].rstrip(" ")
    if len(oid) not in _OID_LENGTHS:
        raise _malformed("2", shape_of(oid), "19 or 20 characters")
    ins = Ins.parse(oid, values["1"])
    given_names, birth_name = (_name(number, values[number], separated=separated) for number in "34")
    check_birth_name(birth_name)
    names = tuple(given_names.split(" "))
    check_given_names(names)
    if values["5"] not in {"M", "F"}:
        raise _malformed("5", "another letter", "M or F")
    date = _DATE.fullmatch(values["6"])
    if date is None:
        raise _malformed("6", "another form", "JJ-MM-AAAA")
    place = values.get("7")
    if place is not None and not _COG.fullmatch(place):
        raise _malformed("7", "another form", "a COG code: 5 digits or capitals")
    birth_date = BirthDate.parse(f"{date[3]}-{date[2]}-{date[1]}")
    return ScannedIdentity(ins, birth_name, names, Sex(values["5"]), birth_date, place)


def _name(number: str, value: str, *, separated: bool) -> str:
    """Give a name without what a scanner typed for GS where that can be told."""
    if not separated and value.endswith(("-", "'")):
        raise IdentityFault(
            Code.DATAMATRIX_AMBIGUOUS,
            field=f"INS label, {_NAMES[number]}",
            got="a hyphen or apostrophe at the end, which the scanner may have typed for the separator",
            expected="a name whose end can be told",
            hint="set the scanner to send ASCII 29 or nothing, or type the name from the identity document",
        )
    name = value.removesuffix(" ")  # no name ends so: a space typed for GS
    if not 1 <= len(name) <= MAX_NAME_LENGTH:
        raise _malformed(number, shape_of(name), f"1 to {MAX_NAME_LENGTH} characters")
    return name


def _malformed(number: str, got: str, expected: str, hint: str = "") -> IdentityFault:
    field = f"INS label, {_NAMES[number]}" if number else "INS label"
    return IdentityFault(Code.DATAMATRIX_MALFORMED, field=field, got=got, expected=expected, hint=hint)

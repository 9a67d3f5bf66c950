"""How INSi spells names: the alphabet, the lexical rules, and the fold under which two spellings are one name.

Source: reference/ins.md 2.3 and 2.4 ([B], a library that quotes SEL-MP-043 section by section). `normalise` brings
what a person or a vendor's software wrote to INSi's alphabet; it adds and drops nothing that is heard or counted, and a
character without an equivalent is an error. The checks below it say whether the result may be a name. Whether two
identities are one is `core.identity`.
"""

import re
import unicodedata
from collections.abc import Sequence

from connector.core.codes import Code
from connector.core.errors import IdentityFault
from connector.core.private import shape_of

MAX_NAME_LENGTH = 100
"""Characters of a birth name, and of a list of given names (ins.md 2.1)."""

# Beside accents, which Unicode takes apart itself. Only what has a known equivalent: [B] for the ligatures and U+2019,
# ours for the other marks, which differ from those in looks alone (left quotation mark, modifier apostrophe,
# typographic hyphens, no-break spaces).
_EQUIVALENTS = {
    "\u0153": "OE",
    "\u0152": "OE",
    "\u00e6": "AE",
    "\u00c6": "AE",
    "\u2019": "'",
    "\u2018": "'",
    "\u02bc": "'",
    "\u2010": "-",
    "\u2011": "-",
    "\u00a0": " ",
    "\u202f": " ",
}
# Accents, cedilla and the like. Strokes through a letter (U+0334 on) and letters written above (U+0363 on) change
# which letter it is: they are no accents here.
_FIRST_ACCENT, _LAST_ACCENT = "\u0300", "\u0331"
_PLAIN = re.compile(r"[A-Z' -]*")
_SEPARATOR = re.compile(r"[' -]+")

_KINDS = {
    "L": "a letter outside INSi's alphabet",
    "M": "an accent or mark that stands on no letter",
    "N": "a digit or number",
    "P": "a punctuation mark",
    "S": "a symbol",
    "Z": "a space of another kind",
}

_NEARLY_ALL = re.compile(r"[A-Z]+(?:[ -][A-Z]+)*")
"""Words joined by single spaces or hyphens break none of the rules below: the rest is looked at rule by rule."""

_ANY_NAME = (
    (re.compile(r"[^A-Z' -]"), "a character outside INSi's alphabet"),
    (re.compile(r"^[^A-Z]*$"), "no letter"),
    (re.compile(r"^[ -]"), "a space or hyphen in front"),
    (re.compile(r" $"), "a space at the end"),
    (re.compile(r"  "), "two spaces together"),
    (re.compile(r"''"), "two apostrophes together"),
    (re.compile(r" '|' "), "a space beside an apostrophe"),
    # Ours: the guide allows `--` between the parts of a double name and is silent on more.
    (re.compile(r"---"), "three hyphens together"),
)
_GIVEN_NAME = (
    (re.compile(r"--"), "two hyphens together"),
    (re.compile(r"[-']$"), "a hyphen or apostrophe at the end"),
)


def normalise(text: str, *, field: str = "name") -> str:
    """Spell a name as INSi does: `A-Z`, space, apostrophe and hyphen, without spaces around it.

    Accents go, ligatures become two letters, lower case becomes capitals. Twice is the same as once. `field` names the
    thing in the error.

    Raises:
        IdentityFault: `identity.malformed`: a character without an equivalent (digit, `_`, `/`, another alphabet…),
            told by its kind and place, not shown.
    """
    if _PLAIN.fullmatch(text):
        return text.strip(" ")
    spelt: list[str] = []
    for place, written in enumerate(text, start=1):
        for char in unicodedata.normalize("NFD", written):
            if char in _EQUIVALENTS:
                spelt.append(_EQUIVALENTS[char])
            elif char.isascii() and _PLAIN.fullmatch(char.upper()):
                spelt.append(char.upper())
            elif not (_FIRST_ACCENT <= char <= _LAST_ACCENT and spelt and spelt[-1].isalpha()):
                kind = _KINDS.get(unicodedata.category(char)[0], "a control or invisible character")
                raise IdentityFault(
                    Code.IDENTITY_MALFORMED,
                    field=field,
                    got=f"{kind} at position {place} of {len(text)}",
                    expected="letters that INSi can spell (A-Z, accents and ligatures), space, apostrophe, hyphen",
                    hint="enter the name as the identity document spells it",
                )
    return "".join(spelt).strip(" ")


def fold(text: str) -> str:
    """Give the form under which two spellings of one name are equal: hyphen, apostrophe and space are one space.

    For names in INSi's spelling. Source: ins.md 2.4, *our rule* for whole identities, EXI ID 10 for given names.
    """
    return _SEPARATOR.sub(" ", text).strip(" ")


def first_name_agrees(first: str, given_names: str) -> bool:
    """Whether a first given name is coherent with the list of birth given names; both in INSi's spelling.

    Hyphen and apostrophe count as spaces; the first name must open the list, word by word. JEAN-CHRISTOPHE agrees with
    JEAN CHRISTOPHE PIERRE; CHRISTOPHE and JE do not. Source: RNIV, EXI ID 10 (ins.md 2.4, [B]).
    """
    words = fold(first).split()
    return bool(words) and fold(given_names).split()[: len(words)] == words


def check_birth_name(name: str) -> None:
    """Check INSi's lexical rules for a birth name (SEL-MP-043 section 2, ins.md 2.3).

    `--` may stand between two names; an apostrophe may come first or last.

    Raises:
        IdentityFault: `identity.malformed`, the rule that is broken.
    """
    _check_length(name, "birth name")
    _check(name, _ANY_NAME, "birth name")


def check_given_names(names: Sequence[str]) -> None:
    """Check INSi's lexical rules for birth given names, the whole list and each name (ins.md 2.3).

    Raises:
        IdentityFault: `identity.malformed`, the rule that is broken.
    """
    whole = " ".join(names)
    if _NEARLY_ALL.fullmatch(whole) and len(whole) <= MAX_NAME_LENGTH and whole.count(" ") == len(names) - 1:
        return  # as many spaces as between the names, so none in a name: each is letters and single hyphens
    _check_length(whole, "birth given names")
    _check(whole, _ANY_NAME, "birth given names")
    for name in names:
        _check(name, (*_ANY_NAME, *_GIVEN_NAME), "birth given names")
        if " " in name:
            raise _rule_broken("birth given names", "a space inside one name of the list")


def _check_length(text: str, field: str) -> None:
    if not 1 <= len(text) <= MAX_NAME_LENGTH:
        raise _rule_broken(field, shape_of(text), f"1 to {MAX_NAME_LENGTH} characters")


def _check(text: str, rules: Sequence[tuple[re.Pattern[str], str]], field: str) -> None:
    if _NEARLY_ALL.fullmatch(text):
        return
    for forbidden, got in rules:
        if forbidden.search(text):
            raise _rule_broken(field, got)


def _rule_broken(field: str, got: str, expected: str = "a name by INSi's lexical rules") -> IdentityFault:
    return IdentityFault(
        Code.IDENTITY_MALFORMED, field=field, got=got, expected=expected, hint="use the spelling that INSi returned"
    )

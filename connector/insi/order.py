"""In which order INSi is searched by traits, as a rule without I/O (reference/ins.md 4.4, [B]).

One call for each given name in its order, until one person is found; then all given names together. Where several
persons are found: all given names, then the birth place too. Nothing else is varied: after "none" a person corrects the
traits, the program never guesses.
"""

from collections.abc import Generator
from dataclasses import dataclass

from connector.core.insi import InsiCode, SearchTraits
from connector.core.private import Private

MAX_SINGLE_NAMES = 5
"""Given names that are tried alone (our rule): a list may hold fifty of one letter."""


@dataclass(frozen=True, slots=True, repr=False)
class TraitsQuery(Private):
    """One call by traits: the given names of this call in one text, and the place where it is searched with."""

    birth_name: str
    given_names: str
    sex: str
    birth_date: str
    birth_place: str | None = None

    def to_json(self) -> dict[str, str]:
        """Give what was searched with, for the personal part of a ledger entry."""
        known = {"birth_place": self.birth_place} if self.birth_place else {}
        return {
            "birth_name": self.birth_name,
            "given_names": self.given_names,
            "sex": self.sex,
            "birth_date": self.birth_date,
            **known,
        }


def queries(traits: SearchTraits) -> Generator[TraitsQuery, InsiCode, None]:
    """Give the calls one after the other; send in the code of each answer. It ends where there is no more to try."""
    names, place = traits.given_names, traits.birth_place
    together = " ".join(names)
    ambiguous = ""
    for name in names[:MAX_SINGLE_NAMES]:
        code = yield _query(traits, name)
        if code is InsiCode.FOUND:
            return
        if code is InsiCode.SEVERAL:
            ambiguous = name
            break
    if together != names[0]:
        code = yield _query(traits, together)
        if code is InsiCode.FOUND:
            return
        if code is InsiCode.SEVERAL:
            ambiguous = together
    if ambiguous and place is not None:
        yield _query(traits, ambiguous, place)


def _query(traits: SearchTraits, given_names: str, place: str | None = None) -> TraitsQuery:
    return TraitsQuery(traits.birth_name, given_names, traits.sex.value, traits.birth_date.value, place)

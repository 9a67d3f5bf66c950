"""What the conformance kit says: one finding for each thing that it looked at, and the names of its checks in order."""

from dataclasses import dataclass, replace
from typing import Final

from connector.core.fault_words import Language
from connector.core.faults import Fault

CHECKS: Final = (
    "health",
    "known-workers",
    "unknown-workers",
    "opposition",
    "traits",
    "newest",
    "other-oid",
    "steadiness",
    "concurrency",
    "documents",
    "readings-broken-off",
    "counts",
    "latency",
    "connection-lost",
    "trace",
)
"""In the order in which a vendor would put things right: nothing is asked after a health that is not."""

_MARKS: Final[dict[Language, tuple[str, str, str, str]]] = {
    "en": ("right", "WRONG", "note ", "NOT CHECKED"),
    "fr": ("bon ", "FAUX", "note", "NON VÉRIFIÉ"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing checked: `ok` is None for what is only told, and then `is_checked` says whether it was looked at.

    `about` and `fault` are subject and text as values, to be told in the language asked; what an author's own test says
    has none, and is told as it is.
    """

    ok: bool | None
    subject: str
    text: str
    check: str = ""
    is_checked: bool = True
    fault: Fault | None = None
    about: Fault | None = None

    def __str__(self) -> str:
        return self.told("en")

    def told(self, language: Language) -> str:
        """Say it in one line."""
        right, wrong, note, left = _MARKS[language]
        mark = {True: right, False: wrong, None: note}[self.ok] if self.is_checked else left
        return f"{mark}  {self.about_in(language)}{' : ' if language == 'fr' else ': '}{self.text_in(language)}"

    def about_in(self, language: Language) -> str:
        """Say what was looked at."""
        return self.about.text(language) if self.about is not None else self.subject

    def text_in(self, language: Language) -> str:
        """Say what was found."""
        return self.fault.text(language) if self.fault is not None else self.text

    def of(self, check: str) -> "Finding":
        """Give it as found by that check."""
        return replace(self, check=check)


def found(about: Fault, what: Fault, *, ok: bool | None) -> Finding:
    """Say what was found of something: right, wrong, or only told."""
    return Finding(ok, about.text("en"), what.text("en"), fault=what, about=about)


def not_checked(about: Fault, why: Fault) -> Finding:
    """Say what was left out: it must never be taken for right."""
    return replace(found(about, why, ok=None), is_checked=False)

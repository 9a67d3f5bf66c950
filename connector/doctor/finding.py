"""One thing the doctor looked at: how bad it is, which sentence says it, and with which values.

Levels are those of Nagios plugins (and Centreon's), so that the worst of them is the exit status of `check`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from connector.core.fault_words import Language
from connector.core.faults import Fault
from connector.doctor.labels import Label
from connector.doctor.words import SENTENCES


class Level(IntEnum):
    """0 to 3, as plugins of Nagios end."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


_ORDER: Final = (Level.CRITICAL, Level.WARNING, Level.UNKNOWN, Level.OK)


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` groups findings; `key` is the sentence's; `values` fill it, and hold nothing personal or secret."""

    check: str
    level: Level
    key: str
    values: dict[str, object] = field(default_factory=dict)

    def text(self, language: Language) -> str:
        """Say it."""
        return SENTENCES[self.key][language][0].format(**self._in_words(language))

    def remedy(self, language: Language) -> str:
        """Say what to do; empty where nothing is to be done."""
        return SENTENCES[self.key][language][1].format(**self._in_words(language))

    @property
    def fault(self) -> Fault | None:
        """What is wrong as a value, where it is one."""
        if self.level is Level.OK:
            return None
        return next((value for value in self.values.values() if isinstance(value, Fault)), None)

    def _in_words(self, language: Language) -> dict[str, object]:
        return {name: _in_words(value, language) for name, value in self.values.items()}


def _in_words(value: object, language: Language) -> object:
    if isinstance(value, Fault):
        return _Said(value, language)
    return value.text(language) if isinstance(value, Label) else value


@dataclass(frozen=True, slots=True)
class _Said:
    """A fault in a sentence: `{fault}` is all of it, `{fault:text}` and `{fault:remedy}` its halves."""

    fault: Fault
    language: Language

    def __format__(self, form: str) -> str:
        if form == "text":
            return self.fault.text(self.language)
        return self.fault.remedy(self.language) if form == "remedy" else self.fault.whole(self.language)


def ok(check: str, key: str, **values: object) -> Finding:
    """Say that something is right."""
    return Finding(check, Level.OK, key, values)


def warning(check: str, key: str, **values: object) -> Finding:
    """Say that something is right today and will not stay so, or should be better."""
    return Finding(check, Level.WARNING, key, values)


def critical(check: str, key: str, **values: object) -> Finding:
    """Say that something keeps this service from answering or asking."""
    return Finding(check, Level.CRITICAL, key, values)


def unknown(check: str, key: str, **values: object) -> Finding:
    """Say that something could not be looked at."""
    return Finding(check, Level.UNKNOWN, key, values)


def worst(findings: Iterable[Finding]) -> Level:
    """Give the worst level; what could not be looked at is less bad than what is wrong."""
    levels = {finding.level for finding in findings}
    return next((level for level in _ORDER if level in levels), Level.OK)

"""What is wrong with the configuration, as a value: a kind, what fills its sentence, and where it stands.

Kinds are stable names for programs; the sentences of both languages are `core.fault_words`. Whoever finds a fault gives
kind and values, and whoever tells it chooses the language: only the edge words anything. Values are texts, numbers or
faults that hold nothing secret and nothing personal; a configured value is named by its key, not repeated.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from errno import errorcode
from typing import Final

from connector.core.fault_words import SENTENCES, TERMS, Language

_RSA: Final = re.compile(r"RSA (\d+)")

UNWORDED: Final = "unworded"
"""A fault that was raised as a finished English text: English has that text, French says that there is one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong. `file`, `line`, `column` and `key` are empty or 0 where it stands in no file.

    `part` is where it stands within what the key names: a key of a section, a place in a members file.
    """

    kind: str
    values: Mapping[str, object] = field(default_factory=dict)
    file: str = ""
    line: int = 0
    column: int = 0
    key: str = ""
    part: str = ""

    def text(self, language: Language) -> str:
        """Say what is wrong, without where."""
        return _filled(SENTENCES[self.kind][language][0], self.values, language)

    def remedy(self, language: Language) -> str:
        """Say what to do; empty where the text says it."""
        return _filled(SENTENCES[self.kind][language][1], self.values, language)

    def without_remedy(self, language: Language) -> str:
        """`file:line:column: key: part: text`."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return "".join(f"{part}: " for part in (place, self.key, self.part) if part) + self.text(language)

    def whole(self, language: Language) -> str:
        """`file:line:column: key: part: text - remedy`."""
        remedy = self.remedy(language)
        return self.without_remedy(language) + (f" - {remedy}" if remedy else "")

    def __str__(self) -> str:
        return self.whole("en")

    def at(self, file: str, line: int, column: int, key: str) -> "Fault":
        """Give the same fault with its place."""
        return replace(self, file=file, line=line, column=column, key=key)

    def as_json(self) -> dict[str, object]:
        """Give what a program reads."""
        place = {"file": self.file, "line": self.line, "column": self.column, "key": self.key, "part": self.part}
        values = {name: value.as_json() if isinstance(value, Fault) else value for name, value in self.values.items()}
        return {"kind": self.kind, "values": values, **place}


@dataclass(frozen=True, slots=True)
class FaultAt:
    """A fault at a path of keys, as long as nobody has looked where in the file that key stands."""

    path: tuple[str | int, ...]
    fault: Fault

    @property
    def where(self) -> str:
        """The path as it is written: `peer.client.key`."""
        return ".".join(map(str, self.path))

    def __str__(self) -> str:
        return str(replace(self.fault, key=self.where))


def unworded(text: str, hint: str = "") -> Fault:
    """Make a fault of a text that is finished already."""
    return Fault(UNWORDED, {"text": text, "hint": hint})


def reason(error: OSError) -> str:
    """Give the symbol of why the system refused, which `{reason:term}` words."""
    return errorcode.get(error.errno or 0, type(error).__name__)


def term(word: str, language: Language) -> str:
    """Give a word of the terms; one that is none stands as it is."""
    return TERMS[language].get(word, word)


def _filled(form: str, values: Mapping[str, object], language: Language) -> str:
    return form.format_map({name: _Value(value, language) for name, value in values.items()})


class _Value:
    """One value in a sentence.

    `{name:term}` looks it up among the terms, `{name:either}` joins a list as alternatives, `{name:quoted}` quotes what
    is to be written, and `{name:key}` words the size of an RSA key. What is plain is joined by commas. Of a value that
    is a fault itself, `{name}` is what is wrong and `{name:remedy}` what to do.
    """

    def __init__(self, value: object, language: Language) -> None:
        self._value, self._language = value, language

    def __format__(self, form: str) -> str:
        if isinstance(self._value, Fault):
            return (
                self._value.remedy(self._language) if form == "remedy" else self._value.without_remedy(self._language)
            )
        is_french = self._language == "fr"
        parts = (
            [_plain(part) for part in self._value] if isinstance(self._value, list | tuple) else [_plain(self._value)]
        )
        match form:
            case "term":
                return ", ".join(term(part, self._language) for part in parts)
            case "either":
                return (" ou " if is_french else " or ").join(parts)
            case "quoted":
                return ", ".join(f'"{part}"' for part in parts)
            case "key":
                return _RSA.sub(r"RSA de \1 bits" if is_french else r"RSA of \1 bits", parts[0])
            case _:
                return ", ".join(parts)


def _plain(value: object) -> str:
    """Write a number as people do: 60, not 60.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)

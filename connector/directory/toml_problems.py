"""What is wrong with a text that is no TOML, as one of a few kinds: `tomllib` says it in English alone."""

import re
from tomllib import TOMLDecodeError
from typing import Final

_PLACE: Final = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)")
_PROBLEMS: Final = (
    ("toml.equals", ("Expected '=' after a key",)),
    ("toml.line", ("Expected newline or end of document",)),
    ("toml.unclosed", ("Unterminated", "Unclosed", "Expected ")),
    ("toml.twice", ("Cannot ", "Duplicate ")),
    ("toml.value", ("Invalid value", "Invalid date")),
    ("toml.key", ("Invalid initial character", "Invalid statement")),
    ("toml.text", ("Found invalid", "Illegal character", "Unescaped", "Escaped", "Invalid hex")),
)
"""By the beginning of what `tomllib` says, the first that fits."""


def place_of(error: TOMLDecodeError) -> tuple[str, int, int]:
    """Give what `tomllib` says without the place, and line and column (0 at the end of the file)."""
    text = str(error)
    match = _PLACE.search(text)
    line, column = (int(match[1]), int(match[2])) if match and match[1] else (0, 0)
    return _PLACE.sub("", text).strip(), line, column


def problem_of(said: str) -> str:
    """Give the term of `core.fault_words` for it; `toml.other` where a later Python says something new."""
    return next((term for term, heads in _PROBLEMS if said.startswith(heads)), "toml.other")

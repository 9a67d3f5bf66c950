"""Canonical JSON after RFC 8785, for the values that our entries, hashes and signatures are made of.

Taken: dict with text keys, list and tuple, str, int within I-JSON's exact range, bool, None. Floats are refused, so the
number formatting of RFC 8785 section 3.2.2.3 never arises. Reading is left to `json`, and to the parsers of `wire`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Final, cast

MAX_INTEGER: Final = 2**53 - 1
"""RFC 7493 section 2.2: beyond it not every language keeps an integer exact."""

MAX_DEPTH: Final = 32
"""Levels of nesting written (our rule): no value of ours comes near, and a cycle ends here."""

_quote: Final[Callable[[str], str]] = json.encoder.encode_basestring
"""Escapes exactly what RFC 8785 section 3.2.2.2 says, in lower-case hex; a test compares all of it."""


_encode_sorted: Final[Callable[[object], str]] = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode
"""The standard library's writer, in C. For what `_is_usual` lets through it gives the same text (a test compares)."""


class NotCanonical(ValueError):
    """A value that has no canonical form here. It tells the type or the rule, never the value."""


def canonical(value: object) -> bytes:
    """Give the RFC 8785 form of a value, as UTF-8.

    Raises:
        NotCanonical: a type that is not taken, an integer out of range, a key that is no text, a lone surrogate, or
            nesting beyond `MAX_DEPTH`.
    """
    if _is_usual(value, 0):
        text = _encode_sorted(value)
    else:
        parts: list[str] = []
        _write(value, parts.append, 0)
        text = "".join(parts)
    try:
        return text.encode()
    except UnicodeEncodeError:
        # RFC 8785 section 3.2.2.2: a lone surrogate ends the work. `from None`: the original holds the text.
        raise NotCanonical("text holds a lone surrogate, expected Unicode scalar values") from None


def _is_usual(value: object, depth: int) -> bool:
    """Whether it is made of the plain types alone, with keys whose order is the same by code points and code units."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is dict:
        if depth < MAX_DEPTH:
            for key, item in cast("dict[object, object]", value).items():
                if type(key) is not str or not key.isascii() or not _is_usual(item, depth + 1):
                    return False
            return True
    elif kind is int:
        return -MAX_INTEGER <= cast("int", value) <= MAX_INTEGER
    elif kind is list or kind is tuple:
        return depth < MAX_DEPTH and all(_is_usual(item, depth + 1) for item in cast("list[object]", value))
    return False


def _write(value: object, out: Callable[[str], object], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise NotCanonical(f"nesting is deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        out(_quote(value))
    elif value is None:
        out("null")
    elif isinstance(value, bool):
        out("true" if value else "false")
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise NotCanonical("integer is outside ±(2^53 - 1)")
        out(int.__repr__(value))
    elif isinstance(value, Mapping):
        _write_object(value, out, depth)
    elif isinstance(value, list | tuple):
        opening = "["
        for item in value:
            out(opening)
            _write(item, out, depth + 1)
            opening = ","
        out("]" if value else "[]")
    else:
        raise NotCanonical(f"{type(value).__name__} has no canonical form, expected dict, list, str, int, bool or None")


def _write_object(value: Mapping[object, object], out: Callable[[str], object], depth: int) -> None:
    keys: list[str] = []
    order: Callable[[str], bytes] | None = None
    for key in value:
        if not isinstance(key, str):
            raise NotCanonical(f"object key is {type(key).__name__}, expected str")
        if not key.isascii():
            order = _utf16
        keys.append(key)
    opening = "{"
    for key in sorted(keys, key=order):
        out(opening)
        out(_quote(key))
        out(":")
        _write(value[key], out, depth + 1)
        opening = ","
    out("}" if keys else "{}")


def _utf16(key: str) -> bytes:
    """Sort by UTF-16 code units, RFC 8785 section 3.2.3; code points would order the astral planes otherwise."""
    return key.encode("utf-16-be", "surrogatepass")

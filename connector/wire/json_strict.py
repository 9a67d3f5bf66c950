"""JSON from another member, read without leniency: one text has one meaning for every reader (RFC 8725 section 2.4).

Python's reader takes the last of two equal keys, `NaN`, and lone surrogates; another language takes the first key, or
stops. What two readers understand differently must not be signed or acted upon, so all of it is refused here. What the
members mean is read by `wire.claims`; which error a fault becomes is decided by the caller.
"""

import json
from typing import Any, Final, NoReturn


class NotStrictJson(ValueError):
    """Bytes that are no JSON object under these rules. It tells the rule, never the bytes."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrictJson("an object holds the same key twice")
    return found


def _constant(_: str) -> NoReturn:
    raise NotStrictJson("a number is NaN or infinite")


_decode: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant).decode
_encode: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def read_object(data: bytes) -> dict[str, Any]:
    """Read one JSON object in UTF-8.

    Raises:
        NotStrictJson: not UTF-8, not JSON, not an object, the same key twice at any depth, NaN or an infinity, a lone
            surrogate, or nesting and numbers beyond what Python reads.
    """
    try:
        value = _decode(data.decode())
        if b"\\u" in data:
            # Only an escape can spell a lone surrogate: UTF-8 itself has none.
            _encode(value).encode()
    except NotStrictJson:
        raise
    except UnicodeEncodeError:
        raise NotStrictJson("a text holds a lone surrogate") from None
    except (ValueError, RecursionError):
        # `from None`: the original error holds the text.
        raise NotStrictJson("the bytes are no JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise NotStrictJson("the JSON is no object")
    return value


def write_object(value: dict[str, Any]) -> bytes:
    """Give the object as compact UTF-8, its members in the order they have.

    Raises:
        UnicodeEncodeError: a text holds a lone surrogate: whoever took it in should have refused it.
    """
    return _encode(value).encode()

"""Base64url without padding (RFC 4648 section 5, RFC 7515 section 2): how hashes and signatures are written.

Strict, so that one value has one text: padding, the other alphabet, whitespace and leftover bits are refused.
"""

import binascii
import re
from typing import Final

_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_PADDING: Final = (b"", b"===", b"==", b"=")
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def encode(data: bytes) -> str:
    """Give the base64url text of the bytes, unpadded."""
    return binascii.b2a_base64(data, newline=False).translate(_URL_SAFE, b"=").decode("ascii")


def decode(text: str, *, size: int | None = None) -> bytes:
    """Read unpadded base64url; `size` is the number of bytes expected.

    Raises:
        ValueError: another alphabet, padding, an impossible length, leftover bits that are not zero, or another size.
            The message never holds the text.
    """
    if not _BASE64URL.fullmatch(text):
        raise ValueError("base64url text holds a character outside A-Z a-z 0-9 - _")
    try:
        data = binascii.a2b_base64(text.encode("ascii").translate(_STANDARD) + _PADDING[len(text) % 4])
    except binascii.Error:
        raise ValueError(f"base64url text has {len(text)} characters, which is no whole number of bytes") from None
    if encode(data) != text:
        raise ValueError("base64url text ends in bits that are not zero")
    if size is not None and len(data) != size:
        raise ValueError(f"base64url text gives {len(data)} bytes, expected {size}")
    return data

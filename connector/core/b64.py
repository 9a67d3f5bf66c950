"""Base64url without padding (RFC 4648 section 5, RFC 7515 section 2): how hashes and signatures are written.

Strict, so that one value has one text: padding, the other alphabet, whitespace and leftover bits are refused.
"""

import binascii
from collections.abc import Iterable
from string import ascii_letters, digits
from typing import Final

_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_PADDING: Final = (b"", b"===", b"==", b"=")
_ALPHABET: Final = (ascii_letters + digits + "-_").encode("ascii")
_LAST_OF: Final = {2: "AQgw", 3: "AEIMQUYcgkosw048"}
"""Where the last group has two or three characters: those whose leftover bits, 4 or 2, are zero."""


def encode(data: bytes) -> str:
    """Give the base64url text of the bytes, unpadded."""
    return binascii.b2a_base64(data, newline=False).translate(_URL_SAFE, b"=").decode("ascii")


def encode_each(values: Iterable[bytes]) -> list[str]:
    """Give the texts of several values, as `encode` does one by one."""
    # `b2a_base64` puts each on a line of its own, so all of them are translated and parted together.
    return b"".join(map(binascii.b2a_base64, values)).translate(_URL_SAFE, b"=").decode("ascii").splitlines()


def decode(text: str, *, size: int | None = None) -> bytes:
    """Read unpadded base64url; `size` is the number of bytes expected.

    Raises:
        ValueError: another alphabet, padding, an impossible length, leftover bits that are not zero, or another size.
            The message never holds the text.
    """
    # What stays once the alphabet is deleted is foreign to it: for a whole token, quicker than a regular expression.
    if not text.isascii() or (written := text.encode("ascii")).translate(None, _ALPHABET):
        raise ValueError("base64url text holds a character outside A-Z a-z 0-9 - _")
    beyond = len(written) % 4
    try:
        data = binascii.a2b_base64(written.translate(_STANDARD) + _PADDING[beyond])
    except binascii.Error:
        raise ValueError(f"base64url text has {len(text)} characters, which is no whole number of bytes") from None
    if beyond and text[-1] not in _LAST_OF[beyond]:
        raise ValueError("base64url text ends in bits that are not zero")
    if size is not None and len(data) != size:
        raise ValueError(f"base64url text gives {len(data)} bytes, expected {size}")
    return data

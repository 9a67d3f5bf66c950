"""Keyed hashes, for what must be found again without being readable, and keys derived from a master key.

A matricule is guessable (reference/security.md section 8), so only a keyed hash of it is ever stored or compared.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from struct import Struct
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
_BLOCK_BYTES: Final = 64
_length: Final = Struct(">Q").pack
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


@dataclass(frozen=True, slots=True)
class KeyedHash:
    """HMAC-SHA256 under one key, over several parts without ambiguity.

    Raises:
        ValueError: the key is not 32 bytes long.
    """

    key: bytes = field(repr=False)
    _inner: Any = field(init=False, repr=False, compare=False)
    _outer: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _require_key(self.key)
        # Both keyed blocks of HMAC (RFC 2104 section 2) are hashed once: five tags stand in the way of every lookup.
        block = self.key.ljust(_BLOCK_BYTES, b"\0")
        object.__setattr__(self, "_inner", sha256(block.translate(_INNER)))
        object.__setattr__(self, "_outer", sha256(block.translate(_OUTER)))

    def tag(self, purpose: str, *parts: bytes | str) -> bytes:
        """Give the 32-byte tag of the parts for one purpose; text counts as its UTF-8 bytes.

        Each part stands after its length (8 bytes, big-endian), so that ("ab", "c") and ("a", "bc") differ, and tags
        made for one purpose never equal those of another.
        """
        message = b""
        for part in (purpose, *parts):
            data = part.encode() if isinstance(part, str) else part
            message += _length(len(data)) + data
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        tag: bytes = outer.digest()
        return tag


def derive(master: bytes, label: str) -> bytes:
    """Derive a 32-byte key for the purpose `label` by HKDF-SHA256 (RFC 5869), without salt: the master is random.

    Raises:
        ValueError: the master key is not 32 bytes long, or the label is empty.
    """
    _require_key(master)
    if not label:
        raise ValueError("a derived key needs a label that says what it is for")
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=label.encode()).derive(master)


def _require_key(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise ValueError(f"key has {len(key)} bytes, expected {KEY_BYTES}")

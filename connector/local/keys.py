"""API keys of the local side: made once, kept as their SHA-256, each with its scopes and named practitioners.

A key is 256 random bits, so a plain hash is enough at rest (an argon2 would only slow each call down). Comparing takes
the same work whichever key matches, or none.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final, Protocol

from connector.core import b64

KEY_PREFIX: Final = "spsti_"
KEY_BYTES: Final = 32


class Scope(StrEnum):
    """What a key opens: fetches, members and INS checks; status; the journal; the register of oppositions; the
    identity desk, with identity alerts; blocks, pauses and limits, some of it with a second key; the list of people.
    """

    FETCH = "fetch"
    STATUS = "status"
    JOURNAL = "journal"
    OPPOSITIONS = "oppositions"
    IDENTITY = "identity"
    OPERATE = "operate"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key by its hash, the practitioners (PS_IdNat) it may speak for, and what it opens."""

    name: str
    sha256: str
    scopes: frozenset[Scope]
    practitioners: frozenset[str] = frozenset()


def key_text(secret: bytes) -> str:
    """Give the text of a new key from 32 random bytes.

    Raises:
        ValueError: another number of bytes.
    """
    if len(secret) != KEY_BYTES:
        raise ValueError(f"API key: got {len(secret)} bytes, expected {KEY_BYTES}")
    return KEY_PREFIX + b64.encode(secret)


def key_hash(text: str) -> str:
    """Give what the configuration keeps of a key."""
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


class Caller(Protocol):
    """Who calls: a vendor's software by its key, or a person at a page; and the practitioners they may speak for."""

    @property
    def name(self) -> str:
        """What the journal calls them."""
        ...

    @property
    def practitioners(self) -> frozenset[str]:
        """Those they may speak for, by PS_IdNat."""
        ...


class KeyRing:
    """The keys of the configuration."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self._keys = tuple(keys)

    def replace(self, keys: Iterable[ApiKey]) -> None:
        """Take other keys, at a reload: those that are gone open nothing from now on."""
        self._keys = tuple(keys)

    def find(self, presented: str) -> ApiKey | None:
        """Give the key that was presented; every known key is compared, in constant time."""
        digest = key_hash(presented)
        found = None
        for key in self._keys:
            if hmac.compare_digest(digest, key.sha256):
                found = key
        return found

"""Keyed hashes under which the cache keeps what would name a worker: INS, the export's own keys, paths.

The key is made once and lies beside the cache, readable by the connector's user alone. It protects a copy of the cache
that leaves without it (a backup, a support case); whoever reads both also reads the export, which is in clear.
"""

import os
import secrets
from hashlib import blake2b
from pathlib import Path

from connector.contract import Ins
from spsti_adapter_folder.beneath import Place

_KEY_BYTES = 32
_TAG_BYTES = 16


class Tags:
    """Makes the tags of one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def kept_in(cls, file: Path) -> "Tags":
        """Read the key, or make it. A damaged one is made anew: then nothing in the cache is found and it is refilled.

        Raises:
            OSError: it can neither be read nor written.
        """
        try:
            key = file.read_bytes()
        except FileNotFoundError:
            key = b""
        if len(key) != _KEY_BYTES:
            key = secrets.token_bytes(_KEY_BYTES)
            draft = file.with_suffix(".draft")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                out.write(key)
                os.fsync(out.fileno())
            draft.replace(file)
        return cls(key)

    def ins(self, ins: Ins) -> bytes:
        """Give the tag of an INS."""
        return self._tag(f"ins {ins.oid.value} {ins.matricule.value}".encode())

    def key(self, key: str) -> bytes:
        """Give the tag of the key by which file names mean a worker."""
        return self._tag(f"key {key}".encode())

    def place(self, place: Place) -> bytes:
        """Give the tag of a file, which is also its reference for the connector."""
        return self._tag(b"place " + os.fsencode("/".join(place)))

    def check(self) -> bytes:
        """Give what tells this key from another."""
        return self._tag(b"check")

    def _tag(self, text: bytes) -> bytes:
        # Keyed BLAKE2 is a MAC by itself (RFC 7693 section 2.9), at a fifth of the time of HMAC.
        return blake2b(text, digest_size=_TAG_BYTES, key=self._key).digest()

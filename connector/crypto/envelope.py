"""A file sealed for whoever has a passphrase, or the private key of a recipient: what a backup is kept in.

    8 bytes   "SPSTIBAK"
    4 bytes   length of the head, big-endian
    head      JSON: what the file says of itself in clear, and how its key is wrapped
    chunks    as `crypto.aead` writes a document, the SHA-256 of the head standing for its id

The file's key is random. With a passphrase it is wrapped under scrypt's output (RFC 7914); for a recipient under HKDF
over an X25519 exchange with a fresh key (RFC 7748, RFC 5869), so that a machine which makes backups every night holds
nothing that opens them. The head is authenticated with every chunk. Whoever reads is told of a wrong passphrase, a
file cut short and altered bytes before the last piece is given, never after.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, BinaryIO, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from connector.core import b64
from connector.core.codes import Code
from connector.core.errors import ConfigFault, FailedClosed
from connector.crypto import aead

MAGIC: Final = b"SPSTIBAK"
MAX_HEAD: Final = 65_536
MIN_PASSPHRASE: Final = 12
"""Characters of a passphrase (our rule): the file may be tried without limit by whoever gets hold of it."""

_N, _R, _P = 2**17, 8, 1
"""128 MiB and some 0.4 s for each try (OWASP's password storage cheat sheet, scrypt)."""
_MAX_N: Final = 2**20
_SALT_BYTES: Final = 16
_WRAP: Final = b"spsti backup key 1"
_EXCHANGE: Final = b"spsti backup recipient 1"


@dataclass(frozen=True, slots=True)
class Passphrase:
    """A secret that people keep."""

    text: str

    def __repr__(self) -> str:
        return "[redacted]"


@dataclass(frozen=True, slots=True)
class Recipient:
    """The public half of a key whose private half is kept elsewhere."""

    key: X25519PublicKey

    @classmethod
    def load(cls, pem: bytes) -> "Recipient":
        """Read it from PEM.

        Raises:
            ConfigFault: it is no X25519 public key.
        """
        try:
            key = serialization.load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, X25519PublicKey):
            raise ConfigFault.of("backup.recipient")
        return cls(key)


@dataclass(frozen=True, slots=True)
class RecipientKey:
    """The private half."""

    key: X25519PrivateKey

    @classmethod
    def load(cls, pem: bytes) -> "RecipientKey":
        """Read it from unencrypted PEM.

        Raises:
            ConfigFault: it is no X25519 private key.
        """
        try:
            key = serialization.load_pem_private_key(pem, None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, X25519PrivateKey):
            raise ConfigFault.of("backup.identity")
        return cls(key)

    def __repr__(self) -> str:
        return "[redacted]"


class EnvelopeWriter:
    """Seals what is written to it into a binary file that is open for writing; `finish` makes it whole."""

    def __init__(self, out: BinaryIO, about: Mapping[str, Any], lock: Passphrase | Recipient) -> None:
        """Write the head. `about` is in clear.

        Raises:
            ConfigFault: a passphrase that is too short.
            OSError: it cannot be written.
        """
        key = aead.generate_key()
        head = json.dumps({"about": dict(about), "lock": _wrapped(key, lock)}, sort_keys=True).encode()
        self._out = out
        self._sealer = aead.ChunkSealer(key, sha256(head).hexdigest())
        out.write(MAGIC + len(head).to_bytes(4) + head + self._sealer.header)

    def write(self, data: bytes) -> int:
        """Take the next bytes.

        Raises:
            OSError: they cannot be written.
        """
        for sealed in self._sealer.update(data):
            self._out.write(sealed)
        return len(data)

    def finish(self) -> None:
        """Write the last chunk.

        Raises:
            OSError: it cannot be written.
        """
        self._out.write(self._sealer.finish())


def read_about(source: BinaryIO) -> dict[str, Any]:
    """Give what a file says of itself in clear; nothing vouches for it until the file was opened.

    Raises:
        FailedClosed: `vault.damaged`, it is no such file.
    """
    about: dict[str, Any] = _head(source)[1]["about"]
    return about


def open_envelope(source: BinaryIO, lock: Passphrase | RecipientKey) -> tuple[dict[str, Any], Iterator[bytes]]:
    """Open a file: what it says of itself, and its bytes piece by piece. `source` can be sought and has an end.

    Raises:
        FailedClosed: `vault.damaged`, no such file, a wrong passphrase or key; while pieces are taken: altered, cut.
    """
    raw, head = _head(source)
    key = _unwrapped(head["lock"], lock)
    start = source.tell()
    header = source.read(aead.HEADER_BYTES)
    opener = aead.ChunkOpener(key, sha256(raw).hexdigest(), header, source.seek(0, os.SEEK_END) - start)

    def pieces() -> Iterator[bytes]:
        for index in range(opener.chunk_count):
            offset, length = opener.sealed_range(index)
            source.seek(start + offset)
            yield opener.open_chunk(index, source.read(length))

    return head["about"], pieces()


def _head(source: BinaryIO) -> tuple[bytes, dict[str, Any]]:
    opening = source.read(len(MAGIC) + 4)
    size = int.from_bytes(opening[len(MAGIC) :])
    raw = source.read(size) if opening.startswith(MAGIC) and size <= MAX_HEAD else b""
    try:
        head = json.loads(raw)
        if not isinstance(head["about"], dict) or not isinstance(head["lock"], dict) or len(raw) != size:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _unusable("it is not a backup of the connector's, or its beginning is damaged") from None
    return raw, head


def _wrapped(key: bytes, lock: Passphrase | Recipient) -> dict[str, Any]:
    if isinstance(lock, Passphrase):
        if len(lock.text) < MIN_PASSPHRASE:
            raise ConfigFault.of("backup.passphrase", got=len(lock.text), limit=MIN_PASSPHRASE)
        salt = os.urandom(_SALT_BYTES)
        kek = _stretched(lock, salt, _N, _R, _P)
        return {"kind": "scrypt", "salt": b64.encode(salt), "n": _N, "r": _R, "p": _P, "key": _sealed(kek, key)}
    ephemeral = X25519PrivateKey.generate()
    mine, theirs = ephemeral.public_key().public_bytes_raw(), lock.key.public_bytes_raw()
    kek = _exchanged(ephemeral.exchange(lock.key), mine, theirs)
    return {"kind": "x25519", "ephemeral": b64.encode(mine), "key": _sealed(kek, key)}


def _unwrapped(wrapped: dict[str, Any], lock: Passphrase | RecipientKey) -> bytes:
    wants = "passphrase" if wrapped.get("kind") == "scrypt" else "private key of its recipient"
    try:
        if isinstance(lock, Passphrase) and wrapped["kind"] == "scrypt":
            n, r, p = (int(wrapped[name]) for name in ("n", "r", "p"))
            if not (1 < n <= _MAX_N and 1 <= r <= 32 and 1 <= p <= 16):
                raise ValueError
            kek = _stretched(lock, b64.decode(wrapped["salt"]), n, r, p)
        elif isinstance(lock, RecipientKey) and wrapped["kind"] == "x25519":
            theirs = b64.decode(wrapped["ephemeral"])
            shared = lock.key.exchange(X25519PublicKey.from_public_bytes(theirs))
            kek = _exchanged(shared, theirs, lock.key.public_key().public_bytes_raw())
        else:
            raise _unusable(f"it is opened by the {wants}")
        sealed = b64.decode(wrapped["key"])
    except (KeyError, ValueError, TypeError):
        raise _unusable("its beginning is damaged") from None
    try:
        return aead.unwrap_key(kek, sealed, _WRAP)
    except FailedClosed:
        raise _unusable(f"wrong {wants}, or its beginning is damaged") from None


def _sealed(kek: bytes, key: bytes) -> str:
    return b64.encode(aead.wrap_key(kek, key, _WRAP))


def _stretched(lock: Passphrase, salt: bytes, n: int, r: int, p: int) -> bytes:
    return Scrypt(salt=salt, length=aead.KEY_BYTES, n=n, r=r, p=p).derive(lock.text.encode())


def _exchanged(shared: bytes, ephemeral: bytes, recipient: bytes) -> bytes:
    info = _EXCHANGE + ephemeral + recipient
    return HKDF(hashes.SHA256(), aead.KEY_BYTES, salt=None, info=info).derive(shared)


def _unusable(what: str) -> FailedClosed:
    return FailedClosed(f"backup: {what}", code=Code.VAULT_DAMAGED, hint="give the right file, passphrase or key")

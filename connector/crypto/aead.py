"""Authenticated encryption at rest: AES-256-GCM for small values, for keys under other keys, and for whole documents.

A document is sealed in chunks after the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): a nonce is
prefix ‖ chunk number ‖ "this is the last one", so chunks cannot be reordered, dropped, repeated or appended, and any
chunk can be opened alone, which a range request needs. The bytes on disk:

    header   8 bytes "SPSTIDOC", 1 byte version, 4 bytes chunk size (big-endian), 7 bytes nonce prefix
    chunks   each `chunk size` bytes of document and 16 bytes of tag; the last one shorter or full, never empty unless
             the document is

Header and document id are authenticated with every chunk. A document has a random key of its own, which the caller
wraps under another with `wrap_key`. Files, keys on disk and who may open what are left to the vault and the ledger.
"""

import os
from struct import Struct
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connector.core.codes import Code
from connector.core.errors import FailedClosed

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
CHUNK_BYTES: Final = 256 * 1024
"""Plain bytes of a full chunk (reference/dependencies.md section 2: the fastest in the benches)."""

MAGIC: Final = b"SPSTIDOC"
VERSION: Final = 1
PREFIX_BYTES: Final = 7
_HEADER: Final = Struct(f">{len(MAGIC)}sBI{PREFIX_BYTES}s")
HEADER_BYTES: Final = _HEADER.size
_COUNTER: Final = Struct(">IB")
_MIN_CHUNK_BYTES: Final = 16
_MAX_CHUNK_BYTES: Final = 16 * 1024 * 1024
_MAX_CHUNKS: Final = 2**32
_WRAPPED: Final = b"wrapped key\0"

Bytes: TypeAlias = bytes | bytearray | memoryview


class Box:
    """A key made ready once, for whoever seals many values under it; `bytes` does as well where there is one.

    Raises:
        ValueError: key of a wrong length.
    """

    __slots__ = ("cipher",)

    def __init__(self, key: bytes) -> None:
        _require(key, KEY_BYTES, "key")
        self.cipher = AESGCM(key)


Key: TypeAlias = bytes | Box


def generate_key() -> bytes:
    """Make a random 32-byte key."""
    return os.urandom(KEY_BYTES)


def seal(key: Key, plaintext: Bytes, aad: bytes, *, nonce: bytes | None = None) -> bytes:
    """Encrypt and authenticate: nonce ‖ ciphertext ‖ tag. `aad` says what it is and where it belongs.

    The nonce is random unless given. One key may seal 2^32 values with random nonces (NIST SP 800-38D section 8.3);
    keys here seal one document, one entry, or one epoch of keys.

    Raises:
        ValueError: key or nonce of a wrong length.
    """
    if nonce is None:
        nonce = os.urandom(NONCE_BYTES)
    elif len(nonce) != NONCE_BYTES:
        _require(nonce, NONCE_BYTES, "nonce")
    box = key if isinstance(key, Box) else Box(key)
    return nonce + box.cipher.encrypt(nonce, plaintext, aad)


def open_(key: Key, sealed: Bytes, aad: bytes) -> bytes:
    """Give back what `seal` took, under the same key and `aad`.

    Raises:
        FailedClosed: `vault.damaged`, another key, another context, or altered bytes.
        ValueError: key of a wrong length.
    """
    cipher = _cipher(key)
    view = memoryview(sealed)
    if len(view) < NONCE_BYTES + TAG_BYTES:
        raise _damaged(f"sealed value: {len(view)} bytes are too short to be one")
    try:
        return cipher.decrypt(view[:NONCE_BYTES], view[NONCE_BYTES:], aad)
    except InvalidTag:
        raise _damaged("sealed value: not what was sealed with this key for this place") from None


def wrap_key(kek: Key, key: bytes, aad: bytes, *, nonce: bytes | None = None) -> bytes:
    """Seal a 32-byte key under another; never mistaken for a sealed value.

    Raises:
        ValueError: key or nonce of a wrong length.
    """
    _require(key, KEY_BYTES, "key")
    return seal(kek, key, _WRAPPED + aad, nonce=nonce)


def unwrap_key(kek: Key, wrapped: Bytes, aad: bytes) -> bytes:
    """Give back what `wrap_key` took.

    Raises:
        FailedClosed: `vault.damaged`, another key, another context, or altered bytes.
        ValueError: key of a wrong length.
    """
    return open_(kek, wrapped, _WRAPPED + aad)


class ChunkSealer:
    """Seals one document as it streams by: write `header`, then what `update` and at last `finish` give.

    Holds back at most one chunk, since only the end tells which chunk is the last one.

    Raises:
        ValueError: key, prefix or chunk size of a wrong length.
    """

    __slots__ = ("_aad", "_cipher", "_counter", "_finished", "_pending", "_prefix", "_size", "header")

    def __init__(
        self, key: bytes, document_id: str, *, chunk_size: int = CHUNK_BYTES, nonce_prefix: bytes | None = None
    ) -> None:
        self._prefix = os.urandom(PREFIX_BYTES) if nonce_prefix is None else nonce_prefix
        _require(self._prefix, PREFIX_BYTES, "nonce prefix")
        if not _MIN_CHUNK_BYTES <= chunk_size <= _MAX_CHUNK_BYTES:
            raise ValueError(f"chunk size {chunk_size} is outside {_MIN_CHUNK_BYTES} to {_MAX_CHUNK_BYTES}")
        self._cipher = _cipher(key)
        self._size = chunk_size
        self.header = _HEADER.pack(MAGIC, VERSION, chunk_size, self._prefix)
        self._aad = self.header + document_id.encode()
        self._pending = bytearray()
        self._counter = 0
        self._finished = False

    def update(self, data: Bytes) -> list[bytes]:
        """Take the next bytes of the document and give the sealed chunks that are complete.

        Raises:
            ValueError: after `finish`.
        """
        if self._finished:
            raise ValueError("document is finished, nothing can be added")
        sealed: list[bytes] = []
        view = memoryview(data)
        if self._pending:
            room = self._size - len(self._pending)
            self._pending += view[:room]
            view = view[room:]
            if not view:
                return sealed
            sealed.append(self._seal(self._pending, final=False))
            self._pending.clear()
        while len(view) > self._size:
            sealed.append(self._seal(view[: self._size], final=False))
            view = view[self._size :]
        self._pending += view
        return sealed

    def finish(self) -> bytes:
        """Give the last chunk, that of an empty document included.

        Raises:
            ValueError: when called again.
        """
        if self._finished:
            raise ValueError("document is finished already")
        self._finished = True
        return self._seal(self._pending, final=True)

    def _seal(self, chunk: Bytes, *, final: bool) -> bytes:
        if self._counter >= _MAX_CHUNKS:
            raise ValueError(f"document has more than {_MAX_CHUNKS} chunks")
        nonce = self._prefix + _COUNTER.pack(self._counter, final)
        self._counter += 1
        return self._cipher.encrypt(nonce, chunk, self._aad)


class ChunkOpener:
    """Opens the chunks of one sealed document in any order, given its header and the sealed size in bytes, header too.

    Which chunk is the last follows from the size. A file cut or lengthened after it was sealed therefore fails at the
    latest when its last chunk is opened; compare `plain_size` with the size on record to know before the first byte.

    Raises:
        FailedClosed: `vault.damaged`, no such header, or a size that no document gives.
        ValueError: key of a wrong length.
    """

    __slots__ = ("_aad", "_cipher", "_prefix", "_sealed_size", "chunk_count", "chunk_size", "plain_size")

    def __init__(self, key: bytes, document_id: str, header: bytes, sealed_size: int) -> None:
        self._cipher = _cipher(key)
        if len(header) != HEADER_BYTES:
            raise _damaged(f"sealed document: header has {len(header)} bytes, expected {HEADER_BYTES}")
        magic, version, chunk_size, prefix = _HEADER.unpack(header)
        if magic != MAGIC or version != VERSION:
            raise _damaged(f"sealed document: its header is not that of version {VERSION}")
        if not _MIN_CHUNK_BYTES <= chunk_size <= _MAX_CHUNK_BYTES:
            raise _damaged(f"sealed document: chunk size {chunk_size} is out of range")
        full = chunk_size + TAG_BYTES
        count = max(1, -(-(sealed_size - HEADER_BYTES) // full))
        last = sealed_size - HEADER_BYTES - (count - 1) * full
        if last < TAG_BYTES + (count > 1) or count > _MAX_CHUNKS:
            raise _damaged(f"sealed document: {sealed_size} bytes are no whole number of chunks")
        self._sealed_size = sealed_size
        self._prefix: bytes = prefix
        self._aad = header + document_id.encode()
        self.chunk_size: int = chunk_size
        self.chunk_count = count
        self.plain_size = sealed_size - HEADER_BYTES - count * TAG_BYTES

    def sealed_range(self, index: int) -> tuple[int, int]:
        """Where chunk `index` stands in the sealed bytes, header included: offset and length.

        Raises:
            ValueError: no such chunk.
        """
        if not 0 <= index < self.chunk_count:
            raise ValueError(f"chunk {index} is not one of {self.chunk_count}")
        full = self.chunk_size + TAG_BYTES
        offset = HEADER_BYTES + index * full
        return offset, min(full, self._sealed_size - offset)

    def locate(self, plain_offset: int) -> tuple[int, int]:
        """Which chunk holds the byte `plain_offset` of the document, and how many bytes of that chunk come before it.

        Raises:
            ValueError: no such byte.
        """
        if not 0 <= plain_offset < self.plain_size:
            raise ValueError(f"byte {plain_offset} is not one of {self.plain_size}")
        return divmod(plain_offset, self.chunk_size)

    def open_chunk(self, index: int, sealed: Bytes) -> bytes:
        """Give the plain bytes of chunk `index`.

        Raises:
            FailedClosed: `vault.damaged`, altered, of another place or document, or not the end where it should be.
            ValueError: no such chunk.
        """
        if len(sealed) != self.sealed_range(index)[1]:
            raise _damaged(f"sealed document: chunk {index} has {len(sealed)} bytes, which does not fit its place")
        nonce = self._prefix + _COUNTER.pack(index, index == self.chunk_count - 1)
        try:
            return self._cipher.decrypt(nonce, sealed, self._aad)
        except InvalidTag:
            raise _damaged(
                f"sealed document: chunk {index} of {self.chunk_count} is not what was sealed there"
            ) from None


def _cipher(key: Key) -> AESGCM:
    return (key if isinstance(key, Box) else Box(key)).cipher


def _require(value: bytes, size: int, name: str) -> None:
    if len(value) != size:
        raise ValueError(f"{name} has {len(value)} bytes, expected {size}")


def _damaged(message: str) -> FailedClosed:
    return FailedClosed(
        message, code=Code.VAULT_DAMAGED, hint="restore nothing by hand; drop it, and check the disk and the key file"
    )

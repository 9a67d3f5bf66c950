"""The vault: documents by opaque id, each under a random key of its own, in chunks (`crypto.aead`).

    8 bytes   size of the document, big-endian
    60 bytes  the document's key, wrapped under the vault's; document id and size are authenticated with it
    …         header and chunks as `crypto.aead` writes them

The first 68 bytes are written last, when the size is known: a file cut short is refused before its first byte is given.
A document being kept stands in `partial/` and gets its name once it is synchronised; what a crash left there is removed
at the next start. Removing the file removes the only copy of its key. Writing and reading do not leave the event loop,
a chunk takes less than a hop to a thread (reference/dependencies.md section 2); synchronising does.
"""

import asyncio
import os
import re
from collections.abc import Sequence
from pathlib import Path

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.ports import Entropy
from connector.crypto import aead
from connector.store.files import make_directory, sync_directory
from connector.store.vault_files import HEAD_BYTES, SIZE_BYTES, VaultFile, VaultReader, damaged, unavailable

_ID = re.compile(r"[0-9a-f]{32}")
_PARTIAL = "partial"


class FileVault:
    """`core.ports.Vault` on a directory."""

    def __init__(self, directory: Path, kek: bytes, entropy: Entropy, min_free_bytes: int) -> None:
        """Make the directory where there is none, and remove what a crash left unfinished.

        Raises:
            FailedClosed: `vault.unavailable`, the directory cannot be used.
        """
        self._directory = directory
        self._partial = directory / _PARTIAL
        self._kek = kek
        self._entropy = entropy
        self._min_free_bytes = min_free_bytes
        try:
            make_directory(directory)
            make_directory(self._partial)
            for leftover in self._partial.iterdir():
                leftover.unlink()
        except OSError as error:
            raise unavailable(error) from error

    def create(self, vault_id: str) -> VaultFile:
        """Begin to keep a document.

        Raises:
            FailedClosed: `vault.unavailable`, too little room, or a document of that id is being kept already.
            ValueError: the id is not 32 lower-case hex characters.
        """
        path = self._path(vault_id)
        self.check_room()
        key = self._entropy.token(aead.KEY_BYTES)
        try:
            handle = os.open(self._partial / vault_id, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise unavailable(error) from error

        def head(size: int) -> bytes:
            return _size(size) + aead.wrap_key(self._kek, key, _place(vault_id, size))

        return VaultFile(handle, self._partial / vault_id, path, aead.ChunkSealer(key, vault_id), head, self.check_room)

    def read(self, vault_id: str, offset: int = 0) -> VaultReader:
        """Give the bytes of a document from `offset` on, in pieces of at most 256 KiB.

        Key, size and length of the file are checked before anything is given; each piece when it is read.

        Raises:
            FailedClosed: `vault.damaged`, it is not there, or not what was kept under this id.
            ValueError: a negative offset, or no vault id.
        """
        if offset < 0:
            raise ValueError("a document has no byte before its first")
        try:
            handle = os.open(self._path(vault_id), os.O_RDONLY)
        except FileNotFoundError:
            raise damaged("it is not in the vault") from None
        except OSError as error:
            raise unavailable(error) from error
        try:
            opener = self._open(vault_id, handle)
        except BaseException:
            os.close(handle)
            raise
        return VaultReader(handle, opener, offset)

    def holds(self, vault_id: str) -> bool:
        """Whether a document of that id was kept and not deleted."""
        return self._path(vault_id).exists()

    async def delete(self, vault_id: str) -> None:
        """Remove a document for good; one that is not there is removed already.

        Raises:
            FailedClosed: `vault.unavailable`, the file cannot be removed.
        """
        await asyncio.to_thread(self._delete, self._path(vault_id))

    def ids(self) -> Sequence[str]:
        """Give the ids of all documents in the vault."""
        return sorted(path.name for path in self._directory.iterdir() if _ID.fullmatch(path.name))

    def check_room(self) -> None:
        """Refuse to write when the disk is nearly full, so that the ledgers can still be written.

        Raises:
            FailedClosed: `vault.unavailable`.
        """
        disk = os.statvfs(self._directory)
        free = disk.f_bavail * disk.f_frsize
        if free < self._min_free_bytes:
            raise FailedClosed(
                f"vault: {free} bytes are free on its disk, expected at least {self._min_free_bytes}",
                code=Code.VAULT_UNAVAILABLE,
                hint="free the disk; documents past their time are purged by themselves",
            )

    def _delete(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
            sync_directory(self._directory)
        except OSError as error:
            raise unavailable(error) from error

    def _open(self, vault_id: str, handle: int) -> aead.ChunkOpener:
        try:
            head = os.pread(handle, HEAD_BYTES + aead.HEADER_BYTES, 0)
            sealed_size = os.fstat(handle).st_size - HEAD_BYTES
        except OSError as error:
            raise unavailable(error) from error
        if len(head) != HEAD_BYTES + aead.HEADER_BYTES:
            raise damaged("its file is cut short")
        size = int.from_bytes(head[:SIZE_BYTES])
        key = aead.unwrap_key(self._kek, head[SIZE_BYTES:HEAD_BYTES], _place(vault_id, size))
        opener = aead.ChunkOpener(key, vault_id, head[HEAD_BYTES:], sealed_size)
        if opener.plain_size != size:
            raise damaged(f"its file holds {opener.plain_size} bytes, {size} were kept")
        return opener

    def _path(self, vault_id: str) -> Path:
        if not _ID.fullmatch(vault_id):
            raise ValueError("a vault id is 32 lower-case hex characters")
        return self._directory / vault_id


def _size(size: int) -> bytes:
    return size.to_bytes(SIZE_BYTES)


def _place(vault_id: str, size: int) -> bytes:
    return f"vault/{vault_id}/{size}".encode()

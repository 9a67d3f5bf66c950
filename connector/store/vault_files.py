"""One document of the vault being written, or being read; `store.vault` tells what stands in its file.

Both hold a bare file descriptor and give it back at the end, after a failure, and when they are dropped.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.evidence import DocumentDigest
from connector.crypto import aead
from connector.store.files import sync_directory, write_all

SIZE_BYTES: Final = 8
HEAD_BYTES: Final = SIZE_BYTES + aead.NONCE_BYTES + aead.KEY_BYTES + aead.TAG_BYTES
"""What stands before the header of `crypto.aead`: the document's size and its wrapped key."""


class VaultFile:
    """A document being kept (`core.ports.VaultWriter`); after a failure nothing of it remains."""

    def __init__(
        self,
        handle: int,
        partial: Path,
        path: Path,
        sealer: aead.ChunkSealer,
        head: Callable[[int], bytes],
        check_room: Callable[[], None],
    ) -> None:
        self._handle: int | None = handle
        self._partial = partial
        self._path = path
        self._sealer = sealer
        self._head = head
        self._check_room = check_room
        self._digest = hashlib.sha256()
        self._size = 0
        self._put(bytes(HEAD_BYTES) + sealer.header)

    def write(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            FailedClosed: `vault.unavailable`, the disk is full or failed: the document is aborted.
            ValueError: it was finished or aborted before.
        """
        self._require_open()
        self._digest.update(data)
        self._size += len(data)
        for sealed in self._sealer.update(data):
            self._put(sealed)

    async def finish(self) -> DocumentDigest:
        """Make the document durable and visible under its id.

        Raises:
            FailedClosed: `vault.unavailable`, as for `write`.
            ValueError: it was finished or aborted before.
        """
        self._put(self._sealer.finish())
        handle = self._require_open()
        self._handle = None  # the thread's from here on, even if whoever waits is cancelled
        try:
            await asyncio.shield(asyncio.to_thread(self._keep, handle))
        except OSError as error:
            raise unavailable(error) from error
        return DocumentDigest(self._digest.digest(), self._size)

    def abort(self) -> None:
        """Drop it; after `finish` or `abort` this changes nothing."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
            self._partial.unlink(missing_ok=True)

    def __del__(self) -> None:
        self.abort()

    def _keep(self, handle: int) -> None:
        try:
            try:
                write_all(handle, self._head(self._size), 0)
                os.fsync(handle)
            finally:
                os.close(handle)
            self._partial.rename(self._path)
            sync_directory(self._path.parent)
        except OSError:
            self._partial.unlink(missing_ok=True)
            raise

    def _put(self, data: bytes) -> None:
        handle = self._require_open()
        try:
            self._check_room()
            write_all(handle, data)
        except FailedClosed:
            self.abort()
            raise
        except OSError as error:
            self.abort()
            raise unavailable(error) from error

    def _require_open(self) -> int:
        if self._handle is None:
            raise ValueError("the document was finished or aborted")
        return self._handle


class VaultReader(Iterator[bytes]):
    """The pieces of a document, from an offset on; its file is closed at the end, by `close`, or when dropped."""

    def __init__(self, handle: int, opener: aead.ChunkOpener, offset: int) -> None:
        self._handle: int | None = handle
        self._opener = opener
        self.size = opener.plain_size
        if offset < self.size:
            self._chunk, self._skip = opener.locate(offset)
        else:
            # Nothing is left; of an empty document there is one chunk, which says that it is empty.
            self._chunk, self._skip = (0 if self.size == 0 else opener.chunk_count), 0

    def __next__(self) -> bytes:
        if self._handle is None or self._chunk >= self._opener.chunk_count:
            self.close()
            raise StopIteration
        offset, length = self._opener.sealed_range(self._chunk)
        try:
            sealed = os.pread(self._handle, length, HEAD_BYTES + offset)
        except OSError as error:
            raise unavailable(error) from error
        piece = self._opener.open_chunk(self._chunk, sealed)
        self._chunk += 1
        if self._skip:
            piece, self._skip = piece[self._skip :], 0
        return piece

    def close(self) -> None:
        """Close the file; nothing more is given."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __del__(self) -> None:
        self.close()


def damaged(got: str) -> FailedClosed:
    """Tell of a document that is not what was kept."""
    return FailedClosed(
        f"vault: a document cannot be given, {got}",
        code=Code.VAULT_DAMAGED,
        hint="fetch it again; check the disk if this happens again",
    )


def unavailable(error: OSError) -> FailedClosed:
    """Tell of a disk that does not do what it is asked."""
    return FailedClosed(
        f"vault: its disk refused ({error.strerror})",
        code=Code.VAULT_UNAVAILABLE,
        hint="free the disk, or give the vault's directory back to the connector's user",
    )

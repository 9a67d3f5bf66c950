"""Files put where another program looks: there whole or not at all, and durable when the call returns."""

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import RawIOBase
from pathlib import Path

from connector.contract import AdapterError, Problem
from spsti_adapter_folder.beneath import of_folder

DRAFT_PREFIX = ".spsti-"


def put(folder: Path, name: str, content: Iterable[bytes], mode: int, *, size: int = -1, digest: str = "") -> None:
    """Write a file under a hidden name, make it durable, and give it its own; a former one is replaced.

    Raises:
        AdapterError: `data`, not the size or digest that was announced; `unreachable` or `access-refused`, the folder.
        Exception: what reading `content` raised.
    """
    draft = folder / f"{DRAFT_PREFIX}{secrets.token_hex(8)}.part"
    with _translated():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as out:
            written, found = _copy(content, out)
            if size >= 0 and (written, found) != (size, digest):
                raise AdapterError(Problem.DATA, "not the bytes that were announced")
            with _translated():
                os.fchmod(descriptor, mode)
                os.fsync(descriptor)
        with _translated():
            draft.replace(folder / name)
            sync_folder(folder)
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable.

    Raises:
        OSError: it cannot be opened or written.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(content: Iterable[bytes], out: RawIOBase) -> tuple[int, str]:
    """Write every piece; an error of reading them is the caller's and is let through."""
    size, digest = 0, sha256()
    for piece in content:
        size += len(piece)
        digest.update(piece)
        left = memoryview(piece)
        with _translated():
            while left:
                left = left[out.write(left) or 0 :]
    return size, digest.hexdigest()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AdapterError(of_folder(error), error) from error

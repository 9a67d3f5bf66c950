"""Documents whose place the database names, read below one configured folder and nowhere else.

The path is walked from the folder's own descriptor, one part at a time, and no link is followed: what a path means
cannot change between the check and the opening.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.contract import AdapterError, Problem
from spsti_adapter_sql.options import FilesOptions

PIECE = 512 * 1024
_AWAY = frozenset(
    {errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ENOTCONN}
)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Folder:
    """The configured folder. It is opened at each reading: a share may come back where it was away."""

    def __init__(self, options: FilesOptions, directory: Path) -> None:
        self._root = directory / options.root
        self._prefix, self._backslashes = options.prefix, options.backslashes

    def pieces(self, path: str) -> Iterator[bytes]:
        """Read a file piece by piece; one that changes meanwhile is another document.

        Raises:
            AdapterError: `document-unreadable`: no file below the folder; `document-gone`: it changed; `unreachable`:
                the folder itself is away.
        """
        parts = self._parts(path)
        with _descriptor(self._opened(parts)) as file:
            before = os.fstat(file)
            if not stat.S_ISREG(before.st_mode):
                raise AdapterError(Problem.DOCUMENT_UNREADABLE, "no plain file")
            size = 0
            with _as_problems():
                while piece := os.read(file, PIECE):
                    size += len(piece)
                    yield piece
            after = os.fstat(file)
            if (after.st_size, after.st_mtime_ns) != (size, before.st_mtime_ns):
                raise AdapterError(Problem.DOCUMENT_GONE, "the file changed while it was read")

    def _parts(self, path: str) -> list[str]:
        if self._backslashes:
            path = path.replace("\\", "/")
        prefix = self._prefix.replace("\\", "/") if self._backslashes else self._prefix
        if prefix:
            # The names of Windows folders are the same in either case, and databases write both.
            same = path.casefold().startswith(prefix.casefold()) if self._backslashes else path.startswith(prefix)
            if not same:
                raise AdapterError(Problem.DOCUMENT_UNREADABLE, "a path without the configured prefix")
            path = path[len(prefix) :].lstrip("/")
        parts = path.split("/")
        if "\0" in path or any(part in {"", ".", ".."} for part in parts):
            raise AdapterError(Problem.DOCUMENT_UNREADABLE, "a path that is absolute or leads upwards")
        return parts

    def _opened(self, parts: list[str]) -> int:
        try:
            at = os.open(self._root, _FOLDER)
        except PermissionError:
            raise AdapterError(Problem.ACCESS_REFUSED, "the folder of the documents may not be read") from None
        except OSError:
            raise AdapterError(Problem.UNREACHABLE, "the folder of the documents is not there") from None
        try:
            with _as_problems():
                for part in parts[:-1]:
                    below = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=at)
                    os.close(at)
                    at = below
                # A named pipe would keep the thread waiting for its writer.
                return os.open(parts[-1], os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
        finally:
            os.close(at)


@contextmanager
def _descriptor(file: int) -> Iterator[int]:
    try:
        yield file
    finally:
        os.close(file)


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = Problem.UNREACHABLE if error.errno in _AWAY else Problem.DOCUMENT_UNREADABLE
        raise AdapterError(problem, errno.errorcode.get(error.errno or 0, "OSError")) from None

"""Files beneath one folder, reached without ever following a link or leaving it.

Whoever writes the export also writes the paths in its index: they are text of a stranger. Each part of a path is opened
from the one before it with O_NOFOLLOW, so that what was checked is what is read. A hard link is a file like another.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from connector.contract import AdapterError, Problem

MAX_PARTS = 16
_MAX_PART = 255
_DRIVE = re.compile(r"[A-Za-z]:")
_PARTIAL = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".swp", "~")

Place = tuple[str, ...]
"""The parts of a path beneath the folder."""


class PlaceRefused(Exception):
    """A text that is no path beneath the folder; `got` tells its kind and never repeats it."""

    def __init__(self, got: str, *, is_partial: bool = False) -> None:
        super().__init__(got)
        self.got, self.is_partial = got, is_partial


@dataclass(frozen=True, slots=True)
class Signature:
    """What tells one state of a file from another without reading it."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> "Signature":
        """Take it from a stat."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)

    @property
    def changed_at(self) -> float:
        """Seconds since 1970 of the last change to content or name, by the file system's clock."""
        return max(self.mtime_ns, self.ctime_ns) / 1e9

    def version(self) -> str:
        """Give the text that stands for this state: another one, other bytes."""
        text = f"{self.size} {self.mtime_ns} {self.ctime_ns} {self.inode}"
        return sha256(text.encode()).hexdigest()[:24]


def parse_place(text: str) -> Place:
    """Read a relative path; both slashes separate, since exports come from Windows too.

    Raises:
        PlaceRefused: empty, absolute, with a drive, upwards, hidden, or named as files are while they are written.
    """
    if not text.isprintable():
        raise PlaceRefused("a control character")
    slashed = text.replace("\\", "/")
    if slashed.startswith("/") or _DRIVE.match(slashed):
        raise PlaceRefused("an absolute path")
    parts = tuple(part for part in slashed.split("/") if part not in {"", "."})
    if not parts:
        raise PlaceRefused("no path")
    if ".." in parts:
        raise PlaceRefused("a path that leads upwards")
    if len(parts) > MAX_PARTS or any(len(os.fsencode(part)) > _MAX_PART for part in parts):
        raise PlaceRefused("a path too long")
    if any(part.startswith(".") for part in parts) or parts[-1].lower().endswith(_PARTIAL):
        raise PlaceRefused("a hidden file or one still being written, by its name", is_partial=True)
    return parts


@contextmanager
def opened(root: Path, place: Place) -> Iterator[int]:
    """Open a regular file beneath `root` for reading; the descriptor is closed at the end.

    Raises:
        AdapterError: `unreachable` or `access-refused`: the folder itself; `data`: no such file, or a link;
            `document-unreadable`: it is there and cannot be opened.
    """
    descriptor = open_beneath(root, place)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_beneath(root: Path, place: Place) -> int:
    """Open a regular file beneath `root`; the caller closes the descriptor.

    Raises:
        AdapterError: as `opened`.
    """
    at = open_folder(root, place[:-1])
    try:
        # Without O_NONBLOCK the opening of a pipe would wait for somebody to write into it.
        descriptor = _open(place[-1], os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY, at)
    finally:
        os.close(at)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise AdapterError(Problem.DATA, "no regular file")
    return descriptor


def open_folder(root: Path, place: Place) -> int:
    """Open a folder beneath `root`, or `root` itself; the caller closes the descriptor.

    Raises:
        AdapterError: as `opened`.
    """
    try:
        at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise AdapterError(of_folder(error), error) from error
    for part in place:
        try:
            inner = _open(part, os.O_RDONLY | os.O_DIRECTORY, at)
        finally:
            os.close(at)
        at = inner
    return at


def of_folder(error: OSError) -> Problem:
    """Give the problem that an error on the folder itself stands for."""
    return Problem.ACCESS_REFUSED if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS} else Problem.UNREACHABLE


def _open(part: str, flags: int, at: int) -> int:
    try:
        return os.open(part, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    except OSError as error:
        # A link gives ELOOP, a link where a folder is wanted ENOTDIR.
        is_data = error.errno in {errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.EISDIR}
        raise AdapterError(Problem.DATA if is_data else Problem.DOCUMENT_UNREADABLE, error) from error

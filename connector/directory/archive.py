"""Every version of the directory that was believed, on disk as long as the ledgers: newest for the mirror, older ones
for evidence.

Files are kept once, by their SHA-256; an accepted version is one small record that names its roots and timestamp, from
which hashes lead to all the rest. Records are numbered, and written last, so that a version exists whole or not at
all. What is in them is judged again at each reading (`verify`): a file that was altered on disk is not believed.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.core.canonical import canonical
from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.faults import reason
from connector.core.instant import Instant
from connector.directory import layout
from connector.directory.metadata import file_of
from connector.directory.verify import Verified

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_KEPT_FOR_MIRROR: Final = 2
"""Versions whose files are served: a reader that began on the one before can finish it."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The record of one accepted version."""

    number: int
    accepted_at: Instant
    version: str
    timestamp_version: int
    roots: tuple[str, ...]
    timestamp: str
    carried: dict[str, tuple[str, int]]


class Archive:
    """A folder of accepted versions; one process writes it, from one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._served: list[dict[str, str]] = []

    # ------------------------------------------------------------ files by hash

    def blob(self, sha256: str) -> bytes | None:
        """Give a file by its hash, or None where it is missing or is no longer that file."""
        if not _SHA256.fullmatch(sha256):
            return None
        data = _read(self._blob_path(sha256))
        return data if data is not None and file_of(data) == sha256 else None

    def keep(self, data: bytes) -> str:
        """Keep a file durably; give its hash."""
        digest = file_of(data)
        if self.blob(digest) is None:
            _write(self._blob_path(digest), data)
        return digest

    def _blob_path(self, sha256: str) -> Path:
        return self._folder / "files" / sha256[:2] / sha256

    # ------------------------------------------------------------ accepted versions

    def accept(self, verified: Verified, files: dict[str, bytes], at: Instant) -> None:
        """Keep a believed version: all its files, then its record.

        Args:
            verified: what was believed.
            files: the files that were fetched for it, by hash; those kept already need not be there.
            at: when it was believed.

        Raises:
            FailedClosed: `directory.unavailable`, the disk refuses.
        """
        for digest in verified.names.values():
            if digest in files:
                self.keep(files[digest])
        roots = [self.keep(root) for root in verified.roots]
        number = max(self._numbers(), default=0) + 1
        carried = {role: kept for role, kept in verified.kept().items() if role in verified.carried}
        record = {
            "v": 1,
            "accepted_at": int(at),
            "version": verified.version,
            "timestamp_version": verified.versions["timestamp"],
            "roots": roots,
            "timestamp": self.keep(verified.timestamp),
            "carried": carried,
        }
        _write(self._record_path(number), canonical(record))
        self.serve(verified)

    def accepted(self) -> Iterator[Accepted]:
        """Give the records, newest first; one that cannot be read is passed over."""
        for number in sorted(self._numbers(), reverse=True):
            record = self._record(number)
            if record is not None:
                yield record

    def files(self, record: Accepted) -> "ArchivedFiles":
        """Give the files of an accepted version, as a copy that `verify` can read."""
        return ArchivedFiles(self, record)

    def _numbers(self) -> Iterator[int]:
        try:
            names = [path.name for path in (self._folder / "accepted").iterdir()]
        except FileNotFoundError:
            return
        except OSError as error:
            raise _broken(error) from None
        for name in names:
            if name.endswith(".json") and name[:-5].isdecimal():
                yield int(name[:-5])

    def _record_path(self, number: int) -> Path:
        return self._folder / "accepted" / f"{number:08}.json"

    def _record(self, number: int) -> Accepted | None:
        try:
            row = json.loads(_read(self._record_path(number)) or b"")
            return Accepted(
                number,
                Instant(int(row["accepted_at"])),
                str(row["version"]),
                int(row["timestamp_version"]),
                tuple(map(str, row["roots"])),
                str(row["timestamp"]),
                {str(role): (str(digest), int(version)) for role, (digest, version) in row["carried"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    # ------------------------------------------------------------ the mirror

    def serve(self, verified: Verified) -> None:
        """Serve this version from now on, and the one before it to those who have begun."""
        names = dict(verified.names)
        names[layout.metadata_file("timestamp", None)] = file_of(verified.timestamp)
        self._served = [names, *self._served][:_KEPT_FOR_MIRROR]

    def read(self, path: str) -> bytes | None:
        """Give a file by its path below `/directory/` (port `DirectoryFiles`)."""
        if not layout.is_plain_path(path):
            return None
        if path.startswith("own/"):
            return _read(self._folder / path)
        for names in self._served:
            if path in names:
                return self.blob(names[path])
        return None

    def offer(self, path: str, data: bytes) -> None:
        """Offer an own file to the publishers, who ask for it."""
        if not path.startswith("own/") or not layout.is_plain_path(path):
            msg = "only files below own/ are offered"
            raise ValueError(msg)
        _write(self._folder / path, data)


class ArchivedFiles:
    """The files of one accepted version by path or hash, in the form of `verify.Read`."""

    def __init__(self, archive: Archive, record: Accepted) -> None:
        self._archive = archive
        self._names = {layout.metadata_file("timestamp", None): record.timestamp}
        self._roots = record.roots

    def __call__(self, path: str, limit: int, sha256: str | None) -> bytes | None:
        """Give a file."""
        digest = sha256 or self._names.get(path) or self._root(path)
        data = self._archive.blob(digest) if digest else None
        return data if data is not None and len(data) <= limit else None

    def _root(self, path: str) -> str | None:
        # Roots are named by number alone; the record lists them in their order.
        for digest in self._roots:
            data = self._archive.blob(digest)
            if data is not None and layout.metadata_file("root", _version(data)) == path:
                return digest
        return None


def _version(data: bytes) -> int | None:
    try:
        return int(json.loads(data)["signed"]["version"])
    except (ValueError, KeyError, TypeError):
        return None


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise _broken(error) from None


def _write(path: Path, data: bytes) -> None:
    """Write a file so that after a crash it is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _broken(error) from None


def _broken(error: OSError) -> FailedClosed:
    return FailedClosed.of(Code.DIRECTORY_UNAVAILABLE, "archive.disk", reason=reason(error))

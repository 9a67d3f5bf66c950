"""Files of the operators' folder: read, and put in place whole, several at a time or none; one changer at a time.

A disk that is full or refuses leaves what was there before, and is told with the file and what to do.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from connector.core.codes import Code
from connector.core.errors import FailedClosed, LocalRefused
from connector.core.faults import reason

_LOCK: Final = ".lock"


def read(path: Path) -> bytes | None:
    """Give a file, or None where there is none.

    Raises:
        FailedClosed: `directory.unavailable`, it is there and cannot be read.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(path, error) from None


def put_all(base: Path, files: Mapping[str, bytes]) -> None:
    """Put files in place, on the disk: all are written beside their places first, so that a full disk changes nothing.

    Each then takes its place in one step, the last one once the others outlast a power cut. Those that are there
    already, to the byte, stay as they are.

    Args:
        base: the folder below which they lie.
        files: their contents by path below it.

    Raises:
        FailedClosed: `directory.unavailable`, one could not be written.
    """
    new = {base / path: data for path, data in files.items() if read(base / path) != data}
    target = base
    try:
        for target, data in new.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(_beside(target), data)
        for target in new:
            if target == next(reversed(new)):
                _sync(base, new)  # it must not outlive a power cut that takes what it leads to
            _beside(target).replace(target)
        _sync(base, new)
    except OSError as error:
        for path in new:
            _leave_none(_beside(path))
        raise _unwritten(target, error) from None


def make_folder(path: Path) -> None:
    """Make a folder where there is none.

    Raises:
        FailedClosed: `directory.unavailable`, it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritten(path, error) from None


def remove(path: Path) -> None:
    """Take a file away; one that is not there is none too.

    Raises:
        FailedClosed: `directory.unavailable`, it cannot be taken away.
    """
    try:
        path.unlink(missing_ok=True)
    except NotADirectoryError:
        return
    except OSError as error:
        raise _unwritten(path, error) from None


@contextmanager
def alone(base: Path) -> Iterator[None]:
    """Be the only one that changes a folder, among all processes.

    Raises:
        LocalRefused: another is changing it, or there is no such folder.
        FailedClosed: `directory.unavailable`, the folder cannot be written.
    """
    path = base / _LOCK
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except (FileNotFoundError, NotADirectoryError):
        raise LocalRefused(
            f"{base}: is no folder of a federation", hint="-F names it; federation init makes it"
        ) from None
    except OSError as error:
        raise _unwritten(path, error) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise LocalRefused(f"{base}: another command is changing it", hint="wait for it, then try again") from None
    except OSError as error:
        os.close(handle)
        raise _unwritten(path, error) from None
    try:
        yield
    finally:
        os.close(handle)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _leave_none(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # the next one that is written there takes its place


def _sync(base: Path, paths: Iterable[Path]) -> None:
    for folder in {parent for path in paths for parent in path.parents if parent == base or base in parent.parents}:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def unreadable(path: Path, error: OSError) -> FailedClosed:
    """Make the error of a file or folder that cannot be read."""
    return FailedClosed.of(Code.DIRECTORY_UNAVAILABLE, "folder.unreadable", file=str(path), reason=reason(error))


def _unwritten(path: Path, error: OSError) -> FailedClosed:
    return FailedClosed.of(Code.DIRECTORY_UNAVAILABLE, "folder.unwritten", file=str(path), reason=reason(error))

"""Files that are there, whole, after a power cut, and their owner: written beside, synchronised, then renamed."""

import os
from pathlib import Path


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable: a rename or removal counts only after this."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_directory(directory: Path) -> None:
    """Make a directory that only its owner reads, durably; one that exists is left as it is."""
    if not directory.is_dir():
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_directory(directory.parent)


def give_to_owner(path: Path, like: Path) -> None:
    """Where root made something for the connector, give it, and what is in it, to the user whose `like` is."""
    if os.geteuid() != 0:
        return
    owner = like.stat()
    for one in (path, *path.rglob("*")):
        os.chown(one, owner.st_uid, owner.st_gid, follow_symlinks=False)


def write_all(handle: int, data: bytes | memoryview, offset: int | None = None) -> None:
    """Write all of it, at `offset` or where the handle stands: one call may take only a part, on a full disk above all.

    Raises:
        OSError: the disk is full, a limit is reached, or the device failed.
    """
    view = memoryview(data)
    while view:
        if offset is None:
            written = os.write(handle, view)
        else:
            written = os.pwrite(handle, view, offset)
            offset += written
        view = view[written:]


def write_durably(path: Path, data: bytes) -> None:
    """Give a new file its content in one step; readable by its owner only.

    Raises:
        FileExistsError: the file is there already; it is left as it is.
        OSError: it could not be written; nothing of it remains.
    """
    beside = _beside(path, data)
    try:
        os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    sync_directory(path.parent)


def replace_durably(path: Path, data: bytes) -> None:
    """Give a file other content in one step, or make it; readable by its owner only.

    Raises:
        OSError: it could not be written; what was there before is there still.
    """
    _beside(path, data).replace(path)
    sync_directory(path.parent)


def _beside(path: Path, data: bytes) -> Path:
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            write_all(handle, data)
            os.fsync(handle)
        finally:
            os.close(handle)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside


def sync_file(path: Path) -> None:
    """Make the content of a file durable that somebody else wrote."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

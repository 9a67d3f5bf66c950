"""Writing a document to disk: whole or not at all, readable by its owner only."""

import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from connector.cli.faults import Exit, Fault
from connector.cli.options import Call, run


def check_free(path: Path, *, force: bool) -> None:
    """Look before anything is asked whether the document could be written.

    Raises:
        Fault: a file is there already, or its directory is not.
    """
    if path.exists() and not force:
        raise Fault(f"{path}: is there already", do="give another name, or --force to replace it", status=Exit.USAGE)
    if not path.parent.is_dir():
        raise Fault(f"{path.parent}: there is no such directory", do="make it first", status=Exit.USAGE)


async def write_whole(path: Path, content: AsyncIterator[bytes]) -> int:
    """Write beside the name, then take the name: a reader never sees a part. Gives the number of bytes.

    Raises:
        Fault: it cannot be written.
    """
    count = 0
    try:
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
        try:
            with os.fdopen(handle, "wb") as file:
                async for piece in content:
                    file.write(piece)
                    count += len(piece)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)  # noqa: PTH105 - one system call, by name
        except BaseException:
            os.unlink(beside)  # noqa: PTH108
            raise
    except OSError as error:
        raise Fault(
            f"{path}: cannot be written", why=error.strerror or "", do="free some space, or choose another place"
        ) from None
    return count


def download(call: Call, path: str, output: Path, *, force: bool, then: str = "") -> None:
    """Have the running connector fill a new file, and say how large it became; `then` is what to do with it.

    Raises:
        Fault: the file is there already, the connector refused, or the file cannot be written.
    """
    from connector.cli.client import LocalApi

    check_free(output, force=force)

    async def work() -> int:
        async with LocalApi(call.target, call.language) as api:
            return await write_whole(output, api.download(path))

    count = run(work())
    if call.screen.as_json:
        call.screen.result({"file": str(output), "bytes": count})
    else:
        call.screen.say(f"{output}: {count} bytes" + (f". {then}" if then else ""))

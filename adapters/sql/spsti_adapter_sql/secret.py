"""Passwords by reference: `credential:NAME`, which systemd hands over, or a file. Read at each new connection, so that
a changed password is taken up without a restart.
"""

import os
import stat
from pathlib import Path

from connector.contract import AdapterError, Problem

_CREDENTIAL = "credential:"
_MAX_BYTES = 4096


def reference_fault(reference: str) -> str:
    """Say what is wrong with a reference, the empty text where nothing is; the file itself is not looked at."""
    if not reference:
        return "empty"
    name = reference.removeprefix(_CREDENTIAL)
    if name != reference and (not name or "/" in name or name in {".", ".."}):
        return "expected credential:NAME without a slash"
    return ""


def read_secret(reference: str, directory: Path) -> str:
    """Read the first line of what a reference names; relative paths start at `directory`.

    Raises:
        AdapterError: `access-refused`: it is not there, empty, or a file that everybody may read.
    """
    path = _path(reference, directory)
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise AdapterError(Problem.ACCESS_REFUSED, f"the secret cannot be read: {type(error).__name__}") from None
    if stat.S_IMODE(mode) & stat.S_IRWXO:
        raise AdapterError(Problem.ACCESS_REFUSED, "the file of the secret is open to everybody: chmod o= it")
    try:
        secret = content.partition(b"\n")[0].rstrip(b"\r").decode()
    except UnicodeDecodeError:
        secret = ""
    if not secret or len(content) > _MAX_BYTES:
        raise AdapterError(Problem.ACCESS_REFUSED, "the secret is empty, too long, or no text")
    return secret


def _path(reference: str, directory: Path) -> Path:
    if not reference.startswith(_CREDENTIAL):
        return directory / reference
    # systemd hands credentials over by this variable and in no other way (systemd.exec(5)).
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")  # noqa: TID251
    if not credentials:
        raise AdapterError(Problem.ACCESS_REFUSED, "no systemd credentials here: LoadCredential= is missing")
    return Path(credentials) / reference.removeprefix(_CREDENTIAL)

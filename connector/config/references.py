"""What the configuration refers to: files beside it, absolute paths, and systemd credentials."""

import os
import pwd
from pathlib import Path

from connector.config.layout import CREDENTIAL, CREDENTIALS
from connector.contract.settings import credential_in
from connector.core.errors import ConfigFault


class References:
    """Resolves the references of one configuration file.

    `credentials` is systemd's `$CREDENTIALS_DIRECTORY`, None when the service was not started by it.
    """

    def __init__(self, config: Path, credentials: Path | None) -> None:
        self._base, self._credentials = config.resolve().parent, credentials

    @property
    def credentials(self) -> Path | None:
        """Where systemd put the credentials."""
        return self._credentials

    def path(self, reference: str) -> Path:
        """Give the path a reference stands for.

        Raises:
            ConfigFault: a credential, and systemd gave none.
        """
        if not reference.startswith(CREDENTIAL):
            return self._base / reference
        name = reference.removeprefix(CREDENTIAL)
        if "/" in name or name in {"", ".", ".."}:
            raise ConfigFault(f"{reference}: expected credential:NAME without a slash")
        if self._credentials is None:
            raise ConfigFault(
                f"{reference}: no systemd credentials here",
                hint=f"start it by systemd with LoadCredential={name}:PATH, or give a path; by hand, as root",
            )
        path = credential_in(self._credentials, name)
        if not path.exists() or path.stat().st_size == 0:
            what = "is empty" if path.exists() else "is not there"
            raise ConfigFault(
                f"{reference}: it {what}",
                hint=f"put it into {self._base / CREDENTIALS / name}, for root alone, then restart",
            )
        return path

    def read(self, reference: str) -> bytes:
        """Give the content of what a reference stands for.

        Raises:
            ConfigFault: it cannot be read; the message names the reference, never the content.
        """
        path = self.path(reference)
        try:
            return path.read_bytes()
        except OSError as error:
            raise ConfigFault(f"{reference}: cannot be read ({error.strerror})", hint=remedy(path, error)) from None


def remedy(path: Path, error: OSError) -> str:
    """Say what would let this user read a file; it is the service's where the service says it."""
    if not isinstance(error, PermissionError):
        return f"check that {path} exists and its rights"
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # in a container, an id without a name
        user = str(os.geteuid())
    return f"{path} must be readable by the user {user}: chown root:{user} {path}; chmod 640 {path}"

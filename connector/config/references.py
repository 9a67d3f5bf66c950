"""What the configuration refers to: files beside it, absolute paths, and systemd credentials."""

import os
import pwd
from pathlib import Path

from connector.config.layout import CREDENTIAL, CREDENTIALS
from connector.contract.settings import credential_in
from connector.core.errors import ConfigFault
from connector.core.faults import reason


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
            raise ConfigFault.of("reference.slash", reference=reference)
        if self._credentials is None:
            raise ConfigFault.of("reference.no-credentials", reference=reference, name=name)
        path = credential_in(self._credentials, name)
        if not path.exists() or path.stat().st_size == 0:
            kind = "reference.empty" if path.exists() else "reference.absent"
            raise ConfigFault.of(kind, reference=reference, place=str(self._base / CREDENTIALS / name))
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
            kind = "reference.forbidden" if isinstance(error, PermissionError) else "reference.unreadable"
            raise ConfigFault.of(
                kind, reference=reference, path=str(path), user=own_user(), reason=reason(error)
            ) from None


def own_user() -> str:
    """Name the user that could not read a file; it is the service's where the service says it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # in a container, an id without a name
        return str(os.geteuid())

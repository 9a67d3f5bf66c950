"""What the configuration refers to: files beside it, absolute paths, and systemd credentials."""

from pathlib import Path

from connector.core.errors import ConfigFault

_CREDENTIAL = "credential:"


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
        if not reference.startswith(_CREDENTIAL):
            return self._base / reference
        name = reference.removeprefix(_CREDENTIAL)
        if "/" in name or name in {"", ".", ".."}:
            raise ConfigFault(f"{reference}: expected credential:NAME without a slash")
        if self._credentials is None:
            raise ConfigFault(
                f"{reference}: no systemd credentials here",
                hint=f"start it by systemd with LoadCredential={name}:PATH, or give a path",
            )
        return self._credentials / name

    def read(self, reference: str) -> bytes:
        """Give the content of what a reference stands for.

        Raises:
            ConfigFault: it cannot be read; the message names the reference, never the content.
        """
        path = self.path(reference)
        try:
            return path.read_bytes()
        except OSError as error:
            raise ConfigFault(
                f"{reference}: cannot be read ({error.strerror})", hint=f"check that {path} exists and its rights"
            ) from None

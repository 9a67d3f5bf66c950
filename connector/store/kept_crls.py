"""The last good revocation lists, as files: they outlive a restart on a day when their authority cannot be reached.

A list is signed, so it is verified again by whoever reads it, and a file that was damaged is as good as none.
"""

from pathlib import Path

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.store.files import make_directory, replace_durably

FOLDER = "crls"


class KeptCrls:
    """The folder below the state in which they lie, one file for each key of an authority."""

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER

    def read(self) -> tuple[bytes, ...]:
        """Give every file; none where nothing was kept, and without those that the disk does not give."""
        found = []
        for path in sorted(self._folder.glob("*.crl")):
            try:
                found.append(path.read_bytes())
            except OSError:
                continue
        return tuple(found)

    def keep(self, signer: str, der: bytes) -> None:
        """Keep a list instead of the one before of that key; after a crash it is there whole or not at all.

        Raises:
            FailedClosed: `state.unavailable`, the disk refuses.
        """
        try:
            make_directory(self._folder)
            replace_durably(self._folder / f"{signer}.crl", der)
        except OSError as error:
            raise FailedClosed(
                f"revocation list: the disk refuses to keep it ({error.strerror})",
                code=Code.STATE_UNAVAILABLE,
                hint="look at the disk of [state] directory",
            ) from None

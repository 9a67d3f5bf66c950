"""Where one member's state lives, and how much room it must leave on its disk.

Every path below the directory is named here and nowhere else. Who writes the master key and where it is kept (a file,
a systemd credential) is the operator's matter: here it is a path.
"""

from dataclasses import dataclass
from pathlib import Path

from connector.core.units import MIB


@dataclass(frozen=True, slots=True)
class StateSettings:
    """The directory of the state and the file of the master key.

    `min_free_bytes` is what must stay free on the disk before a document is kept; `max_batch` is how many operations
    share one commit at most.
    """

    directory: Path
    master_key: Path
    min_free_bytes: int = 256 * MIB
    max_batch: int = 512

    @property
    def database(self) -> Path:
        """The SQLite file; its write-ahead log stands beside it."""
        return self.directory / "state.db"

    @property
    def lock(self) -> Path:
        """Held by the one process that has the state open."""
        return self.directory / "lock"

    @property
    def vault(self) -> Path:
        """The encrypted documents."""
        return self.directory / "vault"

    @property
    def backups(self) -> Path:
        """Copies of the database made before an upgrade of its schema (`store.upgrade`)."""
        return self.directory / "backups"

    @property
    def epochs(self) -> Path:
        """The epoch keys: outside the database and its backups, so that destroying one destroys what it opens."""
        return self.directory / "epochs"

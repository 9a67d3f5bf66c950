"""Epoch keys: one file per retention class and period, under which the keys of its ledger entries are wrapped.

A file `<retention>-<period>.key` holds a random key wrapped under the master key's, is made and synchronised before
its first use, and never stands in the database or a backup of it. Destroying it makes the personal part of all its
entries unreadable, for ever and without touching a proof (PROTOCOL section 6). When that is done is another matter.
"""

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.core.ledger import Retention
from connector.core.ports import Entropy
from connector.crypto import aead
from connector.store.files import make_directory, write_durably

_PERIODS = {Retention.DAILY: "%Y-%m-%d", Retention.MONTHLY: "%Y-%m"}


@lru_cache(maxsize=64)
def epoch_name(retention: Retention, at: Instant) -> str:
    """Name the epoch of an instant, by the calendar of UTC: `daily-2026-11-23`, `monthly-2026-11`."""
    return f"{retention}-{datetime.fromtimestamp(at, UTC).strftime(_PERIODS[retention])}"


class EpochKeys:
    """The epoch keys of one state. May be used from several threads; only the writer's makes keys."""

    def __init__(self, directory: Path, kek: bytes, entropy: Entropy) -> None:
        self._directory = directory
        self._kek = kek
        self._entropy = entropy
        self._known: dict[str, aead.Box] = {}

    def current(self, retention: Retention, at: Instant) -> tuple[str, aead.Box]:
        """Give the name and key of an instant's epoch, made now if it is the first use.

        Raises:
            FailedClosed: `ledger.unavailable`, it could not be made; `vault.damaged`, it cannot be unwrapped.
        """
        name = epoch_name(retention, at)
        key = self._known.get(name) or self.find(name)  # an epoch that is running is not destroyed
        if key is None:
            key = self._make(name)
        return name, key

    def find(self, name: str) -> aead.Box | None:
        """Give the key of an epoch, None once it was destroyed.

        Raises:
            FailedClosed: `vault.damaged`, its file does not hold what was wrapped there.
        """
        path = self._path(name)
        if not path.exists():
            self._known.pop(name, None)
            return None
        key = self._known.get(name)
        if key is None:
            key = self._known[name] = aead.Box(aead.unwrap_key(self._kek, path.read_bytes(), name.encode()))
        return key

    def _make(self, name: str) -> aead.Box:
        key = self._entropy.token(aead.KEY_BYTES)
        try:
            make_directory(self._directory)
            write_durably(self._path(name), aead.wrap_key(self._kek, key, name.encode()))
        except OSError as error:
            raise FailedClosed(
                f"ledger: the epoch key {name} could not be written ({error.strerror})",
                code=Code.LEDGER_UNAVAILABLE,
                hint="free the disk, or give the state directory back to the connector's user",
            ) from None
        box = self._known[name] = aead.Box(key)
        return box

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.key"

"""Epoch keys: one file per epoch and generation, under which the keys of its ledger entries are wrapped.

A file `<epoch>.key` holds a random key wrapped under the master key's, is made and synchronised before its first use,
and never stands in the database or a backup of it. The tags by which an epoch's entries are found come from that key as
well. Destroying it makes the personal part of all its entries unreadable and their tags meaningless, in every copy of
the database, for ever and without touching a proof (PROTOCOL section 6). When that is done is `ledger.retention`'s.
"""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.core.codes import Code
from connector.core.epochs import Epoch, epoch_of
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.core.ledger import Retention
from connector.core.matricule import Ins
from connector.core.ports import Entropy
from connector.crypto import aead
from connector.crypto.mac import KeyedHash, derive
from connector.store import epoch_home
from connector.store.files import make_directory, sync_directory, write_all, write_durably
from connector.store.keys import TAG_BYTES
from connector.store.sql import Connection

_SUFFIX: Final = ".key"
_TAGS: Final = "spsti epoch tags 1"


@dataclass(frozen=True, slots=True)
class _Keys:
    box: aead.Box
    tags: KeyedHash


class EpochKeys:
    """The epoch keys of one state. May be used from several threads; only the writer's makes keys."""

    def __init__(self, directory: Path, kek: bytes, entropy: Entropy) -> None:
        self._directory = directory
        self._kek = kek
        self._entropy = entropy
        self._known: dict[str, _Keys] = {}
        self._newest: dict[str, str] = {}
        self._is_settled = False
        self._files = threading.Lock()
        """Held while a file is read or destroyed: who read one just then would bring its key back to memory."""

    def settle(self, db: Connection) -> None:
        """See that the directory is the database's, now and from now on whenever a key is not found.

        Raises:
            FailedClosed: `state.unavailable`, it is not there, or another state's (`store.epoch_home`).
        """
        epoch_home.settle(db, self._directory, self._entropy)
        self._is_settled = True

    def current(self, retention: Retention, at: Instant) -> tuple[str, aead.Box]:
        """Give the name and key of an instant's epoch, in its newest generation, made now if it is the first use.

        Raises:
            FailedClosed: `ledger.unavailable`, it could not be made; `vault.damaged`, it cannot be unwrapped.
        """
        base = epoch_of(retention, at)
        name = self._newest.get(base, "")
        keys = self._known.get(name)  # an epoch that is running is not destroyed
        if keys is None:
            name = name or self._find_newest(base)
            keys = self._read(name) or self._make(name)
            self._newest[base] = name
        return name, keys.box

    def find(self, name: str) -> aead.Box | None:
        """Give the key of an epoch, None once it was destroyed.

        Raises:
            FailedClosed: `vault.damaged`, its file does not hold what was wrapped there.
        """
        keys = self._read(name)
        return None if keys is None else keys.box

    def worker_tag(self, name: str, ins: Ins) -> bytes | None:
        """Give the tag by which an epoch's entries about a worker are found; None once the epoch was destroyed.

        Raises:
            FailedClosed: `vault.damaged`.
        """
        keys = self._read(name)
        return None if keys is None else _tag(keys, ins)

    def worker_tags(self, ins: Ins) -> list[tuple[str, bytes]]:
        """Give the tags by which entries about a worker are found, one for each epoch whose key is there.

        Raises:
            FailedClosed: `vault.damaged`.
        """
        found = ((name, self._known.get(name) or self._read(name)) for name in self.names())
        return [(name, _tag(keys, ins)) for name, keys in found if keys is not None]

    def tag_for(self, name: str, ins: Ins) -> bytes:
        """Give the tag for an entry that is being written, so that its epoch's key is at hand.

        Raises:
            FailedClosed: `vault.damaged`; `ledger.unavailable`, the epoch's key is not there.
        """
        keys = self._known.get(name) or self._read(name)  # an epoch that is running is not destroyed
        if keys is None:
            raise FailedClosed(f"ledger: the epoch key {name} is not there", code=Code.LEDGER_UNAVAILABLE)
        return _tag(keys, ins)

    def names(self) -> list[str]:
        """Name every epoch whose key is there, the files of nobody's left out."""
        return sorted(self._names()) if self._directory.is_dir() else []

    def renew(self, name: str) -> str:
        """Make the generation after that one, from now on the one in use, and name it; one that is there stays.

        Raises:
            FailedClosed: `ledger.unavailable`, it could not be made; `vault.damaged`, one is there and cannot be used.
        """
        epoch = Epoch.parse(name)
        following = epoch.next_name
        if self._read(following) is None:
            self._make(following)
        self._newest.pop(epoch.base, None)
        return following

    def destroy(self, name: str) -> None:
        """Overwrite and remove an epoch's key, durably; one that is gone already stays gone.

        What the device itself keeps of a file that was overwritten is not in our hands (docs/retention.md): the file
        holds the key wrapped under the master key's, so that a remnant of it needs the master key as well.

        Raises:
            FailedClosed: `ledger.unavailable`, the file is still there.
        """
        path = self._path(name)
        with self._files:
            self._known.pop(name, None)
            self._newest.pop(Epoch.parse(name).base, None)
            self._overwrite_and_remove(name, path)

    def _overwrite_and_remove(self, name: str, path: Path) -> None:
        try:
            try:
                handle = os.open(path, os.O_WRONLY)
            except FileNotFoundError:
                self._require_home()
                return
            try:
                write_all(handle, self._entropy.token(max(1, os.fstat(handle).st_size)), 0)
                os.fsync(handle)
            finally:
                os.close(handle)
            path.unlink()
            sync_directory(self._directory)
        except OSError as error:
            raise FailedClosed(
                f"ledger: the epoch key {name} could not be destroyed ({error.strerror})",
                code=Code.LEDGER_UNAVAILABLE,
                hint="give the state directory back to the connector's user; it is tried again",
            ) from None

    def _names(self) -> Iterator[str]:
        for path in self._directory.iterdir():
            if path.suffix == _SUFFIX:
                try:
                    yield Epoch.parse(path.name.removesuffix(_SUFFIX)).name
                except ValueError:
                    continue

    def _find_newest(self, base: str) -> str:
        there = [epoch for name in self.names() if (epoch := Epoch.parse(name)).base == base]
        return max(there, key=lambda epoch: epoch.generation).name if there else base

    def _read(self, name: str) -> _Keys | None:
        path = self._path(name)
        keys = self._known.get(name)
        try:
            if keys is not None and path.exists():
                return keys
            with self._files:
                wrapped = path.read_bytes()
                keys = self._known[name] = _keys(aead.unwrap_key(self._kek, wrapped, name.encode()))
        except FileNotFoundError:
            self._require_home()
            self._known.pop(name, None)
            return None
        except OSError as error:
            raise FailedClosed(
                f"ledger: the epoch key {name} could not be read ({error.strerror})",
                code=Code.LEDGER_UNAVAILABLE,
                hint="look at the disk, and give the state directory back to the connector's user",
            ) from None
        return keys

    def _make(self, name: str) -> _Keys:
        self._require_home()
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
        keys = self._known[name] = _keys(key)
        return keys

    def _require_home(self) -> None:
        """A key that is not there was destroyed only if its directory is."""
        if self._is_settled and epoch_home.marker_in(self._directory) is None:
            raise FailedClosed(
                f"ledger: the directory of epoch keys {self._directory} is gone",
                code=Code.LEDGER_UNAVAILABLE,
                hint="mount it again; nothing is written or destroyed meanwhile",
            )

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}{_SUFFIX}"


def _tag(keys: _Keys, ins: Ins) -> bytes:
    return keys.tags.tag("worker", ins.oid, ins.matricule.value)[:TAG_BYTES]


def _keys(key: bytes) -> _Keys:
    return _Keys(aead.Box(key), KeyedHash(derive(key, _TAGS)))

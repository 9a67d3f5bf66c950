"""The files that a name pattern finds: listed once, then followed by their names; none is opened for it.

A folder whose modification time is as it was need not be listed again. As not every share keeps that time, it is
listed every hour all the same.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from connector.contract import AdapterError
from spsti_adapter_folder.beneath import Signature, open_beneath, open_folder
from spsti_adapter_folder.cache import Cache, File
from spsti_adapter_folder.indexing import spaced
from spsti_adapter_folder.pattern import Named, NamePattern
from spsti_adapter_folder.settling import Settling
from spsti_adapter_folder.tags import Tags

_LIST_AGAIN_SECONDS = 3600.0


class Listing:
    """One folder's files; asked and told in the watcher's thread only."""

    def __init__(self, root: Path, pattern: NamePattern, cache: Cache, tags: Tags, settling: Settling) -> None:
        self.folder = root.joinpath(*pattern.folder)
        self._root, self._pattern, self._cache, self._tags, self._settling = root, pattern, cache, tags, settling
        self._listed_at: float | None = None
        self._is_lost = False

    def refresh(self) -> None:
        """List the folder if it is not as it was.

        Raises:
            AdapterError: it cannot be reached.
        """
        descriptor = open_folder(self._root, self._pattern.folder)
        try:
            found = os.fstat(descriptor)
            state = f"{found.st_mtime_ns} {found.st_ino}"
            is_recent = self._listed_at is None or time.monotonic() - self._listed_at < _LIST_AGAIN_SECONDS
            if is_recent and not self._is_lost and self._cache.note("folder") == state:
                self._listed_at = self._listed_at if self._listed_at is not None else time.monotonic()
                return
            strange = [0]
            files = list(self._files(descriptor, strange))
        finally:
            os.close(descriptor)
        words = f"{spaced(len(files))} files" + (f", {spaced(strange[0])} of another name" if strange[0] else "")
        self._cache.replace_files(files, {"folder": state, "listing": words})
        self._listed_at, self._is_lost = time.monotonic(), False

    def forget(self) -> None:
        """List it anew whatever its time says."""
        self._is_lost = True

    def arrived(self, name: str) -> None:
        """Take in a file that was closed or moved in, and remember that it is whole."""
        named = self._pattern.match(name)
        if named is None:
            return
        place = (*self._pattern.folder, name)
        try:
            descriptor = open_beneath(self._root, place)
        except AdapterError:  # gone again, or a link
            return
        self._settling.was_closed(place, Signature.of(os.fstat(descriptor)))
        os.close(descriptor)
        self._cache.add_file(self._file(name, named))

    def left(self, name: str) -> None:
        """Forget a file that went away."""
        self._cache.remove_file(self._tags.place((*self._pattern.folder, name)))

    def _files(self, descriptor: int, strange: list[int]) -> Iterator[File]:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                named = self._pattern.match(entry.name)
                if named is not None:
                    yield self._file(entry.name, named)
                elif entry.name.lower().endswith(".pdf"):
                    strange[0] += 1

    def _file(self, name: str, named: Named) -> File:
        place = self._tags.place((*self._pattern.folder, name))
        return File(place, self._tags.key(named.key), named.last_act_on, named.version)

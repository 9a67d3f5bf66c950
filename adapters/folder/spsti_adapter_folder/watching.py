"""Notices changes: by inotify where the kernel tells, and by a slow poll always, since it tells nothing of a share.

Lost events (the kernel's queue overflowed) end in a look at everything. What is done about a change is the listener's.
"""

import contextlib
import os
import select
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from asyncinotify import Event, Inotify, Mask

_ARRIVED = Mask.CLOSE_WRITE | Mask.MOVED_TO
_LEFT = Mask.DELETE | Mask.MOVED_FROM
_EVENTS_AT_ONCE = 200


class Listener(Protocol):
    """What is told of changes, in the watcher's thread."""

    def refresh(self) -> float | None:
        """Look at everything that may have changed; give the seconds after which to look again, if that is soon."""

    def arrived(self, folder: Path, name: str, *, is_moved: bool) -> bool:
        """Take note of a file that was closed, or moved in; True where everything is to be looked at."""

    def left(self, folder: Path, name: str) -> bool:
        """Take note of a file that went away, as `arrived`."""

    def lost(self) -> None:
        """Take note that changes were lost: what is known of the folder may be wrong."""


class Watcher:
    """One thread over a few folders."""

    def __init__(self, folders: tuple[Path, ...], poll_seconds: float, listener: Listener) -> None:
        self._folders, self._poll_seconds, self._listener = folders, poll_seconds, listener
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._is_stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="folder-watch", daemon=True)
        self.is_told = False
        """Whether the kernel tells of changes; else the poll alone finds them."""

    def start(self) -> None:
        """Begin; the first refresh comes at once."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End the thread and wait for it, at most so long."""
        self._is_stopped.set()
        os.eventfd_write(self._wake, 1)
        if self._thread.ident is not None:
            self._thread.join(seconds)
        if not self._thread.is_alive():
            os.close(self._wake)

    def _run(self) -> None:
        with _inotify() as inotify:
            while not self._is_stopped.is_set():
                self._watch(inotify)
                try:
                    soon = self._listener.refresh()
                except Exception:
                    if self._is_stopped.is_set():  # what it reads with was closed under it: it was not waited for
                        return
                    raise
                self._wait(inotify, self._poll_seconds if soon is None else min(soon, self._poll_seconds))

    def _watch(self, inotify: Inotify | None) -> None:
        """Watch the folders again: one that was mounted or made anew is another one. Twice the same is one watch."""
        self.is_told = inotify is not None
        for folder in self._folders:
            try:
                if inotify is not None:
                    inotify.add_watch(folder, _ARRIVED | _LEFT | Mask.ONLYDIR)
            except OSError:  # absent now, or the limit of watches is reached: the poll goes on
                self.is_told = False

    def _wait(self, inotify: Inotify | None, seconds: float) -> None:
        ready = select.poll()
        ready.register(self._wake, select.POLLIN)
        if inotify is not None:
            ready.register(inotify.fd, select.POLLIN)
        until = time.monotonic() + seconds
        while not self._is_stopped.is_set() and (left := until - time.monotonic()) > 0:
            for descriptor, _ in ready.poll(left * 1000):
                if inotify is None or descriptor != inotify.fd:
                    return
                if self._tell(inotify):
                    return

    def _tell(self, inotify: Inotify) -> bool:
        """Tell the listener what happened; True where it wants to look at everything."""
        wants_all = False
        for _ in range(_EVENTS_AT_ONCE):
            event = inotify.sync_get()
            if event is None:
                break
            wants_all |= self._told(event)
        return wants_all

    def _told(self, event: Event) -> bool:
        if Mask.Q_OVERFLOW in event.mask:
            self._listener.lost()
            return True
        if event.watch is None or event.name is None:
            return bool(event.mask & (Mask.IGNORED | Mask.UNMOUNT))
        if event.mask & _LEFT:
            return self._listener.left(event.watch.path, str(event.name))
        is_moved = Mask.MOVED_TO in event.mask
        return self._listener.arrived(event.watch.path, str(event.name), is_moved=is_moved)


@contextlib.contextmanager
def _inotify() -> Iterator[Inotify | None]:
    try:
        inotify = Inotify(cache_size=64, sync_timeout=0)
    except OSError:  # the limit of instances is reached
        yield None
        return
    with inotify:
        yield inotify

"""Threads of an adapter's own for its plain methods: daemon threads, so that a hung one cannot hold up the shutdown.

`concurrent.futures` will not do: at exit it waits for every thread it ever started.
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue


class DaemonThreads:
    """At most `limit` threads, started as they are needed; a job that hangs costs its thread and no other."""

    def __init__(self, name: str, limit: int) -> None:
        self._name, self._limit = name, limit
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._started = 0
        self._waiting = 0
        self._is_closed = False

    def submit(self, job: Callable[[], None]) -> None:
        """Run a job that lets no exception out. The caller keeps to `limit`: a further job waits for a thread.

        Raises:
            RuntimeError: after `close`, a bug.
        """
        with self._lock:
            if self._is_closed:
                msg = "the adapter's threads are closed"
                raise RuntimeError(msg)
            if self._waiting:
                self._waiting -= 1
            elif self._started < self._limit:
                self._started += 1
                thread = threading.Thread(target=self._work, name=f"{self._name}-{self._started}", daemon=True)
                thread.start()
            self._jobs.put(job)

    def close(self) -> None:
        """Let the threads end as soon as each is done with its job; waits for none."""
        with self._lock:
            self._is_closed = True
            for _ in range(self._started):
                self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            del job
            with self._lock:
                self._waiting += 1

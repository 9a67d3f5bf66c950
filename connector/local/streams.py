"""How many long answers are open at once, and how they end when the daemon stops."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import LocalRefused


class Streams:
    """The streams of events and documents, `open` of them now; `stopping` is set when the daemon drains."""

    def __init__(self, most: int) -> None:
        self._most, self.open = most, 0
        self.stopping = asyncio.Event()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take one place for as long as the context lasts.

        Raises:
            LocalRefused: `limit.exceeded`, all are taken.
        """
        if self.open >= self._most:
            raise LocalRefused(
                f"streams: {self._most} are open already",
                code=Code.LIMIT_EXCEEDED,
                hint="close the streams of fetches that are no longer watched",
            )
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1


STREAMS: Final = web.AppKey("streams", Streams)

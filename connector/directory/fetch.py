"""Getting the directory's files over HTTP from the operators' addresses and from other members' mirrors.

A fetcher of our own for python-tuf's interface, on the standard library: TLS with the context that it is handed, no
redirect, no proxy of the environment, every answer bounded in time and size. It blocks: it runs in a thread. What it
brings is not trusted before `verify` has judged it, so any copy may be asked.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Timer
from typing import Final
from urllib.parse import urlsplit

from tuf.api.exceptions import DownloadError, DownloadHTTPError, DownloadLengthMismatchError
from tuf.ngclient.fetcher import FetcherInterface

from connector.directory.refusal import DirectoryRefused, Refusal

_CHUNK: Final = 65_536
_NOT_THERE: Final = frozenset({403, 404, 410})


@dataclass(frozen=True, slots=True)
class Source:
    """A copy of the directory: its name for journal and log, its base address, and how to reach it.

    `context` is for mutual TLS with a member's mirror, or the public authorities for the operators' address. None
    means plain HTTP, which only tests on loopback use: signatures protect the files, nothing hides who asks.
    """

    name: str
    url: str
    context: ssl.SSLContext | None = field(default=None, repr=False)
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one copy may take, in seconds: for a connection, a read, and all its files together."""

    connect: float = 5.0
    read: float = 10.0
    whole: float = 120.0


class HttpFetcher(FetcherInterface):
    """One kept connection to one copy. Not for two threads at once.

    Raises:
        DirectoryRefused: `unreachable`, an address that is not fetched.
    """

    def __init__(self, source: Source, patience: Patience | None = None) -> None:
        self._source, self._patience = source, patience or Patience()
        parts = urlsplit(source.url)
        if parts.scheme != ("https" if source.context else "http") or not parts.hostname:
            raise DirectoryRefused(Refusal.UNREACHABLE, "its address is no https:// address, or no TLS is configured")
        self._host, self._port, self._base = parts.hostname, parts.port, parts.path
        self._connection: http.client.HTTPConnection | None = None
        self._cut: Timer | None = None
        self._deadline = time.monotonic() + self._patience.whole

    def get(self, path: str, limit: int) -> bytes | None:
        """Give a file of this copy by its path below the base, or None where it has none.

        Raises:
            DirectoryRefused: `unreachable`, `too-large`.
        """
        try:
            return self.download_bytes(self._source.url + path, limit)
        except DownloadHTTPError as error:
            if error.status_code in _NOT_THERE:
                return None
            raise DirectoryRefused(Refusal.UNREACHABLE, f"{path}: answered with {error.status_code}") from None
        except DownloadLengthMismatchError:
            raise DirectoryRefused(Refusal.TOO_LARGE, f"{path}: is larger than {limit} bytes") from None
        except DownloadError as error:
            raise DirectoryRefused(Refusal.UNREACHABLE, f"{path}: {_why(error)}") from None
        except (OSError, http.client.HTTPException) as error:
            # The body is read outside of what python-tuf translates.
            self.close()
            raise DirectoryRefused(Refusal.UNREACHABLE, f"{path}: {type(error).__name__}") from None

    def close(self) -> None:
        """Close the connection."""
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = self._base + url.removeprefix(self._source.url)
        is_kept = self._connection is not None
        try:
            response = self._answer(path)
        except (OSError, http.client.HTTPException):
            self.close()
            if not is_kept:
                raise
            # The other end may have closed a kept connection since: once more on a new one.
            response = self._answer(path)
        if response.status != http.client.OK:
            self.close()
            raise DownloadHTTPError(f"status {response.status}", response.status)
        return self._body(response)

    def _answer(self, path: str) -> http.client.HTTPResponse:
        self._check_deadline()
        if self._connection is not None and self._connection.sock is None:
            self.close()  # it said that it would close: the next one has to be opened here, under the same limits
        if self._connection is None:
            context, wait = self._source.context, self._patience.connect
            proxy = urlsplit(self._source.proxy) if self._source.proxy else None
            host, port = (proxy.hostname or "", proxy.port) if proxy else (self._host, self._port)
            if context is None:
                self._connection = http.client.HTTPConnection(host, port, timeout=wait)
            else:
                self._connection = http.client.HTTPSConnection(host, port, timeout=wait, context=context)
            if proxy:
                self._connection.set_tunnel(self._host, self._port)
            self._connection.connect()
            self._connection.sock.settimeout(self._patience.read)
            self._cut_at_deadline(self._connection.sock)
        self._connection.request("GET", path, headers={"Accept-Encoding": "identity"})
        return self._connection.getresponse()

    def _cut_at_deadline(self, connected: socket.socket) -> None:
        """End what is still being read then: a socket's own time limit begins anew with each byte of a header."""

        def cut() -> None:
            with suppress(OSError):
                # Of the socket itself: `SSLSocket.shutdown` would take TLS from under whoever reads.
                socket.socket.shutdown(connected, socket.SHUT_RDWR)

        self._cut = Timer(max(0.0, self._deadline - time.monotonic()), cut)
        self._cut.daemon = True
        self._cut.start()

    def _body(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        whole = False
        try:
            while data := response.read1(_CHUNK):
                self._check_deadline()
                yield data
            self._check_deadline()
            whole = response.length in {None, 0}
            if not whole:
                raise http.client.IncompleteRead(b"")
        finally:
            # A body that was not read to its end leaves the connection unusable.
            if not whole:
                response.close()
                self.close()

    def _check_deadline(self) -> None:
        if time.monotonic() > self._deadline:
            raise TimeoutError


def _why(error: DownloadError) -> str:
    cause = error.__cause__
    if isinstance(cause, ssl.SSLError):
        return f"TLS: {cause.reason or type(cause).__name__}"
    return type(cause).__name__ if cause is not None else "failed"

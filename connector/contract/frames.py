"""What an adapter's process and the daemon say to each other: frames of a JSON header and some bytes, on one socket.

Both ends use this; what the headers mean is theirs (`contract.isolated`, `contract.child`). The other end is not
trusted: a frame that is none, or larger than a limit, ends the conversation.

    4 bytes   length of the header, big-endian
    4 bytes   length of the body
    …         the header, a JSON object in UTF-8; then the body
"""

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

HEADER_BYTES: Final = 256 * 1024
BODY_BYTES: Final = 1024 * 1024
AHEAD: Final = 4
"""Pieces of a document that may be on their way between the two processes."""

_LENGTHS: Final = struct.Struct("!II")
_dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_load = json.JSONDecoder().decode

Header = dict[str, Any]


class FrameFault(Exception):
    """The other end sent what is no frame."""


def encode(header: Mapping[str, Any], body: bytes | memoryview = b"") -> bytes:
    """Give one frame.

    Raises:
        ValueError: the header or the body is over its limit.
    """
    text = _dump(header).encode()
    if len(text) > HEADER_BYTES or len(body) > BODY_BYTES:
        msg = f"a frame of {len(text)} and {len(body)} bytes, at most {HEADER_BYTES} and {BODY_BYTES} are taken"
        raise ValueError(msg)
    return b"".join((_LENGTHS.pack(len(text), len(body)), text, body))


class Parser:
    """Bytes in, frames out."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[tuple[Header, bytes]]:
        """Give the frames that are whole now.

        Raises:
            FrameFault: a length over its limit, or a header that is no JSON object.
        """
        self._data += data
        found, at = [], 0
        while len(self._data) - at >= _LENGTHS.size:
            head, body = _LENGTHS.unpack_from(self._data, at)
            if head > HEADER_BYTES or body > BODY_BYTES:
                raise FrameFault
            start = at + _LENGTHS.size
            end = start + head + body
            if len(self._data) < end:
                break
            found.append((_header(bytes(self._data[start : start + head])), bytes(self._data[start + head : end])))
            at = end
        if at:
            del self._data[:at]
        return found


class Frames(asyncio.Protocol):
    """One end on an event loop. `on_frame` is called for each frame, `on_end` once when nothing more will come."""

    def __init__(self, on_frame: Callable[[Header, bytes], None], on_end: Callable[[], None]) -> None:
        self._on_frame, self._on_end = on_frame, on_end
        self._parser = Parser()
        self._transport: asyncio.Transport | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._is_over = False

    @classmethod
    async def on(
        cls, sock: socket.socket, on_frame: Callable[[Header, bytes], None], on_end: Callable[[], None]
    ) -> "Frames":
        """Take over a connected socket."""
        sock.setblocking(False)  # noqa: FBT003 - the standard library's own form
        loop = asyncio.get_running_loop()
        _, frames = await loop.create_unix_connection(lambda: cls(on_frame, on_end), sock=sock)
        return frames

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("frames go over a stream")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Give each whole frame on; what is no frame ends it."""
        try:
            for header, body in self._parser.feed(data):
                self._on_frame(header, body)
        except FrameFault:
            self.close()

    def pause_writing(self) -> None:
        """Hold `drain` back: the other end reads slower than we write."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """Let `drain` go on."""
        self._may_write.set()

    def connection_lost(self, _: Exception | None) -> None:
        """Tell the end, once."""
        self._may_write.set()
        if not self._is_over:
            self._is_over = True
            self._on_end()

    def send(self, header: Mapping[str, Any], body: bytes | memoryview = b"") -> None:
        """Write a frame; on a connection that is over it goes nowhere.

        Raises:
            ValueError: it is over a limit.
        """
        frame = encode(header, body)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame)

    async def drain(self) -> None:
        """Wait until the other end has taken enough."""
        await self._may_write.wait()

    def close(self) -> None:
        """End it, without waiting for what is still to be written."""
        if self._transport is not None:
            self._transport.abort()


def _header(text: bytes) -> Header:
    try:
        header = _load(text.decode())
    except (ValueError, RecursionError):
        raise FrameFault from None
    if not isinstance(header, dict):
        raise FrameFault
    return header

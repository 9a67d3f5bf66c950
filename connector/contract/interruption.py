"""The connection between an adapter and its software, lost and back: how the kit cuts it, and what it expects then.

Where an option `url` names a host and a port, a relay on the loopback address of this machine is put in between: what
goes through it is not looked at, and it reads nothing else of the options. A connection whose certificate is checked
by name will not go that way, rightly; then a person cuts it, or it is said that nothing was checked.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlsplit, urlunsplit

from connector.contract.findings import Finding
from connector.contract.guard import SourceGuard
from connector.core.errors import AdapterFault
from connector.core.matricule import Ins
from connector.core.ports import Clock
from connector.core.records import Look

_PORTS: Final = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "oracle": 1521, "http": 80}
BACK_SECONDS: Final = 30.0
"""How long a source may take to answer again once its software can be reached."""
_POLL_SECONDS: Final = 0.25
_SUBJECT: Final = "connection lost and back"


class Interruption(Protocol):
    """Cuts what lies between an adapter and its software, and mends it."""

    async def cut(self) -> None:
        """Cut it: what is open is lost, and nothing new comes through."""

    async def mend(self) -> None:
        """Let it through again."""


class Relay:
    """A loopback port that passes bytes on to one place, while it is not cut."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._is_cut = False

    async def start(self) -> int:
        """Listen; gives the port."""
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def cut(self) -> None:
        """Reset every connection, and each new one."""
        self._is_cut = True
        for writer in list(self._open):
            _reset(writer)

    async def mend(self) -> None:
        """Pass on again."""
        self._is_cut = False

    async def close(self) -> None:
        """Let go of the port and of what is open."""
        if self._server is not None:
            self._server.close()
        await self.cut()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if self._is_cut:
                return
            there_reader, there_writer = await asyncio.open_connection(*self._to)
            self._open.add(there_writer)
            try:
                await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))
            finally:
                self._open.discard(there_writer)
                there_writer.close()
        except OSError:
            return
        finally:
            self._open.discard(writer)
            _reset(writer)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    found = writer.get_extra_info("socket")
    if found is not None:
        with contextlib.suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def place_of(options: Mapping[str, Any]) -> tuple[str, int] | None:
    """Give host and port of an option `url` over which a relay could be put; None where there is none."""
    url = options.get("url")
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    port = port or _PORTS.get(parts.scheme.split("+")[0])
    return (host, port) if host and port and parts.scheme != "https" else None


def through(options: Mapping[str, Any], port: int) -> dict[str, Any]:
    """Give the options with the relay's port in place of the software's host and port."""
    parts = urlsplit(options["url"])
    user = parts.netloc.rpartition("@")
    return {**options, "url": urlunsplit(parts._replace(netloc=f"{user[0]}{user[1]}127.0.0.1:{port}"))}


async def lost_and_back(
    guard: SourceGuard, ins: Ins, expected: Look, interruption: Interruption, clock: Clock
) -> list[Finding]:
    """Ask about a known worker before, while and after the connection is cut.

    While it is cut an answer may fail, or come from what the adapter keeps; that nobody is there would be a lie which
    a physician reads as "this service has no record". Afterwards the first answer must be given by itself.
    """
    try:
        before = await guard.look(ins)
    except AdapterFault as fault:
        return [Finding(None, _SUBJECT, f"cannot be tried: {fault.message}", is_checked=False)]
    if before != expected:
        return [Finding(None, _SUBJECT, "cannot be tried: this way gets another answer", is_checked=False)]
    await interruption.cut()
    try:
        found = [await _meanwhile(guard, ins, expected)]
    finally:
        await interruption.mend()
    started = clock.monotonic()
    last = ""
    while (passed := clock.monotonic() - started) < BACK_SECONDS:
        try:
            is_back = await guard.look(ins) == expected
        except AdapterFault as fault:
            is_back, last = False, f" ({fault.message})"
        if is_back:
            return [*found, Finding(ok=True, subject=_SUBJECT, text=f"answered again by itself after {passed:.1f} s")]
        await asyncio.sleep(_POLL_SECONDS)
    text = f"no answer within {BACK_SECONDS:.0f} s after the connection was back{last}"
    return [*found, Finding(ok=False, subject=_SUBJECT, text=text)]


async def _meanwhile(guard: SourceGuard, ins: Ins, expected: Look) -> Finding:
    try:
        look = await guard.look(ins)
    except AdapterFault as fault:
        return Finding(ok=True, subject=_SUBJECT, text=f"while it was cut: {fault.message} ({fault.code})")
    if look == expected:
        text = "while it was cut, the right answer came all the same: kept by the adapter, or it goes another way"
        return Finding(None, _SUBJECT, text)
    what = "nobody" if look.identity is None else "another answer"
    return Finding(ok=False, subject=_SUBJECT, text=f"while it was cut it answered {what}: expected a fault")

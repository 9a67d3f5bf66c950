"""The connection between an adapter and its software, lost and back: how the kit cuts it, and what it expects then.

Where an option `url` names a host and a port, a relay on the loopback address of this machine is put in between: what
goes through it is not looked at, and it reads nothing else of the options. A connection whose certificate is checked
by name will not go that way, rightly; then a person cuts it, or it is said that nothing was checked.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlsplit, urlunsplit

from connector.contract.faults import as_value
from connector.contract.findings import Finding, found, not_checked
from connector.contract.guard import SourceGuard
from connector.core.errors import AdapterFault
from connector.core.faults import Fault
from connector.core.matricule import Ins
from connector.core.ports import Clock
from connector.core.records import Look

_PORTS: Final = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "oracle": 1521, "http": 80}
BACK_SECONDS: Final = 30.0
"""How long a source may take to answer again once its software can be reached."""
_POLL_SECONDS: Final = 0.25
_ABOUT: Final = Fault("kit.connection")


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
    guard: SourceGuard,
    ins: Ins,
    expected: Look,
    interruption: Interruption,
    clock: Clock,
    value_of: Callable[[AdapterFault], Fault] = lambda fault: as_value(fault, None),
) -> list[Finding]:
    """Ask about a known worker before, while and after the connection is cut.

    While it is cut an answer may fail, or come from what the adapter keeps; that nobody is there would be a lie which
    a physician reads as "this service has no record". Afterwards the first answer must be given by itself.
    `value_of` words a fault of the guard's.
    """
    try:
        before = await guard.look(ins)
    except AdapterFault as fault:
        return [not_checked(_ABOUT, Fault("kit.not-tried", {"what": value_of(fault)}))]
    if before != expected:
        return [not_checked(_ABOUT, Fault("kit.another-way"))]
    await interruption.cut()
    try:
        told = [await _meanwhile(guard, ins, expected, value_of)]
    finally:
        await interruption.mend()
    started = clock.monotonic()
    last: Fault | None = None
    while (passed := clock.monotonic() - started) < BACK_SECONDS:
        try:
            is_back = await guard.look(ins) == expected
        except AdapterFault as fault:
            is_back, last = False, value_of(fault)
        if is_back:
            return [*told, found(_ABOUT, Fault("kit.back", {"seconds": f"{passed:.1f}"}), ok=True)]
        await asyncio.sleep(_POLL_SECONDS)
    late = Fault("kit.not-back", {"seconds": BACK_SECONDS})
    if last is not None:
        late = Fault("kit.not-back-but", {"seconds": BACK_SECONDS, "what": last})
    return [*told, found(_ABOUT, late, ok=False)]


async def _meanwhile(
    guard: SourceGuard, ins: Ins, expected: Look, value_of: Callable[[AdapterFault], Fault]
) -> Finding:
    try:
        look = await guard.look(ins)
    except AdapterFault as fault:
        return found(_ABOUT, Fault("kit.cut-fault", {"what": value_of(fault)}), ok=True)
    if look == expected:
        return found(_ABOUT, Fault("kit.cut-same"), ok=None)
    what = Fault("kit.cut-nobody" if look.identity is None else "kit.cut-other")
    return found(_ABOUT, what, ok=False)

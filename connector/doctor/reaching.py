"""Going to one place of the network as the connector would, to see who answers there and what they show.

Nothing is believed: TLS is spoken without a check, with our client certificate where a peer asks for one, and what was
shown is judged afterwards (`doctor.network`). A proxy of `[network]` is asked for the way where one is configured.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from connector.core.faults import Fault, reason
from connector.doctor.labels import Label

SECONDS: Final = 5.0
_LIMIT: Final = 16_384


class Reached(StrEnum):
    """How far one came."""

    UNRESOLVED = "unresolved"
    REFUSED = "refused"
    SILENT = "silent"
    PROXY = "proxy"
    NO_TLS = "no-tls"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go: `what` says for whom; `proxy` is the proxy's URL, empty for the straight way."""

    host: str
    port: int
    what: Label
    proxy: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen: the certificate shown (DER), an answer's Date as seconds since 1970, and why it failed."""

    reached: Reached
    certificate: bytes | None = None
    date: int | None = None
    why: Fault | None = None


async def see(place: Place, context: ssl.SSLContext | None) -> Sight:
    """Go there; without a context plain HTTP is spoken."""
    try:
        async with asyncio.timeout(SECONDS):
            return await _see(place, context)
    except TimeoutError:
        return Sight(Reached.SILENT)


async def _see(place: Place, context: ssl.SSLContext | None) -> Sight:
    first = urlsplit(place.proxy) if place.proxy else None
    host, port = (first.hostname or "", first.port or 3128) if first else (place.host, place.port)
    try:
        await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return Sight(Reached.PROXY if first else Reached.UNRESOLVED, why=Fault("way.unknown"))
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError as error:
        return Sight(Reached.PROXY if first else Reached.REFUSED, why=Fault("way.refused", {"reason": reason(error)}))
    try:
        if first:
            status = await _tunnel(reader, writer, place)
            if status != "200":
                return Sight(Reached.PROXY, why=Fault("way.answered", {"status": status or "-"}))
        if context is not None:
            try:
                await writer.start_tls(context, server_hostname=place.host)
            except (ssl.SSLError, OSError, EOFError) as error:
                return Sight(
                    Reached.NO_TLS,
                    why=Fault("way.refused", {"reason": getattr(error, "reason", None) or type(error).__name__}),
                )
        secured = writer.get_extra_info("ssl_object")
        shown = secured.getpeercert(binary_form=True) if secured is not None else None
        return Sight(Reached.ANSWERED, shown, await _date(reader, writer, place.host))
    finally:
        writer.transport.abort()  # nothing is owed to whoever answers, and a farewell may never end


async def _tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, place: Place) -> str:
    writer.write(f"CONNECT {place.host}:{place.port} HTTP/1.1\r\nHost: {place.host}:{place.port}\r\n\r\n".encode())
    with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
        head = await reader.readuntil(b"\r\n\r\n")
        return head.split(b" ", 2)[1].decode(errors="replace")[:3] if b" " in head else ""
    return ""


async def _date(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> int | None:
    """Ask for the smallest thing, and read the Date of whatever is answered."""
    with contextlib.suppress(OSError, ssl.SSLError, EOFError, ValueError, TypeError, asyncio.LimitOverrunError):
        writer.write(f"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n"))[:_LIMIT].decode("latin-1")
        for line in head.split("\r\n"):
            name, _, value = line.partition(":")
            if name.lower() == "date":
                return int(parsedate_to_datetime(value.strip()).timestamp())
    return None


def looking(context: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """Give a context that shows what we show and looks at everything: what it sees is judged afterwards."""
    made = context()
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made

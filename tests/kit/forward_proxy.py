"""A forward proxy on loopback, as services have them: one that passes on, refuses, or inspects TLS."""

import asyncio
import contextlib
import ssl

import trustme


class ForwardProxy:
    """A CONNECT proxy. One that inspects ends TLS on both sides by its own authority, and reads the plain text."""

    def __init__(self, inspects: bool = False, refuses: bool = False) -> None:
        self._refuses = refuses
        self.authority = trustme.CA(organization_name="Exemple Inspection", organization_unit_name="Passerelle Web")
        self._context = None
        if inspects:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.authority.issue_cert("127.0.0.1").configure_cert(self._context)
        self.led_to: list[str] = []

    async def start(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _serve(self, reader, writer):
        with contextlib.suppress(OSError, EOFError, ssl.SSLError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ")
            self.led_to.append(head[1])
            if self._refuses or head[0] != "CONNECT":
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                writer.close()
                return
            host, _, port = head[1].rpartition(":")
            there = ssl._create_unverified_context() if self._context else None
            there_reader, there_writer = await asyncio.open_connection(host, int(port), ssl=there)
            if self._context:
                writer.transport.pause_reading()  # what comes next belongs to TLS
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            if self._context:
                await writer.start_tls(self._context)
            await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))


async def _pump(reader, writer):
    with contextlib.suppress(OSError, EOFError, ssl.SSLError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()

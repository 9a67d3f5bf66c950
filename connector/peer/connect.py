"""Connections to one member: nothing is written on one before its certificate is known to be that member's.

aiohttp hands a connection to the request that will be written on it by returning from `connect`, for new connections
and for those out of the pool alike (aiohttp 3.14.5, client.py `_connect_and_send_request`): so the check stands there.
A chain and a host name prove less than is needed here, since every member has a certificate of the same authorities.
"""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.errors import PeerFault
from connector.core.network import STRAIGHT, Proxies
from connector.core.ports import Clock, MemberDirectory
from connector.crypto.certificates import IssuedSerial, PeerCertificate
from connector.peer.tls import ClientTls, peer_certificate

KIB = 1024
USER_AGENT = "spsti-connector"


@dataclass(frozen=True, slots=True)
class PeerClientSettings:
    """Limits towards the members we ask. Durations are seconds, sizes bytes.

    `bytes_per_second` is the slowest transfer of a document that is waited for, beside `silent_seconds` without a byte.
    """

    connect_seconds: float = 4.0
    exchange_seconds: float = 15.0
    handover_seconds: float = 20.0
    silent_seconds: float = 20.0
    bytes_per_second: int = 64 * KIB
    idle_seconds: float = 60.0
    connection_life_seconds: float = 3600.0
    connections_per_member: int = 24
    max_body_bytes: int = 64 * KIB
    max_header_line_bytes: int = 8190
    max_headers: int = 64
    proxies: Proxies = STRAIGHT


@dataclass(slots=True)
class _Known:
    """What was read of a connection when it was made."""

    certificate: PeerCertificate
    opened: float
    chain: tuple[IssuedSerial, ...]


class MemberConnector(aiohttp.TCPConnector):
    """Connections to one member. `opened` counts those that were made, reused ones not."""

    def __init__(
        self,
        member: Member,
        *,
        tls: ClientTls,
        directory: MemberDirectory,
        clock: Clock,
        settings: PeerClientSettings,
    ) -> None:
        super().__init__(
            ssl=tls.context, limit=settings.connections_per_member, keepalive_timeout=settings.idle_seconds
        )
        self._member, self._tls, self._directory, self._clock = member, tls, directory, clock
        self._life_seconds = settings.connection_life_seconds
        self._known: WeakKeyDictionary[ResponseHandler, _Known] = WeakKeyDictionary()
        self.opened = 0

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout) -> Connection:  # noqa: ASYNC109
        """Give a connection whose other end is the member asked, and not one that is too old.

        Raises:
            PeerFault: `peer.tls`, the certificate is another's, revoked, or its life ended; `crl.unavailable`; nothing
                was written.
        """
        while True:
            connection = await super().connect(req, traces, timeout)
            try:
                is_fit = self._is_fit(connection)
            except BaseException:
                connection.close()
                raise
            if is_fit:
                return connection
            connection.close()

    def _is_fit(self, connection: Connection) -> bool:
        protocol, transport = connection.protocol, connection.transport
        if protocol is None or transport is None:
            raise aiohttp.ServerDisconnectedError
        known = self._known.get(protocol)
        if known is None:
            session = transport.get_extra_info("ssl_object")
            certificate = peer_certificate(session)
            if certificate is None:
                raise PeerFault(f"{self._member.name}: showed no certificate", code=Code.PEER_TLS)
            chain = self._tls.trust.chain_of(session)
            known = self._known[protocol] = _Known(certificate, self._clock.monotonic(), chain)
            self.opened += 1
        elif self._clock.monotonic() - known.opened > self._life_seconds:
            return False
        self._check(known.certificate, known.chain)
        return True

    def recheck(self) -> None:
        """Cut the connections, those in use included, whose certificate may no longer be used: after new CRLs."""
        for protocol, known in list(self._known.items()):
            try:
                self._check(known.certificate, known.chain)
            except PeerFault:
                if protocol.transport is not None:
                    protocol.transport.abort()

    def _check(self, certificate: PeerCertificate, chain: tuple[IssuedSerial, ...]) -> None:
        """Look at whose it is by the newest directory, and at the newest CRLs, on every request."""
        trust, now = self._tls.trust, self._clock.now()
        if speechless := trust.speechless(now):
            raise PeerFault(
                f"{self._member.name}: its certificate cannot be checked: {speechless}",
                code=Code.CRL_UNAVAILABLE,
                hint="nothing was asked; spsti-connector status says why no newer one is here",
            )
        if trust.is_revoked(chain):
            raise PeerFault(
                f"{self._member.name}: its certificate was revoked",
                code=Code.PEER_TLS,
                hint="nothing was asked; tell that service's IT staff",
            )
        owner = self._directory.by_certificate(certificate.spki_sha256, certificate.subject_ous)
        if owner is None or owner.id != self._member.id:
            whose = f"of {owner.name} ({owner.id})" if owner else "of no member"
            raise PeerFault(
                f"{self._member.name}: at its address answers a certificate {whose}",
                code=Code.PEER_TLS,
                hint="nothing was asked; compare the directory's address and certificate with that service",
            )
        if not certificate.is_valid_at(now):
            raise PeerFault(
                f"{self._member.name}: the life of its certificate ended",
                code=Code.PEER_TLS,
                hint="nothing was asked; that service must renew it",
            )


class Channel:
    """The session with one member over one client certificate; `x5t` is what mandates on it are bound to."""

    def __init__(
        self,
        member: Member,
        tls: ClientTls,
        *,
        directory: MemberDirectory,
        clock: Clock,
        settings: PeerClientSettings,
    ) -> None:
        self.endpoint, self.context, self.x5t = member.endpoint, tls.context, tls.certificate.x5t
        self.in_use = 0
        self._connector = MemberConnector(member, tls=tls, directory=directory, clock=clock, settings=settings)
        self.session = aiohttp.ClientSession(
            connector=self._connector,
            proxy=settings.proxies.of(urlsplit(member.endpoint).hostname),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity", "User-Agent": USER_AGENT},
            auto_decompress=False,
            trust_env=False,
            max_line_size=settings.max_header_line_bytes,
            max_field_size=settings.max_header_line_bytes,
            max_headers=settings.max_headers,
        )

    @property
    def opened(self) -> int:
        """How many connections were made so far."""
        return self._connector.opened

    def recheck(self) -> None:
        """Cut the connections whose certificate may no longer be used."""
        self._connector.recheck()

    def fits(self, member: Member, tls: ClientTls) -> bool:
        """Whether it still is the way to that member with our newest certificate."""
        return self.endpoint == member.endpoint and self.context is tls.context

    async def close(self) -> None:
        """Close every connection at once, what is under way included."""
        await self.session.close()
        await asyncio.sleep(0)  # the transports close on the next turn of the loop

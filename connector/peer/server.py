"""The endpoint that other members call: HTTP/1.1 in TLS 1.3, exact routes, one shape of errors (PROTOCOL section 1).

Every request goes: certificate, member, status, dates, revocation (`peer.admission`), then its route, which hands to
`holder`. What is refused before a receipt is owed is told to the observer and, once an hour, to the house ledger. The
daemon builds the holder and the ports; this module listens, limits, and stops.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, TypeVar

from aiohttp import HttpVersion11, hdrs, web

from connector.core.codes import Code
from connector.core.directory import Member, MemberStatus
from connector.core.errors import FailedClosed, LimitReached, MandateRefused, RequestRefused
from connector.core.instant import Instant
from connector.core.ledger import Tree
from connector.core.ports import Clock, DirectoryFiles, Entropy, LedgerReader, MemberDirectory, Observer, new_id
from connector.core.ports_measures import AlwaysAnswers, Answering
from connector.core.ports_witness import LedgerWitness
from connector.holder.service import Holder
from connector.peer.admission import Access, admit
from connector.peer.protocol import PeerManager, PeerProtocol, PeerRequest, refusal
from connector.peer.refusals import HttpRefused, NotAdmitted, status_of_code
from connector.peer.routes_document import DocumentRoutes
from connector.peer.routes_exchange import ExchangeRoutes
from connector.peer.routes_ledger import LedgerRoutes
from connector.peer.routes_open import OpenRoutes
from connector.peer.settings import PeerServerSettings
from connector.peer.tls import ServerTls
from connector.wire.ranges import RangeNotSatisfiable

_BACKLOG: Final = 256
_LINGER_SECONDS: Final = 2.0
"""How long the rest of a refused body is read, so that the peer sees the answer and not a reset."""

_LAST_CALL_SECONDS: Final = 0.5
"""On a socket that outlives the daemon, callers that were accepted last get so long for handshake and first request:
the next daemon never sees them."""

_DOCUMENT: Final = "document"
"""Lookups and handovers say with a receipt that this service has paused; a document owes none (PROTOCOL section 4)."""

_T = TypeVar("_T")
RouteHandler = Callable[[PeerRequest, Any, Instant, float, str], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One exchange: its method, who may call it, whether it takes a query."""

    name: str
    method: str
    access: Access
    handle: RouteHandler
    takes_query: bool = False


@dataclass(frozen=True, slots=True)
class ServerPorts:
    """What the endpoint reaches the house through, beside the holder."""

    directory: MemberDirectory
    ledgers: LedgerReader
    clock: Clock
    entropy: Entropy
    observer: Observer
    files: DirectoryFiles
    answering: Answering = field(default_factory=AlwaysAnswers)
    witness: LedgerWitness | None = None


class PeerServer:
    """Listens between `start` and `close`."""

    def __init__(self, settings: PeerServerSettings, tls: ServerTls, holder: Holder, ports: ServerPorts) -> None:
        self._settings, self._tls, self._holder, self._ports = settings, tls, holder, ports
        self.observer = ports.observer
        self._tasks: set[asyncio.Task[Any]] = set()
        self._exact, self._patterns = self._routes()

    async def start(self, listening: socket.socket | None = None) -> int:
        """Listen, on a socket that is bound already where one is given, and give the port.

        Raises:
            OSError: the address cannot be had.
        """
        settings = self._settings
        self._manager = PeerManager(
            self._handle,
            host=self,
            keepalive_timeout=settings.idle_seconds,
            lingering_time=_LINGER_SECONDS,
            max_line_size=settings.max_header_line_bytes,
            max_field_size=settings.max_header_line_bytes,
            max_headers=settings.max_headers,
            auto_decompress=False,
        )
        where: dict[str, Any] = {"host": settings.host, "port": settings.port}
        self._listener = await asyncio.get_running_loop().create_server(
            self._manager,
            **({"sock": listening} if listening is not None else where),
            ssl=self._tls.context,
            ssl_handshake_timeout=settings.slow_client_seconds,
            backlog=_BACKLOG,
        )
        self._was_handed_over = listening is not None
        self._tls.on_refusal = self._handshake_failed
        self._follower = self._spawn(self._follow_members())
        return int(self._listener.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening, let what is under way end within the drain limit, then close every connection.

        What must be recorded of transfers is recorded before this returns.
        """
        self._listener.close()
        if self._was_handed_over:
            await asyncio.sleep(_LAST_CALL_SECONDS)
        self._manager.pre_shutdown()
        await self._manager.shutdown(self._settings.drain_seconds)
        self._follower.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._manager.peers)

    # ------------------------------------------------------------ connections

    def monotonic(self) -> float:
        """Give the monotonic clock, for the life of connections."""
        return self._ports.clock.monotonic()

    def meet(self, protocol: PeerProtocol) -> bool:
        """Take up a connection unless there are too many, in all or of this certificate."""
        peers = [other.peer for other in self._manager.peers if other.peer is not None]
        if len(peers) > self._settings.max_connections:
            return False
        own = protocol.peer.certificate.x5t if protocol.peer else ""
        same = sum(peer.certificate.x5t == own for peer in peers)
        return same <= self._settings.max_connections_per_certificate

    def recheck(self) -> None:
        """Close the connections whose certificate may no longer be used: after new CRLs, or a change of a member."""
        now = self._ports.clock.now()
        for protocol in self._manager.peers:
            if protocol.peer is not None:
                try:
                    # A stranger's may stay, for the directory's files; a suspended member connects anew for its acks.
                    member = admit(
                        protocol.peer,
                        Access.ADMITTED,
                        directory=self._ports.directory,
                        trust=self._tls.trust,
                        now=now,
                    )
                except RequestRefused:
                    protocol.abort()
                else:
                    if member is not None and member.status is not MemberStatus.ACTIVE:
                        protocol.abort()

    async def _follow_members(self) -> None:
        async for _ in self._ports.directory.changes():
            self.recheck()

    def _handshake_failed(self, reason: str) -> None:
        self.observer.handshake_failed(reason)
        self._begin(self._holder.connection_refused("", None, f"handshake: {reason}"))

    def _spawn(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        _ = self._spawn(work)

    # ------------------------------------------------------------ requests

    def _routes(self) -> tuple[dict[str, tuple[Route, str]], list[tuple[re.Pattern[str], Route]]]:
        settings, ports, holder = self._settings, self._ports, self._holder
        exchange = ExchangeRoutes(settings, holder)
        documents = DocumentRoutes(settings, holder, self._spawn, self.observer.ledger_failed)
        own = holder.settings
        open_ = OpenRoutes(settings, own.member, ports.directory, ports.files)
        ledgers = LedgerRoutes(settings, ports.ledgers, ports.witness, holder.limits.asked_ledger)
        active = Access.ACTIVE
        consistency = Route("consistency", "GET", active, ledgers.consistency, takes_query=True)
        checkpoint = Route("checkpoint", "GET", active, ledgers.checkpoint)
        exact = {
            "/fhir/metadata": (Route("capabilities", "GET", active, open_.metadata), ""),
            "/fhir/DocumentReference/_search": (Route("lookup", "POST", active, exchange.lookup), ""),
            "/handovers": (Route("handover", "POST", active, exchange.handover), ""),
            "/ledger/heads": (Route("heads", "GET", active, ledgers.heads), ""),
            "/ledger/witness": (Route("witness", "POST", active, ledgers.witness), ""),
        }
        for tree in Tree:
            exact[f"/ledger/{tree}/checkpoint"] = (checkpoint, tree.value)
            exact[f"/ledger/{tree}/consistency"] = (consistency, tree.value)
        document = Route(_DOCUMENT, "GET", active, documents.document)
        ack = Route("acknowledgement", "POST", Access.ACK, exchange.acknowledge)
        files = Route("directory", "GET", Access.ADMITTED, open_.directory_file)
        return exact, [
            (re.compile(r"/fhir/Binary/([0-9a-f]{32})"), document),
            (re.compile(r"/handovers/([0-9a-f]{32})/ack"), ack),
            (re.compile(r"/directory/([A-Za-z0-9][A-Za-z0-9._/-]{0,199})"), files),
        ]

    def _route(self, path: str) -> tuple[Route, str] | None:
        found = self._exact.get(path)
        if found is None:
            for pattern, route in self._patterns:
                match = pattern.fullmatch(path)
                if match is not None:
                    return route, match[1]
        return found

    async def _handle(self, request: PeerRequest) -> web.StreamResponse:
        """Answer one request, whatever happens: nothing but a broken connection leaves this as an exception."""
        started = self._ports.clock.monotonic()
        peer = request.peer
        path, _, query = request.raw_path.partition("?")
        found = self._route(path)
        name = found[0].name if found else "unknown"
        member: Member | None = None
        try:
            now = self._ports.clock.now()
            access = found[0].access if found else Access.ACTIVE
            member = admit(peer, access, directory=self._ports.directory, trust=self._tls.trust, now=now)
            route, argument = _checked(found, request, query)
            if route.name == _DOCUMENT and self._ports.answering.is_paused():
                raise self._paused()
            response = await route.handle(request, member, now, started, argument)
        except RequestRefused as refused:
            response = await self._refuse(request, refused, member, name)
        except FailedClosed as fault:
            self.observer.ledger_failed(fault.code)
            retry = str(self._holder.settings.unavailable_retry_seconds)
            text = "this service cannot record anything now, so it answers nothing: ask again later"
            response = refusal(503, Code.LEDGER_UNAVAILABLE, text, {hdrs.RETRY_AFTER: retry})
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 (the outermost boundary: a bug is answered, and never shown)
            incident = new_id(self._ports.entropy)
            self.observer.bug(incident, error)
            response = refusal(HTTPStatus.INTERNAL_SERVER_ERROR, None, f"internal error, incident {incident}")
        if self._ports.clock.monotonic() - peer.opened > self._settings.connection_life_seconds:
            response.force_close()
        return response

    def _paused(self) -> HttpRefused:
        retry = str(self._holder.settings.could_not_look_retry_seconds)
        return HttpRefused(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "document: this service answers nobody for a while",
            code=Code.ANSWERING_PAUSED,
            hint="ask again later",
            headers={hdrs.RETRY_AFTER: retry},
        )

    async def _refuse(
        self, request: PeerRequest, refused: RequestRefused, member: Member | None, exchange: str
    ) -> web.StreamResponse:
        x5t = request.peer.certificate.x5t
        member_id = member.id if member else None
        status = status_of_code(refused.code)
        headers: dict[str, str] = {}
        if isinstance(refused, NotAdmitted):
            member_id = refused.member
            await self._holder.connection_refused(x5t, member_id, refused.code.value)
        elif isinstance(refused, MandateRefused):
            headers = {hdrs.WWW_AUTHENTICATE: "Bearer"}
            await self._holder.connection_refused(x5t, member_id, refused.code.value)
        elif isinstance(refused, LimitReached):
            headers = {hdrs.RETRY_AFTER: str(refused.retry_after)}
        elif isinstance(refused, HttpRefused):
            status, headers = refused.status, refused.headers
        elif isinstance(refused, RangeNotSatisfiable):
            status, headers = 416, {hdrs.CONTENT_RANGE: refused.content_range}
        self.observer.refused(refused.code, member_id, exchange)
        response = refusal(status, refused.code, str(refused), headers)
        if status == HTTPStatus.REQUEST_TIMEOUT:
            response.force_close()
        return response


def _checked(found: tuple[Route, str] | None, request: PeerRequest, query: str) -> tuple[Route, str]:
    """Refuse what HTTP can ask and no route serves.

    Raises:
        HttpRefused: 505, 404, 405, 400 for a query where none belongs (an INS never stands in a URL), 417.
    """
    if request.version != HttpVersion11:
        raise HttpRefused(505, "request: got another version of HTTP, expected HTTP/1.1")
    if found is None:
        raise HttpRefused(404, "request: got a path that is not served", hint="see PROTOCOL section 1 for the routes")
    route = found[0]
    if request.method != route.method:
        raise HttpRefused(
            405, f"request: got another method, expected {route.method}", headers={hdrs.ALLOW: route.method}
        )
    if query and not route.takes_query:
        raise HttpRefused(400, "request: got a query, expected none", hint="nothing personal may stand in a URL")
    if hdrs.EXPECT in request.headers:
        raise HttpRefused(417, "request: got Expect, expected the body at once")
    return found

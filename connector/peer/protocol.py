"""aiohttp's HTTP server without its application layer: one connection object per peer, one shape of answers.

`web.Application` would resolve routes, run signals and answer errors in forms of its own; a handful of exact routes
needs none of it, and every error must be an OperationOutcome. aiohttp's own log lines quote what a peer sent, so they
are not written: the observer is told instead.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, Protocol, cast

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler
from multidict import CIMultiDict

from connector.core.codes import Code
from connector.core.errors import PeerFault
from connector.core.ports import Observer
from connector.draining import DrainingConnection, DrainingServer
from connector.peer.admission import PeerConnection
from connector.peer.refusals import peer_code
from connector.peer.tls import peer_certificate
from connector.wire import fhir

_NO_STORE: Final = "no-store"


class PeerRequest(web.BaseRequest):
    """A request of a peer. The answer's `Server` header, which would name our software, is taken out."""

    @property
    def peer(self) -> PeerConnection:
        """The connection it came on."""
        connection = cast("PeerProtocol", self.protocol).peer
        if connection is None:
            raise ConnectionResetError("the connection has no certificate")
        return connection

    def cut(self) -> None:
        """Close its connection at once."""
        cast("PeerProtocol", self.protocol).abort()

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        response.headers.popall(hdrs.SERVER, None)


Handler = Callable[[PeerRequest], Awaitable[web.StreamResponse]]


class Host(Protocol):
    """What a connection needs of the server it belongs to."""

    observer: Observer

    def meet(self, protocol: "PeerProtocol") -> bool:
        """Take up a new connection; False closes it at once."""
        ...

    def monotonic(self) -> float:
        """Give the monotonic clock, for the life of connections."""
        ...


class PeerProtocol(DrainingConnection):
    """One connection. `peer` is None where its certificate could not be read: then it is closed."""

    peer: PeerConnection | None = None

    def __init__(self, manager: "PeerManager", *, host: Host, loop: asyncio.AbstractEventLoop, **limits: Any) -> None:  # noqa: ANN401 (aiohttp's many)
        super().__init__(manager, loop=loop, **limits)
        self._host = host

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Read the peer's certificate, once for the connection."""
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        try:
            certificate = peer_certificate(tls)
        except PeerFault as fault:
            self._host.observer.handshake_failed(fault.message)
            certificate = None
        if tls is not None and certificate is not None:
            self.peer = PeerConnection(tls, certificate, self._host.monotonic())
        super().connection_made(transport)
        if self.peer is None or not self._host.meet(self):
            self.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,  # noqa: ARG002 (aiohttp's signature)
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """Answer what is not HTTP, or more than the limits allow. aiohttp's text may quote it, so it is not used."""
        if request.writer.output_size > 0 or isinstance(exc, ConnectionError):
            raise ConnectionResetError("part of an answer was sent already, or nobody is there to read one")
        self._host.observer.refused(Code.REQUEST_MALFORMED, None, "http")
        response = refusal(HTTPStatus.BAD_REQUEST, Code.REQUEST_MALFORMED, "request: not HTTP/1.1 within our limits")
        response.force_close()
        return response

    def log_exception(self, *_args: object, **details: object) -> None:
        """Tell the observer of what escaped every handler; aiohttp would write the request into its log."""
        error = details.get("exc_info")
        if isinstance(error, BaseException):
            self._host.observer.bug("", error)


class PeerManager(DrainingServer):
    """Makes the connections."""

    def __init__(self, handler: Handler, *, host: Host, **limits: Any) -> None:  # noqa: ANN401 (aiohttp's many)
        super().__init__(
            cast("Any", handler), request_factory=self._request, handler_cancellation=True, access_log=None, **limits
        )
        self._host = host

    def __call__(self) -> PeerProtocol:
        """Make one connection."""
        return PeerProtocol(self, host=self._host, loop=self._loop, **self._kwargs)

    @property
    def peers(self) -> list[PeerProtocol]:
        """The open connections."""
        return cast("list[PeerProtocol]", self.connections)

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> PeerRequest:
        return PeerRequest(message, payload, protocol, writer, task, self._loop)


def respond(status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Give an answer. Nothing a peer is told may be kept by a cache."""
    all_headers = CIMultiDict({hdrs.CACHE_CONTROL: _NO_STORE})
    if body:
        all_headers[hdrs.CONTENT_TYPE] = content_type
    if headers:
        all_headers.update(headers)
    return web.Response(status=status, body=body, headers=all_headers)


def refusal(status: int, code: Code | None, text: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Give the one shape of every error: an OperationOutcome."""
    body = fhir.operation_outcome(peer_code(code) if code else None, text)
    return respond(status, body, fhir.CONTENT_TYPE, headers)

"""One HTTP exchange with INSi over mutual TLS, synchronous: it runs in a thread and ends by its deadline.

Before the request, which names a worker, leaves, the server's certificate must lead to the configured authorities, name
the host and bear the CN of INSi's platform. The whole exchange has one deadline, kept by a timer that shuts the socket,
so that a server which sends one byte a second cannot hold it longer. No redirect is followed, no proxy of the
environment is used, no connection is kept: the calls of a day are few. What the body says is `insi.answer`'s.
"""

import http.client
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

from connector.core.codes import Code
from connector.core.errors import ConfigFault, InsiFault
from connector.crypto.names import CertificateNames
from connector.insi.tunnel import connect
from connector.peer.tls import TlsMaterial, client_context

_XML: Final = frozenset({"application/soap+xml", "text/xml", "application/xml"})
_GATEWAY: Final = frozenset({502, 503, 504})
_MAX_RETRY_AFTER: Final = 24 * 3600
_LATER = "the identity stays as it is; try again in some minutes"
_NETWORK = (
    "the identity stays as it is; try again; if it lasts, the network's administrator can look at the way to INSi"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """XML that came back. Only a success may carry an answer: a fault comes with HTTP 500 (ins.md 4.2)."""

    content: bytes
    is_success: bool


class Exchange(Protocol):
    """Sends one envelope and gives the XML that came back, answer or fault."""

    def post(self, content: bytes, action: str, seconds: float) -> Reply:
        """Send it. Raises InsiFault `insi.*`."""
        ...


@dataclass(frozen=True, slots=True)
class Destination:
    """Where INSi is, and what its certificate and its answers may be."""

    url: str
    server_name_end: str
    max_answer_bytes: int
    proxy: str | None = None


class MutualTls:
    """INSi by its URL, with the certificate of the legal person.

    TLS 1.2 is allowed beside 1.3: what the national endpoint speaks is not known here. A host name in the CN alone
    counts, for the same reason; the CN is checked anyway.
    """

    def __init__(self, destination: Destination, material: TlsMaterial) -> None:
        self._destination = destination
        self._url = urlsplit(destination.url)
        self._context = client_context(material)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.hostname_checks_common_name = True

    def post(self, content: bytes, action: str, seconds: float) -> Reply:
        """Send an envelope, all of it within `seconds`.

        Raises:
            InsiFault: `insi.unreachable`, `insi.timeout`, `insi.tls`, `insi.busy`, `insi.unavailable`,
                `insi.unreadable`.
        """
        deadline = time.monotonic() + seconds
        try:
            plain = connect(self._host, self._url.port or 443, self._destination.proxy, seconds)
        except TimeoutError:
            raise _too_slow(seconds) from None
        except OSError:
            raise _unreachable("no connection") from None
        timer = threading.Timer(max(deadline - time.monotonic(), 0.001), _shut, (plain,))
        timer.daemon = True
        timer.start()
        try:
            reply = self._exchange(plain, content, action, deadline)
            if time.monotonic() >= deadline:  # the timer cut a body that ends with its connection
                raise _too_slow(seconds)
            return reply
        except InsiFault:
            if time.monotonic() >= deadline:
                raise _too_slow(seconds) from None
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            if time.monotonic() >= deadline:
                raise _too_slow(seconds) from None
            raise _of(error, seconds) from None
        finally:
            timer.cancel()
            plain.close()

    @property
    def _host(self) -> str:
        return self._url.hostname or ""

    def _exchange(self, plain: socket.socket, content: bytes, action: str, deadline: float) -> Reply:
        # wrap_socket takes its socket over: with a duplicate, `plain` stays for the timer, which can end the connection
        # without touching the state of the TLS that is being read.
        secured = self._context.wrap_socket(plain.dup(), server_hostname=self._host)
        connection = http.client.HTTPConnection(self._host, self._url.port or 443)
        connection.sock = secured
        try:
            secured.settimeout(max(deadline - time.monotonic(), 0.001))
            self._check_server(secured)
            self._send(connection, secured, content, action)
            with connection.getresponse() as response:
                return self._read(response)
        finally:
            connection.close()

    def _send(
        self, connection: http.client.HTTPConnection, secured: ssl.SSLSocket, content: bytes, action: str
    ) -> None:
        headers = {
            "Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"',
            "Accept": "application/soap+xml",
            "Accept-Encoding": "identity",
            "SOAPAction": f'"{action}"',
            "Connection": "close",
        }
        try:
            connection.request("POST", self._url.path or "/", content, headers)
        except OSError:
            # With TLS 1.3 a server refuses our certificate after the handshake, perhaps while we write: its alert,
            # which says why, is then still to be read.
            secured.recv(1)
            raise

    def _check_server(self, secured: ssl.SSLSocket) -> None:
        try:
            names = CertificateNames.from_der(secured.getpeercert(binary_form=True) or b"")
        except ConfigFault:
            raise _untrusted("its certificate cannot be read") from None
        end = self._destination.server_name_end
        if len(names.common_names) != 1 or not names.common_names[0].endswith(end):
            raise _untrusted(f"the CN of its certificate does not end with {end}")

    def _read(self, response: http.client.HTTPResponse) -> Reply:
        limit = self._destination.max_answer_bytes
        media, _, parameters = (response.getheader("Content-Type") or "").partition(";")
        charset = parameters.lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
        is_xml = media.strip().lower() in _XML and charset in {"", "utf-8"}
        if response.status == http.HTTPStatus.TOO_MANY_REQUESTS:
            raise InsiFault(
                "INSi: it asks to be called less often (HTTP 429)",
                code=Code.INSI_BUSY,
                hint=_LATER,
                retry_after=_seconds(response.getheader("Retry-After")),
            )
        if response.status in _GATEWAY and not is_xml:
            raise InsiFault(
                f"INSi: it is out of order for now (HTTP {response.status})",
                code=Code.INSI_UNAVAILABLE,
                hint=_LATER,
                retry_after=_seconds(response.getheader("Retry-After")),
            )
        if response.status in {401, 403} and not is_xml:
            raise InsiFault(
                f"INSi: it does not let this service in (HTTP {response.status})",
                code=Code.INSI_NOT_AUTHORISED,
                hint="call the administrator of the connector: certificate and authorisation must be looked at",
            )
        if not is_xml or (response.status != http.HTTPStatus.OK and response.status < 400):
            raise InsiFault(
                f"INSi: it answered HTTP {response.status} with something that is no SOAP",
                code=Code.INSI_UNREADABLE,
                hint=_NETWORK,
            )
        if (response.getheader("Content-Encoding") or "identity").lower() != "identity":
            raise InsiFault(
                "INSi: the answer is compressed, which was not asked for", code=Code.INSI_UNREADABLE, hint=_NETWORK
            )
        content = response.read(limit + 1)
        if len(content) > limit:
            raise InsiFault(f"INSi: the answer is longer than {limit} bytes", code=Code.INSI_UNREADABLE, hint=_NETWORK)
        if response.length:
            raise InsiFault("INSi: the answer is cut short", code=Code.INSI_UNREADABLE, hint=_LATER)
        return Reply(content, response.status == http.HTTPStatus.OK)


def _shut(plain: socket.socket) -> None:
    try:
        plain.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _of(error: Exception, seconds: float) -> InsiFault:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _untrusted(f"its certificate is not accepted ({error.verify_message})")
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return _unreachable("the connection was cut")
    if isinstance(error, ssl.SSLError):
        reason = error.reason or "TLS"
        if "ALERT" in reason:
            return InsiFault(
                f"INSi: it refused our certificate or our TLS ({reason})",
                code=Code.INSI_TLS,
                hint="call the administrator of the connector: the certificate may have ended or been revoked",
            )
        return _untrusted(f"TLS failed ({reason})")
    if isinstance(error, TimeoutError):
        return _too_slow(seconds)
    if isinstance(error, OSError):
        return _unreachable("the connection was cut")
    return InsiFault("INSi: what came back is no HTTP", code=Code.INSI_UNREADABLE, hint=_NETWORK)


def _untrusted(why: str) -> InsiFault:
    return InsiFault(
        f"INSi: what answers at its address is not trusted, {why}",
        code=Code.INSI_TLS,
        hint="nothing was sent; call the administrator of the connector",
    )


def _too_slow(seconds: float) -> InsiFault:
    return InsiFault(f"INSi: no whole answer within {seconds:g} seconds", code=Code.INSI_TIMEOUT, hint=_LATER)


def _unreachable(what: str) -> InsiFault:
    return InsiFault(f"INSi: {what}", code=Code.INSI_UNREACHABLE, hint=_NETWORK)


def _seconds(header: str | None) -> int | None:
    text = (header or "").strip()
    return min(int(text), _MAX_RETRY_AFTER) if text.isascii() and text.isdecimal() and len(text) < 8 else None

"""Documents whose web address the database names: fetched over https from a configured host, and nothing else.

No redirect is followed, no proxy of the environment is used, and an answer of another kind (a page that asks for a
login) is no document.
"""

import http.client
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from connector.contract import AdapterError, Problem
from spsti_adapter_sql.dialects import APPLICATION
from spsti_adapter_sql.options import WebOptions
from spsti_adapter_sql.secret import read_secret

PIECE = 512 * 1024
_BINARY = "application/octet-stream"
_OF_STATUS = {
    401: Problem.ACCESS_REFUSED,
    403: Problem.ACCESS_REFUSED,
    404: Problem.DOCUMENT_UNREADABLE,
    410: Problem.DOCUMENT_GONE,
    429: Problem.BUSY,
    503: Problem.BUSY,
}


class Web:
    """The configured hosts."""

    def __init__(self, options: WebOptions, directory: Path, *, seconds: float) -> None:
        self._options, self._directory, self._seconds = options, directory, seconds

    def pieces(self, url: str, content_type: str) -> Iterator[bytes]:
        """Fetch a document piece by piece.

        Raises:
            AdapterError: `document-unreadable`: the address is none of a configured host, or another kind of answer;
                `unreachable`, `busy`, `access-refused`: as the host says.
        """
        address = self._checked(url)
        try:
            with closing(self._connection(address)) as connection:
                connection.request("GET", _target(address), headers=self._headers(content_type))
                with connection.getresponse() as response:
                    yield from _body(response, content_type)
        except ssl.SSLCertVerificationError:
            raise AdapterError(Problem.ACCESS_REFUSED, "the host's certificate is not trusted") from None
        except (OSError, http.client.HTTPException) as error:
            raise AdapterError(Problem.UNREACHABLE, type(error).__name__) from None

    def _checked(self, url: str) -> SplitResult:
        try:
            address = urlsplit(url)
            host, port = (address.hostname or "").rstrip("."), address.port
        except ValueError:
            raise AdapterError(Problem.DOCUMENT_UNREADABLE, "no web address") from None
        is_plain = url.isascii() and url.isprintable() and " " not in url and address.username is None
        named = {f"{host}:{port or 443}"} | ({host} if port in {None, 443} else set())
        if not (is_plain and address.scheme == "https" and named & set(self._options.hosts)):
            raise AdapterError(Problem.DOCUMENT_UNREADABLE, "no https address of a configured host")
        return address

    def _connection(self, address: SplitResult) -> http.client.HTTPSConnection:
        ca = self._options.trusted_ca
        try:
            context = ssl.create_default_context(cafile=None if ca is None else str(self._directory / ca))
        except OSError:
            raise AdapterError(Problem.ACCESS_REFUSED, "trusted_ca cannot be read") from None
        return http.client.HTTPSConnection(address.hostname or "", address.port, timeout=self._seconds, context=context)

    def _headers(self, content_type: str) -> dict[str, str]:
        headers = {"Accept": content_type, "Accept-Encoding": "identity", "User-Agent": APPLICATION}
        if self._options.authorization is not None:
            headers["Authorization"] = read_secret(self._options.authorization, self._directory)
        return headers


def _target(address: SplitResult) -> str:
    return (address.path or "/") + (f"?{address.query}" if address.query else "")


def _body(response: http.client.HTTPResponse, content_type: str) -> Iterator[bytes]:
    if response.status != http.client.OK:
        problem = _OF_STATUS.get(response.status)
        if problem is None:
            problem = Problem.UNREACHABLE if response.status >= 500 else Problem.DOCUMENT_UNREADABLE
        raise AdapterError(problem, f"status {response.status}")
    kind = response.headers.get_content_type()
    if kind not in {content_type, _BINARY} or response.headers.get("Content-Encoding", "identity") != "identity":
        raise AdapterError(Problem.DOCUMENT_UNREADABLE, "the host gave another kind of content")
    announced = response.length
    size = 0
    while piece := response.read(PIECE):
        size += len(piece)
        yield piece
    if announced is not None and size != announced:
        raise AdapterError(Problem.UNREACHABLE, "the host ended in the middle of the document")

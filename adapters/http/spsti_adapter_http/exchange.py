"""One request and its answer, judged before anything of it is used: status, type, length, JSON.

Whatever the vendor's side does wrong ends as an `AdapterError` here. The texts after the problem are for this adapter's
own health, from a closed list: nothing of an answer is repeated.
"""

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import aiohttp
from aiohttp.client_exceptions import ClientConnectorCertificateError

from connector.contract import AdapterError, Problem
from spsti_adapter_http.options import HttpOptions
from spsti_adapter_http.transport import Transport

MAX_JSON = 256 * 1024
NO_BODY_SHA256 = sha256(b"").hexdigest()
JSON = "application/json"
PROBLEM_JSON = "application/problem+json"

_PROBLEM_OF = {
    401: Problem.ACCESS_REFUSED,
    403: Problem.ACCESS_REFUSED,
    409: Problem.AMBIGUOUS,
    410: Problem.DOCUMENT_GONE,
    422: Problem.DATA,
    429: Problem.BUSY,
    501: Problem.NOT_SUPPORTED,
    503: Problem.BUSY,
}


class Exchange:
    """Asks over one transport."""

    def __init__(self, transport: Transport, options: HttpOptions) -> None:
        self._transport = transport
        self._answer = aiohttp.ClientTimeout(total=options.answer_seconds, connect=options.connect_seconds)
        self._stream = aiohttp.ClientTimeout(
            total=None,
            connect=options.connect_seconds,
            sock_connect=options.connect_seconds,
            sock_read=options.silence_seconds,
        )

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send one request that may be repeated, and give the JSON object of the answer; empty for 204.

        A connection that the other side closed while it lay idle is noticed only when it is used: then once more.

        Raises:
            AdapterError: no answer, or none that may be used.
        """
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        for is_last in (False, True):
            try:
                async with self._sent(method, path, content, self._answer) as answer:
                    return await _object_of(answer)
            except AdapterError as error:
                if is_last or not _is_lost(error.__cause__):
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    @asynccontextmanager
    async def streamed(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        """Ask for a document and lend the answer, its body unread, whatever a good status says.

        Raises:
            AdapterError: as `ask`; also from reading the body inside.
        """
        async with self._sent("GET", path, None, self._stream, headers) as answer:
            yield answer

    async def send(
        self, path: str, content: AsyncIterator[bytes], *, size: int, digest: str, content_type: str
    ) -> dict[str, Any]:
        """Put a document and give the JSON object of the answer.

        Raises:
            AdapterError: as `ask`.
        """
        headers = {"Content-Length": str(size), "Content-Type": content_type}
        async with self._sent("PUT", path, content, self._stream, headers, digest) as answer:
            return await _object_of(answer)

    @asynccontextmanager
    async def _sent(
        self,
        method: str,
        path: str,
        content: bytes | AsyncIterator[bytes] | None,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  aiohttp's own limits
        headers: Mapping[str, str] | None = None,
        digest: str = "",
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        sent = dict(headers or {})
        if isinstance(content, bytes):
            sent["Content-Type"] = JSON
            digest = sha256(content).hexdigest()
        if self._transport.bearer is not None:
            sent["Authorization"] = self._transport.bearer.header(method, path, digest or NO_BODY_SHA256)
        try:
            async with self._transport.session.request(
                method,
                self._transport.base + path,
                data=content,
                headers=sent,
                timeout=timeout,
                allow_redirects=False,
            ) as answer:
                await _judge(answer)
                yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _translated(error) from error


async def _judge(answer: aiohttp.ClientResponse) -> None:
    """Let a good status in a plain encoding pass.

    Raises:
        AdapterError: what another one stands for.
    """
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise AdapterError(Problem.SCHEMA, "an answer in a content encoding that was not asked for")
    if 200 <= answer.status < 300:
        return
    if 300 <= answer.status < 400:
        raise AdapterError(Problem.SCHEMA, "a redirect, which is never followed")
    told = await _told_problem(answer)
    if told is not None:
        raise AdapterError(told, f"status {answer.status}")
    fallback = Problem.UNREACHABLE if answer.status >= 500 else Problem.SCHEMA
    raise AdapterError(_PROBLEM_OF.get(answer.status, fallback), f"status {answer.status}")


async def _told_problem(answer: aiohttp.ClientResponse) -> Problem | None:
    """Give the `problem` of an RFC 9457 body; a refused login stays one whatever the body says."""
    if answer.status in {401, 403} or answer.content_type not in {JSON, PROBLEM_JSON}:
        return None
    try:
        return Problem(str((await _object_of(answer, is_error=True)).get("problem")))
    except (AdapterError, ValueError):
        return None


async def _object_of(answer: aiohttp.ClientResponse, *, is_error: bool = False) -> dict[str, Any]:
    if answer.status == 204:
        return {}
    if answer.content_type != JSON and not is_error:
        raise AdapterError(Problem.SCHEMA, "an answer that is no JSON (a page of a portal or proxy?)")
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > MAX_JSON:
            raise AdapterError(Problem.SCHEMA, "an answer too large")
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise AdapterError(Problem.SCHEMA, "an answer that is no JSON, or only half of it") from None
    if not isinstance(value, dict):
        raise AdapterError(Problem.SCHEMA, "an answer that is no JSON object")
    return value


def _translated(error: Exception) -> AdapterError:
    if isinstance(error, ClientConnectorCertificateError):
        return AdapterError(Problem.UNREACHABLE, "its certificate is not one that ca vouches for, or of another name")
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return AdapterError(Problem.ACCESS_REFUSED, "TLS was refused: compare certificates and versions")
    if isinstance(error, TimeoutError):
        return AdapterError(Problem.UNREACHABLE, "no answer in time")
    if isinstance(error, aiohttp.ClientPayloadError):
        return AdapterError(Problem.UNREACHABLE, "half an answer")
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return AdapterError(Problem.UNREACHABLE, "no connection to the proxy of [network] that leads there")
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return AdapterError(Problem.UNREACHABLE, "the proxy of [network] does not lead there")
    if isinstance(error, aiohttp.ClientConnectorError):
        return AdapterError(Problem.UNREACHABLE, "no connection")
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.InvalidURL):
        return AdapterError(Problem.SCHEMA, "an answer that is no HTTP")
    return AdapterError(Problem.UNREACHABLE, "the connection was lost (in TLS also where our certificate is refused)")


def _is_lost(cause: BaseException | None) -> bool:
    """Whether a connection that stood ended without an answer."""
    if isinstance(cause, aiohttp.ClientConnectorError):
        return False
    return isinstance(cause, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key that comes twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)

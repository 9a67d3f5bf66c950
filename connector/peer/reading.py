"""What is read of a request before anything is believed: its body within limits, and headers that must stand once."""

import asyncio

from aiohttp import hdrs

from connector.core.codes import Code
from connector.peer.protocol import PeerRequest
from connector.peer.refusals import HttpRefused


async def read_body(request: PeerRequest, *, max_bytes: int, seconds: float) -> bytes:
    """Read the body.

    Raises:
        HttpRefused: 413 too large, 415 encoded, 408 too slow.
    """
    encoding = request.headers.get(hdrs.CONTENT_ENCODING)
    if encoding is not None and encoding.lower() != "identity":
        # A bomb is small until it is unpacked (reference/security.md section 9, attack 16).
        raise HttpRefused(415, "request: got a Content-Encoding, expected none", hint="send the body as it is")
    length = request.content_length
    if length is not None and length > max_bytes:
        raise _too_large(max_bytes)
    content = request.content
    if content.is_eof():  # the whole of it came with the headers, as it nearly always does
        whole = content.read_nowait(-1)
        if len(whole) > max_bytes:
            raise _too_large(max_bytes)
        return whole
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while not content.at_eof():
                body += await content.readany()
                if len(body) > max_bytes:
                    raise _too_large(max_bytes)
    except TimeoutError:
        raise HttpRefused(
            408, f"request: its body did not arrive within {seconds:g} seconds", code=Code.REQUEST_MALFORMED
        ) from None
    return bytes(body)


def once(request: PeerRequest, name: str) -> str | None:
    """Give a header that may stand once at most.

    Raises:
        HttpRefused: 400, it is there twice: two readers could take it in two ways.
    """
    values = request.headers.getall(name, ())
    if len(values) > 1:
        raise HttpRefused(400, f"request: got {name} twice, expected it once", code=Code.REQUEST_MALFORMED)
    return values[0] if values else None


def refuse_body(request: PeerRequest) -> None:
    """Refuse a body where none has a meaning.

    Raises:
        HttpRefused: 400.
    """
    if request.body_exists:
        raise HttpRefused(400, "request: got a body, expected none", code=Code.REQUEST_MALFORMED)


def _too_large(max_bytes: int) -> HttpRefused:
    return HttpRefused(
        413, f"request: its body is larger than the {max_bytes} bytes allowed", code=Code.REQUEST_TOO_LARGE
    )

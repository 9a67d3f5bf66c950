"""Getting revocation lists where their authorities publish them: plain HTTP GET, bounded in time, size and redirects.

What comes is signed by its authority and judged by `crypto.crls`: so `http://` will do, as IGC-Santé has it, and a
proxy may stand between. The addresses are those of the configured authorities' and our own certificates, or of the
configuration, never a peer's word.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp import hdrs

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.network import STRAIGHT, Proxies

MAX_REDIRECTS: Final = 3
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK: Final = 65_536


@dataclass(frozen=True, slots=True)
class CrlFetchSettings:
    """How long one list may take, in seconds, how large it may be, in bytes, and the HTTP proxy to go by, if any."""

    seconds: float = 30.0
    max_bytes: int = 32 * 1024 * 1024
    proxy: str | None = None
    proxies: Proxies = STRAIGHT
    """Where none is named for all, by host."""


async def fetch(url: str, settings: CrlFetchSettings) -> bytes:
    """Give what is published at an address.

    Raises:
        FailedClosed: `crl.unavailable`, it cannot be had within the limits; the message names the host.
    """
    timeout = aiohttp.ClientTimeout(total=settings.seconds)
    try:
        async with aiohttp.ClientSession(
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={hdrs.ACCEPT_ENCODING: "identity"},
            auto_decompress=False,
            trust_env=False,
        ) as session:
            return await _follow(session, url, settings)
    except aiohttp.ClientResponseError as error:
        raise _fault(url, f"the answer is not HTTP ({error.status})") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
        raise _fault(url, type(error).__name__) from None


async def _follow(session: aiohttp.ClientSession, url: str, settings: CrlFetchSettings) -> bytes:
    at = url
    for _ in range(MAX_REDIRECTS + 1):
        parts = urlsplit(at)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise _fault(url, "leads to what is no web address")
        proxy = settings.proxy or settings.proxies.of(parts.hostname)
        async with session.get(at, allow_redirects=False, proxy=proxy) as response:
            if response.status in _MOVED:
                at = urljoin(at, response.headers.get(hdrs.LOCATION, ""))
                continue
            if response.status != HTTPStatus.OK:
                raise _fault(url, f"answered with {response.status}")
            return await _body(url, response, settings.max_bytes)
    raise _fault(url, f"redirects more than {MAX_REDIRECTS} times")


async def _body(url: str, response: aiohttp.ClientResponse, limit: int) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_chunked(_CHUNK):
        body += piece
        if len(body) > limit:
            raise _fault(url, f"is larger than {limit} bytes")
    return bytes(body)


def _place(url: str) -> str:
    """Name the host alone: an address may hold a password, which is not to stand in a message."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _fault(url: str, why: str) -> FailedClosed:
    return FailedClosed(
        f"revocation list at {_place(url)}: {why}",
        code=Code.CRL_UNAVAILABLE,
        hint="it is asked for again; see whether this machine may reach that address, or set [peer.crl] proxy",
    )

"""How the vendor's side is reached: TCP with TLS, loopback, or a Unix socket. What is said there is `exchange`'s.

Host and port come from the configuration and from nowhere else: no redirect, no proxy of the environment, no cookie. A
forward proxy of `[network]` is asked by CONNECT, so that it sees no more than the host; what has no TLS stays on this
machine and goes straight.
"""

import asyncio
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from connector.contract import AdapterContext, AdapterError, Problem
from spsti_adapter_http.bearer import Bearer, load_key
from spsti_adapter_http.options import UNIX, HttpOptions

_CONNECTIONS = 48
"""More than the guard's places, so that a request never waits here."""

_MIN_TLS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


@dataclass(frozen=True, slots=True)
class Transport:
    """An open way to the vendor's side. `base` goes before every path; `bearer` signs where one is configured."""

    session: aiohttp.ClientSession
    base: str
    bearer: Bearer | None

    async def close(self) -> None:
        """Close every connection."""
        await self.session.close()


async def open_transport(options: HttpOptions, context: AdapterContext) -> Transport:
    """Read the keys and make the session; nothing is connected yet. Belongs to the running event loop.

    Raises:
        AdapterError: `schema`, a file of the configuration cannot be used.
    """
    tls, bearer = await asyncio.to_thread(_keys, options, context)
    connector: aiohttp.BaseConnector
    if options.is_unix:
        connector = aiohttp.UnixConnector(options.url.removeprefix(UNIX), limit=_CONNECTIONS)
    else:
        connector = aiohttp.TCPConnector(ssl=tls, limit=_CONNECTIONS)
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        proxy=_proxy(options, context),
        auto_decompress=False,
        headers={"User-Agent": "spsti-connector", "Accept-Encoding": "identity"},
        skip_auto_headers=("Content-Type",),
    )
    return Transport(session, "http://localhost" if options.is_unix else options.url, bearer)


def _proxy(options: HttpOptions, context: AdapterContext) -> str | None:
    return context.proxy_for(urlsplit(options.url).hostname or "") if options.is_tls else None


def _keys(options: HttpOptions, context: AdapterContext) -> tuple[ssl.SSLContext | bool, Bearer | None]:
    home = context.config_directory
    try:
        tls = _tls(options, context) if options.is_tls else False
        bearer = None
        if options.bearer is not None:
            bearer = Bearer(
                load_key(home / options.bearer.key),
                kid=options.bearer.kid,
                member=context.member,
                audience=options.bearer.audience or options.url,
                now=context.now,
            )
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise AdapterError(Problem.SCHEMA, "ca, certificate or key cannot be used", error) from error
    return tls, bearer


def _tls(options: HttpOptions, context: AdapterContext) -> ssl.SSLContext:
    home = context.config_directory
    tls = ssl.create_default_context(cafile=None if options.ca is None else str(home / options.ca))
    tls.minimum_version = _MIN_TLS[options.min_tls]
    if options.certificate is not None and options.key is not None:
        # A password would be asked for on the terminal: an encrypted key is refused instead.
        tls.load_cert_chain(str(home / options.certificate), str(home / options.key), password=_no_password)
    return tls


def _no_password() -> str:
    raise ValueError("an encrypted key")

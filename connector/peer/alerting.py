"""Handing an alert to the address that wants it: one POST, bounded in time, without redirects.

Whether it is tried again is `daemon.alerts`; what is sent and how it is signed is `wire.alert`.
"""

import ssl
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp import hdrs

from connector.core.codes import Code
from connector.core.errors import PeerFault
from connector.wire.alert import CONTENT_TYPE

SECONDS: Final = 15.0


class AlertClient:
    """One address, and the forward proxy to go by, if any. `trusted` is how its certificate is believed, None for what
    this machine believes.
    """

    def __init__(self, url: str, trusted: ssl.SSLContext | None = None, proxy: str | None = None) -> None:
        self._url, self._proxy = url, proxy
        self._tls = trusted if trusted is not None else True

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            proxy=self._proxy,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def post(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Hand it over; what is answered beside the status is not read.

        Raises:
            PeerFault: `peer.unreachable`, `peer.timeout`; `peer.misbehaved`, another answer than 2xx.
        """
        given = {**headers, hdrs.CONTENT_TYPE: CONTENT_TYPE}
        try:
            async with self._session.post(
                self._url, data=body, headers=given, allow_redirects=False, ssl=self._tls
            ) as answer:
                status = answer.status
        except TimeoutError:
            raise PeerFault("alerts: the receiver did not answer in time", code=Code.PEER_TIMEOUT) from None
        except (aiohttp.ClientError, OSError) as error:
            raise PeerFault(
                f"alerts: the receiver cannot be reached ({type(error).__name__})", code=Code.PEER_UNREACHABLE
            ) from None
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise PeerFault(f"alerts: the receiver answered {status}", code=Code.PEER_MISBEHAVED)

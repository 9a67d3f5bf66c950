"""Asking a time-stamping authority over HTTP (RFC 3161 section 3.4). `crypto.timestamps` judges what it answers."""

from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp import hdrs

from connector.core.codes import Code
from connector.core.errors import PeerFault
from connector.crypto.timestamps import ANSWER_TYPE, MAX_ANSWER, REQUEST_TYPE

SECONDS: Final = 20.0


class StampingClient:
    """One authority. It is told the hash of a head, which says nothing of anybody."""

    def __init__(self, url: str, proxy: str | None = None) -> None:
        self._url, self._proxy = url, proxy

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout, trust_env=False, proxy=self._proxy)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def ask(self, request: bytes) -> bytes:
        """Send a request and give the answer's bytes.

        Raises:
            PeerFault: `peer.unreachable`, `peer.timeout`; `peer.misbehaved`, another answer than a time stamp's.
        """
        headers = {hdrs.CONTENT_TYPE: REQUEST_TYPE}
        try:
            async with self._session.post(self._url, data=request, headers=headers, allow_redirects=False) as answer:
                if answer.status != 200 or answer.content_type != ANSWER_TYPE:
                    raise PeerFault(f"time-stamping authority: answered {answer.status}, expected a time stamp")
                data = await answer.content.read(MAX_ANSWER + 1)
                while len(data) <= MAX_ANSWER and (more := await answer.content.read(MAX_ANSWER + 1)):
                    data += more
                return data
        except TimeoutError:
            raise PeerFault("time-stamping authority: no answer in time", code=Code.PEER_TIMEOUT) from None
        except aiohttp.ClientError as error:
            raise PeerFault(
                f"time-stamping authority: cannot be reached ({type(error).__name__})", code=Code.PEER_UNREACHABLE
            ) from None

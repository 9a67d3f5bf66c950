"""HTTP with an identity provider: JSON over TLS, bounded in time and size, no redirect followed."""

import json
import ssl
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.network import STRAIGHT, Proxies

_TIMEOUT: Final = aiohttp.ClientTimeout(total=10.0, connect=5.0)
_MAX_BYTES: Final = 256 * 1024
Json = dict[str, Any]


class ProviderHttp:
    """Calls one provider; `tls` is None for the system's authorities and no certificate of ours."""

    def __init__(self, title: str, tls: ssl.SSLContext | None = None, proxies: Proxies = STRAIGHT) -> None:
        self._title, self._tls, self._proxies = title, tls, proxies

    async def get(self, url: str, *, bearer: str = "") -> Json:
        """Give the JSON object of an address.

        Raises:
            LocalRefused: `sign_in.provider`.
        """
        status, found = await self._call("GET", url, headers={"Authorization": f"Bearer {bearer}"} if bearer else {})
        if status != 200:
            raise self._fault(f"it answered {status}")
        return found

    async def post(self, url: str, form: Mapping[str, str], *, basic: str = "") -> tuple[int, Json]:
        """Post a form, with what RFC 7617 makes of login and password where given; gives status and JSON object.

        Raises:
            LocalRefused: `sign_in.provider`.
        """
        return await self._call(
            "POST", url, data=dict(form), headers={"Authorization": f"Basic {basic}"} if basic else {}
        )

    async def _call(self, method: str, url: str, **more: Any) -> tuple[int, Json]:  # noqa: ANN401 - aiohttp's own
        headers = {"Accept": "application/json", **more.pop("headers", {})}
        proxy = self._proxies.of(urlsplit(url).hostname)
        connector = aiohttp.TCPConnector(ssl=self._tls if self._tls is not None else True)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT, trust_env=False) as session,
                session.request(method, url, headers=headers, allow_redirects=False, proxy=proxy, **more) as answer,
            ):
                raw = await answer.content.read(_MAX_BYTES + 1)
                while len(raw) <= _MAX_BYTES and (piece := await answer.content.read(_MAX_BYTES)):
                    raw += piece
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise self._fault(f"it cannot be reached ({type(error).__name__})") from None
        if len(raw) > _MAX_BYTES:
            raise self._fault("its answer is too large")
        try:
            found = json.loads(raw)
        except ValueError:
            raise self._fault("its answer is no JSON") from None
        if not isinstance(found, dict):
            raise self._fault("its answer is no JSON object")
        return status, found

    def _fault(self, why: str) -> LocalRefused:
        return LocalRefused(f"identity provider {self._title}: {why}", code=Code.SIGN_IN_PROVIDER)

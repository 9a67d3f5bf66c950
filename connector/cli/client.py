"""Calling the local API of a running connector. aiohttp is imported here, when a command has something to call."""

import json
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeAlias

import aiohttp

from connector.cli.faults import Exit, Fault, exit_of_status
from connector.cli.sse import SseEvent, read_events
from connector.cli.target import Target

Json: TypeAlias = dict[str, Any]
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 60.0
_LONG_SECONDS = 3600.0


class LocalApi:
    """One session with one connector; `language` is what its sentences come in."""

    def __init__(self, target: Target, language: str) -> None:
        self._target, self._language = target, language

    async def __aenter__(self) -> Self:
        headers = {"Accept-Language": self._language}
        if self._target.key:
            headers["Authorization"] = f"Bearer {self._target.key}"
        self._session = aiohttp.ClientSession(
            base_url=self._target.url,
            headers=headers,
            connector=aiohttp.TCPConnector(ssl=self._target.context()),
            timeout=aiohttp.ClientTimeout(total=_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: frozenset[int] = frozenset(),
        long: bool = False,
    ) -> Json:
        """Give the JSON that is answered; statuses of `accept` are answers too, whatever they are.

        Raises:
            Fault: the connector cannot be reached, or answers with a problem.
        """
        timeout = aiohttp.ClientTimeout(total=_LONG_SECONDS if long else _ANSWER_SECONDS, connect=_CONNECT_SECONDS)
        try:
            async with self._session.request(
                method, path, json=body, params=query, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                await self._check(answer, accept)
                found: Json = await answer.json()
                return found
        except (aiohttp.ClientError, TimeoutError, json.JSONDecodeError) as error:
            raise self._unreachable(error) from None

    async def events(self, path: str, after: int) -> AsyncIterator[SseEvent]:
        """Follow a stream of events to its end.

        Raises:
            Fault: the connector cannot be reached any more, or answers with a problem.
        """
        timeout = aiohttp.ClientTimeout(total=None, connect=_CONNECT_SECONDS, sock_read=_ANSWER_SECONDS)
        try:
            async with self._session.get(path, params={"after": str(after)}, timeout=timeout) as answer:
                await self._check(answer, frozenset())
                async for event in read_events(answer.content.iter_any()):
                    yield event
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise self._unreachable(error) from None

    async def download(self, path: str) -> AsyncIterator[bytes]:
        """Give the bytes of a document, all of them or a fault.

        Raises:
            Fault: the connector cannot be reached, answers with a problem, or the answer broke off.
        """
        timeout = aiohttp.ClientTimeout(total=None, connect=_CONNECT_SECONDS, sock_read=_ANSWER_SECONDS)
        try:
            async with self._session.get(path, timeout=timeout) as answer:
                await self._check(answer, frozenset())
                async for piece in answer.content.iter_any():
                    yield piece
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._unreachable(error) from None

    async def _check(self, answer: aiohttp.ClientResponse, accept: frozenset[int]) -> None:
        if answer.status < 300 or answer.status in accept:
            return
        try:
            problem: Json = await answer.json(content_type="application/problem+json")
        except (aiohttp.ContentTypeError, ValueError):
            raise Fault(
                f"{self._target.url}: answered {answer.status}, which is no answer of a connector",
                do="compare the address with [local] listen in its configuration",
                status=Exit.UNREACHABLE,
            ) from None
        raise fault_of(problem, answer.status)

    def _unreachable(self, error: Exception) -> Fault:
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            why = "its certificate is not one that is trusted here"
        elif isinstance(error, TimeoutError):
            why = "no answer in time"
        else:
            why = getattr(error, "strerror", None) or type(error).__name__
        return Fault(
            f"{self._target.url}: the connector cannot be reached",
            why=why,
            do="start it (spsti-connector run --config FILE), or give its address: --url or --config",
            status=Exit.UNREACHABLE,
        )


def _detail(field: str, message: str) -> str:
    """Name the field once: most messages begin with it."""
    return message if field in message.partition(":")[0].split() or message.startswith(field) else f"{field}: {message}"


def fault_of(problem: Json, status: int) -> Fault:
    """Turn a problem of the API into what the command tells."""
    details = [_detail(str(fault["field"]), str(fault["message"])) for fault in problem.get("errors", ())]
    why = "; ".join(details) or str(problem.get("detail", ""))
    incident = problem.get("incident")
    do = str(problem.get("hint", ""))
    if kept := problem.get("fetch"):
        do += f" (spsti-connector fetches read {kept} --output FILE; spsti-connector fetch --replaces {kept} ...)"
    return Fault(
        f"{problem.get('title', '')} ({problem.get('code', '')})",
        why=f"incident {incident}" if incident else why,
        do=do,
        status=exit_of_status(status),
    )

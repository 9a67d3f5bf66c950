"""A physician of a sandbox service, over its local API as a vendor's software would: start, follow, choose, read.

What is sent is what the API describes; nothing here knows more than a caller may. Used by the demonstration and by the
tests of the whole way.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import aiohttp

from connector.core.identity import QualifiedIdentity
from connector.core.instant import Instant, rfc3339
from spsti_sandbox.federation import PHYSICIAN
from spsti_sandbox.service import Service

RESTING: Final = frozenset(
    {"ready", "filed", "choosing", "waiting", "no-record-given", "failed", "cancelled", "expired", "purged"}
)
"""States of a fetch that nothing but a person or the clock moves."""

_POLL_SECONDS: Final = 0.01


class Refused(RuntimeError):
    """The local API answered with an error; `problem` is its RFC 9457 object."""

    def __init__(self, status: int, problem: Any) -> None:  # noqa: ANN401 - JSON as it came
        code = problem.get("code") if isinstance(problem, dict) else None
        super().__init__(f"the local API answered {status} {code or ''}".rstrip())
        self.status, self.problem, self.code = status, problem, code


def request_of(worker: QualifiedIdentity, members: Sequence[str], *, now: Instant, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Give the body that starts a fetch about a worker at these services; `more` replaces or adds keys."""
    return {
        "worker": {
            "matricule": worker.ins.matricule.value,
            "oid": worker.ins.oid.value,
            **worker.traits.to_json(),
            "status": "qualified",
            "verified_on": str(worker.verified_on),
        },
        "practitioner": {
            "id": PHYSICIAN.id,
            "auth": {"means": "own", "level": "substantial", "at": rfc3339(now)},
        },
        "services": list(members),
        "information": {"at": rfc3339(now), "by": "physician", "means": "oral", "worker_does_not_object": True},
        "follow_up": {"visit": "initial", "declared_reason": "visite d'information et de prévention initiale"},
        **more,
    }


class Physician:
    """Calls the local API of one service. `language` is that of the sentences it answers with.

    `seconds_ahead` is how far the physician's own clock, which is the service's, differs from this machine's.
    """

    def __init__(self, service: Service, language: str = "fr", *, seconds_ahead: int = 0) -> None:
        self.service, self.seconds_ahead = service, seconds_ahead
        self._headers = {"Accept-Language": language}

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:  # noqa: ANN401 - JSON
        """Give the decoded answer.

        Raises:
            Refused: any status but success.
        """
        status, answer = await self.service.call(method, path, body, **self._headers, **headers)
        if status >= 400:
            raise Refused(status, answer)
        return answer

    async def start(self, worker: QualifiedIdentity, members: Sequence[str], **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """Start a fetch and give it as it is then.

        Raises:
            Refused: the service's own rules, or the request.
        """
        body = request_of(worker, members, now=Instant(int(time.time()) + self.seconds_ahead), **more)
        fetch: dict[str, Any] = await self.call("POST", "/api/v1/fetches", body)
        return fetch

    async def start_again(self, worker: QualifiedIdentity, members: Sequence[str], **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """Start a fetch, as who expects something newer: each copy of their own that stands in the way is deleted.

        Raises:
            Refused: as `start`; `fetch.copy_kept`, a colleague's stands in it.
        """
        named: list[str] = []
        while True:
            try:
                return await self.start(worker, members, **({"replaces": named} if named else {}), **more)
            except Refused as refusal:
                if refusal.code != "fetch.copy_kept" or refusal.problem["fetch"] in named:
                    raise
                named.append(refusal.problem["fetch"])

    async def get(self, fetch_id: str) -> dict[str, Any]:
        """Give a fetch as it is now."""
        fetch: dict[str, Any] = await self.call("GET", f"/api/v1/fetches/{fetch_id}")
        return fetch

    async def follow(self, fetch_id: str, after: int = 0) -> AsyncIterator[dict[str, Any]]:
        """Give the server-sent events of a fetch, until the stream ends.

        Raises:
            Refused: the stream is not given.
        """
        headers = {"Authorization": f"Bearer {self.service.api_key}", **self._headers}
        url = f"{self.service.local_url}/api/v1/fetches/{fetch_id}/events?after={after}"
        async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as answer:
            if answer.status >= 400:
                raise Refused(answer.status, await answer.json(content_type=None))
            async for raw in answer.content:
                line = raw.decode().rstrip("\n")
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    async def settled(self, fetch_id: str, seconds: float = 60.0) -> dict[str, Any]:
        """Give a fetch once it rests.

        Raises:
            TimeoutError: it still moves after that time.
        """
        async with asyncio.timeout(seconds):
            while (fetch := await self.get(fetch_id))["state"] not in RESTING:  # noqa: ASYNC110 - another process
                await asyncio.sleep(_POLL_SECONDS)
        return fetch

    async def fetch(self, worker: QualifiedIdentity, members: Sequence[str], **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """Start a fetch and give it once it rests."""
        started = await self.start(worker, members, **more)
        return await self.settled(started["id"])

    async def fetch_again(self, worker: QualifiedIdentity, members: Sequence[str], **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """Start a fetch as `start_again` does, and give it once it rests."""
        started = await self.start_again(worker, members, **more)
        return await self.settled(started["id"])

    async def discard(self, fetch_id: str) -> None:
        """Delete the copy that is kept."""
        await self.call("POST", f"/api/v1/fetches/{fetch_id}/discard")

    async def read(self, fetch_id: str) -> bytes:
        """Give the document."""
        content: bytes = await self.call("GET", f"/api/v1/fetches/{fetch_id}/document")
        return content

    async def journal(self, **query: str | int) -> list[dict[str, Any]]:
        """Give journal entries, the oldest first (at most 100)."""
        asked = "&".join(f"{name}={value}" for name, value in {"limit": 100, **query}.items())
        page = await self.call("GET", f"/api/v1/journal?{asked}")
        return list(reversed(page["items"]))

    async def entry(self, of: Mapping[str, Any]) -> dict[str, Any]:
        """Give one entry with its personal part."""
        entry: dict[str, Any] = await self.call("GET", f"/api/v1/journal/{of['tree']}/{of['index']}")
        return entry

    async def awaited(self, seconds: float = 60.0, **query: str | int) -> dict[str, Any]:
        """Give the newest entry that a query finds, once there is one.

        Raises:
            TimeoutError: there is none after that time.
        """
        async with asyncio.timeout(seconds):
            while not (found := await self.journal(**query)):  # noqa: ASYNC110 - another process
                await asyncio.sleep(_POLL_SECONDS)
        return found[-1]

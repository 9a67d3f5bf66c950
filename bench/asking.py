"""Ask many holders at once by the connector's client, and the same holders by a bare aiohttp session; `FILE` says whom.

Run as `python -m bench.asking FILE` on the client's core; the result is one JSON object beside it (`.result`). Measured
is the time from the first question to the last live answer, which for ours is checked against its receipt by then.
"""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

from bench.house import answerable_in, demand
from connector.core.directory import Member
from connector.core.errors import PeerFault
from connector.core.identity import QualifiedIdentity
from connector.core.mandate import Kind
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.outcome import Outcome
from connector.daemon.run import read
from connector.daemon.system import SystemClock, SystemEntropy, settle_collector
from connector.directory.members_file import MembersFile
from connector.peer.client import HttpPeerClient
from connector.peer.connect import PeerClientSettings
from connector.peer.tls import ClientTls

DEADLINE_SECONDS = 10.0


async def last_answer(ask: Callable[[Any], Awaitable[bool]], whom: list[Any], live: int) -> float:
    """Ask all at once; give the seconds until the last live one has answered.

    Raises:
        RuntimeError: they did not all answer.
    """
    began, answered, done = time.perf_counter(), 0, asyncio.Event()

    async def one(peer: Any) -> None:
        nonlocal answered
        if await ask(peer):
            answered += 1
            if answered == live:
                done.set()

    tasks = [asyncio.create_task(one(peer)) for peer in whom]
    try:
        await asyncio.wait_for(done.wait(), DEADLINE_SECONDS)
        return time.perf_counter() - began
    except TimeoutError:
        raise RuntimeError(f"{answered} of {live} answered within {DEADLINE_SECONDS:g} s") from None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Ours:
    """The connector's client."""

    def __init__(self, client: HttpPeerClient, issuer: MemberId, worker: QualifiedIdentity) -> None:
        self._client, self._issuer, self._worker = client, issuer, worker

    async def __call__(self, member: Member) -> bool:
        lookup_id = SystemEntropy().token(16).hex()
        try:
            answer = await self._client.lookup(
                member, demand(self._issuer, member.id, Kind.LOOKUP, self._worker, lookup_id=lookup_id)
            )
        except PeerFault:
            return False
        return answer.outcome is Outcome.ANNOUNCED and answer.receipt is not None


class Bare:
    """aiohttp by itself."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def __call__(self, member: Member) -> bool:
        try:
            async with self._session.post(member.endpoint + "/bare", json={"ins": "a" * 64}) as answer:
                return len(await answer.read()) > 0 and answer.status == 200
        except aiohttp.ClientError:
            return False


async def measure(spec: dict[str, Any]) -> dict[str, list[float]]:
    """Ask cold, then warm, each client in turn; what a bare client has warmed does not help ours."""
    settle_collector()  # as the daemon does, in whose place this stands
    material = read(Path(spec["config"]))
    directory = MembersFile(Path(spec["members"]), Environment.TEST)
    members = [
        member for one in spec["holders"] if (member := directory.get(MemberId.parse(one["member"]))) is not None
    ]
    live = sum(not one["dead"] for one in spec["holders"])
    tls = ssl.create_default_context(cafile=spec["ca"])
    tls.load_cert_chain(spec["certificate"], spec["key"])
    times: dict[str, list[float]] = {"ours_cold": [], "bare_cold": [], "ours": [], "bare": []}
    connector = aiohttp.TCPConnector(limit=0, ssl=tls)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        HttpPeerClient(
            directory,
            material.signer,
            ClientTls(material.client_tls),
            SystemClock(),
            SystemEntropy(),
            PeerClientSettings(),
        ) as client,
    ):
        ours, bare = (
            Ours(client, MemberId.parse(spec["asking"]), answerable_in(Path(spec["database"]))[0]),
            Bare(session),
        )
        times["bare_cold"].append(await last_answer(bare, members, live))
        times["ours_cold"].append(await last_answer(ours, members, live))
        for _ in range(spec["repetitions"]):
            times["bare"].append(await last_answer(bare, members, live))
            times["ours"].append(await last_answer(ours, members, live))
    return times


if __name__ == "__main__":
    given = Path(sys.argv[1])
    content = json.loads(given.read_text())
    given.with_suffix(".result").write_text(json.dumps(asyncio.run(measure(content))))

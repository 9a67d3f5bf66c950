"""The physician's whole wait: from the click to a verified PDF in hand, over three services, warm.

Beside it the same peer client, bare: it asks the same three holders the same moment and downloads the document of one,
with all that a holder does and nothing of what a requester keeps, checks and shows. And, for orientation, a bare
aiohttp client that asks three bare servers and downloads the same bytes over the same mutual TLS.
"""

import asyncio
import json
import shutil
import sqlite3
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp

from bench import house
from bench.machine import CLIENT_CORE, Row, bare_server, free_port, median
from connector.core.identity import QualifiedIdentity
from connector.core.instant import Instant
from spsti_sandbox.federation import Federation
from spsti_sandbox.physician import RESTING, request_of

HOLDERS = ("a", "b", "d")
FETCHES = 12
WARM_UP = 3


async def rows(work: Path, repetitions: int, seconds: float) -> list[Row]:
    """Fetch one worker after the other, a bare exchange between each two."""
    del repetitions, seconds
    made = house.create(work / "wait", (*HOLDERS, "c"), cores={"c": CLIENT_CORE})
    for letter in HOLDERS[
        1:
    ]:  # all three know the same workers, so each has a record to announce; the first the newest
        database = made.services[letter].vendor_database
        shutil.copyfile(made.services["a"].vendor_database, database)
        with sqlite3.connect(database) as vendor:
            vendor.execute("update dossier_version set date_dernier_acte = '2001-01-01'")
        vendor.close()
    async with house.running(made, (*HOLDERS, "c")):
        return [await _measure(made, work)]


async def _measure(made: Federation, work: Path) -> Row:
    requester = made.services["c"]
    workers = house.fetchable(made.services["a"], requester)[: FETCHES + WARM_UP]
    ours: list[float] = []
    client: list[float] = []
    bare: list[float] = []
    with ExitStack() as stack:
        ports = [free_port() for _ in HOLDERS]
        for letter, port in zip(HOLDERS, ports, strict=True):
            file = work / "wait" / "document.pdf"
            file.write_bytes(_document(made, workers[0]))
            stack.enter_context(bare_server(work, house.own(made, letter), port, file=file))
        tls = house.tls_client(made, "c")
        headers = {"Authorization": f"Bearer {requester.api_key}"}
        async with (
            aiohttp.ClientSession(requester.local_url, headers=headers) as local,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls)) as session,
            house.Asking.of(requester, [made.services[letter] for letter in HOLDERS]) as asking,
        ):
            for worker in workers:
                bare.append(await _bare(session, ports))
                client.append(await _ask_and_download(asking, worker))
                ours.append(await _fetch(local, worker, [made.services[letter].member_id for letter in HOLDERS]))
    for letter in HOLDERS:
        if house.entries_of(made.services[letter], "answered") != 2 * len(workers):
            raise RuntimeError(f"service {letter} has not an entry for each lookup")
    if house.entries_of(requester, "shown") != len(workers):
        raise RuntimeError("the requester has not an entry for each document shown")
    one, other, least = median(ours[WARM_UP:]), median(client[WARM_UP:]), median(bare[WARM_UP:])
    return Row(
        "the physician's whole wait over 3 services",
        f"{1000 * one:.0f} ms",
        f"bare lookup and download by the peer client {1000 * other:.0f} ms",
        one / other,
        "<= 5",
        one / other <= 5,
        f"{FETCHES} fetches, each found in four ledgers; bare aiohttp, which proves nothing, {1000 * least:.0f} ms",
    )


async def _ask_and_download(asking: house.Asking, worker: QualifiedIdentity) -> float:
    """Ask the three holders, and have the first one's document; give the seconds."""
    began = time.perf_counter()
    lookups = await asyncio.gather(*(asking.lookup(holder, worker) for holder in asking.holders))
    content = await asking.document(asking.holders[0], worker, lookups[0])
    if not content.startswith(b"%PDF"):
        raise RuntimeError("the holder gave no PDF")
    return time.perf_counter() - began


def _document(made: Federation, worker: QualifiedIdentity) -> bytes:
    with sqlite3.connect(made.services["a"].vendor_database) as database:
        (version,) = database.execute(house.NEWEST, (worker.ins.matricule.value,)).fetchone()
        ((content,),) = database.execute("select contenu from dossier_pdf where version_id = ?", (version,))
    database.close()
    return bytes(content)


async def _bare(session: aiohttp.ClientSession, ports: list[int]) -> float:
    began = time.perf_counter()

    async def ask(port: int) -> None:
        async with session.post(f"https://127.0.0.1:{port}/echo", json={"ins": "a" * 64, "nonce": "n" * 32}) as answer:
            await answer.json()

    await asyncio.gather(*map(ask, ports))
    async with session.get(f"https://127.0.0.1:{ports[0]}/document") as answer:
        if not (await answer.read()).startswith(b"%PDF"):
            raise RuntimeError("the bare server gave no PDF")
    return time.perf_counter() - began


async def _fetch(local: aiohttp.ClientSession, worker: QualifiedIdentity, members: list[str]) -> float:
    """Start a fetch, follow its events, and read the PDF."""
    body = request_of(worker, members, now=Instant(int(time.time())))
    began = time.perf_counter()
    async with local.post("/api/v1/fetches", json=body) as answer:
        fetch: dict[str, Any] = await answer.json()
        if answer.status >= 400:
            raise RuntimeError(f"the local API answered {answer.status}: {fetch.get('code')}")
    path = f"/api/v1/fetches/{fetch['id']}"
    state = await _rest(local, path)
    if state != "ready":
        raise RuntimeError(f"a fetch ended as {state}")
    async with local.get(f"{path}/document") as answer:
        if answer.status != 200 or not (await answer.read()).startswith(b"%PDF"):
            raise RuntimeError(f"no document: the local API answered {answer.status}")
    return time.perf_counter() - began


async def _rest(local: aiohttp.ClientSession, path: str) -> str:
    """Follow the events of a fetch until it rests; give its state."""
    state = ""
    async with local.get(f"{path}/events") as events:
        async for line in events.content:
            if line.startswith(b"data: "):
                state = json.loads(line.removeprefix(b"data: "))["data"].get("state", state)
                if state in RESTING:
                    break
    return state

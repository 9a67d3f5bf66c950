"""Resident memory of holder and requester while 20 documents of 50 MB pass between them at once."""

import asyncio
from pathlib import Path

from bench import house
from bench.machine import CLIENT_CORE, Row, memory_mb, reset_peak
from connector.core.identity import QualifiedIdentity
from spsti_sandbox.federation import Federation
from spsti_sandbox.physician import Physician

HANDOVERS = 20
MEGABYTES = 50
MOST_MEGABYTES = 64
MOST_SECONDS = 240


async def rows(work: Path, repetitions: int, seconds: float) -> list[Row]:
    """Fetch once, let both come to rest, then fetch twenty at once."""
    del repetitions, seconds
    made = house.create(work / "memory", ("a", "c"), cores={"c": CLIENT_CORE})
    workers = house.fetchable(made.services["a"], made.services["c"])[: HANDOVERS + 1]
    house.enlarge(made.services["a"], workers, MEGABYTES)
    async with house.running(made, ("a", "c")):
        return await _measure(made, workers)


async def _measure(made: Federation, workers: list[QualifiedIdentity]) -> list[Row]:
    services = {"holder": made.services["a"], "requester": made.services["c"]}
    physician, asked = Physician(services["requester"]), [services["holder"].member_id]

    async def fetch(worker: QualifiedIdentity) -> None:
        started = await physician.start(worker, asked)
        ended = await physician.settled(started["id"], MOST_SECONDS)
        if ended["state"] != "ready":
            replies = [(reply["reply"], reply["code"], reply["detail"]) for reply in ended["services"]]
            raise RuntimeError(f"a fetch ended as {ended['state']}: {ended['code']}, {replies}")

    await fetch(workers[0])
    await asyncio.sleep(2)
    before = {name: memory_mb(house.pid(service)) for name, service in services.items()}
    for service in services.values():
        reset_peak(house.pid(service))
    await asyncio.gather(*map(fetch, workers[1:]))
    out = []
    for name, service in services.items():
        rise = memory_mb(house.pid(service), "VmHWM") - before[name]
        out.append(
            Row(
                f"{name}'s memory, {HANDOVERS} handovers of {MEGABYTES} MB at once",
                f"+{rise:.0f} MB on {before[name]:.0f}",
                "-",
                None,
                f"<= {MOST_MEGABYTES} MB",
                rise <= MOST_MEGABYTES,
            )
        )
    await house.check_sends(services["holder"], HANDOVERS + 1)
    if house.entries_of(services["requester"], "arrived") != HANDOVERS + 1:
        raise RuntimeError("the requester has not an entry for each document that arrived")
    return out

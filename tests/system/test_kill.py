"""kill -9 of either side at every stage of a handover; then a restart, and what must hold after it.

The fetch comes to its end or fails cleanly, a new one succeeds, both ledgers verify and agree, the acknowledgement of
every arrival reaches the holder, nothing partial is shown or left behind, and a mandate used before stays used.
"""

import asyncio
import contextlib

import aiohttp
import pytest
import pytest_asyncio

from connector.core import b64
from spsti_sandbox.federation import Federation
from spsti_sandbox.pause import VARIABLE
from spsti_sandbox.physician import Physician, Refused, request_of
from tests.kit.state import an_id
from tests.kit.system import (
    CAST,
    PAUSING,
    Caller,
    assert_ledgers_agree,
    assert_sound,
    digest_of,
    encrypted_only,
    enlarge,
    is_stopped,
    now,
    pdf_of,
)

WORKER = CAST.only_at_a
SIZE = 3_000_000


def both(*operations: str) -> list[str]:
    """Just before each of these, and when it has just been done."""
    return [f"{operation}:{moment}" for operation in operations for moment in ("before", "after")]


HOLDER = [
    *both("source.look", "holder_store.answer"),
    "source.look:before@2",
    *both("holder_store.spooling"),
    "source.document:before",
    "source.document:piece@2",
    *both("holder_vault.create"),
    "holder_vault.write:after@2",
    *both("holder_vault.finish", "holder_store.spooled", "holder_store.decide", "holder_store.receipt_issued"),
    "holder_vault.read:before",
    *both("holder_store.release"),
    "holder_vault.read:piece@4",
    *both("holder_store.end", "holder_store.acknowledge"),
]
REQUESTER = [
    *both("requester_store.create_fetch", "requester_store.save", "peer_client.lookup"),
    *(f"requester_store.save:{moment}@{turn}" for turn in (2, 3) for moment in ("before", "after")),
    *both("peer_client.handover", "requester_vault.create"),
    "peer_client.document:before",
    "peer_client.document:piece",
    "requester_vault.write:after@3",
    *both("requester_vault.finish"),
    "requester_store.save:before@4",
    "requester_store.save:after@4",
    "requester_vault.read:piece@2",
    *both("requester_store.arrived", "peer_client.acknowledge", "requester_store.ack_sent"),
]
READING = [*both("requester_store.save"), "requester_vault.read:piece@3"]
IN_EVERY_RUN = {
    "holder_store.answer:after",
    "holder_store.decide:after",
    "holder_vault.read:piece@4",
    "requester_vault.write:after@3",
    "requester_store.arrived:after",
}


def stages(points: list[str]):
    """All the points; most of them only in the long run."""
    return [p if p in IN_EVERY_RUN else pytest.param(p, marks=pytest.mark.long) for p in points]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def couple(tmp_path_factory):
    """Services a and c, running with pause points; c asks a."""
    made = Federation.create(tmp_path_factory.mktemp("kill"), "ac", workers=4, directory="file")
    enlarge(made.services["a"], WORKER, SIZE)
    for service in made.services.values():
        service.command = PAUSING
        service.environment[VARIABLE] = str(pause_file(service))
        service.raise_limits()  # one worker is asked about at every stage
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


def pause_file(service):
    """Where the point of a service stands."""
    return service.folder / "pause"


@contextlib.asynccontextmanager
async def killed_at(service, point: str):
    """Do what brings a service to a point inside; it is killed there when that is done, and started again."""
    pause_file(service).write_text(point)
    try:
        yield
        await is_stopped(service)
    finally:
        pause_file(service).unlink(missing_ok=True)
        if service.is_running:
            service.process.kill()
            await service.process.wait()
        await service.start()


async def ask(camille, body, key: str):
    """Start a fetch, or find the one that was started under the same key; give it once it rests."""
    fetch = await camille.call("POST", "/api/v1/fetches", body, **{"Idempotency-Key": key})
    return await camille.settled(fetch["id"])


@contextlib.asynccontextmanager
async def in_background(work):
    """Let something run whose fate does not matter."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, aiohttp.ClientError, Refused, ConnectionError, EOFError):
            await task


async def assert_nothing_partial(camille, fetch, holder) -> None:
    """What is readable is the whole document of the holder; else nothing is, and the reason is told."""
    if fetch["state"] == "ready":
        content = await camille.read(fetch["id"])
        assert content == pdf_of(holder, WORKER)
        assert b64.encode(digest_of(content)) == fetch["document"]["sha256"]
        return
    assert fetch["state"] == "failed", fetch
    assert fetch["code"], fetch
    with pytest.raises(Refused, match=r"fetch\.no_document"):
        await camille.read(fetch["id"])


async def assert_whole(couple) -> None:
    """What holds after every restart, whatever happened before."""
    holder, us = couple.services["a"], couple.services["c"]
    camille, at_holder = Physician(us), Physician(holder)
    fetch = await camille.fetch_again(WORKER.asked, [holder.member_id])
    assert fetch["state"] == "ready", fetch
    await assert_nothing_partial(camille, fetch, holder)
    for entry in await camille.journal(type="arrived"):
        await at_holder.awaited(tree="house", type="acknowledged", ref=entry["ref"], outcome="verified")
    await assert_sound(holder, us)
    assert await assert_ledgers_agree(us, {holder.member_id: holder}) > 0
    for service in (holder, us):
        encrypted_only(service)
        assert list((service.folder / "state" / "vault" / "partial").iterdir()) == []
    await camille.discard(fetch["id"])  # the next stage asks about the same worker


@pytest.mark.parametrize("point", stages(HOLDER))
async def test_a_holder_killed_at(couple, point) -> None:
    holder, us = couple.services["a"], couple.services["c"]
    camille, caller = Physician(us), Caller(us, holder)
    body = request_of(WORKER.asked, [holder.member_id], now=now())
    demand = caller.demand()
    used = caller.seal(demand)
    async with caller.line() as line:
        assert (await line.lookup(demand, compact=used)).status == 200

    async with in_background(ask(camille, body, key := an_id())):
        async with killed_at(holder, point):
            pass
        fetch = await ask(camille, body, key)

    await assert_nothing_partial(camille, fetch, holder)
    await assert_whole(couple)
    async with caller.line() as line:
        replayed = await line.lookup(demand, compact=used)
    assert replayed.status in {401, 403}
    assert b"mandate.replayed" in replayed.body


@pytest.mark.parametrize("point", stages(REQUESTER))
async def test_a_requester_killed_at(couple, point) -> None:
    holder, us = couple.services["a"], couple.services["c"]
    camille = Physician(us)
    body = request_of(WORKER.asked, [holder.member_id], now=now())

    async with in_background(ask(camille, body, key := an_id())), killed_at(us, point):
        pass
    fetch = await ask(camille, body, key)

    assert fetch["state"] == "ready", fetch
    await assert_nothing_partial(camille, fetch, holder)
    await assert_whole(couple)


@pytest.mark.parametrize("point", stages(READING))
async def test_a_requester_killed_while_the_document_is_read_at(couple, point) -> None:
    holder, us = couple.services["a"], couple.services["c"]
    camille = Physician(us)
    fetch = await camille.fetch(WORKER.asked, [holder.member_id])
    assert fetch["state"] == "ready"

    async with in_background(camille.read(fetch["id"])) as reading, killed_at(us, point):
        pass

    with pytest.raises(aiohttp.ClientError):
        await reading
    await assert_nothing_partial(camille, await camille.get(fetch["id"]), holder)
    await assert_whole(couple)


async def test_a_mandate_whose_answer_never_left_is_used_all_the_same(couple) -> None:
    holder = couple.services["a"]
    caller = Caller(couple.services["c"], holder)
    demand = caller.demand()
    compact = caller.seal(demand)

    async with caller.line() as line, in_background(line.lookup(demand, compact=compact)) as asking:
        async with killed_at(holder, "holder_store.answer:after"):
            pass
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await asking

    async with caller.line() as line:
        replayed = await line.lookup(demand, compact=compact)
    assert b"mandate.replayed" in replayed.body
    outcomes = [entry["reason"] for entry in await Physician(holder).journal(ref=demand.lookup_id)]
    assert outcomes == [None, "mandate.replayed"]
    await assert_whole(couple)


async def test_a_mandate_that_was_not_recorded_when_the_holder_died_can_still_be_used(couple) -> None:
    holder = couple.services["a"]
    caller = Caller(couple.services["c"], holder)
    demand = caller.demand()
    compact = caller.seal(demand)

    async with (
        caller.line() as line,
        in_background(line.lookup(demand, compact=compact)),
        killed_at(holder, "holder_store.answer:before"),
    ):
        pass

    async with caller.line() as line:
        assert (await line.lookup(demand, compact=compact)).status == 200

"""Services that are down, slow, suspended, stopping, out of room or out of time, over real processes.

A pair of its own: c asks a and b. Each test leaves all three running and active.
"""

import asyncio
import os
import signal

import pytest
import pytest_asyncio

from spsti_sandbox.federation import Federation
from spsti_sandbox.physician import Physician, Refused
from tests.kit.system import (
    CAST,
    DAEMON,
    Caller,
    assert_sound,
    begin_download,
    encrypted_only,
    enlarge,
    eventually,
    pdf_of,
    reload,
)

LARGE = 24_000_000
ACTIVE, SUSPENDED = 'status = "active"', 'status = "suspended"'


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def couple(tmp_path_factory):
    """Services a, b and c, running; the record of `only_at_a` is large."""
    made = Federation.create(tmp_path_factory.mktemp("failures"), workers=12, directory="file")
    enlarge(made.services["a"], CAST.only_at_a, LARGE)
    for service in made.services.values():
        service.command = DAEMON
        service.configure("requester", deadline_seconds=3.0)  # under the limit of a connection
        service.raise_limits()
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


@pytest.fixture
def camille(couple):
    """The physician of c."""
    return Physician(couple.services["c"])


@pytest.fixture
def asked(couple):
    """Who is asked."""
    return [couple.services[letter].member_id for letter in "ab"]


def replies(fetch):
    """What each service replied."""
    return [reply["reply"] for reply in fetch["services"]]


# ---------------------------------------------------------------- down and slow


async def test_a_service_that_is_down_is_named_and_the_other_counts(couple, camille, asked) -> None:
    down = couple.services["a"]
    assert await down.stop() == 0
    try:
        fetch = await camille.fetch_again(CAST.newer_at_b.asked, asked)
    finally:
        await down.start()

    assert replies(fetch) == ["unreachable", "announced"]
    assert (fetch["newest"]["answered"], fetch["newest"]["asked"]) == (1, 2)
    assert fetch["state"] == "ready"
    assert await camille.read(fetch["id"]) == pdf_of(couple.services["b"], CAST.newer_at_b)


async def test_a_service_that_hangs_is_too_late_and_keeps_nobody_waiting_longer(couple, camille, asked) -> None:
    slow = couple.services["a"]
    os.kill(slow.process.pid, signal.SIGSTOP)
    try:
        fetch = await camille.fetch_again(CAST.newer_at_b.asked, asked)
    finally:
        os.kill(slow.process.pid, signal.SIGCONT)

    assert replies(fetch) == ["too-late", "announced"]
    assert (fetch["newest"]["answered"], fetch["newest"]["asked"]) == (1, 2)
    assert fetch["state"] == "ready"
    again = await camille.fetch_again(CAST.newer_at_b.asked, asked)
    assert replies(again) == ["announced", "announced"]


async def test_when_the_chosen_holder_fails_the_next_is_offered_with_the_reason(couple, camille, asked) -> None:
    fetch = await camille.fetch(CAST.equal_dates.asked, asked, lookup_only=True)
    assert fetch["state"] == "choosing"
    chosen = couple.services["b"]
    await chosen.stop()
    try:
        await camille.call("POST", f"/api/v1/fetches/{fetch['id']}/choose", {"member": chosen.member_id})
        fallen = await camille.settled(fetch["id"])
    finally:
        await chosen.start()

    assert fallen["state"] == "choosing"
    assert fallen["newest"]["members"] == [couple.services["a"].member_id]
    reasons = {reply["member"]: reply["code"] for reply in fallen["services"]}
    assert reasons == {chosen.member_id: "peer.unreachable", couple.services["a"].member_id: None}
    with pytest.raises(Refused, match=r"fetch\.no_document"):
        await camille.read(fetch["id"])


# ---------------------------------------------------------------- stopping


async def test_a_daemon_that_stops_lets_a_running_transfer_end(couple) -> None:
    holder = couple.services["a"]
    caller = Caller(couple.services["c"], holder)
    async with caller.line() as line:
        grant = await begin_download(line, caller)
        stopping = asyncio.create_task(holder.stop())
        assert await eventually(lambda: _refuses_connections(holder))

        content = await line.reader.readexactly(grant.document.size)

        assert content == pdf_of(holder, CAST.only_at_a)
        assert await stopping == 0
    await holder.start()
    ends = await Physician(holder).journal(type="end", ref=grant.handover_id)
    assert [entry["outcome"] for entry in ends] == ["complete"]


async def test_a_daemon_that_stops_does_not_wait_for_ever_and_says_how_far_it_came(couple) -> None:
    holder, text = couple.services["a"], couple.services["a"].config.read_text()
    await holder.stop()
    holder.configure("peer", drain_seconds=1)
    await holder.start()
    caller = Caller(couple.services["c"], holder)
    try:
        async with caller.line() as line:
            grant = await begin_download(line, caller)

            assert await holder.stop() == 0
    finally:
        holder.config.write_text(text)
        await holder.start()
    ends = await Physician(holder).journal(type="end", ref=grant.handover_id)
    assert [entry["outcome"] for entry in ends] == ["aborted"]
    entry = await Physician(holder).entry(ends[0])
    assert 0 < entry["personal"]["bytes"] < grant.document.size
    await assert_sound(holder)


async def _refuses_connections(service) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", service.peer_port)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


# ---------------------------------------------------------------- reloading


async def test_sighup_with_a_fault_changes_nothing_and_says_where_it_is(couple, camille, asked) -> None:
    service, text = couple.services["c"], couple.services["c"].config.read_text()
    try:
        service.config.write_text(text.replace("[practitioners]", "[practitoners]").replace("[holder]", "[hodler]"))
        await reload(service, "config.refused")
    finally:
        service.config.write_text(text)

    assert "hodler" in service.tail(40)
    assert "connector.toml:" in service.tail(40)
    fetch = await camille.fetch_again(CAST.newer_at_b.asked, asked)
    assert fetch["state"] == "ready"


async def test_sighup_takes_new_practitioners_at_once(couple, camille, asked) -> None:
    service, text = couple.services["c"], couple.services["c"].config.read_text()
    try:
        service.config.write_text(text.replace("# ends_on = 2027-12-31", "ends_on = 2026-01-31", 1))
        await reload(service, "config.reloaded")
        with pytest.raises(Refused) as refused:
            await camille.start(CAST.newer_at_b.asked, asked)
    finally:
        service.config.write_text(text)
        await reload(service, "config.reloaded")

    assert refused.value.status == 403
    assert (await camille.fetch_again(CAST.newer_at_b.asked, asked))["state"] == "ready"


async def test_a_member_suspended_by_a_new_members_file_loses_its_connections_and_is_refused(
    couple, camille, asked
) -> None:
    holder, us = couple.services["a"], couple.services["c"]
    members = holder.folder / "members.toml"
    text = members.read_text()
    head, _, own = text.partition(us.member_id)
    caller = Caller(us, holder)
    async with caller.line() as idle, caller.line() as line:
        assert (await idle.lookup()).status == 200
        grant = await begin_download(line, caller)
        try:
            members.write_text(head + us.member_id + own.replace(ACTIVE, SUSPENDED, 1))
            await reload(holder, "config.reloaded")

            assert await idle.is_closed()
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await line.reader.readexactly(grant.document.size)
            fetch = await camille.fetch(CAST.only_at_a.asked, asked)
        finally:
            members.write_text(text)
            await reload(holder, "config.reloaded")

    assert replies(fetch) == ["refused", "withheld"]
    assert fetch["services"][0]["code"] == "member.suspended"
    ends = await Physician(holder).journal(type="end", ref=grant.handover_id)
    assert [entry["outcome"] for entry in ends] == ["aborted"]
    assert (await camille.fetch_again(CAST.newer_at_b.asked, asked))["state"] == "ready"


async def test_a_suspended_service_is_not_asked(couple, camille, asked) -> None:
    service = couple.services["c"]
    members = service.folder / "members.toml"
    text = members.read_text()
    head, _, own = text.partition(asked[0])
    try:
        members.write_text(head + asked[0] + own.replace(ACTIVE, SUSPENDED, 1))
        await reload(service, "config.reloaded")
        with pytest.raises(Refused, match=r"member\.suspended"):
            await camille.start_again(CAST.newer_at_b.asked, asked)
    finally:
        members.write_text(text)
        await reload(service, "config.reloaded")


# ---------------------------------------------------------------- whole


async def test_a_large_record_comes_whole_and_stands_nowhere_in_clear(couple, camille, asked) -> None:
    fetch = await camille.fetch(CAST.only_at_a.asked, asked)

    assert fetch["state"] == "ready", fetch
    assert await camille.read(fetch["id"]) == pdf_of(couple.services["a"], CAST.only_at_a)
    for service in couple.services.values():
        encrypted_only(service)


async def test_after_all_this_every_ledger_is_sound(couple) -> None:
    await assert_sound(*couple.services.values())

"""The directory, blocks and the pause over the local API: who may, and what is answered."""

import aiohttp

from connector.local.ports import RefusedCopy
from tests.kit.local_values import STATUS_KEY, US, A
from tests.local.calls import assert_problem

BLOCK, PAUSE = {"reason": "key-stolen"}, {"reason": "maintenance"}


async def test_the_directory_is_shown_without_a_key_on_this_machine(house, address):
    async with aiohttp.ClientSession(address) as session, session.get("/api/v1/directory") as answer:
        body = await answer.json()

    assert (answer.status, body["signed"], body["freshness"], body["copies"]) == (200, True, "fresh", 4)
    assert body["members"] == {"active": 3, "suspended": 1}


async def test_a_refresh_says_which_copies_were_passed_over(house, api):
    house.membership.refused = (RefusedCopy("http://127.0.0.1/", "frozen", "stands still"),)
    async with api.post("/api/v1/directory/refresh") as answer:
        first = await answer.json()
    async with api.post("/api/v1/directory/refresh") as answer:
        second = await answer.json()

    assert (first["changed"], second["changed"]) == (True, False)
    assert first["refused"] == [{"source": "http://127.0.0.1/", "refusal": "frozen", "detail": "stands still"}]


async def test_a_member_is_blocked_once_and_unblocked_by_name_of_the_key(house, api):
    results = []
    for path, body in ((f"{A}/block", BLOCK), (f"{A}/block", {"reason": "precaution"}), (f"{A}/unblock", None)):
        async with api.post(f"/api/v1/members/{path}", json=body) as answer:
            results.append(await answer.json())

    assert [result["result"] for result in results] == ["blocked", "already", "unblocked"]
    assert {result["block"]["reason"] for result in results} == {"key-stolen"}
    assert results[0]["block"]["by"] == "vendor"


async def test_what_cannot_be_blocked_or_unblocked_is_a_problem(house, api):
    async with api.post(f"/api/v1/members/{US}/block", json=BLOCK) as answer:
        await assert_problem(answer, "local.conflict")
    async with api.post("/api/v1/members/1540002699/block", json=BLOCK) as answer:
        await assert_problem(answer, "local.not_found")
    async with api.post(f"/api/v1/members/{A}/unblock") as answer:
        await assert_problem(answer, "local.not_found")
    async with api.post(f"/api/v1/members/{A}/block", json={"reason": "because of Mrs X"}) as answer:
        await assert_problem(answer, "local.malformed")
    assert house.membership.blocks == {}


async def test_answering_is_paused_and_resumed(house, api):
    async with api.post("/api/v1/answering/pause", json=PAUSE) as answer:
        paused = await answer.json()
    async with api.get("/api/v1/answering") as answer:
        assert await answer.json() == paused
    async with api.post("/api/v1/answering/resume") as answer:
        resumed = await answer.json()

    assert (paused["paused"], paused["reason"], paused["by"]) == (True, "maintenance", "vendor")
    assert resumed == {"paused": False, "reason": None, "since": None, "by": ""}


async def test_deciding_needs_the_scope_operate(house, address):
    headers = {"Authorization": f"Bearer {STATUS_KEY}"}
    async with aiohttp.ClientSession(address, headers=headers) as session:
        for path, body in (
            (f"members/{A}/block", BLOCK),
            (f"members/{A}/unblock", None),
            ("answering/pause", PAUSE),
            ("answering/resume", None),
        ):
            async with session.post(f"/api/v1/{path}", json=body) as answer:
                await assert_problem(answer, "local.forbidden")
    assert (house.membership.blocks, house.membership.pausing) == ({}, None)

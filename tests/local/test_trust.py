"""Limits between services and proposals over the API."""

import pytest

from connector.core.proposals import ProposalKind
from tests.kit.local_desks import BLOCK
from tests.kit.local_values import KEY, SECOND_KEY, STATUS_KEY, A

BY, OTHER = "Mme Première, informatique", "M. Second, délégué"
LIFT = {"kind": "lift-block", "block": BLOCK.id, "by": BY, "reason": "called: a wrong import"}
SECOND = {"Authorization": f"Bearer {SECOND_KEY}"}


async def propose(api):
    async with api.post("/api/v1/proposals", json=LIFT) as answer:
        assert answer.status == 201
        return (await answer.json())["id"]


async def test_what_is_blocked_is_listed_for_whoever_watches(api):
    async with api.get("/api/v1/limits", headers={"Authorization": f"Bearer {STATUS_KEY}"}) as answer:
        (block,) = (await answer.json())["items"]

    assert (block["id"], block["member"], block["rule"], block["person"]) == (BLOCK.id, A.value, "pattern", True)


async def test_a_services_standing_is_told_and_its_numbers_changed(api, house):
    path = f"/api/v1/members/{A}/limits"
    async with api.get(path) as answer:
        before = await answer.json()
    async with api.post(path, json={"by": BY, "reason": "agreed", "per_day": 900}) as answer:
        after = await answer.json()
    async with api.post(path, json={"by": BY, "reason": "back to normal"}) as answer:
        back = await answer.json()

    assert (before["limits"]["per_day"], before["own_numbers"], before["misses"]) == (500, False, 3)
    assert (after["limits"]["per_day"], after["own_numbers"]) == (900, True)
    assert back["own_numbers"] is False


async def test_a_proposal_is_confirmed_by_another_person_with_another_key(api, house):
    proposal_id = await propose(api)

    async with api.post(f"/api/v1/proposals/{proposal_id}/confirm", json={"by": OTHER}, headers=SECOND) as answer:
        done = await answer.json()

    assert (answer.status, done["result"]) == (200, {"block": BLOCK.id})
    assert house.proposals.done == [(ProposalKind.LIFT_BLOCK, (BY, OTHER))]


@pytest.mark.parametrize(
    ("by", "key"), [(OTHER, KEY), (BY, SECOND_KEY), ("mme première,  INFORMATIQUE", SECOND_KEY), (BY, KEY)]
)
async def test_the_same_person_or_the_same_key_cannot_confirm(api, house, by, key):
    path = f"/api/v1/proposals/{await propose(api)}/confirm"
    async with api.post(path, json={"by": by}, headers={"Authorization": f"Bearer {key}"}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (403, "local.forbidden")
    assert house.proposals.done == []


async def test_a_proposal_ends_after_a_day(api, house):
    path = f"/api/v1/proposals/{await propose(api)}/confirm"
    house.clock.at += 86_400

    async with api.post(path, json={"by": OTHER}, headers=SECOND) as answer:
        assert answer.status == 409


async def test_a_proposal_is_listed_until_it_is_withdrawn(api):
    proposal_id = await propose(api)
    async with api.get("/api/v1/proposals") as answer:
        assert [one["id"] for one in (await answer.json())["items"]] == [proposal_id]
    async with api.post(f"/api/v1/proposals/{proposal_id}/withdraw", json={"by": BY}) as answer:
        assert answer.status == 200
    async with api.post(f"/api/v1/proposals/{proposal_id}/confirm", json={"by": OTHER}, headers=SECOND) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    "change",
    [
        {"block": None},
        {"tree": "house"},
        {"index": 3},
        {"kind": "erase"},
        {"kind": "succeed"},
        {"by": "x"},
        {"reason": ""},
    ],
)
async def test_a_proposal_with_other_places_than_its_kind_needs_is_refused(api, change):
    body = {name: value for name, value in (LIFT | change).items() if value is not None}
    async with api.post("/api/v1/proposals", json=body) as answer:
        assert answer.status == 400


async def test_only_operators_propose(api):
    async with api.post("/api/v1/proposals", json=LIFT, headers={"Authorization": f"Bearer {STATUS_KEY}"}) as answer:
        assert answer.status == 403

import asyncio

import pytest

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.ledger import EntryType, Tree
from tests.kit.local_values import NOW, A
from tests.local.calls import assert_problem

URL = "/api/v1/journal"


async def test_the_journal_is_paged_newest_first_without_personal_parts(house, api):
    seen, path = [], f"{URL}?limit=2"
    while path:
        async with api.get(path) as answer:
            page, text = await answer.json(), await answer.text()
        assert "8997" not in text
        seen += [entry["index"] for entry in page["items"]]
        path = f"{URL}?limit=2&before={page['next']}" if page["next"] else None
    assert seen == [4, 3, 2, 1, 0]


async def test_filters_reach_the_ledger(house, api):
    query = (
        f"?tree=house&type=purged&peer={A}&outcome=withheld&ref={'b' * 32}&since=2026-11-23T10:00:00%2B01:00"
        "&until=2026-11-23T10:00:00Z&before=7&limit=3"
    )
    async with api.get(URL + query) as answer:
        assert (await answer.json())["items"] == []
    asked = house.journal.searches[-1]
    assert (asked.tree, asked.type, asked.peer, asked.outcome) == (Tree.HOUSE, EntryType.PURGED, A, "withheld")
    assert (asked.ref, asked.since, asked.until) == ("b" * 32, NOW, NOW + 3600)
    assert (asked.before, asked.limit, asked.worker) == (7, 4, None)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("tree=other", "local.malformed"),
        ("type=other", "local.malformed"),
        ("peer=other", "identity.malformed"),
        ("since=yesterday", "local.malformed"),
        ("until=2026-11-23", "local.malformed"),
        ("before=x", "local.malformed"),
        ("limit=1000", "local.malformed"),
        ("worker=279035121518989", "local.malformed"),
    ],
)
async def test_a_filter_that_cannot_be_is_refused(api, query, code):
    async with api.get(f"{URL}?{query}") as answer:
        await assert_problem(answer, code)


async def test_a_worker_is_looked_for_by_a_body(house, api):
    body = {"matricule": "2 79 03 51 215 189 89"}
    async with api.post(f"{URL}/search?tree=house", json=body) as answer:
        assert answer.status == 200
    asked = house.journal.searches[-1]
    assert (asked.tree, asked.worker.matricule.value) == (Tree.HOUSE, "279035121518989")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"matricule": "2 79 03 51 215 189 88"}, "identity.malformed"),
        ({"matricule": "279035121518989", "oid": "1"}, "identity.oid"),
        ({}, "local.malformed"),
    ],
)
async def test_a_worker_that_cannot_be_is_refused(api, body, code):
    async with api.post(f"{URL}/search", json=body) as answer:
        await assert_problem(answer, code)


async def test_one_entry_is_read_with_its_personal_part(api):
    async with api.get(f"{URL}/exchange/3") as answer:
        entry = await answer.json()
    assert (entry["index"], entry["outcome"], entry["personal"]) == (3, "announced", {"practitioner": "899700366240"})
    async with api.get(f"{URL}/exchange/0") as answer:
        entry = await answer.json()
    assert (entry["personal"], entry["destroyed"]) == (None, True)


@pytest.mark.parametrize(
    ("path", "code"),
    [("exchange/5", "local.not_found"), ("other/1", "local.malformed"), ("house/x", "local.malformed")],
)
async def test_an_entry_that_is_not_there_is_refused(api, path, code):
    async with api.get(f"{URL}/{path}") as answer:
        await assert_problem(answer, code)


async def test_verifying_tells_each_ledger_and_its_faults(house, api):
    async with api.post(f"{URL}/verify") as answer:
        report = await answer.json()
    assert (report["ok"], [tree["size"] for tree in report["trees"]]) == (True, [5, 0])
    house.journal.faults = ("entry 3: its leaf differs",)
    async with api.post(f"{URL}/verify") as answer:
        report = await answer.json()
    assert (report["ok"], report["trees"][0]["faults"]) == (False, ["entry 3: its leaf differs"])


async def test_the_journal_is_verified_by_one_caller_at_a_time(house, api):
    house.journal.gate = asyncio.Event()
    entered = asyncio.Event()
    wait = house.journal.gate.wait

    async def waiting():
        entered.set()
        await wait()

    house.journal.gate.wait = waiting
    first = asyncio.ensure_future(api.post(f"{URL}/verify"))
    await entered.wait()
    async with api.post(f"{URL}/verify") as answer:
        await assert_problem(answer, "limit.exceeded")
    house.journal.gate.set()
    async with await first as answer:
        assert answer.status == 200


async def test_a_journal_that_cannot_be_read_is_a_problem(house, api):
    async def find(query):
        raise FailedClosed("an entry is not what was written", code=Code.VAULT_DAMAGED)

    house.journal.find = find
    async with api.get(URL) as answer:
        await assert_problem(answer, "vault.damaged")

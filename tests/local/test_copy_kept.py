"""While a verified copy is kept no service is asked again: over the real requester, state, vault and ledgers."""

import os
from contextlib import asynccontextmanager

import pytest

from connector.core.codes import Code
from connector.core.errors import AdapterFault
from connector.core.instant import rfc3339
from connector.core.ledger import EntryType
from connector.local.words import Language, of_code
from tests.kit.local_values import NURSE_ID
from tests.kit.requester_office import A, B, C
from tests.local.calls import assert_problem
from tests.local.test_with_requester import URL, body, front_desk, to_the_end

DAY = 86_400


async def sent(api, *services, **changes):
    """Send a demand, and give its fetch at the end of it."""
    async with api.post(URL, json=body(*services, **changes)) as answer:
        assert answer.status == 201, await answer.text()
        return await to_the_end(api, (await answer.json())["id"])


async def refused(api, *services, **changes):
    """Send a demand that a copy stands in the way of, and give the id of the fetch that has it."""
    async with api.post(URL, json=body(*services, **changes)) as answer:
        return (await assert_problem(answer, "fetch.copy_kept", 409))["fetch"]


async def state_of(api, fetch_id):
    async with api.get(f"{URL}/{fetch_id}") as answer:
        return (await answer.json())["state"]


async def discard(api, fetch_id):
    async with api.post(f"{URL}/{fetch_id}/discard") as answer:
        assert answer.status == 200


@asynccontextmanager
async def nobody_is_asked(office):
    """Nothing of what happens meanwhile reaches a service or the exchange ledger."""
    asked, entries = [len(one.asked) for one in (office.a, office.b, office.c)], await office.types()
    yield
    assert [len(one.asked) for one in (office.a, office.b, office.c)] == asked
    assert await office.types() == entries


@pytest.fixture
async def desk(tmp_path):
    async with front_desk(tmp_path) as (office, api):
        office.people.asking |= {NURSE_ID}
        office.people.reading |= {NURSE_ID}
        yield office, api


@pytest.mark.parametrize("language", Language)
async def test_a_second_demand_is_refused_with_the_fetch_that_has_the_copy(desk, language):
    office, api = desk
    first = await sent(api, A, B)

    async with nobody_is_asked(office):
        async with api.post(URL, json=body(A, B), headers={"Accept-Language": language.value}) as answer:
            problem = await assert_problem(answer, "fetch.copy_kept", 409)
        async with api.get(URL) as answer:
            assert [one["id"] for one in (await answer.json())["items"]] == [first["id"]], "nothing is left of it"

    words = of_code(Code.FETCH_COPY_KEPT, language)
    assert (problem["fetch"], problem["title"], problem["hint"]) == (first["id"], words.text, words.next)


async def test_the_same_demand_again_is_the_same_fetch_copy_or_not(desk):
    office, api = desk
    key = {"Idempotency-Key": "visit-1"}
    async with api.post(URL, json=body(A), headers=key) as answer:
        first = await to_the_end(api, (await answer.json())["id"])

    async with nobody_is_asked(office):
        for more in ({}, {"replaces": [first["id"]]}):
            async with api.post(URL, json=body(A, **more), headers=key) as answer:
                again = await answer.json()
            assert (answer.status, again["id"], again["state"]) == (201, first["id"], "ready")
        async with api.post(URL, json=body(A), headers={"Idempotency-Key": "visit-2"}) as answer:
            await assert_problem(answer, "fetch.copy_kept")


async def test_a_demand_that_was_refused_may_be_sent_again_under_its_key(desk):
    _, api = desk
    first, key = await sent(api, A), {"Idempotency-Key": "visit-1"}
    async with api.post(URL, json=body(A), headers=key) as answer:
        await assert_problem(answer, "fetch.copy_kept")

    async with api.post(URL, json=body(A, replaces=[first["id"]]), headers=key) as answer:
        assert answer.status == 201
        assert (await to_the_end(api, (await answer.json())["id"]))["state"] == "ready"


async def test_a_copy_stands_in_the_way_where_it_is_of_all_services_that_are_asked(desk):
    office, api = desk
    first = await sent(api, A, B)

    async with nobody_is_asked(office):
        assert await refused(api, B) == first["id"]
    assert (await sent(api, B, C))["state"] == "ready"


async def test_what_a_colleague_keeps_stands_in_the_way_where_they_handed_it_on(desk):
    office, api = desk
    theirs = await sent(api, A, practitioner__id=NURSE_ID)
    mine = await sent(api, A)
    await discard(api, mine["id"])
    async with api.post(f"{URL}/{theirs['id']}/hand-on", json={"colleague": mine["practitioner"]["id"]}) as answer:
        assert answer.status == 200

    async with nobody_is_asked(office):
        assert await refused(api, A) == theirs["id"]
        assert await refused(api, A, replaces=[theirs["id"]]) == theirs["id"], "only they delete it"
    assert await state_of(api, theirs["id"]) == "ready"


async def test_a_lookup_is_never_refused_and_its_record_is_not_brought_beside_a_copy(desk):
    office, api = desk
    first = await sent(api, A, B)
    looked = await sent(api, A, B, lookup_only=True)
    assert looked["state"] == "choosing"
    async with api.post(URL, json=body(A, lookup_only=True, start=False)) as answer:
        prepared = (await answer.json())["id"]
    async with api.post(f"{URL}/{prepared}/start") as answer:
        assert answer.status == 202
    await to_the_end(api, prepared)

    choose = f"{URL}/{looked['id']}/choose"
    async with nobody_is_asked(office), api.post(choose, json={"member": A.value}) as answer:
        assert (await assert_problem(answer, "fetch.copy_kept"))["fetch"] == first["id"]
    await discard(api, first["id"])
    async with api.post(choose, json={"member": A.value}) as answer:
        assert answer.status == 202
    assert (await to_the_end(api, looked["id"]))["state"] == "ready"
    async with api.post(choose, json={"member": B.value}) as answer:
        assert answer.status == 202, "its own copy stands in nothing's way"


async def test_what_was_prepared_starts_once_the_copy_is_gone(desk):
    office, api = desk
    first = await sent(api, A)
    async with api.post(URL, json=body(A, start=False)) as answer:
        prepared = (await answer.json())["id"]

    async with nobody_is_asked(office), api.post(f"{URL}/{prepared}/start") as answer:
        assert (await assert_problem(answer, "fetch.copy_kept"))["fetch"] == first["id"]
    await discard(api, first["id"])
    async with api.post(f"{URL}/{prepared}/start") as answer:
        assert answer.status == 202
    assert (await to_the_end(api, prepared))["state"] == "ready"


async def test_the_copy_that_is_named_goes_first_and_the_journal_has_it(desk):
    office, api = desk
    first = await sent(api, A)

    second = await sent(api, A, replaces=[first["id"]])

    assert (second["state"], await state_of(api, first["id"])) == ("ready", "purged")
    (gone,) = await office.entries(EntryType.PURGED)
    assert (gone.reason, gone.ref) == ("discarded", first["id"])
    assert office.state.vault.ids() == [(await office.errands.get(second["id"])).document.vault_id]
    assert await refused(api, A, replaces=[first["id"]]) == second["id"], "it names the one that is gone"
    assert await state_of(api, second["id"]) == "ready"


async def test_of_two_copies_none_goes_before_both_are_named(desk):
    office, api = desk
    narrow, wide = await sent(api, A), await sent(api, A, B)
    key = {"Idempotency-Key": "visit-1"}

    for named, kept in (([], wide), ([wide], narrow), ([narrow], wide)):
        demand = body(A, replaces=[one["id"] for one in named])
        async with nobody_is_asked(office), api.post(URL, json=demand, headers=key) as answer:
            assert (await assert_problem(answer, "fetch.copy_kept"))["fetch"] == kept["id"]
        assert [await state_of(api, one["id"]) for one in (narrow, wide)] == ["ready", "ready"]
    async with api.post(URL, json=body(A, replaces=[wide["id"], narrow["id"]]), headers=key) as answer:
        assert answer.status == 201
    assert [await state_of(api, one["id"]) for one in (narrow, wide)] == ["purged", "purged"]


async def test_a_demand_that_is_refused_for_another_reason_deletes_no_copy(desk):
    office, api = desk
    first = await sent(api, A)
    office.vendor.fault = AdapterFault("vendor: down", code=Code.ADAPTER_FAILED)

    async with nobody_is_asked(office), api.post(URL, json=body(A, replaces=[first["id"]])) as answer:
        await assert_problem(answer, "adapter.failed")

    assert await state_of(api, first["id"]) == "ready"


async def test_a_start_that_is_refused_deletes_no_copy(tmp_path):
    async with front_desk(tmp_path, practitioner_per_day=1) as (office, api):
        first = await sent(api, A)

        async with nobody_is_asked(office), api.post(URL, json=body(A, replaces=[first["id"]])) as answer:
            await assert_problem(answer, "limit.exceeded")

        assert await state_of(api, first["id"]) == "ready"


@pytest.mark.parametrize("end", ["discarded", "over", "purged", "damaged", "no longer there", "closed to them"])
async def test_a_copy_that_can_be_read_no_more_does_not_count(desk, end):
    office, api = desk
    first = await sent(api, A)
    (path,) = [one for one in office.directory.rglob("*") if one.name in office.state.vault.ids()]
    if end == "discarded":
        await discard(api, first["id"])
    elif end == "damaged":
        os.truncate(path, path.stat().st_size - 1)
    elif end == "no longer there":
        path.unlink()
    elif end == "closed to them":
        office.people.reading.clear()
    else:
        office.clock.at += 7 * DAY
        if end == "purged":
            await office.errands.run_due_work()
    now = rfc3339(office.clock.now())

    second = await sent(api, A, practitioner__auth__at=now, information__at=now)

    assert (second["state"], second["id"] != first["id"]) == ("ready", True)


@pytest.mark.parametrize("more", [{"start": False}, {"lookup_only": True}])
async def test_a_demand_that_brings_nothing_now_names_no_copy_to_delete(desk, more):
    _, api = desk
    async with api.post(URL, json=body(A, replaces=["f" * 32], **more)) as answer:
        assert "replaces" in (await assert_problem(answer, "local.malformed"))["errors"][0]["message"]

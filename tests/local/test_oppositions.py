"""The register over HTTP: identities in bodies only, each thing refused by its place, and what the sink was told."""

import json

import pytest

from connector.core.codes import Code
from connector.core.errors import AdapterFault
from connector.core.ledger import EntryType
from tests.kit.local_values import AUDIT_KEY
from tests.local.calls import assert_problem

URL = "/api/v1/oppositions"
MATRICULE = "279035121518989"


def objection(**changes):
    body = {"matricule": MATRICULE, "kind": "2", "on": "2026-11-20", "means": "oral", "by": "physician"}
    return {name: value for name, value in (body | changes).items() if value is not None}


async def post(api, path="", body=None):
    async with api.post(URL + path, json=body, headers={"Accept-Language": "en"}) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def listed(api, query=""):
    async with api.get(URL + query) as answer:
        return (await answer.json())["items"]


async def test_an_objection_is_kept_journalled_and_told_to_the_sink(house, api):
    added = await post(api, body=objection())

    kept = added["opposition"]
    assert (added["result"], added["told_to_sink"], kept["to_enter"]) == ("kept", True, None)
    assert (kept["matricule"], kept["oid"], kept["recorded_by"]) == (MATRICULE, "1.2.250.1.213.1.4.10", "vendor")
    (told,) = house.register._sink.told_of
    assert (told.objects, told.means, told.by) == (True, "oral", "physician")
    first, second = house.register._store.entries
    assert {first.type, second.type} == {EntryType.OPPOSITION}
    assert (first.outcome, second.outcome) == ("added", "taken-by-software")
    assert MATRICULE not in f"{first.reason}{first.ref}{first.outcome}"


async def test_what_no_sink_took_is_listed_until_a_person_entered_it(house, api):
    house.sink.fault = AdapterFault("adapter: down", code=Code.ADAPTER_FAILED)
    added = await post(api, body=objection())
    assert (added["told_to_sink"], added["opposition"]["to_enter"]) == (False, "objection")
    assert added["opposition"]["next"] == "To be entered in your software: the worker objects."
    await post(api, body=objection(kind="1", tell_sink=False))

    (waiting,) = await listed(api, "?to_enter=true")
    path = f"/{waiting['id']}/entered"
    assert (await post(api, path))["to_enter"] is None

    assert await listed(api, "?to_enter=true") == []
    assert len(await listed(api)) == 2
    async with api.post(URL + path) as answer:
        await assert_problem(answer, "local.conflict")


async def test_the_same_objection_again_is_the_one_that_stands(api):
    first = await post(api, body=objection())
    again = await post(api, body=objection(on="2026-11-21"))

    assert (again["result"], again["opposition"], again["told_to_sink"]) == ("already", first["opposition"], False)


async def test_a_check_keeps_nothing_and_says_what_would_be_done(house, api):
    would = await post(api, body=objection(check_only=True))
    assert (would["result"], would["opposition"]) == ("would-be-kept", None)
    assert await listed(api) == []
    await post(api, body=objection())
    assert (await post(api, body=objection(check_only=True)))["result"] == "already"
    assert (await post(api, body=objection(check_only=True, kind="1")))["result"] == "would-be-kept"


async def test_a_lifted_objection_stays_with_its_day(house, api):
    added = (await post(api, body=objection()))["opposition"]
    lift = {"on": "2026-11-22", "means": "written", "by": "nurse"}
    lifted = await post(api, f"/{added['id']}/lift", lift)

    assert (lifted["stands"], lifted["lifted"]) == (False, lift)
    assert [told.objects for told in house.sink.told_of] == [True, False]
    async with api.get(f"{URL}/{added['id']}") as answer:
        assert (await answer.json())["lifted"] == lift
    async with api.post(f"{URL}/{added['id']}/lift", json=lift) as answer:
        await assert_problem(answer, "local.conflict")


async def test_a_worker_is_looked_for_by_a_body(api):
    await post(api, body=objection())
    found = await post(api, "/search", {"matricule": "2 79 03 51 215 189 89"})
    assert [one["kind"] for one in found["items"]] == ["2"]
    assert (await post(api, "/search", {"matricule": "277076322082910"}))["items"] == []


async def test_the_list_is_paged_newest_first(api):
    ids = [(await post(api, body=objection(kind=kind)))["opposition"]["id"] for kind in "12"]
    async with api.get(f"{URL}?limit=1") as answer:
        page = await answer.json()
    assert ([one["id"] for one in page["items"]], page["next"], page["authority"]) == ([ids[1]], ids[1], "adapter")
    assert [one["id"] for one in await listed(api, f"?before={ids[1]}")] == [ids[0]]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"matricule": "279035121518988"}, "identity.malformed", "matricule"),
        ({"oid": "1.2.250.1.213.1.4.8"}, "identity.oid", "oid"),
        ({"oid": "1.2.250.1.213.1.4.2"}, "identity.oid", "INS OID"),
        ({"kind": "3"}, "local.malformed", "kind"),
        ({"kind": None}, "local.malformed", "kind"),
        ({"on": "2026-02-30"}, "identity.malformed", "on"),
        ({"on": "20/11/2026"}, "local.malformed", "on"),
        ({"on": "2026-11-24"}, "local.malformed", "on"),
        ({"means": "by pigeon"}, "local.malformed", "means"),
        ({"by": "Dr Camille EXEMPLE"}, "local.malformed", "by"),
        ({"lifted": True}, "local.malformed", ""),
    ],
)
@pytest.mark.parametrize("check_only", [False, True])
async def test_what_cannot_be_an_objection_is_refused_at_its_place(house, api, changes, code, field, check_only):
    async with api.post(URL, json=objection(check_only=check_only, **changes)) as answer:
        problem = await assert_problem(answer, code, secrets=(MATRICULE, "EXEMPLE", "279035121518988"))
    assert [fault["field"] for fault in problem["errors"]] == [field]
    assert house.register._store.kept == {}


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "?matricule=279035121518989", None, "local.malformed"),
        ("GET", "?to_enter=yes", None, "local.malformed"),
        ("GET", "?before=x", None, "local.malformed"),
        ("GET", f"?before={'a' * 32}", None, "local.not_found"),
        ("GET", f"/{'a' * 32}", None, "local.not_found"),
        ("GET", "/279035121518989", None, "local.not_found"),
        ("POST", f"/{'a' * 32}/entered", None, "local.not_found"),
        ("POST", f"/{'a' * 32}/lift", {"on": "2026-11-20", "means": "oral", "by": "nurse"}, "local.not_found"),
        ("POST", "/search", {"matricule": "1"}, "local.malformed"),
    ],
)
async def test_what_is_not_there_or_not_asked_so_is_refused(api, method, path, body, code):
    async with api.request(method, URL + path, json=body) as answer:
        await assert_problem(answer, code)


async def test_the_register_needs_its_own_scope(address, api):
    headers = {"Authorization": f"Bearer {AUDIT_KEY}"}
    for method, path in (("GET", ""), ("POST", ""), ("POST", "/search")):
        async with api.request(method, URL + path, json=objection(), headers=headers) as answer:
            await assert_problem(answer, "local.forbidden")


async def test_a_fetch_about_a_worker_who_objects_says_where_to_note_it(api):
    body = {"information": {"worker_does_not_object": False}}
    async with api.post("/api/v1/fetches", json=body) as answer:
        problem = await assert_problem(answer, "local.malformed")
    assert "POST /api/v1/oppositions" in json.dumps(problem)


async def test_the_coverage_is_counts_with_what_to_do(house, api):
    async with api.get("/api/v1/coverage", headers={"Accept-Language": "en"}) as answer:
        told = await answer.json()
    assert (told["last"]["answerable"], told["last"]["share"], told["low"]) == (400, 0.4, True)
    assert {one["lack"]: one["workers"] for one in told["last"]["lacking"]} == {
        "no_ins": 100,
        "not_qualified": 200,
        "opposition_unknown": 300,
        "no_document": 400,
    }
    assert [(one["reason"], one["count"]) for one in told["withheld"]] == [("no_local_worker", 41), ("opposed", 3)]
    assert all(one["text"] and one["next"] for one in told["withheld"] + told["could_not_look"])
    async with api.post("/api/v1/coverage") as answer:
        assert answer.status == 200
    assert house.coverage.measured == 1

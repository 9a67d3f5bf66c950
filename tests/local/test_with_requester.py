"""The local API over the real requester, state, vault and ledgers; only other services and the vendor do as told."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp

from connector.core.outcome import Outcome
from connector.daemon.journal import LocalJournal
from connector.local.keys import ApiKey, KeyRing, Scope, key_hash
from connector.local.ports import LocalPorts
from connector.local.server import build_app, build_runner
from connector.local.site import Site
from tests.kit.holder_fakes import PDF
from tests.kit.local_side import House, new_fetch
from tests.kit.local_values import KEY, NURSE_ID
from tests.kit.requester_office import A, B, C, Office
from tests.kit.state import OWNER, TRAITS, SystemEntropy
from tests.local.calls import assert_problem

URL = "/api/v1/fetches"
WORKER = TRAITS.to_json() | {
    "matricule": "279035121518989",
    "oid": "1.2.250.1.213.1.4.10",
    "status": "qualified",
    "verified_on": "2026-10-01",
}


def body(*services, **changes):
    values = {"practitioner__id": OWNER, "practitioner__auth__at": "2026-11-23T11:30:00Z", **changes}
    return new_fetch(worker=WORKER, services=[service.value for service in services], **values)


@asynccontextmanager
async def front_desk(tmp_path, **settings):
    """An office with its local API; gives both."""
    office, house = Office(tmp_path, changes=settings), House()
    await office.open()
    key = ApiKey("vendor", key_hash(KEY), frozenset(Scope), frozenset({OWNER, NURSE_ID}))
    ports = LocalPorts(
        errands=office.errands,
        directory=office.members,
        journal=LocalJournal(office.state.journal),
        status=house.status,
        prober=house.prober,
        register=house.register,
        coverage=house.coverage,
        membership=house.membership,
        identities=house.vigilance.desk,
        alerts=house.vigilance.alerts,
        metrics=house.ports().metrics,
        clock=office.clock,
        entropy=SystemEntropy(),
        limits=house.limits,
        proposals=house.proposals,
        evidence=house.evidence,
        keys=KeyRing([key]),
        practitioners=house.people,
    )
    site = Site(build_runner(build_app(ports, house.settings), house.settings), None)
    port = await site.start("127.0.0.1", 0)
    headers = {"Authorization": f"Bearer {KEY}", "Accept-Language": "en"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as api:
        yield office, api
    await site.close()
    await office.close()


async def to_the_end(api, fetch_id):
    """Follow a fetch to its end and give it."""
    async with api.get(f"{URL}/{fetch_id}/events") as answer:
        assert answer.status == 200
        await answer.read()
    async with api.get(f"{URL}/{fetch_id}") as answer:
        return await answer.json()


async def test_the_newest_record_comes_from_the_service_that_holds_it_to_the_page(tmp_path):
    async with front_desk(tmp_path) as (_, api):
        async with api.post(URL, json=body(A, B, C)) as answer:
            assert answer.status == 201, await answer.text()
            fetch_id = (await answer.json())["id"]
        found = await to_the_end(api, fetch_id)
        assert (found["state"], found["chosen"]) == ("ready", A.value)
        assert found["newest"]["text"] == "most recent of the 3 services that answered, of 3 asked"
        assert {s["member"]: s["reply"] for s in found["services"]} == {
            A.value: "announced",
            B.value: "announced",
            C.value: "withheld",
        }
        async with api.get(f"{URL}/{fetch_id}/document") as answer:
            assert await answer.read() == PDF
        async with api.get("/api/v1/journal?type=shown") as answer:
            (shown,) = (await answer.json())["items"]
        async with api.get(f"/api/v1/journal/exchange/{shown['index']}") as answer:
            assert OWNER in await answer.text()
        async with api.get(f"{URL}/{fetch_id}") as answer:
            assert (await answer.json())["document"]["first_opened_at"] == "2026-11-23T12:00:00Z"
        async with api.post("/api/v1/journal/search", json={"matricule": WORKER["matricule"]}) as answer:
            assert {entry["type"] for entry in (await answer.json())["items"]} >= {"asked", "arrived", "shown"}
        async with api.post("/api/v1/journal/verify") as answer:
            assert (await answer.json())["ok"] is True


async def test_another_announced_record_is_brought_over_after_the_first(tmp_path):
    async with front_desk(tmp_path) as (_, api):
        async with api.post(URL, json=body(A, B)) as answer:
            fetch_id = (await answer.json())["id"]
        await to_the_end(api, fetch_id)
        async with api.post(f"{URL}/{fetch_id}/choose", json={"member": A.value}) as answer:
            await assert_problem(answer, "fetch.state")
        async with api.post(f"{URL}/{fetch_id}/choose", json={"member": B.value}) as answer:
            assert answer.status == 202
        found = await to_the_end(api, fetch_id)
        assert (found["state"], found["document"]["member"]) == ("ready", B.value)
        async with api.post(f"{URL}/{fetch_id}/file") as answer:
            assert (await answer.json())["state"] == "filed"


async def test_cancelling_another_record_answers_with_the_document_that_is_here(tmp_path):
    async with front_desk(tmp_path) as (office, api):
        async with api.post(URL, json=body(A, B)) as answer:
            fetch_id = (await answer.json())["id"]
        first = await to_the_end(api, fetch_id)
        office.b.document_gate = asyncio.Event()
        async with api.post(f"{URL}/{fetch_id}/choose", json={"member": B.value}) as answer:
            assert (await answer.json())["state"] == "downloading"
        async with api.get(f"{URL}/{fetch_id}/document") as answer:
            await assert_problem(answer, "fetch.no_document")

        async with api.post(f"{URL}/{fetch_id}/cancel") as answer:
            found = await answer.json()

        assert (found["state"], found["chosen"], found["document"]) == ("ready", A.value, first["document"])


async def test_a_software_that_names_the_document_it_told_of_shows_and_files_no_other(tmp_path):
    async with front_desk(tmp_path) as (office, api):
        async with api.post(URL, json=body(A, B)) as answer:
            fetch_id = (await answer.json())["id"]
        told = (await to_the_end(api, fetch_id))["document"]["sha256"]
        office.b.pdf = PDF + b"%of B"
        async with api.post(f"{URL}/{fetch_id}/choose", json={"member": B.value}) as answer:
            assert answer.status == 202
        since = (await to_the_end(api, fetch_id))["document"]["sha256"]

        for method, path in (("GET", "document"), ("POST", "file")):
            async with api.request(method, f"{URL}/{fetch_id}/{path}?sha256={told}") as answer:
                problem = await assert_problem(answer, "document.replaced")
                assert [one["field"] for one in problem["errors"]] == ["sha256"]
        assert office.shelf.filed == []
        async with api.get("/api/v1/journal?type=shown") as answer:
            assert (await answer.json())["items"] == []
        async with api.get(f"{URL}/{fetch_id}/document?sha256={since}") as answer:
            assert await answer.read() == office.b.pdf
        async with api.post(f"{URL}/{fetch_id}/file?sha256={since}") as answer:
            assert (await answer.json())["state"] == "filed"


async def test_the_same_key_gives_the_same_fetch_and_asks_once(tmp_path):
    async with front_desk(tmp_path) as (office, api):
        ids = set()
        for _ in range(2):
            async with api.post(URL, json=body(A), headers={"Idempotency-Key": "visit-1"}) as answer:
                assert answer.status == 201
                ids.add((await answer.json())["id"])
        (fetch_id,) = ids
        await to_the_end(api, fetch_id)
        assert len([demand for demand in office.a.asked if demand.kind == "lookup"]) == 1
        async with api.post(URL, json=body(B), headers={"Idempotency-Key": "visit-1"}) as answer:
            await assert_problem(answer, "local.conflict")


async def test_none_given_is_told_in_words_that_hide_nothing_and_deny_nothing(tmp_path):
    async with front_desk(tmp_path) as (office, api):
        office.a.lookups.append(office.a.answer(Outcome.WITHHELD))
        async with api.post(URL, json=body(A)) as answer:
            fetch_id = (await answer.json())["id"]
        found = await to_the_end(api, fetch_id)
        assert found["state"] == "no-record-given"
        assert "This does not mean that none exists." in found["text"]
        async with api.get(f"{URL}/{fetch_id}/document") as answer:
            await assert_problem(answer, "fetch.no_document")


async def test_a_page_of_fetches_goes_on_behind_its_cursor(tmp_path):
    async with front_desk(tmp_path) as (_, api):
        made = []
        for _ in range(3):
            async with api.post(URL, json=body(A, start=False)) as answer:
                made.append((await answer.json())["id"])
        async with api.get(f"{URL}?limit=2") as answer:
            page = await answer.json()
        async with api.get(f"{URL}?limit=2&before={page['next']}") as answer:
            rest = await answer.json()
        assert [item["id"] for item in page["items"] + rest["items"]] == made[::-1]
        assert rest["next"] is None
        async with api.post(f"{URL}/{made[0]}/cancel") as answer:
            assert (await answer.json())["state"] == "cancelled"

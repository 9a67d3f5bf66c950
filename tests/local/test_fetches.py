from dataclasses import replace

import aiohttp
import pytest

from connector.core.codes import Code
from connector.core.errors import AdapterFault, FailedClosed, LocalRefused, PeerFault
from connector.core.fetch import Reply
from connector.core.mandate import AuthLevel, AuthMeans
from connector.core.oid import Environment, InsOid
from connector.core.people import Role
from connector.core.states import FetchState
from tests.kit.local_side import House, new_fetch
from tests.kit.local_values import (
    KEY,
    NOW,
    NURSE_ID,
    OTHER_KEY,
    PHYSICIAN_ID,
    STRANGER_ID,
    WITHHELD,
    A,
    B,
    C,
    announced,
)
from tests.local.calls import assert_problem

URL = "/api/v1/fetches"


async def created(api, **changes):
    async with api.post(URL, json=new_fetch(**changes)) as answer:
        assert answer.status == 201, await answer.text()
        return await answer.json()


async def test_a_key_sees_nothing_of_a_practitioner_who_was_suspended(house, api):
    person = await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    fetch_id, waits = (await created(api))["id"], (await created(api, start=False))["id"]
    nurse = {"practitioner__id": NURSE_ID}
    theirs = (await created(api, start=False, **nurse))["id"]
    await house.sign_in.staff.suspend(person.id, "Camille")

    async def ids(url):
        async with api.get(url) as answer:
            return [item["id"] for item in (await answer.json())["items"]]

    assert (await ids(URL), await ids("/api/v1/worklist")) == ([theirs], [theirs])
    for path in ("", "/document", "/events"):
        async with api.get(f"{URL}/{fetch_id}{path}") as answer:
            await assert_problem(answer, "local.not_found")
    for call in ("start", "cancel"):
        async with api.post(f"{URL}/{waits}/{call}") as answer:
            await assert_problem(answer, "local.not_found")

    await house.sign_in.staff.resume(person.id, "Camille")
    assert await ids(URL) == [theirs, waits, fetch_id]


async def test_a_fetch_is_prepared_and_started_at_once(house, api):
    async with api.post(URL, json=new_fetch(), headers={"Accept-Language": "en"}) as answer:
        body = await answer.json()
        assert answer.headers["Location"] == f"{URL}/{body['id']}"
    assert (answer.status, body["state"]) == (201, "ready")
    assert house.errands.calls[:2] == ["prepare", "start"]
    assert body["newest"] == {
        "members": [A.value],
        "last_act_on": "2026-05-12",
        "answered": 2,
        "asked": 2,
        "text": "most recent of the 2 services that answered, of 2 asked",
    }
    assert [service["reply"] for service in body["services"]] == ["announced", "withheld"]
    document = body["document"]
    assert (document["last_act_on"], document["updated_at"]) == ("2026-05-12", "2026-11-23T09:00:00Z")
    assert (document["size"], document["purge_at"]) == (512_009, "2026-11-30T09:00:00Z")
    assert body["worker"] == {
        "birth_name": "PAT-TROIS",
        "birth_given_names": "DOMINIQUE MARIE-LOUISE",
        "birth_date": "1979-03-28",
    }


async def test_the_requester_is_given_the_values_that_were_sent(house, api):
    await created(api, follow_up__declared_reason="moved from another service", unattended=True)
    new = house.errands.new
    assert (new.worker.ins.oid, new.worker.ins.matricule.value) == (InsOid.TEST, "279035121518989")
    assert (str(new.worker.verified_on), new.worker.traits.birth_place) == ("2026-09-14", "51215")
    assert (new.practitioner.name, new.practitioner.auth.at) == ("Dr Simone Ajout", NOW - 1800)
    assert (new.practitioner.auth.means, new.practitioner.auth.level) == (AuthMeans.VENDOR, AuthLevel.LOW)
    assert (new.information.at, new.information.by) == (NOW - 600, "physician")
    assert (new.declared_reason, new.unattended, new.lookup_only) == ("moved from another service", True, False)
    assert new.members == (A, B)


async def test_a_matricule_without_oid_is_a_nir_in_production():
    assert replace(House().settings, environment=Environment.PRODUCTION).default_oid is InsOid.NIR


async def test_a_prepared_fetch_sends_nothing_until_it_is_started(house, api):
    body = await created(api, start=False)
    assert (body["state"], house.errands.calls) == ("prepared", ["prepare"])
    async with api.post(f"{URL}/{body['id']}/start") as answer:
        assert (answer.status, (await answer.json())["state"]) == (202, "ready")
    async with api.post(f"{URL}/{body['id']}/start") as answer:
        await assert_problem(answer, "fetch.state")


async def test_a_copy_stands_in_the_way_of_who_may_read_it_and_of_nobody_else(house, api):
    await created(api, practitioner__id=PHYSICIAN_ID)
    own, other = [(await created(api, practitioner__id=who, start=False))["id"] for who in (PHYSICIAN_ID, NURSE_ID)]

    async with api.post(f"{URL}/{own}/start") as answer:
        await assert_problem(answer, "fetch.copy_kept")
    async with api.post(f"{URL}/{other}/start") as answer:
        assert answer.status == 202
    assert house.errands.calls.count("start") == 2


async def test_a_lookup_rests_when_the_services_have_answered(house, api):
    body = await created(api, lookup_only=True)
    assert body["state"] == "choosing"
    async with api.post(f"{URL}/{body['id']}/choose", json={"member": A.value}) as answer:
        assert (answer.status, (await answer.json())["chosen"]) == (202, A.value)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"worker": None}, {"worker"}),
        ({"worker__matricule": None}, {"worker.matricule"}),
        ({"worker__matricule": "27903512151898"}, {"worker.matricule"}),
        ({"worker__birth_name": ""}, {"worker.birth_name"}),
        ({"worker__birth_place": "5121"}, {"worker.birth_place"}),
        ({"worker__sex": "I"}, {"worker.sex"}),
        ({"worker__birth_date": "28/03/1979"}, {"worker.birth_date"}),
        ({"worker__status": None}, {"worker.status"}),
        ({"worker__status": "validated"}, {"worker.status"}),
        ({"worker__verified_on": None}, {"worker.verified_on"}),
        ({"practitioner__id": "12"}, {"practitioner.id"}),
        ({"practitioner__auth__level": "highest"}, {"practitioner.auth.level"}),
        ({"practitioner__auth__at": "2026-11-23 08:30"}, {"practitioner.auth.at"}),
        ({"services": []}, {"services"}),
        ({"services": [A.value] * 21}, {"services"}),
        ({"services": ["all"]}, {"services.0"}),
        ({"replaces": ["yes"]}, {"replaces.0"}),
        ({"information__worker_does_not_object": None}, {"information.worker_does_not_object"}),
        ({"information__worker_does_not_object": False}, {"information.worker_does_not_object"}),
        ({"information__worker_does_not_object": "true"}, {"information.worker_does_not_object"}),
        ({"information__worker_does_not_object": 1}, {"information.worker_does_not_object"}),
        ({"information__by": "Dr Dupont"}, {"information.by"}),
        ({"information__means": "shouted"}, {"information.means"}),
        ({"follow_up__visit": "first"}, {"follow_up.visit"}),
        ({"follow_up__declared_reason": "x" * 301}, {"follow_up.declared_reason"}),
        ({"start": "yes"}, {"start"}),
        ({"consent": True}, {""}),
        ({"worker": None, "services": None, "start": 3}, {"worker", "services", "start"}),
    ],
)
async def test_a_body_that_does_not_fit_is_refused_with_every_place(house, api, changes, fields):
    async with api.post(URL, json=new_fetch(**changes)) as answer:
        body = await assert_problem(answer, "local.malformed")
    assert {error["field"] for error in body["errors"]} == fields
    assert house.errands.calls == []


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"worker__matricule": "279035121518988"}, "identity.malformed", "matricule"),
        ({"worker__oid": "1.2.250.1.213.1.4.2"}, "identity.oid", "INS OID"),
        ({"worker__birth_name": "D4RTAGNAN"}, "identity.malformed", "birth name"),
        ({"worker__birth_date": "0000-01-01"}, "identity.malformed", "birth date"),
        ({"worker__verified_on": "2026-02-30"}, "identity.malformed", "verified on"),
        ({"information__at": "2026-11-23T10:00:00Z"}, "local.malformed", "information.at"),
        ({"information__at": "2026-13-23T10:00:00Z"}, "local.malformed", "information.at"),
        ({"information__at": "1906-01-01T10:00:00Z"}, "local.malformed", "information.at"),
        ({"practitioner__auth__at": "2026-11-23T09:02:00Z"}, "local.malformed", "practitioner.auth.at"),
        ({"practitioner__auth__at": "2026-11-22T08:59:59Z"}, "practitioner.auth_level", "practitioner.auth.at"),
        ({"practitioner__auth__level": "high"}, "practitioner.auth_level", "practitioner.auth.level"),
        ({"practitioner__id": STRANGER_ID}, "local.forbidden", "practitioner.id"),
        ({"services": [A.value, C.value]}, "member.suspended", "members"),
        ({"services": ["1930100037"]}, "member.unknown", "members"),
        ({"services": [A.value, A.value]}, "local.malformed", "members"),
        ({"services": [f"3{number:014}" for number in range(6)]}, "fetch.too_many_members", "members"),
    ],
)
async def test_a_value_that_cannot_be_is_refused_with_its_field(house, api, changes, code, field):
    async with api.post(URL, json=new_fetch(**changes)) as answer:
        body = await assert_problem(answer, code)
    assert [error["field"] for error in body["errors"]] == [field]
    assert house.errands.fetches == {}


async def test_a_practitioner_whose_right_has_ended_is_refused(house, api):
    del house.people.rows[PHYSICIAN_ID]
    async with api.post(URL, json=new_fetch()) as answer:
        await assert_problem(answer, "local.forbidden")


async def test_a_key_speaks_for_its_own_practitioners_only(house, address):
    house.people.rows[STRANGER_ID] = house.people.rows[PHYSICIAN_ID]
    async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {OTHER_KEY}"}) as other:
        async with other.post(URL, json=new_fetch()) as answer:
            await assert_problem(answer, "local.forbidden")
        async with other.post(URL, json=new_fetch(practitioner__id=STRANGER_ID)) as answer:
            assert answer.status == 201


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (LocalRefused("opposed", code=Code.FETCH_OPPOSED), 403),
        (LocalRefused("not followed", code=Code.FETCH_NOT_FOLLOWED), 403),
        (AdapterFault("slow", code=Code.ADAPTER_TIMEOUT), 504),
        (AdapterFault("raised"), 502),
        (FailedClosed("disk full"), 503),
        (PeerFault("busy", code=Code.PEER_UNAVAILABLE, retry_after=7), 503),
    ],
)
async def test_what_the_house_refuses_has_its_own_status(house, api, error, status):
    house.errands.faults["prepare"] = error
    async with api.post(URL, json=new_fetch()) as answer:
        await assert_problem(answer, error.code.value, status)
        if status == 503:
            assert answer.headers["Retry-After"] == ("7" if isinstance(error, PeerFault) else "10")


# ---------------------------------------------------------------- idempotency


async def test_the_same_key_with_the_same_content_gives_the_same_fetch(house, api):
    headers = {"Idempotency-Key": "visit-1"}
    body = new_fetch()
    async with api.post(URL, json=body, headers=headers) as answer:
        first = await answer.json()
    async with api.post(URL, json=dict(reversed(body.items())), headers=headers) as answer:
        again = await answer.json()
    assert (answer.status, again["id"], len(house.errands.fetches)) == (201, first["id"], 1)
    assert house.errands.calls.count("start") == 1


async def test_the_same_key_with_other_content_is_a_conflict(api):
    headers = {"Idempotency-Key": "visit-1"}
    async with api.post(URL, json=new_fetch(), headers=headers) as answer:
        assert answer.status == 201
    async with api.post(URL, json=new_fetch(lookup_only=True), headers=headers) as answer:
        await assert_problem(answer, "local.conflict")


@pytest.mark.parametrize("key", ["", "two words", "é", "x" * 129])
async def test_an_idempotency_key_has_its_form(api, key):
    async with api.post(URL, json=new_fetch(), headers={"Idempotency-Key": key}) as answer:
        await assert_problem(answer, "local.malformed")


async def test_two_idempotency_keys_are_refused(api):
    async with api.post(URL, json=new_fetch(), headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")]) as answer:
        await assert_problem(answer, "local.malformed")


# ---------------------------------------------------------------- reading, listing, moving


async def test_a_fetch_of_another_practitioner_is_as_one_that_is_not_there(house, address, api):
    mine = await created(api)
    shapes = []
    async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {OTHER_KEY}"}) as other:
        for fetch_id in (mine["id"], "f" * 32):
            for method, path in (
                ("GET", ""),
                ("POST", "/start"),
                ("POST", "/cancel"),
                ("POST", "/discard"),
                ("POST", "/file"),
                ("GET", "/events"),
                ("GET", "/document"),
            ):
                async with other.request(method, f"{URL}/{fetch_id}{path}") as answer:
                    shapes.append(await assert_problem(answer, "local.not_found"))
            async with other.post(f"{URL}/{fetch_id}/choose", json={"member": A.value}) as answer:
                shapes.append(await assert_problem(answer, "local.not_found"))
        async with other.get(URL) as answer:
            assert await answer.json() == {"items": [], "next": None}
    assert all(shape == shapes[0] for shape in shapes)
    assert house.errands.opened == []


@pytest.mark.parametrize("fetch_id", ["x", "F" * 32, "a" * 31, "279035121518989"])
async def test_an_id_of_another_form_is_not_found_and_not_repeated(api, fetch_id):
    async with api.get(f"{URL}/{fetch_id}") as answer:
        await assert_problem(answer, "local.not_found", secrets=(fetch_id,) if len(fetch_id) > 1 else ())


async def test_fetches_are_paged_newest_first_over_all_practitioners_of_the_key(house, api):
    made = []
    for number in range(5):
        who = PHYSICIAN_ID if number % 2 else NURSE_ID
        made.append((await created(api, practitioner__id=who, start=False))["id"])
    house.errands.put(made[2], owner=STRANGER_ID)
    expected = [made[4], made[3], made[1], made[0]]
    seen, path = [], f"{URL}?limit=2"
    while path:
        async with api.get(path) as answer:
            page = await answer.json()
            assert ("Link" in answer.headers) == (page["next"] is not None)
        seen += [item["id"] for item in page["items"]]
        path = f"{URL}?limit=2&before={page['next']}" if page["next"] else None
    assert seen == expected


async def test_a_long_list_is_read_to_the_end_for_a_key_of_two_practitioners(house, api):
    first = (await created(api, start=False))["id"]
    for number in range(1000, 1120):
        house.errands.fetches[f"{number:032x}"] = house.errands.fetches[first]
        house.errands.put(f"{number:032x}", id=f"{number:032x}", owner=STRANGER_ID)
    async with api.get(f"{URL}?limit=1") as answer:
        assert [item["id"] for item in (await answer.json())["items"]] == [first]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=-1", "limit=٣", "before=x"])
async def test_a_page_that_cannot_be_is_refused(api, query):
    async with api.get(f"{URL}?{query}") as answer:
        await assert_problem(answer, "local.malformed")


async def test_a_cursor_that_is_no_fetch_is_not_found(api):
    async with api.get(f"{URL}?before={'f' * 32}") as answer:
        await assert_problem(answer, "local.not_found")


async def test_a_fetch_that_did_not_change_is_not_sent_again(house, api):
    mine = await created(api, start=False)
    async with api.get(f"{URL}/{mine['id']}") as answer:
        tag = answer.headers["ETag"]
    async with api.get(f"{URL}/{mine['id']}", headers={"If-None-Match": tag}) as answer:
        assert (answer.status, await answer.read(), answer.headers["ETag"]) == (304, b"", tag)
    house.errands.move(mine["id"], FetchState.CANCELLED)
    async with api.get(f"{URL}/{mine['id']}", headers={"If-None-Match": tag}) as answer:
        assert (answer.status, (await answer.json())["state"]) == (200, "cancelled")


@pytest.mark.parametrize("member", [B.value, C.value])
async def test_only_a_service_that_announced_can_be_chosen(api, member):
    mine = await created(api, lookup_only=True)
    async with api.post(f"{URL}/{mine['id']}/choose", json={"member": member}) as answer:
        await assert_problem(answer, "fetch.no_document")


@pytest.mark.parametrize("body", [{}, {"member": "Lyon"}, {"member": A.value, "why": "x"}, {"member": 3}])
async def test_a_choice_names_one_member(api, body):
    mine = await created(api, lookup_only=True)
    async with api.post(f"{URL}/{mine['id']}/choose", json=body) as answer:
        await assert_problem(answer, "local.malformed")


async def test_a_running_fetch_can_be_cancelled_and_a_ready_one_cannot(house, api):
    house.errands.hold = True
    mine = await created(api)
    async with api.post(f"{URL}/{mine['id']}/cancel") as answer:
        assert (answer.status, (await answer.json())["state"]) == (200, "cancelled")
    async with api.post(f"{URL}/{mine['id']}/cancel") as answer:
        await assert_problem(answer, "fetch.state")


async def test_a_copy_is_discarded_once_and_is_read_no_more(house, api):
    mine = await created(api)
    async with api.post(f"{URL}/{mine['id']}/discard") as answer:
        found = await answer.json()
    assert (answer.status, found["state"], found["document"], found["worker"]) == (200, "purged", None, None)
    async with api.post(f"{URL}/{mine['id']}/discard") as answer:
        await assert_problem(answer, "fetch.state")
    async with api.get(f"{URL}/{mine['id']}/document") as answer:
        await assert_problem(answer, "fetch.no_document")


async def test_a_running_fetch_is_not_discarded(house, api):
    house.errands.hold = True
    mine = await created(api)
    async with api.post(f"{URL}/{mine['id']}/discard") as answer:
        await assert_problem(answer, "fetch.state")
    assert house.errands.fetches[mine["id"]].state is FetchState.ASKING


async def test_a_colleagues_copy_is_read_and_not_discarded(house, address, api):
    mine = await created(api)
    house.people.rows[STRANGER_ID] = house.people.rows[PHYSICIAN_ID]
    house.errands.put(mine["id"], readers=(STRANGER_ID,))
    async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {OTHER_KEY}"}) as other:
        async with other.post(f"{URL}/{mine['id']}/discard") as answer:
            await assert_problem(answer, "local.forbidden")
        async with other.get(f"{URL}/{mine['id']}/document") as answer:
            assert answer.status == 200
    assert "discard" not in house.errands.calls


async def test_a_document_is_filed_in_the_name_of_who_asked(house, api):
    mine = await created(api)
    async with api.post(f"{URL}/{mine['id']}/file") as answer:
        assert (answer.status, (await answer.json())["state"]) == (200, "filed")
    house.errands.faults["file"] = AdapterFault("none is configured", code=Code.ADAPTER_ABSENT)
    async with api.post(f"{URL}/{mine['id']}/file") as answer:
        await assert_problem(answer, "adapter.absent")


async def test_a_purged_fetch_no_longer_says_whom_it_was_about(house, api):
    mine = await created(api)
    house.errands.put(mine["id"], state=FetchState.PURGED, document=None)
    async with api.get(f"{URL}/{mine['id']}") as answer:
        body = await answer.text()
    assert "PAT-TROIS" not in body


async def test_withheld_answers_look_alike_whatever_the_service_said_beside(house, api):
    house.errands.answers = {A: WITHHELD, B: {**WITHHELD, "detail": "the worker objected", "code": None}}
    body = await created(api)
    first, second = ({k: v for k, v in s.items() if k not in {"member", "name", "lookup_id"}} for s in body["services"])
    assert first["text"].replace("Prévention Seine", "") == second["text"].replace("Santé Travail Isère", "")
    assert {**first, "text": ""} == {**second, "text": ""}
    assert (body["state"], body["newest"]["members"]) == ("no-record-given", [])


async def test_a_record_that_could_not_be_brought_is_no_longer_the_newest(house, api):
    failed = announced(day="2026-08-01", code=Code.DOCUMENT_DIGEST, detail="digest differs")
    body = await created(api, lookup_only=True)
    fetch = house.errands.fetches[body["id"]]
    house.errands.answers[B] = announced()
    replies = tuple(replace(reply, **{A: failed, B: announced()}[reply.member]) for reply in fetch.replies)
    house.errands.put(body["id"], replies=replies)
    async with api.get(f"{URL}/{body['id']}", headers={"Accept-Language": "en"}) as answer:
        shown = await answer.json()
    assert (shown["newest"]["members"], shown["newest"]["last_act_on"]) == ([B.value], "2026-05-12")
    assert shown["services"][0]["text"].endswith("The record that arrived is not the one announced; it is not shown.")


async def test_a_failed_fetch_says_why_and_what_to_do(house, api):
    unreachable = {"reply": Reply.UNREACHABLE, "code": Code.PEER_UNREACHABLE, "detail": "connection refused"}
    house.errands.answers = {A: unreachable, B: unreachable}
    body = await created(api)
    assert (body["state"], body["code"], body["newest"]["answered"]) == ("failed", "peer.unreachable", 0)
    assert body["next"]
    assert KEY not in str(body)


# ---------------------------------------------------------------- prepared for a day, and opened to a colleague


async def test_a_planned_fetch_is_listed_for_its_day_and_asks_nobody(api, house):
    body = new_fetch(start=False, planned_for="2026-11-24")
    async with api.post("/api/v1/fetches", json=body) as answer:
        made = await answer.json()
    assert (made["state"], made["planned_for"]) == ("prepared", "2026-11-24")

    async with api.get("/api/v1/worklist?day=2026-11-24") as answer:
        assert [one["id"] for one in (await answer.json())["items"]] == [made["id"]]
    async with api.get("/api/v1/worklist?day=2026-11-25") as answer:
        assert (await answer.json())["items"] == []
    assert "start" not in house.errands.calls


async def test_a_planned_fetch_is_not_started_at_once(api):
    async with api.post("/api/v1/fetches", json=new_fetch(planned_for="2026-11-24")) as answer:
        await assert_problem(answer, "local.malformed")


@pytest.mark.parametrize("day", ["tomorrow", "2026-02-30"])
async def test_a_day_that_is_none_is_refused(api, day):
    async with api.get(f"/api/v1/worklist?day={day}") as answer:
        await assert_problem(answer, "identity.malformed")


async def test_a_colleague_is_named_in_the_fetch_that_was_opened_to_them(api, house):
    async with api.post("/api/v1/fetches", json=new_fetch()) as answer:
        made = await answer.json()
    async with api.post(f"/api/v1/fetches/{made['id']}/hand-on", json={"colleague": NURSE_ID}) as answer:
        assert (await answer.json())["readers"] == [NURSE_ID]
    async with api.post(f"/api/v1/fetches/{made['id']}/hand-on", json={"colleague": "Ali"}) as answer:
        await assert_problem(answer, "local.malformed")


async def test_a_colleagues_fetch_as_cursor_is_as_one_that_is_not_there(api):
    mine = await created(api)
    stranger = {"Authorization": f"Bearer {OTHER_KEY}"}
    async with api.get(f"{URL}?before={mine['id']}", headers=stranger) as answer:
        await assert_problem(answer, "local.not_found")

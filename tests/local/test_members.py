import pytest

from connector.core.codes import Code
from connector.core.members import MemberId
from connector.local.ports import ProbeStep
from tests.kit.local_values import A, B, C, member
from tests.local.calls import assert_problem

URL = "/api/v1/members"
TYPED = ["21", "cote d'or", "Côte-d\u2019Or", "COTE OR", "cœur d\u2019œuvre", "coeur", "dijon cote"]
OTHER = MemberId("1930100037")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [A, B]),
        ("?q=seine", [A]),
        ("?q=acms", [A]),
        ("?q=ETE", [A]),
        ("?q=saint egreve", [B]),
        ("?q=grenoble sante", [B]),
        ("?q=santé", [B]),
        (f"?q={B}", [B]),
        ("?q=lyon", []),
        ("?q=ren", []),
        ("?q=isère", [B]),
        ("?q=ISÈRE 38", [B]),
        ("?departement=75", [A]),
        ("?departement=75&q=isere", []),
        ("?q=%20%20", [A, B]),
        ("?q=%25%27%3B", [A, B]),
    ],
)
async def test_services_are_found_by_name_former_name_and_town(api, query, found):
    async with api.get(URL + query) as answer:
        body = await answer.json()
    assert [item["id"] for item in body["items"]] == [member.value for member in found]
    assert (body["more"], body["directory"]) == (False, "file:test")


@pytest.mark.parametrize("typed", TYPED)
async def test_a_service_is_found_by_its_departements_number_or_name_however_it_is_typed(house, api, typed):
    house.directory.rows.append(member(OTHER, "Cœur d'Œuvre", "Dijon", departement="21"))

    async with api.get(URL, params={"q": typed}) as answer:
        assert [item["id"] for item in (await answer.json())["items"]] == [OTHER.value]


async def test_a_list_that_is_cut_says_so(api):
    async with api.get(f"{URL}?limit=1") as answer:
        body = await answer.json()
    assert (len(body["items"]), body["more"]) == (1, True)


async def test_a_suspended_service_is_not_offered_and_can_be_read(api):
    async with api.get(f"{URL}/{C}") as answer:
        assert (await answer.json())["status"] == "suspended"


@pytest.mark.parametrize(("member", "code"), [("1930100037", "local.not_found"), ("Lyon", "identity.malformed")])
async def test_a_service_that_is_not_there_is_refused(api, member, code):
    async with api.get(f"{URL}/{member}") as answer:
        await assert_problem(answer, code)
    async with api.post(f"{URL}/{member}/probe") as answer:
        await assert_problem(answer, code)


async def test_a_probe_tells_its_steps(api):
    async with api.post(f"{URL}/{A}/probe") as answer:
        body = await answer.json()
    assert (body["ok"], [step["name"] for step in body["steps"]]) == (True, ["lookup", "handover"])


async def test_a_probe_that_failed_tells_cause_and_remedy(house, api):
    house.prober.steps = [ProbeStep("lookup", False, 9, Code.PEER_TLS, "certificate ended", "renew it")]
    async with api.post(f"{URL}/{A}/probe") as answer:
        body = await answer.json()
    assert answer.status == 200
    assert (body["ok"], body["steps"][0]["code"], body["steps"][0]["remedy"]) == (False, "peer.tls", "renew it")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"matricule": "279035121518989"}, None, ""),
        ({"matricule": "2 79 03 51 215 189", "key": "89"}, None, ""),
        ({"matricule": "279035121518989", "oid": "1.2.250.1.213.1.4.10"}, None, ""),
        ({"matricule": "279035121518988"}, "identity.malformed", "matricule"),
        ({"matricule": "2790351215189"}, "identity.malformed", "matricule"),
        ({"matricule": "x"}, "identity.malformed", "matricule"),
        ({"matricule": "279035121518989", "oid": "1.2.250.1.213.1.4.8"}, "identity.oid", "INS OID"),
        ({"matricule": "279035121518989", "oid": "1.2.250.1.213.1.4.2"}, "identity.oid", "INS OID"),
    ],
)
async def test_an_ins_is_checked_without_being_repeated(api, body, code, field):
    async with api.post("/api/v1/ins/check", json=body) as answer:
        text, result = await answer.text(), await answer.json()
    assert (result["ok"], result["code"], result["field"]) == (code is None, code, field)
    assert answer.status == 200
    assert body["matricule"] not in text or len(body["matricule"]) == 1
    assert bool(result["expected"]) == (code is not None)

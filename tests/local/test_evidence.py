"""The operations on evidence and reports: scope, forms, and what cannot be asked."""

import aiohttp
import pytest

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.ledger import EntryType, Tree
from tests.kit.evidence_desk import LINE
from tests.kit.local_values import NOW, STATUS_KEY, A
from tests.local.calls import assert_problem

ID = "b" * 32
PATHS = [
    "/api/v1/journal/exchange/3/proof",
    f"/api/v1/evidence/{ID}",
    f"/api/v1/reports/peers/{A}",
    "/api/v1/reports/reviews/2026-10",
    "/api/v1/journal/export",
]


@pytest.mark.parametrize("path", PATHS)
async def test_a_key_of_another_scope_reads_nothing(house, address, path):
    headers = {"Authorization": f"Bearer {STATUS_KEY}"}
    async with aiohttp.ClientSession(address, headers=headers) as session, session.get(path) as answer:
        await assert_problem(answer, "local.forbidden")
    assert house.evidence.asked == []


async def test_a_proof_is_given_with_its_witnesses(api):
    async with api.get("/api/v1/journal/exchange/41/proof") as answer:
        proof = await answer.json()
    assert proof["origin"].endswith("/exchange/1")
    assert proof["witnesses"][0]["witness"] == "1750712184"


async def test_an_entry_that_is_not_there_has_no_proof(api):
    async with api.get("/api/v1/journal/exchange/42/proof") as answer:
        await assert_problem(answer, "local.not_found")


async def test_evidence_is_a_file_of_its_own(house, api):
    async with api.get(f"/api/v1/evidence/{ID}") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Disposition"] == f'attachment; filename="evidence-{ID}.json"'
        assert (await answer.json())["format"] == "spsti-evidence"
    assert house.evidence.asked[-1][:2] == ("export", ID)


@pytest.mark.parametrize("ref", ["x", "B" * 32, "b" * 31, "279035121518989"])
async def test_evidence_of_what_is_no_id_is_not_found(house, api, ref):
    async with api.get(f"/api/v1/evidence/{ref}") as answer:
        await assert_problem(answer, "local.not_found")
    assert house.evidence.asked == []


async def test_a_worker_is_named_in_a_body_and_nowhere_else(house, api):
    async with api.post("/api/v1/reports/worker", json={"matricule": "2 79 03 51 215 189 89"}) as answer:
        assert answer.status == 200
        assert (await answer.json())["rows"]
    what, ins, caller = house.evidence.asked[-1]
    assert (what, ins.matricule.value) == ("worker", "279035121518989")
    assert caller


async def test_a_worker_in_the_query_is_refused(api):
    async with api.post("/api/v1/reports/worker?matricule=279035121518989", json={}) as answer:
        await assert_problem(answer, "local.malformed")


async def test_a_peers_report_begins_where_it_is_told(house, api):
    async with api.get(f"/api/v1/reports/peers/{A}?since=2026-11-23T10:00:00%2B01:00") as answer:
        assert answer.status == 200
    assert house.evidence.asked[-1][1:3] == (A, NOW)


async def test_a_review_is_signed_by_name(house, api):
    async with api.post("/api/v1/reports/reviews/2026-10/sign", json={"by": "Mme Modèle, DPO"}) as answer:
        review = await answer.json()
    assert review["signed"]
    assert house.evidence.asked[-1][:3] == ("sign", "2026-10", "Mme Modèle, DPO")


async def test_a_review_is_not_signed_by_nobody(house, api):
    async with api.post("/api/v1/reports/reviews/2026-10/sign", json={"by": " "}) as answer:
        await assert_problem(answer, "local.malformed")
    assert house.evidence.asked == []


@pytest.mark.parametrize("query", ["", "?format=fhir&tree=house"])
async def test_the_journal_is_exported_line_by_line(house, api, query):
    async with api.get(f"/api/v1/journal/export{query}") as answer:
        assert answer.content_type == "application/x-ndjson"
        assert await answer.read() == LINE * 3
    wanted = house.evidence.asked[-1][1]
    assert wanted.tree is (Tree.HOUSE if query else None)


async def test_an_export_takes_the_filters_of_the_list(house, api):
    query = {"type": "asked", "peer": str(A), "outcome": "announced", "ref": "b" * 32, "since": "2026-10-31T23:00:00Z"}
    async with api.get("/api/v1/journal/export", params=query) as answer:
        assert answer.status == 200
    wanted = house.evidence.asked[-1][1]
    assert (wanted.tree, wanted.type, wanted.peer, wanted.outcome, wanted.ref, wanted.since, wanted.until) == (
        None, EntryType.ASKED, A, "announced", "b" * 32, 1793487600, None
    )  # fmt: skip


@pytest.mark.parametrize(
    "query", ["type=coffee", "format=xml", "tree=other", "since=yesterday", "worker=279035121518989"]
)
async def test_an_export_that_cannot_be_is_refused(api, query):
    async with api.get(f"/api/v1/journal/export?{query}") as answer:
        await assert_problem(answer, "local.malformed")


async def test_an_export_that_fails_at_once_is_a_fault_and_no_empty_file(house, api):
    house.evidence.fault = FailedClosed("ledger: cannot be read", code=Code.STATE_UNAVAILABLE)
    async with api.get("/api/v1/journal/export") as answer:
        await assert_problem(answer, "state.unavailable")

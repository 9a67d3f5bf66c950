"""A real exchange over mutual TLS, exported by both sides, and verified where neither of them is."""

import json

import pytest

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.ledger import EntryType
from connector.evidence.findings import Found, Verdict
from tests.kit.connector_pair import a_pair
from tests.kit.evidence import Bench, on_another_machine
from tests.kit.holder_fakes import PDF, UNKNOWN_HERE
from tests.kit.state import INS


@pytest.fixture
async def bench(tmp_path):
    async with a_pair(tmp_path / "pair") as pair:
        made = Bench(pair)
        await made.keep_list(at=-10)
        yield made


async def fetched(bench):
    """A record that was fetched, shown, acknowledged; gives fetch id and handover id."""
    fetch = await bench.pair.fetch(bench.holder.id)
    assert await bench.pair.shown(fetch.id) == PDF
    return fetch.id, fetch.document.handover_id


def found(report, kind):
    return [finding for finding in report.findings if finding.found is kind]


async def test_the_requesters_file_proves_the_whole_exchange(bench):
    fetch_id, _handover_id = await fetched(bench)

    report = bench.verify(await bench.of_requester(fetch_id))

    assert report.verdict is Verdict.PROVEN, [f.part for f in report.findings if f.verdict is not Verdict.PROVEN]
    (asked, again) = found(report, Found.ASKED)
    assert {asked.facts["kind"], again.facts["kind"]} == {"lookup", "handover"}
    assert asked.facts["worker"]["birth_name"] == "TCHITCHI"
    assert [f.facts["outcome"] for f in found(report, Found.ANSWERED)] == ["announced"]
    (handed,) = found(report, Found.HANDED_OVER)
    (acknowledged,) = found(report, Found.ACKNOWLEDGED)
    assert handed.facts["sha256"] == acknowledged.facts["sha256"]
    assert {f.facts["type"] for f in found(report, Found.ENTRY_PROVEN)} == {"asked", "arrived", "shown"}
    assert len(found(report, Found.RECORDED_BY_HOLDER)) == 2


async def test_the_holders_file_proves_its_side(bench):
    _, handover_id = await fetched(bench)

    report = bench.verify(await bench.of_holder(handover_id))

    assert report.verdict is Verdict.PROVEN
    assert {f.facts["kind"] for f in found(report, Found.ASKED)} == {"lookup", "handover", "read"}
    assert len(found(report, Found.HANDED_OVER)) == len(found(report, Found.ACKNOWLEDGED)) == 1
    types = {f.facts["type"] for f in found(report, Found.ENTRY_PROVEN)}
    assert types == {"answered", "decided", "release", "end", "acknowledged"}


async def test_a_probe_is_proven_on_both_sides(bench):
    result = await bench.pair.errands.probe(bench.holder.id)

    for whole in (await bench.of_requester(result.handover_id), await bench.of_holder(result.handover_id)):
        report = bench.verify(whole)
        assert report.verdict is Verdict.PROVEN
        assert not found(report, Found.ASKED)
        assert len(found(report, Found.PROBED)) >= 2
        assert len(found(report, Found.ACKNOWLEDGED)) == 1


async def test_a_withheld_answer_is_proven_and_names_no_reason(bench):
    bench.house.vendor.looks[INS] = UNKNOWN_HERE
    fetch = await bench.pair.fetch(bench.holder.id)

    whole = await bench.of_requester(fetch.id)
    report = bench.verify(whole)

    assert report.verdict is Verdict.PROVEN
    assert [f.facts["outcome"] for f in found(report, Found.ANSWERED)] == ["withheld"]
    assert "no_local_worker" not in json.dumps(whole)


async def test_a_fetch_is_exported_when_the_fetch_itself_is_gone(bench):
    fetch_id, _ = await fetched(bench)
    whole = await bench.of_requester(fetch_id)

    def forget(transaction):
        transaction.db.execute("delete from fetches")

    await bench.pair.state.writer.do(forget)

    again = await bench.of_requester(fetch_id)

    assert again["exchanges"] == whole["exchanges"]
    assert again["entries"] == whole["entries"]


async def test_an_id_that_the_journal_does_not_know_exports_nothing(bench):
    with pytest.raises(LocalRefused) as refused:
        await bench.of_requester("0" * 32)

    assert refused.value.code is Code.LOCAL_NOT_FOUND


async def test_a_handover_does_not_lead_to_other_exchanges_of_the_holder(bench):
    await fetched(bench)
    _, handover_id = await fetched(bench)

    whole = await bench.of_holder(handover_id)

    lookups = [row for row in whole["entries"] if row["type"] == EntryType.ANSWERED]
    assert len(lookups) == 1


async def test_what_was_destroyed_is_said_to_be(bench):
    _, handover_id = await fetched(bench)
    for path in (bench.house.directory_path).rglob("monthly-*.key"):
        path.unlink()

    whole = await bench.of_holder(handover_id)
    report = bench.verify(whole)

    assert whole["exchanges"] == []
    assert all(row["destroyed"] and row["personal"] is None for row in whole["entries"])
    assert report.verdict is Verdict.PROVEN
    assert len(found(report, Found.ENTRY_DESTROYED)) == len(whole["entries"]) > 0


async def test_another_machine_verifies_it_without_a_network(bench, tmp_path):
    fetch_id, _ = await fetched(bench)
    file, members = tmp_path / "evidence.json", tmp_path / "members.toml"
    file.write_text(json.dumps(await bench.of_requester(fetch_id)))
    members.write_bytes(bench.list_text())

    said = on_another_machine(tmp_path / "elsewhere", str(file), "--members", str(members), "--language", "fr")

    assert said.returncode == 0, said.stderr + said.stdout
    assert "Tout ce que dit ce dossier est prouvé." in said.stdout
    assert "SPSTI Nord" in said.stdout
    assert "Ce que ceci ne prouve pas" in said.stdout


async def test_another_machine_says_it_in_english_and_for_programs(bench, tmp_path):
    fetch_id, _ = await fetched(bench)
    file, members = tmp_path / "evidence.json", tmp_path / "members.toml"
    whole = await bench.of_requester(fetch_id)
    whole["exchanges"][0]["receipt"] = whole["exchanges"][1]["receipt"]
    file.write_text(json.dumps(whole))
    members.write_bytes(bench.list_text())

    said = on_another_machine(tmp_path / "elsewhere", str(file), "--members", str(members), "--json")

    report = json.loads(said.stdout)
    assert said.returncode == 1
    assert report["verdict"] == "altered"
    assert set(report["altered"]) == {"exchanges", "exchanges[0].receipt"}
    assert all(finding["text"] for finding in report["findings"])


async def test_nothing_is_verified_without_something_to_trust(bench, tmp_path):
    file = tmp_path / "evidence.json"
    file.write_text("{}")

    said = on_another_machine(tmp_path / "elsewhere", str(file))

    assert said.returncode == 2
    assert "--root" in said.stderr

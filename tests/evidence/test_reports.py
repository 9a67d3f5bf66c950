"""Reports over real ledgers: a worker's access, a compromised member, the monthly review, exports and proofs."""

import io
import json
from dataclasses import dataclass, replace

import pikepdf
import pytest
from fhir.resources.R4B.auditevent import AuditEvent

from connector.cli.worker_pdf import render
from connector.cli.worker_text import as_rows
from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import Instant, day_in_france
from connector.core.ledger import EntryDraft, EntryType, Tree
from connector.core.members import MemberId
from connector.core.merkle import verify_inclusion
from connector.evidence.desk import EvidenceDesk
from connector.evidence.review import month_bounds
from connector.local import evidence_answers as answers
from connector.wire import b64
from connector.wire.checkpoint import Checkpoint
from tests.kit.connector_pair import a_pair
from tests.kit.evidence import Bench
from tests.kit.holder_fakes import UNKNOWN_HERE
from tests.kit.state import INS, OTHER_INS


@dataclass(frozen=True)
class Wanted:
    """A part of the journal to export."""

    form: str = "ndjson"
    tree: Tree | None = None
    since: Instant | None = None
    until: Instant | None = None
    type: EntryType | None = None
    peer: MemberId | None = None
    outcome: str | None = None
    ref: str = ""


async def alone(ins):
    return (ins,)


@pytest.fixture
async def bench(tmp_path):
    async with a_pair(tmp_path / "pair") as pair:
        made = Bench(pair)
        await made.keep_list(at=-10)
        made.ours = EvidenceDesk(made.exporter(pair.state, made.us), pair.state.holder, alone)
        made.theirs = EvidenceDesk(made.exporter(made.house.state, made.holder), made.house.state.holder, alone)
        yield made


async def fetched(bench, *, shown=True):
    fetch = await bench.pair.fetch(bench.holder.id)
    if shown:
        await bench.pair.shown(fetch.id)
    return fetch


async def test_a_worker_is_told_who_asked_and_who_read(bench):
    await fetched(bench)

    ours, theirs = await bench.ours.worker(INS, "dpo"), await bench.theirs.worker(INS, "dpo")

    answers.WorkerReportOut.model_validate(ours)
    assert [row["what"] for row in ours["rows"]] == ["asked", "received", "read"]
    assert {row["who_id"] for row in ours["rows"]} == {"899700366240"}
    assert {row["service"] for row in ours["rows"]} == {bench.holder.id.value}
    assert ours["rows"][0]["basis"]
    assert [row["what"] for row in theirs["rows"]] == ["was-asked", "handover-asked", "given"]
    assert theirs["rows"][0]["who"]
    assert theirs["rows"][0]["purpose"] == "COC"


async def test_that_it_was_told_is_itself_told(bench):
    await fetched(bench)
    await bench.ours.worker(INS, "dpo")

    again = await bench.ours.worker(INS, "dpo")

    assert [(row["what"], row["who"]) for row in again["rows"]][-1] == ("reported", "dpo")


async def test_a_worker_is_found_under_former_matricules_too(bench):
    """Two entries about one worker, who was known by another matricule at the time of the first."""
    for workers in ((OTHER_INS,), (INS, OTHER_INS)):
        entry = EntryDraft(type=EntryType.FILED, at=bench.now, ref="f" * 32, personal={}, workers=workers)
        await bench.pair.state.holder.record(entry)

    report = await bench.ours.worker(INS, "dpo")

    assert set(report["known_as"]) == {INS.to_token(), OTHER_INS.to_token()}
    assert len(report["rows"]) == 2


async def test_a_worker_of_whom_nothing_is_known_is_told_nothing(bench):
    await fetched(bench)

    assert (await bench.ours.worker(OTHER_INS, "dpo"))["rows"] == []


async def test_a_compromised_members_report_names_documents_and_practitioners(bench):
    fetch = await fetched(bench)

    sent = await bench.theirs.peer(bench.us.id, Instant(0), "dpo")
    received = await bench.ours.peer(bench.holder.id, Instant(0), "dpo")

    answers.PeerReportOut.model_validate(sent)
    (document,) = sent["documents"]
    assert (document["way"], document["handover_id"]) == ("sent", fetch.document.handover_id)
    assert document["worker"] == INS.to_token()
    assert [(row["id"], row["side"]) for row in sent["practitioners"]] == [("899700366240", "theirs")]
    assert sent["workers"] == received["workers"] == 1
    assert [row["way"] for row in received["documents"]] == ["received"]
    assert {"type": "asked", "outcome": None, "count": 1} in received["entries"]


async def test_a_report_since_later_holds_nothing_of_before(bench):
    await fetched(bench)

    later = await bench.theirs.peer(bench.us.id, Instant(bench.now + 1), "dpo")

    assert later["documents"] == []
    assert later["entries"] == []


def month_of(bench):
    return day_in_france(bench.now)[:7]


async def test_the_review_counts_what_a_practitioner_did(bench):
    await fetched(bench, shown=False)
    bench.house.vendor.looks[INS] = UNKNOWN_HERE
    await bench.pair.fetch(bench.holder.id)

    (row,) = (await bench.ours.review(month_of(bench), "dpo"))["practitioners"]

    assert (row["id"], row["member"]) == ("899700366240", None)
    assert (row["asked"], row["misses"], row["brought"], row["unopened"]) == (2, 1, 1, 1)
    assert "unopened" in row["marks"]
    (theirs,) = (await bench.theirs.review(month_of(bench), "dpo"))["practitioners"]
    assert (theirs["member"], theirs["asked"], theirs["misses"]) == (bench.us.id.value, 2, 1)


async def test_that_a_review_was_read_stands_in_the_journal(bench):
    await bench.ours.review(month_of(bench), "dpo")

    (entry,) = await bench.pair.state.journal.entries(Tree.HOUSE, type=EntryType.REPORTED)
    assert (entry.outcome, entry.ref, entry.personal["by"]) == ("review", month_of(bench), "dpo")


async def test_a_sign_off_is_shown_with_name_and_date_and_stands_in_the_journal(bench):
    month = month_of(bench)
    bench.pair.clock.at = month_bounds(month)[1] + 1

    signed = await bench.ours.sign(month, "Mme Modèle, DPO", "dpo")

    answers.ReviewOut.model_validate(signed)
    assert [s["by"] for s in signed["signed"]] == ["Mme Modèle, DPO"]
    (entry,) = await bench.pair.state.journal.entries(Tree.HOUSE, type=EntryType.REVIEWED)
    assert (entry.ref, entry.personal["caller"]) == (month, "dpo")


async def test_a_month_that_is_not_over_is_not_signed(bench):
    with pytest.raises(LocalRefused) as refused:
        await bench.ours.sign(month_of(bench), "Mme Modèle, DPO", "dpo")

    assert refused.value.code is Code.LOCAL_CONFLICT
    assert (await bench.ours.review(month_of(bench), "dpo"))["signed"] == []


@pytest.mark.parametrize("month", ["2026-13", "2026", "2026-1", "0000-01", "9999-12", "2026-10-01", ""])
def test_what_is_no_month_is_refused(month):
    with pytest.raises(LocalRefused):
        month_bounds(month)


async def test_every_entry_is_exported_as_an_audit_event_that_fhir_knows(bench):
    await fetched(bench)
    for desk in (bench.ours, bench.theirs):
        lines = [line async for line in desk.lines(Wanted("fhir"), "dpo")]
        plain = [json.loads(line) async for line in desk.lines(Wanted(), "dpo")]
        events = [json.loads(line) for line in lines]
        for event in events:
            AuditEvent.model_validate(event)
        kinds = {code["code"] for event in events for code in event["subtype"]}
        assert {"ITI-67", "ITI-68"} <= kinds
        assert {event["id"] for event in events} <= {f"{row['tree']}-{row['index']}" for row in plain}
        assert "lookup" not in kinds


@pytest.mark.parametrize("name", ["type", "peer", "outcome", "ref"])
async def test_an_export_holds_what_its_filters_let_through_and_no_more(bench, name):
    await fetched(bench)
    every = [json.loads(line) async for line in bench.ours.lines(Wanted(tree=Tree.EXCHANGE), "dpo")]
    value = next(row[name] for row in every if row.get(name))
    parsed = {"type": EntryType, "peer": MemberId.parse}.get(name, str)(value)

    found = [
        json.loads(line)
        async for line in bench.ours.lines(replace(Wanted(tree=Tree.EXCHANGE), **{name: parsed}), "dpo")
    ]

    assert found == [row for row in every if row.get(name) == value]
    nothing = [line async for line in bench.ours.lines(Wanted(outcome="none has it"), "dpo")]
    assert nothing == []


async def test_the_roles_of_an_audit_event_swap_with_the_way_of_the_data(bench):
    await fetched(bench)
    events = [json.loads(line) async for line in bench.ours.lines(Wanted("fhir", Tree.EXCHANGE), "dpo")]
    roles = {
        event["subtype"][-1]["code"]: [agent["type"]["coding"][0]["code"] for agent in event["agent"][:2]]
        for event in events
    }

    assert (roles["ITI-67"], roles["ITI-68"]) == (["110153", "110152"], ["110152", "110153"])


async def test_an_entry_is_proven_with_the_words_of_witnesses(bench):
    await fetched(bench)
    await bench.witness(bench.us, bench.pair.state, bench.pair.state)

    proof = await bench.ours.prove(Tree.EXCHANGE, 0)

    answers.ProofOut.model_validate(proof)
    head = Checkpoint.parse_body(proof["checkpoint"].rpartition("\n\n")[0] + "\n")
    path = [b64.decode(step) for step in proof["path"]]
    assert verify_inclusion(b64.decode(proof["leaf"]), 0, head.size, path, head.root)
    assert [seen["witness"] for seen in proof["witnesses"]] == [bench.third.id.value]


async def test_an_entry_that_is_not_there_is_not_proven(bench):
    with pytest.raises(LocalRefused) as refused:
        await bench.ours.prove(Tree.EXCHANGE, 10**6)

    assert refused.value.code is Code.LOCAL_NOT_FOUND


async def test_the_pdf_says_what_the_screen_says_in_both_languages(bench):
    await fetched(bench)
    report = await bench.ours.worker(INS, "dpo")
    report["rows"][0] = replace_who(report["rows"][0], "Dr Łukasz ŻÓŁĆ-Lefèvre 李")

    for language, title in (("fr", "Accès à votre dossier"), ("en", "Access to your")):
        data = render(report, language)
        assert data == render(report, language)
        with pikepdf.open(io.BytesIO(data)) as pdf:
            assert str(pdf.docinfo["/Title"]).startswith(title)
    assert [row[1] for row in as_rows(report, "fr")][-1] == "document lu ici"


def replace_who(row, name):
    return {**row, "who": name}


def test_bounds_of_a_month_are_those_of_france():
    begins, ends, before = month_bounds("2026-10")

    assert (begins, ends) == (1_790_805_600, 1_793_487_600)
    assert month_bounds("2026-07")[0] == before

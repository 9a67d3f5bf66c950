"""A lookup over real mutual TLS: what is announced, and what is said when the house or its software fails."""

import asyncio
import hashlib
import json
from dataclasses import replace

import pytest

from connector.contract.settings import GuardSettings
from connector.core.codes import Code
from connector.core.ledger import EntryType, Retention
from connector.core.mandate import Kind
from connector.wire import form
from connector.wire.bearer import authorization
from connector.wire.fhir_read import parse_bundle
from tests.kit.holder_asserts import (
    assert_lives_on,
    assert_outcome,
    assert_refused_with_receipt,
    assert_refused_without_receipt,
    house_notes,
)
from tests.kit.holder_fakes import ANNOUNCED, WORKER
from tests.kit.holder_house import LOOKUP_PATH, a_house, a_line, opened_receipt
from tests.kit.resealed import claims_of, resealed
from tests.kit.state import INS, OTHER_INS, an_id


async def test_holder_announces_the_newest_record_with_a_receipt_that_holds(house, line):
    demand = house.demand()
    compact = house.seal(demand)

    reply = await line.lookup(demand, compact=compact)

    assert reply.status == 200
    offered = parse_bundle(reply.body, asked=INS)
    assert str(offered.last_act_on) == "2026-11-03"
    receipt = opened_receipt(house, reply, compact, demand.lookup_id)
    assert (receipt.draft.outcome, receipt.draft.code, receipt.draft.document) == ("announced", None, None)
    entry = await house.last()
    assert (entry.type, entry.outcome, entry.reason) == (EntryType.ANSWERED, "announced", None)
    assert entry.mandate_sha256 == hashlib.sha256(compact).digest()
    assert house.ears.of("answered") == [["announced", house.asker.id, demand.lookup_id]]
    (trace,) = [trace for trace, _ in await house.state.traces.due_traces(house.clock.now())]
    assert (trace.action, trace.outcome, trace.practitioner_name) == ("looked-up", "announced", "Dr LEFEVRE Claire")


async def test_a_peer_of_a_later_release_that_says_more_in_the_same_version_is_answered(house, line):
    demand = house.demand()
    compact = resealed(house, house.seal(demand), later={"any": [1, None]})

    reply = await line.lookup(demand, compact=compact)

    assert reply.status == 200
    assert opened_receipt(house, reply, compact, demand.lookup_id).draft.outcome == "announced"


async def test_an_announcement_tells_nothing_of_the_vendors_references(house, line):
    reply = await line.lookup()

    assert ANNOUNCED.record_ref.encode() not in reply.body
    assert ANNOUNCED.author.encode() not in reply.body
    assert b"url" not in json.dumps(json.loads(reply.body)["entry"][0]["resource"]["content"]).encode()


async def test_answers_name_no_software_and_are_kept_by_no_cache(house, line):
    reply = await line.lookup()

    assert reply.header("Server") is None
    assert reply.header("Cache-Control") == "no-store"


async def test_a_worker_is_found_by_every_ins_this_house_knows(house, line):
    look = house.vendor.looks[INS]
    house.vendor.looks[INS] = replace(look, identity=replace(look.identity, former=(OTHER_INS,)))

    await line.lookup()

    assert set((await house.last()).workers) == {INS, OTHER_INS}


# ---------------------------------------------------------------- the vendor's software fails


async def test_a_failing_adapter_is_told_as_could_not_look_with_a_receipt(house, line):
    house.vendor.looks[INS] = RuntimeError("ORA-00942 of 279035121518989")
    demand = house.demand()
    compact = house.seal(demand)

    reply = await line.lookup(demand, compact=compact)

    text = assert_outcome(reply, 503, None)
    assert "could not look" in text
    assert reply.header("Retry-After") == "30"
    receipt = opened_receipt(house, reply, compact, demand.lookup_id)
    assert (receipt.draft.outcome, receipt.draft.code) == ("could_not_look", None)
    entry = await house.last()
    assert (entry.outcome, entry.reason) == ("could_not_look", "adapter.failed")
    (note,) = await house_notes(house, EntryType.ADAPTER_FAULT)
    assert note.reason == "adapter.failed"
    await assert_lives_on(house, line)


async def test_a_hanging_adapter_is_left_after_its_time(tmp_path):
    async with a_house(tmp_path, guard=GuardSettings(look_seconds=1.0)) as house, a_line(house) as line:
        house.vendor.look_gate = asyncio.Event()

        reply = await line.lookup()

        assert_outcome(reply, 503, None)
        assert (await house.last()).reason == "adapter.timeout"
        house.vendor.look_gate.set()
        await assert_lives_on(house, line)


@pytest.mark.parametrize(
    "look",
    [
        lambda look: replace(look, identity=replace(look.identity, ins=OTHER_INS)),
        lambda look: replace(
            look, announcement=replace(look.announcement, last_act_on=type(ANNOUNCED.last_act_on)(2099, 1, 1))
        ),
        lambda look: replace(look, opposition="no"),
        lambda look: None,
    ],
    ids=["another worker's record", "a day in the future", "no opposition", "nothing"],
)
async def test_an_adapter_that_breaks_its_contract_gives_nothing_away(house, line, look):
    house.vendor.looks[INS] = look(house.vendor.looks[INS])

    reply = await line.lookup()

    assert reply.status == 200
    assert b'"total":0' in reply.body
    entry = await house.last()
    assert (entry.outcome, entry.reason) == ("withheld", "answer_unusable")
    assert house.ears.of("adapter_failed")[-1:] == [["adapter.contract"]]
    await assert_lives_on(house, line)


async def test_a_used_mandate_stays_used_when_the_adapter_failed(house, line):
    house.vendor.looks[INS] = RuntimeError()
    demand = house.demand()
    compact = house.seal(demand)
    await line.lookup(demand, compact=compact)

    reply = await line.lookup(demand, compact=compact)

    await assert_refused_with_receipt(house, reply, compact, demand.lookup_id, status=401, code="mandate.replayed")


# ---------------------------------------------------------------- nothing leaves when nothing can be recorded


async def test_no_byte_leaves_when_the_ledger_cannot_be_written(house, line):
    house.store.failing = {"answer"}

    reply = await line.lookup()

    text = assert_outcome(reply, 503, "ledger.unavailable")
    assert "disk" not in text
    assert reply.header("DMST-Receipt") is None
    assert reply.header("Retry-After") == "30"
    assert house.ears.of("ledger_failed") == [[Code.LEDGER_UNAVAILABLE.value]]
    house.store.failing = set()
    await assert_lives_on(house, line)


async def test_nothing_is_answered_by_a_clock_that_went_back(house, line):
    await line.lookup()
    house.clock.at -= 120

    reply = await line.lookup()

    assert_outcome(reply, 503, "ledger.unavailable")
    assert house.ears.of("ledger_failed") == [["clock.backwards"]]
    house.clock.at += 120
    await assert_lives_on(house, line)


async def test_a_member_that_is_not_in_its_own_directory_answers_nothing(house, line):
    house.members.remove(house.us.id)

    assert_outcome(await line.lookup(), 503, "ledger.unavailable")
    assert house.ears.of("ledger_failed") == [["directory.unavailable"]]


async def test_retention_follows_from_whether_the_worker_is_known(house, line):
    await line.lookup(house.demand(worker=replace(WORKER, ins=OTHER_INS)))
    house.vendor.looks[INS] = replace(house.vendor.looks[INS], announcement=None)
    await line.lookup()

    kept = [(entry.reason, entry.retention) for entry in house.store.entries]
    assert kept == [("no_local_worker", Retention.DAILY), ("nothing_communicable", Retention.MONTHLY)]


async def test_the_mandate_can_be_read_again_out_of_the_entry(house, line):
    compact = house.seal(house.demand())
    await line.lookup(compact=compact)

    assert (await house.last()).personal["mandate"] == compact.decode()


async def test_an_authorization_header_that_stands_twice_is_refused(house, line):
    value = authorization(house.seal(house.demand()))
    headers = [("Authorization", value), ("Authorization", value), ("Content-Type", form.CONTENT_TYPE)]

    reply = await line.send("POST", LOOKUP_PATH, headers, form.encode_search(INS))

    await assert_refused_without_receipt(house, reply, status=400, code="request.malformed")
    await assert_lives_on(house, line)


async def test_a_handover_mandate_does_not_look_up(house, line):
    demand = house.demand(Kind.HANDOVER, announcement_id=an_id())
    compact = house.seal(demand)

    reply = await line.lookup(demand, compact=compact)

    await assert_refused_with_receipt(house, reply, compact, demand.lookup_id, status=401, code="mandate.kind")


@pytest.mark.parametrize("claim", ["worker", "practitioner", "information", "follow_up"])
async def test_a_probe_about_somebody_is_refused_with_a_receipt(house, line, claim):
    about = claims_of(house.seal(house.demand()))[claim]
    demand = house.probe()
    compact = resealed(house, house.seal(demand), **{claim: about})

    reply = await line.lookup(demand, compact=compact)

    await assert_refused_with_receipt(house, reply, compact, demand.lookup_id, status=401, code="mandate.malformed")
    await assert_lives_on(house, line)


async def test_a_probe_is_not_asked_with_a_workers_form(house, line):
    demand = house.probe()
    compact = house.seal(demand)

    reply = await line.lookup(demand, compact=compact, body=form.encode_search(INS))

    await assert_refused_with_receipt(house, reply, compact, demand.lookup_id, status=400, code="request.malformed")
    assert house.vendor.looked == 0

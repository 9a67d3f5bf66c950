"""Withheld tells nothing (PROTOCOL section 4): one way, one form, one time, whatever the reason."""

import json
from dataclasses import replace

import pytest

from connector.core.ledger import EntryType, Tree
from connector.core.outcome import Outcome, WithheldReason
from connector.holder.case import Case
from connector.holder.counting import Reservation
from connector.holder.extract import Extraction
from connector.wire import b64
from connector.wire.mandate import open_mandate
from tests.kit.holder_fakes import GIVEN, KNOWN
from tests.kit.holder_house import Reply, opened_receipt
from tests.kit.state import INS, OTHER_INS
from tests.kit.withheld import LOOKS, claims_of, shape

FORBIDDEN = ("nothing", "unknown", "no such", "not found", "object", "refus", "differ", "qualif")

OF_THE_TREE = {"leaf", "path", "checkpoint"}
OF_THE_EXCHANGE = {"iat", "mandate_sha256", "body_sha256", "lookup_id"}


def assert_withheld_alike(one: Reply, other: Reply) -> None:
    """Two answers from which nothing can be told but times, ids, and what depends on the tree alone."""
    assert one.status == other.status == 200
    assert [name for name, _ in one.headers] == [name for name, _ in other.headers]
    same = [dict(reply.headers) | {"DMST-Receipt": "", "Date": ""} for reply in (one, other)]
    assert same[0] == same[1]
    assert one.body == other.body
    first, second = claims_of(one), claims_of(other)
    assert list(first) == list(second)
    for name in first.keys() - OF_THE_TREE - OF_THE_EXCHANGE:
        assert first[name] == second[name], name
    for name in OF_THE_EXCHANGE:
        assert shape(first[name]) == shape(second[name]), name
    assert shape(first["leaf"]) == shape(second["leaf"])


async def withheld_reply(house, line, reason: WithheldReason) -> Reply:
    house.vendor.looks = {INS: LOOKS[reason]}
    reply = await line.lookup()
    assert (await house.last()).reason == reason
    return reply


def test_every_reason_that_a_look_can_give_is_compared():
    # A person's no comes with the deferred answers; until then only its way through the emitter can be tested, below.
    assert set(LOOKS) == set(WithheldReason) - {WithheldReason.DECLINED}


@pytest.mark.parametrize("reason", list(LOOKS))
async def test_withheld_answers_are_alike_whatever_the_reason(house, line, reason):
    first = await withheld_reply(house, line, WithheldReason.NO_LOCAL_WORKER)

    assert_withheld_alike(first, await withheld_reply(house, line, reason))


async def test_a_changed_matricule_is_withheld_like_any_other_difference(house, line):
    first = await withheld_reply(house, line, WithheldReason.OPPOSED)
    house.vendor.looks = {INS: replace(GIVEN, identity=replace(KNOWN, ins=OTHER_INS, former=(INS,)))}

    assert_withheld_alike(first, await line.lookup())
    assert (await house.last()).reason == "identity_differs"


@pytest.mark.parametrize("reason", list(WithheldReason))
async def test_every_reason_takes_the_one_way_through_the_emitter(house, reason):
    compact = house.seal(house.demand())
    question = house.question(compact)
    verified = open_mandate(compact, peer=question.peer, now=question.at)
    case = Case(EntryType.ANSWERED, question, verified, (INS,))
    emitter = house.holder._emitter

    answer = await emitter._withhold(case, Extraction(None, reason, (INS,)), Reservation(None))

    assert (answer.outcome, answer.code, answer.retry_after) == (Outcome.WITHHELD, None, None)
    assert answer.body == b'{"resourceType":"Bundle","type":"searchset","total":0}'
    assert reason.value.encode() not in answer.body + b64.decode(answer.receipt.split(b".")[1].decode())
    assert (await house.last()).reason == reason


@pytest.mark.parametrize("reason", list(LOOKS))
async def test_no_word_of_a_withheld_answer_tells_why(house, line, reason):
    reply = await withheld_reply(house, line, reason)

    said = (reply.body.decode() + json.dumps(claims_of(reply) | {"checkpoint": ""})).lower()
    assert not [word for word in FORBIDDEN if word in said]


async def test_a_withheld_answer_has_a_receipt_that_holds(house, line):
    house.vendor.looks = {}
    demand = house.demand()
    compact = house.seal(demand)

    receipt = opened_receipt(house, await line.lookup(demand, compact=compact), compact, demand.lookup_id)

    assert (receipt.draft.outcome, receipt.draft.handover_id, receipt.draft.document) == ("withheld", None, None)


async def test_every_lookup_adds_one_leaf_and_nothing_to_the_house_ledger(house, line):
    house_size = len(await house.entries(Tree.HOUSE))
    for number, look in enumerate([GIVEN, *LOOKS.values()], 1):
        house.vendor.looks = {INS: look}
        await line.lookup()

        assert len(await house.entries()) == number
    assert len(await house.entries(Tree.HOUSE)) == house_size


async def test_withheld_answers_leave_at_the_floor_and_announced_ones_at_once(house, line):
    await line.lookup()
    assert house.pauses == []

    for reason in LOOKS:
        await withheld_reply(house, line, reason)

    assert house.pauses == [house.holder.settings.withheld_floor_seconds] * len(LOOKS)


async def test_no_trace_is_owed_for_what_was_withheld(house, line):
    for reason in LOOKS:
        await withheld_reply(house, line, reason)

    assert await house.state.traces.due_traces(house.clock.now()) == []


async def test_a_service_that_cannot_tell_oppositions_never_looks_empty(house, line):
    house.holder._ports.oppositions._source_tells = False

    reply = await line.lookup()

    assert reply.status == 503
    assert (await house.last()).outcome == "could_not_look"
    assert house.vendor.looked == 0

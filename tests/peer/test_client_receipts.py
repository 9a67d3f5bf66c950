"""What the client believes of an answer: the receipt, and the refusals that are owed one or none."""

import pytest
from aiohttp import web

from connector.core.codes import Code
from connector.core.evidence import DocumentDigest
from connector.core.outcome import Outcome
from tests.kit.fake_holder import FakeHolder, Script
from tests.kit.peer_desk import BAD_RECEIPTS, an_outcome, fault_of
from tests.kit.requester_fakes import HOLDERS, NOW, WE, a_party

# ---------------------------------------------------------------- the receipt


@pytest.mark.parametrize("how", BAD_RECEIPTS)
async def test_nothing_of_an_answer_is_used_whose_receipt_is(desk, how):
    switches, code = BAD_RECEIPTS[how]
    desk.holder.script = Script(**switches)

    fault = await fault_of(desk.lookup())

    assert fault.code is code
    assert fault.hint


async def test_a_receipt_that_is_not_ascii_is_malformed(desk):
    desk.script.no_receipt, desk.script.headers = True, {"DMST-Receipt": "é"}

    assert (await fault_of(desk.lookup())).code is Code.RECEIPT_MALFORMED


async def test_a_checkpoint_signed_by_another_key_is_not_believed(desk):
    strange = a_party(HOLDERS[0], "SPSTI Sud")
    strange_holder = FakeHolder(strange, desk.us, desk.pki.issue(WE, "server"), desk.pki, NOW)
    desk.script.proof = lambda _: strange_holder._append()

    assert (await fault_of(desk.lookup())).code is Code.RECEIPT_NOT_IN_LEDGER


async def test_a_grant_that_is_not_the_receipts_is_refused(desk):
    desk.script.grant_changes = {"document": DocumentDigest(bytes(32), 5)}

    assert (await fault_of(desk.handover())).code is Code.RECEIPT_MISMATCH


async def test_a_receipt_of_a_lookup_answers_no_handover(desk):
    desk.script.receipt_changes = {"outcome": Outcome.ANNOUNCED, "document": None, "handover_id": None}

    assert (await fault_of(desk.handover())).code is Code.RECEIPT_MISMATCH


async def test_a_receipt_of_a_handover_answers_no_lookup(desk):
    desk.script.outcome = Outcome.DEFERRED
    desk.script.receipt_changes = {"outcome": Outcome.RENDERING}

    assert (await fault_of(desk.lookup())).code is Code.RECEIPT_MISMATCH


async def test_a_bundle_about_another_worker_is_refused(desk):
    body = []
    desk.script.raw = None
    original = desk.holder._answer

    def swapped(mandate, outcome, status, content, **fields):
        body.append(content)
        return original(mandate, outcome, status, content.replace(b"279035121518989", b"297022A02077878"), **fields)

    desk.holder._answer = swapped

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_MISBEHAVED
    assert "297022A02077878" not in str(fault)


# ---------------------------------------------------------------- refusals


async def test_a_refusal_gives_the_holders_code_and_words(desk):
    desk.script.outcome, desk.script.code = Outcome.REFUSED, Code.PRACTITIONER_PROFESSION

    answer = await desk.lookup()

    assert (answer.outcome, answer.code) == (Outcome.REFUSED, Code.PRACTITIONER_PROFESSION)
    assert answer.detail == "SPSTI Sud: refused (no, for a reason)"


async def test_a_refusal_for_time_says_how_far_the_clocks_are_apart(desk):
    desk.script.outcome, desk.script.code = Outcome.REFUSED, Code.MANDATE_EXPIRED
    desk.script.headers = {"Date": "Mon, 23 Nov 2026 12:00:00 GMT"}

    answer = await desk.lookup()

    differs = 1_795_435_200 - NOW
    assert f"the clock of SPSTI Sud differs from ours by {differs:+d} s" in answer.detail
    assert answer.peer_date == 1_795_435_200


async def test_a_date_that_is_none_is_left_out(desk):
    desk.script.outcome, desk.script.code = Outcome.REFUSED, Code.MANDATE_EXPIRED
    desk.script.headers = {"Date": "yesterday"}

    answer = await desk.lookup()

    assert answer.peer_date is None
    assert "clock" not in answer.detail


async def test_a_receipt_whose_code_is_not_the_bodys_is_refused(desk):
    desk.script.outcome, desk.script.code = Outcome.REFUSED, Code.PRACTITIONER_PROFESSION
    desk.script.receipt_changes = {"code": Code.PURPOSE_UNKNOWN}

    assert (await fault_of(desk.lookup())).code is Code.RECEIPT_MISMATCH


async def test_a_refusal_before_the_mandate_was_looked_at_needs_no_receipt(desk):
    desk.script.raw = an_outcome(403, Code.MEMBER_UNKNOWN)

    answer = await desk.lookup()

    assert (answer.outcome, answer.code, answer.receipt) == (Outcome.REFUSED, Code.MEMBER_UNKNOWN, None)


async def test_a_refusal_of_what_the_mandate_says_owes_a_receipt(desk):
    desk.script.raw = an_outcome(403, Code.PRACTITIONER_PROFESSION)

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.RECEIPT_MALFORMED
    assert "practitioner.profession" in fault.message


async def test_too_many_questions_says_when_to_come_back_and_whom_to_call(desk):
    desk.members.change(desk.member.id, contact="01 23 45 67 89")
    desk.script.raw = an_outcome(429, Code.LIMIT_EXCEEDED, Retry_After="3600")

    fault = await fault_of(desk.lookup())

    assert (fault.code, fault.retry_after) == (Code.LIMIT_EXCEEDED, 3600)
    assert "01 23 45 67 89" in fault.hint


async def test_a_ledger_that_cannot_be_written_there_is_told(desk):
    desk.script.raw = an_outcome(503, Code.LEDGER_UNAVAILABLE, Retry_After="soon")

    fault = await fault_of(desk.lookup())

    assert (fault.code, fault.retry_after) == (Code.LEDGER_UNAVAILABLE, None)


@pytest.mark.parametrize("seconds", ["-1", "1.5", "999999", "99999999", "", "soon"])
async def test_a_retry_after_that_is_none_counts_as_none(desk, seconds):
    desk.script.outcome, desk.script.retry_after = Outcome.DEFERRED, seconds

    assert (await desk.lookup()).retry_after is None


async def test_a_proxy_before_the_holder_that_says_502_makes_it_unavailable(desk):
    desk.script.raw = web.Response(status=502, body=b"<html>Bad Gateway</html>")

    assert (await fault_of(desk.lookup())).code is Code.PEER_UNAVAILABLE


async def test_a_failure_without_a_reason_is_misbehaviour(desk):
    desk.script.raw = web.Response(status=418, body=b"<html>teapot</html>")

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_MISBEHAVED
    assert "418" in fault.message


async def test_a_failure_with_an_outcome_without_code_is_unavailable_or_misbehaviour(desk):
    desk.script.raw = an_outcome(500, None)
    assert (await fault_of(desk.lookup())).code is Code.PEER_UNAVAILABLE

    desk.script.raw = an_outcome(400, None)
    assert (await fault_of(desk.lookup())).code is Code.PEER_MISBEHAVED


async def test_a_redirect_is_not_followed(desk):
    desk.script.raw = web.Response(status=307, headers={"Location": f"{desk.member.endpoint}/elsewhere"})

    fault = await fault_of(desk.lookup())

    assert fault.code is Code.PEER_MISBEHAVED
    assert "redirect" in fault.message
    assert desk.holder.paths == ["POST /fhir/DocumentReference/_search"]

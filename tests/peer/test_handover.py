"""The handover: decided again, spooled once, the same at every repetition, alive after a restart."""

import asyncio
import hashlib
from dataclasses import replace

import pytest

from connector.contract.adapter import AdapterError, Problem
from connector.core.evidence import DocumentDigest
from connector.core.ledger import EntryType
from connector.core.mandate import Kind
from connector.core.records import Opposition
from connector.holder.purge import purge_expired
from connector.wire import handover as handover_wire
from connector.wire.bearer import authorization
from tests.kit.holder_asserts import assert_lives_on, assert_outcome, assert_refused_with_receipt, house_notes
from tests.kit.holder_fakes import GIVEN, PDF, UNKNOWN_HERE, WORKER
from tests.kit.holder_house import a_house, a_line, opened_receipt
from tests.kit.state import INS, OTHER_INS, a_handover, an_announcement, an_id

DIGEST = DocumentDigest(hashlib.sha256(PDF).digest(), len(PDF))


async def post(house, line, announcement_id, **changes):
    """Ask for a handover; gives the reply with what its receipt must answer to."""
    demand = house.demand(Kind.HANDOVER, **({"announcement_id": announcement_id} | changes))
    compact = house.seal(demand)
    headers = {"Authorization": authorization(compact), "Content-Type": "application/json"}
    reply = await line.send("POST", "/handovers", headers, handover_wire.encode_request(announcement_id))
    return reply, compact, demand.lookup_id


async def assert_not_available(house, line, announcement_id, reason, **changes):
    reply, compact, lookup_id = await post(house, line, announcement_id, **changes)
    await assert_refused_with_receipt(
        house, reply, compact, lookup_id, status=404, code="handover.not_available", reason=reason
    )
    assert (await house.last()).type is EntryType.DECIDED
    await assert_lives_on(house, line)


async def test_a_handover_is_granted_with_the_digest_in_the_receipt_and_the_leaf(house, line):
    announcement_id = await line.announced()

    reply, compact, lookup_id = await post(house, line, announcement_id)

    assert reply.status == 201
    assert reply.header("Content-Type") == "application/json"
    grant = handover_wire.parse_grant(reply.body)
    assert (grant.document, grant.content_type) == (DIGEST, "application/pdf")
    assert grant.expires_at == house.clock.now() + 1800
    receipt = opened_receipt(house, reply, compact, lookup_id)
    assert (receipt.draft.outcome, receipt.draft.handover_id) == ("granted", grant.handover_id)
    assert receipt.draft.document == DIGEST
    entry = await house.last()
    assert (entry.type, entry.outcome, entry.document_sha256) == (EntryType.DECIDED, "granted", DIGEST.sha256)
    assert entry.ref == grant.handover_id


async def test_the_same_announcement_gives_the_same_handover_rendered_once(house, line):
    announcement_id = await line.announced()

    grants = [handover_wire.parse_grant((await post(house, line, announcement_id))[0].body) for _ in range(3)]

    assert len(set(grants)) == 1
    assert house.vendor.rendered == 1
    assert len(await house.entries(type=EntryType.DECIDED)) == 3


async def test_two_who_ask_at_once_share_one_rendering(house):
    house.vendor.gate = asyncio.Event()
    async with a_line(house) as one, a_line(house) as other:
        announcement_id = await one.announced()
        asked = [asyncio.create_task(post(house, line, announcement_id)) for line in (one, other)]
        for _ in range(3):  # one lookup, and both have decided again
            await house.vendor.looks_begun.get()
        house.vendor.gate.set()

        grants = [handover_wire.parse_grant((await task)[0].body) for task in asked]

    assert grants[0] == grants[1]
    assert house.vendor.rendered == 1


async def test_a_handover_survives_a_restart(house):
    async with a_line(house) as line:
        announcement_id = await line.announced()
        before = handover_wire.parse_grant((await post(house, line, announcement_id))[0].body)
    await house.restart()

    async with a_line(house) as line:
        after = handover_wire.parse_grant((await post(house, line, announcement_id))[0].body)
        document = await line.document(after)

    assert after == before
    assert document.body == PDF
    assert house.vendor.rendered == 1


async def test_an_announcement_survives_a_restart(house):
    async with a_line(house) as line:
        announcement_id = await line.announced()
    await house.restart()

    async with a_line(house) as line:
        assert (await post(house, line, announcement_id))[0].status == 201


async def test_a_slow_rendering_is_said_and_granted_later(tmp_path):
    async with a_house(tmp_path, hold_seconds=0.02) as house, a_line(house) as line:
        house.vendor.gate = asyncio.Event()
        announcement_id = await line.announced()

        reply, compact, lookup_id = await post(house, line, announcement_id)

        assert (reply.status, reply.body, reply.header("Retry-After")) == (202, b"", "2")
        receipt = opened_receipt(house, reply, compact, lookup_id)
        assert (receipt.draft.outcome, receipt.draft.document, receipt.draft.handover_id) == ("rendering", None, None)
        assert (await house.last()).outcome == "rendering"
        house.vendor.gate.set()
        while (reply := (await post(house, line, announcement_id))[0]).status == 202:
            pass
        assert reply.status == 201
        assert house.vendor.rendered == 1


async def test_a_rendering_goes_on_when_the_asker_has_left(house):
    house.vendor.gate = asyncio.Event()
    async with a_line(house) as line:
        announcement_id = await line.announced()
        waiting = asyncio.create_task(post(house, line, announcement_id))
        await house.vendor.renderings_begun.get()
        waiting.cancel()
    house.vendor.gate.set()

    async with a_line(house) as line:
        assert (await post(house, line, announcement_id))[0].status == 201
    assert house.vendor.rendered == 1


async def test_a_rendering_that_a_crash_cut_off_is_begun_again(house, line):
    issued = an_announcement(requester=house.asker.id, announcement=GIVEN.announcement)
    left = a_handover(announcement_id=issued.id, requester=house.asker.id)
    await line.announced()
    await house.state.holder.answer(entry=house.store.entries[-1], used=None, announcement=issued)
    await house.state.holder.spooling(left)
    # The copy was complete, and the crash came before the store knew it.
    writer = house.state.vault.create(left.id)
    writer.write(b"%PDF-1.4 of another time")
    await writer.finish()

    reply, _, _ = await post(house, line, issued.id)

    grant = handover_wire.parse_grant(reply.body)
    assert (grant.handover_id, grant.document) == (left.id, DIGEST)
    assert (await line.document(grant)).body == PDF


# ---------------------------------------------------------------- not available


async def test_an_unknown_announcement_is_not_available(house, line):
    await assert_not_available(house, line, an_id(), "announcement-unknown")


async def test_an_announcement_of_another_member_is_not_available(house, line):
    issued = an_announcement(requester=house.other.id)
    await line.lookup()
    await house.state.holder.answer(entry=house.store.entries[-1], used=None, announcement=issued)

    await assert_not_available(house, line, issued.id, "announcement-of-another-member")


async def test_an_announcement_ends_after_half_an_hour(house, line):
    announcement_id = await line.announced()
    house.clock.at += 1800

    await assert_not_available(house, line, announcement_id, "announcement-expired")


async def test_an_announcement_about_another_worker_is_not_available(house, line):
    announcement_id = await line.announced()

    await assert_not_available(
        house, line, announcement_id, "announcement-about-another-worker", worker=replace(WORKER, ins=OTHER_INS)
    )


@pytest.mark.parametrize(
    ("look", "reason"),
    [
        (replace(GIVEN, opposition=Opposition.YES), "opposed"),
        (replace(GIVEN, opposition=Opposition.UNKNOWN), "opposition_unknown"),
        (replace(GIVEN, announcement=None), "nothing_communicable"),
        (UNKNOWN_HERE, "no_local_worker"),
    ],
)
async def test_what_changed_since_the_lookup_is_decided_anew_and_told_as_one_answer(house, line, look, reason):
    announcement_id = await line.announced()
    house.vendor.looks = {INS: look}

    await assert_not_available(house, line, announcement_id, reason)
    assert house.vendor.rendered == 0


async def test_an_opposition_recorded_after_the_grant_stops_the_next_one(house, line):
    announcement_id = await line.announced()
    await post(house, line, announcement_id)
    house.vendor.looks = {INS: replace(GIVEN, opposition=Opposition.YES)}

    await assert_not_available(house, line, announcement_id, "opposed")


async def test_a_newer_version_is_said_to_have_changed(house, line):
    announcement_id = await line.announced()
    house.vendor.looks = {INS: replace(GIVEN, announcement=replace(GIVEN.announcement, version="4"))}

    reply, compact, lookup_id = await post(house, line, announcement_id)

    await assert_refused_with_receipt(house, reply, compact, lookup_id, status=409, code="document.changed")
    await assert_lives_on(house, line)


async def test_a_version_that_is_gone_when_it_is_read_is_said_to_have_changed(house, line):
    announcement_id = await line.announced()
    house.vendor.pieces = [AdapterError(Problem.DOCUMENT_GONE)]

    reply, compact, lookup_id = await post(house, line, announcement_id)

    await assert_refused_with_receipt(house, reply, compact, lookup_id, status=409, code="document.changed")


# ---------------------------------------------------------------- what was sent is wrong


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"", "application/json", "request.malformed"),
        (b"[]", "application/json", "request.malformed"),
        (b'{"announcement_id":"x"}', "application/json", "request.malformed"),
        (b'{"announcement_id":1}', "application/json", "request.malformed"),
        (b'{"announcement_id":"' + b"0" * 32 + b'"}', "application/json", "request.malformed"),
        (b"{" * 2000, "application/json", "request.too_large"),
        (b"{}", "text/plain", "request.not_supported"),
    ],
    ids=["empty", "array", "no id", "a number", "another announcement", "long", "type"],
)
async def test_a_malformed_handover_request_is_refused_with_a_receipt(house, line, body, content_type, code):
    demand = house.demand(Kind.HANDOVER, announcement_id=an_id())
    compact = house.seal(demand)

    headers = {"Authorization": authorization(compact), "Content-Type": content_type}
    reply = await line.send("POST", "/handovers", headers, body)

    await assert_refused_with_receipt(house, reply, compact, demand.lookup_id, status=400, code=code)
    await assert_lives_on(house, line)


async def test_a_handover_mandate_is_used_once(house, line):
    announcement_id = await line.announced()
    demand = house.demand(Kind.HANDOVER, announcement_id=announcement_id)
    compact = house.seal(demand)
    headers = {"Authorization": authorization(compact), "Content-Type": "application/json"}
    body = handover_wire.encode_request(announcement_id)
    assert (await line.send("POST", "/handovers", headers, body)).status == 201

    reply = await line.send("POST", "/handovers", headers, body)

    await assert_refused_with_receipt(house, reply, compact, demand.lookup_id, status=401, code="mandate.replayed")


async def test_a_probe_cannot_take_a_workers_announcement(house, line):
    announcement_id = await line.announced()

    reply = await line.handover(announcement_id, probe=True)

    assert_outcome(reply, 404, "handover.not_available")
    assert house.vendor.rendered == 0


# ---------------------------------------------------------------- the document cannot be had


@pytest.mark.parametrize(
    ("pieces", "code"),
    [
        ([], "document.empty"),
        ([b""], "document.empty"),
        ([b"%PD"], "document.not_pdf"),
        ([b"<html>"], "document.not_pdf"),
        ([b"%PDF", b"_"], "document.not_pdf"),
        ([b"%PDF-1.7 ", b"x" * 2000], "document.too_large"),
        ([b"%PDF-1.7", RuntimeError("of 279035121518989")], "adapter.failed"),
        ([b"%PDF-1.7", "text"], "adapter.contract"),
    ],
    ids=["nothing", "empty", "short", "html", "almost", "too large", "raises", "no bytes"],
)
async def test_a_document_that_may_not_leave_is_told_as_could_not_look(tmp_path, pieces, code):
    async with a_house(tmp_path, max_document_bytes=2000) as house, a_line(house) as line:
        announcement_id = await line.announced()
        house.vendor.pieces = pieces

        reply, compact, lookup_id = await post(house, line, announcement_id)

        assert_outcome(reply, 503, None)
        receipt = opened_receipt(house, reply, compact, lookup_id)
        assert receipt.draft.outcome == "could_not_look"
        entry = await house.last()
        assert (entry.type, entry.outcome, entry.reason) == (EntryType.DECIDED, "could_not_look", code)
        (note,) = await house_notes(house, EntryType.ADAPTER_FAULT)
        assert (note.reason, note.peer, note.ref) == (code, house.asker.id, announcement_id)
        assert house.state.vault.ids() == []
        house.vendor.pieces = [PDF[:500]]
        assert (await post(house, line, announcement_id))[0].status == 201


async def test_a_handover_that_ends_while_it_is_rendered_is_refused_with_a_receipt(house, line):
    announcement_id = await line.announced()
    house.vendor.gate = asyncio.Event()
    asked = asyncio.create_task(post(house, line, announcement_id))
    await house.vendor.renderings_begun.get()
    house.clock.at += 1800
    assert await purge_expired(house.state.holder, house.state.vault, house.clock) == 1
    house.vendor.gate.set()

    reply, compact, lookup_id = await asked

    await assert_refused_with_receipt(house, reply, compact, lookup_id, status=404, code="handover.not_available")
    assert house.state.vault.ids() == []


async def test_a_document_of_another_kind_is_not_handed_over(house, line):
    house.vendor.looks = {INS: replace(GIVEN, announcement=replace(GIVEN.announcement, content_type="text/xml"))}
    issued = an_announcement(requester=house.asker.id, announcement=house.vendor.looks[INS].announcement)
    await line.lookup(house.probe())
    await house.state.holder.answer(entry=house.store.entries[-1], used=None, announcement=issued)

    reply, _, _ = await post(house, line, issued.id)

    assert_outcome(reply, 503, None)
    assert (await house.last()).reason == "adapter.contract"
    assert house.vendor.rendered == 0


async def test_a_document_that_never_comes_is_left_after_its_time(tmp_path):
    async with a_house(tmp_path, render_seconds=0.02) as house, a_line(house) as line:
        house.vendor.gate = asyncio.Event()
        announcement_id = await line.announced()

        reply, _, _ = await post(house, line, announcement_id)

        assert_outcome(reply, 503, None)
        assert (await house.last()).reason == "adapter.timeout"
        house.vendor.gate.set()


async def test_a_rendering_that_failed_later_is_told_to_the_next_who_asks(tmp_path):
    async with a_house(tmp_path, hold_seconds=0.01) as house, a_line(house) as line:
        house.vendor.gate = asyncio.Event()
        house.vendor.pieces = [b"<html>"]
        announcement_id = await line.announced()
        assert (await post(house, line, announcement_id))[0].status == 202
        house.vendor.gate.set()

        while (reply := (await post(house, line, announcement_id))[0]).status == 202:
            pass

        assert_outcome(reply, 503, None)
        assert (await house.last()).reason == "document.not_pdf"
        assert house.vendor.rendered == 1


async def test_an_adapter_that_fails_when_it_is_asked_again_gives_nothing(house, line):
    announcement_id = await line.announced()
    house.vendor.looks[INS] = RuntimeError()

    assert_outcome((await post(house, line, announcement_id))[0], 503, None)
    assert (await house.last()).type is EntryType.DECIDED


@pytest.mark.parametrize("operation", ["decide", "spooling", "spooled", "receipt_issued"])
async def test_no_grant_leaves_when_the_state_cannot_be_written(house, line, operation):
    announcement_id = await line.announced()
    house.store.failing = {operation}

    reply, _, _ = await post(house, line, announcement_id)

    assert_outcome(reply, 503, "ledger.unavailable")
    assert reply.header("DMST-Receipt") is None
    house.store.failing = set()
    assert (await post(house, line, announcement_id))[0].status == 201


async def test_what_is_rendered_at_the_stop_begins_again_after_the_start(house):
    house.vendor.gate = asyncio.Event()
    async with a_line(house) as line:
        announcement_id = await line.announced()
        task = asyncio.create_task(post(house, line, announcement_id))
        await house.vendor.renderings_begun.get()
        task.cancel()
    await house.restart()
    house.vendor.gate.set()

    async with a_line(house) as line:
        assert (await post(house, line, announcement_id))[0].status == 201
    assert house.vendor.rendered == 2

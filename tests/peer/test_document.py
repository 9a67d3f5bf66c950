"""The bytes of a document: recorded before the first one, in ranges, cut when they must be, ended in the ledger."""

import asyncio
import hashlib
import json
from dataclasses import replace

import pytest

from connector.core.directory import MemberStatus
from connector.core.ledger import EntryType
from connector.core.mandate import Kind
from connector.crypto.keys import x5t_s256
from connector.wire.bearer import authorization
from connector.wire.digest import repr_digest
from connector.wire.handover import Grant, parse_grant
from tests.kit.holder_asserts import assert_lives_on, assert_refused_without_receipt
from tests.kit.holder_fakes import PDF
from tests.kit.holder_house import PRACTITIONER, a_house, a_line
from tests.kit.state import an_id

BIG = [b"%PDF-1.7\n", *([bytes(1024 * 1024)] * 48)]
BIG_SIZE = sum(map(len, BIG))


async def ends(house) -> list[tuple]:
    found = await house.entries(type=EntryType.END)
    return [(entry.outcome, entry.personal["offset"], entry.personal["bytes"]) for entry in found]


async def releases(house) -> list[EntryType]:
    kinds = {EntryType.RELEASE, EntryType.RESUME, EntryType.END}
    return [entry.type for entry in await house.entries() if entry.type in kinds]


async def test_a_document_arrives_with_its_digest(house, line):
    grant, _ = await line.granted()

    reply = await line.document(grant)

    assert (reply.status, reply.body) == (200, PDF)
    assert reply.header("Content-Type") == "application/pdf"
    assert reply.header("Content-Length") == str(len(PDF))
    assert reply.header("Repr-Digest") == repr_digest(hashlib.sha256(PDF).digest())
    assert reply.header("Cache-Control") == "no-store"
    assert reply.header("Server") is None
    assert reply.header("DMST-Receipt") is None


async def test_a_release_stands_in_the_ledger_and_then_its_end(house, line):
    grant, _ = await line.granted()
    compact = line.read_mandate(grant)

    await line.document(grant, compact=compact)
    await house.ears.next("handover_ended")
    await line.lookup(house.probe())

    assert await releases(house) == [EntryType.RELEASE, EntryType.END]
    (release,) = await house.entries(type=EntryType.RELEASE)
    assert release.mandate_sha256 == hashlib.sha256(compact).digest()
    assert (release.document_sha256, release.ref) == (grant.document.sha256, grant.handover_id)
    assert await ends(house) == [("complete", 0, len(PDF))]
    traces = [t.action for t, _ in await house.state.traces.due_traces(house.clock.now())]
    assert sorted(traces) == ["handed-over", "looked-up"]


async def test_no_byte_of_a_document_leaves_before_its_release_is_durable(house, line):
    grant, _ = await line.granted()
    house.store.failing = {"release"}

    reply = await line.document(grant)

    assert (reply.status, PDF[:100] in reply.body) == (503, False)
    assert await releases(house) == []
    house.store.failing = set()
    assert (await line.document(grant)).body == PDF


# ---------------------------------------------------------------- ranges


async def test_a_range_gives_the_rest_and_is_a_resume(house, line):
    grant, _ = await line.granted()
    await line.document(grant)
    await house.ears.next("handover_ended")

    reply = await line.document(grant, Range="bytes=100-")

    assert (reply.status, reply.body) == (206, PDF[100:])
    assert reply.header("Content-Range") == f"bytes 100-{len(PDF) - 1}/{len(PDF)}"
    assert reply.header("Repr-Digest") == repr_digest(hashlib.sha256(PDF).digest())
    await house.ears.next("handover_ended")
    await line.lookup(house.probe())
    assert await releases(house) == [EntryType.RELEASE, EntryType.END, EntryType.RESUME, EntryType.END]
    assert (await ends(house))[-1] == ("complete", 100, len(PDF) - 100)


async def test_a_first_range_is_the_release(house, line):
    grant, _ = await line.granted()

    reply = await line.document(grant, Range="bytes=5-")

    assert (reply.status, reply.body) == (206, PDF[5:])
    assert (await releases(house))[0] is EntryType.RELEASE


async def test_a_range_from_the_beginning_is_partial_content_of_everything(house, line):
    grant, _ = await line.granted()

    reply = await line.document(grant, Range="bytes=0-")

    assert (reply.status, reply.body) == (206, PDF)
    assert reply.header("Content-Range") == f"bytes 0-{len(PDF) - 1}/{len(PDF)}"


async def test_a_resume_survives_a_restart(house):
    async with a_line(house) as line:
        grant, _ = await line.granted()
        await line.document(grant)
    await house.restart()

    async with a_line(house) as line:
        assert (await line.document(grant, Range="bytes=9-")).body == PDF[9:]
    assert EntryType.RESUME in await releases(house)


@pytest.mark.parametrize(
    "value", ["bytes=1-5", "bytes=-5", "bytes=0-1,5-6", "items=0-", "bytes=", "bytes=x-", "bytes = 0-", "bytes=01-"]
)
async def test_another_form_of_range_is_refused(house, line, value):
    grant, _ = await line.granted()

    reply = await line.document(grant, Range=value)

    await assert_refused_without_receipt(house, reply, status=400, code="request.malformed")
    assert await releases(house) == []
    await assert_lives_on(house, line)


async def test_a_range_behind_the_end_cannot_be_satisfied(house, line):
    grant, _ = await line.granted()

    reply = await line.document(grant, Range=f"bytes={len(PDF)}-")

    await assert_refused_without_receipt(house, reply, status=416, code="request.malformed")
    assert reply.header("Content-Range") == f"bytes */{len(PDF)}"
    await assert_lives_on(house, line)


async def test_two_range_headers_are_refused(house, line):
    grant, _ = await line.granted()
    headers = [("Authorization", authorization(line.read_mandate(grant))), ("Range", "bytes=1-"), ("Range", "bytes=2-")]

    reply = await line.send("GET", f"/fhir/Binary/{grant.handover_id}", headers)

    await assert_refused_without_receipt(house, reply, status=400, code="request.malformed")
    await assert_lives_on(house, line)


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize("accept", ["application/fhir+json", "application/json, text/html"])
async def test_a_document_is_not_wrapped_in_json(house, line, accept):
    grant, _ = await line.granted()

    reply = await line.document(grant, Accept=accept)

    await assert_refused_without_receipt(house, reply, status=406, code="request.not_supported")
    await assert_lives_on(house, line)


@pytest.mark.parametrize("accept", ["*/*", "text/html, application/*;q=0.5", "application/pdf; q=1"])
async def test_an_accept_that_allows_pdf_is_enough(house, line, accept):
    grant, _ = await line.granted()

    assert (await line.document(grant, Accept=accept)).status == 200


async def assert_no_document(house, line, reply, status=404, code="handover.not_available"):
    await assert_refused_without_receipt(house, reply, status=status, code=code)
    assert await releases(house) == []
    await assert_lives_on(house, line)


async def test_an_unknown_handover_gives_no_document(house, line):
    grant, _ = await line.granted()
    unknown = replace(grant, handover_id=an_id())

    await assert_no_document(house, line, await line.document(unknown))


async def test_a_handover_ends_after_half_an_hour(house, line):
    grant, _ = await line.granted()
    house.clock.at += 1800

    await assert_no_document(house, line, await line.document(grant))


async def test_a_mandate_for_another_document_gives_none(house, line):
    grant, _ = await line.granted()
    compact = line.read_mandate(grant, document_sha256=bytes(32))

    await assert_no_document(house, line, await line.document(grant, compact=compact))


async def test_a_mandate_for_another_handover_gives_none(house, line):
    grant, _ = await line.granted()
    compact = line.read_mandate(grant, handover_id=an_id())

    await assert_no_document(house, line, await line.document(grant, compact=compact), 400, "request.malformed")


async def test_another_member_cannot_read_what_was_handed_to_one(house, line):
    grant, _ = await line.granted()
    async with a_line(house, house.other_leaf) as other:
        demand = house.demand(
            Kind.READ,
            issuer=house.other.id,
            handover_id=grant.handover_id,
            document_sha256=grant.document.sha256,
        )
        compact = house.seal(demand, signer=house.other.signer, x5t=x5t_s256(house.other_leaf.der))

        reply = await other.document(grant, compact=compact)

        await assert_refused_without_receipt(house, reply, status=404, code="handover.not_available")
    assert await releases(house) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"now": -400}, "mandate.expired"),
        ({"x5t": "A" * 43}, "mandate.certificate"),
    ],
)
async def test_a_read_mandate_that_does_not_hold_gives_no_document(house, line, changes, code):
    grant, _ = await line.granted()
    demand = house.demand(Kind.READ, handover_id=grant.handover_id, document_sha256=grant.document.sha256)
    changes = {key: house.clock.now() + value if key == "now" else value for key, value in changes.items()}

    reply = await line.document(grant, compact=house.seal(demand, **changes))

    await assert_no_document(house, line, reply, 401, code)


async def test_a_read_mandate_is_used_once(house, line):
    grant, _ = await line.granted()
    compact = line.read_mandate(grant)
    await line.document(grant, compact=compact)

    reply = await line.document(grant, compact=compact)

    await assert_refused_without_receipt(house, reply, status=401, code="mandate.replayed")
    await assert_lives_on(house, line)


async def test_a_lookup_mandate_reads_no_document(house, line):
    grant, _ = await line.granted()

    reply = await line.document(grant, compact=house.seal(house.demand()))

    await assert_no_document(house, line, reply, 401, "mandate.kind")


async def test_a_practitioner_who_may_not_read_reads_no_document(house, line):
    grant, _ = await line.granted()
    other = replace(PRACTITIONER, profession=replace(PRACTITIONER.profession, code="21"))

    reply = await line.document(grant, compact=line.read_mandate(grant, practitioner=other))

    await assert_no_document(house, line, reply, 403, "practitioner.profession")


async def test_a_probe_reads_no_workers_document(house, line):
    grant, _ = await line.granted()

    await assert_no_document(house, line, await line.document(grant, compact=line.read_mandate(grant, probe=True)))

    assert (await line.document(grant)).body == PDF
    traces = [trace.action for trace, _ in await house.state.traces.due_traces(house.clock.now())]
    assert sorted(traces) == ["handed-over", "looked-up"]


async def test_a_copy_that_is_gone_from_the_vault_is_not_available(house, line):
    grant, _ = await line.granted()
    await house.state.vault.delete(grant.handover_id)

    await assert_no_document(house, line, await line.document(grant))


async def test_a_damaged_copy_is_found_before_anything_is_recorded_as_given(house, line, tmp_path):
    grant, _ = await line.granted()
    path = next(tmp_path.rglob(grant.handover_id))
    path.write_bytes(path.read_bytes()[:-20] + bytes(20))

    reply = await line.document(grant)

    assert reply.status == 503
    assert house.ears.of("ledger_failed") == [["vault.damaged"]]
    assert await releases(house) == []
    await assert_lives_on(house, line)


async def test_a_body_where_none_belongs_is_refused(house, line):
    grant, _ = await line.granted()
    headers = {"Authorization": authorization(line.read_mandate(grant))}

    reply = await line.send("GET", f"/fhir/Binary/{grant.handover_id}", headers, b"{}")

    await assert_no_document(house, line, reply, 400, "request.malformed")


# ---------------------------------------------------------------- transfers that do not end well


async def begun(house, line) -> Grant:
    """A transfer of a big document, of which the first piece has arrived and nobody reads on."""
    house.vendor.pieces = BIG
    grant, _ = await line.granted()
    line.ask_document(grant)
    head = await line.read_head()
    assert (head.status, head.header("Content-Length")) == (200, str(BIG_SIZE))
    assert (await line.reader.readexactly(9)) == BIG[0]
    return grant


async def test_a_peer_that_leaves_in_the_middle_has_its_transfer_ended_as_aborted(house):
    async with a_line(house) as line:
        grant = await begun(house, line)

    handover_id, member, sent, complete = await house.ears.next("handover_ended")

    assert (handover_id, member, complete) == (grant.handover_id, house.asker.id, False)
    async with a_line(house) as again:
        await assert_lives_on(house, again)
    assert await ends(house) == [("aborted", 0, sent)]
    assert 0 < sent < BIG_SIZE


async def test_a_peer_that_does_not_read_costs_no_more_than_its_sockets_hold(house):
    async with a_line(house) as line:
        await begun(house, line)

    _, _, sent, _ = await house.ears.next("handover_ended")

    assert sent < 16 * 1024 * 1024


@pytest.mark.parametrize("tell", [True, False], ids=["by the change", "by the next look at the directory"])
async def test_a_member_that_is_suspended_receives_no_further_piece(house, line, tell):
    await begun(house, line)

    house.members.change(house.asker.id, tell=tell, status=MemberStatus.SUSPENDED)

    got = 0
    try:
        while piece := await line.reader.read(1024 * 1024):
            got += len(piece)
    except ConnectionError:
        pass
    assert got < BIG_SIZE - 9
    _, _, sent, complete = await house.ears.next("handover_ended")
    assert (complete, sent < BIG_SIZE) == (False, True)
    (entry,) = await house.entries(type=EntryType.END)
    assert entry.outcome == "aborted"


async def test_a_peer_that_takes_nothing_for_too_long_is_cut_off(tmp_path):
    async with a_house(tmp_path, server={"slow_client_seconds": 0.1}) as house, a_line(house) as line:
        await begun(house, line)

        _, _, sent, complete = await house.ears.next("handover_ended")

        assert (complete, sent < BIG_SIZE) == (False, True)


async def test_a_copy_that_is_damaged_further_on_is_cut_where_it_is(house, line, tmp_path):
    house.vendor.pieces = BIG
    grant, _ = await line.granted()
    path = next(tmp_path.rglob(grant.handover_id))
    with path.open("r+b") as file:
        file.seek(20 * 1024 * 1024)
        file.write(b"\x00" * 64)

    line.ask_document(grant)
    got = b""
    try:
        while piece := await line.reader.read(1024 * 1024):
            got += piece
    except ConnectionError:
        pass

    assert len(got) < 21 * 1024 * 1024
    assert house.ears.of("ledger_failed") == [["vault.damaged"]]
    _, _, _, complete = await house.ears.next("handover_ended")
    assert complete is False


async def test_a_transfer_that_was_cut_is_completed_by_ranges(house):
    async with a_line(house) as line:
        grant = await begun(house, line)
    await house.ears.next("handover_ended")
    got = hashlib.sha256(BIG[0])
    async with a_line(house) as line:
        reply = await line.document(grant, Range="bytes=9-")
    got.update(reply.body)

    assert got.digest() == grant.document.sha256


async def test_an_end_that_cannot_be_written_is_told_and_the_service_lives_on(house, line):
    grant, _ = await line.granted()
    house.store.failing = {"end"}

    assert (await line.document(grant)).body == PDF
    assert await house.ears.next("ledger_failed") == ("ledger.unavailable",)
    assert await releases(house) == [EntryType.RELEASE]
    house.store.failing = set()
    await assert_lives_on(house, line)


async def test_a_peer_that_leaves_while_its_release_is_recorded_received_nothing(house):
    async with a_line(house) as line:
        grant, _ = await line.granted()
        recording, gate = house.store.held["release"] = (asyncio.Event(), asyncio.Event())
        line.ask_document(grant)
        await recording.wait()
    gate.set()

    _, _, sent, complete = await house.ears.next("handover_ended")

    assert (sent, complete) == (0, False)
    async with a_line(house) as again:
        await assert_lives_on(house, again)
    assert await ends(house) == [("aborted", 0, 0)]


# ---------------------------------------------------------------- the probe


async def test_a_probe_goes_the_whole_way_about_nobody(house, line):
    reply = await line.lookup(house.probe())
    resource = json.loads(reply.body)["entry"][0]["resource"]
    assert "subject" not in resource
    granted = await line.handover(resource["id"], probe=True)
    grant = parse_grant(granted.body)

    document = await line.document(grant, compact=line.read_mandate(grant, probe=True))

    assert document.body.startswith(b"%PDF-")
    assert b"ESSAI" in document.body
    await house.ears.next("handover_ended")
    await line.lookup(house.probe())
    assert (house.vendor.looked, house.vendor.rendered) == (0, 0)
    assert await house.state.traces.due_traces(house.clock.now()) == []
    assert {ins for entry in await house.entries() for ins in entry.workers} == set()

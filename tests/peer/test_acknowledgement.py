"""The acknowledgement: verified, kept once, told apart from another result; the last word of a suspended member."""

import pytest

from connector.core.codes import Code
from connector.core.directory import MemberStatus
from connector.core.evidence import AckResult, DocumentDigest
from connector.core.ledger import EntryType, Proof, Tree
from connector.core.merkle import leaf_hash
from connector.crypto.notes import NoteSigner
from connector.wire import checkpoint
from connector.wire.checkpoint import Checkpoint, Origin
from tests.kit.holder_asserts import assert_lives_on, assert_refused_without_receipt, house_notes
from tests.kit.holder_house import a_line, an_ack_of
from tests.kit.state import an_id


def proof_of(party) -> Proof:
    """A leaf of that member's own exchange ledger, under a checkpoint that it signed."""
    leaf = leaf_hash(b"arrived")
    origin = Origin(party.id, Tree.EXCHANGE, 1)
    note = checkpoint.seal(Checkpoint(origin, 1, leaf), NoteSigner(str(origin), party.ledger_signer.key))
    return Proof(Tree.EXCHANGE, 0, leaf, (), 1, note)


@pytest.fixture
async def handed_over(house, line):
    """A document that was granted and sent whole."""
    grant, reply = await line.granted()
    await line.document(grant)
    await house.ears.next("handover_ended")
    return grant, reply


async def test_an_acknowledgement_is_kept_with_its_house_entry(house, line, handed_over):
    draft = an_ack_of(house, *handed_over)

    reply = await line.acknowledge(draft, proof_of(house.asker))

    assert (reply.status, reply.body) == (204, b"")
    (entry,) = await house_notes(house, EntryType.ACKNOWLEDGED)
    assert (entry.outcome, entry.reason, entry.ref) == ("verified", None, draft.handover_id)
    assert entry.personal["ack"].count(".") == 2
    assert house.ears.of("acknowledged") == [[draft.handover_id, house.asker.id, True]]
    await assert_lives_on(house, line)


async def test_a_rejection_is_kept_with_its_code(house, line, handed_over):
    received = DocumentDigest(bytes(32), 17)
    draft = an_ack_of(house, *handed_over, result=AckResult.REJECTED, code=Code.DOCUMENT_DIGEST, received=received)

    assert (await line.acknowledge(draft, proof_of(house.asker))).status == 204
    (entry,) = await house_notes(house, EntryType.ACKNOWLEDGED)
    assert (entry.outcome, entry.reason) == ("rejected", "document.digest")


async def test_the_same_acknowledgement_again_is_as_welcome_and_kept_once(house, line, handed_over):
    draft = an_ack_of(house, *handed_over)
    await line.acknowledge(draft, proof_of(house.asker))

    assert (await line.acknowledge(draft, proof_of(house.asker))).status == 204
    assert len(await house_notes(house, EntryType.ACKNOWLEDGED)) == 1


async def test_another_result_than_before_is_a_conflict(house, line, handed_over):
    await line.acknowledge(an_ack_of(house, *handed_over), proof_of(house.asker))
    other = an_ack_of(house, *handed_over, result=AckResult.REJECTED, code=Code.DOCUMENT_SIZE)

    reply = await line.acknowledge(other, proof_of(house.asker))

    await assert_refused_without_receipt_as(house, reply, 409, "request.malformed", "ack.mismatch")
    assert len(await house_notes(house, EntryType.ACKNOWLEDGED)) == 1
    await assert_lives_on(house, line)


async def assert_refused_without_receipt_as(house, reply, status, shown, code):
    """Codes of acknowledgements are not the protocol's: a peer sees the nearest of those, our log the very one."""
    assert house.ears.of("refused")[-1][0] == code
    house.ears.heard[-1] = ("refused", shown)
    await assert_refused_without_receipt(house, reply, status=status, code=shown)


@pytest.mark.parametrize(
    ("changes", "path_id", "status", "code"),
    [
        ({}, an_id(), 409, "ack.mismatch"),
        ({"audience": "other"}, None, 409, "ack.mismatch"),
        ({"receipt_sha256": bytes(32)}, None, 409, "ack.mismatch"),
        ({"received": DocumentDigest(bytes(32), 17)}, None, 409, "ack.mismatch"),
        ({"handover_id": an_id()}, None, 404, "handover.not_available"),
    ],
    ids=["another path", "another audience", "another receipt", "other bytes", "unknown handover"],
)
async def test_an_acknowledgement_of_something_else_is_refused(
    house, line, handed_over, changes, path_id, status, code
):
    changes = {k: house.other.id if v == "other" else v for k, v in changes.items()}

    reply = await line.acknowledge(an_ack_of(house, *handed_over, **changes), proof_of(house.asker), path_id)

    shown = "request.malformed" if code.startswith("ack.") else code
    await assert_refused_without_receipt_as(house, reply, status, shown, code)
    assert await house_notes(house, EntryType.ACKNOWLEDGED) == []
    await assert_lives_on(house, line)


async def test_an_acknowledgement_by_another_key_is_refused(house, line, handed_over):
    reply = await line.acknowledge(an_ack_of(house, *handed_over), proof_of(house.asker), signer=house.other.signer)

    await assert_refused_without_receipt_as(house, reply, 400, "request.malformed", "ack.signature")


async def test_an_acknowledgement_under_another_members_checkpoint_is_refused(house, line, handed_over):
    reply = await line.acknowledge(an_ack_of(house, *handed_over), proof_of(house.other))

    await assert_refused_without_receipt_as(house, reply, 400, "request.malformed", "ack.signature")


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"no token", "application/jose", 400, "ack.malformed"),
        (b"", "application/jose", 400, "ack.malformed"),
        (b"a.b.c", "application/json", 415, "request.not_supported"),
    ],
)
async def test_what_is_no_acknowledgement_is_refused(house, line, handed_over, body, content_type, status, code):
    path = f"/handovers/{handed_over[0].handover_id}/ack"

    reply = await line.send("POST", path, {"Content-Type": content_type}, body)

    shown = "request.malformed" if code.startswith("ack.") else code
    await assert_refused_without_receipt_as(house, reply, status, shown, code)
    await assert_lives_on(house, line)


async def test_a_document_that_was_not_sent_cannot_be_acknowledged(house, line):
    grant, reply = await line.granted()

    answer = await line.acknowledge(an_ack_of(house, grant, reply), proof_of(house.asker))

    await assert_refused_without_receipt_as(house, answer, 409, "request.malformed", "ack.mismatch")


async def test_an_acknowledgement_that_cannot_be_kept_must_come_again(house, line, handed_over):
    house.store.failing = {"acknowledge"}
    draft = an_ack_of(house, *handed_over)

    assert (await line.acknowledge(draft, proof_of(house.asker))).status == 503
    house.store.failing = set()
    assert (await line.acknowledge(draft, proof_of(house.asker))).status == 204


@pytest.mark.parametrize(("days", "status"), [(0, 204), (7, 204), (8, 403)])
async def test_a_suspended_member_may_acknowledge_for_seven_days(house, line, handed_over, days, status):
    draft = an_ack_of(house, *handed_over)
    since = house.clock.now()
    house.members.change(house.asker.id, status=MemberStatus.SUSPENDED, status_since=since)
    house.clock.at += days * 86_400

    async with a_line(house) as again:
        assert (await again.lookup()).status == 403
        reply = await again.acknowledge(draft, proof_of(house.asker))

    assert reply.status == status


async def test_a_member_whose_suspension_has_no_date_may_not_acknowledge(house, line, handed_over):
    house.members.change(house.asker.id, status=MemberStatus.SUSPENDED)

    async with a_line(house) as again:
        assert (await again.acknowledge(an_ack_of(house, *handed_over), proof_of(house.asker))).status == 403

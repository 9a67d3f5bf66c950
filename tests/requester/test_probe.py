"""The probe: four exchanges about nobody."""

from dataclasses import replace

import pytest

from connector.core.coded import PURPOSE_PROBE
from connector.core.codes import Code
from connector.core.errors import DocumentRejected, LocalRefused, PeerFault
from connector.core.evidence import AckResult, DocumentDigest
from connector.core.ledger import EntryType
from connector.core.mandate import Kind
from connector.core.members import MemberId
from tests.kit.holder_fakes import PDF
from tests.kit.requester_office import A


async def test_a_probe_does_the_four_exchanges_about_nobody(office):
    office.a.handovers = [office.a.waits()]

    result = await office.errands.probe(A)

    assert [demand.kind for demand in office.a.asked] == [Kind.LOOKUP, Kind.HANDOVER, Kind.HANDOVER, Kind.READ]
    for demand in office.a.asked:
        assert demand.purpose == PURPOSE_PROBE
        assert (demand.worker, demand.practitioner, demand.information, demand.follow_up) == (None, None, None, None)
    assert result.document == office.a.digest
    assert list(result.steps_ms) == ["lookup", "handover", "document", "acknowledgement"]
    ((ack, _),) = office.a.acks
    assert ack.result is AckResult.VERIFIED


async def test_a_probe_is_in_the_ledger_and_leaves_nothing_in_the_vault(office):
    await office.errands.probe(A)

    assert await office.types() == ["asked", "arrived"]
    (arrived,) = await office.entries(EntryType.ARRIVED)
    assert (arrived.outcome, arrived.document_sha256, arrived.workers) == ("verified", office.a.digest.sha256, ())
    assert office.state.vault.ids() == []


async def test_a_probes_document_of_another_digest_is_rejected_on_both_sides(office):
    office.a.promised = DocumentDigest(bytes(32), len(PDF))

    with pytest.raises(DocumentRejected) as raised:
        await office.errands.probe(A)

    assert raised.value.code is Code.DOCUMENT_DIGEST
    ((ack, _),) = office.a.acks
    assert (ack.result, ack.code) == (AckResult.REJECTED, Code.DOCUMENT_DIGEST)
    (arrived,) = await office.entries(EntryType.ARRIVED)
    assert (arrived.outcome, arrived.reason) == ("rejected", "document.digest")


async def test_a_probes_document_offered_otherwise_is_rejected(office):
    office.a.cuts = [DocumentRejected("other bytes", code=Code.DOCUMENT_SIZE)]

    with pytest.raises(DocumentRejected):
        await office.errands.probe(A)


@pytest.mark.parametrize(
    "script",
    [
        {"day": None},
        {"lookups": [PeerFault("down", code=Code.PEER_UNREACHABLE)]},
        {"cuts": [PeerFault("gone", code=Code.HANDOVER_NOT_AVAILABLE)]},
    ],
)
async def test_a_probe_that_fails_says_so(office, script):
    for name, value in script.items():
        setattr(office.a, name, value)

    with pytest.raises(PeerFault):
        await office.errands.probe(A)

    assert await office.types() == ["asked"]


async def test_a_probe_whose_handover_is_refused_gives_the_code(office):
    office.a.handovers = [office.a.refused(Code.LIMIT_EXCEEDED)]

    with pytest.raises(PeerFault) as raised:
        await office.errands.probe(A)

    assert raised.value.code is Code.LIMIT_EXCEEDED


async def test_a_probe_granted_without_a_document_is_misbehaviour(office):
    office.a.handovers = [replace(office.a.granted(), document=None)]

    with pytest.raises(PeerFault) as raised:
        await office.errands.probe(A)

    assert raised.value.code is Code.PEER_MISBEHAVED


async def test_a_stranger_is_not_probed(office):
    with pytest.raises(LocalRefused):
        await office.errands.probe(MemberId("318751275100111"))

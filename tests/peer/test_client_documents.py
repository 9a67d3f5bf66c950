"""The document as the client takes it, and what it says of it afterwards."""

import re

import pytest
from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import DocumentRejected, PeerFault
from connector.core.evidence import DocumentDigest
from tests.kit.holder_fakes import PDF
from tests.kit.peer_desk import (
    IMPATIENT,
    an_ack,
    fault_of,
    our_proof,
)

# ---------------------------------------------------------------- the document


async def test_a_document_refused_gives_the_code(desk):
    granted = await desk.granted()
    desk.script.document_status, desk.script.code = 404, Code.HANDOVER_NOT_AVAILABLE

    assert (await fault_of(desk.read(granted))).code is Code.HANDOVER_NOT_AVAILABLE


BAD_DOCUMENTS = {
    "another type": ({"document_headers": {"Content-Type": "text/html"}}, Code.PEER_MISBEHAVED),
    "compressed": ({"document_headers": {"Content-Encoding": "gzip"}}, Code.PEER_MISBEHAVED),
    "without digest": ({"document_headers": {"Repr-Digest": ""}}, Code.PEER_MISBEHAVED),
    "another length": ({"document_headers": {"Content-Length": "5"}}, Code.DOCUMENT_SIZE),
    "a range that was not asked for": ({"document_status": 206}, Code.PEER_MISBEHAVED),
}


@pytest.mark.parametrize("how", BAD_DOCUMENTS)
async def test_a_document_is_not_taken_that_comes_as(desk, how):
    granted = await desk.granted()
    switches, code = BAD_DOCUMENTS[how]
    for name, value in switches.items():
        setattr(desk.script, name, value)

    with pytest.raises((PeerFault, DocumentRejected)) as raised:
        await desk.read(granted)

    assert raised.value.code is code


async def test_a_document_offered_with_another_digest_than_the_receipts_is_rejected(desk):
    granted = await desk.granted()
    desk.script.promised = DocumentDigest(bytes(32), len(PDF))

    with pytest.raises(DocumentRejected) as raised:
        await desk.read(granted)

    assert raised.value.code is Code.DOCUMENT_DIGEST


async def test_a_whole_document_is_not_taken_for_its_rest(desk):
    granted = await desk.granted()
    desk.script.document_status = 200

    fault = await fault_of(desk.read(granted, offset=1000))

    assert fault.code is Code.PEER_MISBEHAVED


async def test_another_part_is_not_taken_for_the_rest(desk):
    granted = await desk.granted()
    desk.script.document_headers = {"Content-Range": f"bytes 900-{len(PDF) - 1}/{len(PDF)}"}

    assert (await fault_of(desk.read(granted, offset=1000))).code is Code.PEER_MISBEHAVED


async def test_a_document_cut_on_its_way_is_unreachable_with_what_came(desk):
    granted = await desk.granted()
    desk.script.cut_at = [4000]
    received = bytearray()

    async def read() -> None:
        async with desk.document(granted) as pieces:
            async for piece in pieces:
                received.extend(piece)

    assert (await fault_of(read())).code is Code.PEER_UNREACHABLE
    assert PDF.startswith(received)


async def test_a_holder_that_falls_silent_within_a_document_is_too_slow(desk):
    granted = await desk.granted()
    await desk.use(IMPATIENT)
    desk.script.hang = True

    assert (await fault_of(desk.read(granted))).code is Code.PEER_TIMEOUT


# ---------------------------------------------------------------- acknowledgements


async def test_another_result_than_before_is_a_mismatch(desk):
    granted = await desk.granted()
    desk.script.ack_status, desk.script.code = 409, Code.REQUEST_MALFORMED

    work = desk.client.acknowledge(desk.member, an_ack(desk, granted), our_proof(desk))

    assert (await fault_of(work)).code is Code.ACK_MISMATCH


async def test_an_acknowledgement_refused_gives_the_code(desk):
    granted = await desk.granted()
    desk.script.ack_status, desk.script.code = 404, Code.HANDOVER_NOT_AVAILABLE

    work = desk.client.acknowledge(desk.member, an_ack(desk, granted), our_proof(desk))

    assert (await fault_of(work)).code is Code.HANDOVER_NOT_AVAILABLE


async def test_no_fault_quotes_what_the_other_side_sent(desk):
    desk.script.raw = web.Response(status=500, body=b"279035121518989 TCHITCHI")

    fault = await fault_of(desk.lookup())

    assert not re.search("TCHITCHI|27903", str(fault))

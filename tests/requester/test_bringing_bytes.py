"""The bytes of a document on their way: cut, taken up again, checked, and kept as policy wants."""

import hashlib

import pytest

from connector.core import b64
from connector.core.codes import Code
from connector.core.errors import DocumentRejected, LocalRefused, PeerFault
from connector.core.evidence import AckResult, DocumentDigest
from connector.core.inspection import Finding, FindingKind, Handling
from connector.core.ledger import EntryType
from connector.core.states import FetchState
from tests.kit.holder_fakes import PDF
from tests.kit.requester_office import A, B, an_office
from tests.kit.state import OWNER


async def test_a_cut_transfer_goes_on_where_it_ended(office):
    office.a.cuts = [3000, 7000]

    fetch = await office.fetch(A)

    assert (fetch.state, office.a.offsets) == (FetchState.READY, [0, 3000, 7000])
    assert await office.shown(fetch.id) == PDF
    assert [note["offset"] for note in await office.notes(fetch.id) if note["note"] == "resumed"] == [3000, 7000]
    assert office.pauses == [1.0, 2.0]


async def test_a_transfer_that_is_cut_again_and_again_ends_with_how_far_it_came(office):
    office.a.cuts = [1000, 2000, 3000, 4000]

    fetch = await office.fetch(A)

    assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.PEER_UNREACHABLE)
    assert office.a.offsets == [0, 1000, 2000, 3000]
    assert office.state.vault.ids() == []
    assert await office.types() == ["asked"]


async def test_a_holder_that_ends_early_without_a_word_is_not_believed(office):
    office.a.promised = DocumentDigest(hashlib.sha256(PDF + b"more").digest(), len(PDF) + 4)

    fetch = await office.fetch(A)

    assert f"ended at {len(PDF)} of {len(PDF) + 4} bytes, 4 times" in fetch.detail


async def test_a_refusal_within_the_transfer_is_not_tried_again(office):
    office.a.cuts = [PeerFault("gone", code=Code.HANDOVER_NOT_AVAILABLE)]

    fetch = await office.fetch(A)

    assert (fetch.code, office.a.offsets) == (Code.HANDOVER_NOT_AVAILABLE, [0])


async def test_progress_is_told_once_a_second(office):
    class Hasty:
        """A clock in a hurry: each look at it is a third of a second later."""

        def __init__(self, clock):
            self.clock, self.at = clock, 0.0

        def now(self):
            return self.clock.now()

        def monotonic(self):
            self.at += 1 / 3
            return self.at

    office.house["clock"] = Hasty(office.clock)
    await office.crash()

    fetch = await office.fetch(A)

    received = [event.data["received"] for event in await office.events(fetch.id) if event.kind == "progress"]
    assert received == sorted(received)
    assert 2 < len(received) < 10
    assert received[-1] == len(PDF)


async def test_what_policy_takes_out_is_shown_as_a_copy_while_the_original_is_acknowledged(office):
    office.a.pdf = PDF + b"/Strip"

    fetch = await office.fetch(A)

    document = fetch.document
    assert (fetch.state, document.digest) == (FetchState.READY, office.a.digest)
    assert document.shown == DocumentDigest(hashlib.sha256(PDF).digest(), len(PDF))
    assert await office.shown(fetch.id) == PDF
    ((ack, _),) = office.a.acks
    assert (ack.result, ack.received) == (AckResult.VERIFIED, office.a.digest)
    for entry in [*await office.entries(EntryType.ARRIVED), *await office.entries(EntryType.SHOWN)]:
        assert entry.document_sha256 == office.a.digest.sha256
        assert entry.personal["shown"] == {"sha256": b64.encode(document.shown.sha256), "size": len(PDF)}
        assert entry.personal["findings"] == [{"kind": "scripts", "count": 1, "handling": "strip"}]
    for named in (document.shown, document.digest):
        await office.errands.copies.read(fetch.id, OWNER, named.sha256)
    (told,) = [note for note in await office.notes(fetch.id) if note["note"] == "copy-shown"]
    assert (told["findings"], told["sha256"]) == (["scripts"], b64.encode(office.a.digest.sha256))


async def test_of_a_document_that_was_copied_only_the_copy_stays(office):
    office.a.pdf = PDF + b"/Strip"

    fetch = await office.fetch(A)

    assert office.state.vault.ids() == [fetch.document.vault_id]
    office.clock.at = fetch.document.purge_at
    await office.errands.run_due_work()
    assert office.state.vault.ids() == []


async def test_a_copy_that_a_crash_left_is_made_anew(office):
    office.a.pdf = PDF + b"/Strip"
    office.store.failing = {"arrived"}
    fetch = await office.fetch(A)
    assert len(office.state.vault.ids()) == 2
    office.store.failing.clear()

    await office.crash()
    await office.errands.resume_all()

    fetch = await office.settled(fetch.id)
    assert await office.shown(fetch.id) == PDF
    assert office.state.vault.ids() == [fetch.document.vault_id]


async def test_a_copy_is_filed_under_its_own_digest_and_the_originals_beside_it(office):
    office.a.pdf = PDF + b"/Strip"
    fetch = await office.fetch(A)

    await office.errands.copies.file(fetch.id, OWNER)

    ((received, content),) = office.shelf.filed
    assert hashlib.sha256(content).hexdigest() == received.sha256_hex
    assert received.size == len(content)
    assert received.original_sha256_hex == office.a.digest.sha256.hex()
    (entry,) = await office.entries(EntryType.FILED)
    assert entry.personal["shown"]["size"] == len(content)


async def test_what_policy_allows_is_told_and_shown_as_it_came(office):
    office.a.pdf = PDF + b"/Link"

    fetch = await office.fetch(A)

    assert fetch.document.shown is None
    assert fetch.document.findings == (Finding(FindingKind.EMBEDDED_FILES, 2, Handling.ALLOW),)
    assert await office.shown(fetch.id) == office.a.pdf
    assert "found-in-it" in [note["note"] for note in await office.notes(fetch.id)]


REJECTED = {
    "of another digest": ({"promised": DocumentDigest(bytes(32), len(PDF))}, Code.DOCUMENT_DIGEST),
    "longer than promised": (
        {"promised": DocumentDigest(hashlib.sha256(PDF[:-9]).digest(), len(PDF) - 9)},
        Code.DOCUMENT_SIZE,
    ),
    "no PDF": ({"pdf": b"<html>" + bytes(5000)}, Code.DOCUMENT_NOT_PDF),
    "with a script": ({"pdf": PDF + b"<< /S /JavaScript /JS (app.alert) >>"}, Code.DOCUMENT_ACTIVE_CONTENT),
    "empty": ({"pdf": b""}, Code.DOCUMENT_EMPTY),
    "of another type": ({"content_type": "text/html"}, Code.DOCUMENT_NOT_PDF),
}


@pytest.mark.parametrize("how", REJECTED)
async def test_a_document_is_not_shown_and_both_ledgers_have_the_reason_that_is(office, how):
    switches, code = REJECTED[how]
    for name, value in switches.items():
        setattr(office.a, name, value)

    fetch = await office.fetch(A, B)

    assert (fetch.state, fetch.document) == (FetchState.CHOOSING, None)
    assert (fetch.replies[0].code, (await office.notes(fetch.id))[-1]["code"]) == (code, code.value)
    ((ack, _),) = office.a.acks
    assert (ack.result, ack.code) == (AckResult.REJECTED, code)
    (arrived,) = await office.entries(EntryType.ARRIVED)
    assert (arrived.outcome, arrived.reason) == ("rejected", code.value)
    assert arrived.document_sha256 == ack.received.sha256
    assert office.state.vault.ids() == []
    assert office.ears.of("rejected") == [[A, code]]
    assert office.shelf.traces == []
    with pytest.raises(LocalRefused):
        await office.errands.copies.read(fetch.id, OWNER)


async def test_a_document_over_the_limit_is_not_even_begun(tmp_path):
    async with an_office(tmp_path, max_document_bytes=1000) as office:
        fetch = await office.fetch(A)

        assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.DOCUMENT_TOO_LARGE)
        assert office.a.offsets == []
        ((ack, _),) = office.a.acks
        assert (ack.code, ack.received) == (Code.DOCUMENT_TOO_LARGE, DocumentDigest(hashlib.sha256(b"").digest(), 0))


async def test_a_document_offered_otherwise_than_promised_is_rejected_with_what_came(office):
    office.a.cuts = [DocumentRejected("document of SPSTI Ardèche: other bytes", code=Code.DOCUMENT_DIGEST)]

    fetch = await office.fetch(A)

    assert fetch.code is Code.DOCUMENT_DIGEST
    ((ack, _),) = office.a.acks
    assert ack.received.size == 0


async def test_a_rejected_document_leaves_the_other_to_be_chosen(office):
    office.a.pdf = b"no pdf"
    fetch = await office.fetch(A, B)

    await office.errands.choose(fetch.id, B, OWNER)

    assert (await office.settled(fetch.id)).document.member == B

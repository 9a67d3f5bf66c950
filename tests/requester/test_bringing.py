"""A record that was announced and then does not come as it should: what is done, told and kept."""

import asyncio
import hashlib
from dataclasses import replace

import pytest

from connector.core import b64
from connector.core.codes import Code
from connector.core.directory import MemberStatus
from connector.core.errors import AdapterFault, DocumentRejected, FailedClosed, LocalRefused, PeerFault
from connector.core.evidence import AckResult, DocumentDigest
from connector.core.inspection import Finding, FindingKind, Handling
from connector.core.ledger import EntryType
from connector.core.mandate import Kind
from connector.core.outcome import Outcome
from connector.core.records import Opposition
from connector.core.states import FetchState
from tests.kit.holder_fakes import GIVEN, PDF
from tests.kit.requester_office import A, B, C, an_office
from tests.kit.state import INS, OWNER


def kinds(service):
    return [demand.kind for demand in service.asked]


# ---------------------------------------------------------------- the handover


async def test_a_holder_that_renders_is_asked_again_when_it_said(office):
    office.a.handovers = [office.a.waits(), office.a.waits(seconds=None)]

    fetch = await office.fetch(A)

    assert fetch.state is FetchState.READY
    assert office.pauses == [2, 1]
    assert [note["retry_after"] for note in await office.notes(fetch.id) if note["note"] == "rendering"] == [2, None]


async def test_a_holder_whose_software_failed_for_a_moment_is_asked_again(office):
    office.a.handovers = [office.a.waits(Outcome.COULD_NOT_LOOK, 5)]

    assert (await office.fetch(A)).state is FetchState.READY
    assert office.pauses == [5]


async def test_a_holder_that_renders_for_ever_is_left_for_the_next(tmp_path):
    async with an_office(tmp_path, handover_seconds=10.0) as office:
        office.a.handovers = [office.a.waits(seconds=4) for _ in range(3)]

        fetch = await office.fetch(A, B)

        assert fetch.state is FetchState.CHOOSING
        assert (fetch.replies[0].code, office.pauses) == (Code.PEER_TIMEOUT, [4, 4])
        assert "still preparing the document after 8 s" in fetch.replies[0].detail


async def test_a_holder_that_cannot_look_for_long_is_left_for_the_next(tmp_path):
    async with an_office(tmp_path, handover_seconds=1.0) as office:
        office.a.handovers = [office.a.waits(Outcome.COULD_NOT_LOOK, 30)]

        assert "could not look it up" in (await office.fetch(A, B)).replies[0].detail


async def test_a_changed_document_is_looked_up_again_once_at_that_holder(office):
    office.a.handovers = [office.a.refused(Code.DOCUMENT_CHANGED)]
    office.a.lookups = [office.a.announced("2026-11-03", "1" * 32), office.a.announced("2026-11-10", "2" * 32)]

    fetch = await office.fetch(A, B)

    assert (fetch.state, str(fetch.document.last_act_on)) == (FetchState.READY, "2026-11-10")
    assert kinds(office.a) == [Kind.LOOKUP, Kind.HANDOVER, Kind.LOOKUP, Kind.HANDOVER, Kind.READ]
    assert [demand.announcement_id for demand in office.a.asked if demand.kind is Kind.HANDOVER] == ["1" * 32, "2" * 32]
    assert len(office.b.asked) == 1
    assert await office.types() == ["asked", "asked", "asked", "arrived"]
    assert any(note["note"] == "asked-again" for note in await office.notes(fetch.id))


async def test_an_announcement_that_ended_is_renewed(office):
    office.a.handovers = [office.a.refused(Code.HANDOVER_NOT_AVAILABLE)]

    assert (await office.fetch(A)).state is FetchState.READY


async def test_a_document_that_keeps_changing_is_given_up(office):
    office.a.handovers = [office.a.refused(Code.DOCUMENT_CHANGED)] * 2

    fetch = await office.fetch(A, B)

    assert (fetch.state, fetch.replies[0].code) == (FetchState.CHOOSING, Code.DOCUMENT_CHANGED)
    assert kinds(office.a).count(Kind.HANDOVER) == 2


async def test_a_record_that_is_no_longer_given_is_left_for_the_next(office):
    office.a.handovers = [office.a.refused(Code.HANDOVER_NOT_AVAILABLE)]
    office.a.lookups = [office.a.announced(), office.a.answer(Outcome.WITHHELD)]

    fetch = await office.fetch(A, B)

    assert (fetch.state, fetch.replies[0].code) == (FetchState.CHOOSING, Code.HANDOVER_NOT_AVAILABLE)
    assert "no longer gives it" in fetch.replies[0].detail


async def test_a_record_that_became_older_is_left_to_the_practitioner(office):
    office.a.handovers = [office.a.refused(Code.DOCUMENT_CHANGED)]
    office.a.lookups = [office.a.announced("2026-11-03"), office.a.announced("2025-01-01")]

    fetch = await office.fetch(A, B)

    assert fetch.state is FetchState.CHOOSING
    assert "is now of 2025-01-01, it was announced as of 2026-11-03" in fetch.replies[0].detail


async def test_a_refused_handover_says_the_holders_reason(office):
    office.a.handovers = [office.a.refused(Code.PRACTITIONER_AUTH_LEVEL)]

    fetch = await office.fetch(A)

    assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.PRACTITIONER_AUTH_LEVEL)
    assert "SPSTI Ardèche: did not give the document (no)" in fetch.detail


async def test_a_grant_that_names_no_document_is_misbehaviour(office):
    office.a.handovers = [replace(office.a.granted(), document=None)]

    fetch = await office.fetch(A)

    assert fetch.code is Code.PEER_MISBEHAVED
    (alert,) = await office.entries(EntryType.ALERT)
    assert alert.reason == "peer.misbehaved"


async def test_a_receipt_of_a_handover_that_is_not_believed_is_an_alert(office):
    office.a.handovers = [PeerFault("SPSTI Ardèche: receipt", code=Code.RECEIPT_NOT_IN_LEDGER)]

    fetch = await office.fetch(A, B)

    assert (fetch.state, fetch.replies[0].code) == (FetchState.CHOOSING, Code.RECEIPT_NOT_IN_LEDGER)
    (alert,) = await office.entries(EntryType.ALERT)
    assert (alert.peer, alert.reason) == (A, "receipt.not_in_ledger")


# ---------------------------------------------------------------- the next newest


async def test_the_next_newest_is_offered_with_the_reason(office):
    office.c.day = "2025-12-01"
    office.a.handovers = [PeerFault("SPSTI Ardèche: down", code=Code.PEER_UNREACHABLE)]

    fetch = await office.fetch(A, B, C)

    assert fetch.state is FetchState.CHOOSING
    note = (await office.notes(fetch.id))[-1]
    assert note == {
        "note": "chosen-failed",
        "member": A.value,
        "name": "SPSTI Ardèche",
        "code": "peer.unreachable",
        "detail": "SPSTI Ardèche: down",
        "offered": [B.value],
        "answered": 3,
        "asked": 3,
    }


async def test_the_practitioner_chooses_the_next_and_gets_it(office):
    office.a.handovers = [PeerFault("down", code=Code.PEER_UNREACHABLE)]
    fetch = await office.fetch(A, B)

    await office.errands.choose(fetch.id, B, OWNER)

    assert (await office.settled(fetch.id)).document.member == B


async def test_a_record_that_failed_can_be_chosen_again(office):
    office.a.handovers = [PeerFault("down", code=Code.PEER_UNREACHABLE)]
    fetch = await office.fetch(A, B)

    await office.errands.choose(fetch.id, A, OWNER)

    fetch = await office.settled(fetch.id)
    assert (fetch.document.member, fetch.replies[0].code) == (A, None)


async def test_a_fetch_whose_only_record_cannot_be_brought_fails_with_the_reason(office):
    office.a.handovers = [PeerFault("SPSTI Ardèche: down", code=Code.PEER_UNREACHABLE)]

    fetch = await office.fetch(A, C)

    assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.PEER_UNREACHABLE)
    assert fetch.detail == "SPSTI Ardèche: down"
    (ended,) = await office.entries(EntryType.FETCH_ENDED)
    assert ended.reason == "peer.unreachable"


async def test_a_holder_suspended_since_its_answer_is_left_for_the_next(office):
    fetch = await office.fetch(A, B, lookup_only=True)
    office.members.change(A, status=MemberStatus.SUSPENDED)

    await office.errands.choose(fetch.id, A, OWNER)

    fetch = await office.settled(fetch.id)
    assert (fetch.state, fetch.replies[0].code) == (FetchState.CHOOSING, Code.MEMBER_SUSPENDED)


# ---------------------------------------------------------------- the bytes


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

    await office.errands.file(fetch.id, OWNER)

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
        await office.errands.read(fetch.id, OWNER)


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


# ---------------------------------------------------------------- rules on the way


async def test_an_opposition_recorded_on_the_way_stops_the_handover(office):
    office.a.gate = asyncio.Event()
    fetch = await office.begin(A)
    await office.a.busy.wait()
    office.vendor.looks[INS] = replace(GIVEN, opposition=Opposition.YES)
    office.a.gate.set()

    fetch = await office.settled(fetch.id)

    assert (fetch.state, fetch.code, kinds(office.a)) == (FetchState.FAILED, Code.FETCH_OPPOSED, [Kind.LOOKUP])


async def test_a_right_withdrawn_while_services_are_asked_refuses_the_next_mandate_with_its_entry(office):
    office.a.gate = asyncio.Event()
    fetch = await office.begin(A)
    await office.a.busy.wait()
    office.people.asking.clear()
    office.a.gate.set()

    fetch = await office.settled(fetch.id)

    assert (fetch.state, fetch.code, kinds(office.a)) == (FetchState.FAILED, Code.LOCAL_FORBIDDEN, [Kind.LOOKUP])
    assert fetch.detail.startswith("practitioner: not, or no longer, one of those who may ask in this service's name")
    (ended,) = await office.entries(EntryType.FETCH_ENDED)
    assert ended.reason == "local.forbidden"


async def test_a_practitioner_who_may_no_longer_ask_gets_no_more_bytes(office):
    office.a.cuts = [3000]
    office.a.document_gate = asyncio.Event()
    fetch = await office.begin(A)
    await office.a.busy.wait()
    office.people.asking.clear()
    office.a.document_gate.set()

    fetch = await office.settled(fetch.id)

    assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.LOCAL_FORBIDDEN)
    assert office.a.offsets == [0]


async def test_our_own_software_failing_on_the_way_stops_the_fetch(office):
    fetch = await office.fetch(A, B, lookup_only=True)
    office.vendor.fault = AdapterFault("vendor: busy", code=Code.ADAPTER_BUSY)

    await office.errands.choose(fetch.id, A, OWNER)

    fetch = await office.settled(fetch.id)
    assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.ADAPTER_BUSY)


# ---------------------------------------------------------------- this house fails


async def test_a_full_vault_fails_the_fetch_with_the_remedy(office):
    class Full:
        def __init__(self, vault):
            self.vault = vault

        def __getattr__(self, name):
            return getattr(self.vault, name)

        def create(self, vault_id):
            raise FailedClosed("vault: 0 bytes are free", code=Code.VAULT_UNAVAILABLE, hint="free the disk")

    office.house["vault"] = Full(office.state.vault)
    office.errands = None
    await office._stack.aclose()
    await office.open()
    office.house["vault"].vault = office.state.vault

    fetch = await office.fetch(A)

    assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.VAULT_UNAVAILABLE)
    assert "free the disk" in fetch.detail


async def test_a_document_is_not_shown_when_its_arrival_cannot_be_written(office):
    office.store.failing = {"arrived"}

    fetch = await office.fetch(A)

    assert (fetch.state, office.a.acks) == (FetchState.CHECKING, [])
    with pytest.raises(LocalRefused) as raised:
        await office.errands.read(fetch.id, OWNER)
    assert raised.value.code is Code.FETCH_NO_DOCUMENT
    assert [rest[1] for rest in office.ears.of("failed")] == ["ledger.unavailable"]


async def test_a_fetch_that_could_not_be_written_is_taken_up_once_it_can(office):
    office.store.failing = {"arrived"}
    fetch = await office.fetch(A)
    office.store.failing.clear()

    await office.errands.run_due_work()

    fetch = await office.settled(fetch.id)
    assert fetch.state is FetchState.READY
    assert await office.shown(fetch.id) == PDF
    assert await office.types() == ["asked", "arrived", "shown"]


async def test_a_bug_ends_the_fetch_with_an_incident(office):
    class Broken:
        async def inspect(self, content, size, copy):
            raise RuntimeError("a bug that quotes TCHITCHI")

    office.house["inspector"] = Broken()
    await office.crash()

    fetch = await office.fetch(A)

    fetch = await office.settled(fetch.id)
    what, incident, error = office.ears.of("failed")[0]
    assert (fetch.state, fetch.code, what) == (FetchState.FAILED, Code.INTERNAL, "fetch")
    assert incident in fetch.detail
    assert "TCHITCHI" not in fetch.detail
    assert isinstance(error, RuntimeError)

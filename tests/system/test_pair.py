"""Both ends at once: the same scenarios as in each room, over real mutual TLS, with the evidence on both sides."""

import hashlib
from dataclasses import replace

import pytest

from connector.core.codes import Code
from connector.core.days import Day
from connector.core.directory import MemberStatus
from connector.core.errors import AdapterFault
from connector.core.fetch import Reply
from connector.core.ledger import EntryType
from connector.core.records import Opposition
from connector.core.states import FetchState
from connector.wire.receipt import open_receipt
from tests.kit.connector_pair import a_pair
from tests.kit.holder_fakes import ANNOUNCED, GIVEN, KNOWN, PDF, UNKNOWN_HERE
from tests.kit.state import INS, OTHER_INS, OWNER

NORD, EST = ("318751275100020", "SPSTI Nord"), ("318751275100053", "SPSTI Ouest")
BIG = b"%PDF-1.7\n" + b"0123456789abcdef" * 200_000


@pytest.fixture
async def pair(tmp_path):
    async with a_pair(tmp_path) as made:
        yield made


def holder_of(pair, index: int = 0):
    return pair.holders[index]


def id_of(pair, index: int = 0):
    return pair.holders[index].us.id


async def test_a_record_goes_from_the_holders_software_to_the_requesters_screen(pair):
    fetch = await pair.fetch(id_of(pair))

    assert fetch.state is FetchState.READY, fetch.detail
    assert await pair.shown(fetch.id) == PDF
    assert await pair.types() == ["asked", "arrived", "shown"]
    assert await pair.holder_types(holder_of(pair)) == ["answered", "decided", "release", "end"]


async def test_both_ledgers_hold_the_same_document_and_verify(pair):
    fetch = await pair.fetch(id_of(pair))
    await pair.shown(fetch.id)

    digest = hashlib.sha256(PDF).digest()
    assert (await pair.arrived()).document_sha256 == digest
    ended = await holder_of(pair).last()
    assert (ended.type, ended.document_sha256) == (EntryType.END, digest)
    assert (await pair.state.journal.verify()).is_sound
    assert (await holder_of(pair).state.journal.verify()).is_sound


async def test_the_evidence_kept_by_the_requester_verifies_again(pair):
    await pair.fetch(id_of(pair))

    kept = (await pair.arrived()).personal["handover"]
    holder = pair.members.get(id_of(pair))
    receipt = open_receipt(kept["receipt"].encode(), holder=holder, now=pair.clock.now())

    assert receipt.draft.mandate_sha256 == hashlib.sha256(kept["mandate"].encode()).digest()
    assert receipt.draft.document.sha256 == hashlib.sha256(PDF).digest()


async def test_the_receipt_of_a_withheld_answer_is_kept_too(pair):
    holder_of(pair).vendor.looks[INS] = UNKNOWN_HERE
    await pair.fetch(id_of(pair))

    (ended,) = await pair.entries(EntryType.FETCH_ENDED)
    (service,) = ended.personal["services"]
    holder = pair.members.get(id_of(pair))
    receipt = open_receipt(service["receipt"].encode(), holder=holder, now=pair.clock.now())

    assert receipt.draft.mandate_sha256 == hashlib.sha256(service["mandate"].encode()).digest()
    assert receipt.draft.lookup_id == service["lookup_id"]


async def test_the_acknowledgement_reaches_the_holder(pair):
    await pair.fetch(id_of(pair))

    acknowledged = holder_of(pair).ears.of("acknowledged")

    assert [(rest[1], rest[2]) for rest in acknowledged] == [(pair.us.id, True)]


async def test_the_newest_of_two_services_is_brought(tmp_path):
    async with a_pair(tmp_path, NORD, EST) as pair:
        older = replace(ANNOUNCED, last_act_on=Day(2024, 3, 1))
        holder_of(pair).vendor.looks[INS] = replace(GIVEN, announcement=older)

        fetch = await pair.fetch(id_of(pair, 0), id_of(pair, 1))

        assert (fetch.document.member, str(fetch.document.last_act_on)) == (id_of(pair, 1), "2026-11-03")
        assert await pair.holder_types(holder_of(pair, 0)) == ["answered"]


@pytest.mark.parametrize(
    "look",
    [
        UNKNOWN_HERE,
        replace(GIVEN, opposition=Opposition.YES),
        replace(GIVEN, opposition=Opposition.UNKNOWN),
        replace(GIVEN, announcement=None),
    ],
)
async def test_every_reason_to_withhold_looks_alike_to_the_practitioner(pair, look):
    holder_of(pair).vendor.looks[INS] = look

    fetch = await pair.fetch(id_of(pair))

    (reply,) = fetch.replies
    assert (fetch.state, reply.reply, reply.code, reply.detail) == (
        FetchState.NO_RECORD_GIVEN,
        Reply.WITHHELD,
        None,
        "",
    )


async def test_an_opposition_recorded_between_lookup_and_handover_stops_the_record(pair):
    fetch = await pair.fetch(id_of(pair), lookup_only=True)
    holder_of(pair).vendor.looks[INS] = replace(GIVEN, opposition=Opposition.YES)

    await pair.errands.choose(fetch.id, id_of(pair), OWNER)
    fetch = await pair.settled(fetch.id)

    assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.HANDOVER_NOT_AVAILABLE)
    assert pair.state.vault.ids() == []


async def test_a_record_that_changed_since_is_looked_up_again(pair):
    fetch = await pair.fetch(id_of(pair), lookup_only=True)
    newer = replace(ANNOUNCED, version="4", last_act_on=Day(2026, 11, 10))
    holder_of(pair).vendor.looks[INS] = replace(GIVEN, announcement=newer)

    await pair.errands.choose(fetch.id, id_of(pair), OWNER)
    fetch = await pair.settled(fetch.id)

    assert (fetch.state, str(fetch.document.last_act_on)) == (FetchState.READY, "2026-11-10")


async def test_a_holder_whose_software_fails_could_not_look(pair):
    holder_of(pair).vendor.looks[INS] = AdapterFault("vendor: down")

    fetch = await pair.fetch(id_of(pair))

    assert (fetch.state, fetch.replies[0].reply) == (FetchState.FAILED, Reply.COULD_NOT_LOOK)
    assert fetch.replies[0].receipt is not None


async def test_a_holder_whose_ledger_cannot_be_written_cannot_answer_now(pair):
    holder_of(pair).store.failing.add("answer")

    fetch = await pair.fetch(id_of(pair))

    assert (fetch.replies[0].reply, fetch.code) == (Reply.UNAVAILABLE, Code.LEDGER_UNAVAILABLE)


async def test_a_holder_that_is_down_is_unreachable_and_the_other_counts(tmp_path):
    async with a_pair(tmp_path, NORD, EST) as pair:
        await holder_of(pair).server.close()

        fetch = await pair.fetch(id_of(pair, 0), id_of(pair, 1))

        assert [reply.reply for reply in fetch.replies] == [Reply.UNREACHABLE, Reply.ANNOUNCED]
        assert fetch.document.member == id_of(pair, 1)


async def test_a_requester_that_the_holder_suspended_is_told_so(pair):
    holder_of(pair).members.change(pair.us.id, tell=False, status=MemberStatus.SUSPENDED)

    fetch = await pair.fetch(id_of(pair))

    assert (fetch.replies[0].reply, fetch.replies[0].code) == (Reply.REFUSED, Code.MEMBER_SUSPENDED)


async def test_clocks_that_differ_are_told_with_how_much(pair):
    class Late:
        def __init__(self, clock):
            self.clock = clock

        def now(self):
            return self.clock.now() - 400

        def monotonic(self):
            return self.clock.monotonic()

    pair.client._clock = Late(pair.clock)

    fetch = await pair.fetch(id_of(pair))

    assert fetch.replies[0].code is Code.MANDATE_EXPIRED
    assert "the clock of SPSTI Nord differs from ours by +" in fetch.replies[0].detail


async def test_a_big_document_comes_whole_and_is_kept_encrypted(pair):
    holder_of(pair).vendor.pieces = [BIG[begin : begin + 100_000] for begin in range(0, len(BIG), 100_000)]

    fetch = await pair.fetch(id_of(pair))

    assert fetch.state is FetchState.READY, fetch.detail
    assert await pair.shown(fetch.id) == BIG
    kept = (pair.directory / "we" / "state" / "vault" / fetch.document.vault_id).read_bytes()
    assert b"0123456789abcdef" not in kept


async def test_a_document_with_a_script_is_rejected_in_both_ledgers(pair):
    holder_of(pair).vendor.pieces = [PDF, b"<< /S /JavaScript /JS (app.alert) >>"]

    fetch = await pair.fetch(id_of(pair))

    assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.DOCUMENT_ACTIVE_CONTENT)
    assert (await pair.arrived()).reason == "document.active_content"
    assert [rest[2] for rest in holder_of(pair).ears.of("acknowledged")] == [False]


async def test_a_second_fetch_goes_over_the_same_connection(pair):
    await pair.fetch(id_of(pair))
    await pair.fetch(id_of(pair))

    assert holder_of(pair).server.connections == 1


async def test_the_same_person_under_a_changed_matricule_is_not_given(pair):
    renamed = replace(KNOWN, ins=OTHER_INS, former=(INS,))
    holder_of(pair).vendor.looks[INS] = replace(GIVEN, identity=renamed)

    assert (await pair.fetch(id_of(pair))).state is FetchState.NO_RECORD_GIVEN


async def test_a_probe_goes_all_the_way(pair):
    result = await pair.errands.probe(id_of(pair))

    assert result.document.size > 0
    assert await pair.types() == ["asked", "arrived"]
    assert await pair.holder_types(holder_of(pair)) == ["answered", "decided", "release", "end"]


async def test_a_download_resumed_after_a_crash_is_checked_as_a_whole(pair):
    fetch = await pair.fetch(id_of(pair), lookup_only=True)
    await pair.errands.choose(fetch.id, id_of(pair), OWNER)
    await pair.errands.close()  # at the first await of the handover

    await pair.crash()
    await pair.errands.resume_all()
    fetch = await pair.settled(fetch.id)

    assert (fetch.state, await pair.shown(fetch.id)) == (FetchState.READY, PDF)

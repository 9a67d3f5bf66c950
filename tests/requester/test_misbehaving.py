"""What a practitioner sees, and the ledgers hold, of a holder that misbehaves on the wire: real client, TLS and state.

Beside the one that misbehaves stands one that does not: its record is brought over all the same.
"""

import asyncio
import gzip
import hashlib
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import web

from connector.core.codes import Code
from connector.core.evidence import DocumentDigest
from connector.core.fetch import Reply
from connector.core.ledger import EntryType
from connector.core.states import FetchState
from tests.kit.connector_pair import Pair
from tests.kit.fake_holder import FakeHolder, Script, a_holder
from tests.kit.holder_fakes import PDF
from tests.kit.peer_desk import BAD_RECEIPTS
from tests.kit.requester_fakes import HOLDERS, NOW, a_party

GOOD_DAY, BAD_DAY = "2025-01-15", "2026-11-03"


BAD, GOOD, STRANGER = "318751275100020", HOLDERS[1], HOLDERS[2]


@dataclass
class Street(Pair):
    """We, a holder that misbehaves (with the newest record) and one that does not."""

    async def build(self, stack: AsyncExitStack, bad_leaf=None) -> None:
        """Start both holders, then us."""
        leaf = self.pki.issue(bad_leaf, "server") if bad_leaf else None
        party, other = a_party(BAD, "SPSTI Mal"), a_party(GOOD, "SPSTI Bon")
        self.bad: FakeHolder = await stack.enter_async_context(a_holder(party, self.us, self.pki, NOW, leaf))
        self.good: FakeHolder = await stack.enter_async_context(a_holder(other, self.us, self.pki, NOW))
        self.good.script.day = GOOD_DAY
        await self.open()
        stack.push_async_callback(self.close)
        for listed in (party, other, a_party(STRANGER, "SPSTI Inconnu")):
            self.members.relist(listed)

    @property
    def both(self):
        return self.bad.party.id, self.good.party.id


@asynccontextmanager
async def a_street(directory, bad_leaf=None, **changes):
    async with AsyncExitStack() as stack:
        street = Street(directory, changes=changes)
        await street.build(stack, bad_leaf)
        yield street


@pytest.fixture
async def street(tmp_path):
    async with a_street(tmp_path) as made:
        yield made


async def see_the_good_one(street, fetch, code: Code, reply: Reply = Reply.MISBEHAVED) -> None:
    """The bad one is named with its reason, the good one counts, and the newest is told as of one of two."""
    assert fetch.state is FetchState.READY, fetch.detail
    assert fetch.document.member == street.good.party.id
    bad = fetch.replies[0]
    assert (bad.reply, bad.code, bad.announcement, bad.receipt) == (reply, code, None, None)
    assert "SPSTI Mal" in bad.detail
    newest = next(note for note in await street.notes(fetch.id) if note["note"] == "newest")
    assert (newest["last_act_on"], newest["answered"], newest["asked"]) == (GOOD_DAY, 1, 2)
    (arrived,) = await street.entries(EntryType.ARRIVED)
    assert [service["code"] for service in arrived.personal["services"]] == [code.value, None]


@pytest.mark.parametrize("how", BAD_RECEIPTS)
async def test_an_answer_is_not_used_whose_receipt_is(street, how):
    switches, code = BAD_RECEIPTS[how]
    street.bad.script = Script(**switches)

    fetch = await street.fetch(*street.both)

    await see_the_good_one(street, fetch, code)
    (alert,) = await street.entries(EntryType.ALERT)
    assert (alert.peer, alert.reason, alert.ref) == (street.bad.party.id, code.value, fetch.replies[0].lookup_id)


MISBEHAVIOUR = {
    "redirects": {"raw": web.Response(status=307, headers={"Location": "https://elsewhere.invalid/"})},
    "compresses": {"raw": web.Response(body=gzip.compress(bytes(20_000_000)), headers={"Content-Encoding": "gzip"})},
    "never ends": {"endless": True},
    "sends too much": {"raw": web.Response(body=bytes(70_000))},
    "sends no FHIR": {"raw": web.Response(status=500, body=b"<html>")},
}


@pytest.mark.parametrize("how", MISBEHAVIOUR)
async def test_a_holder_is_named_that(street, how):
    for name, value in MISBEHAVIOUR[how].items():
        setattr(street.bad.script, name, value)

    fetch = await street.fetch(*street.both)

    await see_the_good_one(street, fetch, Code.PEER_MISBEHAVED)
    (alert,) = await street.entries(EntryType.ALERT)
    assert (alert.peer, alert.reason) == (street.bad.party.id, "peer.misbehaved")


async def test_a_holder_that_is_dead_is_unreachable(street):
    street.bad._listener.close()
    await street.bad._listener.wait_closed()

    await see_the_good_one(street, await street.fetch(*street.both), Code.PEER_UNREACHABLE, Reply.UNREACHABLE)


async def test_a_holder_that_is_slow_is_too_late(tmp_path):
    async with a_street(tmp_path, deadline_seconds=2.0) as street:
        street.bad.script.hang = True

        await see_the_good_one(street, await street.fetch(*street.both), Code.PEER_TIMEOUT, Reply.TOO_LATE)


async def test_a_holder_that_dies_while_it_is_asked_is_unreachable(street):
    street.bad.script.hang = True
    fetch = await street.begin(*street.both)
    await street.bad.waiting.wait()
    street.bad.drop_connections()

    await see_the_good_one(street, await street.settled(fetch.id), Code.PEER_UNREACHABLE, Reply.UNREACHABLE)


async def test_a_holder_with_another_members_certificate_is_not_asked(tmp_path):
    async with a_street(tmp_path, bad_leaf=STRANGER) as street:
        fetch = await street.fetch(*street.both)

        await see_the_good_one(street, fetch, Code.PEER_TLS, Reply.UNREACHABLE)
        assert f"of SPSTI Inconnu ({STRANGER})" in fetch.replies[0].detail
        assert street.bad.paths == []


# ---------------------------------------------------------------- the document


async def brought(street, **switches):
    for name, value in switches.items():
        setattr(street.bad.script, name, value)
    fetch = await street.fetch(*street.both)
    assert (fetch.state, fetch.document) == (FetchState.CHOOSING, None)
    note = (await street.notes(fetch.id))[-1]
    assert (note["note"], note["member"]) == ("chosen-failed", street.bad.party.id.value)
    assert note["offered"] == [street.good.party.id.value]
    assert street.state.vault.ids() == []
    await street.errands.choose(fetch.id, street.good.party.id)
    assert (await street.settled(fetch.id)).document.member == street.good.party.id
    return Code(note["code"])


TRUNCATED = DocumentDigest(hashlib.sha256(PDF + b"the rest").digest(), len(PDF) + 8)

BAD_DOCUMENTS = {
    "of another digest": ({"promised": DocumentDigest(bytes(32), len(PDF))}, Code.DOCUMENT_DIGEST),
    "truncated": ({"promised": TRUNCATED}, Code.DOCUMENT_SIZE),
    "no PDF": ({"pdf": b"PK\x03\x04" + bytes(2000)}, Code.DOCUMENT_NOT_PDF),
    "over the limit": ({"promised": DocumentDigest(bytes(32), 10**9)}, Code.DOCUMENT_TOO_LARGE),
    "empty": ({"promised": DocumentDigest(hashlib.sha256(b"").digest(), 0)}, Code.DOCUMENT_EMPTY),
}


@pytest.mark.parametrize("how", BAD_DOCUMENTS)
async def test_both_sides_hear_why_a_document_is_not_shown_that_is(street, how):
    switches, code = BAD_DOCUMENTS[how]

    assert await brought(street, **switches) is code
    rejected = next(entry for entry in await street.entries(EntryType.ARRIVED) if entry.outcome == "rejected")
    assert (rejected.peer, rejected.reason) == (street.bad.party.id, code.value)
    (ack,) = street.bad.acks
    assert (ack.draft.code, ack.draft.received.sha256) == (code, rejected.document_sha256)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Content-Type": "text/html"}, Code.PEER_MISBEHAVED),
        ({"Content-Encoding": "gzip"}, Code.PEER_MISBEHAVED),
        ({"Repr-Digest": "md5=:AAAA:"}, Code.PEER_MISBEHAVED),
    ],
)
async def test_a_document_that_comes_otherwise_than_it_is_owed_is_an_alert(street, headers, code):
    assert await brought(street, document_headers=headers) is code
    (alert,) = await street.entries(EntryType.ALERT)
    assert (alert.peer, alert.reason) == (street.bad.party.id, code.value)


async def test_a_transfer_that_is_cut_twice_goes_on_by_range(street):
    street.bad.script.cut_at = [4000, 3000]

    fetch = await street.fetch(*street.both)

    assert (fetch.state, fetch.document.member) == (FetchState.READY, street.bad.party.id)
    assert await street.shown(fetch.id) == PDF
    ranges = [headers.get("Range") for headers in street.bad.headers if headers.get("Accept") == "application/pdf"]
    assert ranges[0] is None
    assert len(ranges) == 3
    assert len({mandate.jti for mandate in street.bad.asked}) == len(street.bad.asked)


async def test_a_transfer_that_is_always_cut_is_given_up_for_the_next(street):
    street.bad.script.cut_at = [100] * 20

    assert await brought(street) is Code.PEER_UNREACHABLE
    await asyncio.sleep(0)
    assert street.bad.acks == []

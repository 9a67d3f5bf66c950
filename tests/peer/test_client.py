"""The client against a holder of the test's own: real TLS, real HTTP, real wire."""

import asyncio
from dataclasses import replace
from hashlib import sha256

import pytest

from connector.core.codes import Code
from connector.core.directory import MemberStatus
from connector.core.errors import FailedClosed, PeerFault
from connector.core.evidence import DocumentDigest
from connector.core.instant import Instant
from connector.core.mandate import Kind
from connector.core.network import Proxies
from connector.core.outcome import Outcome
from connector.peer.client import HttpPeerClient
from connector.wire.mandate import check_mandate
from tests.kit.forward_proxy import ForwardProxy
from tests.kit.holder_fakes import PDF
from tests.kit.peer_desk import (
    QUICK,
    an_ack,
    fault_of,
    our_proof,
)
from tests.kit.requester_fakes import NOW, a_demand, a_probe
from tests.kit.state import SystemEntropy

# ---------------------------------------------------------------- what goes well


async def test_a_lookup_gives_the_announcement_with_its_evidence(desk):
    answer = await desk.lookup()

    assert answer.outcome is Outcome.ANNOUNCED
    assert str(answer.announcement.last_act_on) == "2026-11-03"
    assert answer.receipt.draft.mandate_sha256 == sha256(answer.mandate).digest()
    assert answer.mandate == desk.holder.asked[0].compact


async def test_the_mandate_is_bound_to_our_certificate_and_fresh_each_time(desk):
    await desk.lookup()
    await desk.lookup()

    first, second = desk.holder.asked
    x5t = desk.tls.certificate.x5t
    check_mandate(first, kind=Kind.LOOKUP, audience=desk.member.id, x5t=x5t, now=NOW)
    assert first.jti != second.jti


async def test_a_lookup_puts_no_identity_into_the_url_or_a_header(desk):
    await desk.lookup()

    assert desk.holder.paths == ["POST /fhir/DocumentReference/_search"]
    assert "279035121518989" not in str({k: v for k, v in desk.holder.headers[0].items() if k != "Authorization"})
    assert desk.holder.headers[0]["Accept-Encoding"] == "identity"


async def test_a_member_behind_a_forward_proxy_is_asked_through_it_and_checked_as_ever(desk):
    proxy = ForwardProxy()
    server = await proxy.start()
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await desk.use(replace(QUICK, proxies=Proxies((("*", url),))))
    answer = await desk.lookup()
    inspecting = ForwardProxy(inspects=True)
    reading = await inspecting.start()
    url = f"http://127.0.0.1:{reading.sockets[0].getsockname()[1]}"
    await desk.use(replace(QUICK, proxies=Proxies((("*", url),))))
    with pytest.raises(PeerFault) as caught:
        await desk.lookup()
    server.close()
    reading.close()

    assert answer.outcome is Outcome.ANNOUNCED
    assert len(proxy.led_to) == 1
    assert caught.value.code is Code.PEER_TLS
    assert len(desk.holder.asked) == 1


async def test_two_questions_go_over_one_connection(desk):
    await desk.lookup()
    await desk.lookup()

    assert desk.holder.connections == 1


async def test_a_cookie_that_a_holder_sets_is_never_sent_back(desk):
    desk.script.headers = {"Set-Cookie": "follow=me"}
    await desk.lookup()
    await desk.lookup()

    assert "Cookie" not in desk.holder.headers[1]


async def test_a_withheld_answer_is_an_answer(desk):
    desk.script.day = None

    answer = await desk.lookup()

    assert (answer.outcome, answer.announcement, answer.code) == (Outcome.WITHHELD, None, None)


async def test_a_deferred_answer_says_when_to_ask_again(desk):
    desk.script.outcome, desk.script.retry_after = Outcome.DEFERRED, "7200"

    answer = await desk.lookup()

    assert (answer.outcome, answer.retry_after) == (Outcome.DEFERRED, 7200)


async def test_a_holder_that_could_not_look_is_believed_with_its_receipt(desk):
    desk.script.outcome, desk.script.retry_after = Outcome.COULD_NOT_LOOK, "30"

    answer = await desk.lookup()

    assert (answer.outcome, answer.retry_after) == (Outcome.COULD_NOT_LOOK, 30)
    assert answer.receipt is not None


async def test_a_probe_asks_about_nobody(desk):
    desk.script.outcome = Outcome.ANNOUNCED
    answer = await desk.client.lookup(desk.member, a_probe(desk.us, desk.member))

    assert desk.holder.bodies[0] == b"type=probe&status=current"
    assert answer.announcement is not None


async def test_a_handover_gives_the_document_promised_in_the_receipt(desk):
    granted = await desk.handover()

    assert granted.outcome is Outcome.GRANTED
    assert granted.document == granted.receipt.draft.document == DocumentDigest(sha256(PDF).digest(), len(PDF))


async def test_a_document_that_is_being_rendered_says_when_to_come_back(desk):
    desk.script.renders, desk.script.retry_after = 1, "2"

    answer = await desk.handover()

    assert (answer.outcome, answer.retry_after, answer.document) == (Outcome.RENDERING, 2, None)


async def test_the_document_comes_as_it_was_promised(desk):
    assert await desk.read(await desk.granted()) == PDF


async def test_the_rest_of_a_document_comes_from_an_offset(desk):
    granted = await desk.granted()

    rest = await desk.read(granted, offset=1000)

    assert rest == PDF[1000:]
    assert desk.holder.headers[-1]["Range"] == "bytes=1000-"


async def test_an_acknowledgement_is_sealed_and_taken(desk):
    granted = await desk.granted()

    await desk.client.acknowledge(desk.member, an_ack(desk, granted), our_proof(desk))

    assert desk.holder.acks[0].draft.receipt_sha256 == granted.receipt.sha256
    assert desk.holder.paths[-1] == f"POST /handovers/{granted.handover_id}/ack"


async def test_a_connection_closed_while_it_lay_ready_is_replaced_without_a_word(desk):
    await desk.lookup()
    desk.script.drop = 1

    answer = await desk.lookup()

    assert answer.outcome is Outcome.ANNOUNCED
    assert desk.holder.asked[-1].jti != desk.holder.asked[0].jti


async def test_an_old_connection_is_left_for_a_new_one(desk):
    await desk.use(replace(QUICK, connection_life_seconds=600.0))
    await desk.lookup()
    desk.clock.at += 601

    desk.holder._at = Instant(NOW + 601)
    await desk.lookup()

    assert desk.holder.connections == 2


# ---------------------------------------------------------------- members that change


async def test_a_suspended_member_is_not_asked_on_an_open_connection_either(desk):
    await desk.lookup()
    desk.members.change(desk.member.id, tell=False, status=MemberStatus.SUSPENDED)

    fault = await fault_of(desk.lookup())

    assert (fault.code, len(desk.holder.paths)) == (Code.MEMBER_SUSPENDED, 1)


async def test_a_member_that_left_the_directory_is_not_asked(desk):
    member = desk.member
    desk.members.remove(member.id)

    fault = await fault_of(desk.client.lookup(member, a_demand(desk.us, member)))

    assert fault.code is Code.MEMBER_UNKNOWN


async def test_a_document_that_comes_from_a_member_being_suspended_is_cut_at_once(desk):
    granted = await desk.granted()
    await desk.members.followed.wait()
    desk.script.pdf += bytes(8_000_000)
    big = DocumentDigest(sha256(desk.script.pdf).digest(), len(desk.script.pdf))
    granted = replace(granted, document=big)

    async def read_until_suspended() -> None:
        async with desk.document(granted) as pieces:
            async for _ in pieces:
                desk.members.change(desk.member.id, status=MemberStatus.SUSPENDED)
                await asyncio.sleep(0)

    assert (await fault_of(read_until_suspended())).code is Code.PEER_UNREACHABLE


# ---------------------------------------------------------------- a signing key that is gone


class Pulled:
    """A signer whose token was pulled out."""

    kid, algorithm = "sign-1", "ES256"

    def sign(self, data):
        raise FailedClosed("signing key: the token does not sign", code=Code.SIGNER_UNAVAILABLE)


async def test_without_our_signing_key_nobody_is_asked_and_nobody_else_is_blamed(desk):
    client = HttpPeerClient(desk.members, Pulled(), desk.tls, desk.clock, SystemEntropy(), QUICK)
    await desk.stack.enter_async_context(client)

    with pytest.raises(PeerFault, match="nothing was asked: signing key") as raised:
        await client.lookup(desk.member, a_demand(desk.us, desk.member))

    assert (raised.value.code, desk.holder.paths) == (Code.SIGNER_UNAVAILABLE, [])

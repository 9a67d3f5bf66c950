"""What every `core.ports.HolderStore` does with handovers and acknowledgements; `kit` as in `contract_holder`."""

from dataclasses import replace
from hashlib import sha256

import pytest

from connector.core.codes import Code
from connector.core.errors import MandateRefused, RequestRefused
from connector.core.ledger import EntryType
from connector.core.states import IncomingState
from tests.kit.state import (
    T0,
    US,
    a_digest,
    a_handover,
    a_rejection,
    a_trace,
    a_used_mandate,
    an_ack,
    an_ack_draft,
    an_entry,
    an_id,
)

COMPACT = b"header.receipt.signature"
RECEIPT = sha256(COMPACT).digest()


async def a_ready_handover(kit, **changed):
    """A handover that was decided, spooled, and for which a receipt was issued."""
    handover = a_handover(**changed)
    await kit.store.spooling(handover)
    await kit.store.spooled(handover.id, a_digest())
    await kit.store.decide(
        entry=an_entry(EntryType.DECIDED), used=a_used_mandate(), handover=await kit.store.handover(handover.id)
    )
    await kit.store.receipt_issued(handover.id, COMPACT)
    return handover


async def release(kit, handover):
    return await kit.store.release(
        entry=an_entry(EntryType.RELEASE, ref=handover.id), used=a_used_mandate(), handover_id=handover.id
    )


async def a_released_handover(kit, **changed):
    handover = await a_ready_handover(kit, **changed)
    await release(kit, handover)
    return handover


def acknowledging(draft):
    return {"ack": an_ack(draft), "entry": an_entry(EntryType.ACKNOWLEDGED, ref=draft.handover_id)}


class Handovers:
    async def test_a_decision_keeps_the_handover_with_its_entry(self, kit):
        handover = a_handover()

        await kit.store.decide(entry=an_entry(EntryType.DECIDED, ref="d"), used=a_used_mandate(), handover=handover)

        assert await kit.store.handover(handover.id) == handover
        assert await kit.store.handover_of(handover.announcement_id) == handover
        assert await kit.told() == [(EntryType.DECIDED, "d")]

    async def test_a_decision_against_it_keeps_no_handover(self, kit):
        await kit.store.decide(entry=an_entry(EntryType.DECIDED), used=a_used_mandate(), handover=None)

        assert len(await kit.told()) == 1

    async def test_a_decision_on_a_replayed_mandate_keeps_nothing(self, kit):
        used, handover = a_used_mandate(), a_handover()
        await kit.store.answer(entry=an_entry(), used=used)

        with pytest.raises(MandateRefused):
            await kit.store.decide(entry=an_entry(EntryType.DECIDED), used=used, handover=handover)

        assert await kit.store.handover(handover.id) is None

    async def test_a_second_decision_updates_the_handover(self, kit):
        handover = a_handover()
        await kit.store.spooling(handover)
        later = replace(handover, expires_at=T0 + 3600)

        await kit.store.decide(entry=an_entry(EntryType.DECIDED), used=a_used_mandate(), handover=later)

        assert await kit.store.handover(handover.id) == later

    async def test_the_same_announcement_gives_the_same_handover(self, kit):
        first = a_handover()

        assert await kit.store.spooling(first) == first
        assert await kit.store.spooling(a_handover(announcement_id=first.announcement_id)) == first

    async def test_two_handovers_of_one_announcement_are_refused(self, kit):
        first = a_handover()
        await kit.store.spooling(first)

        with pytest.raises(RequestRefused) as refused:
            await kit.store.decide(
                entry=an_entry(EntryType.DECIDED),
                used=a_used_mandate(),
                handover=a_handover(announcement_id=first.announcement_id),
            )

        assert refused.value.code is Code.HANDOVER_NOT_AVAILABLE

    async def test_a_spooled_document_makes_the_handover_ready(self, kit):
        handover = a_handover()
        await kit.store.spooling(handover)

        await kit.store.spooled(handover.id, a_digest())
        kit = await kit.reopen()

        expected = replace(handover, state=IncomingState.READY, document=a_digest())
        assert await kit.store.handover(handover.id) == expected

    async def test_a_failed_spool_leaves_nothing(self, kit):
        handover = a_handover()
        await kit.store.spooling(handover)

        await kit.store.spool_failed(handover.id)

        assert await kit.store.handover_of(handover.announcement_id) is None

    async def test_a_failed_spool_does_not_undo_a_handover_that_is_ready(self, kit):
        handover = await a_ready_handover(kit)

        await kit.store.spool_failed(handover.id)

        assert (await kit.store.handover(handover.id)).state is IncomingState.READY

    @pytest.mark.parametrize("what", ["spooled", "receipt", "release"])
    async def test_a_handover_that_is_not_there_cannot_move(self, kit, what):
        moves = {
            "spooled": lambda: kit.store.spooled(an_id(), a_digest()),
            "receipt": lambda: kit.store.receipt_issued(an_id(), COMPACT),
            "release": lambda: release(kit, a_handover()),
        }

        with pytest.raises(RequestRefused) as refused:
            await moves[what]()

        assert refused.value.code is Code.HANDOVER_NOT_AVAILABLE
        assert await kit.told() == []

    async def test_a_release_is_an_entry_and_hands_the_document_over(self, kit):
        handover = await a_ready_handover(kit)

        await release(kit, handover)

        assert (await kit.store.handover(handover.id)).state is IncomingState.HANDED_OVER
        assert (EntryType.RELEASE, handover.id) in await kit.told()

    async def test_a_release_writes_its_trace(self, kit):
        handover, trace = await a_ready_handover(kit), a_trace()

        await kit.store.release(
            entry=an_entry(EntryType.RELEASE), used=a_used_mandate(), handover_id=handover.id, trace=trace
        )

        assert await kit.traces() == [(trace, 0)]

    async def test_a_document_that_is_not_spooled_is_not_released(self, kit):
        handover = a_handover()
        await kit.store.spooling(handover)

        with pytest.raises(RequestRefused):
            await release(kit, handover)

    async def test_a_second_range_is_released_and_changes_no_state(self, kit):
        handover = await a_released_handover(kit)

        await release(kit, handover)

        assert (await kit.store.handover(handover.id)).state is IncomingState.HANDED_OVER

    async def test_a_document_rendered_again_stays_handed_over(self, kit):
        handover = await a_released_handover(kit)

        await kit.store.spooled(handover.id, a_digest())

        assert (await kit.store.handover(handover.id)).state is IncomingState.HANDED_OVER

    async def test_the_end_is_an_entry_whatever_became_of_the_handover(self, kit):
        proof = await kit.store.end(entry=an_entry(EntryType.END, ref="gone"), handover_id="gone")

        assert proof.index == 0
        assert await kit.told() == [(EntryType.END, "gone")]

    async def test_an_expired_handover_is_given_once_its_time_has_come(self, kit):
        handover = await a_ready_handover(kit)

        assert await kit.store.expired_handovers(handover.expires_at - 1) == []
        assert [found.id for found in await kit.store.expired_handovers(handover.expires_at)] == [handover.id]

    async def test_a_purged_handover_is_gone_and_told_once(self, kit):
        handover = await a_ready_handover(kit)

        for _ in range(2):
            await kit.store.handover_purged(handover.id, an_entry(EntryType.PURGED, ref=handover.id))

        assert await kit.store.handover(handover.id) is None
        assert await kit.store.handover_of(handover.announcement_id) is None
        assert await kit.store.expired_handovers(handover.expires_at) == []
        assert (await kit.told()).count((EntryType.PURGED, handover.id)) == 1

    async def test_a_purged_handover_is_not_decided_again(self, kit):
        handover = await a_ready_handover(kit)
        await kit.store.handover_purged(handover.id, an_entry(EntryType.PURGED))

        with pytest.raises(RequestRefused):
            await kit.store.decide(entry=an_entry(EntryType.DECIDED), used=None, handover=handover)


class Acknowledgements:
    async def test_an_acknowledgement_is_kept_with_its_entry(self, kit):
        handover = await a_released_handover(kit)
        draft = an_ack_draft(handover.id, RECEIPT)

        assert await kit.store.acknowledge(**acknowledging(draft))

        assert (await kit.store.handover(handover.id)).state is IncomingState.ACKNOWLEDGED
        assert (EntryType.ACKNOWLEDGED, handover.id) in await kit.told()

    async def test_a_rejection_is_an_acknowledgement(self, kit):
        handover = await a_released_handover(kit)

        assert await kit.store.acknowledge(**acknowledging(a_rejection(an_ack_draft(handover.id, RECEIPT))))

        assert (await kit.store.handover(handover.id)).state is IncomingState.REJECTED

    async def test_the_same_acknowledgement_again_is_welcome_and_no_second_entry(self, kit):
        handover = await a_released_handover(kit)
        draft = an_ack_draft(handover.id, RECEIPT)
        await kit.store.acknowledge(**acknowledging(draft))

        assert await kit.store.acknowledge(**acknowledging(replace(draft, issued_at=T0 + 60)))

        assert (await kit.told()).count((EntryType.ACKNOWLEDGED, handover.id)) == 1

    @pytest.mark.parametrize("other", [a_rejection, lambda draft: replace(draft, received=a_digest(b"%PDF other"))])
    async def test_another_result_than_before_is_refused(self, kit, other):
        handover = await a_released_handover(kit)
        draft = an_ack_draft(handover.id, RECEIPT)
        await kit.store.acknowledge(**acknowledging(draft))

        with pytest.raises(RequestRefused) as refused:
            await kit.store.acknowledge(**acknowledging(other(draft)))

        assert refused.value.code is Code.ACK_MISMATCH

    async def test_a_receipt_that_was_never_issued_is_refused(self, kit):
        handover = await a_released_handover(kit)

        with pytest.raises(RequestRefused) as refused:
            await kit.store.acknowledge(**acknowledging(an_ack_draft(handover.id, b"x" * 32)))

        assert refused.value.code is Code.ACK_MISMATCH

    async def test_each_of_several_receipts_may_be_named(self, kit):
        handover = await a_released_handover(kit)
        await kit.store.receipt_issued(handover.id, b"another")
        await kit.store.receipt_issued(handover.id, b"another")

        assert await kit.store.acknowledge(**acknowledging(an_ack_draft(handover.id, sha256(b"another").digest())))

    async def test_a_document_that_was_not_released_is_not_acknowledged(self, kit):
        handover = await a_ready_handover(kit)

        with pytest.raises(RequestRefused) as refused:
            await kit.store.acknowledge(**acknowledging(an_ack_draft(handover.id, RECEIPT)))

        assert refused.value.code is Code.ACK_MISMATCH

    @pytest.mark.parametrize(
        "received",
        [a_digest(b"%PDF other"), replace(a_digest(), size=a_digest().size + 1)],
        ids=["another sha256", "another size"],
    )
    async def test_bytes_that_were_not_granted_are_not_verified(self, kit, received):
        handover = await a_released_handover(kit)
        draft = an_ack_draft(handover.id, RECEIPT, received=received)

        with pytest.raises(RequestRefused) as refused:
            await kit.store.acknowledge(**acknowledging(draft))

        assert refused.value.code is Code.ACK_MISMATCH
        assert (await kit.store.handover(handover.id)).state is IncomingState.HANDED_OVER
        assert await kit.store.acknowledge(**acknowledging(a_rejection(draft)))

    async def test_bytes_that_were_granted_before_the_document_was_rendered_again_are_verified(self, kit):
        handover = await a_released_handover(kit)
        await kit.store.spooled(handover.id, a_digest(b"%PDF other"))
        await kit.store.spooled(handover.id, a_digest(b"%PDF third"))

        assert await kit.store.acknowledge(**acknowledging(an_ack_draft(handover.id, RECEIPT)))

    async def test_an_unknown_handover_is_not_available(self, kit):
        with pytest.raises(RequestRefused) as refused:
            await kit.store.acknowledge(**acknowledging(an_ack_draft(an_id(), RECEIPT)))

        assert refused.value.code is Code.HANDOVER_NOT_AVAILABLE

    async def test_a_handover_of_another_member_is_not_available(self, kit):
        handover = await a_released_handover(kit)

        with pytest.raises(RequestRefused) as refused:
            await kit.store.acknowledge(**acknowledging(an_ack_draft(handover.id, RECEIPT, issuer=US)))

        assert refused.value.code is Code.HANDOVER_NOT_AVAILABLE

    async def test_an_acknowledgement_may_come_after_the_purge_and_a_restart(self, kit):
        handover = await a_released_handover(kit)
        await kit.store.handover_purged(handover.id, an_entry(EntryType.PURGED))
        kit = await kit.reopen()
        draft = an_ack_draft(handover.id, RECEIPT)

        assert await kit.store.acknowledge(**acknowledging(draft))
        assert await kit.store.acknowledge(**acknowledging(draft))

        assert await kit.store.handover(handover.id) is None

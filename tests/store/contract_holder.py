"""What every `core.ports.HolderStore` does. A subclass gives the fixture `kit`; so can whoever writes a fake.

`kit.store` is the store, `kit.clock` its clock, `await kit.told()` the (type, ref) of all its ledger entries in the
order in which they were appended, and `await kit.reopen()` gives a kit on the same state after a restart.
"""

import asyncio
from dataclasses import replace

import pytest

from connector.core.codes import Code
from connector.core.errors import MandateRefused
from connector.core.ledger import EntryType, Tree
from connector.core.merkle import verify_inclusion
from connector.wire.checkpoint import Checkpoint
from tests.kit.state import (
    US,
    a_trace,
    a_used_mandate,
    an_announcement,
    an_entry,
    an_id,
)
from tests.store.contract_handovers import Acknowledgements, Handovers


def root_of(note):
    return Checkpoint.parse_body(note.partition("\n\n")[0] + "\n").root


class Answers:
    async def test_an_answer_gives_the_proof_of_its_entry(self, kit):
        proof = await kit.store.answer(entry=an_entry(), used=a_used_mandate())

        assert (proof.tree, proof.index, proof.size) == (Tree.EXCHANGE, 0, 1)
        assert verify_inclusion(proof.leaf_hash, proof.index, proof.size, proof.path, root_of(proof.checkpoint))

    async def test_answers_given_at_once_all_prove_under_one_tree(self, kit):
        proofs = await asyncio.gather(*(kit.store.answer(entry=an_entry(), used=a_used_mandate()) for _ in range(40)))

        assert sorted(proof.index for proof in proofs) == list(range(40))
        for proof in proofs:
            assert verify_inclusion(proof.leaf_hash, proof.index, proof.size, proof.path, root_of(proof.checkpoint))

    async def test_a_mandate_is_used_once(self, kit):
        used = a_used_mandate()
        await kit.store.answer(entry=an_entry(ref="first"), used=used)

        with pytest.raises(MandateRefused) as refused:
            await kit.store.answer(entry=an_entry(ref="second"), used=used)

        assert refused.value.code is Code.MANDATE_REPLAYED
        assert await kit.told() == [(EntryType.ANSWERED, "first")]

    async def test_a_mandate_is_used_once_also_when_both_come_at_once(self, kit):
        used = a_used_mandate()

        outcomes = await asyncio.gather(
            *(kit.store.answer(entry=an_entry(), used=used) for _ in range(5)), return_exceptions=True
        )

        assert sum(isinstance(outcome, MandateRefused) for outcome in outcomes) == 4
        assert len(await kit.told()) == 1

    async def test_a_mandate_is_used_once_also_after_a_restart(self, kit):
        used = a_used_mandate()
        await kit.store.answer(entry=an_entry(), used=used)
        kit = await kit.reopen()

        with pytest.raises(MandateRefused):
            await kit.store.answer(entry=an_entry(), used=used)

    async def test_the_same_jti_of_another_member_is_another_mandate(self, kit):
        used = a_used_mandate()
        await kit.store.answer(entry=an_entry(), used=used)

        await kit.store.answer(entry=an_entry(), used=replace(used, issuer=US))

        assert len(await kit.told()) == 2

    async def test_a_refusal_without_a_usable_mandate_is_an_entry_too(self, kit):
        await kit.store.answer(entry=an_entry(outcome="refused"), used=None)

        assert len(await kit.told()) == 1

    async def test_an_announcement_and_a_trace_are_kept_with_their_answer(self, kit):
        announcement, trace = an_announcement(), a_trace()
        await kit.store.answer(entry=an_entry(), used=a_used_mandate(), announcement=announcement, trace=trace)
        kit = await kit.reopen()

        assert await kit.store.announcement(announcement.id) == announcement
        assert await kit.traces() == [(trace, 0)]

    async def test_nothing_is_kept_of_an_answer_to_a_replayed_mandate(self, kit):
        used, announcement = a_used_mandate(), an_announcement()
        await kit.store.answer(entry=an_entry(), used=used)

        with pytest.raises(MandateRefused):
            await kit.store.answer(entry=an_entry(), used=used, announcement=announcement, trace=a_trace())

        assert await kit.store.announcement(announcement.id) is None
        assert await kit.traces() == []

    async def test_a_probes_announcement_is_of_nobody(self, kit):
        announcement = an_announcement(ins=None, announcement=None)
        await kit.store.answer(entry=an_entry(), used=a_used_mandate(), announcement=announcement)

        assert (await kit.store.announcement(announcement.id)).is_probe

    async def test_an_unknown_announcement_is_none(self, kit):
        assert await kit.store.announcement(an_id()) is None

    async def test_the_house_ledger_takes_what_no_exchange_tells(self, kit):
        await kit.store.record(an_entry(EntryType.STARTED, ref=""))

        assert await kit.told() == [(EntryType.STARTED, "")]

    async def test_the_house_ledger_takes_no_leaf_of_the_exchange(self, kit):
        with pytest.raises(ValueError, match="exchange"):
            await kit.store.record(an_entry(EntryType.ANSWERED))


class HolderStoreContract(Answers, Handovers, Acknowledgements):
    """All of it."""

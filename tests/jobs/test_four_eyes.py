"""Two people over the real state: a proposal outlives a restart, and its deed is done once."""

import asyncio

import pytest

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.ledger import DestroyedBy, EntryType, Tree
from connector.core.proposals import ProposalKind
from connector.daemon.four_eyes import FourEyes
from connector.daemon.retention import EraseEntry, Housekeeping
from tests.kit.state import HandClock, SystemEntropy, an_entry, opened, settings_in


class Deed:
    def __init__(self):
        self.done, self.refusing = [], False

    async def check(self, subject):
        if self.refusing:
            raise LocalRefused("gone", code=Code.LOCAL_NOT_FOUND)

    async def do(self, subject, reason, by):
        self.done.append((dict(subject), reason, by))
        return {"done": True}


def eyes(state, deed, clock):
    return FourEyes(state.proposals, {ProposalKind.LIFT_BLOCK: deed}, clock, SystemEntropy())


async def propose(four, **subject):
    return await four.propose(ProposalKind.LIFT_BLOCK, subject, reason="because", by="Mme Un", key="one")


async def test_a_proposal_outlives_a_restart_and_is_done_once(tmp_path):
    clock, deed = HandClock(), Deed()
    async with opened(tmp_path, clock) as state:
        proposal = await propose(eyes(state, deed, clock), block="b")
    async with opened(tmp_path, clock) as state:
        four = eyes(state, deed, clock)
        both = await asyncio.gather(
            *(four.confirm(proposal.id, by="M. Deux", key="two") for _ in range(3)), return_exceptions=True
        )

        assert sum(isinstance(one, LocalRefused) for one in both) == 2
        assert deed.done == [({"block": "b"}, "because", ("Mme Un", "M. Deux"))]
        (entry,) = await state.journal.entries(Tree.HOUSE, type=EntryType.PROPOSED)
        assert (entry.outcome, entry.reason, entry.personal["by"]) == ("proposed", "lift-block", "Mme Un")


async def test_an_entry_is_erased_once_two_people_agreed(tmp_path):
    clock = HandClock()
    async with opened(tmp_path, clock) as state:
        await state.holder.answer(entry=an_entry(), used=None)
        keeping = Housekeeping(state, settings_in(tmp_path), clock)
        deeds = {ProposalKind.ERASE: EraseEntry(keeping.retention)}
        four = FourEyes(state.proposals, deeds, clock, SystemEntropy())
        subject = {"tree": "exchange", "index": 0}
        proposal = await four.propose(ProposalKind.ERASE, subject, reason="wrong person", by="Mme Un", key="one")
        with pytest.raises(LocalRefused):
            await four.confirm(proposal.id, by="Mme Un", key="two")
        assert not (await state.journal.entries(Tree.EXCHANGE))[0].is_destroyed

        _, result = await four.confirm(proposal.id, by="M. Deux", key="two")

        assert result == subject
        assert (await state.journal.entries(Tree.EXCHANGE))[0].destroyed.by is DestroyedBy.ERASURE
        (entry,) = await state.journal.entries(Tree.HOUSE, type=EntryType.ERASED)
        assert (entry.personal["by"], entry.personal["reason"]) == (["Mme Un", "M. Deux"], "wrong person")
        with pytest.raises(LocalRefused) as refused:
            await four.propose(ProposalKind.ERASE, subject, reason="again", by="Mme Un", key="one")
        assert refused.value.code is Code.LOCAL_CONFLICT


async def test_a_kind_that_nobody_does_here_is_refused(tmp_path):
    clock = HandClock()
    async with opened(tmp_path, clock) as state:
        with pytest.raises(LocalRefused) as refused:
            await eyes(state, Deed(), clock).propose(ProposalKind.SUCCEED, {}, reason="why", by="Mme Un", key="one")

    assert refused.value.code is Code.LOCAL_CONFLICT


async def test_what_can_no_longer_be_done_is_not_done_and_stays_proposed(tmp_path):
    clock, deed = HandClock(), Deed()
    async with opened(tmp_path, clock) as state:
        four = eyes(state, deed, clock)
        proposal = await propose(four)
        deed.refusing = True

        with pytest.raises(LocalRefused):
            await four.confirm(proposal.id, by="M. Deux", key="two")
        with pytest.raises(LocalRefused):
            await propose(four)

        assert deed.done == []
        assert await four.waiting() == [proposal]


async def test_a_withdrawn_proposal_stands_in_the_journal_and_cannot_be_confirmed(tmp_path):
    clock, deed = HandClock(), Deed()
    async with opened(tmp_path, clock) as state:
        four = eyes(state, deed, clock)
        proposal = await propose(four)
        await four.withdraw(proposal.id, by="Mme Un")

        with pytest.raises(LocalRefused) as refused:
            await four.confirm(proposal.id, by="M. Deux", key="two")
        assert refused.value.code is Code.LOCAL_NOT_FOUND
        assert [entry.outcome for entry in await state.journal.entries(Tree.HOUSE)] == ["withdrawn", "proposed"]


async def test_an_old_proposal_is_neither_listed_nor_confirmed(tmp_path):
    clock, deed = HandClock(), Deed()
    async with opened(tmp_path, clock) as state:
        four = eyes(state, deed, clock)
        proposal = await propose(four)
        clock.at += 86_400

        assert await four.waiting() == []
        with pytest.raises(LocalRefused) as refused:
            await four.confirm(proposal.id, by="M. Deux", key="two")
        assert refused.value.code is Code.LOCAL_CONFLICT

"""The first leaf of a new ledger is opened to peers: they verify it, journal it once and show the reason for ever."""

from dataclasses import replace

import pytest

from connector.core.errors import PeerFault
from connector.core.ledger import EntryDraft, EntryType, Tree
from connector.core.witness import Showing
from connector.wire.beginning import read_beginning
from tests.kit.witnesses import watchers

REASON = "disque remplacé, copie du 3 novembre"


@pytest.fixture
async def three(tmp_path):
    async with watchers(tmp_path) as found:
        yield found


async def begun(first):
    """A ledger that follows another, and its first leaf under a head of three entries."""
    await first.write(2)
    await first.showing.round()
    highest = await first.note()
    await first.showing.succeed(REASON, ["Anne Un, informatique", "Bruno Deux, direction"])
    await first.write(2)
    head = first.state.journal.open_own(await first.note())
    return highest, head, await first.state.journal.beginning(head)


async def test_a_first_leaf_says_why_and_what_was_signed_before_and_names_nobody(three):
    highest, head, beginning = await begun(three[0])

    told = read_beginning(beginning, head)

    assert (told.reason, told.highest) == (REASON, highest)
    assert b"Anne" not in beginning.entry + beginning.personal
    assert b"Bruno" not in beginning.entry + beginning.personal


async def test_every_peer_keeps_the_reason_once_and_shows_it_for_ever(three):
    first, second, third = three
    highest, _, _ = await begun(first)

    for _ in range(2):
        await first.showing.round()
        first.clock.at += 86_400

    for one in (second, third):
        told = {gap.new.tree: gap.told for gap in await one.state.witness.gaps()}
        assert (told[Tree.EXCHANGE].reason, told[Tree.EXCHANGE].highest) == (REASON, highest)
        assert told[Tree.HOUSE] is None
        [entry] = [e for e in await one.journal() if e.outcome == "gap-explained"]
        assert (entry.peer, entry.personal["reason"]) == (first.party.id, REASON)


async def test_a_peer_that_met_the_gap_by_a_receipt_learns_the_reason_later(three):
    first, second, _ = three
    await begun(first)
    second.watch.noticed(first.party.id, await first.note())
    await second.watch.settle()
    before = [gap.told for gap in await second.state.witness.gaps() if gap.new.tree is Tree.EXCHANGE]

    await first.showing.round()

    [gap] = [gap for gap in await second.state.witness.gaps() if gap.new.tree is Tree.EXCHANGE]
    assert (before, gap.told.reason) == ([None], REASON)


async def test_a_reason_of_several_lines_becomes_one_that_peers_take(three):
    first, second, _ = three
    await first.write(1)
    await first.showing.round()
    await first.showing.succeed("disque\nremplacé\u200b", ["A", "B"])

    await first.showing.round()

    gaps = await second.state.witness.gaps()
    assert [gap.told.reason for gap in gaps if gap.told is not None] == ["disque remplacé"]


async def test_a_ledger_that_follows_no_other_has_no_beginning_to_show(three):
    first = three[0]
    await first.write(2)

    assert await first.state.journal.beginning(first.state.journal.open_own(await first.note())) is None


async def test_a_first_leaf_that_names_people_is_not_opened(three):
    """As those of before the names had an entry of their own."""
    first = three[0]
    personal = {"old": {}, "highest": {}, "reason": REASON, "by": ["Anne Un"]}
    entry = EntryDraft(type=EntryType.SUCCEEDED, at=first.clock.now(), outcome="begun", reason="2", personal=personal)
    await first.state.witness.succeed(entry, 2)

    assert await first.state.journal.beginning(first.state.journal.open_own(await first.note())) is None


class TestRefused:
    async def refused(self, three, **changed):
        _, head, beginning = await begun(three[0])
        values = {name: change(getattr(beginning, name)) for name, change in changed.items()}
        with pytest.raises(PeerFault) as refused:
            read_beginning(replace(beginning, **values), head)
        return refused.value.message

    async def test_an_entry_that_is_not_the_first_leaf(self, three):
        assert "not the first leaf" in await self.refused(three, entry=lambda data: data.replace(b"begun", b"ended"))

    async def test_a_path_to_another_root(self, three):
        assert "not the first leaf" in await self.refused(three, path=lambda path: (bytes(32), *path[1:]))

    async def test_another_reason_than_the_leaf_commits_to(self, three):
        other = {"personal": lambda data: data.replace(b"disque", b"foudre")}
        assert "commits to" in await self.refused(three, **other)

    async def test_the_first_leaf_of_another_ledger(self, three):
        first = three[0]
        await first.write(1)
        head = first.state.journal.open_own(await first.note())
        beginning = (await begun(first))[2]

        with pytest.raises(PeerFault, match="not the first leaf"):
            read_beginning(beginning, head)

    async def test_a_witness_refuses_it_and_keeps_nothing(self, three):
        first, second, _ = three
        _, head, beginning = await begun(first)
        forged = replace(beginning, personal=beginning.personal + b" ")

        with pytest.raises(PeerFault):
            await first.peers.show(second.member, Showing(head.note, 0, (), forged))

        assert [gap for gap in await second.state.witness.gaps() if gap.told is not None] == []

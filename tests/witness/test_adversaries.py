"""Witnessing against members that lie on purpose, a disk that refuses, and a machine that lost more than its state."""

import asyncio
from base64 import b64encode
from dataclasses import replace

import pytest

from connector.core.directory import KeyUse
from connector.core.errors import FailedClosed, PeerFault
from connector.core.instant import Instant
from connector.core.ledger import Tree
from connector.core.members import MemberId
from connector.core.witness import (
    HeadLink,
    HeldHead,
    LedgerFault,
    LedgerFaultKind,
    LedgerName,
    SeenHead,
    SignedHead,
    WitnessAnswer,
    WitnessStatement,
)
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate, public_key_to_der
from connector.crypto.notes import NoteKey, NoteSigner, open_note
from connector.wire import checkpoint
from connector.wire.checkpoint import Checkpoint, Origin
from connector.wire.cosignature import cosign
from tests.kit.state import opened
from tests.kit.witnesses import watchers


@pytest.fixture
async def three(tmp_path):
    async with watchers(tmp_path) as found:
        yield found


def kinds(watcher):
    return [fault.kind for fault in watcher.ears.faults]


def a_note(signer, ledger, size, root=bytes(32)):
    return checkpoint.seal(Checkpoint(Origin.parse(ledger), size, root), NoteSigner(ledger, signer.key))


class Holding:
    """A witness that holds one head, and says nothing else."""

    def __init__(self, *held):
        self._held = held

    async def held(self):
        return list(self._held)

    async def witness(self, member, showing):
        return WitnessAnswer(held=self._held[0].checkpoint)


class TestOurOwnHalt:
    async def test_a_disk_that_refuses_the_fault_does_not_let_the_house_go_on(self, three):
        first, second, _ = three
        await first.write(2)
        ahead = a_note(first.party.ledger_signer, await first.origin(), 9)
        second.desk.real = Holding(HeldHead(ahead, "— x AAAAAAAA"))
        store, real = first.state.witness, first.state.witness.fault

        async def refuses(*_):
            raise FailedClosed("the disk is full")

        store.fault = refuses
        await first.showing.round()

        assert first.showing.behind().kind is LedgerFaultKind.SHORTENED
        with pytest.raises(FailedClosed):
            await first.write()

        store.fault = real
        await first.showing.tick()

        assert [fault.kind for fault in await store.faults()] == [LedgerFaultKind.SHORTENED]

    async def test_a_head_by_a_key_that_is_listed_for_us_and_lost_here_stops_us(self, three):
        """A machine that was rolled back over the change of its ledger key has neither the entries nor the key."""
        first, second, _ = three
        await first.write(2)
        newer = PrivateKeySigner("ledger-2", SigningAlgorithm.ED25519, generate(SigningAlgorithm.ED25519))
        listed = next(key for key in first.member.keys if key.use is KeyUse.LEDGER)
        added = replace(listed, kid="ledger-2", public_der=public_key_to_der(newer.public_key))
        first.members.change(first.party.id, keys=(*first.member.keys, added))
        ahead = a_note(newer, await first.origin(), 9)
        second.desk.real = Holding(HeldHead(ahead, "— x AAAAAAAA"))

        await first.showing.round()

        assert kinds(first) == [LedgerFaultKind.SHORTENED]
        with pytest.raises(FailedClosed):
            await first.write()

    async def test_who_stole_our_key_cannot_stop_us_once_that_is_declared(self, three):
        first, second, _ = three
        await first.write(2)
        keys = tuple(
            replace(key, compromised_since=Instant(first.clock.at - 60)) if key.use is KeyUse.LEDGER else key
            for key in first.member.keys
        )
        first.members.change(first.party.id, keys=keys)
        second.desk.real = Holding(HeldHead(a_note(first.party.ledger_signer, await first.origin(), 9), "— x AAAAAAAA"))

        await first.showing.round()

        assert first.showing.behind() is None
        assert kinds(first) == []
        await first.write()


class TestHeadsThatWait:
    async def test_two_turns_at_once_leave_nothing_behind_and_nobody_falls_over(self, three):
        first, second, _ = three
        await first.write(2)
        second.watch.noticed(first.party.id, await first.note())

        outcomes = await asyncio.gather(*(second.watch.settle() for _ in range(5)), return_exceptions=True)

        assert outcomes == [None] * 5
        assert (await second.state.witness.head(first.party.id, Tree.EXCHANGE)).size == 2

    async def test_a_member_that_does_not_let_itself_be_compared_keeps_nobody_elses_waiting(self, three):
        first, second, third = three
        silent = LedgerName(first.party.id, Tree.EXCHANGE, 1)
        assert first.party.id < third.party.id
        heads = [a_head(silent, size) for size in range(1, 300)]
        await second.state.witness.see([SeenHead(head) for head in heads])
        second.members.remove(first.party.id)
        await third.write(2)

        second.watch.noticed(third.party.id, await third.note())
        await second.watch.settle()

        assert (await second.state.witness.head(third.party.id, Tree.EXCHANGE)).size == 2

    async def test_what_waits_of_one_member_is_bounded_and_gossip_leaves_room_for_receipts(self, tmp_path):
        async with opened(tmp_path) as state:
            ledger = LedgerName(MEMBER, Tree.EXCHANGE, 1)
            gossip = [SeenHead(a_head(ledger, size), OTHER) for size in range(1, 700)]
            receipts = [SeenHead(a_head(ledger, size)) for size in range(10_001, 10_700)]
            await state.witness.see(gossip)
            told = len(await state.witness.seen(10_000))
            await state.witness.see(receipts)

            assert (told, len(await state.witness.seen(10_000))) == (500, 1000)


async def test_the_same_head_shown_again_is_countersigned_and_costs_no_write(three):
    first, second, _ = three
    await first.write(1)
    await first.show(second)
    before = await second.state.witness.heads()
    first.clock.at += 3600

    assert (await first.show(second)).cosignature is not None
    assert await second.state.witness.heads() == before


class TestOneSignature:
    """What a member shows has one signature under its ledger's name, so that it means the same to everybody, always."""

    @pytest.mark.parametrize("kind", ["an ended key's", "nobody's"])
    async def test_a_second_one_that_does_not_verify_frames_no_witness_and_is_not_taken(self, three, kind):
        first, second, third = three
        await first.write(2)
        name, ended = await first.origin(), PrivateKeySigner("old", SigningAlgorithm.ED25519, _generate())
        if kind == "an ended key's":
            listed = next(key for key in first.member.keys if key.use is KeyUse.LEDGER)
            old = replace(
                listed,
                kid="old",
                public_der=public_key_to_der(ended.public_key),
                valid_until=Instant(first.clock.at - 86_400),
            )
            first.members.change(first.party.id, keys=(*first.member.keys, old))
        key_id = NoteSigner(name, ended.key).key.key_id
        real = first.state.journal

        class Signing:
            def __getattr__(self, attribute):
                return getattr(real, attribute)

            async def checkpoint(self, tree):
                note = await real.checkpoint(tree)
                return note + f"— {name} {b64encode(key_id + bytes(64)).decode()}\n"

        first.ledgers.real = Signing()
        with pytest.raises(PeerFault):
            await second.watch.look(first.member)
        await second.watch.settle()
        await third.showing.round()

        assert await second.state.witness.head(first.party.id, Tree.EXCHANGE) is None
        assert kinds(third) == []

    def test_of_two_keys_with_one_id_either_may_have_signed(self):
        """Four bytes are soon found: a member could list a key that hides the one that it signed with."""
        name = f"{MEMBER}/exchange/1"
        signer = NoteSigner(name, _generate())
        other = NoteKey(name, _generate().public_key())
        object.__setattr__(other, "key_id", signer.key.key_id)
        note = signer.sign("one\n")

        for keys in ((signer.key, other), (other, signer.key)):
            assert open_note(note, keys).names == (name,)


class TestGrowth:
    async def test_faults_of_ever_new_ledgers_fill_neither_the_list_nor_the_journal(self, tmp_path):
        async with opened(tmp_path) as state:
            kept = [
                await state.witness.fault(
                    LedgerFault(
                        LedgerName(MEMBER, Tree.EXCHANGE, serial), LedgerFaultKind.FORK, Instant(1), "known", "shown"
                    ),
                    None,
                )
                for serial in range(1, 104)
            ]

            assert kept == [True] * 100 + [False] * 3

    async def test_a_statement_that_was_dated_back_is_not_kept(self, three):
        first, second, third = three
        await first.write(1)
        await second.watch.look(first.member)
        second.watch.noticed(first.party.id, await first.note())
        await second.watch.settle()
        head = await second.state.witness.head(first.party.id, Tree.EXCHANGE)

        for seconds, count in ((7 * 86_400, 0), (30, 1)):
            at = Instant(first.clock.at - seconds)
            line = cosign(head, witness=third.party.id, signer=third.party.ledger_signer, at=at).line
            await second.watch.told(third.member, HeldHead(head.note, line))
            kept = await second.state.witness.statements(first.party.id)
            assert len(kept) == count

    async def test_links_of_a_long_year_are_followed_in_their_order(self, tmp_path):
        async with opened(tmp_path) as state:
            ledger, count = LedgerName(THIRD, Tree.EXCHANGE, 1), 9_000
            links = [HeadLink(ledger, n, root(n), n + 1, root(n + 1), ()) for n in range(1, count)]
            last = a_head(ledger, count, root(count))
            await state.witness.keep_head(last, links)
            await state.witness.keep_statements([WitnessStatement(OTHER, Instant(5), last, "line")])

            [found] = await state.witness.witnessed(ledger, 1)

            assert list(found.links) == links


MEMBER, OTHER, THIRD = map(MemberId, ("318751275100020", "318751275100038", "318751275100046"))


def root(size):
    return size.to_bytes(32)


def a_head(ledger, size, of=None):
    """A head as if its signature had been verified."""
    body = Checkpoint(Origin(ledger.member, ledger.tree, ledger.serial), size, of or root(size)).to_body()
    note = f"{body}\n— {ledger} {b64encode(bytes(68)).decode()}\n"
    return SignedHead(ledger, size, of or root(size), note)


def _generate():
    return generate(SigningAlgorithm.ED25519)

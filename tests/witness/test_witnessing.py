"""Members watch each other's ledgers, over real endpoints with real keys (PROTOCOL section 6)."""

import asyncio

import pytest

from connector.core.codes import Code
from connector.core.errors import FailedClosed, PeerFault
from connector.core.ledger import EntryType, Tree
from connector.core.merkle import verify_consistency
from connector.core.witness import HeldHead, LedgerFaultKind, Showing, WitnessAnswer, in_words
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate
from connector.crypto.notes import NoteSigner
from connector.wire import checkpoint
from connector.wire.checkpoint import Checkpoint, Origin
from connector.wire.cosignature import open_statement
from tests.kit.witnesses import watchers


@pytest.fixture
async def three(tmp_path):
    async with watchers(tmp_path) as found:
        yield found


def kinds(watcher):
    return [fault.kind for fault in watcher.ears.faults]


async def test_ledgers_that_only_grow_are_countersigned_day_after_day_and_nothing_is_journalled(three):
    first, second, third = three
    for _ in range(3):
        for one in three:
            await one.write(2)
            await one.showing.round()
        first.clock.at += 86_400
    for one in three:
        await one.watch.settle()

    assert [kinds(one) + one.ears.gaps + one.ears.failures for one in three] == [[], [], []]
    assert [await one.journal() for one in three] == [[], [], []]
    statements = await first.state.witness.statements(first.party.id)
    assert {(s.witness, s.head.ledger.tree) for s in statements} == {
        (other.party.id, tree) for other in (second, third) for tree in Tree
    }
    for statement in statements:
        keys = first.members.get(statement.witness).ledger_keys()
        assert open_statement(statement.line, statement.head, witness=statement.witness, keys=keys) == statement


async def test_the_house_ledger_is_shown_once_a_day(three):
    first = three[0]
    for _ in range(2):
        await first.showing.round()
    shown = [s for s in first.ears.statements if s.head.ledger.tree is Tree.HOUSE]

    assert len(shown) == 2  # to two witnesses, once

    first.clock.at += 86_400
    await first.showing.round()

    assert len([s for s in first.ears.statements if s.head.ledger.tree is Tree.HOUSE]) == 4


async def test_the_earliest_statements_that_cover_a_size_are_found_for_evidence(three):
    first, _second, _third = three
    await first.write(3)
    covered = first.state.journal.open_own(await first.note())
    await first.showing.round()
    first.clock.at += 86_400
    await first.write(1)
    await first.showing.round()

    found = await first.state.witness.witnessed(covered.ledger, covered.size)

    assert [one.statement.head.size for one in found] == [3, 3, 4, 4]
    assert all(one.links == () for one in found)
    assert await first.state.witness.witnessed(covered.ledger, 5) == []


async def test_a_receipt_of_a_peer_is_linked_to_what_a_third_member_witnessed_of_it(three):
    first, second, third = three
    await first.write(2)
    second.watch.noticed(first.party.id, await first.note())
    await second.watch.settle()
    await first.write(3)
    await first.showing.round()
    await second.showing.round()
    await second.watch.settle()
    head = first.state.journal.open_own(await first.note())

    found = await second.state.witness.witnessed(head.ledger, 2)

    assert third.party.id in {one.statement.witness for one in found}
    for one in found:
        root, size = one.links[0].first_root, 2
        for link in one.links:
            assert (link.first, link.first_root) == (size, root)
            assert verify_consistency(link.first, link.second, link.first_root, link.second_root, link.path)
            root, size = link.second_root, link.second
        assert (size, root) == (one.statement.head.size, one.statement.head.root)


class TestRewritten:
    async def test_its_own_member_finds_it_and_signs_nothing_more(self, three):
        first, _second, _ = three
        await first.write(4)
        await first.showing.round()
        await first.rewrite(1)

        await first.showing.round()

        assert first.showing.behind().kind is LedgerFaultKind.FORK
        with pytest.raises(FailedClosed) as refused:
            await first.write()
        assert refused.value.code is Code.LEDGER_UNAVAILABLE
        assert "journal succeed" in refused.value.hint
        [entry] = await first.journal()
        assert (entry.outcome, entry.reason) == ("fault", "fork")
        assert "two histories" in in_words(first.showing.behind())

    async def test_a_witness_finds_it_and_keeps_the_two_signed_heads_once(self, three):
        first, second, _ = three
        await first.write(4)
        await first.show(second)
        known = await first.note()
        await first.rewrite(1)

        for _ in range(3):
            answer = await first.show(second)

        assert answer.held == known
        assert kinds(second) == [LedgerFaultKind.FORK]
        [entry] = await second.journal()
        assert (entry.peer, entry.reason) == (first.party.id, "fork")
        assert (entry.personal["known"], entry.personal["shown"]) == (known, await first.note())

    async def test_a_longer_one_that_does_not_go_on_is_found_by_its_receipt(self, three):
        first, second, _ = three
        await first.write(4)
        second.watch.noticed(first.party.id, await first.note())
        await second.watch.settle()
        await first.rewrite(1)
        await first.write(2)

        second.watch.noticed(first.party.id, await first.note())
        await second.watch.settle()
        await second.watch.settle()

        assert kinds(second) == [LedgerFaultKind.NOT_CONSISTENT]
        assert [(e.peer, e.reason) for e in await second.journal()] == [(first.party.id, "not-consistent")]
        assert (await second.state.witness.head(first.party.id, Tree.EXCHANGE)).size == 4


class TestShortened:
    async def test_a_peer_finds_it_by_looking(self, three):
        first, second, _ = three
        await first.write(4)
        await second.watch.look(first.member)
        await second.watch.settle()
        await first.cut_tail(2)

        await second.watch.look(first.member)
        await second.watch.look(first.member)

        assert kinds(second) == [LedgerFaultKind.SHORTENED]
        assert "4 entries" in in_words(second.ears.faults[0])
        assert len(await second.journal()) == 1

    async def test_its_own_member_finds_it_at_start_before_it_answers(self, three):
        first = three[0]
        await first.write(4)
        await first.showing.round()
        await first.cut_tail(2)

        await first.showing.start()

        assert first.showing.behind().kind is LedgerFaultKind.SHORTENED
        with pytest.raises(FailedClosed):
            await first.write()


class TestForked:
    async def test_two_histories_shown_to_two_members_meet_at_a_third_ones_round(self, three, tmp_path):
        first, second, third = three
        await first.write(2)
        before = await first.copied(tmp_path / "copy")
        await first.write(2)
        await first.show(second)
        await first.back_to(before)
        await first.write(2)
        await first.show(third)

        await first.house.server.close()  # which could show the same in that round itself

        await second.showing.round()
        await second.watch.settle()

        assert kinds(second) == [LedgerFaultKind.FORK]
        [entry] = await second.journal()
        assert (entry.peer, entry.personal["told_by"]) == (first.party.id, third.party.id.value)


class TestRolledBack:
    async def test_a_restored_copy_knows_itself_and_begins_anew_with_a_reason(self, three, tmp_path):
        first, _second, _third = three
        await first.write(2)
        old = await first.copied(tmp_path / "copy")
        await first.write(3)
        await first.showing.round()
        highest = await first.note()
        await first.back_to(old)

        await first.showing.start()

        assert first.showing.behind() is not None
        with pytest.raises(FailedClosed):
            await first.write()

        await first.close()
        await first.open()
        await first.showing.start()
        with pytest.raises(FailedClosed):
            await first.write()

        serial = await first.showing.succeed("disque remplacé, copie du 3", ["A", "B"])
        await first.write(2)

        assert serial == 2
        assert first.showing.behind() is None
        assert (await first.origin(), await first.origin(Tree.HOUSE)) == (
            f"{first.party.id}/exchange/2",
            f"{first.party.id}/house/2",
        )
        leaf = (await first.state.journal.entries(Tree.EXCHANGE, type=EntryType.SUCCEEDED))[0]
        assert leaf.personal["old"]["exchange"] == f"{first.party.id}/exchange/1"
        assert leaf.personal["highest"]["exchange"] == highest
        assert (leaf.personal["reason"], "by" in leaf.personal) == ("disque remplacé, copie du 3", False)
        agreed = (await first.state.journal.entries(Tree.HOUSE, type=EntryType.PROPOSED))[0]
        assert (agreed.outcome, agreed.personal["by"]) == ("confirmed", ["A", "B"])
        report = await first.state.journal.verify()
        assert report.is_sound, report
        assert [(tree.origin.split("/", 1)[1], tree.size) for tree in report.trees][:2] == [
            ("exchange/1", 2),
            ("exchange/2", 3),
        ]

    async def test_every_peer_journals_the_gap_once_and_shows_it_for_ever(self, three):
        first, second, third = three
        await first.write(2)
        await first.showing.round()
        await first.showing.succeed("essai", ["A", "B"])
        await first.write(1)

        for _ in range(2):
            await first.showing.round()
            second.watch.noticed(first.party.id, await first.note())
            await second.watch.settle()
            first.clock.at += 86_400

        for one in (second, third):
            gaps = [gap for gap in await one.state.witness.gaps() if gap.new.tree is Tree.EXCHANGE]
            assert [(gap.old.serial, gap.new.serial) for gap in gaps] == [(1, 2)]
            entries = [e for e in await one.journal() if e.reason.endswith("exchange/2")]
            told = [("gap", first.party.id), ("gap-explained", first.party.id)]
            assert [(e.outcome, e.peer) for e in entries] == told
        assert kinds(second) == kinds(third) == []

    async def test_a_copy_from_before_the_new_beginning_is_known_too(self, three, tmp_path):
        first = three[0]
        await first.write(2)
        old = await first.copied(tmp_path / "copy")
        await first.showing.succeed("essai", ["A", "B"])
        await first.showing.round()
        await first.back_to(old)

        await first.showing.start()
        serial = await first.showing.succeed("encore", ["A", "B"])

        assert serial == 3
        assert first.showing.behind() is None


class TestWitnessesThatCannotBeBelieved:
    async def test_a_head_that_we_never_signed_stops_nothing_and_is_journalled_once(self, three):
        first, second, _ = three
        await first.write(1)
        forged = NoteSigner(await first.origin(), second.party.ledger_signer.key)
        note = checkpoint.seal(Checkpoint(Origin.parse(forged.name), 9, bytes(32)), forged)

        class Liar:
            async def held(self):
                return [HeldHead(note, "— x AAAAAAAA")]

            async def witness(self, member, showing):
                return WitnessAnswer(held=note)

        second.desk.real = Liar()
        for _ in range(2):
            await first.showing.round()

        assert first.showing.behind() is None
        await first.write()
        assert [(f.kind, f.told_by) for f in first.ears.faults] == [(LedgerFaultKind.FALSE_HEAD, second.party.id)]
        assert [(e.peer, e.reason) for e in await first.journal()] == [(second.party.id, "false-head")]

    async def test_a_countersignature_of_another_head_is_not_kept(self, three):
        first, second, _third = three
        await first.write(2)
        real, lines = second.watch, []

        class Liar:
            async def held(self):
                return []

            async def witness(self, member, showing):
                lines.append(await real.witness(member, showing))
                return lines[0]

        await first.show(second)
        second.desk.real = Liar()
        await first.showing.round()
        await first.write()
        await first.showing.round()

        assert kinds(first) == [LedgerFaultKind.FALSE_STATEMENT]
        exchange = [
            s.head.size
            for s in await first.state.witness.statements(first.party.id)
            if s.witness == second.party.id and s.head.ledger.tree is Tree.EXCHANGE
        ]
        assert exchange == [2]

    async def test_one_that_never_answers_takes_bounded_time_and_another_is_asked(self, three):
        first, second, _ = three
        gate = asyncio.Event()

        class Silent:
            async def held(self):
                await gate.wait()
                return []

        second.desk.real = Silent()
        try:
            found = await first.showing.round()
        finally:
            gate.set()

        assert (found.asked, found.answered) == (2, 1)
        assert first.ears.failures == [(second.party.id.value, "peer.timeout")]

    async def test_with_no_witness_at_all_the_start_goes_on_and_the_next_turn_asks_again(self, three):
        first, second, third = three
        for other in (second, third):
            await other.house.server.close()
        await first.showing.start()
        await first.write()
        await first.showing.tick()

        assert first.showing.last_answer() is None
        assert [answered for answered, _ in first.ears.rounds] == [0, 0]


class Gossip:
    """A witness that countersigns as it should, and tells what it likes of others."""

    def __init__(self, real, note):
        self.real, self.note = real, note

    async def held(self):
        return [HeldHead(self.note, "— x AAAAAAAA")]

    async def witness(self, member, showing):
        return await self.real.witness(member, showing)


async def test_gossip_about_a_member_that_was_never_signed_accuses_the_teller(three):
    first, second, third = three
    await third.write(2)
    note = (await third.note()).replace("\n2\n", "\n3\n")
    second.desk.real = Gossip(second.watch, note)

    for _ in range(2):
        await first.showing.round()

    assert [(f.kind, f.ledger.member, f.told_by) for f in first.ears.faults] == [
        (LedgerFaultKind.FALSE_HEAD, third.party.id, second.party.id)
    ]


async def test_a_key_that_the_directory_does_not_list_yet_accuses_nobody(three):
    first, second, third = three
    newer = NoteSigner(f"{third.party.id}/exchange/1", second.party.ledger_signer.key)
    note = checkpoint.seal(Checkpoint(Origin.parse(newer.name), 9, bytes(32)), newer)
    second.desk.real = Gossip(second.watch, note)
    second.watch._signer = PrivateKeySigner("new", SigningAlgorithm.ED25519, generate(SigningAlgorithm.ED25519))

    await first.showing.round()

    assert first.ears.faults == []
    assert second.party.id.value in {member for member, _ in first.ears.failures}
    assert {s.witness for s in first.ears.statements} == {third.party.id}


class TestRequests:
    @pytest.mark.parametrize(
        ("body", "content_type", "status"),
        [
            (b"{}", "application/json", 400),
            (b"not json", "application/json", 400),
            (b'{"checkpoint":"x","first":0,"proof":[]}', "application/json", 400),
            (b"{}", "text/plain", 415),
            (b" " * 70_000, "application/json", 413),
        ],
    )
    async def test_what_is_no_showing_is_refused(self, three, body, content_type, status):
        first, second, _ = three
        headers = {"Content-Type": content_type}

        answer = await first.client.exchange(second.member, "POST", "/ledger/witness", headers, body, 10_000)

        assert answer.status == status

    async def test_a_checkpoint_of_another_member_is_refused(self, three):
        first, second, third = three
        note = await third.note()

        with pytest.raises(PeerFault):
            await first.peers.show(second.member, Showing(note, 0, ()))
        assert await second.state.witness.head(third.party.id, Tree.EXCHANGE) is None

    async def test_a_proof_is_wanted_from_what_is_held(self, three):
        first, second, _ = three
        await first.write(2)
        await first.show(second)
        held = await first.note()
        await first.write(2)

        answer = await first.peers.show(second.member, Showing(await first.note(), 1, (bytes(32),)))

        assert answer == WitnessAnswer(held=held)
        assert second.ears.faults == []

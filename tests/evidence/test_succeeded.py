"""Evidence of what happened before two people began new ledgers: it proves as much as it did."""

from connector.core.ledger import EntryDraft, EntryType, Tree, number_of
from connector.evidence.findings import Found, Verdict
from connector.evidence.stamping import Stamping
from connector.store.evidence import HeadStamp
from connector.wire.checkpoint import Checkpoint
from tests.kit.connector_pair import a_pair
from tests.kit.evidence import DAY, Bench
from tests.kit.state import an_entry


async def begin_anew(state, now, serial=2):
    entry = EntryDraft(type=EntryType.SUCCEEDED, at=now, outcome="begun", reason=str(serial), personal={})
    await state.witness.succeed(entry, serial)


def parsed(note):
    return Checkpoint.parse_body(note.rpartition("\n\n")[0] + "\n")


def number_in_journal(note):
    head = parsed(note)
    return number_of(head.origin.serial, head.size)


async def test_an_exchange_of_the_ledger_before_is_proven_with_its_witness(tmp_path):
    async with a_pair(tmp_path / "pair") as pair:
        bench = Bench(pair)
        await bench.keep_list(at=-10)
        fetch = await pair.fetch(bench.holder.id)
        await pair.shown(fetch.id)
        await pair.errands.probe(bench.holder.id)  # so that the witnessed head is not the entry's own
        await bench.witness(bench.us, pair.state, pair.state)
        await begin_anew(pair.state, bench.now)
        for _ in range(12):  # longer than the ledger before: a proof of the wrong one could be had
            await pair.state.requester.append([an_entry(EntryType.ASKED)])

        whole = await bench.of_requester(fetch.id)
        report = bench.verify(whole)

        assert {row["origin"] for row in whole["links"]} == {f"{bench.us.id}/exchange/1"}
        assert report.altered == ()
        assert report.verdict is Verdict.PROVEN
        assert any(finding.found is Found.WITNESSED for finding in report.findings)


class Unasked:
    """An authority that is asked too often."""

    def __init__(self):
        self.asked = 0

    async def ask(self, request):
        self.asked += 1
        raise AssertionError("asked twice a day")


async def test_a_new_ledger_is_stamped_once_a_day_too_and_its_stamps_are_found(tmp_path):
    async with a_pair(tmp_path / "pair") as pair:
        bench, state = Bench(pair), pair.state
        fetch = await pair.fetch(bench.holder.id)
        await pair.shown(fetch.id)
        for tree in Tree:
            note = await state.journal.checkpoint(tree)
            await state.evidence.keep_stamp(HeadStamp(tree, number_in_journal(note), bench.now, note, b"old"))
        pair.clock.at += DAY
        await begin_anew(state, bench.now)
        for tree in Tree:
            note = await state.journal.checkpoint(tree)
            await state.evidence.keep_stamp(HeadStamp(tree, number_in_journal(note), bench.now, note, b"new"))
        await state.requester.append([an_entry(EntryType.ASKED)])
        authority = Unasked()

        stamped = await Stamping(state.journal, state.evidence, authority, (), pair.clock).stamp_if_due()

        assert (stamped, authority.asked) == (0, 0)
        for tree in Tree:
            newest = await state.evidence.last_stamp(tree)
            assert (newest.token, parsed(newest.note).origin.serial) == (b"new", 2)
        assert (await state.evidence.stamp_of(Tree.EXCHANGE, 1)).token == b"old"
        assert (await state.evidence.stamp_of(Tree.EXCHANGE, number_of(2, 1))).token == b"new"

"""What the journal finds, proves, exports, and shows to peers."""

import asyncio
import json

import pytest

from connector.core.codes import Code
from connector.core.directory import KeyUse, MemberKey
from connector.core.errors import FailedClosed, RequestRefused
from connector.core.instant import Instant
from connector.core.ledger import EntryType, Tree
from connector.core.merkle import EMPTY_ROOT, verify_consistency, verify_inclusion
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate, public_key_to_der
from connector.crypto.notes import NoteSigner
from connector.ledger.find import Search
from connector.wire import checkpoint
from connector.wire.checkpoint import Checkpoint, Origin
from tests.kit.state import INS, LEDGER_KEY, OTHER_INS, PEER, T0, US, an_entry, opened

SIZES = (1, 2, 255, 256, 257, 300)


async def answer(state, count=1, **changed):
    """Append answers in one batch."""
    return await asyncio.gather(*(state.holder.answer(entry=an_entry(**changed), used=None) for _ in range(count)))


def opened_note(note):
    return Checkpoint.parse_body(note.partition("\n\n")[0] + "\n")


async def indexes(state, tree=Tree.EXCHANGE, **question):
    return [entry.index for entry in await state.journal.entries(tree, **question)]


class TestFinding:
    async def test_an_entry_is_given_back_as_it_was_written(self, tmp_path):
        draft = an_entry(workers=(INS, OTHER_INS), document_sha256=b"d" * 32)
        async with opened(tmp_path) as state:
            proof = await state.holder.answer(entry=draft, used=None)
            (entry,) = await state.journal.entries(Tree.EXCHANGE)

        for name in ("type", "at", "peer", "mandate_sha256", "outcome", "reason", "document_sha256", "ref", "workers"):
            assert getattr(entry, name) == getattr(draft, name)
        assert entry.personal == draft.personal
        assert (entry.tree, entry.index, entry.leaf_hash) == (proof.tree, proof.index, proof.leaf_hash)
        assert "CATARINA" not in repr(entry)

    async def test_each_ledger_has_its_own_entries(self, tmp_path):
        async with opened(tmp_path) as state:
            await answer(state, 2)
            await state.holder.record(an_entry(EntryType.SIGNED_IN))

            assert await indexes(state) == [1, 0]
            assert await indexes(state, Tree.HOUSE) == [0]

    async def test_a_worker_is_found_by_every_ins_that_was_known(self, tmp_path):
        async with opened(tmp_path) as state:
            await answer(state, workers=(INS,))
            await answer(state, workers=(INS, OTHER_INS))
            await answer(state, workers=())

            assert await indexes(state, worker=INS) == [1, 0]
            assert await indexes(state, worker=OTHER_INS) == [1]

    async def test_a_worker_is_not_found_in_the_other_ledger(self, tmp_path):
        async with opened(tmp_path) as state:
            await state.holder.record(an_entry(EntryType.SIGNED_IN, workers=()))
            await answer(state, workers=(INS,))

            assert await indexes(state, Tree.HOUSE, worker=INS) == []

    async def test_questions_are_all_answered_at_once(self, tmp_path):
        async with opened(tmp_path) as state:
            await answer(state, at=T0, ref="a")
            await answer(state, at=Instant(T0 + 1), ref="b", peer=US)
            await state.requester.record(an_entry(EntryType.STARTED, ref=""))
            await state.holder.end(entry=an_entry(EntryType.END, at=Instant(T0 + 2), ref="a"), handover_id="a")

            assert await indexes(state, ref="a") == [2, 0]
            assert await indexes(state, ref="a", type=EntryType.END) == [2]
            assert await indexes(state, peer=US) == [1]
            assert await indexes(state, since=Instant(T0 + 1)) == [2, 1]
            assert await indexes(state, until=Instant(T0 + 1)) == [1, 0]
            assert await indexes(state, since=T0, until=T0, worker=INS, peer=PEER, ref="a") == [0]
            assert await indexes(state, ref="c") == []

    async def test_pages_go_on_from_an_index(self, tmp_path):
        async with opened(tmp_path) as state:
            await answer(state, 7)

            assert await indexes(state, limit=3) == [6, 5, 4]
            assert await indexes(state, limit=3, before=4) == [3, 2, 1]
            assert await indexes(state, limit=3, before=0) == []

    async def test_an_entry_whose_epoch_key_is_gone_says_nothing_of_anybody(self, tmp_path):
        async with opened(tmp_path) as state:
            await answer(state)
            (tmp_path / "state" / "epochs" / "monthly-2026-11.key").unlink()
            (entry,) = await state.journal.entries(Tree.EXCHANGE)
            of_the_worker = await state.journal.entries(Tree.EXCHANGE, worker=INS)
            report = await state.journal.verify()

        assert entry.is_destroyed
        assert (entry.destroyed, of_the_worker) == (None, [])
        assert (entry.personal, entry.workers) == (None, ())
        assert entry.outcome == "withheld"
        assert report.is_sound
        assert report.trees[0].destroyed == 1

    async def test_an_export_is_everything_found_one_line_each(self, tmp_path):
        async with opened(tmp_path) as state:
            await answer(state, 450)
            await answer(state, peer=None, outcome=None)
            lines = [json.loads(line) async for line in state.journal.export(Search(Tree.EXCHANGE, limit=1))]

        assert [line["index"] for line in lines] == list(range(450, -1, -1))
        assert lines[0]["peer"] is None
        assert lines[1] | {"mandate_sha256": "", "ref": "", "leaf": ""} == {
            "tree": "exchange",
            "index": 449,
            "type": "answered",
            "at": "2026-11-23T12:00:00Z",
            "peer": PEER.value,
            "mandate_sha256": "",
            "outcome": "withheld",
            "reason": "opposed",
            "document_sha256": None,
            "ref": "",
            "leaf": "",
            "workers": [INS.to_token()],
            "personal": {"mandate": "header.claims.signature", "name": "CATARINA"},
            "destroyed": False,
            "destroyed_at": None,
            "destroyed_by": None,
        }


class TestProving:
    async def test_every_entry_is_proven_under_a_checkpoint_of_its_ledger(self, tmp_path):
        async with opened(tmp_path) as state:
            for size in SIZES:
                await answer(state, size)
            given = {}
            for index in (0, 1, 2, 254, 255, 256, 511, 512, 513, 769, 770, 1070):
                proof = await state.journal.prove(Tree.EXCHANGE, index)
                root = opened_note(proof.checkpoint).root
                assert verify_inclusion(proof.leaf_hash, index, proof.size, proof.path, root)
                given[index] = proof

        async with opened(tmp_path) as state:
            for index, proof in given.items():
                assert await state.journal.prove(Tree.EXCHANGE, index) == proof

    async def test_a_proof_read_later_is_the_one_that_was_given_at_once(self, tmp_path):
        async with opened(tmp_path) as state:
            proofs = [proof for size in (3, 300, 5) for proof in await answer(state, size)]

            for proof in proofs[::29]:
                assert await state.journal.prove(Tree.EXCHANGE, proof.index) == proof

    async def test_an_entry_that_is_not_there_is_not_proven(self, tmp_path):
        async with opened(tmp_path) as state:
            await answer(state)

            for index in (-1, 1, 10**12):
                with pytest.raises(RequestRefused):
                    await state.journal.prove(Tree.EXCHANGE, index)

    async def test_every_checkpoint_is_consistent_with_every_later_one(self, tmp_path):
        notes = []
        async with opened(tmp_path) as state:
            notes.append(await state.journal.checkpoint(Tree.EXCHANGE))
            for size in SIZES:
                await answer(state, size)
                notes.append(await state.journal.checkpoint(Tree.EXCHANGE))
            key = NoteSigner(str(Origin(US, Tree.EXCHANGE, 1)), LEDGER_KEY.key).key
            signed = [checkpoint.open(note, key) for note in notes]
            for first in signed:
                for second in signed:
                    if first.size <= second.size:
                        proof = await state.journal.consistency(Tree.EXCHANGE, first.size, second.size)
                        assert verify_consistency(first.size, second.size, first.root, second.root, proof)

    @pytest.mark.parametrize(("first", "second"), [(2, 1), (0, 4), (-1, 2), (4, 4)])
    async def test_sizes_that_the_ledger_never_had_are_refused(self, tmp_path, first, second):
        async with opened(tmp_path) as state:
            await answer(state, 3)

            with pytest.raises(RequestRefused) as refused:
                await state.journal.consistency(Tree.EXCHANGE, first, second)

        assert refused.value.code is Code.REQUEST_MALFORMED

    async def test_a_new_ledger_shows_the_signed_checkpoint_of_the_empty_tree(self, tmp_path):
        async with opened(tmp_path) as state:
            for tree in Tree:
                found = opened_note(await state.journal.checkpoint(tree))

                assert found == Checkpoint(Origin(US, tree, 1), 0, EMPTY_ROOT)


class TestKeys:
    @pytest.fixture
    def former(self):
        public = public_key_to_der(LEDGER_KEY.public_key)
        return MemberKey("ledger-1", KeyUse.LEDGER, "EdDSA", public, T0, Instant(T0 + 1))

    @pytest.fixture
    def successor(self):
        return PrivateKeySigner("ledger-2", SigningAlgorithm.ED25519, generate(SigningAlgorithm.ED25519))

    async def test_a_new_ledger_key_goes_on_where_the_former_stopped(self, tmp_path, former, successor):
        async with opened(tmp_path) as state:
            await answer(state, 3)

        async with opened(tmp_path, signer=successor, former_keys=(former,)) as state:
            (proof,) = await answer(state)
            report = await state.journal.verify()

        assert proof.index == 3
        assert report.is_sound
        assert report.trees[0].checkpoints >= 3

    async def test_a_ledger_signed_by_a_key_that_is_not_ours_is_not_opened(self, tmp_path, successor):
        async with opened(tmp_path) as state:
            await answer(state)

        with pytest.raises(FailedClosed) as refused:
            async with opened(tmp_path, signer=successor):
                pass

        assert refused.value.code is Code.LEDGER_UNAVAILABLE

    async def test_a_key_of_another_kind_signs_no_checkpoint(self, tmp_path):
        key = PrivateKeySigner("sign-1", SigningAlgorithm.ES256, generate(SigningAlgorithm.ES256))

        with pytest.raises(FailedClosed) as refused:
            async with opened(tmp_path, signer=key):
                pass

        assert "EdDSA" in str(refused.value)

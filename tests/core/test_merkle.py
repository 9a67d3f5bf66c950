import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree
from pymerkle import verify_consistency as oracle_consistency
from pymerkle import verify_inclusion as oracle_inclusion

from connector.core import merkle
from connector.core.merkle import EMPTY_ROOT, Frontier, leaf_hash, node_hash

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "rfc6962.json").read_text())
LEAVES = [leaf_hash(bytes.fromhex(text)) for text in VECTORS["leaves"]]
ROOTS = [EMPTY_ROOT, *(bytes.fromhex(text) for text in VECTORS["roots"])]
OTHER = sha256(b"another").digest()


def unhex(texts):
    return [bytes.fromhex(text) for text in texts]


def naive_root(leaves):
    """RFC 6962 section 2.1, written as the definition reads."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


def naive_subproof(m, leaves, whole):
    """RFC 9162 section 2.1.4.1, written as the definition reads."""
    n = len(leaves)
    if m == n:
        return [] if whole else [naive_root(leaves)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def node_reader(leaves):
    """Reads complete subtrees only, and fails the test when another is asked for."""

    def node_at(level, index):
        low, high = index << level, (index + 1) << level
        assert 0 <= low < high <= len(leaves), f"subtree {level}/{index} is not complete"
        return naive_root(leaves[low:high])

    return node_at


def many(count):
    return [leaf_hash(count.to_bytes(2) + at.to_bytes(2)) for at in range(count)]


class TestPublishedVectors:
    def test_the_empty_root_is_the_published_one(self):
        assert bytes.fromhex(VECTORS["empty_root"]) == EMPTY_ROOT == Frontier().root()

    @pytest.mark.parametrize("size", range(9))
    def test_every_root_is_the_published_one(self, size):
        batch = Frontier().extend(LEAVES[:size])

        assert ROOTS[size] == batch.root == batch.frontier.root() == merkle.root_at(size, node_reader(LEAVES))

    @pytest.mark.parametrize("case", VECTORS["inclusion"], ids=lambda c: f"{c['index']}of{c['size']}")
    def test_every_inclusion_path_is_the_published_one(self, case):
        path = unhex(case["path"])

        assert path == merkle.inclusion_path(case["index"], case["size"], node_reader(LEAVES))
        assert merkle.verify_inclusion(LEAVES[case["index"]], case["index"], case["size"], path, ROOTS[case["size"]])

    @pytest.mark.parametrize("case", VECTORS["consistency"], ids=lambda c: f"{c['first']}to{c['second']}")
    def test_every_consistency_path_is_the_published_one(self, case):
        first, second, path = case["first"], case["second"], unhex(case["path"])

        assert path == merkle.consistency_path(first, second, node_reader(LEAVES))
        assert merkle.verify_consistency(first, second, ROOTS[first], ROOTS[second], path)


class TestFrontier:
    @given(st.lists(st.integers(0, 9), min_size=1, max_size=9))
    @settings(max_examples=60)
    def test_any_cutting_into_batches_gives_the_tree_of_the_definition(self, cuts):
        leaves = many(sum(cuts))
        stored = {}
        frontier = Frontier()
        for count in cuts:
            new = leaves[frontier.size : frontier.size + count]
            batch = frontier.extend(new)
            frontier = batch.frontier
            size = frontier.size
            root = naive_root(leaves[:size])

            assert root == batch.root == frontier.root()
            assert len(batch.paths) == count
            for number, path in enumerate(batch.paths, batch.first_index):
                assert merkle.verify_inclusion(leaves[number], number, size, path, root)
            for node in batch.completed:
                assert (node.level, node.index) not in stored
                stored[node.level, node.index] = node.hash
        for level in range(1, 8):
            for index in range(len(leaves) >> level):
                low, high = index << level, (index + 1) << level
                assert naive_root(leaves[low:high]) == stored.pop((level, index))
        assert not stored

    @given(st.integers(0, 70), st.integers(0, 40))
    @settings(max_examples=60)
    def test_a_batch_gives_the_paths_that_are_read_back_later(self, old, new):
        leaves = many(old + new)
        batch = Frontier().extend(leaves[:old]).frontier.extend(leaves[old:])

        assert old == batch.first_index
        for number, path in enumerate(batch.paths, old):
            assert list(path) == merkle.inclusion_path(number, old + new, node_reader(leaves))

    @given(st.integers(0, 300))
    @settings(max_examples=40)
    def test_it_is_the_same_when_rebuilt_from_stored_nodes(self, size):
        leaves = many(size)
        frontier = Frontier().extend(leaves).frontier

        assert frontier == Frontier.from_nodes(size, node_reader(leaves))

    def test_its_hashes_stay_what_they_were(self):
        frozen = unhex(
            [
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            ]
        )

        assert tuple(frozen) == Frontier().extend(LEAVES[:6]).frontier.hashes

    def test_a_forgotten_batch_leaves_the_old_frontier_as_it_was(self):
        frontier = Frontier().extend(LEAVES[:3]).frontier
        frontier.extend(LEAVES[3:])

        assert ROOTS[3] == frontier.root()
        assert ROOTS[5] == frontier.extend(LEAVES[3:5]).root

    @pytest.mark.parametrize(
        ("size", "hashes"), [(1, []), (3, [OTHER]), (0, [OTHER]), (1, [b"short"]), (-1, []), (2**53, [])]
    )
    def test_hashes_that_do_not_fit_the_size_are_refused(self, size, hashes):
        with pytest.raises(ValueError, match="frontier|size"):
            Frontier(size, tuple(hashes))

    def test_a_leaf_hash_of_another_length_is_refused(self):
        with pytest.raises(ValueError, match="32 bytes"):
            Frontier().extend([OTHER, OTHER[:31]])

    def test_the_tree_ends_at_the_largest_size(self):
        full = Frontier(merkle.MAX_SIZE, (OTHER,) * 53)
        with pytest.raises(ValueError, match="outside"):
            full.extend([OTHER])


class TestAgainstAnotherImplementation:
    """pymerkle is the oracle; it also shows that what we prove, others verify."""

    @given(st.integers(1, 60), st.data())
    @settings(max_examples=40)
    def test_roots_and_proofs_agree(self, size, data):
        entries = [at.to_bytes(2) for at in range(size)]
        tree = InmemoryTree(algorithm="sha256")
        tree.append_entries(entries)
        leaves = [leaf_hash(entry) for entry in entries]
        first = data.draw(st.integers(1, size))
        index = data.draw(st.integers(0, size - 1))
        root = naive_root(leaves)

        theirs = tree.prove_inclusion(index + 1)
        between = tree.prove_consistency(first, size)

        assert tree.get_root() == root
        oracle_inclusion(leaves[index], root, theirs)
        base, *siblings = theirs.path
        assert base == leaves[index]
        assert sorted(siblings) == sorted(merkle.inclusion_path(index, size, node_reader(leaves)))
        # Its consistency proofs are shaped otherwise than RFC 9162's: only what they prove is compared.
        oracle_consistency(naive_root(leaves[:first]), root, between)
        ours = merkle.consistency_path(first, size, node_reader(leaves))
        assert merkle.verify_consistency(first, size, tree.get_root(first), tree.get_root(), ours)


class TestVerifyInclusion:
    @given(st.integers(1, 70), st.data())
    @settings(max_examples=80)
    def test_only_the_right_leaf_place_size_path_and_root_verify(self, size, data):
        leaves = many(size)
        index = data.draw(st.integers(0, size - 1))
        path = merkle.inclusion_path(index, size, node_reader(leaves))
        root = naive_root(leaves)

        assert merkle.verify_inclusion(leaves[index], index, size, path, root)
        assert not merkle.verify_inclusion(OTHER, index, size, path, root)
        assert not merkle.verify_inclusion(leaves[index], index, size, path, OTHER)
        assert not merkle.verify_inclusion(leaves[index], index, size, [*path, OTHER], root)
        assert not merkle.verify_inclusion(leaves[index], index, size, [OTHER, *path], root)
        for at in range(len(path)):
            assert not merkle.verify_inclusion(leaves[index], index, size, path[:at] + path[at + 1 :], root)
            assert not merkle.verify_inclusion(leaves[index], index, size, [*path[:at], OTHER, *path[at + 1 :]], root)
        other_index = data.draw(st.integers(0, size + 2).filter(lambda i: i != index))
        assert not merkle.verify_inclusion(leaves[index], other_index, size, path, root)

    @pytest.mark.parametrize(
        ("leaf", "index", "size", "path", "root"),
        [
            (None, 0, 1, [], OTHER),
            ("x" * 32, 0, 1, [], "x" * 32),
            (OTHER, -1, 1, [], OTHER),
            (OTHER, 0, 0, [], OTHER),
            (OTHER, 1, 1, [], OTHER),
            (OTHER, 0.0, 1, [], OTHER),
            (OTHER, False, True, [], OTHER),
            (OTHER, "0", "1", [], OTHER),
            (OTHER, 0, 2**53, [], OTHER),
            (OTHER, 0, 10**400, [OTHER] * 64, OTHER),
            (OTHER, 0, 1, None, OTHER),
            (OTHER, 0, 1, {}, OTHER),
            (OTHER, 0, 2, OTHER, OTHER),
            (OTHER, 0, 2, ["a"], OTHER),
            (OTHER, 0, 2, [b"short"], OTHER),
            (OTHER, 0, 2, [OTHER] * 100_000, OTHER),
            (OTHER, 0, 1, [], b""),
        ],
    )
    def test_rubbish_is_not_proven_and_does_not_raise(self, leaf, index, size, path, root):
        assert not merkle.verify_inclusion(leaf, index, size, path, root)


class TestVerifyConsistency:
    @given(st.integers(1, 70), st.data())
    @settings(max_examples=80)
    def test_only_the_right_sizes_roots_and_path_verify(self, second, data):
        leaves = many(second)
        first = data.draw(st.integers(1, second))
        path = merkle.consistency_path(first, second, node_reader(leaves))
        old, new = naive_root(leaves[:first]), naive_root(leaves)

        assert path == naive_subproof(first, leaves, True)
        assert merkle.verify_consistency(first, second, old, new, path)
        assert not merkle.verify_consistency(first, second, OTHER, new, path)
        assert not merkle.verify_consistency(first, second, old, OTHER, path)
        assert not merkle.verify_consistency(first, second, old, new, [*path, OTHER])
        assert not merkle.verify_consistency(first, second, old, new, [OTHER, *path])
        for at in range(len(path)):
            assert not merkle.verify_consistency(first, second, old, new, path[:at] + path[at + 1 :])
            assert not merkle.verify_consistency(first, second, old, new, [*path[:at], OTHER, *path[at + 1 :]])

    @given(st.integers(1, 40), st.integers(1, 40))
    @settings(max_examples=60)
    def test_a_tree_whose_past_was_changed_has_no_proof(self, first, more):
        leaves = many(first + more)
        changed = [OTHER, *leaves[1:]]
        path = merkle.consistency_path(first, first + more, node_reader(changed))

        assert not merkle.verify_consistency(first, first + more, naive_root(leaves[:first]), naive_root(changed), path)

    def test_every_tree_goes_on_from_the_empty_one(self):
        assert merkle.consistency_path(0, 5, node_reader(LEAVES)) == []
        assert merkle.verify_consistency(0, 5, EMPTY_ROOT, ROOTS[5], [])
        assert merkle.verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])

    @pytest.mark.parametrize(
        ("first", "second", "old", "new", "path"),
        [
            (0, 5, OTHER, ROOTS[5], []),
            (0, 5, EMPTY_ROOT, ROOTS[5], [OTHER]),
            (0, 0, OTHER, OTHER, []),
            (0, 0, EMPTY_ROOT, OTHER, []),
            (5, 5, OTHER, ROOTS[5], []),
            (5, 5, ROOTS[5], ROOTS[5], [OTHER]),
            (5, 3, ROOTS[5], ROOTS[3], []),
            (5, 0, ROOTS[5], EMPTY_ROOT, []),
            (3, 5, ROOTS[3], ROOTS[5], []),
            (-1, 5, EMPTY_ROOT, ROOTS[5], []),
            (1, 10**400, OTHER, OTHER, [OTHER] * 64),
            (True, True, OTHER, OTHER, []),
            ("1", 2, OTHER, OTHER, []),
            (1, 2, None, OTHER, []),
            (1, 2, OTHER, b"", []),
            (1, 2, OTHER, OTHER, None),
            (1, 2, OTHER, OTHER, [1]),
            (1, 2, OTHER, OTHER, [OTHER] * 100_000),
        ],
    )
    def test_rubbish_is_not_proven_and_does_not_raise(self, first, second, old, new, path):
        assert not merkle.verify_consistency(first, second, old, new, path)


class TestAskingForWhatIsNotThere:
    @pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (0, 2**53)])
    def test_no_path_for_a_leaf_outside_the_tree(self, index, size):
        with pytest.raises(ValueError, match="leaf"):
            merkle.inclusion_path(index, size, node_reader(LEAVES))

    @pytest.mark.parametrize(("first", "second"), [(5, 4), (-1, 4), (1, 2**53)])
    def test_no_consistency_path_backwards(self, first, second):
        with pytest.raises(ValueError, match="consistency"):
            merkle.consistency_path(first, second, node_reader(LEAVES))

    @pytest.mark.parametrize("size", [-1, 2**53])
    def test_no_root_of_an_impossible_size(self, size):
        with pytest.raises(ValueError, match="size"):
            merkle.root_at(size, node_reader(LEAVES))

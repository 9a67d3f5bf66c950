"""Arithmetic of the ledgers' Merkle trees: hashes, batch appends, proofs and their verification.

The trees are those of RFC 6962 section 2.1 (RFC 9162 section 2.1), over leaf hashes that the caller has already made.
`Frontier` appends without any history: it keeps one hash per set bit of the size (a compact range) and gives, for each
new leaf, its inclusion path in the tree *after* the batch, which is what a receipt carries. Later proofs read stored
hashes of complete subtrees through `node_at(level, index)`: level 0 are leaf hashes, node `index` of `level` covers
the leaves from `index << level` to `((index + 1) << level) - 1`. Where nodes are stored is the ledger's matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Self

HASH_BYTES: Final = 32
MAX_SIZE: Final = 2**53 - 1
"""Largest tree size handled: the largest integer that JSON carries exactly in every language (our rule)."""

EMPTY_ROOT: Final = sha256(b"").digest()
"""Root of the tree without leaves (RFC 6962 section 2.1)."""

_LENGTHS: Final = frozenset((HASH_BYTES,))

NodeAt = Callable[[int, int], bytes]
"""Reads the stored hash of the complete subtree `index` of `level`."""


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data), RFC 6962 section 2.1."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), RFC 6962 section 2.1."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Node:
    """A subtree that a batch completed: it never changes again and may be stored."""

    level: int
    index: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What one append gives.

    `paths[i]` is the inclusion path of leaf `first_index + i` in the tree of `frontier.size` leaves with this `root`.
    `completed` are the subtrees of level 1 and above that the batch completed, lower levels first; level 0 are the
    leaf hashes that were handed in.
    """

    frontier: Frontier
    root: bytes
    first_index: int
    paths: tuple[tuple[bytes, ...], ...]
    completed: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: the hashes of its complete subtrees, largest (leftmost) first.

    There is one hash for each bit set in `size`. Immutable: a batch whose commit failed is forgotten by dropping its
    frontier.

    Raises:
        ValueError: the number of hashes or the length of one does not fit the size.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = field(default=())

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise ValueError(f"tree size {self.size} is outside 0 to {MAX_SIZE}")
        if len(self.hashes) != self.size.bit_count():
            raise ValueError(
                f"frontier of {self.size} leaves has {len(self.hashes)} hashes, needs {self.size.bit_count()}"
            )
        if not _LENGTHS.issuperset(map(len, self.hashes)):
            raise ValueError(f"frontier of {self.size} leaves holds a hash that is not {HASH_BYTES} bytes long")

    @classmethod
    def from_nodes(cls, size: int, node_at: NodeAt) -> Self:
        """Rebuild the frontier of the first `size` leaves from stored nodes.

        Raises:
            ValueError: the size is out of range or a stored hash has a wrong length.
        """
        levels = (level for level in reversed(range(size.bit_length())) if size >> level & 1)
        return cls(size, tuple(node_at(level, (size >> level) - 1) for level in levels))

    def root(self) -> bytes:
        """Root of the tree of `size` leaves."""
        if not self.hashes:
            return EMPTY_ROOT
        return _fold_right(self.hashes)

    def extend(self, leaf_hashes: Sequence[bytes]) -> Batch:
        """Append leaf hashes: the tree is built upwards from the first new leaf only.

        A level is a row of subtrees; a row of odd length hands its last, incomplete subtree up unchanged, which gives
        exactly the tree that RFC 6962 defines by halving. To the left of the new leaves a row needs at most one old
        subtree, and that one is always in the frontier. Once the new leaves lie in one subtree, all that is left to do
        is to join it with the old ones to its left, and these are the rest of every path.

        Raises:
            ValueError: a leaf hash is not 32 bytes long, or the tree would exceed `MAX_SIZE`.
        """
        if not _LENGTHS.issuperset(map(len, leaf_hashes)):
            raise ValueError(f"a leaf hash is not {HASH_BYTES} bytes long")
        old = self.size
        size = old + len(leaf_hashes)
        if size == old:
            return Batch(self, self.root(), old, (), ())
        if size > MAX_SIZE:
            raise ValueError(f"tree size {size} is outside 0 to {MAX_SIZE}")

        old_subtrees = list(self.hashes)
        new_subtrees: list[bytes] = []
        completed: list[Node] = []
        paths: list[list[bytes]] = [[] for _ in leaf_hashes]
        row = list(leaf_hashes)
        level, start = 0, old  # row[i] is subtree number start + i of this level
        while len(row) > 1:
            if old >> level & 1:
                start -= 1
                row.insert(0, old_subtrees.pop())
            if size >> level & 1:
                new_subtrees.append(row[(size >> level) - 1 - start])
            _take_siblings(paths, old, level, row, start)
            row = _pair_up(row)
            start >>= 1
            level += 1
            completed.extend(Node(level, at, row[at - start]) for at in range(old >> level, size >> level))

        top, rest = row[0], list[bytes]()
        if size >> level << level == size:  # it is complete, and so may be what it makes with those to its left
            while start & 1:
                left = old_subtrees.pop()
                rest.append(left)
                top = node_hash(left, top)
                start >>= 1
                level += 1
                completed.append(Node(level, start, top))
            new_subtrees.append(top)
        new_subtrees.reverse()
        frontier = Frontier(size, (*old_subtrees, *new_subtrees))
        for left in reversed(old_subtrees):
            rest.append(left)
            top = node_hash(left, top)
        return Batch(frontier, top, old, tuple((*path, *rest) for path in paths), tuple(completed))


def root_at(size: int, node_at: NodeAt) -> bytes:
    """Root of the tree of the first `size` leaves, from stored nodes.

    Raises:
        ValueError: the size is outside 0 to `MAX_SIZE`.
    """
    if not 0 <= size <= MAX_SIZE:
        raise ValueError(f"tree size {size} is outside 0 to {MAX_SIZE}")
    return _range_root(0, size, node_at) if size else EMPTY_ROOT


def inclusion_path(index: int, size: int, node_at: NodeAt) -> list[bytes]:
    """Inclusion proof of leaf `index` in the tree of the first `size` leaves, RFC 9162 section 2.1.3.1.

    Reads at most 2·log2(size) nodes.

    Raises:
        ValueError: the leaf is not in a tree of that size.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise ValueError(f"leaf {index} is not in a tree of {size} leaves")
    path = []
    level = 0
    while size - 1 >> level:
        sibling = index >> level ^ 1
        start = sibling << level
        if start < size:
            path.append(_range_root(start, min(start + (1 << level), size), node_at))
        level += 1
    return path


def consistency_path(first: int, second: int, node_at: NodeAt) -> list[bytes]:
    """Proof that the tree of `first` leaves is the beginning of that of `second`, RFC 9162 section 2.1.4.1.

    Empty for equal sizes, and for `first` = 0, with which every tree is consistent.

    Raises:
        ValueError: the sizes are not 0 <= first <= second <= `MAX_SIZE`.
    """
    if not 0 <= first <= second <= MAX_SIZE:
        raise ValueError(f"no consistency proof from {first} to {second} leaves")
    if first in (0, second):
        return []
    low, high = 0, second
    whole = True  # SUBPROOF's flag b: the range still begins with the whole first tree
    path: list[bytes] = []
    while first != high:
        half = low + (1 << (high - low - 1).bit_length() - 1)
        if first <= half:
            path.append(_range_root(half, high, node_at))
            high = half
        else:
            path.append(_range_root(low, half, node_at))
            low, whole = half, False
    if not whole:
        path.append(_range_root(low, high, node_at))
    path.reverse()
    return path


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves that leaf hash `leaf` is number `index` of the tree `size`, `root`.

    RFC 9162 section 2.1.3.2, steps numbered as there. Never raises: whatever a peer sent, the answer is yes or no.
    """
    if not (_is_size(index) and _is_size(size) and _are_hashes((leaf, root)) and _are_hashes(path)):
        return False
    if index >= size:  # 1
        return False
    fn, sn, r = index, size - 1, leaf  # 2, 3
    for p in path:  # 4
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            r = node_hash(r, p)
        fn >>= 1
        sn >>= 1
    return sn == 0 and r == root  # 5


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether `path` proves that the tree `first`, `first_root` is the beginning of `second`, `second_root`.

    RFC 9162 section 2.1.4.2, steps numbered as there; the cases that it leaves out: equal sizes need equal roots and
    an empty path, and the empty tree is the beginning of every tree. Never raises.
    """
    if not (_is_size(first) and _is_size(second) and _are_hashes((first_root, second_root)) and _are_hashes(path)):
        return False
    if first in (0, second):
        known = EMPTY_ROOT if first == 0 else second_root
        empty_is_empty = second > 0 or second_root == EMPTY_ROOT
        return not path and first_root == known and empty_is_empty
    if first > second or not path:  # 1
        return False
    nodes = list(path)
    if first & (first - 1) == 0:  # 2
        nodes.insert(0, first_root)
    fn, sn = first - 1, second - 1  # 3
    while fn & 1:  # 4
        fn >>= 1
        sn >>= 1
    fr = sr = nodes[0]  # 5
    for c in nodes[1:]:  # 6
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr = node_hash(c, fr)
            sr = node_hash(c, sr)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            sr = node_hash(sr, c)
        fn >>= 1
        sn >>= 1
    return sn == 0 and fr == first_root and sr == second_root  # 7


def _take_siblings(paths: list[list[bytes]], first: int, level: int, row: list[bytes], start: int) -> None:
    """Add to the path of each leaf from `first` on its sibling in this row, where it has one."""
    count = len(row)
    for number, path in enumerate(paths, first):
        sibling = (number >> level ^ 1) - start
        if sibling < count:
            path.append(row[sibling])


def _pair_up(row: list[bytes]) -> list[bytes]:
    """Give the next row: pairs joined, an odd last one handed up as it is."""
    pairs = list(map(node_hash, row[::2], row[1::2]))
    if len(row) & 1:
        pairs.append(row[-1])
    return pairs


def _fold_right(subtrees: Sequence[bytes]) -> bytes:
    """Join complete subtrees, largest first, into the root over all of them."""
    root = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        root = node_hash(left, root)
    return root


def _range_root(low: int, high: int, node_at: NodeAt) -> bytes:
    """Root over the leaves low to high - 1; low is a multiple of the range's length rounded up to a power of two."""
    count = high - low
    levels = (level for level in reversed(range(count.bit_length())) if count >> level & 1)
    return _fold_right([node_at(level, (high >> level) - 1) for level in levels])


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SIZE


def _are_hashes(values: object) -> bool:
    """Whether it is a list or tuple of hashes, so that rubbish from a peer ends as "not proven"."""
    return isinstance(values, list | tuple) and all(
        isinstance(value, bytes) and len(value) == HASH_BYTES for value in values
    )

"""The stored trees: leaf hashes in the entries' rows, and the hashes of complete subtrees at every eighth level.

A node of another level is folded from the stored level below it, at most 128 hashes, so that appending writes one node
per 256 leaves and a proof of any age reads a few tiles (c2sp.org/tlog-tiles has the same height, to publish them one
day). The arithmetic is `core.merkle`.
"""

from collections.abc import Sequence
from typing import Final

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.ledger import Tree, number_of
from connector.core.merkle import Node, node_hash
from connector.store.sql import Connection, rows

TILE_LEVELS: Final = 8
TILE_NODES: Final = 1 << TILE_LEVELS

_LEAVES = "select idx, leaf_hash from entries where tree = ? and idx >= ? and idx < ?"
_NODES = "select idx, hash from nodes where tree = ? and idx >= ? and idx < ? and level = ?"
_INSERT = "insert into nodes (tree, level, idx, hash) values (?, ?, ?, ?)"


def write_nodes(db: Connection, tree: Tree, serial: int, completed: Sequence[Node]) -> None:
    """Keep those of the completed subtrees of the ledger with that serial that stand on a stored level."""
    kept = [
        (tree.value, node.level, node_number(serial, node), node.hash)
        for node in completed
        if node.level % TILE_LEVELS == 0
    ]
    if kept:
        db.executemany(_INSERT, kept)


def node_number(serial: int, node: Node) -> int:
    """Give the number under which a subtree is stored: that of its first leaf in the journal, counted in subtrees."""
    return (number_of(serial, 0) >> node.level) + node.index


class StoredNodes:
    """Reads nodes of one tree for one proof (`core.merkle.NodeAt`); keeps the tiles it has read."""

    def __init__(self, db: Connection, tree: Tree, serial: int) -> None:
        self._db = db
        self._tree = tree
        self._base = number_of(serial, 0)
        self._tiles: dict[tuple[int, int], dict[int, bytes]] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """Give the hash of the complete subtree `index` of `level`.

        Raises:
            FailedClosed: `ledger.unavailable`, it is not there.
        """
        above = level % TILE_LEVELS
        stored = level - above
        first = (index << above) + (self._base >> stored)
        tile = self._tile(stored, first // TILE_NODES)
        try:
            row = [tile[at] for at in range(first, first + (1 << above))]
        except KeyError as missing:
            raise FailedClosed(
                f"ledger {self._tree}: node {missing} of level {stored} is not in the database",
                code=Code.LEDGER_UNAVAILABLE,
                hint="the state directory is damaged: restore it, then run journal verify",
            ) from None
        while len(row) > 1:
            row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
        return row[0]

    def _tile(self, level: int, number: int) -> dict[int, bytes]:
        tile = self._tiles.get((level, number))
        if tile is None:
            place = (self._tree.value, number * TILE_NODES, (number + 1) * TILE_NODES)
            found = rows(self._db, _NODES, *place, level) if level else rows(self._db, _LEAVES, *place)
            tile = self._tiles[level, number] = dict(found)
        return tile

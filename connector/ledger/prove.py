"""Proofs out of the stored trees, for receipts sent later, peers that ask, and whoever checks the journal.

Each function takes a reading connection and reads a few tiles, whatever the size of the ledger.
"""

from connector.core.codes import Code
from connector.core.errors import RequestRefused
from connector.core.ledger import Proof, Tree
from connector.core.merkle import consistency_path, inclusion_path
from connector.ledger.heads import LAST_CHECKPOINT
from connector.ledger.trees import StoredNodes
from connector.store.sql import Connection, one

_COVERING = "select size, note from checkpoints where tree = ? and size > ? order by size limit 1"
_LEAF = "select leaf_hash from entries where tree = ? and idx = ?"


def proof_of(db: Connection, tree: Tree, index: int) -> Proof:
    """Give an entry's proof under the first checkpoint that covers it: the same each time.

    Raises:
        RequestRefused: `request.malformed`, the ledger has no such entry.
        FailedClosed: `ledger.unavailable`, a stored node is missing.
    """
    leaf = one(db, _LEAF, tree.value, index)
    covering = one(db, _COVERING, tree.value, index)
    if leaf is None or covering is None:
        raise _out_of_range(tree, f"entry {index}")
    size, note = covering
    path = inclusion_path(index, size, StoredNodes(db, tree))
    return Proof(tree, index, leaf[0], tuple(path), size, note)


def consistency(db: Connection, tree: Tree, first: int, second: int) -> list[bytes]:
    """Prove that the ledger of `first` entries is the beginning of that of `second`.

    Raises:
        RequestRefused: `request.malformed`, the ledger never had these sizes in this order.
        FailedClosed: `ledger.unavailable`, a stored node is missing.
    """
    size, _ = last_checkpoint(db, tree)
    if not 0 <= first <= second <= size:
        raise _out_of_range(tree, f"consistency from {first} to {second}")
    return consistency_path(first, second, StoredNodes(db, tree))


def last_checkpoint(db: Connection, tree: Tree) -> tuple[int, str]:
    """Give the size and the note of the newest checkpoint; an opened state always has one.

    Raises:
        RequestRefused: `request.malformed`, there is no such ledger here.
    """
    row = one(db, LAST_CHECKPOINT, tree.value)
    if row is None:
        raise _out_of_range(tree, "a checkpoint")
    return row[0], row[1]


def _out_of_range(tree: Tree, what: str) -> RequestRefused:
    return RequestRefused(
        f"ledger {tree}: asked for {what}, which it does not have",
        code=Code.REQUEST_MALFORMED,
        hint="ask for sizes up to that of its checkpoint",
    )

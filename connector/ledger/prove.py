"""Proofs out of the stored trees, for receipts sent later, peers that ask, and whoever checks the journal.

Each function takes a reading connection and reads a few tiles, whatever the size of the ledger.
"""

from connector.core.codes import Code
from connector.core.errors import RequestRefused
from connector.core.ledger import Proof, Tree, index_of, number_of, serial_of
from connector.core.merkle import consistency_path, inclusion_path, root_at
from connector.ledger.heads import LAST_CHECKPOINT
from connector.ledger.trees import StoredNodes
from connector.store.sql import Connection, one

_COVERING = "select size, note from checkpoints where tree = ? and size > ? order by size limit 1"
_END = "select max(size) from checkpoints where tree = ? and size between ? and ?"
_LEAF = "select leaf_hash from entries where tree = ? and idx = ?"


def proof_of(db: Connection, tree: Tree, index: int) -> Proof:
    """Give the proof of the entry of that number under the first checkpoint that covers it: the same each time.

    Raises:
        RequestRefused: `request.malformed`, the ledger has no such entry.
        FailedClosed: `ledger.unavailable`, a stored node is missing.
    """
    leaf = one(db, _LEAF, tree.value, index)
    covering = one(db, _COVERING, tree.value, index)
    if leaf is None or covering is None:
        raise _out_of_range(tree, f"entry {index}")
    size, note = index_of(covering[0]), covering[1]
    path = inclusion_path(index_of(index), size, StoredNodes(db, tree, serial_of(index)))
    return Proof(tree, index_of(index), leaf[0], tuple(path), size, note)


def consistency(db: Connection, tree: Tree, first: int, second: int, serial: int | None = None) -> list[bytes]:
    """Prove that the ledger of `first` entries is the beginning of that of `second`: the newest, or that of a serial.

    Raises:
        RequestRefused: `request.malformed`, the ledger never had these sizes in this order.
        FailedClosed: `ledger.unavailable`, a stored node is missing.
    """
    number = last_checkpoint(db, tree)[0] if serial is None else _end_of(db, tree, serial)
    if not 0 <= first <= second <= index_of(number):
        raise _out_of_range(tree, f"consistency from {first} to {second}")
    return consistency_path(first, second, StoredNodes(db, tree, serial_of(number)))


def root(db: Connection, tree: Tree, size: int) -> bytes:
    """Give the root that the newest ledger had when it had so many entries.

    Raises:
        RequestRefused: `request.malformed`, it never had so many.
        FailedClosed: `ledger.unavailable`, a stored node is missing.
    """
    number, _ = last_checkpoint(db, tree)
    if not 0 <= size <= index_of(number):
        raise _out_of_range(tree, f"the root of {size} entries")
    return root_at(size, StoredNodes(db, tree, serial_of(number)))


def last_checkpoint(db: Connection, tree: Tree) -> tuple[int, str]:
    """Give the number of the journal that the newest checkpoint covers, and its note; an opened state always has one.

    Raises:
        RequestRefused: `request.malformed`, there is no such ledger here.
    """
    row = one(db, LAST_CHECKPOINT, tree.value)
    if row is None:
        raise _out_of_range(tree, "a checkpoint")
    return row[0], row[1]


def _end_of(db: Connection, tree: Tree, serial: int) -> int:
    """Give the number of the journal that the last checkpoint of the ledger with that serial covers."""
    row = one(db, _END, tree.value, number_of(serial, 0), number_of(serial + 1, 0) - 1)
    if row is None or row[0] is None:
        raise _out_of_range(tree, f"a checkpoint of serial {serial}")
    return int(row[0])


def _out_of_range(tree: Tree, what: str) -> RequestRefused:
    return RequestRefused(
        f"ledger {tree}: asked for {what}, which it does not have",
        code=Code.REQUEST_MALFORMED,
        hint="ask for sizes up to that of its checkpoint",
    )

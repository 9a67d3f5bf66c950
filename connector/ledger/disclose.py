"""Entries as evidence: opened with their salt, so that anybody can compute the leaf again, and proven.

What is proven here is proven again before it is given: the leaf that row and personal part make, its path up to the
root, and our own signature under the checkpoint. Where the epoch key was destroyed the leaf alone is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connector.core import merkle
from connector.core.codes import Code
from connector.core.errors import FailedClosed, PeerFault, RequestRefused
from connector.core.ledger import Proof, Tree
from connector.core.private import Private
from connector.ledger import entries
from connector.ledger.entries import OpenedEntry, StoredEntry
from connector.ledger.heads import LedgerKeys
from connector.ledger.prove import proof_of
from connector.store.epochs import EpochKeys
from connector.store.sql import Connection, one, rows
from connector.wire.checkpoint import Origin

_AT: Final = f"select {entries.COLUMNS} from entries where tree = ? and idx = ?"  # noqa: S608 (constant)
_OF_REF: Final = f"""
    select {entries.COLUMNS} from entries where ref <> '' and ref = ?
    union
    select {entries.COLUMNS} from entries where (tree, idx) in
        (select tree, idx from entry_fetches where fetch_id = ?)
    order by at, tree, idx
"""  # noqa: S608 (constant)


@dataclass(frozen=True, slots=True, repr=False)
class Disclosed(Private):
    """An entry as evidence; `opened` is None once nobody can read its personal part any more."""

    stored: StoredEntry
    opened: OpenedEntry | None
    origin: str
    proof: Proof


def at_place(db: Connection, tree: Tree, index: int) -> StoredEntry:
    """Read the entry of that index.

    Raises:
        RequestRefused: `request.malformed`, there is none.
    """
    row = one(db, _AT, tree.value, index)
    if row is None:
        raise RequestRefused(
            f"ledger {tree}: has no entry {index}", code=Code.REQUEST_MALFORMED, hint="journal list gives the indexes"
        )
    return StoredEntry.of_row(row)


def of_ref(db: Connection, ref: str) -> Sequence[StoredEntry]:
    """Read the entries of a lookup, a handover or a fetch, of both ledgers, in the order of their time."""
    return [StoredEntry.of_row(row) for row in rows(db, _OF_REF, ref, ref)]


def disclosed(db: Connection, stored: StoredEntry, keys: LedgerKeys, origin: Origin, epochs: EpochKeys) -> Disclosed:
    """Open and prove an entry, and check the proof as a stranger would.

    Raises:
        FailedClosed: `ledger.unavailable`, entry, path or checkpoint do not agree.
    """
    opened = entries.open_(stored, str(origin), epochs)
    proof = proof_of(db, stored.tree, stored.index)
    if opened is not None and opened.leaf_hash != proof.leaf_hash:
        raise _damaged(stored, "is not what its leaf commits to")
    try:
        signed = keys.open(proof.checkpoint, origin)
    except PeerFault as fault:
        raise _damaged(stored, f"stands under a checkpoint that is not ours ({fault.message})") from None
    if not merkle.verify_inclusion(proof.leaf_hash, proof.index, signed.size, proof.path, signed.root):
        raise _damaged(stored, "has no path to the root of its checkpoint")
    return Disclosed(stored, opened, str(origin), proof)


def _damaged(stored: StoredEntry, what: str) -> FailedClosed:
    return FailedClosed(
        f"ledger {stored.tree}: entry {stored.index} {what}",
        code=Code.LEDGER_UNAVAILABLE,
        hint="nothing is given out as evidence: run journal verify",
    )

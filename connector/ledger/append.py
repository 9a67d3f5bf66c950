"""Appending: entries gathered over a batch, then leaves, nodes, rows and one signed checkpoint per tree, all at once.

Called by the store's writer inside its transaction (`store.ledgers`). What is in memory between batches is the right
edge of each tree, and it moves on only when the batch is durable.
"""

from dataclasses import dataclass
from typing import Final

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.core.instant import rfc3339
from connector.core.ledger import EntryDraft, Proof, Tree, number_of
from connector.core.ports import Entropy
from connector.ledger import entries
from connector.ledger.heads import INSERT_CHECKPOINT, Head, LedgerKeys, begin, load_head
from connector.ledger.prove import proof_of
from connector.ledger.trees import write_nodes
from connector.store.copying import RESTORED, taken_at_of
from connector.store.epochs import EpochKeys
from connector.store.sql import Connection, Insert, Row, insert_rows, one
from connector.wire import checkpoint
from connector.wire.checkpoint import Checkpoint, Origin

_INSERT_FETCH = Insert("insert or ignore into entry_fetches (fetch_id, tree, idx)", 3)


HALTED_HINT: Final = (
    "restore the newest copy of the state directory, or begin a new ledger: spsti-connector journal succeed"
)


@dataclass(slots=True, eq=False)
class AppendedEntry:
    """An entry of the running batch; `index` is its number in the journal."""

    tree: Tree
    index: int
    leaf_hash: bytes
    row: Row
    tag_rows: list[Row]
    fetch_row: Row | None
    proven: Proof | None = None

    def proof(self) -> Proof:
        """Its proof in the tree at the batch's end.

        Raises:
            RuntimeError: the batch is not finished.
        """
        if self.proven is None:
            raise RuntimeError("an entry has no proof before its batch is finished")
        return self.proven


class LedgerWriter:
    """Both ledgers of one member, as the writer's thread fills them (`store.ledgers.Ledgers`)."""

    def __init__(self, keys: LedgerKeys, epochs: EpochKeys, entropy: Entropy) -> None:
        self._keys = keys
        self._epochs = epochs
        self._entropy = entropy
        self._heads: dict[Tree, Head] = {}
        self._next: dict[Tree, Head] = {}
        self._batch: list[AppendedEntry] = []
        self._begun: dict[Tree, Head] = {}
        self._counts = dict.fromkeys(Tree, 0)
        self._halted: str | None = None

    def load(self, db: Connection) -> None:
        """Take the ledgers as the database holds them, checked (`ledger.heads`)."""
        self._forget_batch()
        self._heads = {tree: load_head(db, tree, self._keys) for tree in Tree}
        mark = one(db, "select value from facts where name = ?", RESTORED)
        if mark is not None:
            # What was signed since is lost here and known to others: going on would sign two stories.
            self._halted = f"the state was restored from a backup of {rfc3339(taken_at_of(mark[0]))}"

    @property
    def halted(self) -> str | None:
        """Say why no entry of the exchange ledger is signed, None where it is."""
        return self._halted

    def mark(self) -> int:
        """Remember how far the batch has come."""
        return len(self._batch)

    def rewind(self, mark: int) -> None:
        """Forget what was appended since."""
        for appended in self._batch[mark:]:
            self._counts[appended.tree] -= 1
        del self._batch[mark:]
        if mark == 0:
            self._begun.clear()

    def append(self, draft: EntryDraft) -> AppendedEntry:
        """Take an entry into this batch."""
        tree = draft.type.tree
        if tree is Tree.EXCHANGE and self._halted is not None:
            raise FailedClosed(f"ledger: {self._halted}", code=Code.LEDGER_UNAVAILABLE, hint=HALTED_HINT)
        return self._append(draft, tree)

    def succeed(self, db: Connection, draft: EntryDraft, serial: int) -> None:
        """Begin both ledgers anew under that serial, with this entry as the first leaf of each; alone in its batch.

        Raises:
            RuntimeError: something was appended before it, or the serial is not a new one.
        """
        if self._batch or any(serial <= head.origin.serial for head in self._heads.values()):
            raise RuntimeError("a ledger is succeeded by a later one, and at the beginning of a batch")
        for tree, head in self._heads.items():
            self._begun[tree] = begin(db, Origin(head.origin.member, tree, serial), self._keys)
            self._append(draft, tree)
        db.execute("delete from facts where name = ?", (RESTORED,))

    def halt(self, reason: str | None) -> None:
        """Refuse every further entry of the exchange ledger, for that reason; None takes it back."""
        self._halted = reason

    def _append(self, draft: EntryDraft, tree: Tree) -> AppendedEntry:
        head = self._head(tree)
        at = head.frontier.size + self._counts[tree]
        index, place = number_of(head.origin.serial, at), entries.place_at(head.name, at)
        leaf, row = entries.seal(draft, tree, index, place, self._epochs, self._entropy)
        tag_rows = entries.tag_rows(draft.workers, row[entries.EPOCH], row[0], index, self._epochs)
        fetch_id = draft.personal.get("fetch_id")
        fetch_row = None if fetch_id is None or fetch_id == draft.ref else (fetch_id, row[0], index)
        appended = AppendedEntry(tree, index, leaf, row, tag_rows, fetch_row)
        self._batch.append(appended)
        self._counts[tree] += 1
        return appended

    def finish(self, db: Connection) -> None:
        """Write the batch."""
        insert_rows(db, entries.INSERT, [appended.row for appended in self._batch])
        insert_rows(db, entries.INSERT_TAG, [row for appended in self._batch for row in appended.tag_rows])
        fetch_rows = [appended.fetch_row for appended in self._batch if appended.fetch_row is not None]
        insert_rows(db, _INSERT_FETCH, fetch_rows)
        for tree, count in self._counts.items():
            if count:
                self._finish_tree(db, tree, [appended for appended in self._batch if appended.tree is tree])

    def committed(self) -> None:
        """Move on: the batch is durable."""
        self._heads.update(self._next)
        self._forget_batch()

    def proof_of(self, db: Connection, tree: Tree, index: int) -> Proof:
        """Read the proof of an entry under the first checkpoint that covers it."""
        return proof_of(db, tree, index)

    def _head(self, tree: Tree) -> Head:
        return self._begun.get(tree) or self._heads[tree]

    def _finish_tree(self, db: Connection, tree: Tree, appended: list[AppendedEntry]) -> None:
        head = self._head(tree)
        serial = head.origin.serial
        batch = head.frontier.extend([one.leaf_hash for one in appended])
        size = batch.frontier.size
        note = checkpoint.seal(Checkpoint(head.origin, size, batch.root), self._keys.note_signer(head.origin))
        write_nodes(db, tree, serial, batch.completed)
        db.execute(INSERT_CHECKPOINT, (tree.value, number_of(serial, size), note))
        for at, (entry, path) in enumerate(zip(appended, batch.paths, strict=True), head.frontier.size):
            entry.proven = Proof(tree, at, entry.leaf_hash, path, size, note)
        self._next[tree] = Head(head.origin, batch.frontier, note)

    def _forget_batch(self) -> None:
        self._next = {}
        self._begun = {}
        self._batch = []
        self._counts = dict.fromkeys(Tree, 0)

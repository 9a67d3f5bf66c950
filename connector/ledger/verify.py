"""Verifying a ledger from its rows up: every leaf, every stored node, every root and signature ever given.

Each entry's leaf is computed again from its row and its personal part (its stored leaf counts where the epoch key was
destroyed), the tree is built over them, and each checkpoint must carry the root of its size under one of our keys: so
each is consistent with all others. Goes through the rows in pages and keeps the right edge only, whatever the size.
"""

from dataclasses import dataclass, field, replace

from connector.core.errors import ConnectorError, PeerFault
from connector.core.ledger import Tree, index_of, number_of
from connector.core.merkle import Frontier
from connector.ledger import entries
from connector.ledger.entries import OpenedEntry, StoredEntry
from connector.ledger.heads import LedgerKeys
from connector.ledger.trees import TILE_LEVELS, node_number
from connector.store.destroyed import destroyed_of
from connector.store.epochs import EpochKeys
from connector.store.keys import StateKeys
from connector.store.sql import Connection, Row, one, rows
from connector.wire.checkpoint import Origin

PAGE = 512
MAX_FAULTS = 1000
"""Faults that are listed; beyond them they are only counted."""

_PAGE = f"select {entries.COLUMNS} from entries where tree = ? and idx >= ? order by idx limit ?"  # noqa: S608 (constant)
_CHECKPOINTS = "select size, note from checkpoints where tree = ? and size > ? and size <= ? order by size"
_END = """
    select coalesce((select max(idx) + 1 from entries where tree = ? and idx between ? and ?), ?),
        (select max(size) from checkpoints where tree = ? and size between ? and ?)
"""
_LAST = "select max(size) from checkpoints where tree = ? and size between ? and ?"
_ANY = "select 1 from entries where tree = ? and idx between ? and ? limit 1"
_NODE = "select hash from nodes where tree = ? and level = ? and idx = ?"
_WORKER = "select 1 from entry_tags where epoch = ? and tag in (?, ?) and tree = ? and idx = ?"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and with which entry, or with the tree of how many entries."""

    tree: Tree
    index: int
    what: str


@dataclass(slots=True)
class TreeReport:
    """What one ledger was found to be."""

    tree: Tree
    origin: str
    size: int = 0
    entries: int = 0
    destroyed: int = 0
    checkpoints: int = 0
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing at all is wrong with it."""
        return self.fault_count == 0

    def fault(self, index: int, what: str) -> None:
        """Note a fault."""
        self.fault_count += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(self.tree, index, what))


class Verification:
    """The verification of one ledger, page by page: `step` until it says that it is done.

    Entries are named by their number in the journal.
    """

    def __init__(self, origin: Origin, size: int, keys: LedgerKeys, state_keys: StateKeys, epochs: EpochKeys) -> None:
        self.report = TreeReport(origin.tree, str(origin), size)
        self._origin = origin
        self._keys = keys
        self._state_keys = state_keys
        self._epochs = epochs
        self._frontier = Frontier()
        self._base = self._next = number_of(origin.serial, 0)
        self._unbroken = True

    def step(self, db: Connection) -> bool:
        """Go through the next page; False when that was the last one.

        What was appended since the verification began is left to the next one.
        """
        report = self.report
        page = rows(db, _PAGE, report.tree.value, self._next, min(PAGE, self._end() - self._next))
        start = self._next
        leaves = [self._leaf(db, row) for row in page]
        if self._unbroken:
            self._check_notes(db, start, leaves)
        if page:
            return True
        self._missing(self._end())
        self._check_end(db)
        return False

    def _end(self) -> int:
        return self._base + self.report.size

    def _leaf(self, db: Connection, row: Row) -> bytes:
        report, index = self.report, row[1]
        self._missing(index)
        self._next = index + 1
        report.entries += 1
        leaf: bytes = row[2]
        try:
            stored = StoredEntry.of_row(row)
            opened = entries.open_(stored, str(self._origin), self._epochs)
        except (ConnectorError, ValueError) as error:
            reason = error.message if isinstance(error, ConnectorError) else "a field is not one of an entry"
            report.fault(index, f"cannot be opened: {reason}")
            return leaf
        if opened is None:
            report.destroyed += 1
            if not stored.sealed and not destroyed_of(db, {stored.epoch}):
                report.fault(index, "was emptied, and nothing says why")
        else:
            self._compare(db, stored, opened)
        return leaf

    def _missing(self, index: int) -> None:
        """Note the entries that should stand before this one; without them no later root can be computed."""
        if self._next < index:
            self.report.fault(self._next, f"is missing, and all up to {index - 1}")
            self._unbroken = False

    def _compare(self, db: Connection, stored: StoredEntry, opened: OpenedEntry) -> None:
        report, index = self.report, stored.index
        if opened.leaf_hash != stored.leaf_hash:
            report.fault(index, "is not what its leaf commits to")
        if opened.part.ref != stored.ref:
            report.fault(index, "stands under another reference")
        for ins in opened.part.workers:
            tags = (self._epochs.worker_tag(stored.epoch, ins), self._state_keys.worker_tag(ins))
            if not one(db, _WORKER, stored.epoch, *tags, report.tree.value, index):
                report.fault(index, "is not found by its worker")

    def _check_notes(self, db: Connection, start: int, leaves: list[bytes]) -> None:
        """Build the tree over a page, and compare it with each checkpoint given while it grew."""
        after = start if start > self._base else start - 1  # the first page has that of the empty tree as well
        begins = start - self._base
        for number, note in rows(db, _CHECKPOINTS, self.report.tree.value, after, start + len(leaves)):
            size = number - self._base
            self._extend(db, leaves[self._frontier.size - begins : size - begins])
            self._check_note(size, note)
        self._extend(db, leaves[self._frontier.size - begins :])

    def _check_note(self, size: int, note: str) -> None:
        report = self.report
        report.checkpoints += 1
        try:
            signed = self._keys.open(note, self._origin)
        except PeerFault as error:
            report.fault(size, f"entries have a checkpoint that is not ours: {error.message}")
            return
        if (signed.size, signed.root) != (size, self._frontier.root()):
            report.fault(size, "entries have another root than their signed checkpoint")

    def _extend(self, db: Connection, leaves: list[bytes]) -> None:
        if not leaves:
            return
        batch = self._frontier.extend(leaves)
        self._frontier = batch.frontier
        for node in batch.completed:
            if node.level % TILE_LEVELS == 0:
                number = node_number(self._origin.serial, node)
                stored = one(db, _NODE, self.report.tree.value, node.level, number)
                if stored is None or stored[0] != node.hash:
                    self.report.fault(
                        node.index << node.level, f"begins a subtree of level {node.level} kept otherwise"
                    )

    def _check_end(self, db: Connection) -> None:
        """One statement reads both, so that a commit in between cannot make them differ."""
        place = (self.report.tree.value, self._base, number_of(self._origin.serial + 1, 0) - 1)
        count, size = one(db, _END, *place, self._base, *place) or (self._base, None)
        if count != size:
            self.report.fault(min(count, size or 0), "and what follows is not what the last checkpoint covers")


def ledgers_of(db: Connection, newest: Origin) -> list[tuple[Origin, int]]:
    """Give every ledger of that kind that this house has begun, the oldest first, and how many entries each covers.

    One whose checkpoints are all gone is there as long as it has entries.
    """
    found = []
    for serial in range(1, newest.serial + 1):
        place = (newest.tree.value, number_of(serial, 0), number_of(serial + 1, 0) - 1)
        last = (one(db, _LAST, *place) or (None,))[0]
        if serial == newest.serial or last is not None or one(db, _ANY, *place):
            found.append((replace(newest, serial=serial), index_of(last) if last is not None else 0))
    return found

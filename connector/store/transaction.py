"""The transaction of one batch, as its operations see it.

Operations run one after the other without a savepoint each: nearly all of them succeed, or refuse before they have
written anything. Rows that nobody reads within the batch are gathered and written together, several in one statement:
each statement lets go of the interpreter, and taking it back from the event loop costs more than a row. Where an
operation fails after it has written, or a gathered row breaks a rule, the batch is done once more *carefully*: each in
a savepoint, each row at once, so that the fault is its caller's alone.
"""

from collections import defaultdict
from typing import NamedTuple

from connector.core.instant import Instant
from connector.core.ledger import EntryDraft
from connector.store.ledgers import Ledgers, Pending
from connector.store.sql import Connection, Insert, Row, insert_rows


class Mark(NamedTuple):
    """How far a batch had come before an operation."""

    changes: int
    ledgers: int
    rows: int


class Transaction:
    """`now` is the same for the whole batch; `highest` is the highest instant ever stored, this batch included.

    `has_jumped` says that the clock jumped ahead since the batch before (`core.clock_jump`).
    """

    __slots__ = ("_gathered", "_ledgers", "db", "has_jumped", "highest", "is_careful", "now")

    def __init__(
        self,
        db: Connection,
        ledgers: Ledgers,
        now: Instant,
        highest: Instant,
        *,
        is_careful: bool = False,
        has_jumped: bool = False,
    ) -> None:
        self.db = db
        self.now = now
        self.highest = highest
        self.is_careful = is_careful
        self.has_jumped = has_jumped
        self._ledgers = ledgers
        self._gathered: list[tuple[Insert, Row]] = []

    def append(self, draft: EntryDraft) -> Pending:
        """Append an entry to its ledger."""
        return self._ledgers.append(draft)

    def succeed(self, draft: EntryDraft, serial: int) -> None:
        """Begin both ledgers anew under that serial, with this entry as the first leaf of each."""
        self._ledgers.succeed(self.db, draft, serial)

    def insert(self, insert: Insert, row: Row) -> None:
        """Insert a row that no operation reads before the batch has ended."""
        if self.is_careful:
            insert_rows(self.db, insert, [row])
        else:
            self._gathered.append((insert, row))

    def mark(self) -> Mark:
        """Remember how far the batch has come."""
        return Mark(self.db.total_changes, self._ledgers.mark(), len(self._gathered))

    def has_written_since(self, mark: Mark) -> bool:
        """Whether the database was changed since; what is only gathered does not count."""
        return self.db.total_changes != mark.changes

    def rewind(self, mark: Mark) -> None:
        """Forget what was gathered and appended since; the database itself is rolled back by the writer."""
        self._ledgers.rewind(mark.ledgers)
        del self._gathered[mark.rows :]

    def write_gathered(self) -> None:
        """Write the gathered rows.

        Raises:
            sqlite3.IntegrityError: one of them breaks a rule of its table.
        """
        by_table: defaultdict[Insert, list[Row]] = defaultdict(list)
        for insert, row in self._gathered:
            by_table[insert].append(row)
        for insert, table_rows in by_table.items():
            insert_rows(self.db, insert, table_rows)
        self._gathered.clear()

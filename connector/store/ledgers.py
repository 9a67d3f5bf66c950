"""What the store needs of the ledgers: to append within its transaction. The room `ledger`, above, implements it.

All methods are called in the writer's thread. A batch goes `append`* (with `mark` and `rewind` around an operation that
fails), `finish`, then either `committed` or `load`, which forgets whatever the database does not hold.
"""

from typing import Protocol

from connector.core.ledger import EntryDraft, Proof, Tree
from connector.store.sql import Connection


class Pending(Protocol):
    """An entry that was appended in this batch."""

    @property
    def index(self) -> int:
        """Its place in its tree, known at once."""
        ...

    def proof(self) -> Proof:
        """Its proof in the tree at the batch's end, known once `finish` ran."""
        ...


class Ledgers(Protocol):
    """Both ledgers of one member, as one writer fills them."""

    def load(self, db: Connection) -> None:
        """Take the ledgers as the database holds them.

        Raises:
            FailedClosed: `ledger.unavailable`, they are not what the last checkpoint says; nothing is repaired.
        """
        ...

    def mark(self) -> int:
        """Remember how far the batch has come."""
        ...

    def rewind(self, mark: int) -> None:
        """Forget what was appended since."""
        ...

    def append(self, draft: EntryDraft) -> Pending:
        """Take an entry into this batch.

        Raises:
            FailedClosed: `ledger.unavailable`, its epoch key cannot be had.
            NotCanonical: the entry has no canonical form.
        """
        ...

    def succeed(self, db: Connection, draft: EntryDraft, serial: int) -> None:
        """Begin both ledgers anew, with this entry as the first leaf of each; alone in its batch."""
        ...

    @property
    def halted(self) -> str | None:
        """Why no entry of the exchange ledger is signed, None where it is."""
        ...

    def halt(self, reason: str | None) -> None:
        """Refuse every further entry of the exchange ledger, for that reason; None takes it back."""
        ...

    def finish(self, db: Connection) -> None:
        """Write the batch: rows, nodes, and one signed checkpoint for each tree that grew."""
        ...

    def committed(self) -> None:
        """The batch is durable."""
        ...

    def proof_of(self, db: Connection, tree: Tree, index: int) -> Proof:
        """Read the proof of an entry under the first checkpoint that covers it: the same each time it is asked for."""
        ...

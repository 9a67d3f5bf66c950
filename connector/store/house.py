"""Appending to the house ledger alone: what no answer and no fetch tells (`core.ports.HouseLedger`)."""

from connector.core.ledger import EntryDraft, Tree
from connector.store.writer import Transaction, Writer


async def record(writer: Writer, entry: EntryDraft) -> None:
    """Append one entry.

    Raises:
        ValueError: its type is a leaf of the exchange ledger, which only its own operation may append.
        FailedClosed: it was not kept.
    """
    if entry.type.tree is not Tree.HOUSE:
        raise ValueError(f"an entry {entry.type} belongs to the exchange ledger, not to the house's")

    def operation(transaction: Transaction) -> None:
        transaction.append(entry)

    await writer.do(operation)

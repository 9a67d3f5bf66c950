"""Opening the first leaf of our own newest ledger for peers, where it follows an older one."""

from typing import Final

from connector.core.ledger import EntryDraft, Tree, number_of
from connector.core.merkle import inclusion_path
from connector.core.witness import Beginning, LedgerName
from connector.ledger import disclose, entries
from connector.ledger.trees import StoredNodes
from connector.store.epochs import EpochKeys
from connector.store.sql import Connection
from connector.wire.entry import entry_json, personal_bytes, personal_sha256

_FOR_PEERS: Final = frozenset({"old", "highest", "reason"})


def beginning_of(db: Connection, ledger: LedgerName, size: int, epochs: EpochKeys) -> Beginning | None:
    """Give leaf 0, opened and proven to the root of that size; None where it holds more than is for peers, or nothing
    any more.

    Raises:
        RequestRefused: `request.malformed`, there is no such ledger.
        FailedClosed: `ledger.unavailable`, it is not what was written.
    """
    stored = disclose.at_place(db, ledger.tree, number_of(ledger.serial, 0))
    opened = entries.open_(stored, str(ledger), epochs)
    if opened is None or not set(opened.part.personal) <= _FOR_PEERS:
        return None
    draft = EntryDraft(
        type=stored.type,
        at=stored.at,
        peer=stored.peer,
        outcome=stored.outcome,
        reason=stored.reason,
        ref=opened.part.ref,
        personal=opened.part.personal,
        workers=opened.part.workers,
    )
    personal = personal_bytes(draft)
    entry = entry_json(draft, salt=opened.salt, personal_sha256=personal_sha256(personal, opened.salt))
    path = inclusion_path(0, size, StoredNodes(db, Tree(ledger.tree), ledger.serial))
    return Beginning(entry, personal, tuple(path))

"""The journal as the local side asks for it, over the ledgers."""

from collections.abc import Sequence
from dataclasses import replace

from connector.core.ledger import Tree
from connector.ledger.find import JournalEntry as LedgerJournalEntry
from connector.ledger.find import Search
from connector.ledger.service import Journal
from connector.local.ports import JournalEntry, JournalQuery, TreeReport

_PAGE = 200


class LocalJournal:
    """`connector.local.ports.JournalReader`."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def find(self, query: JournalQuery) -> Sequence[JournalEntry]:
        """Give what the query finds, the newest first; an outcome is looked for page by page."""
        search = Search(
            tree=query.tree,
            since=query.since,
            until=query.until,
            type=query.type,
            peer=query.peer,
            ref=query.ref or "",
            worker=query.worker,
            before=query.before,
            limit=query.limit if query.outcome is None else _PAGE,
        )
        found: list[JournalEntry] = []
        while page := await self._journal.search(search):
            found += [_local(e) for e in page if query.outcome is None or e.outcome == query.outcome]
            if len(found) >= query.limit or len(page) < search.limit:
                break
            search = replace(search, before=page[-1].index)
        return found[: query.limit]

    async def get(self, tree: Tree, index: int) -> JournalEntry | None:
        """Give one entry, None where the ledger is shorter."""
        page = await self._journal.search(Search(tree, before=index + 1, limit=1))
        return _local(page[0]) if page and page[0].index == index else None

    async def verify(self) -> Sequence[TreeReport]:
        """Verify both ledgers from their rows up."""
        report = await self._journal.verify()
        return [
            TreeReport(
                tree.tree,
                str(tree.origin),
                tree.size,
                tuple(f"entry {fault.index}: {fault.what}" for fault in tree.faults),
            )
            for tree in report.trees
        ]


def _local(entry: LedgerJournalEntry) -> JournalEntry:
    return JournalEntry(
        tree=entry.tree,
        index=entry.index,
        type=entry.type,
        at=entry.at,
        leaf_hash=entry.leaf_hash,
        peer=entry.peer,
        outcome=entry.outcome,
        reason=entry.reason,
        document_sha256=entry.document_sha256,
        ref=entry.ref,
        personal=entry.personal,
        destroyed=entry.destroyed,
    )

"""Reading the journal for reports: page by page whatever its size, and what a mandate in an entry says."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from connector.core.ledger import Tree
from connector.ledger.find import JournalEntry, Search
from connector.wire import jose
from connector.wire.mandate import TYP

PAGE: Final = 200


class Entries(Protocol):
    """Where entries are read: `ledger.service.Journal` is the real thing."""

    async def search(self, search: Search) -> Sequence[JournalEntry]:
        """Give a page."""
        ...


async def each(journal: Entries, search: Search) -> AsyncIterator[JournalEntry]:
    """Give everything that a search finds, newest first; one page is in memory at a time."""
    search = replace(search, limit=PAGE)
    while page := await journal.search(search):
        for entry in page:
            yield entry
        search = replace(search, before=page[-1].index)


async def each_of_both(journal: Entries, search: Search) -> AsyncIterator[JournalEntry]:
    """Give what it finds in both ledgers, one ledger after the other."""
    for tree in Tree:
        async for entry in each(journal, replace(search, tree=tree)):
            yield entry


def mandate_of(entry: JournalEntry) -> Mapping[str, Any]:
    """Give the claims of the mandate that an entry of ours as holder keeps; empty where it has none any more.

    Its signature was verified when it came, and is not verified again here.
    """
    compact = (entry.personal or {}).get("mandate")
    if not isinstance(compact, str):
        return {}
    try:
        return jose.read(compact.encode(), typ=TYP).claims
    except jose.TokenFault:
        return {}


def practitioner_of(entry: JournalEntry) -> tuple[str, str] | None:
    """Give id and name of the practitioner for whom an entry was written, ours or the other member's."""
    who = (entry.personal or {}).get("practitioner") or mandate_of(entry).get("practitioner")
    if not isinstance(who, dict) or not isinstance(who.get("id"), str):
        return None
    return who["id"], str(who.get("name", ""))

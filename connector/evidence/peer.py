"""What went to a member and what came from it since an instant: for the day on which that member was compromised."""

from collections import Counter
from typing import Any

from connector.core import b64
from connector.core.instant import Instant, rfc3339
from connector.core.ledger import EntryType, Tree
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.evidence.reading import Entries, each_of_both, practitioner_of
from connector.ledger.find import JournalEntry, Search

_DOCUMENTS = {EntryType.RELEASE: "sent", EntryType.ARRIVED: "received"}


async def peer_report(journal: Entries, peer: MemberId, since: Instant) -> dict[str, Any]:
    """Give entries by type and outcome, documents, practitioners of both sides, and how many workers.

    A document names its worker: whoever must be told of a breach is found by it (RGPD art. 34).
    """
    counts: Counter[tuple[str, str]] = Counter()
    documents: list[dict[str, Any]] = []
    people: dict[tuple[str, str], dict[str, Any]] = {}
    workers: set[Ins] = set()
    destroyed = 0
    async for entry in each_of_both(journal, Search(Tree.EXCHANGE, since=since, peer=peer)):
        counts[entry.type.value, entry.outcome or ""] += 1
        destroyed += entry.is_destroyed
        workers |= set(entry.workers[:1])
        if entry.type in _DOCUMENTS:
            documents.append(_document(entry))
        who = practitioner_of(entry)
        if who is not None:
            side = "theirs" if entry.type in {EntryType.ANSWERED, EntryType.DECIDED, EntryType.RELEASE} else "ours"
            row = people.setdefault((side, who[0]), {"id": who[0], "name": who[1], "side": side, "entries": 0})
            row["entries"] += 1
    return {
        "member": peer.value,
        "since": rfc3339(since),
        "entries": [{"type": kind, "outcome": out or None, "count": n} for (kind, out), n in sorted(counts.items())],
        "documents": sorted(documents, key=lambda row: (row["at"], row["handover_id"])),
        "practitioners": sorted(people.values(), key=lambda row: (row["side"], row["id"])),
        "workers": len(workers),
        "destroyed": destroyed,
    }


def _document(entry: JournalEntry) -> dict[str, Any]:
    return {
        "at": rfc3339(entry.at),
        "way": _DOCUMENTS[entry.type],
        "handover_id": entry.ref,
        "sha256": None if entry.document_sha256 is None else b64.encode(entry.document_sha256),
        "outcome": entry.outcome,
        "worker": entry.workers[0].to_token() if entry.workers else None,
        "index": entry.index,
    }

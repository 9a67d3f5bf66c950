"""Who asked for, received and read one worker's record, when and why: what the worker may be given (RGPD art. 15).

Told is what happened and by whom, never why a record was withheld, nor what stands in another person's part. The
worker is looked for under every INS that is known: the one given, those of the service's own software, and those by
which the entries themselves know the worker.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from connector.core.instant import rfc3339
from connector.core.ledger import EntryType, Tree
from connector.core.matricule import Ins
from connector.evidence.reading import Entries, each_of_both, mandate_of
from connector.ledger.find import JournalEntry, Search

TOLD: Final = {
    EntryType.ASKED: "asked",
    EntryType.ANSWERED: "was-asked",
    EntryType.DECIDED: "handover-asked",
    EntryType.RELEASE: "given",
    EntryType.ARRIVED: "received",
    EntryType.SHOWN: "read",
    EntryType.FILED: "filed",
    EntryType.FETCH_REFUSED: "refused-here",
    EntryType.OPPOSITION: "objection",
    EntryType.INSI_CALLED: "identity-checked",
    EntryType.REPORTED: "reported",
}
"""What each entry is called in the report; others say nothing about access."""

MAX_INS: Final = 20


async def worker_access(journal: Entries, known: Iterable[Ins]) -> tuple[list[dict[str, Any]], tuple[Ins, ...]]:
    """Give what happened with a worker's record, oldest first, and every INS under which it was looked for."""
    waiting, seen = list(known), dict[Ins, None]()
    found: dict[tuple[Tree, int], JournalEntry] = {}
    while waiting and len(seen) < MAX_INS:
        ins = waiting.pop(0)
        if ins in seen:
            continue
        seen[ins] = None
        async for entry in each_of_both(journal, Search(Tree.EXCHANGE, worker=ins)):
            found[entry.tree, entry.index] = entry
            waiting += [other for other in entry.workers if other not in seen]
    rows = [_row(entry) for entry in found.values() if entry.type in TOLD and entry.personal is not None]
    return sorted(rows, key=lambda row: (row["at"], row["tree"], row["index"])), tuple(seen)


def _row(entry: JournalEntry) -> dict[str, Any]:
    personal: Mapping[str, Any] = entry.personal or {}
    mandate = mandate_of(entry)
    who = personal.get("practitioner") or mandate.get("practitioner") or {}
    follow_up = personal.get("follow_up") or mandate.get("follow_up") or {}
    purpose = personal.get("purpose") or mandate.get("purpose") or {}
    return {
        "at": rfc3339(entry.at),
        "what": TOLD[entry.type],
        "who": str(who.get("name") or personal.get("reader") or personal.get("by") or ""),
        "who_id": str(who.get("id") or ""),
        "service": entry.peer.value if entry.peer is not None else None,
        "purpose": str(purpose.get("code") or "") or None,
        "visit": str(follow_up.get("visit") or "") or None,
        "basis": str(follow_up.get("basis") or "") or None,
        "reason": personal.get("follow_up_reason") or None,
        "outcome": entry.outcome,
        "tree": entry.tree.value,
        "index": entry.index,
    }

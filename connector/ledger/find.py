"""Finding entries again: by worker, reference, peer, type and time, the newest first, with their personal parts opened.

A worker is found by a keyed hash of the INS asked for, one for each epoch whose key is there, so each entry answers to
every INS that was known when it was written, for as long as it can be read. What is found here is for the house's own
people: nothing of it goes to a peer.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from connector.core.instant import Instant
from connector.core.ledger import Destroyed, EntryType, Tree
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.outcome import Outcome
from connector.core.private import Private
from connector.ledger import entries
from connector.ledger.entries import StoredEntry
from connector.store.destroyed import destroyed_of
from connector.store.epochs import EpochKeys
from connector.store.keys import StateKeys
from connector.store.sql import Connection, rows

_REASONS = """
    select outcome, reason, count(*) from entries
    where tree = 'exchange' and at >= ? and type = 'answered' and outcome in (select value from json_each(?))
    group by outcome, reason
"""

_ALERTS = """
    select reason, peer, count(*) from entries where tree = 'house' and at >= ? and type = 'alert' group by reason, peer
"""


OF_WORKER = """idx in (
    with asked (epoch, tag) as (values {})
    select w.idx from asked cross join entry_tags w on w.epoch = asked.epoch and w.tag = asked.tag where w.tree = ?
)"""
"""Each epoch has a tag of its own for a worker; question marks for the pairs go in between."""


_INDEXED_BY = {
    "": "",
    "worker": "indexed by entries_by_index",
    "ref": "indexed by entries_by_ref",
    "peer": "indexed by entries_by_peer",
}


@dataclass(frozen=True, slots=True, repr=False)
class JournalEntry(Private):
    """An entry as found: its public fields, and what it holds of persons, None once that was destroyed.

    `destroyed` is when and why, None also where nothing here says so: its key is gone, and not by this program.
    """

    tree: Tree
    index: int
    type: EntryType
    at: Instant
    peer: MemberId | None
    mandate_sha256: bytes | None
    outcome: str | None
    reason: str | None
    document_sha256: bytes | None
    ref: str
    leaf_hash: bytes
    personal: Mapping[str, Any] | None
    workers: tuple[Ins, ...] = ()
    destroyed: Destroyed | None = None

    @property
    def is_destroyed(self) -> bool:
        """Whether its personal part can no longer be read by anybody."""
        return self.personal is None


@dataclass(frozen=True, slots=True, repr=False)
class Search(Private):
    """What to look for; None and the empty reference leave a question out. `before` is an index to go on from."""

    tree: Tree
    since: Instant | None = None
    until: Instant | None = None
    type: EntryType | None = None
    peer: MemberId | None = None
    ref: str = ""
    worker: Ins | None = None
    before: int | None = None
    limit: int = 50


def find(db: Connection, search: Search, origin: str, keys: StateKeys, epochs: EpochKeys) -> list[JournalEntry]:
    """Give the entries that answer to every question asked, the newest first.

    Raises:
        FailedClosed: `vault.damaged` or `ledger.unavailable`, an entry is not what was written.
    """
    sql, parameters = _query(search, keys, epochs)
    found = rows(db, sql, *parameters)
    gone = destroyed_of(db, {row[entries.EPOCH] for row in found})
    return [_opened(StoredEntry.of_row(row), origin, epochs, gone) for row in found]


def count_reasons(db: Connection, outcomes: Collection[Outcome], since: Instant) -> dict[tuple[Outcome, str], int]:
    """Count the lookups answered with these outcomes from an instant on, by outcome and reason."""
    kinds = json.dumps([outcome.value for outcome in outcomes])
    found = rows(db, _REASONS, since, kinds)
    return {(Outcome(outcome), reason or ""): count for outcome, reason, count in found}


def count_alerts(db: Connection, since: Instant) -> dict[tuple[str, MemberId | None], int]:
    """Count the alerts of the house ledger from an instant on, by reason and peer; nothing personal is opened."""
    found = rows(db, _ALERTS, since)
    return {(reason or "", MemberId(peer) if peer else None): count for reason, peer, count in found}


def _query(search: Search, keys: StateKeys, epochs: EpochKeys) -> tuple[str, list[object]]:
    asked: list[tuple[str, list[object]]] = [("tree = ?", [search.tree.value])]
    if search.since is not None:
        asked.append(("at >= ?", [search.since]))
    if search.until is not None:
        asked.append(("at <= ?", [search.until]))
    if search.type is not None:
        asked.append(("type = ?", [search.type.value]))
    if search.peer is not None:
        asked.append(("peer = ?", [search.peer.value]))
    if search.ref:
        asked.append(("ref <> '' and ref = ?", [search.ref]))
    if search.worker is not None:
        asked.append(_of_worker(search, search.worker, keys, epochs))
    if search.before is not None:
        asked.append(("idx < ?", [search.before]))
    words = ["select", entries.COLUMNS, "from entries", _INDEXED_BY[_narrowest(search)], "where"]
    words.append(" and ".join(condition for condition, _ in asked))
    words.append("order by idx desc limit ?")
    return " ".join(words), [value for _, values in asked for value in values] + [search.limit]


def _narrowest(search: Search) -> str:
    """Name the question that leaves the fewest entries; SQLite, to spare itself a sort, would read them all."""
    if search.worker is not None:
        return "worker"
    return "ref" if search.ref else "peer" if search.peer is not None else ""


def _of_worker(search: Search, ins: Ins, keys: StateKeys, epochs: EpochKeys) -> tuple[str, list[object]]:
    """Ask each epoch by its own tag, and by the one of all epochs that entries of an older schema have."""
    of_all = keys.worker_tag(ins)
    values = [value for epoch, tag in epochs.worker_tags(ins) for value in (epoch, tag, epoch, of_all)]
    if not values:
        return "0", []
    pairs = ", ".join(["(?, ?)"] * (len(values) // 2))
    return OF_WORKER.format(pairs), [*values, search.tree.value]


def _opened(stored: StoredEntry, origin: str, epochs: EpochKeys, gone: Mapping[str, Destroyed]) -> JournalEntry:
    opened = entries.open_(stored, origin, epochs)
    return JournalEntry(
        tree=stored.tree,
        index=stored.index,
        type=stored.type,
        at=stored.at,
        peer=stored.peer,
        mandate_sha256=stored.mandate_sha256,
        outcome=stored.outcome,
        reason=stored.reason,
        document_sha256=stored.document_sha256,
        ref=stored.ref,
        leaf_hash=stored.leaf_hash,
        personal=None if opened is None else opened.part.personal,
        workers=() if opened is None else opened.part.workers,
        destroyed=gone.get(stored.epoch) if opened is None else None,
    )

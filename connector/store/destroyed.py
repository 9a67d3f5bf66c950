"""Which epochs' keys were destroyed, or are being, and what that concerned: the table `destroyed_epochs`.

A row is written before the key is touched, and says `ended_at` once nothing of the epoch is left: what a crash cuts in
two is found here and finished. It holds no identity and no name; the house ledger says who agreed to what, and why.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from connector.core.instant import Instant
from connector.core.ledger import Destroyed, DestroyedBy, Tree
from connector.store.sql import Connection, one, rows

_UNFINISHED: Final = """
    select epoch, why, begun_at, successor, tree, idx from destroyed_epochs where ended_at is null order by begun_at
"""
_OF: Final = """
    select epoch, why, coalesce(ended_at, begun_at) from destroyed_epochs
    where epoch in (select value from json_each(?))
"""
_BEGIN: Final = """
    insert or replace into destroyed_epochs (epoch, why, begun_at, successor, tree, idx) values (?, ?, ?, ?, ?, ?)
"""
_END: Final = "update destroyed_epochs set ended_at = ? where epoch = ? and ended_at is null"


@dataclass(frozen=True, slots=True)
class Destruction:
    """One destruction: `successor` is the generation that the other entries are moved to, where it is an erasure of
    the entry `tree`, `index` alone.
    """

    epoch: str
    by: DestroyedBy
    begun_at: Instant
    successor: str | None = None
    tree: Tree | None = None
    index: int | None = None


def begin(db: Connection, destruction: Destruction) -> None:
    """Keep that a destruction begins; one that was over before, of a key made again since, is replaced."""
    tree = None if destruction.tree is None else destruction.tree.value
    row = (destruction.epoch, destruction.by.value, destruction.begun_at, destruction.successor, tree)
    db.execute(_BEGIN, (*row, destruction.index))


def end(db: Connection, epoch: str, at: Instant) -> bool:
    """Keep that nothing of the epoch is left; False where that was known."""
    return db.execute(_END, (at, epoch)).rowcount > 0


def unfinished(db: Connection) -> list[Destruction]:
    """Give the destructions that are not over, the oldest first."""
    return [
        Destruction(
            epoch,
            DestroyedBy(by),
            Instant(begun),
            successor,
            None if tree is None else Tree(tree),
            index,
        )
        for epoch, by, begun, successor, tree, index in rows(db, _UNFINISHED)
    ]


def is_begun(db: Connection, epoch: str) -> bool:
    """Whether the destruction of that epoch began and is not over."""
    return one(db, "select 1 from destroyed_epochs where epoch = ? and ended_at is null", epoch) is not None


def destroyed_of(db: Connection, epochs: Collection[str]) -> Mapping[str, Destroyed]:
    """Give when and why each of these epochs was destroyed, those that were not left out."""
    found = rows(db, _OF, json.dumps(sorted(epochs)))
    return {epoch: Destroyed(Instant(at), DestroyedBy(by)) for epoch, by, at in found}

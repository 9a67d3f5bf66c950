"""The personal parts of ledger entries, as rows that end with their epoch or are moved to its next generation.

An entry keeps its row, its leaf and its public fields for ever: they prove, and say nothing of anybody. Its tags belong
to its epoch, so a moved entry gets new ones, for which its personal part has to be opened.
"""

from typing import Final

from connector.core.errors import ConnectorError
from connector.core.ledger import Tree
from connector.crypto import aead
from connector.ledger import entries
from connector.ledger.entries import StoredEntry
from connector.ledger.heads import origin_of
from connector.store.epochs import EpochKeys
from connector.store.sql import Connection, Insert, insert_rows, one, rows

_KEPT: Final = entries.COLUMNS.removesuffix(", wrapped_key, sealed")
_OVER: Final = f"select id, {_KEPT} from entries where epoch = ? and sealed <> x'' order by id limit ?"  # noqa: S608 (constants)
_REMOVE: Final = "delete from entries where id = ?"
_PUT_BACK: Final = Insert(f"insert into entries (id, {_KEPT}, wrapped_key, sealed)", 16)
_EMPTY_ONE: Final = "update entries set wrapped_key = x'', sealed = x'' where tree = ? and idx = ? and sealed <> x''"
_TAG_AFTER: Final = "select tag from entry_tags where epoch = ? order by tag limit 1 offset ?"
_OF_EPOCH: Final = f"""
    select id, {entries.COLUMNS} from entries where epoch = ? and sealed <> x'' and id > ? order by id limit ?
"""  # noqa: S608 (constant)
_MOVE: Final = "update entries set epoch = ?, wrapped_key = ? where id = ?"


class EntryRows:
    """`store.epoch_rows.EpochRows` of both ledgers."""

    table = "entries"

    def empty(self, db: Connection, epoch: str, limit: int) -> int:
        """Remove personal parts, then tags.

        Rows are taken out and put back without them: one that only became shorter would leave its page as it is.
        """
        found = rows(db, _OVER, epoch, limit)
        db.executemany(_REMOVE, [row[:1] for row in found])
        insert_rows(db, _PUT_BACK, [(*row, b"", b"") for row in found])
        return len(found) or _drop_tags(db, epoch, limit)

    def move(self, db: Connection, epochs: EpochKeys, epoch: str, into: str, after: int, limit: int) -> int | None:
        """Wrap the entries' keys under the other generation's, and tag them anew."""
        found = rows(db, _OF_EPOCH, epoch, after, limit)
        origins = {tree.value: str(origin_of(db, tree)) for tree in Tree}
        for number, *row in found:
            _move(db, epochs, number, StoredEntry.of_row(tuple(row)), origins[row[0]], into)
        return found[-1][0] if found else None


def empty_one(db: Connection, tree: Tree, index: int) -> None:
    """Remove the personal part of one entry; its tags go with its epoch's key."""
    db.execute(_EMPTY_ONE, (tree.value, index))


def _move(db: Connection, epochs: EpochKeys, number: int, stored: StoredEntry, origin: str, into: str) -> None:
    old, new = epochs.find(stored.epoch), epochs.find(into)
    try:
        opened = entries.open_(stored, origin, epochs)
        if opened is None or old is None or new is None:
            return
        place = entries.place_of(origin, stored.index)
        wrapped = aead.wrap_key(new, aead.unwrap_key(old, stored.wrapped_key, place), place)
    except ConnectorError:
        return  # it is not what was written: nobody can read it, and it ends with the old key
    db.execute(_MOVE, (into, wrapped, number))
    tag_rows = entries.tag_rows(opened.part.workers, into, str(stored.tree), stored.index, epochs)
    insert_rows(db, entries.INSERT_TAG, tag_rows)


def _drop_tags(db: Connection, epoch: str, limit: int) -> int:
    bound = one(db, _TAG_AFTER, epoch, limit)
    if bound is None:
        return db.execute("delete from entry_tags where epoch = ?", (epoch,)).rowcount
    return db.execute("delete from entry_tags where epoch = ? and tag <= ?", (epoch, bound[0])).rowcount

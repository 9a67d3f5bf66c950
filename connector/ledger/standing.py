"""Whether the ledgers of a state are what was signed, for whoever only looks: `check`, with or without a daemon.

Nothing is written, and one snapshot is read, so that a daemon that goes on writing cannot make it look wrong.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.core.codes import Code
from connector.core.errors import FailedClosed, PeerFault
from connector.core.faults import Fault
from connector.core.ledger import Tree
from connector.core.witness import LedgerFault, as_fault
from connector.ledger.heads import LedgerKeys, origin_of, read_head
from connector.ledger.showing import is_own
from connector.store.database import open_reader
from connector.store.sql import Connection, one
from connector.store.witness import read_faults

_HAS_FAULTS: Final = "select 1 from sqlite_master where name = 'ledger_faults'"


@dataclass(frozen=True, slots=True)
class LedgerStanding:
    """What is wrong. `differs` keeps a daemon from starting; `behind` keeps one that runs from answering."""

    differs: Sequence[Fault] = ()
    behind: Sequence[Fault] = ()


def standing_of_ledgers(database: Path, keys: LedgerKeys) -> LedgerStanding:
    """Compare both ledgers with their last signed checkpoint, and with what witnesses showed of them.

    Raises:
        FailedClosed: `state.unavailable`, the database cannot be read.
    """
    try:
        db = open_reader(database)
        try:
            db.conn.execute("begin")
            return _look(db.conn, keys)
        finally:
            db.close()
    except sqlite3.Error as error:
        raise FailedClosed.of(Code.STATE_UNAVAILABLE, "state.unreadable", error=type(error).__name__) from None


def _look(db: Connection, keys: LedgerKeys) -> LedgerStanding:
    differs: list[Fault] = []
    serials: dict[Tree, int] = {}
    for tree in Tree:
        origin = origin_of(db, tree)
        if origin is None:
            continue  # a state that was never opened
        serials[tree] = origin.serial
        try:
            read_head(db, origin, keys)
        except FailedClosed as error:
            differs.append(error.fault)
        except PeerFault as error:
            differs.append(Fault("head.other", {"tree": tree.value, "text": error.message}))
    faults: Sequence[LedgerFault] = read_faults(db) if one(db, _HAS_FAULTS) else ()
    behind = [
        as_fault(fault)
        for fault in faults
        if is_own(fault, keys.member) and fault.ledger.serial >= serials.get(fault.ledger.tree, 0)
    ]
    return LedgerStanding(tuple(differs), tuple(behind))

"""What a start and a request ask of the database is answered by an index, however long the history is."""

import re

import pytest
from sqlite_utils import Database

from connector.core.ledger import Retention, Tree
from connector.ledger import find, heads, prove, trees
from connector.ledger.find import Search
from connector.store import (
    alerts,
    destroyed,
    fetches,
    handovers,
    holder,
    identities,
    insi_answers,
    limits,
    oppositions,
    outbox,
    requester,
)
from connector.store.epochs import EpochKeys
from connector.store.keys import StateKeys
from connector.store.migrations import KNOWN, migrations
from tests.kit.state import INS, PEER, T0, SystemEntropy

AT_START = [
    heads.LAST_CHECKPOINT,
    "select max(idx) from entries where tree = ?",
    "select 1 from entries where tree = ? limit 1",
    "select value from facts where name = ?",
    trees._LEAVES,
    trees._NODES,
]
AT_A_REQUEST = [
    holder._ISSUED,
    handovers._LIVE,
    handovers._LIVE_OF,
    handovers._EXPIRED,
    fetches._FIND,
    fetches._OF_OWNER,
    fetches._EVENTS_AFTER,
    fetches._DUE,
    fetches._RUNNING,
    requester._DUE_ACKS,
    oppositions._FIND,
    oppositions._STANDING,
    oppositions._STANDS,
    oppositions._OF_WORKER,
    oppositions._DUE,
    outbox._DUE,
    alerts._LIVE,
    alerts._FIND,
    alerts._NEWEST,
    alerts._OF_STATE,
    alerts._OPEN,
    alerts._ONE_WAITING,
    alerts._WAITING_NEWEST,
    identities._FIND,
    identities._OF_INS,
    identities._MOVES_OF,
    identities._LAST_MOVE,
    insi_answers._FIND,
    insi_answers._FORGET,
    limits._OF_PEER,
    prove._LEAF,
    prove._COVERING,
    "delete from used_mandates where expires_at < ?",
    "delete from announcements where expires_at <= ?",
    "delete from handovers where purged_at <= ?",
    "select idx from entries where tree = ? and ref <> '' and ref = ?",
    "select idx from entries where tree = ? and " + find.OF_WORKER.format("(?, ?), (?, ?)") + " order by idx desc",
    destroyed._OF,
]

_GIVEN = re.compile("json_each|CONSTANT ROWS|SCAN asked|SCAN there")  # made of the parameters, or of the epochs


@pytest.fixture
def db():
    db = Database(memory=True)
    migrations.apply(db)
    yield db
    db.close()


@pytest.mark.parametrize(
    ("search", "index"),
    [
        (Search(Tree.EXCHANGE, ref="r"), "entries_by_ref (ref=?"),
        (Search(Tree.EXCHANGE, peer=PEER), "entries_by_peer (tree=? AND peer=?"),
        (Search(Tree.EXCHANGE, peer=PEER, before=7), "entries_by_peer (tree=? AND peer=? AND idx<?"),
        (Search(Tree.EXCHANGE, worker=INS, peer=PEER, ref="r"), "entries_by_index (tree=? AND idx=?"),
        (Search(Tree.EXCHANGE), "entries_by_index (tree=?"),
    ],
)
def test_the_journal_is_read_by_the_narrowest_question(db, tmp_path, search, index):
    keys = StateKeys.derive(bytes(32))
    epochs = EpochKeys(tmp_path / "epochs", keys.epochs, SystemEntropy())
    epochs.current(Retention.MONTHLY, T0)
    sql, values = find._query(search, keys, epochs)
    plan = [row[3] for row in db.execute(f"explain query plan {sql}", values)]

    assert plan[0].startswith(f"SEARCH entries USING INDEX {index}")


def test_every_migration_is_known(db):
    assert {migration.name for migration in migrations.applied(db)} == KNOWN


@pytest.mark.parametrize("sql", AT_START + AT_A_REQUEST)
def test_no_question_goes_through_a_whole_table(db, sql):
    plan = [row[3] for row in db.execute(f"explain query plan {sql}", [""] * sql.count("?"))]

    assert [step for step in plan if step.startswith("SCAN") and not _GIVEN.search(step)] == []


def test_what_was_counted_is_found_by_peer_and_moved_in_order(db):
    given = [row[3] for row in db.execute(f"explain query plan {limits._OF_PEER}", ["", 0])]
    moved = "select number, sealed from counted where epoch = ? and number > ? order by number limit ?"
    plan = [row[3] for row in db.execute(f"explain query plan {moved}", ["", 0, 1])]

    assert "SEARCH c USING INDEX counted_by_peer (epoch=? AND peer=?)" in given
    assert plan == ["SEARCH counted USING INDEX counted_by_epoch (epoch=? AND rowid>?)"]

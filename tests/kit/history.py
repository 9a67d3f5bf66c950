"""A state in which something of everything was kept, and databases of every earlier schema with the same in it."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from connector.core.days import Day
from connector.core.fetch import Fetch
from connector.core.ledger import EntryType, Retention, Tree
from connector.core.limits import Counted
from connector.core.mandate import InformationMeans
from connector.core.measures import Block, BlockReason
from connector.core.oppositions import Notice, Objection, OppositionKind
from connector.core.ports import UsedMandate
from connector.core.proposals import Proposal, ProposalKind
from connector.core.records import Trace
from connector.store.keys import StateKeys, read_master_key
from connector.store.migrations import migrations
from tests.kit.state import (
    INS,
    PEER,
    T0,
    a_fetch,
    a_handover,
    a_trace,
    a_used_mandate,
    an_announcement,
    an_entry,
    an_event,
    an_id,
    opened,
    settings_in,
)
from tests.kit.vigilance import a_near_miss

SCHEMAS = sorted(migration.name for migration in migrations.pending(Database(memory=True)))
"""Every migration, the oldest first."""

LOOKUPS = 4


@dataclass(frozen=True)
class Kept:
    """What was put in, to be found again."""

    fetch: Fetch
    objection: Objection
    trace: Trace
    used: UsedMandate
    block: Block


async def fill(directory: Path) -> Kept:
    """Keep something of everything in a new state."""
    kept = Kept(a_fetch(), an_objection(), a_trace(), a_used_mandate(), Block(PEER, BlockReason.PRECAUTION, T0, "desk"))
    async with opened(directory) as state:
        for number in range(LOOKUPS):
            await state.holder.answer(
                entry=an_entry(retention=Retention.DAILY if number % 2 else Retention.MONTHLY),
                used=kept.used if number == 0 else a_used_mandate(),
                announcement=an_announcement(),
                trace=kept.trace if number == 0 else None,
                noticed=a_near_miss(an_id()),
                counted=Counted(PEER, T0, False, b"t" * 16, b"m" * 16, b"r" * 16),
            )
        handover = a_handover()
        await state.holder.decide(entry=an_entry(EntryType.DECIDED), used=None, handover=handover)
        await state.requester.create_fetch(kept.fetch, None, an_event(kept.fetch))
        entry = an_entry(EntryType.OPPOSITION, ref=kept.objection.id, peer=None, workers=(INS,))
        await state.oppositions.add(kept.objection, entry)
        await state.measures.block(kept.block, an_entry(EntryType.BLOCK, peer=PEER))
        proposal = Proposal(an_id(), ProposalKind.ERASE, T0, T0 + 86_400, "Mme Un", "one", "because", {"index": 1})
        await state.proposals.keep(proposal, an_entry(EntryType.PROPOSED, workers=()))
    return kept


def an_objection(**changed) -> Objection:
    """A worker who objects to what other services ask."""
    values = {
        "id": an_id(),
        "ins": INS,
        "kind": OppositionKind.PEERS,
        "on": Day(2026, 11, 3),
        "means": InformationMeans.ORAL,
        "by": "physician",
        "recorded_at": T0,
        "recorded_by": "desk",
        "due": Notice.OBJECTION,
    }
    return Objection(**(values | changed))


def take_back(directory: Path, last: str) -> None:
    """Make the database of a state one of an earlier schema, with every row that had a table then."""
    settings = settings_in(directory)
    newer = settings.database.with_suffix(".newer")
    settings.database.rename(newer)
    db = Database(settings.database)
    following = SCHEMAS[SCHEMAS.index(last) + 1 :]
    migrations.apply(db, stop_before=following[0] if following else None)
    names = [table for table in db.table_names() if not table.startswith("_")]
    db.close()
    with closing(sqlite3.connect(settings.database)) as older:
        older.execute("attach ? as newer", (str(newer),))
        older.execute("pragma foreign_keys = off")
        for name in names:
            columns = _columns(older, "main", name) & _columns(older, "newer", name)
            if columns:
                listed = ", ".join(sorted(columns))
                older.execute(f"insert into main.{name} ({listed}) select {listed} from newer.{name}")
        older.execute("delete from facts where name = 'program'")
        if "entry_workers" in names:  # before each epoch had a tag of its own
            tag = StateKeys.derive(read_master_key(settings.master_key)).worker_tag(INS)
            older.execute("insert into entry_workers select ?, tree, idx from newer.entry_tags", (tag,))
        older.commit()
    newer.unlink()


def _columns(db: sqlite3.Connection, schema: str, table: str) -> set[str]:
    return {row[1] for row in db.execute(f"pragma {schema}.table_info({table})")}


async def assert_kept(state, kept: Kept, *, since: str) -> None:
    """What was put in is there, as far as the schema `since` had a table for it."""
    found = await state.journal.entries(Tree.EXCHANGE, worker=INS, limit=100)
    assert [entry.index for entry in found] == list(range(LOOKUPS, -1, -1))
    assert (await state.journal.verify()).is_sound
    assert await state.requester.fetch(kept.fetch.id) == kept.fetch
    assert kept.trace in [trace for trace, _ in await state.traces.due_traces(T0)]
    assert state.measures.blocks() == (kept.block,)
    if since >= "m002":
        assert await state.oppositions.find(kept.objection.id) == kept.objection
    if since >= "m003":
        assert [alert.count for alert in await state.alerts.alerts()] == [LOOKUPS]
    if since >= "m004":
        assert len(await state.limits.counted_of(PEER, T0)) == LOOKUPS
    if since >= "m005":
        assert len(await state.proposals.waiting(T0)) == 1

"""Whoever only looks learns what keeps a state from starting or answering, and changes nothing by it."""

import pytest
from sqlite_utils import Database

from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.core.ledger import Tree
from connector.core.witness import LedgerFault, LedgerFaultKind, LedgerName
from connector.ledger.heads import LedgerKeys
from connector.ledger.standing import LedgerStanding, standing_of_ledgers
from connector.ledger.succession import first_entry
from tests.kit.state import LEDGER_KEY, PEER, US, an_entry, opened, settings_in

KEYS = LedgerKeys(US, LEDGER_KEY)


def look(directory):
    return standing_of_ledgers(settings_in(directory).database, KEYS)


async def write(directory, fault=None, serial=None):
    async with opened(directory) as state:
        for _ in range(3):
            await state.requester.append([an_entry()])
        note = await state.journal.checkpoint(Tree.EXCHANGE)
        if fault is not None:
            await state.witness.fault(fault(note), None)
        if serial is not None:
            old = {tree: LedgerName(US, tree, 1) for tree in Tree}
            await state.witness.succeed(*first_entry(old, (), Instant(1), "essai"))


def behind(note):
    head = note.replace("\n3\n", "\n7\n")
    return LedgerFault(LedgerName(US, Tree.EXCHANGE, 1), LedgerFaultKind.SHORTENED, Instant(1), note, head, PEER)


async def test_a_sound_state_has_nothing_wrong_while_a_daemon_runs_on_it_and_after(tmp_path):
    async with opened(tmp_path) as state:
        await state.requester.append([an_entry()])
        running = look(tmp_path)

    assert (running, look(tmp_path)) == (LedgerStanding(), LedgerStanding())


@pytest.mark.parametrize(
    "damage",
    [
        "delete from entries where tree = 'exchange' and idx = 2",
        "delete from checkpoints where tree = 'exchange'",
        "update entries set leaf_hash = zeroblob(32) where tree = 'exchange' and idx = 2",
        "update checkpoints set note = 'x' where tree = 'exchange'",
    ],
)
async def test_what_is_not_as_it_was_signed_is_said(tmp_path, damage):
    await write(tmp_path)
    db = Database(settings_in(tmp_path).database)
    with db.conn:
        db.execute(damage)
    db.close()

    [why] = look(tmp_path).differs
    assert all(why.text(language) for language in ("en", "fr"))


async def test_being_behind_is_said_until_a_new_ledger_was_begun(tmp_path):
    await write(tmp_path, fault=behind)
    [why] = look(tmp_path).behind
    assert all(str(US) in why.text(language) for language in ("en", "fr"))

    await write(tmp_path, serial=2)
    assert look(tmp_path) == LedgerStanding()


async def test_another_members_fault_is_none_of_ours(tmp_path):
    def of_peer(note):
        return LedgerFault(LedgerName(PEER, Tree.EXCHANGE, 1), LedgerFaultKind.FORK, Instant(1), note, note)

    await write(tmp_path, fault=of_peer)

    assert look(tmp_path) == LedgerStanding()


def test_what_is_no_database_is_told_and_not_repaired(tmp_path):
    path = tmp_path / "state.db"
    path.write_bytes(b"no database at all" * 400)

    with pytest.raises(FailedClosed, match="cannot be read"):
        standing_of_ledgers(path, KEYS)
    assert path.read_bytes().startswith(b"no database")

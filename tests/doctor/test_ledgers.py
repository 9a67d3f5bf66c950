"""The doctor says when the ledgers keep the house from starting or from answering."""

import shutil

import pytest
from sqlite_utils import Database

from connector.core.instant import Instant
from connector.core.ledger import Tree
from connector.core.members import MemberId
from connector.core.witness import LedgerFault, LedgerFaultKind, LedgerName
from connector.doctor.finding import Level
from connector.doctor.ledgers import ledgers
from connector.ledger.service import open_state
from connector.store.epoch_home import MARKER
from tests.kit.state import HandClock, SystemEntropy, an_entry


@pytest.fixture
def patient(examined):
    found = examined()
    aside = found.material.state.directory.with_name("state-aside")
    if found.material.state.directory.exists():
        found.material.state.directory.rename(aside)
    yield found
    shutil.rmtree(found.material.state.directory, ignore_errors=True)
    if aside.exists():
        aside.rename(found.material.state.directory)


async def write(patient, fault=None):
    material = patient.material
    state = await open_state(
        material.state,
        clock=HandClock(),
        entropy=SystemEntropy(),
        signer=material.ledger_signer,
        member=material.member.id,
    )
    try:
        await state.requester.append([an_entry()])
        if fault is not None:
            await state.witness.fault(fault, None)
        return await state.journal.checkpoint(Tree.EXCHANGE)
    finally:
        await state.close()


def told(patient):
    return [(finding.level, finding.key) for finding in ledgers(patient)]


async def test_a_house_without_a_state_and_one_with_a_sound_one_are_told_nothing(patient):
    before = told(patient)
    await write(patient)

    assert before == told(patient) == []


@pytest.mark.parametrize("how", ["not mounted", "empty", "of another state"])
async def test_epoch_keys_that_did_not_come_with_the_state_are_told_with_the_way_out(patient, how):
    await write(patient)
    epochs = patient.material.state.epochs
    if how == "of another state":
        (epochs / MARKER).write_text("0" * 32)
    else:
        epochs.rename(epochs.with_name("elsewhere"))
        if how == "empty":
            epochs.mkdir()

    [finding] = ledgers(patient)
    assert (finding.level, finding.key) == (Level.CRITICAL, "ledger.epochs")
    assert all(str(epochs) in finding.text(language) for language in ("en", "fr"))


async def test_rows_that_are_gone_are_told_with_the_way_out_in_both_languages(patient):
    await write(patient)
    db = Database(patient.material.state.database)
    with db.conn:
        db.execute("delete from entries where tree = 'exchange'")
    db.close()

    [finding] = ledgers(patient)
    assert (finding.level, finding.key) == (Level.CRITICAL, "ledger.differs")
    assert all("succeed-offline" in finding.remedy(language) for language in ("en", "fr"))


async def test_a_house_that_is_behind_its_own_signature_is_told_so(patient):
    note = await write(patient)
    name = LedgerName(patient.material.member.id, Tree.EXCHANGE, 1)
    teller = MemberId("1690781810")
    await write(patient, LedgerFault(name, LedgerFaultKind.SHORTENED, Instant(1), note, note, teller))

    assert told(patient) == [(Level.CRITICAL, "ledger.behind")]

"""What the house ledger is told of refused connections and failing adapters: each cause once an hour."""

import pytest

from connector.core.codes import Code
from connector.core.errors import AdapterFault, FailedClosed
from connector.core.ledger import EntryType, Tree
from connector.core.members import MemberId
from connector.holder.house import HouseNotes
from tests.kit.holder_fakes import Ears
from tests.kit.state import PEER, HandClock, opened


class Ledger:
    """A house ledger in a list, that can fail."""

    def __init__(self) -> None:
        self.entries = []
        self.fails = False

    async def record(self, entry) -> None:
        if self.fails:
            raise FailedClosed("disk full")
        self.entries.append(entry)


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def notes(ledger, clock):
    return HouseNotes(ledger, clock, Ears())


async def test_one_certificate_and_cause_stand_once_an_hour(notes, ledger, clock):
    for _ in range(3):
        await notes.connection_refused("x5t", PEER, "member.suspended")
    clock.at += 3600
    await notes.connection_refused("x5t", PEER, "member.suspended")

    assert len(ledger.entries) == 2


async def test_a_restart_lets_each_cause_stand_once_more_and_no_more(ledger, clock):
    for _ in range(3):
        notes = HouseNotes(ledger, clock, Ears())
        for _ in range(3):
            await notes.connection_refused("x5t", PEER, "member.suspended")

    assert len(ledger.entries) == 3


async def test_other_causes_and_other_certificates_stand_by_themselves(notes, ledger):
    await notes.connection_refused("x5t", PEER, "member.suspended")
    await notes.connection_refused("x5t", PEER, "mandate.signature")
    await notes.connection_refused("other", PEER, "member.suspended")

    assert [entry.reason for entry in ledger.entries] == ["member.suspended", "mandate.signature", "member.suspended"]


async def test_a_flood_of_certificates_does_not_fill_the_ledger(notes, ledger):
    for number in range(5000):
        await notes.connection_refused(f"x5t-{number}", None, "member.unknown")

    assert len(ledger.entries) == 4096


async def test_a_failing_adapter_stands_once_an_hour_and_each_lost_document_by_itself(notes, ledger):
    fault = AdapterFault("slow", code=Code.ADAPTER_TIMEOUT)
    for _ in range(2):
        await notes.adapter_fault(fault)
        await notes.adapter_fault(fault, ref="a" * 32, peer=PEER)

    assert [(entry.ref, entry.peer) for entry in ledger.entries] == [("", None), ("a" * 32, PEER), ("a" * 32, PEER)]


async def test_a_ledger_that_fails_is_told_to_the_observer_and_stops_nobody(ledger, clock):
    ears = Ears()
    ledger.fails = True

    await HouseNotes(ledger, clock, ears).connection_refused("x5t", PEER, "member.unknown")

    assert ears.of("ledger_failed") == [["ledger.unavailable"]]


async def test_the_notes_are_entries_of_the_house_ledger(tmp_path):
    async with opened(tmp_path) as state:
        await HouseNotes(state.holder, HandClock(), Ears()).connection_refused("x5t", PEER, "member.unknown")
        await HouseNotes(state.holder, HandClock(), Ears()).adapter_fault(AdapterFault("gone"))

        found = [entry.type for entry in await state.journal.entries(Tree.HOUSE)]

    assert set(found) >= {EntryType.CONNECTION_REFUSED, EntryType.ADAPTER_FAULT}
    assert isinstance(PEER, MemberId)

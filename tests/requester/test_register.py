"""The register at the desk: kept, journalled, passed on to the vendor's software, and heard before anything leaves."""

import re
from dataclasses import replace

import pytest

from connector.contract.opposition import OppositionAuthority
from connector.contract.settings import Authority, OppositionSettings
from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import AdapterFault, FailedClosed, LocalRefused
from connector.core.instant import day_in_france, parse_rfc3339
from connector.core.ledger import EntryType
from connector.core.mandate import InformationMeans
from connector.core.oppositions import Lifting, Notice, OppositionKind
from connector.core.records import Look, Opposition
from connector.requester.register import NewObjection
from spsti_adapter_folder import FolderSink
from tests.adapters_folder.export import context
from tests.kit.holder_fakes import GIVEN, UNKNOWN_HERE
from tests.kit.register import MemoryOppositions, a_register
from tests.kit.requester_office import an_office
from tests.kit.state import INS, OTHER_INS, HandClock, SystemEntropy

NEW = NewObjection(INS, OppositionKind.PEERS, Day(2026, 11, 20), InformationMeans.ORAL, "physician")
LIFTING = Lifting(Day(2026, 11, 22), InformationMeans.WRITTEN, "nurse")
DOWN = AdapterFault("adapter: down", code=Code.ADAPTER_FAILED)


class Software:
    """A source that says who is whom and whether they object."""

    def __init__(self, look: Look = UNKNOWN_HERE):
        self.answer, self.fault = look, None

    async def look(self, ins):
        if self.fault is not None:
            raise self.fault
        return self.answer


def a_desk(**changes):
    return a_register(HandClock(), SystemEntropy(), **changes)


async def test_what_the_sink_refuses_is_passed_on_at_a_later_turn():
    register, sink = a_desk()
    sink.fault = DOWN
    kept, _ = await register.add(NEW, "desk")
    assert kept.due is Notice.OBJECTION

    await register.pass_on_due()
    assert (await register.get(kept.id)).due is Notice.OBJECTION

    sink.fault = None
    await register.pass_on_due()
    assert (await register.get(kept.id)).due is None
    await register.pass_on_due()
    assert len(sink.told_of) == 1


@pytest.mark.parametrize(
    ("changes", "has_sink", "due"),
    [
        ({}, False, Notice.OBJECTION),
        ({"kind": OppositionKind.CARE}, True, Notice.OBJECTION),
        ({"tell_sink": False}, True, None),
    ],
)
async def test_the_sink_is_told_of_peers_only_and_not_of_what_came_from_there(changes, has_sink, due):
    register, sink = a_desk(has_sink=has_sink)

    kept, _ = await register.add(replace(NEW, **changes), "desk")
    await register.pass_on_due()

    assert (await register.get(kept.id)).due is due
    assert sink.told_of == []


async def test_a_lifting_waits_while_the_software_still_says_that_the_worker_objects():
    software = Software(replace(GIVEN, opposition=Opposition.YES))
    register, sink = a_desk(source=software)
    kept, _ = await register.add(NEW, "desk")

    lifted = await register.lift(kept.id, LIFTING, "desk")
    assert lifted.due is Notice.LIFTING
    software.answer = GIVEN
    await register.pass_on_due()

    assert (await register.get(kept.id)).due is None
    assert [told.objects for told in sink.told_of] == [True, False, False]
    objected, *repeated = [told.told_id for told in sink.told_of]
    assert objected == kept.id
    assert len({objected, *repeated}) == 2
    assert re.fullmatch("[0-9a-f]{32}", repeated[0])


@pytest.mark.parametrize("on", [Day(2026, 11, 20), Day(2026, 11, 19)], ids=["of the day", "of the day before"])
@pytest.mark.parametrize("hour", ["09", "12", "18"])
async def test_the_same_objection_again_after_a_lifting_of_the_same_day_reaches_the_folder(tmp_path, hour, on):
    (tmp_path / "inbox").mkdir()
    folder = FolderSink(FolderSink.Options(inbox="inbox"), context(tmp_path / "inbox"))
    clock = HandClock(parse_rfc3339(f"2026-11-20T{hour}:00:00Z"))
    register, sink = a_register(clock, SystemEntropy())
    new, lifting = replace(NEW, on=on), replace(LIFTING, on=on)

    for _ in range(2):
        kept, is_new = await register.add(new, "desk")
        assert is_new
        await register.pass_on_due()
        clock.at += 60
        await register.lift(kept.id, lifting, "desk")
        clock.at += 60
    await register.add(new, "desk")

    assert [told.objects for told in sink.told_of] == [True, False, True, False, True]
    assert len({told.told_id for told in sink.told_of}) == 5
    moments = [told.at for told in sink.told_of]
    assert moments == sorted(set(moments))
    assert {day_in_france(at) for at in moments} == {str(on)}
    for told in [*sink.told_of, *sink.told_of]:
        folder.told(told)
    assert len(list((tmp_path / "inbox").iterdir())) == 5


async def test_what_is_told_again_after_a_failure_is_the_same_statement():
    register, sink = a_desk(source=Software(replace(GIVEN, opposition=Opposition.YES)))
    kept, _ = await register.add(NEW, "desk")
    await register.lift(kept.id, LIFTING, "desk")

    await register.pass_on_due()

    assert sink.told_of[1] == sink.told_of[2]


async def test_a_failure_of_the_ledger_after_the_sink_took_it_leaves_it_to_be_told_again():
    class Failing(MemoryOppositions):
        async def entered(self, *_):
            raise FailedClosed("ledger: the disk is full")

    register, sink = a_desk(store=Failing())
    kept, is_new = await register.add(NEW, "desk")

    assert (is_new, kept.due, len(sink.told_of)) == (True, Notice.OBJECTION, 1)


async def test_a_worker_is_found_under_the_other_ins_that_the_software_knows():
    software = Software(replace(GIVEN, identity=replace(GIVEN.identity, former=(OTHER_INS,))))
    register, _ = a_desk(source=software)
    kept, _ = await register.add(replace(NEW, ins=OTHER_INS), "desk")

    assert await register.of_worker(INS) == [kept]
    software.fault = DOWN
    assert await register.of_worker(INS) == []


@pytest.mark.parametrize("day", [Day(2026, 11, 24), Day(2027, 1, 1)])
async def test_a_day_that_has_not_come_is_refused(day):
    register, _ = a_desk()
    kept, _ = await register.add(NEW, "desk")

    with pytest.raises(LocalRefused, match="future"):
        await register.add(replace(NEW, on=day, kind=OppositionKind.CARE), "desk")
    with pytest.raises(LocalRefused, match="future"):
        await register.lift(kept.id, replace(LIFTING, on=day), "desk")


async def test_what_the_software_is_told_is_never_later_than_it_was_noted():
    register, sink = a_desk()
    await register.add(replace(NEW, on=Day(2026, 11, 23)), "desk")

    assert sink.told_of[0].at <= HandClock().now()


# ---------------------------------------------------------------- with the real state, and a fetch


@pytest.fixture
async def office(tmp_path):
    async with an_office(tmp_path) as made:
        yield made


def with_register(office, authority=Authority.REGISTER):
    """Let the office's rules hear its register, whatever its software says."""
    settings = OppositionSettings(authority, Day(2026, 1, 5), "the controller")
    said = OppositionAuthority(settings, register=office.state.oppositions, source_tells=True)
    office.errands._rules._oppositions = said
    return a_desk(store=office.state.oppositions, has_sink=authority is not Authority.ADAPTER)[0]


@pytest.mark.parametrize("authority", Authority)
async def test_the_register_stops_a_request_before_it_leaves(office, authority):
    register = with_register(office, authority)
    kept, _ = await register.add(NEW, "desk")

    with pytest.raises(LocalRefused) as caught:
        await office.errands.prepare(office.new(), "desk")

    assert caught.value.code is Code.FETCH_OPPOSED
    assert office.a.asked == []
    await register.lift(kept.id, LIFTING, "desk")
    assert await office.errands.prepare(office.new(), "desk")


async def test_an_objection_noted_meanwhile_stops_a_prepared_fetch(office):
    register = with_register(office)
    fetch = await office.errands.prepare(office.new(), "desk")
    await register.add(NEW, "desk")

    with pytest.raises(LocalRefused) as caught:
        await office.errands.start(fetch.id)

    assert caught.value.code is Code.FETCH_OPPOSED
    assert office.a.asked == []


async def test_the_first_kind_stops_nothing_between_services(office):
    register = with_register(office)
    await register.add(replace(NEW, kind=OppositionKind.CARE), "desk")

    assert await office.errands.prepare(office.new(), "desk")


async def test_each_change_is_in_the_house_ledger_and_found_by_the_worker(office):
    register = with_register(office)
    kept, _ = await register.add(NEW, "desk")
    await register.lift(kept.id, LIFTING, "desk", tell_sink=False)

    entries = await office.entries(EntryType.OPPOSITION)
    assert [entry.outcome for entry in entries] == ["added", "taken-by-software", "lifted"]
    assert {entry.reason for entry in entries} == {"R4624-45-6 2°"}
    assert {entry.ref for entry in entries} == {kept.id}
    assert entries[0].personal["recorded_by"] == "desk"
    tree = EntryType.OPPOSITION.tree
    assert len(await office.state.journal.entries(tree, worker=INS, type=EntryType.OPPOSITION)) == 3
    assert (await office.state.journal.verify()).is_sound

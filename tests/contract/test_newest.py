"""The cases of "the newest record": what the kit says of software that gets each of them right, and wrong."""

from dataclasses import replace

import pytest

from connector.contract import AdapterError, Problem
from connector.contract.examination import Depth, Examination, SystemClock
from connector.contract.newest import EXAMPLES, NewestCase, VersionState, newest_finding
from connector.contract.testing import words
from connector.core.days import Day
from connector.core.instant import parse_rfc3339
from tests.contract.vendors import ANNOUNCEMENT, INS, LOOK, OTHER_INS, AsyncSource

BY_NAME = {example.name: example for example in EXAMPLES}


def rightly(versions):
    """The contract's order."""
    valid = [one for one in versions if one.state is VersionState.VALID and str(one.last_act_on) < "2900"]
    return max(valid, key=lambda one: (one.last_act_on, one.recorded_at), default=None)


def source_that(choose, versions):
    def look(ins):
        chosen = choose(versions)
        if chosen is None:
            return replace(LOOK, announcement=None)
        return replace(
            LOOK,
            announcement=replace(ANNOUNCEMENT, last_act_on=chosen.last_act_on, updated_at=chosen.recorded_at),
        )

    return AsyncSource(on_look=look)


async def judged(choose, example):
    return await newest_finding(source_that(choose, example.versions), INS, example, SystemClock())


@pytest.mark.parametrize("name", BY_NAME)
async def test_software_that_goes_by_the_contract_is_right_in_each_case(name):
    finding = await judged(rightly, BY_NAME[name])

    assert finding.ok is True, finding


def the_last_recorded(versions):
    return max(versions, key=lambda one: one.recorded_at, default=None)


def the_first_of_the_day(versions):
    return max(
        (one for one in versions if one.state is VersionState.VALID),
        key=lambda one: (one.last_act_on, -one.recorded_at),
        default=None,
    )


def the_latest_day(versions):
    return max(versions, key=lambda one: (one.last_act_on, one.recorded_at), default=None)


@pytest.mark.parametrize(
    ("choose", "name"),
    [
        (the_last_recorded, "the-later-act"),
        (the_last_recorded, "an-earlier-record-amended-later"),
        (the_last_recorded, "cancelled"),
        (the_last_recorded, "draft"),
        (the_first_of_the_day, "same-day"),
        (the_first_of_the_day, "future-dated"),
        (the_latest_day, "cancelled"),
        (the_latest_day, "all-cancelled"),
        (the_latest_day, "same-day-the-later-cancelled"),
        (lambda versions: versions[0] if versions else None, "amended"),
        (lambda versions: None, "one"),
    ],
)
async def test_each_way_to_take_another_version_for_the_newest_is_found(choose, name):
    assert (await judged(choose, BY_NAME[name])).ok is False


@pytest.mark.parametrize(
    ("problem", "name", "ok"),
    [
        (Problem.AMBIGUOUS, "duplicate", True),
        (Problem.DATA, "future-dated", True),
        (Problem.AMBIGUOUS, "same-day", False),
        (Problem.UNREACHABLE, "duplicate", False),
    ],
)
async def test_saying_that_it_cannot_be_told_is_right_where_nothing_else_can_be_said(problem, name, ok):
    def refuse(versions):
        raise AdapterError(problem)

    assert (await judged(refuse, BY_NAME[name])).ok is ok


def test_every_case_of_the_kit_has_an_example():
    assert {example.case for example in EXAMPLES} >= set(NewestCase)


async def told_of(**depth) -> str:
    examination = Examination(AsyncSource(), [INS], [OTHER_INS], Depth(repeats=1, **depth))
    await examination.run(None)
    return words(examination.findings)


async def test_cases_that_no_worker_was_named_for_are_said_not_to_be_checked():
    told = await told_of(newest={1: Day(2026, 3, 14)}, cases={1: NewestCase.CANCELLED})

    assert "NOT CHECKED  newest of amended records: no worker with such records was named" in told
    assert "newest of cancelled records" not in told


async def test_two_of_one_day_are_told_apart_by_when_they_were_recorded():
    day, case = {1: Day(2026, 3, 14)}, {1: NewestCase.SAME_DAY}
    recorded = ANNOUNCEMENT.updated_at

    assert "newest of same-day records: what a person sees was not given" in await told_of(newest=day, cases=case)
    assert "newest of same-day" not in await told_of(newest=day, cases=case, recorded={1: recorded})
    earlier = parse_rfc3339("2026-03-14T08:00:00Z")
    assert "another version of that day was chosen" in await told_of(newest=day, cases=case, recorded={1: earlier})


async def test_a_duplicate_that_the_software_refuses_is_told_and_not_called_wrong():
    def look(ins):
        raise AdapterError(Problem.AMBIGUOUS)

    examination = Examination(
        AsyncSource(on_look=look), [INS], [OTHER_INS], Depth(repeats=1, cases={1: NewestCase.DUPLICATE})
    )
    await examination.run(None)

    assert "note   known worker 1: duplicate records: nothing is given" in words(examination.findings)

"""Coverage is counted by the vendor's software once a night, kept, and told beside the real reasons of 30 days."""

import pytest

from connector.contract.settings import Authority, OppositionSettings
from connector.core.codes import Code
from connector.core.coverage import Lack
from connector.core.days import Day
from connector.core.errors import AdapterFault
from connector.core.mandate import InformationMeans
from connector.core.oppositions import OppositionKind
from connector.core.outcome import WithheldReason
from connector.core.records import Counts
from connector.daemon.coverage import DAYS, CoverageSettings, ServiceCoverage
from connector.requester.register import NewObjection
from tests.kit.register import a_register
from tests.kit.state import INS, T0, HandClock, SystemEntropy, a_used_mandate, an_entry, opened

COUNTS = Counts(workers=100, with_ins=90, qualified=80, opposition_known=10, document_available=70, answerable=9)


class Counting:
    """A guarded source that counts."""

    def __init__(self, said=COUNTS):
        self.said, self.times = said, 0

    async def counts(self):
        self.times += 1
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
async def state(tmp_path, clock):
    async with opened(tmp_path, clock) as state:
        yield state


def coverage_of(state, clock, source, authority=Authority.ADAPTER, *, complete=False):
    opposition = OppositionSettings(authority, Day(2026, 1, 5), "the controller", register_complete=complete)
    return ServiceCoverage(CoverageSettings(0.5, opposition), state, source, clock)


async def test_a_count_is_kept_and_low_below_the_share(state, clock):
    report = await coverage_of(state, clock, Counting()).measure()

    assert report.last.counts == COUNTS
    assert (report.last.share, report.is_low) == (0.09, True)
    assert report.last.lacking() == {Lack.INS: 10, Lack.QUALIFIED: 20, Lack.OPPOSITION: 90, Lack.DOCUMENT: 30}
    assert state.coverage.last() == report.last


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (None, "adapter.absent"),
        (Counting(None), "not-counted"),
        (Counting(AdapterFault("slow", code=Code.ADAPTER_TIMEOUT)), "adapter.timeout"),
    ],
)
async def test_a_count_that_cannot_be_had_is_told_and_warns_of_nothing(state, clock, source, fault):
    report = await coverage_of(state, clock, source).measure()

    assert (report.last.counts, report.last.fault, report.is_low) == (None, fault, False)


@pytest.mark.parametrize(
    ("authority", "complete", "known", "answerable", "is_bound"),
    [
        (Authority.ADAPTER, False, 10, 9, False),
        (Authority.BOTH, False, 10, 9, False),
        (Authority.BOTH, True, 100, 70, True),
        (Authority.REGISTER, True, 100, 70, True),
        (Authority.REGISTER, False, 1, 1, True),
    ],
)
async def test_whose_objections_are_known_depends_on_the_authority(
    state, clock, authority, complete, known, answerable, is_bound
):
    register, _ = a_register(clock, SystemEntropy(), store=state.oppositions)
    await register.add(
        NewObjection(INS, OppositionKind.PEERS, Day(2026, 11, 3), InformationMeans.ORAL, "physician"), "desk"
    )

    last = (await coverage_of(state, clock, Counting(), authority, complete=complete).measure()).last

    assert (last.counts.opposition_known, last.counts.answerable, last.is_bound) == (known, answerable, is_bound)


async def test_software_that_counts_little_gives_no_share(state, clock):
    report = await coverage_of(state, clock, Counting(Counts(5)), Authority.REGISTER).measure()

    assert (report.last.share, report.is_low) == (None, False)
    assert report.last.lacking() == {Lack.OPPOSITION: 5}


async def test_it_is_counted_once_a_night(state, clock):
    source = Counting()
    coverage = coverage_of(state, clock, source)

    await coverage.measure_if_due()
    await coverage.measure_if_due()
    assert source.times == 1

    clock.at = T0 + 12 * 3600  # one o'clock in France: still the same night
    await coverage.measure_if_due()
    assert source.times == 1

    clock.at = T0 + 14 * 3600
    await coverage.measure_if_due()
    assert source.times == 2


async def test_nothing_is_counted_without_a_source(state, clock):
    await coverage_of(state, clock, None).measure_if_due()

    assert state.coverage.last() is None


async def test_the_real_reasons_of_thirty_days_are_counted(state, clock):
    async def answered(outcome, reason, at=T0):
        entry = an_entry(outcome=outcome, reason=reason, at=at)
        await state.holder.answer(entry=entry, used=a_used_mandate())

    await answered("withheld", "opposed", at=T0 - DAYS * 86_400 - 1)
    for reason in ("opposed", "no_local_worker", "no_local_worker", "a-reason-of-later"):
        await answered("withheld", reason)
    await answered("could_not_look", "adapter.timeout")
    await answered("announced", None)

    report = await coverage_of(state, clock, None).report()

    assert report.withheld == {WithheldReason.OPPOSED: 1, WithheldReason.NO_LOCAL_WORKER: 2}
    assert report.could_not_look == {Code.ADAPTER_TIMEOUT: 1}

"""The calendar of epochs, and when a clock that jumped is believed."""

from datetime import UTC, datetime

import pytest

from connector.core.clock_jump import JUMP_SECONDS, WAIT_SECONDS, ClockJump
from connector.core.epochs import Epoch, epoch_of
from connector.core.instant import Instant, rfc3339
from connector.core.ledger import Retention

T0 = Instant(1_795_435_200)  # 2026-11-23T12:00:00Z


@pytest.mark.parametrize(
    ("name", "begins", "ends", "over"),
    [
        ("daily-2026-11-23", "2026-11-23", "2026-11-24", "2026-12-24"),
        ("daily-2026-12-31.7", "2026-12-31", "2027-01-01", "2027-01-31"),
        ("monthly-2026-11", "2026-11-01", "2026-12-01", "2029-12-01"),
        ("monthly-2024-02.2", "2024-02-01", "2024-03-01", "2027-03-01"),
        ("monthly-2026-12", "2026-12-01", "2027-01-01", "2030-01-01"),
    ],
)
def test_an_epoch_is_over_thirty_days_or_three_years_after_its_period(name, begins, ends, over):
    epoch = Epoch.parse(name)

    days = [rfc3339(at) for at in (epoch.begins_at, epoch.ends_at, epoch.over_at)]
    assert days == [f"{day}T00:00:00Z" for day in (begins, ends, over)]
    assert epoch.name == name


@pytest.mark.parametrize("retention", Retention)
def test_an_instant_lies_in_the_epoch_that_is_named_by_it(retention):
    for day in range(0, 800, 13):
        at = Instant(T0 + day * 86_400 + day)
        epoch = Epoch.parse(epoch_of(retention, at))

        assert epoch.begins_at <= at < epoch.ends_at < epoch.over_at
        assert epoch_of(retention, Instant(epoch.ends_at - 1)) == epoch.name
        assert epoch_of(retention, epoch.ends_at) != epoch.name


def test_generations_are_numbered_from_the_second_on():
    epoch = Epoch.parse("monthly-2026-11")

    assert (epoch.generation, epoch.next_name) == (1, "monthly-2026-11.2")
    assert Epoch.parse("monthly-2026-11.9").next_name == "monthly-2026-11.10"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "daily",
        "daily-2026-11",
        "monthly-2026-11-23",
        "yearly-2026",
        "daily-2026-11-31",
        "daily-2026-1-2",
        "monthly-2026-13",
        "monthly-2026-11.1",
        "monthly-2026-11.0",
        "monthly-2026-11.02",
        "monthly-2026-11.x",
        "monthly-2026-11.key",
        "../monthly-2026-11",
        "monthly-٢٠٢٦-11",
    ],
)
def test_what_is_no_name_of_an_epoch_is_refused(name):
    with pytest.raises(ValueError, match=r"."):
        Epoch.parse(name)


class TestClockJump:
    def test_a_clock_that_goes_on_is_believed(self):
        clock = ClockJump(T0, 0.0)

        assert not any(clock.waits(Instant(T0 + day * 86_400), day * 86_400.0) for day in range(100))

    def test_a_year_that_comes_at_once_is_waited_for_a_day(self):
        clock = ClockJump(T0, 0.0)
        later = Instant(int(datetime(2038, 1, 19, tzinfo=UTC).timestamp()))

        assert clock.waits(later, 10.0)
        assert clock.waits(Instant(later + 86_000), 86_010.0)
        assert not clock.waits(Instant(later + 86_401), 10.0 + WAIT_SECONDS)

    def test_a_second_jump_begins_the_wait_anew(self):
        clock = ClockJump(T0, 0.0)

        assert clock.waits(Instant(T0 + 10**9), 0.0)
        assert clock.waits(Instant(T0 + 2 * 10**9), WAIT_SECONDS)

    def test_a_rest_of_a_week_is_no_jump(self):
        assert not ClockJump(T0, 0.0).waits(Instant(T0 + JUMP_SECONDS), 0.0)
        assert ClockJump(T0, 0.0).waits(Instant(T0 + JUMP_SECONDS + 1), 0.0)

    def test_a_new_state_has_nothing_to_compare_with(self):
        assert not ClockJump(Instant(0), 0.0).waits(T0, 0.0)

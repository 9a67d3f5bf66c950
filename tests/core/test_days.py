"""Days that exist, and birth dates that may not. Rules of the resolution: reference/ins.md 2.2."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.codes import Code
from connector.core.days import BirthDate, Day
from connector.core.errors import IdentityFault

LUNAR = st.tuples(st.integers(1, 9999), st.integers(0, 99), st.integers(0, 99)).map(
    lambda parts: BirthDate(f"{parts[0]:04}-{parts[1]:02}-{parts[2]:02}")
)


@given(st.dates())
def test_day_is_read_back_from_what_it_prints(day):
    assert str(Day.of(day)) == day.isoformat()
    assert Day.parse(str(Day.of(day))) == Day.of(day)
    assert Day.of(day).to_date() == day


@given(st.dates(), st.dates())
def test_days_are_ordered_as_in_the_calendar(one, other):
    assert (Day.of(one) < Day.of(other)) == (one < other)
    assert (Day.of(one) <= Day.of(other)) == (one <= other)


def test_day_shows_itself():
    assert repr(Day(2026, 3, 1)) == "Day(year=2026, month=3, day=1)"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-3-01",
        "20260301",
        "2026-W10-1",
        "2026-03-01T00:00:00Z",
        " 2026-03-01",
        "2026-03-01\n",
        "01/03/2026",
        "0000-01-01",
        "2026-00-01",
        "2026-13-01",
        "2026-01-00",
        "2026-02-29",
        "2026-04-31",
        "1900-02-29",
        "\u0662026-03-01",
    ],
)
def test_what_is_no_day_is_refused_under_its_field(text):
    with pytest.raises(IdentityFault, match="^last act: ") as refusal:
        Day.parse(text, field="last act")

    assert refusal.value.code is Code.IDENTITY_MALFORMED


@pytest.mark.parametrize("parts", [(0, 1, 1), (10000, 1, 1), (2026, 2, 29), (2026, 13, 1), (2026, 1, 0)])
def test_day_that_does_not_exist_cannot_be_made(parts):
    with pytest.raises(IdentityFault):
        Day(*parts)


@given(st.text())
def test_day_parser_raises_nothing_but_its_own_error(text):
    with suppress(IdentityFault):
        assert str(Day.parse(text)) == text


@pytest.mark.parametrize(
    ("written", "resolved"),
    [
        ("1979-03-28", "1979-03-28"),
        ("2000-02-29", "2000-02-29"),
        # month and year known
        ("1950-04-00", "1950-04-01"),
        ("1950-04-31", "1950-04-01"),
        ("1999-02-29", "1999-02-01"),
        ("1950-12-32", "1950-12-01"),
        ("1950-12-99", "1950-12-01"),
        # day and year known
        ("1950-00-15", "1950-01-15"),
        ("1950-13-31", "1950-01-31"),
        ("1950-34-15", "1950-01-15"),
        # year known
        ("1950-00-00", "1950-12-31"),
        ("1950-20-00", "1950-12-31"),
        ("1950-99-32", "1950-12-31"),
        ("1950-13-99", "1950-12-31"),
    ],
)
def test_incomplete_birth_date_is_resolved_by_what_is_known(written, resolved):
    birth_date = BirthDate.parse(written)

    assert birth_date.resolved() == BirthDate(resolved)


@given(LUNAR)
def test_resolved_birth_date_is_a_day_and_resolves_to_itself(birth_date):
    resolved = birth_date.resolved()

    assert Day.parse(resolved.value).year == int(birth_date.value[:4])
    assert resolved.resolved() == resolved


@given(st.dates(min_value=date(1, 1, 1)))
def test_birth_date_that_exists_is_left_alone(day):
    assert BirthDate.parse(day.isoformat()).resolved().value == day.isoformat()


def test_spaces_around_a_birth_date_are_left_out():
    assert BirthDate.parse(" 1979-03-28 ") == BirthDate("1979-03-28")


@pytest.mark.parametrize(
    "text",
    ["", "19790328", "28-03-1979", "1979-3-28", "1979-03-28T00:00", "1979-03-2\u0668", "1979-03-28\n", "0000-01-01"],
)
def test_what_is_no_birth_date_is_refused(text):
    with pytest.raises(IdentityFault, match="^birth date: ") as refusal:
        BirthDate.parse(text)

    assert refusal.value.code is Code.IDENTITY_MALFORMED
    assert "19790328" not in str(refusal.value)


def test_unknown_year_is_refused_with_what_to_do():
    with pytest.raises(IdentityFault, match="a person estimates it"):
        BirthDate.parse("0000-00-00")


@given(st.text())
def test_birth_date_parser_raises_nothing_but_its_own_error(text):
    with pytest.raises(IdentityFault):
        BirthDate.parse(text + "x")

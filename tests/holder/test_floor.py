"""The time floor: what it learns, and when an answer without a record leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.holder.floor import TimeFloor


def test_the_floor_begins_at_what_is_configured():
    assert TimeFloor(0.15).wait_after(0.01) == pytest.approx(0.14)


def test_an_answer_that_missed_the_floor_leaves_at_its_next_multiple():
    assert TimeFloor(0.15).wait_after(0.16) == pytest.approx(0.14)


def test_an_answer_exactly_at_the_floor_leaves_at_once():
    assert TimeFloor(0.5).wait_after(0.5) == 0


def test_the_floor_follows_the_slowest_looks_but_for_one_in_a_hundred():
    floor = TimeFloor(0.15)
    for number in range(1, 101):
        floor.observe(number / 100)
    for _ in range(28):
        floor.observe(0.0)

    assert floor.seconds == pytest.approx(0.99)


def test_one_slow_look_in_a_thousand_does_not_move_the_floor():
    floor = TimeFloor(0.15)
    for _ in range(500):
        floor.observe(0.01)
    floor.observe(9.0)
    for _ in range(499):
        floor.observe(0.01)

    assert floor.seconds == 0.15


def test_fast_looks_never_lower_the_floor_below_what_is_configured():
    floor = TimeFloor(0.15)
    for _ in range(200):
        floor.observe(0.001)

    assert floor.seconds == 0.15


def test_the_floor_forgets_what_was_long_ago():
    floor = TimeFloor(0.15)
    for _ in range(64):
        floor.observe(2.0)
    assert floor.seconds == 2.0
    for _ in range(1024):
        floor.observe(0.01)

    assert floor.seconds == 0.15


@given(st.floats(0.001, 10), st.floats(0, 100))
def test_every_answer_leaves_at_a_multiple_of_the_floor(seconds, elapsed):
    wait = TimeFloor(seconds).wait_after(elapsed)

    assert -1e-9 <= wait <= seconds + 1e-9
    left_at = (elapsed + wait) / seconds
    assert left_at == pytest.approx(round(left_at))
    assert round(left_at) >= 1

"""Time limits of calls under way: one timer wakes each of them at its own."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.contract.deadlines import Deadlines


class HandLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock stands until the test moves it."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.timers = 0.0, 0

    def time(self):
        return self.now

    def call_at(self, *args, **more):
        self.timers += 1
        return super().call_at(*args, **more)


@pytest.fixture
def loop():
    loop = HandLoop()
    yield loop
    loop.close()


async def turns():
    for _ in range(4):
        await asyncio.sleep(0)


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(0, 9)),
        st.tuples(st.just("go on"), st.integers(0, 9)),
        st.tuples(st.just("forget"), st.integers(0, 9)),
    ),
    max_size=40,
)


@given(steps=_steps)
@settings(max_examples=60, deadline=None)
def test_each_is_woken_at_its_own_limit_and_neither_before_nor_once_it_is_forgotten(steps):
    loop, deadlines = HandLoop(), Deadlines()
    limits: dict[asyncio.Future[None], float] = {}

    async def take():
        for what, number in steps:
            if what == "wait":
                limits[deadlines.waiter(number)] = loop.now + number
            elif what == "go on":
                loop.now += number
            elif limits:
                waiter = list(limits)[number % len(limits)]
                deadlines.forget(waiter)
                if not waiter.done():
                    del limits[waiter]
            await turns()
            assert [waiter.done() for waiter in limits] == [at <= loop.now for at in limits.values()]

    try:
        loop.run_until_complete(take())
    finally:
        loop.close()


def test_a_thousand_that_end_in_time_make_one_timer(loop):
    async def take():
        deadlines = Deadlines()
        for _ in range(1000):
            waiter = deadlines.waiter(5)
            waiter.set_result(None)
            deadlines.forget(waiter)
            loop.now += 0.001
            await asyncio.sleep(0)

    loop.run_until_complete(take())

    assert loop.timers == 1


def test_limits_hold_on_a_second_loop_though_a_timer_was_left_on_the_first(loop):
    deadlines = Deadlines()

    async def ends_in_time():
        deadlines.forget(deadlines.waiter(1))

    async def is_late(second):
        waiter = deadlines.waiter(5)
        second.now += 5
        await turns()
        return waiter.done()

    loop.run_until_complete(ends_in_time())
    loop.close()
    second = HandLoop()
    was_woken = second.run_until_complete(is_late(second))
    second.close()

    assert was_woken

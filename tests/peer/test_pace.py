"""The pace of a transfer: when it is given up, and when the others have their turn."""

import asyncio

import pytest

from connector.peer.pace import TURN_SECONDS, Pace

LIMIT = 10.0


class HandLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock the test moves."""

    ahead = 0.0

    def time(self):
        return super().time() + self.ahead


@pytest.fixture
def loop():
    loop = HandLoop()
    yield loop
    loop.close()


async def turns(number=4):
    for _ in range(number):
        await asyncio.sleep(0)


def test_a_transfer_that_moves_goes_on_for_longer_than_its_limit(loop):
    async def transfer():
        async with Pace(LIMIT) as pace:
            for _ in range(5):
                loop.ahead += 0.6 * LIMIT
                await turns()
                await pace.moved()

    loop.run_until_complete(transfer())


def test_a_transfer_that_stands_still_for_its_limit_is_given_up(loop):
    async def transfer():
        async with Pace(LIMIT) as pace:
            loop.ahead += 0.6 * LIMIT
            await turns()
            await pace.moved()
            loop.ahead += 0.6 * LIMIT
            await turns()  # the first look finds that it moved
            loop.ahead += 0.6 * LIMIT
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        loop.run_until_complete(transfer())


def test_nothing_is_left_to_end_a_task_whose_transfer_is_over(loop):
    async def transfer():
        async with Pace(LIMIT):
            pass
        loop.ahead += 2 * LIMIT
        await turns()

    loop.run_until_complete(transfer())


def test_another_task_has_its_turn_once_a_transfer_had_its_own(loop):
    told = []

    async def other():
        told.append("other")

    async def transfer():
        task = asyncio.ensure_future(other())
        async with Pace(LIMIT) as pace:
            loop.ahead += TURN_SECONDS
            await pace.moved()
            told.append("moved")
        await task

    loop.run_until_complete(transfer())

    assert told == ["other", "moved"]

"""Short calls in company: they share a thread, and a slow one holds up none of the others."""

import asyncio
import sys
import threading

from connector.contract.relay import Relay
from connector.contract.threads import DaemonThreads


class Calls:
    """A relay with what was delivered, in the order it came."""

    def __init__(self, places: int = 8) -> None:
        self.threads = DaemonThreads("test", places)
        self.relay = Relay(self.threads)
        self.delivered: asyncio.Queue = asyncio.Queue()

    def submit(self, job) -> None:
        self.relay.submit(job, self.delivered.put_nowait)

    async def take(self, count: int) -> list:
        async with asyncio.timeout(60):
            return [await self.delivered.get() for _ in range(count)]


async def test_calls_of_one_turn_go_to_one_thread_and_come_back_in_their_order():
    calls = Calls()
    for number in range(6):
        calls.submit(lambda number=number: (number, threading.get_ident()))

    ended = await calls.take(6)

    assert [answer[0] for answer, _ in ended] == list(range(6))
    assert len({answer[1] for answer, _ in ended}) == 1
    assert threading.get_ident() not in {answer[1] for answer, _ in ended}


async def test_a_call_that_hangs_holds_up_no_other():
    calls, gate = Calls(), threading.Event()
    calls.submit(lambda: gate.wait(20))
    for number in range(5):
        calls.submit(lambda number=number: number)

    others = await calls.take(5)
    gate.set()
    (hung,) = await calls.take(1)

    assert sorted(answer for answer, _ in others) == [0, 1, 2, 3, 4]
    assert hung == (True, None)


async def test_what_ended_before_a_call_that_hangs_is_delivered_while_it_hangs():
    calls, gate = Calls(), threading.Event()
    calls.submit(lambda: "first")
    calls.submit(lambda: gate.wait(20))

    first = await calls.take(1)
    is_hanging = calls.delivered.empty()
    gate.set()

    assert first == [("first", None)]
    assert is_hanging
    assert await calls.take(1) == [(True, None)]


async def test_calls_that_wait_for_each_other_all_run():
    calls, meeting = Calls(places=4), threading.Barrier(4, timeout=20)
    for _ in range(4):
        calls.submit(meeting.wait)

    ended = await calls.take(4)

    assert sorted(answer for answer, _ in ended) == [0, 1, 2, 3]


async def test_an_exception_is_delivered_as_a_value_even_a_call_for_the_end_of_the_program():
    calls = Calls()
    calls.submit(lambda: {}["missing"])
    calls.submit(sys.exit)
    calls.submit(lambda: "after")

    (_, missing), (_, leaving), after = await calls.take(3)

    assert isinstance(missing, KeyError)
    assert isinstance(leaving, SystemExit)
    assert after == ("after", None)


async def test_a_call_made_while_the_thread_was_on_its_way_back_is_run_too():
    calls = Calls()
    for number in range(200):
        calls.submit(lambda number=number: number)
        assert await calls.take(1) == [(number, None)]

"""Withheld answers over a thousand requests for each reason: nothing of form, time or tree tells them apart.

Reasons are asked in a shuffled order over several connections, so that whatever else the machine does falls on all of
them alike; delayed jobs run in between. Times are compared by the two-sample test of Kolmogorov and Smirnov.
"""

import asyncio
import random
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from math import sqrt

import pytest

from connector.contract.settings import GuardSettings
from connector.core.ledger import Tree
from connector.core.outcome import Outcome
from connector.holder.purge import purge_expired
from connector.wire import form
from connector.wire.bearer import authorization
from tests.kit.holder_house import LOOKUP_PATH, a_house, a_line
from tests.kit.people import a_person
from tests.kit.state import T0, HandClock
from tests.kit.withheld import LOOKS, claims_of, look_about, shape

EACH = 1000
GUARD = GuardSettings(look_seconds=20.0, failures_to_open=10**6)
LINES = 24
BETWEEN_JOBS = 100
"""After so many questions the delayed jobs run once more."""
FLOOR_SECONDS = 0.02
CRITICAL = 2.4
"""c(alpha) for alpha about 2e-5: over all pairs of reasons, one false alarm in a thousand runs."""


class GoingClock(HandClock):
    """The test's first instant and what has passed since."""

    def __init__(self):
        super().__init__()
        self._begun = time.monotonic()

    def now(self):
        return int(T0 + time.monotonic() - self._begun)

    def monotonic(self):
        return time.monotonic()


def distance(one, other):
    """The largest difference between the two empirical distributions."""
    one, other = sorted(one), sorted(other)
    at = below = largest = 0
    for value in sorted(one + other):
        while at < len(one) and one[at] <= value:
            at += 1
        while below < len(other) and other[below] <= value:
            below += 1
        largest = max(largest, abs(at / len(one) - below / len(other)))
    return largest


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_thousand_withheld_answers_of_each_reason_are_alike_in_form_time_and_growth(tmp_path):
    reasons = sorted(LOOKS)
    people = {
        reason: [a_person(number) for number in range(at * 100, at * 100 + 40)] for at, reason in enumerate(reasons)
    }
    times, forms = defaultdict(list), defaultdict(set)
    async with (
        a_house(tmp_path, clock=GoingClock(), guard=GUARD, withheld_floor_seconds=FLOOR_SECONDS) as house,
        AsyncExitStack() as stack,
    ):
        for reason, persons in people.items():
            for person in persons:
                house.vendor.looks[person.ins] = look_about(reason, person)
        work = [reason for reason in reasons for _ in range(EACH)]
        random.Random(6).shuffle(work)
        lines = [await stack.enter_async_context(a_line(house)) for _ in range(LINES)]

        due = asyncio.Event()

        async def ask(line):
            while work:
                reason = work.pop()
                person = random.Random(len(work)).choice(people[reason])
                demand = house.demand(worker=person)
                headers = {"Authorization": authorization(house.seal(demand)), "Content-Type": form.CONTENT_TYPE}
                body = form.encode_search(person.ins)
                begun = time.perf_counter()
                reply = await line.send("POST", LOOKUP_PATH, headers, body)
                times[reason].append(time.perf_counter() - begun)
                if len(work) % BETWEEN_JOBS == 0:
                    due.set()
                claims = claims_of(reply)
                tree = {"leaf", "path", "checkpoint"}
                told = {name: shape(value) for name, value in claims.items() if name not in tree}
                fixed = tuple(claims[name] for name in ("outcome", "code", "handover_id", "document", "directory"))
                names = tuple(name for name, _ in reply.headers)
                forms[reason].add((reply.status, names, reply.body, repr(told), fixed))
                house.vendor.looks_begun._queue.clear()

        async def jobs():
            while work:
                await due.wait()
                due.clear()
                await house.state.tidy()
                await purge_expired(house.state.holder, house.state.vault, house.clock)
                await house.state.traces.due_traces(house.clock.now())
                await house.state.pending()

        before = len(await house.state.journal.entries(Tree.HOUSE, limit=10_000))
        await asyncio.gather(jobs(), *(ask(line) for line in lines))
        after = len(await house.state.journal.entries(Tree.HOUSE, limit=10_000))
        size = int((await house.state.journal.checkpoint(Tree.EXCHANGE)).splitlines()[1])
        reason_counts = await house.state.journal.reasons([Outcome.WITHHELD], 0)

    assert {len(values) for values in times.values()} == {EACH}
    assert (size, after - before) == (EACH * len(reasons), 0)
    assert sorted(reason for _, reason in reason_counts) == reasons
    assert len(set().union(*forms.values())) == 1, "some answers differ in form"
    bound = CRITICAL * sqrt(2 / EACH)
    found = {(a, b): distance(times[a], times[b]) for a in reasons for b in reasons if a < b}
    assert {pair: round(value, 3) for pair, value in found.items() if value > bound} == {}

"""Background jobs: they run, they fail alone, they stop."""

import asyncio
import io

import pytest

from connector import logs
from connector.jobs import Job, Jobs
from connector.metrics import Metrics


@pytest.fixture
def log():
    stream = io.StringIO()
    logs.configure(form="json", stream=stream)
    yield stream
    logs.unconfigure()


async def test_a_job_runs_at_its_turn_and_again():
    turns, twice = [], asyncio.Event()

    async def work():
        turns.append(1)
        if len(turns) == 2:
            twice.set()

    jobs = Jobs([Job("work", 0.02, work)], Metrics("0"))
    jobs.start()
    await asyncio.wait_for(twice.wait(), 60)
    jobs.stop()
    jobs.stop()


async def test_a_failing_job_is_told_by_name_and_runs_again_at_its_next_turn(log):
    turns, twice = [], asyncio.Event()

    async def fails():
        turns.append(1)
        if len(turns) == 2:
            twice.set()
        raise RuntimeError("279035121518989")

    metrics = Metrics("0")
    jobs = Jobs([Job("fails", 0.02, fails)], metrics)
    jobs.start()
    await asyncio.wait_for(twice.wait(), 60)
    jobs.stop()

    assert '"job": "fails"' in log.getvalue()
    assert "279035121518989" not in log.getvalue()
    assert b'spsti_jobs_total{job="fails",result="failed"}' in metrics.render()

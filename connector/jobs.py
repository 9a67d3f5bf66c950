"""What runs later and again: each job claims what is due in our own tables and does it (APScheduler 3, in memory).

Nothing durable lives in the scheduler: a missed run is made up by the next one, a killed process loses nothing. A job
that fails is told to the observer and runs again at its next turn.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from connector import logs
from connector.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so many seconds; `run` claims what is due and returns when it is done."""

    name: str
    every_seconds: float
    run: Callable[[], Awaitable[object]]


class Jobs:
    """The jobs of one daemon."""

    def __init__(self, jobs: Sequence[Job], metrics: Metrics) -> None:
        self._jobs, self._metrics = tuple(jobs), metrics
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    def start(self) -> None:
        """Begin; the first run of each comes after its interval."""
        for job in self._jobs:
            self._scheduler.add_job(
                self._run_one,
                "interval",
                args=[job],
                seconds=job.every_seconds,
                id=job.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Begin no further run; what runs is cancelled with the daemon's tasks."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _run_one(self, job: Job) -> None:
        began = time.monotonic()
        try:
            await job.run()
        except Exception as error:  # noqa: BLE001 - one failing job must not end the others
            self._metrics.jobs.labels(job.name, "failed").inc()
            logs.get_logger().error(logs.JOB_FAILED, job=job.name, code=getattr(error, "code", None), exc_info=error)
        else:
            self._metrics.jobs.labels(job.name, "done").inc()
        finally:
            self._metrics.job_seconds.labels(job.name).observe(time.monotonic() - began)

"""The adapter's own threads and the breaker, where the guard's tests do not reach."""

import threading

import pytest

from connector.contract.breaker import Breaker
from connector.contract.threads import DaemonThreads
from connector.core.codes import Code


def test_a_free_thread_is_used_again_before_another_is_started():
    threads = DaemonThreads("test", limit=4)
    names: set[str] = set()
    for _ in range(5):
        done = threading.Event()

        def job(done=done):
            names.add(threading.current_thread().name)
            done.set()

        threads.submit(job)
        assert done.wait(20)
    threads.close()

    assert len(names) <= 4


def test_no_more_threads_than_the_limit_are_started_and_all_jobs_run():
    threads, gate, ran = DaemonThreads("test", limit=2), threading.Event(), threading.Semaphore(0)
    names: set[str] = set()

    def job():
        names.add(threading.current_thread().name)
        gate.wait(20)
        ran.release()

    for _ in range(6):
        threads.submit(job)
    gate.set()
    for _ in range(6):
        assert ran.acquire(timeout=20)
    threads.close()

    assert len(names) <= 2


def test_nothing_runs_after_close_and_threads_are_no_obstacle_to_the_exit():
    threads, ready = DaemonThreads("test", limit=1), threading.Event()
    seen: list[threading.Thread] = []

    def job():
        seen.append(threading.current_thread())
        ready.set()

    threads.submit(job)
    assert ready.wait(20)
    threads.close()
    seen[0].join(20)

    assert not seen[0].is_alive()
    assert seen[0].daemon
    with pytest.raises(RuntimeError):
        threads.submit(job)


def test_a_breaker_says_how_long_it_rests():
    breaker = Breaker(failures_to_open=2, reopen_seconds=10)
    breaker.failed(0, Code.ADAPTER_FAILED)
    assert breaker.admit(1) is None

    breaker.failed(1, Code.ADAPTER_TIMEOUT)

    assert breaker.is_open
    assert breaker.last_code is Code.ADAPTER_TIMEOUT
    assert breaker.admit(5) == 6
    assert breaker.admit(11) is None
    assert breaker.admit(11) == 10
    breaker.gave_up()
    assert breaker.admit(11) is None
    breaker.succeeded()
    assert not breaker.is_open

"""The guard around a source over its whole life: what it counts, remembers, and lets go."""

import asyncio
import contextlib
import threading
from dataclasses import replace

import pytest

from connector.contract import (
    AdapterError,
    AdapterHealth,
    Announcement,
    Day,
    Look,
    Opposition,
    Problem,
)
from connector.contract.guard import guard_sink, guard_source
from connector.core.codes import Code
from connector.core.errors import AdapterFault
from connector.core.ports import GuardedSink, GuardedSource
from tests.contract.guarding import PATIENT, QUICK, SECRET, fault_of, raising
from tests.contract.vendors import (
    ANNOUNCEMENT,
    IDENTITY,
    INS,
    LOOK,
    NOW,
    TRACE,
    AsyncSource,
    HandClock,
    PlainSink,
    PlainSource,
)


class TestBreaker:
    async def test_after_failures_in_a_row_the_adapter_is_left_alone_then_tried_once(self, guarded, clock, seen):
        source = AsyncSource(on_look=raising(RuntimeError()))
        guard = guarded(source, replace(PATIENT, failures_to_open=3, reopen_seconds=15))
        for _ in range(5):
            await fault_of(guard.look(INS))
        assert source.calls == 3
        assert [fault.cause for fault in seen[3:]] == ["resting"] * 2
        assert not (await guard.health()).ok

        clock.seconds = 15
        await fault_of(guard.look(INS))  # tried once, failed, left alone again
        await fault_of(guard.look(INS))
        assert source.calls == 4

        clock.seconds, source.on_look = 30, lambda ins: LOOK
        assert await guard.look(INS) is LOOK
        assert await guard.look(INS) is LOOK
        assert (await guard.health()).ok

    async def test_one_success_between_failures_keeps_it_closed(self, guarded):
        answers = iter([RuntimeError(), RuntimeError(), None] * 3)

        def look(ins):
            if error := next(answers):
                raise error
            return LOOK

        source = AsyncSource(on_look=look)
        guard = guarded(source, replace(PATIENT, failures_to_open=3))
        for _ in range(9):
            with contextlib.suppress(AdapterFault):
                await guard.look(INS)

        assert source.calls == 9

    async def test_a_worker_with_wrong_data_does_not_take_the_others_down(self, guarded):
        source = AsyncSource(on_look=raising(AdapterError(Problem.AMBIGUOUS)))
        guard = guarded(source, replace(PATIENT, failures_to_open=1))
        for _ in range(4):
            await fault_of(guard.look(INS))

        assert source.calls == 4

    async def test_the_call_that_tries_again_may_be_cancelled(self, guarded, clock):
        source = AsyncSource(on_look=raising(RuntimeError()))
        guard = guarded(source, replace(PATIENT, failures_to_open=1, reopen_seconds=1))
        await fault_of(guard.look(INS))
        clock.seconds = 1
        entered = asyncio.Event()

        async def waits(ins):
            entered.set()
            await asyncio.Event().wait()

        source.look = waits
        trying = asyncio.create_task(guard.look(INS))
        await entered.wait()
        trying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trying
        del source.look
        source.on_look = lambda ins: LOOK

        assert await guard.look(INS) is LOOK

    async def test_traces_that_fail_do_not_stop_the_answers(self, guarded):
        class NoTraces(AsyncSource):
            async def trace(self, trace):
                raise AdapterError(Problem.UNREACHABLE)

        guard = guarded(NoTraces(), replace(PATIENT, failures_to_open=1))
        await fault_of(guard.trace(TRACE))
        await fault_of(guard.trace(TRACE))

        assert await guard.look(INS) is LOOK


class TestLife:
    async def test_health_is_an_answer_whatever_happens(self, guarded):
        class Broken(AsyncSource):
            async def health(self):
                raise RuntimeError(SECRET)

        broken = await guarded(Broken()).health()
        told = await guarded(AsyncSource(said_health=AdapterHealth(ok=False, detail=f"no {SECRET}\nhere"))).health()
        silly = await guarded(AsyncSource(said_health="fine")).health()

        assert (broken.ok, told.ok, silly.ok) == (False, False, False)
        assert SECRET not in broken.detail
        assert told.detail == "no DUPONT [number] here"

    async def test_a_start_that_fails_is_tried_again_at_the_next_call(self, guarded):
        class Late(AsyncSource):
            starts = 0

            async def start(self):
                self.starts += 1
                if self.starts < 3:
                    raise AdapterError(Problem.UNREACHABLE)

        source = Late()
        guard = guarded(source)
        await fault_of(guard.start())
        await fault_of(guard.look(INS))

        assert await guard.look(INS) is LOOK
        assert await guard.look(INS) is LOOK
        assert source.starts == 3

    async def test_close_cancels_what_is_under_way_and_closes_the_adapter_even_if_that_fails(self, seen, clock):
        entered = asyncio.Event()

        class Closing(AsyncSource):
            async def look(self, ins):
                entered.set()
                await asyncio.Event().wait()

            def close(self):
                raise RuntimeError(SECRET)

        guard = guard_source(Closing(), PATIENT, name="acme", clock=clock, report=seen.append)
        look = asyncio.create_task(guard.look(INS))
        await entered.wait()
        await guard.close()

        assert (await fault_of(look)).code is Code.ADAPTER_FAILED
        assert ("close", Code.ADAPTER_FAILED) in [(fault.operation, fault.code) for fault in seen]

    async def test_close_does_not_wait_for_a_hung_thread(self, clock):
        hang = threading.Event()
        guard = guard_source(PlainSource(on_look=lambda ins: hang.wait()), QUICK, name="acme", clock=clock)
        try:
            await fault_of(guard.look(INS))
            await guard.close()
        finally:
            hang.set()

    async def test_the_trace_arrives(self, guarded):
        plain, native = PlainSource(), AsyncSource()
        await guarded(plain).trace(TRACE)
        await guarded(native).trace(TRACE)

        assert plain.traces == native.traces == [TRACE]


def test_the_guarded_source_is_what_the_roles_expect():
    clock = HandClock()
    source: GuardedSource = guard_source(AsyncSource(), PATIENT, name="acme", clock=clock)
    sink: GuardedSink = guard_sink(PlainSink(), PATIENT, name="acme", clock=clock)

    assert all(callable(getattr(source, name)) for name in ("look", "document", "trace", "health", "counts"))
    assert all(callable(getattr(sink, name)) for name in ("file", "told", "trace", "health"))


def test_an_announcement_prints_as_redacted():
    assert (
        str(Announcement("1", "2", Day(2026, 1, 1), NOW, ANNOUNCEMENT.document_type, ANNOUNCEMENT.extent))
        == "[redacted]"
    )
    assert repr(Look(IDENTITY, Opposition.NO, None)) == "[redacted]"

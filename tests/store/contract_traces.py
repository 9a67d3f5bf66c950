"""What every `core.ports.TraceOutbox` does; `kit.outbox` is it, `await kit.keep(trace)` puts a trace in."""

from tests.kit.state import T0, a_trace


class TraceOutboxContract:
    async def test_a_trace_is_due_at_once_and_until_it_is_written(self, kit):
        trace = a_trace()
        await kit.keep(trace)

        assert await kit.outbox.due_traces(T0) == [(trace, 0)]

        await kit.outbox.trace_written(trace.trace_id)
        assert await kit.outbox.due_traces(T0) == []

    async def test_a_trace_that_failed_is_due_again_later(self, kit):
        trace = a_trace()
        await kit.keep(trace)

        await kit.outbox.trace_failed(trace.trace_id, T0 + 60)

        assert await kit.outbox.due_traces(T0 + 59) == []
        assert await kit.outbox.due_traces(T0 + 60) == [(trace, 1)]

    async def test_traces_are_given_the_longest_due_first(self, kit):
        late, early = a_trace(at=T0 + 5), a_trace(at=T0)
        await kit.keep(late)
        await kit.keep(early)

        assert [trace for trace, _ in await kit.outbox.due_traces(T0 + 5)] == [early, late]

    async def test_a_trace_kept_twice_is_written_once(self, kit):
        trace = a_trace()
        await kit.keep(trace)
        await kit.keep(trace)

        assert len(await kit.outbox.due_traces(T0)) == 1

    async def test_what_is_not_there_is_written_already(self, kit):
        await kit.outbox.trace_written("no such trace")
        await kit.outbox.trace_failed("no such trace", T0)

        assert await kit.outbox.due_traces(T0) == []

"""What keeps the connector safe from an adapter, through the guarded source's and sink's own methods."""

import asyncio
import contextlib
import functools
import threading
from dataclasses import replace
from datetime import date

import pytest

from connector.contract import (
    AdapterError,
    AdapterHealth,
    Announcement,
    Counts,
    Day,
    IdentityStatus,
    Instant,
    LocalIdentity,
    Look,
    Matricule,
    Opposition,
    Problem,
)
from connector.contract.faults import FaultSeen
from connector.contract.guard import SourceGuard, guard_sink, guard_source
from connector.contract.settings import GuardSettings
from connector.core.codes import Code
from connector.core.errors import AdapterFault
from connector.core.identity import Agreement, QualifiedIdentity, compare
from connector.core.ports import GuardedSink, GuardedSource
from tests.contract.vendors import (
    ANNOUNCEMENT,
    IDENTITY,
    INS,
    LOOK,
    NOBODY,
    NOW,
    OTHER_INS,
    PDF,
    RECEIVED,
    TOLD,
    TRACE,
    AsyncSink,
    AsyncSource,
    HandClock,
    PlainSink,
    PlainSource,
    look_with,
)

SECRET = "DUPONT 279035121518989"
QUICK = GuardSettings(
    look_seconds=0.05, chunk_seconds=0.05, trace_seconds=0.05, file_seconds=0.5, wait_seconds=0.05, close_seconds=0.05
)
PATIENT = GuardSettings(look_seconds=20, chunk_seconds=20, file_seconds=20, wait_seconds=20)


class Seen(list[FaultSeen]):
    def codes(self) -> list[Code]:
        return [fault.code for fault in self]


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def guarded(seen, clock):
    """Make guarded sources, closed at the end of the test."""
    made: list[SourceGuard] = []

    def make(source, settings=PATIENT):
        made.append(guard_source(source, settings, name="acme", clock=clock, report=seen.append))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def fault_of(awaitable) -> AdapterFault:
    with pytest.raises(AdapterFault) as caught:
        await awaitable
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value


async def read(guard, announcement=ANNOUNCEMENT, **limits) -> bytes:
    return b"".join([piece async for piece in guard.document(announcement, **limits)])


def raising(error):
    def look(ins):
        raise error

    return look


both_kinds = pytest.mark.parametrize("kind", [AsyncSource, PlainSource])


class TestLook:
    @both_kinds
    async def test_a_good_answer_passes_unchanged(self, guarded, seen, kind):
        guard = guarded(kind())

        assert await guard.look(INS) is LOOK
        assert await guard.look(OTHER_INS) is NOBODY
        assert not seen

    async def test_the_moment_of_the_last_good_answer_is_known(self, guarded, clock):
        source = AsyncSource()
        guard = guarded(source)
        assert guard.read_at is None
        await guard.look(INS)
        source.look = raising(AdapterError(Problem.UNREACHABLE))

        await fault_of(guard.look(INS))

        assert guard.read_at == clock.now()

    async def test_an_async_method_behind_a_plain_decorator_is_awaited(self, guarded):
        source = AsyncSource()
        inner = source.look

        @functools.wraps(inner)
        def look(ins):
            return inner(ins)

        source.look = look

        assert await guarded(source).look(INS) is LOOK

    @both_kinds
    async def test_an_exception_is_told_by_its_type_and_never_by_its_text(self, guarded, seen, kind):
        fault = await fault_of(guarded(kind(on_look=raising(RuntimeError(SECRET)))).look(INS))

        assert fault.code is Code.ADAPTER_FAILED
        assert "RuntimeError" in fault.message
        assert seen == [FaultSeen("acme", "look", Code.ADAPTER_FAILED, "RuntimeError")]

    @both_kinds
    async def test_an_adapter_that_exits_the_program_is_a_fault_like_another(self, guarded, kind):
        fault = await fault_of(guarded(kind(on_look=raising(SystemExit(SECRET)))).look(INS))

        assert fault.code is Code.ADAPTER_FAILED

    @pytest.mark.parametrize(
        ("problem", "code"),
        [
            (Problem.UNREACHABLE, Code.ADAPTER_FAILED),
            (Problem.ACCESS_REFUSED, Code.ADAPTER_FAILED),
            (Problem.SCHEMA, Code.ADAPTER_FAILED),
            (Problem.BUSY, Code.ADAPTER_BUSY),
            (Problem.DATA, Code.ADAPTER_CONTRACT),
            (Problem.AMBIGUOUS, Code.ADAPTER_CONTRACT),
            (Problem.DOCUMENT_GONE, Code.DOCUMENT_CHANGED),
            (Problem.DOCUMENT_UNREADABLE, Code.ADAPTER_CONTRACT),
            (Problem.NOT_SUPPORTED, Code.ADAPTER_CONTRACT),
        ],
    )
    async def test_each_problem_an_adapter_names_has_its_code(self, guarded, seen, problem, code):
        fault = await fault_of(guarded(AsyncSource(on_look=raising(AdapterError(problem, SECRET)))).look(INS))

        assert fault.code is code
        assert seen[0].cause == problem.value

    async def test_a_broken_matricule_in_the_vendors_data_is_wrong_data_not_an_outage(self, guarded, seen):
        guard = guarded(AsyncSource(on_look=lambda ins: Matricule("1")), replace(PATIENT, failures_to_open=1))

        assert (await fault_of(guard.look(INS))).code is Code.ADAPTER_CONTRACT
        assert (await fault_of(guard.look(INS))).code is Code.ADAPTER_CONTRACT
        assert [fault.cause for fault in seen] == ["IdentityFault"] * 2

    async def test_an_async_call_that_hangs_is_cancelled_and_counts_as_late(self, guarded, seen):
        cancelled = asyncio.Event()

        class Hanging(AsyncSource):
            async def look(self, ins):
                try:
                    await asyncio.Event().wait()
                finally:
                    cancelled.set()

        fault = await fault_of(guarded(Hanging(), QUICK).look(INS))
        await cancelled.wait()

        assert fault.code is Code.ADAPTER_TIMEOUT
        assert seen.codes() == [Code.ADAPTER_TIMEOUT]

    async def test_an_async_call_that_swallows_its_cancellation_holds_nobody_up(self, guarded):
        release = asyncio.Event()

        class Stubborn(AsyncSource):
            async def look(self, ins):
                while not release.is_set():
                    with contextlib.suppress(asyncio.CancelledError):
                        await release.wait()
                return LOOK

        fault = await fault_of(guarded(Stubborn(), QUICK).look(INS))
        release.set()

        assert fault.code is Code.ADAPTER_TIMEOUT

    async def test_a_plain_call_that_hangs_keeps_its_place_and_no_other(self, guarded):
        hang = threading.Event()

        def look(ins):
            if ins == OTHER_INS:
                hang.wait()
            return LOOK if ins == INS else NOBODY

        guard = guarded(
            PlainSource(on_look=look),
            replace(QUICK, look_seconds=0.5, wait_seconds=0.5, question_places=2, failures_to_open=99),
        )
        try:
            assert (await fault_of(guard.look(OTHER_INS))).code is Code.ADAPTER_TIMEOUT
            assert await guard.look(INS) is LOOK
            assert (await fault_of(guard.look(OTHER_INS))).code is Code.ADAPTER_TIMEOUT
            assert (await fault_of(guard.look(INS))).code is Code.ADAPTER_BUSY
        finally:
            hang.set()
        assert await guard.look(INS) is LOOK

    async def test_a_call_beyond_the_places_waits_its_turn(self, guarded):
        inside, most = 0, 0
        full, gate = asyncio.Event(), asyncio.Event()

        class Slow(AsyncSource):
            async def look(self, ins):
                nonlocal inside, most
                inside += 1
                most = max(most, inside)
                if inside == 2:
                    full.set()
                await gate.wait()
                inside -= 1
                return LOOK

        guard = guarded(Slow(), replace(PATIENT, question_places=2))
        looks = [asyncio.create_task(guard.look(INS)) for _ in range(6)]
        await full.wait()
        gate.set()

        assert await asyncio.gather(*looks) == [LOOK] * 6
        assert most == 2

    async def test_a_caller_who_leaves_while_waiting_gives_its_turn_back(self, guarded):
        entered, gate = asyncio.Event(), asyncio.Event()

        class Slow(AsyncSource):
            async def look(self, ins):
                entered.set()
                await gate.wait()
                return LOOK

        guard = guarded(Slow(), replace(PATIENT, question_places=1))
        first, second, third = (asyncio.create_task(guard.look(INS)) for _ in range(3))
        await entered.wait()  # the two others asked before that, and wait
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        gate.set()

        assert await first is LOOK
        assert await third is LOOK

    async def test_cancelling_the_caller_cancels_the_adapter(self, guarded):
        entered, cancelled = asyncio.Event(), asyncio.Event()

        class Waiting(AsyncSource):
            async def look(self, ins):
                entered.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    cancelled.set()

        look = asyncio.create_task(guarded(Waiting()).look(INS))
        await entered.wait()
        look.cancel()

        with pytest.raises(asyncio.CancelledError):
            await look
        await cancelled.wait()

    async def test_an_adapter_that_cancels_itself_is_a_fault_and_cancels_nobody(self, guarded):
        fault = await fault_of(guarded(AsyncSource(on_look=raising(asyncio.CancelledError(SECRET)))).look(INS))

        assert fault.code is Code.ADAPTER_FAILED


class TestAnswers:
    """One row per way in which an answer can be no answer; each is `adapter.contract`."""

    @pytest.mark.parametrize(
        "answer",
        [
            None,
            "DUPONT",
            (IDENTITY, Opposition.NO, ANNOUNCEMENT),
            replace(LOOK, opposition=None),
            replace(LOOK, opposition="no"),
            replace(LOOK, opposition=False),
            replace(LOOK, identity="PAT-TROIS"),
            replace(LOOK, announcement={"last_act_on": "2026-03-14"}),
            replace(LOOK, identity=replace(IDENTITY, ins=OTHER_INS)),
            replace(LOOK, identity=replace(IDENTITY, ins=OTHER_INS, former=(OTHER_INS,))),
            replace(LOOK, identity=LocalIdentity(None, IDENTITY.traits, IdentityStatus.PROV)),
            replace(LOOK, identity=replace(IDENTITY, former=[INS])),
            replace(LOOK, identity=replace(IDENTITY, traits=None)),
            replace(LOOK, identity=replace(IDENTITY, traits=replace(IDENTITY.traits, sex="F"))),
            replace(LOOK, identity=replace(IDENTITY, traits=replace(IDENTITY.traits, birth_date="1979-03-28"))),
            replace(LOOK, identity=replace(IDENTITY, attributes=frozenset({"homonyme"}))),
            replace(LOOK, identity=replace(IDENTITY, verified_on=date(2026, 1, 1))),
            replace(NOBODY, announcement=ANNOUNCEMENT),
            look_with(last_act_on=None),
            look_with(last_act_on="2026-03-14"),
            look_with(last_act_on=date(2026, 3, 14)),
            look_with(last_act_on=Day(2026, 3, 15)),
            look_with(updated_at=1.5),
            look_with(updated_at="2026-03-14T10:00:00Z"),
            look_with(updated_at=True),
            look_with(updated_at=-1),
            look_with(record_ref=17),
            look_with(record_ref=""),
            look_with(version="x" * 257),
            look_with(version="3\n"),
            look_with(document_type="60591-5"),
            look_with(extent="full"),
            look_with(author=None),
            look_with(content_type=""),
        ],
        ids=lambda answer: None,
    )
    async def test_an_answer_against_the_contract_is_refused(self, guarded, seen, answer):
        fault = await fault_of(guarded(AsyncSource(on_look=lambda ins: answer)).look(INS))

        assert fault.code is Code.ADAPTER_CONTRACT
        assert "PAT-TROIS" not in str(fault)
        assert seen == [FaultSeen("acme", "look", Code.ADAPTER_CONTRACT, "answer")]

    async def test_the_day_is_counted_in_france(self, guarded, clock):
        guard = guarded(AsyncSource(on_look=lambda ins: look_with(last_act_on=Day(2026, 3, 15))))
        await fault_of(guard.look(INS))

        clock.wall = Instant(NOW + 60)  # 23:00 UTC, midnight in France

        assert (await guard.look(INS)).announcement.last_act_on == Day(2026, 3, 15)

    async def test_another_ins_passes_where_its_history_names_the_one_asked_for(self, guarded):
        changed = replace(LOOK, identity=replace(IDENTITY, ins=OTHER_INS, former=(INS,)))

        answer = await guarded(AsyncSource(on_look=lambda ins: changed)).look(INS)

        asked = QualifiedIdentity(INS, IDENTITY.traits)
        assert compare(asked, answer.identity).agreement is Agreement.MATRICULE_CHANGED

    @pytest.mark.parametrize(
        "counts", [3, Counts(workers=-1), Counts(workers=2, qualified=3), Counts(workers=1.0), Counts(workers=True)]
    )
    async def test_counts_that_cannot_be_are_refused(self, guarded, counts):
        assert (await fault_of(guarded(AsyncSource(said_counts=counts)).counts())).code is Code.ADAPTER_CONTRACT

    async def test_counts_may_be_left_out(self, guarded):
        assert await guarded(AsyncSource(said_counts=None)).counts() is None


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


class TestDocument:
    @both_kinds
    async def test_the_pieces_come_in_their_order(self, guarded, kind):
        pieces = [bytes([number]) * 1000 for number in range(50)]

        assert await read(guarded(kind(pieces=pieces))) == b"".join(pieces)

    @both_kinds
    async def test_the_adapter_is_held_back_while_nobody_reads(self, guarded, kind):
        given = 0

        def pieces():
            nonlocal given
            for _ in range(100):
                given += 1
                yield b"x"

        stream = guarded(kind(pieces=pieces())).document(ANNOUNCEMENT)
        for _ in range(10):
            await anext(stream)

        assert given <= 10 + 3
        await stream.aclose()

    async def test_a_plain_generator_stays_in_one_thread_and_is_closed_there(self, guarded):
        threads, closed = set(), threading.Event()

        class Careful(PlainSource):
            def document(self, announcement):
                try:
                    while True:
                        threads.add(threading.get_ident())
                        yield b"x"
                finally:
                    threads.add(threading.get_ident())
                    closed.set()

        stream = guarded(Careful()).document(ANNOUNCEMENT)
        for _ in range(5):
            await anext(stream)
        await stream.aclose()
        assert await asyncio.to_thread(closed.wait, 20)

        assert len(threads) == 1
        assert threads != {threading.get_ident()}

    async def test_an_async_generator_left_early_is_closed(self, guarded):
        closed = asyncio.Event()

        class Careful(AsyncSource):
            async def document(self, announcement):
                try:
                    while True:
                        yield b"x"
                finally:
                    closed.set()

        stream = guarded(Careful()).document(ANNOUNCEMENT)
        await anext(stream)
        await stream.aclose()

        await closed.wait()

    @both_kinds
    @pytest.mark.parametrize("piece", [None, "text", 7, bytearray(b"x"), memoryview(b"x")])
    async def test_a_piece_that_is_not_bytes_is_refused(self, guarded, kind, piece):
        assert (await fault_of(read(guarded(kind(pieces=[b"x", piece]))))).code is Code.ADAPTER_CONTRACT

    @both_kinds
    async def test_a_document_over_the_limit_is_cut_off(self, guarded, kind):
        guard = guarded(kind(pieces=[b"x" * 600] * 2))

        assert len(await read(guard, max_bytes=1200)) == 1200
        assert (await fault_of(read(guard, max_bytes=1199))).code is Code.DOCUMENT_TOO_LARGE

    @both_kinds
    @pytest.mark.parametrize("pieces", [[], [b""], [b""] * 5])
    async def test_a_document_without_a_byte_is_none(self, guarded, seen, kind, pieces):
        assert (await fault_of(read(guarded(kind(pieces=pieces))))).code is Code.DOCUMENT_EMPTY
        assert seen.codes() == [Code.DOCUMENT_EMPTY]

    @both_kinds
    async def test_an_exception_after_the_first_piece_ends_it(self, guarded, kind):
        def pieces():
            yield b"x"
            raise OSError(SECRET)

        stream = guarded(kind(pieces=pieces())).document(ANNOUNCEMENT)

        assert await anext(stream) == b"x"
        assert (await fault_of(anext(stream))).code is Code.ADAPTER_FAILED

    @both_kinds
    async def test_a_version_that_is_gone_is_a_changed_document(self, guarded, kind):
        def pieces():
            raise AdapterError(Problem.DOCUMENT_GONE)
            yield b""

        assert (await fault_of(read(guarded(kind(pieces=pieces()))))).code is Code.DOCUMENT_CHANGED

    async def test_a_source_that_gives_no_generator_is_a_fault(self, guarded):
        class Whole(PlainSource):
            def document(self, announcement):
                return PDF

        class Nothing(PlainSource):
            def document(self, announcement):
                return None

        assert (await fault_of(read(guarded(Whole())))).code is Code.ADAPTER_CONTRACT
        assert (await fault_of(read(guarded(Nothing())))).code is Code.ADAPTER_FAILED

    async def test_a_plain_generator_that_hangs_is_late(self, guarded):
        hang = threading.Event()

        def pieces():
            yield b"x"
            hang.wait()

        try:
            assert (await fault_of(read(guarded(PlainSource(pieces=pieces()), QUICK)))).code is Code.ADAPTER_TIMEOUT
        finally:
            hang.set()

    async def test_a_document_of_endless_empty_pieces_is_late(self, guarded):
        class Endless(AsyncSource):
            async def document(self, announcement):
                while True:
                    await asyncio.sleep(0)
                    yield b""

        guard = guarded(Endless(), replace(PATIENT, document_seconds=0.05))

        assert (await fault_of(read(guard))).code is Code.ADAPTER_TIMEOUT

    async def test_slow_documents_do_not_keep_the_questions_waiting(self, guarded):
        class Slow(AsyncSource):
            async def document(self, announcement):
                yield b"x"
                await asyncio.Event().wait()

        guard = guarded(Slow(), replace(PATIENT, document_places=1, question_places=1))
        stream = guard.document(ANNOUNCEMENT)
        await anext(stream)

        assert await guard.look(INS) is LOOK
        await stream.aclose()


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


async def pieces_of(*pieces):
    for piece in pieces:
        yield piece


class TestSink:
    @pytest.mark.parametrize("kind", [PlainSink, AsyncSink])
    async def test_a_document_is_filed_whole(self, clock, kind):
        sink = kind()
        guard = guard_sink(sink, PATIENT, name="acme", clock=clock)

        assert await guard.file(RECEIVED, pieces_of(PDF[:100], PDF[100:])) == "document 1"
        await guard.told(TOLD)
        await guard.trace(TRACE)
        assert (await guard.health()).ok
        assert sink.filed == [PDF]
        assert sink.told_of == [TOLD]
        await guard.close()

    @pytest.mark.parametrize("reference", [None, "", 3, "x" * 300, "a\x00b"])
    async def test_a_reference_that_is_none_is_refused(self, clock, reference):
        sink = PlainSink()
        sink.reference = reference
        guard = guard_sink(sink, PATIENT, name="acme", clock=clock)

        assert (await fault_of(guard.file(RECEIVED, pieces_of(PDF)))).code is Code.ADAPTER_CONTRACT
        await guard.close()

    @pytest.mark.parametrize("kind", [PlainSink, AsyncSink])
    async def test_our_own_failure_while_reading_is_not_blamed_on_the_vendor(self, clock, kind):
        class VaultBroke(Exception):
            pass

        async def content():
            yield PDF[:10]
            raise VaultBroke

        sink = kind()
        guard = guard_sink(sink, PATIENT, name="acme", clock=clock)

        with pytest.raises(VaultBroke):
            await guard.file(RECEIVED, content())
        assert sink.filed == []
        await guard.close()

    async def test_a_sink_that_keeps_the_content_cannot_read_it_later(self, clock):
        class Hoarding(AsyncSink):
            async def file(self, document, content):
                self.kept = content
                return "later"

        sink = Hoarding()
        guard = guard_sink(sink, PATIENT, name="acme", clock=clock)
        await guard.file(RECEIVED, pieces_of(PDF))

        with pytest.raises(RuntimeError):
            await anext(sink.kept)
        await guard.close()

    async def test_a_sink_that_raises_is_a_fault(self, clock):
        class Full(PlainSink):
            def file(self, document, content):
                next(content)
                raise OSError(SECRET)

        guard = guard_sink(Full(), PATIENT, name="acme", clock=clock)

        assert (await fault_of(guard.file(RECEIVED, pieces_of(PDF)))).code is Code.ADAPTER_FAILED
        await guard.close()


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

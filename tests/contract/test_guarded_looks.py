"""A look through the guard: in time, or not at all, and nothing that breaks the contract."""

import asyncio
import contextlib
import functools
import threading
from dataclasses import replace
from datetime import date

import pytest

from connector.contract import (
    TYPE_DMST,
    AdapterError,
    Coded,
    Counts,
    Day,
    IdentityStatus,
    Ins,
    Instant,
    LocalIdentity,
    Matricule,
    Opposition,
    Problem,
)
from connector.contract.faults import FaultSeen
from connector.core.codes import Code
from connector.core.identity import Agreement, QualifiedIdentity, compare
from tests.contract.guarding import PATIENT, QUICK, SECRET, both_kinds, fault_of, raising
from tests.contract.vendors import (
    ANNOUNCEMENT,
    IDENTITY,
    INS,
    LOOK,
    NOBODY,
    NOW,
    OTHER_INS,
    AsyncSource,
    PlainSource,
    look_with,
)


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
            replace(QUICK, look_seconds=1.5, wait_seconds=0.5, question_places=2, failures_to_open=99),
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

    async def test_a_caller_who_leaves_a_plain_call_leaves_its_place_taken_until_it_ends(self, guarded):
        entered, gate, calls = threading.Event(), threading.Event(), []

        def look(ins):
            calls.append(ins)
            entered.set()
            gate.wait(20)
            return LOOK

        guard = guarded(PlainSource(on_look=look), replace(PATIENT, question_places=1))
        left = asyncio.create_task(guard.look(INS))
        await asyncio.to_thread(entered.wait, 20)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        next_one = asyncio.create_task(guard.look(INS))
        await asyncio.sleep(0)
        places_taken, calls_made = guard.under_way, len(calls)
        gate.set()

        assert await next_one is LOOK
        assert (places_taken, calls_made, len(calls)) == (1, 1, 2)

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
            replace(LOOK, identity=replace(IDENTITY, former=("279035121518989",))),
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
            look_with(document_type=Coded(TYPE_DMST.system, "")),
            look_with(document_type=Coded("x" * 257, TYPE_DMST.code)),
            look_with(extent="full"),
            look_with(author=None),
            look_with(author="x" * 257),
            look_with(content_type=""),
        ],
        ids=lambda answer: None,
    )
    async def test_an_answer_against_the_contract_is_refused(self, guarded, seen, answer):
        fault = await fault_of(guarded(AsyncSource(on_look=lambda ins: answer)).look(INS))

        assert fault.code is Code.ADAPTER_CONTRACT
        assert "PAT-TROIS" not in str(fault)
        assert seen == [FaultSeen("acme", "look", Code.ADAPTER_CONTRACT, "answer")]

    async def test_another_type_of_document_passes(self, guarded):
        other = look_with(document_type=Coded("http://example.test/types", "summary"))

        assert await guarded(AsyncSource(on_look=lambda ins: other)).look(INS) is other

    async def test_an_ins_that_is_equal_passes_though_it_was_read_anew(self, guarded):
        anew = replace(LOOK, identity=replace(IDENTITY, ins=Ins(Matricule(INS.matricule.value), INS.oid)))

        assert await guarded(AsyncSource(on_look=lambda ins: anew)).look(INS) is anew

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

"""A document through the guard, piece by piece, out of a source and into a sink."""

import asyncio
import threading
from dataclasses import replace

import pytest

from connector.contract import (
    AdapterError,
    Problem,
)
from connector.contract.guard import guard_sink
from connector.core.codes import Code
from tests.contract.guarding import PATIENT, QUICK, SECRET, both_kinds, fault_of, pieces_of, read
from tests.contract.vendors import (
    ANNOUNCEMENT,
    INS,
    LOOK,
    PDF,
    RECEIVED,
    TOLD,
    TRACE,
    AsyncSink,
    AsyncSource,
    PlainSink,
    PlainSource,
)


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

"""The spool by itself: one rendering at a time, failures kept for the next who asks, nothing left behind."""

import asyncio

import pytest

from connector.core.errors import AdapterFault, FailedClosed
from connector.core.handover import ANNOUNCEMENT_SECONDS
from connector.holder.spool import Spool
from tests.kit.state import a_handover, opened


async def pieces(*content, gate: asyncio.Event | None = None):
    if gate is not None:
        await gate.wait()
    for piece in content:
        yield piece


@pytest.fixture
async def state(tmp_path):
    async with opened(tmp_path) as running:
        yield running


@pytest.fixture
async def spool(state):
    made = Spool(state.holder, state.vault, render_seconds=30, max_bytes=1000)
    yield made
    await made.close()


async def test_a_source_is_closed_when_its_document_is_refused(spool):
    closed = asyncio.Event()

    async def source():
        try:
            yield b"<html>"
            yield b"more"
        finally:
            closed.set()

    with pytest.raises(AdapterFault):
        await spool.ready(a_handover(), source, 30)

    assert closed.is_set()


async def test_a_content_that_is_no_generator_is_read_as_well(spool):
    class Once:
        def __init__(self):
            self.left = [b"%PDF-1.7"]

        def __aiter__(self):
            return self

        async def __anext__(self):
            if not self.left:
                raise StopAsyncIteration
            return self.left.pop()

    handover = await spool.ready(a_handover(), Once, 30)

    assert handover.document is not None
    assert handover.document.size == 8


async def test_the_magic_may_come_in_pieces(spool):
    handover = await spool.ready(a_handover(), lambda: pieces(b"%", b"PD", b"", b"F-", b"1"), 30)

    assert handover.document.size == 6


async def test_a_failure_is_forgotten_once_it_was_told(spool, state):
    wanted = a_handover()
    with pytest.raises(AdapterFault):
        await spool.ready(wanted, lambda: pieces(b"junk"), 30)

    handover = await spool.ready(wanted, lambda: pieces(b"%PDF-1.7"), 30)

    assert handover.document is not None
    assert state.vault.ids() == [handover.id]


async def test_a_failure_that_nobody_asks_for_is_kept_as_long_as_the_announcement(spool):
    gate = asyncio.Event()
    wanted = a_handover()
    assert (await spool.ready(wanted, lambda: pieces(b"junk", gate=gate), 0.01)).document is None
    (task,) = spool._running.values()
    gate.set()
    await asyncio.wait([task])
    assert wanted.announcement_id in spool._running

    timers = [t for t in asyncio.get_running_loop()._scheduled if t._callback == spool._forget]
    (timer,) = timers
    assert timer.when() - asyncio.get_running_loop().time() == pytest.approx(ANNOUNCEMENT_SECONDS, abs=5)
    timer._run()

    assert spool._running == {}
    timer.cancel()


async def test_closing_gives_up_what_is_rendered(spool, state):
    wanted = a_handover()
    assert (await spool.ready(wanted, lambda: pieces(gate=asyncio.Event()), 0.01)).document is None

    await spool.close()

    assert await state.holder.handover_of(wanted.announcement_id) is None
    assert state.vault.ids() == []


async def test_a_vault_that_cannot_keep_it_fails_closed(state):
    class NoRoom:
        holds = state.vault.holds

        def create(self, vault_id):
            raise FailedClosed("vault: no room")

    spool = Spool(state.holder, NoRoom(), render_seconds=30, max_bytes=1000)
    with pytest.raises(FailedClosed):
        await spool.ready(a_handover(), lambda: pieces(b"%PDF-1.7"), 30)

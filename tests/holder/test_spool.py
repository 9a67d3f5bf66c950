"""The spool by itself: one rendering at a time, failures kept for the next who asks, nothing left behind."""

import asyncio

import pytest

from connector.core.errors import AdapterFault, FailedClosed, RequestRefused
from connector.core.handover import ANNOUNCEMENT_SECONDS
from connector.holder.purge import purge_expired
from connector.holder.spool import Spool
from tests.kit.state import HandClock, a_handover, opened


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


class KeptLate:
    """The real vault; of a document that is kept already, `finish` never tells: its caller has to be cancelled."""

    def __init__(self, vault):
        self._vault = vault
        self.kept = asyncio.Event()

    def __getattr__(self, name):
        return getattr(self._vault, name)

    def create(self, vault_id):
        writer, kept = self._vault.create(vault_id), self.kept

        class Late:
            write, abort = writer.write, writer.abort

            async def finish(self):
                await writer.finish()
                kept.set()
                await asyncio.Event().wait()

        return Late()


async def test_a_copy_that_is_finished_while_we_stop_is_known_to_the_purge(state):
    vault, wanted = KeptLate(state.vault), a_handover()
    spool = Spool(state.holder, vault, render_seconds=30, max_bytes=1000)
    asked = asyncio.create_task(spool.ready(wanted, lambda: pieces(b"%PDF-1.7"), 30))
    await vault.kept.wait()

    await spool.close()
    await asyncio.wait([asked])

    assert state.vault.ids() == [wanted.id]
    again = Spool(state.holder, state.vault, render_seconds=30, max_bytes=1000)
    assert (await again.ready(wanted, lambda: pieces(b"%PDF-"), 30)).document is not None
    assert state.vault.ids() == [wanted.id]
    await purge_expired(state.holder, state.vault, HandClock(wanted.expires_at))
    assert state.vault.ids() == []


async def test_a_copy_whose_time_ended_while_it_was_rendered_does_not_stay(spool, state):
    wanted = a_handover()

    async def slow():
        yield b"%PDF-1.7"
        assert await purge_expired(state.holder, state.vault, HandClock(wanted.expires_at)) == 1

    with pytest.raises(RequestRefused, match="not available"):
        await spool.ready(wanted, slow, 30)

    assert state.vault.ids() == []


async def test_a_vault_that_cannot_keep_it_fails_closed(state):
    class NoRoom:
        holds = state.vault.holds

        def create(self, vault_id):
            raise FailedClosed("vault: no room")

    spool = Spool(state.holder, NoRoom(), render_seconds=30, max_bytes=1000)
    with pytest.raises(FailedClosed):
        await spool.ready(a_handover(), lambda: pieces(b"%PDF-1.7"), 30)

"""The watchdog is fed while loop and writer answer, and not otherwise."""

import asyncio
from contextlib import suppress

import pytest

from connector.core.errors import FailedClosed
from connector.daemon.pulse import Pulse
from tests.kit.state import opened


class Ears:
    """What the service manager was told."""

    def __init__(self):
        self.heard = []
        self.beaten = asyncio.Event()

    def ready(self):
        self.heard.append("ready")

    reloading = stopping = ready

    def status(self, line):
        self.heard.append(line)
        self.beaten.set()

    def alive(self):
        self.heard.append("alive")


async def a_line():
    return "ready; 3 members listed"


def pulse_of(ears, answers, *, patience=0.03, line=a_line):
    return Pulse(ears, answers=answers, line=line, watchdog_seconds=patience)


async def at_once():
    """A writer that answers."""


async def test_it_beats_again_and_again_while_the_writer_answers(tmp_path):
    ears = Ears()
    async with opened(tmp_path) as state, asyncio.timeout(60):
        pulse = pulse_of(ears, state.answers)
        pulse.start()
        for _ in range(3):
            await ears.beaten.wait()
            ears.beaten.clear()
        await pulse.stop()

    assert ears.heard[:4] == ["alive", "ready; 3 members listed"] * 2


async def test_a_writer_that_hangs_starves_the_watchdog(tmp_path):
    ears, held, asked = Ears(), asyncio.Event(), asyncio.Event()

    async def hangs():
        asked.set()
        await held.wait()

    pulse = pulse_of(ears, hangs)
    pulse.start()
    await asked.wait()
    await pulse.stop()

    assert ears.heard == []


async def test_a_writer_that_cannot_write_still_answers(tmp_path):
    async with opened(tmp_path) as state:
        (tmp_path / "state" / "spsti.sqlite").unlink(missing_ok=True)
        async with asyncio.timeout(60):
            await state.answers()


async def test_a_closed_state_does_not_answer(tmp_path):
    async with opened(tmp_path) as state:
        pass

    with pytest.raises(FailedClosed):
        await state.answers()


async def test_without_a_watchdog_only_the_line_is_kept_up_to_date():
    ears = Ears()

    await pulse_of(ears, at_once, patience=None).beat()

    assert ears.heard == ["ready; 3 members listed"]


async def test_a_line_that_cannot_be_made_does_not_end_the_daemon():
    ears = Ears()

    async def broken():
        raise ValueError("a bug")

    with suppress(AssertionError):
        await pulse_of(ears, at_once, line=broken).beat()

    assert ears.heard == ["alive"]

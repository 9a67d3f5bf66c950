"""The machine failing under a daemon: clocks that are wrong or go back (Debian's faketime), disks that are full."""

import os
import resource
import subprocess
from pathlib import Path

import pytest
import pytest_asyncio

from spsti_sandbox.federation import Federation
from spsti_sandbox.physician import Physician, Refused
from tests.kit.system import CAST, DAEMON, Caller, assert_sound, enlarge, eventually, readiness

ROOM = 6_000_000


@pytest_asyncio.fixture
async def federation_of_two(tmp_path):
    """Services a and c, not started; c asks a."""
    made = Federation.create(tmp_path / "federation", "ac", workers=4, directory="file")
    for service in made.services.values():
        service.command = DAEMON
        service.configure("state", min_free_mb=1)
    try:
        yield made
    finally:
        await made.stop()


class FakeClock:
    """The wall clock of one daemon, by libfaketime; its monotonic clock stays the machine's."""

    def __init__(self, service, folder: Path) -> None:
        library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        self._file = folder / f"clock-{service.letter}"
        service.environment |= {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # else each wait for the interpreter's lock reads the file
        }
        self.set(0)

    def set(self, seconds: int) -> None:
        """Let it differ from the machine's by so much."""
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{seconds:+d}\n")
        beside.replace(self._file)


# ---------------------------------------------------------------- clocks


@pytest.mark.needs_faketime
async def test_a_requester_whose_clock_is_ten_minutes_off_is_told_by_how_much(federation_of_two, tmp_path) -> None:
    holder, us = federation_of_two.services.values()
    clock, camille = FakeClock(us, tmp_path), Physician(us, "en")

    async def fetch_with(seconds):
        clock.set(seconds)
        camille.seconds_ahead = seconds
        if not us.is_running:
            await federation_of_two.start()
        return await camille.fetch_again(CAST.only_at_a.asked, [holder.member_id])

    behind, right, ahead = [await fetch_with(seconds) for seconds in (-600, 0, 600)]

    assert [fetch["services"][0]["code"] for fetch in (behind, right, ahead)] == [
        "mandate.expired",
        None,
        "mandate.not_yet_valid",
    ]
    assert [fetch["state"] for fetch in (behind, right, ahead)] == ["failed", "ready", "failed"]
    for fetch in (behind, ahead):
        assert "clock" in fetch["services"][0]["detail"], fetch["services"][0]
    reasons = [entry["reason"] for entry in await Physician(holder).journal(type="answered")]
    assert reasons == ["mandate.expired", None, "mandate.not_yet_valid"]
    await assert_sound(holder)


@pytest.mark.needs_faketime
async def test_a_daemon_whose_clock_goes_back_answers_and_asks_nothing_until_it_is_right(
    federation_of_two, tmp_path
) -> None:
    holder, us = federation_of_two.services.values()
    clock, camille = FakeClock(holder, tmp_path), Physician(us)
    await federation_of_two.start()
    assert (await camille.fetch(CAST.only_at_a.asked, [holder.member_id]))["state"] == "ready"
    await Physician(holder).awaited(type="end")  # the last entry of that transfer
    before = len(await Physician(holder).journal())

    clock.set(-600)

    status, faults = await readiness(holder)
    assert (status, list(faults)) == (503, ["state"])
    assert "clock" in faults["state"]
    fetch = await camille.fetch_again(CAST.only_at_a.asked, [holder.member_id])
    assert fetch["services"][0]["reply"] == "unavailable"
    assert fetch["services"][0]["code"] == "ledger.unavailable"
    with pytest.raises(Refused) as refused:
        await Physician(holder, seconds_ahead=-600).start(CAST.newer_at_b.asked, [us.member_id])
    assert refused.value.status == 503
    assert len(await Physician(holder).journal()) == before

    clock.set(0)

    assert (await readiness(holder))[0] == 200
    assert (await camille.fetch_again(CAST.only_at_a.asked, [holder.member_id]))["state"] == "ready"
    await assert_sound(holder, us)


@pytest.mark.needs_faketime
async def test_a_daemon_that_starts_with_its_clock_gone_back_is_not_ready(federation_of_two, tmp_path) -> None:
    holder = federation_of_two.services["a"]
    clock = FakeClock(holder, tmp_path)
    await holder.start()
    await holder.stop()
    clock.set(-600)

    with pytest.raises(Exception, match="clock"):
        await holder.start()

    clock.set(0)
    await holder.stop()
    await holder.start()
    assert (await readiness(holder))[0] == 200


# ---------------------------------------------------------------- disks


@pytest.fixture
def small_disk(federation_of_two):
    """Gives a service a small disk of its own for its state; all of them are given back."""
    mounted = []

    def give(service) -> Path:
        state = service.folder / "state"
        state.mkdir(mode=0o700)
        _mount(state, f"size={ROOM},mode=700")
        mounted.append(state)
        return state

    yield give
    for state in mounted:
        subprocess.run(["umount", "-l", state], check=True)


def _mount(state: Path, options: str) -> None:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", state], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"root may not mount a tmpfs here: {done.stderr.decode().strip()}")


def fill(state: Path) -> Path:
    """Take all the room that is left."""
    filler = state / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (64 * 1024, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass
    return filler


@pytest.mark.needs_root
async def test_nothing_leaves_a_holder_whose_disk_is_full_and_it_recovers(federation_of_two, small_disk) -> None:
    holder, us = federation_of_two.services.values()
    state, camille = small_disk(holder), Physician(us)
    await federation_of_two.start()
    filler = fill(state)

    async def is_refused():
        fetch = await camille.fetch(CAST.only_at_a.asked, [holder.member_id], lookup_only=True)
        return fetch["services"][0] if fetch["services"][0]["reply"] != "announced" else None

    reply = await eventually(is_refused)

    assert (reply["reply"], reply["code"]) == ("unavailable", "ledger.unavailable")
    before = await Physician(holder).journal()
    async with Caller(us, holder).line() as line:
        refused = await line.lookup()
    assert refused.status == 503
    assert refused.header("DMST-Receipt") is None
    assert refused.header("Retry-After") is not None
    assert await Physician(holder).journal() == before
    status, faults = await readiness(holder)
    assert (status, list(faults)) == (503, ["state"])
    assert holder.is_running

    filler.unlink()

    assert (await camille.fetch(CAST.only_at_a.asked, [holder.member_id]))["state"] == "ready"
    assert (await readiness(holder))[0] == 200
    await assert_sound(holder)


@pytest.mark.needs_root
async def test_a_requester_whose_disk_is_full_asks_nobody_and_recovers(federation_of_two, small_disk) -> None:
    holder, us = federation_of_two.services.values()
    state, camille = small_disk(us), Physician(us)
    await federation_of_two.start()
    filler = fill(state)

    async def refusal():
        try:
            await camille.fetch(CAST.only_at_a.asked, [holder.member_id], lookup_only=True)
        except Refused as error:
            return error
        return None

    error = await eventually(refusal)

    assert (error.status, error.code) == (503, "ledger.unavailable")
    asked = len(await Physician(holder).journal(type="answered"))
    assert (await refusal()).status == 503
    assert len(await Physician(holder).journal(type="answered")) == asked
    assert (await readiness(us))[0] == 503

    filler.unlink()

    assert (await camille.fetch(CAST.only_at_a.asked, [holder.member_id]))["state"] == "ready"
    assert (await readiness(us))[0] == 200
    await assert_sound(us)


@pytest.mark.needs_root
async def test_a_document_that_does_not_fit_is_never_shown_and_comes_once_there_is_room(
    federation_of_two, small_disk
) -> None:
    holder, us = federation_of_two.services.values()
    state, camille = small_disk(us), Physician(us)
    enlarge(holder, CAST.only_at_a, 2 * ROOM)
    await federation_of_two.start()

    fetch = await camille.fetch(CAST.only_at_a.asked, [holder.member_id])

    assert fetch["state"] in {"choosing", "failed", "downloading"}, fetch
    with pytest.raises(Refused, match=r"fetch\.no_document"):
        await camille.read(fetch["id"])
    assert not [path for path in state.rglob("*") if path.is_file() and b"%PDF" in path.read_bytes()]
    _mount(state, f"remount,size={10 * ROOM}")
    assert (await camille.fetch(CAST.only_at_a.asked, [holder.member_id]))["state"] == "ready"
    await assert_sound(us, holder)


async def test_a_holder_that_may_write_no_longer_file_answers_nothing_and_recovers(federation_of_two) -> None:
    holder, us = federation_of_two.services.values()
    camille = Physician(us)
    await federation_of_two.start()
    pid, limit = holder.process.pid, resource.RLIMIT_FSIZE
    before = resource.prlimit(pid, limit)
    largest = max(path.stat().st_size for path in (holder.folder / "state").glob("state.db*"))
    assert largest > holder.log.stat().st_size
    resource.prlimit(pid, limit, (largest, before[1]))

    async def is_refused():
        fetch = await camille.fetch(CAST.only_at_a.asked, [holder.member_id], lookup_only=True)
        return fetch["services"][0] if fetch["services"][0]["reply"] != "announced" else None

    reply = await eventually(is_refused)

    assert (reply["reply"], reply["code"]) == ("unavailable", "ledger.unavailable"), reply
    assert (await readiness(holder))[0] == 503
    resource.prlimit(pid, limit, before)
    assert (await camille.fetch(CAST.only_at_a.asked, [holder.member_id]))["state"] == "ready"
    assert (await readiness(holder))[0] == 200
    assert os.getpgid(pid)
    await assert_sound(holder)

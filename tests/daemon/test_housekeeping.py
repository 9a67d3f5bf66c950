"""Old copies of the database end on time, unless the clock may not be believed."""

from connector.daemon.retention import Housekeeping
from tests.kit.state import T0, HandClock, opened, settings_in

DAY = 86_400


async def test_a_clock_that_jumps_deletes_no_copy_for_a_day(tmp_path):
    settings, clock = settings_in(tmp_path), HandClock()
    async with opened(tmp_path, clock, settings=settings) as state:
        copy = settings.backups / "before-upgrade-20261101T000000Z-m001_state-0.1.db"
        settings.backups.mkdir(exist_ok=True)
        copy.write_bytes(b"a copy")
        await state.tidy()
    jumped = HandClock(T0 + 400 * DAY)
    async with opened(tmp_path, jumped, settings=settings) as state:
        house = Housekeeping(state, settings, jumped)

        await house.run()
        assert copy.exists()
        assert await house.retention.waits()
        jumped.at += DAY
        await house.run()
        assert not copy.exists()

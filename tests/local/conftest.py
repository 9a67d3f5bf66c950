"""A house in memory behind a real socket."""

import aiohttp
import pytest

from tests.kit.local_side import House
from tests.kit.local_values import KEY


@pytest.fixture
def house():
    return House(keep_alive_seconds=0.05, max_streams=3, drain_seconds=2.0)


@pytest.fixture
async def address(house):
    runner, address = await house.serve()
    yield address
    await runner.cleanup()


@pytest.fixture
async def api(address):
    """A caller with a key that may do everything in the name of the physician and the nurse."""
    async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {KEY}"}) as session:
        yield session

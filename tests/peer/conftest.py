"""For each test, a running holder with a connection to it, or a client of ours at a holder of the test's own."""

import pytest

from tests.kit.holder_house import a_house, a_line
from tests.kit.peer_desk import a_desk


@pytest.fixture
async def house(tmp_path):
    async with a_house(tmp_path) as running:
        yield running


@pytest.fixture
async def line(house):
    async with a_line(house) as connected:
        yield connected


@pytest.fixture
async def desk(tmp_path):
    async with a_desk(tmp_path) as made:
        yield made

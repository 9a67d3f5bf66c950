"""A running holder and a connection to it, for each test."""

import pytest

from tests.kit.holder_house import a_house, a_line


@pytest.fixture
async def house(tmp_path):
    async with a_house(tmp_path) as running:
        yield running


@pytest.fixture
async def line(house):
    async with a_line(house) as connected:
        yield connected

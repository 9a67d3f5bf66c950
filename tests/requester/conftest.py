"""A requester for each test."""

import pytest

from tests.kit.requester_office import an_office


@pytest.fixture
async def office(tmp_path):
    async with an_office(tmp_path) as made:
        yield made

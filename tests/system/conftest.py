"""One federation of real processes for all the tests that leave it as they found it."""

from pathlib import Path

import pytest
import pytest_asyncio

from spsti_sandbox.federation import Federation
from tests.kit.system import DAEMON

HERE = Path(__file__).parent
LONG_LIVED = {"federation", "couple", "with_insi", "signed", "apart"}
"""Fixtures whose processes outlive one test: their tests run in the loop that the processes belong to."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of long-lived processes one loop for all of them."""
    for item in items:
        if item.path.is_relative_to(HERE) and pytest_asyncio.is_async_test(item) and LONG_LIVED & {*item.fixturenames}:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def federation(tmp_path_factory):
    """Services a, b and c, running; c asks a and b."""
    made = Federation.create(tmp_path_factory.mktemp("federation"), workers=12)
    for service in made.services.values():
        service.command = DAEMON
        service.configure("requester", deadline_seconds=30.0)
        service.raise_limits()
    try:
        await made.start()
        yield made
    finally:
        await made.stop()

"""What the guard tells, the clock it goes by, and guarded sources that are closed at the end of the test."""

import pytest

from connector.contract.guard import SourceGuard, guard_source
from tests.contract.guarding import PATIENT, Seen
from tests.contract.vendors import HandClock


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def guarded(seen, clock):
    """Make guarded sources, closed at the end of the test."""
    made: list[SourceGuard] = []

    def make(source, settings=PATIENT):
        made.append(guard_source(source, settings, name="acme", clock=clock, report=seen.append))
        return made[-1]

    yield make
    for one in made:
        await one.close()

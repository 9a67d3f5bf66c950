"""The kit on which the contracts of the ports run: the real state, in a directory of the test's own."""

import pytest

from connector.core.ledger import Tree
from tests.kit.state import T0, HandClock, a_used_mandate, an_entry, opened


class Kit:
    """One part of an open state, seen through its port, with what a contract needs to look at."""

    def __init__(self, directory, part, clock):
        self.directory, self.part, self.clock = directory, part, clock
        self._holding = None

    async def __aenter__(self):
        self._holding = opened(self.directory, self.clock)
        self.state = await self._holding.__aenter__()
        self.store = getattr(self.state, self.part)
        self.outbox = self.state.traces
        return self

    async def __aexit__(self, *_):
        await self._holding.__aexit__(None, None, None)

    async def reopen(self):
        """The same state after a restart."""
        await self.__aexit__()
        return await self.__aenter__()

    async def told(self):
        """Type and reference of every entry of both ledgers, as appended (the exchange's first)."""
        found = [await self.state.journal.entries(tree, limit=1000) for tree in Tree]
        return [(entry.type, entry.ref) for entries in found for entry in reversed(entries)]

    async def traces(self):
        return await self.state.traces.due_traces(T0)

    async def keep(self, trace):
        await self.state.holder.answer(entry=an_entry(), used=a_used_mandate(), trace=trace)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
async def holder_kit(tmp_path, clock):
    async with Kit(tmp_path, "holder", clock) as kit:
        yield kit


@pytest.fixture
async def requester_kit(tmp_path, clock):
    async with Kit(tmp_path, "requester", clock) as kit:
        yield kit

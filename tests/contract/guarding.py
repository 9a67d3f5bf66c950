"""Sources and sinks under the guard, for the tests of what it keeps off."""

import pytest

from connector.contract.faults import FaultSeen
from connector.contract.settings import GuardSettings
from connector.core.codes import Code
from connector.core.errors import AdapterFault
from tests.contract.vendors import (
    ANNOUNCEMENT,
    AsyncSource,
    PlainSource,
)

SECRET = "DUPONT 279035121518989"
QUICK = GuardSettings(
    look_seconds=0.05, chunk_seconds=0.05, trace_seconds=0.05, file_seconds=0.5, wait_seconds=0.05, close_seconds=0.05
)
PATIENT = GuardSettings(look_seconds=20, chunk_seconds=20, file_seconds=20, wait_seconds=20)


class Seen(list[FaultSeen]):
    def codes(self) -> list[Code]:
        return [fault.code for fault in self]


async def fault_of(awaitable) -> AdapterFault:
    with pytest.raises(AdapterFault) as caught:
        await awaitable
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value


async def read(guard, announcement=ANNOUNCEMENT, **limits) -> bytes:
    return b"".join([piece async for piece in guard.document(announcement, **limits)])


def raising(error):
    def look(ins):
        raise error

    return look


both_kinds = pytest.mark.parametrize("kind", [AsyncSource, PlainSource])


async def pieces_of(*pieces):
    for piece in pieces:
        yield piece

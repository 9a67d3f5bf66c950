"""The inspector with its real child, started once for all tests."""

import asyncio
import hashlib

import pytest

from connector.core.evidence import DocumentDigest
from connector.inspection.inspector import PdfInspector
from connector.inspection.settings import InspectionSettings


class Paper:
    """A vault writer that keeps its bytes."""

    def __init__(self) -> None:
        self.data, self.is_finished, self.is_aborted = b"", False, False

    def write(self, data: bytes) -> None:
        self.data += data

    async def finish(self) -> DocumentDigest:
        self.is_finished = True
        return DocumentDigest(hashlib.sha256(self.data).digest(), len(self.data))

    def abort(self) -> None:
        self.is_aborted = True


async def look_into(inspector, data: bytes, paper: Paper | None = None):
    """Inspect some bytes, handed over in pieces."""
    pieces = iter([data[at : at + 65_536] for at in range(0, len(data), 65_536)])
    return await inspector.inspect(pieces, len(data), lambda: paper or Paper())


@pytest.fixture(scope="module")
def lens():
    """With the defaults: everything is stripped."""
    inspector = PdfInspector(InspectionSettings())
    yield inspector
    asyncio.run(inspector.close())


@pytest.fixture
async def make():
    """Make inspectors with other settings."""
    made = []

    def one(**settings) -> PdfInspector:
        made.append(PdfInspector(InspectionSettings(**settings)))
        return made[-1]

    yield one
    for inspector in made:
        await inspector.close()

"""A house behind a real socket, and browsers that sign in at it."""

import aiohttp
import pytest

from tests.kit.local_side import House
from tests.kit.signin import BROWSER, cookies


@pytest.fixture
def house():
    return House(drain_seconds=2.0)


@pytest.fixture
async def address(house):
    runner, address = await house.serve()
    yield address
    await runner.cleanup()


@pytest.fixture
async def browse(address):
    """Open a browser, signed in where it is given a session's cookie; it follows no redirect by itself."""
    opened = []

    def open_(token="", **headers):
        known = cookies(token) if token else {"User-Agent": BROWSER}
        known |= {"Accept": "text/html", "Accept-Language": "en", "Origin": address}
        session = aiohttp.ClientSession(
            address, headers=known | headers, cookie_jar=aiohttp.DummyCookieJar(), raise_for_status=False
        )
        opened.append(session)
        return session

    yield open_
    for session in opened:
        await session.close()

"""People at the pages of a house in memory, by HTTP alone."""

import re

import aiohttp
import pytest

from connector.core.people import Role
from tests.kit.local_side import PHYSICIAN_ID, House
from tests.kit.signin import BROWSER


class Visitor:
    """A browser without a script, signed in: gets pages, and sends their forms with their token."""

    def __init__(self, session, house, address, csrf):
        self.session, self.house, self.address, self.csrf = session, house, address, csrf

    async def get(self, path, status=200, **headers):
        async with self.session.get(path, headers=headers, allow_redirects=False) as answer:
            assert answer.status == status, await answer.text()
            return await answer.text()

    async def post(self, path, *fields, status=303, **values):
        """Send a form; gives where the answer leads, or the page that is answered instead."""
        sent = [("csrf", self.csrf), *fields, *values.items()]
        headers = {"Origin": self.address}
        async with self.session.post(path, data=sent, headers=headers, allow_redirects=False) as answer:
            assert answer.status == status, (answer.status, plain(await answer.text()))
            return answer.headers["Location"] if status == 303 else await answer.text()


def plain(page):
    """The words of a page, without markup and with single spaces."""
    page = re.sub(r"<(script|style).*?</\1>", " ", page, flags=re.DOTALL)
    page = re.sub(r"<[^>]*>", " ", page).replace("&#39;", "'").replace("&amp;", "&")
    return " ".join(page.split())


@pytest.fixture
def house():
    return House()


@pytest.fixture
async def visit(house):
    """Sign somebody with these roles in; the physician of the house where none is named."""
    sessions = []
    runner, address = await house.serve()

    async def enter(*roles, language="fr", **more):
        if not roles:
            roles, more = (Role.PHYSICIAN,), {"name": "Dr Simone Ajout", "practitioner": PHYSICIAN_ID, **more}
        person = await house.sign_in.person(*roles, **more)
        token, csrf = await house.sign_in.cookie(person)
        headers = {
            "Cookie": f"spsti_session={token}",
            "User-Agent": BROWSER,
            "Accept": "text/html",
            "Accept-Language": language,
        }
        sessions.append(aiohttp.ClientSession(address, headers=headers, cookie_jar=aiohttp.DummyCookieJar()))
        visitor = Visitor(sessions[-1], house, address, csrf)
        visitor.person = person
        return visitor

    yield enter
    for session in sessions:
        await session.close()
    await runner.cleanup()

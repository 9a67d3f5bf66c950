"""People at the pages: of a house in memory by HTTP alone, and of a running federation in a real browser."""

import re

import aiohttp
import pytest
import pytest_asyncio

from connector.core.people import Role
from spsti_sandbox.federation import NURSE as DOMINIQUE
from spsti_sandbox.federation import PHYSICIAN as CAMILLE
from spsti_sandbox.federation import Federation
from spsti_sandbox.people import enrol
from tests.kit.local_side import House
from tests.kit.local_values import PHYSICIAN_ID
from tests.kit.signin import BROWSER
from tests.pages.browsing import CHROMIUM, People, arguments


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


def named_by(page):
    """The SHA-256 by which a page names the document that it shows."""
    return re.search(r"/document\?sha256=([A-Za-z0-9_-]{43})#", page)[1]


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


# ------------------------------------------------------------------------------------------------ a real browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def people(tmp_path_factory):
    """Services a, b and c, running, and Debian's chromium; people of c with accounts."""
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not here: apt-get install chromium (scripts/ci-packages)")
    made = Federation.create(tmp_path_factory.mktemp("pages"), workers=12)
    for service in made.services.values():
        service.configure("requester", deadline_seconds=30.0)
        service.raise_limits()
    try:
        await made.start()
        service = made.services["c"]
        everything_else = ["identity-officer", "administrator", "auditor", "dpo"]
        accounts = {
            "physician": await enrol(service, "Dr Camille DURAND", ["physician"], "camille", practitioner=CAMILLE.id),
            "nurse": await enrol(service, "Dominique MARTIN", ["nurse"], "dominique", practitioner=DOMINIQUE.id),
            "assistant": await enrol(service, "Claude ACCUEIL", ["assistant"], "claude"),
            "staff": await enrol(service, "Sacha RESEAU", everything_else, "sacha"),
        }
        async with playwright.async_playwright() as driver:
            chromium = await driver.chromium.launch(executable_path=CHROMIUM, args=arguments())
            found = People(chromium, service, accounts)
            found.federation = made
            yield found
            await chromium.close()
    finally:
        await made.stop()

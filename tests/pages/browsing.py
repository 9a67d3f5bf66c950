"""A real browser at the pages of a running service: signing in, pictures, and what axe finds."""

import os
import re
from contextlib import asynccontextmanager
from pathlib import Path

from axe_playwright_python.async_playwright import Axe

from tests.kit.system import CAST

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "pages"
CHROMIUM = Path("/usr/bin/chromium")
PATIENCE = 60_000
"""Milliseconds that a page may take to show what is waited for."""
DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 360, "height": 740}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}}
WORKER = CAST.newer_at_b


def arguments():
    """Chromium's sandbox does not start as root, which a build machine may be."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


class People:
    """Accounts at service c, each signed in once: a code of the second factor is good once."""

    def __init__(self, chromium, service, accounts):
        self.chromium, self.service, self.accounts = chromium, service, accounts
        self._states = {}

    @asynccontextmanager
    async def at(self, name="physician", *, viewport=DESKTOP, locale="fr-FR", scheme="light", scripts=True):
        """Give a page of somebody who is signed in; a script's fault on it fails the test."""
        if name not in self._states:
            self._states[name] = await self._sign_in(name)
        context = await self.chromium.new_context(
            base_url=self.service.local_url,
            viewport=viewport,
            locale=locale,
            color_scheme=scheme,
            storage_state=self._states[name],
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        page, faults = await context.new_page(), []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
        try:
            yield page
        finally:
            await context.close()
        assert faults == []

    @asynccontextmanager
    async def stranger(self, *, viewport=DESKTOP, scheme="light"):
        """Give a page of somebody who is not signed in."""
        context = await self.chromium.new_context(
            base_url=self.service.local_url, viewport=viewport, locale="fr-FR", color_scheme=scheme
        )
        try:
            page = await context.new_page()
            page.set_default_timeout(PATIENCE)
            yield page
        finally:
            await context.close()

    async def _sign_in(self, name):
        account = self.accounts[name]
        context = await self.chromium.new_context(base_url=self.service.local_url, locale="fr-FR")
        page = await context.new_page()
        page.set_default_timeout(PATIENCE)
        await page.goto("/fetch")
        assert "/login" in page.url
        await page.fill("#login", account.login)
        await page.fill("#password", account.password)
        await page.fill("#code", account.code())
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".who form")
        state = await context.storage_state()
        await context.close()
        return state


async def assert_accessible(page, shot):
    """Keep a picture of the page as it is, and see that axe finds no violation on it."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SHOTS / f"{shot}.png", full_page=True)
    found = await Axe().run(page, options=RULES)
    told = [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found.response["violations"]]
    assert told == [], f"{shot}: {told}"
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{shot}: the page is wider than the screen"


async def fill(page, member=WORKER, *, services=("Dijon", "Besançon")):
    """Fill the fetch page as somebody would who has the worker before them."""
    traits = member.asked.traits
    year, month, day = traits.birth_date.value.split("-")
    await page.goto("/fetch")
    await page.fill("#matricule", member.asked.ins.matricule.value)
    await page.fill("#birth_name", traits.birth_name)
    await page.fill("#birth_given_names", " ".join(traits.birth_given_names))
    await page.select_option("#sex", traits.sex.value)
    await page.fill("#birth_date", f"{day}/{month}/{year}")
    await page.fill("#birth_place", traits.birth_place)
    await page.fill("#verified_on", str(member.asked.verified_on))
    await page.check("#qualified")
    for name in services:
        await page.fill("#services", name)
        await page.wait_for_selector("#services-list [role=option]")
        await page.keyboard.press("Enter")
    await page.check("input[name=means][value=oral]")
    await page.check("input[name=informed_when][value=now]")
    await page.select_option("#informed_by", "physician")
    await page.select_option("#visit", "initial")
    await page.check("#no_objection")


async def send(page):
    """Send the form; copies of earlier tests that are still kept are deleted first, one by one."""
    async with page.expect_navigation():
        await page.click(".send .main")
    again = page.locator("button[name=again]")
    while await again.count():
        async with page.expect_navigation():
            await again.click()
    await page.wait_for_url(re.compile(r"/fetches/[0-9a-f]{32}"))


def fetch_id(page):
    """The id of the fetch whose page this is."""
    return re.search(r"/fetches/([0-9a-f]{32})", page.url)[1]


def said_of_withheld(name):
    """The sentence of the issue, word for word."""
    return f"{name} n'a transmis aucun dossier. Cela ne veut pas dire qu'il n'en existe pas."

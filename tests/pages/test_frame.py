"""What every page has: its headers, its language, its errors in words; without a browser."""

import re
from pathlib import Path

import aiohttp
import pytest

from connector.local.pages.texts import TEXTS
from connector.local.words import Language
from tests.kit.local_side import House

STATIC = Path(__file__).parents[2] / "connector/local/static"
TEMPLATES = STATIC.parent / "templates"
HTML = {"Accept": "text/html"}


@pytest.fixture
async def browser():
    runner, address = await House().serve()
    async with aiohttp.ClientSession(address, headers=HTML, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session
    await runner.cleanup()


def test_both_languages_have_the_same_texts_with_the_same_places():
    french, english = TEXTS[Language.FR], TEXTS[Language.EN]
    places = re.compile(r"\{[a-z_]*\}")

    assert set(french) == set(english)
    assert [key for key in french if sorted(places.findall(french[key])) != sorted(places.findall(english[key]))] == []


@pytest.mark.parametrize("language", Language)
def test_no_text_calls_what_the_worker_was_told_a_consent(language):
    assert [key for key, text in TEXTS[language].items() if "consent" in text.lower()] == []


def test_no_template_holds_script_style_or_another_origin():
    # A policy without inline would make them dead, and a browser would only say so in its console.
    forbidden = re.compile(r"<script(?![^>]*\bsrc=\"/static/)|<style|\bstyle=|\bon[a-z]+=|https?://|\|\s*safe\b")
    found = [path.name for path in TEMPLATES.rglob("*.html") if forbidden.search(path.read_text(encoding="utf-8"))]

    assert found == []


def test_no_script_makes_markup_of_text():
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://")

    assert [path.name for path in STATIC.glob("*.js") if forbidden.search(path.read_text(encoding="utf-8"))] == []


async def test_a_path_that_is_none_is_told_in_words_and_in_the_browsers_language(browser):
    async with browser.get("/nowhere", headers={"Accept-Language": "en"}) as answer:
        page = await answer.text()

    assert answer.status == 404
    assert answer.headers["Content-Language"] == "en"
    assert "There is no such page." in page
    assert '<html lang="en">' in page


async def test_a_page_allows_nothing_inline_and_nothing_from_elsewhere(browser):
    async with browser.get("/nowhere") as answer:
        policy = answer.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"


async def test_another_host_is_refused_in_words(browser):
    async with browser.get("/nowhere", headers={"Host": "evil.example"}) as answer:
        page = await answer.text()

    assert answer.status == 403
    assert "local.forbidden" in page
    assert "evil" not in page


async def test_the_api_is_never_answered_with_a_page(browser):
    async with browser.get("/api/v1/fetches") as answer:
        assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("name", ["style.css", "page.js", "mark.svg"])
async def test_a_file_is_asked_for_again_only_when_it_changed(browser, name):
    async with browser.get(f"/static/{name}") as first:
        tag = first.headers["ETag"]
    async with browser.get(f"/static/{name}", headers={"If-None-Match": tag}) as second:
        assert (first.status, second.status) == (200, 304)


@pytest.mark.parametrize("name", ["absent.css", "..%2fpages%2f__init__.py", "style.css%00"])
async def test_nothing_but_the_files_of_the_pages_is_given(browser, name):
    async with browser.get(f"/static/{name}") as answer:
        assert answer.status == 404


async def test_the_language_is_kept_and_one_comes_back_to_the_page(browser):
    async with browser.get("/language/en?back=/fetches", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/fetches")
        assert "HttpOnly" in answer.headers["Set-Cookie"]
    async with browser.get("/nowhere", headers={"Accept-Language": "fr"}) as answer:
        assert answer.headers["Content-Language"] == "en"


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil", "javascript:1", "/a%0d%0ab"])
async def test_the_language_switch_leads_nowhere_else(browser, back):
    async with browser.get("/language/fr", params={"back": back}, allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/"

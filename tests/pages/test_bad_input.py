"""What is wrong or forged, at the pages: told in words, in both languages, and standing in the journal.

What a running federation shows (a double click, a closed tab, a service that is gone) is in test_journey; a document
that fails its check and a right withdrawn meanwhile are in test_fetching.
"""

import aiohttp
import pytest
from pyotp import TOTP

from connector.core.codes import Code
from connector.core.people import Role
from connector.local.sign_in.launching import VendorKey
from connector.local.sign_in.lockout import OF_AN_ADDRESS
from connector.local.words import Language, of_code
from connector.wire.launch import vendor_key
from tests.kit.local_values import PHYSICIAN_ID
from tests.kit.signin import BROWSER
from tests.pages.conftest import plain
from tests.pages.test_fetching import LABEL
from tests.signin.test_launch import FOREIGN, PRIVATE, pem_of, token

PASSWORD = "Coquelicot-sous-la-neige"

pytestmark = pytest.mark.parametrize("language", Language)


def assert_told(page, code, language):
    """The page says what happened and what to do, in words of that language, and its code."""
    words, page = of_code(code, language), plain(page)
    assert words.text in page
    assert words.next in page


@pytest.fixture
def vendor(house):
    key = VendorKey(vendor_key("vendor", pem_of(PRIVATE)), frozenset({PHYSICIAN_ID}), False)
    house.sign_in.desk.launching.replace({"vendor": key})


LAUNCHES = {
    "expired": ({"iat": 1_700_000_000, "exp": 1_700_000_060}, Code.LAUNCH_EXPIRED),
    "of another key": ({"key": FOREIGN}, Code.LAUNCH_SIGNATURE),
    "for another service": ({"aud": "318751275100038"}, Code.LAUNCH_AUDIENCE),
}


async def launch(visitor, sent):
    cross = {"Origin": "https://dmst.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with visitor.session.post("/launch", data={"token": sent}, headers=cross, allow_redirects=False) as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize("case", LAUNCHES)
async def test_a_launch_token_that_is_no_good(visit, house, vendor, language, case):
    changes, code = LAUNCHES[case]
    status, page = await launch(await visit(language=language.value), token(house, **changes))

    assert status >= 400
    assert_told(page, code, language)
    assert house.sign_in.kept.types()[-1] == ("launch-refused", code)


async def test_a_launch_token_that_comes_again(visit, house, vendor, language):
    visitor, sent = await visit(language=language.value), token(house)
    await launch(visitor, sent)

    status, page = await launch(visitor, sent)

    assert status == 410
    assert_told(page, Code.LAUNCH_REPLAYED, language)
    assert house.sign_in.kept.types()[-1] == ("launch-refused", Code.LAUNCH_REPLAYED)


@pytest.mark.parametrize("header", ["Origin", "Host"])
async def test_a_forged_header(visit, house, language, header):
    visitor = await visit(language=language.value)
    forged = {"Origin": visitor.address, header: "https://evil.example" if header == "Origin" else "evil.example"}

    async with visitor.session.post("/fetch", data={"csrf": visitor.csrf}, headers=forged) as answer:
        page = await answer.text()

    assert answer.status == 403
    assert_told(page, Code.LOCAL_FORBIDDEN, language)
    entry = house.sign_in.kept.entries[-1]
    assert (entry.type, entry.reason, entry.personal["address"]) == (
        "connection-refused",
        "local.forbidden",
        "127.0.0.1",
    )
    assert header in entry.personal["what"]
    assert "evil" not in page + entry.personal["what"]


async def test_a_form_without_the_token_of_its_page(visit, house, language):
    visitor = await visit(language=language.value)
    visitor.csrf = "another"

    page = await visitor.post("/fetch", status=403)

    assert_told(page, Code.SIGN_IN_FORGED, language)
    assert house.sign_in.kept.types()[-1] == ("connection-refused", "sign_in.forged")


async def test_no_page_of_another_site_fills_the_journal_or_locks_anybody_out(visit, house, language):
    visitor = await visit(language=language.value)
    for _ in range(OF_AN_ADDRESS + 5):
        await visitor.get("/fetch", status=403, Host="evil.example")

    assert house.sign_in.kept.types().count(("connection-refused", "local.forbidden")) == OF_AN_ADDRESS
    await visitor.get("/fetch")
    house.clock.at += 24 * 3600
    await visitor.get("/fetch", status=403, Host="evil.example")
    assert house.sign_in.kept.types().count(("connection-refused", "local.forbidden")) == OF_AN_ADDRESS + 1


async def test_a_wrong_code_of_the_second_factor(visit, house, language):
    visitor = await visit(Role.AUDITOR, language=language.value)
    accounts = house.sign_in.accounts
    code, _ = await accounts.invite(visitor.person.id, "Camille")
    begun = await accounts.begin(code, "auditor", PASSWORD, "")
    await accounts.finish(code, TOTP(begun.secret).at(house.clock.now()), "")
    form = {"login": "auditor", "password": PASSWORD, "code": "000000"}
    headers = {"Origin": visitor.address, "Accept": "text/html", "Accept-Language": language.value}

    async with (
        aiohttp.ClientSession(visitor.address, headers=headers) as browser,
        browser.post("/login", data=form) as answer,
    ):
        page = await answer.text()

    assert answer.status == 401
    assert_told(page, Code.SIGN_IN_FAILED, language)
    assert house.sign_in.kept.types()[-1] == ("sign-in-refused", "sign_in.failed")


async def test_a_session_that_is_used_from_another_browser(visit, house, language):
    visitor = await visit(language=language.value)

    page = await visitor.get("/fetch", status=401, **{"User-Agent": f"{BROWSER} Other/2.0"})

    assert_told(page, Code.SIGN_IN_OTHER_BROWSER, language)
    assert house.sign_in.kept.types()[-1] == ("signed-out", "other-browser")


LABELS = {
    "of another format": ("3760123456789", Code.DATAMATRIX_MALFORMED),
    "without its separators": (LABEL.replace("\x1d", "-"), Code.DATAMATRIX_AMBIGUOUS),
    "of another world": (LABEL.replace("1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.2"), Code.IDENTITY_OID),
}


@pytest.mark.parametrize("case", LABELS)
async def test_a_label_that_is_no_good(visit, house, language, case):
    label, code = LABELS[case]
    visitor = await visit(language=language.value)

    page = await visitor.post("/fetch/label", label=label, status=422)

    assert_told(page, code, language)
    entry = house.vigilance.identity_store.entries[-1]
    assert (entry.type, entry.outcome, entry.reason) == ("identity", "label-refused", code)
    assert entry.personal == {"recorded_by": f"person:{visitor.person.id}"}

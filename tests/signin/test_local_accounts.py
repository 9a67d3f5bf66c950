"""Local accounts through the pages: enrolment, sign-in with a second factor, and what is refused."""

import asyncio
import re

import pytest
import zxingcpp
from PIL import Image
from pyotp import TOTP

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.people import Role

PASSWORD = "Coquelicot-sous-la-neige"


def secret_of(page):
    return re.search(r'id="secret">([A-Z2-7]+)<', page)[1]


def scanned(page):
    """What a telephone reads from the code on the page."""
    size = int(re.search(r'<svg class="qr" viewBox="0 0 (\d+) \1"', page)[1])
    picture = Image.new("L", (size, size), 255)
    for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", page):
        picture.putpixel((int(x), int(y)), 0)
    (read,) = zxingcpp.read_barcodes(picture.resize((size * 4, size * 4), Image.Resampling.NEAREST))
    return read.text


@pytest.fixture
async def enrolled(house, browse):
    """A nurse with an account; gives person, secret and recovery codes."""
    person = await house.sign_in.person(Role.NURSE)
    code, _ = await house.sign_in.accounts.invite(person.id, "Camille")
    form = {"enrolment": code.lower(), "login": "Nurse.Essai", "password": PASSWORD, "repeated": PASSWORD}
    async with browse().post("/enrol", data=form) as answer:
        page = await answer.text()
        assert answer.status == 200, page
    secret = secret_of(page)
    second = {"enrolment": code, "second": TOTP(secret).at(house.clock.now())}
    async with browse().post("/enrol", data=second) as answer:
        page = await answer.text()
        assert answer.status == 200, page
    house.clock.at += 30
    return person, secret, re.findall(r"<li><code>([A-Z2-7-]+)</code>", page)


async def sign_in(browse, *, login="nurse.essai", password=PASSWORD, code="", **more):
    form = {"login": login, "password": password, "code": code} | more
    async with browse().post("/login", data=form, allow_redirects=False) as answer:
        return answer.status, answer.headers, await answer.text()


async def test_password_and_second_factor_open_a_session(house, browse, enrolled):
    person, secret, _ = enrolled
    now = house.clock.now()

    status, headers, _ = await sign_in(browse, code=TOTP(secret).at(now), next="/fetch?launched=1")

    assert (status, headers["Location"]) == (303, "/fetch?launched=1")
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    (session,) = house.sign_in.kept.sessions.values()
    assert (session.person_id, session.auth.means, session.auth.level) == (person.id, "own", "substantial")
    assert house.sign_in.kept.types()[-1][0] == "signed-in"


@pytest.mark.parametrize(
    "wrong", [{"code": "000000"}, {"password": "another one, long"}, {"login": "nobody"}, {"code": ""}]
)
async def test_any_wrong_part_is_answered_alike_and_journalled(house, browse, enrolled, wrong):
    _, secret, _ = enrolled
    right = {"code": TOTP(secret).at(house.clock.now())}

    status, _, page = await sign_in(browse, **(right | wrong))

    assert status == 401
    assert "Login, password or code is not right." in page
    assert PASSWORD not in page
    assert house.sign_in.kept.types()[-1] == ("sign-in-refused", "sign_in.failed")


async def test_a_code_of_the_second_factor_is_good_once(house, browse, enrolled):
    _, secret, _ = enrolled
    code = TOTP(secret).at(house.clock.now())
    assert (await sign_in(browse, code=code))[0] == 303

    assert (await sign_in(browse, code=code))[0] == 401


async def test_a_recovery_code_is_good_once(browse, enrolled):
    code = enrolled[2][0]
    assert (await sign_in(browse, code=code))[0] == 303

    assert (await sign_in(browse, code=code))[0] == 401


async def test_five_failures_lock_the_account_even_for_the_right_password_and_say_whom_to_call(house, browse, enrolled):
    _, secret, _ = enrolled
    for _ in range(5):
        assert (await sign_in(browse, code="000000"))[0] == 401

    status, _, page = await sign_in(browse, code=TOTP(secret).at(house.clock.now()))
    assert status == 429
    assert "poste 4242" in page
    house.clock.at += 15 * 60
    assert (await sign_in(browse, code=TOTP(secret).at(house.clock.now())))[0] == 303


async def test_twenty_failures_lock_the_address_for_every_account(house, browse, enrolled):
    _, secret, _ = enrolled
    for number in range(20):
        await sign_in(browse, login=f"other{number}", code="000000")

    assert (await sign_in(browse, code=TOTP(secret).at(house.clock.now())))[0] == 429


async def test_a_suspended_person_does_not_sign_in(house, browse, enrolled):
    person, secret, _ = enrolled
    await house.sign_in.staff.suspend(person.id, "Camille")

    status, _, page = await sign_in(browse, code=TOTP(secret).at(house.clock.now()))

    assert status == 403
    assert "suspended" in page


async def test_nobody_is_sent_elsewhere_after_signing_in(house, browse, enrolled):
    _, secret, _ = enrolled

    for wanted in ("https://evil.example/", "//evil.example", "/\\evil.example", "/fetch\r\nX: y"):
        house.clock.at += 30
        code = TOTP(secret).at(house.clock.now())
        _, headers, _ = await sign_in(browse, code=code, next=wanted)
        assert headers["Location"] == "/"


async def test_an_enrolment_code_is_good_once(house, browse, enrolled):
    person = enrolled[0]
    code, _ = await house.sign_in.accounts.invite(person.id, "Camille")
    form = {"enrolment": code, "login": "second", "password": PASSWORD, "repeated": PASSWORD}
    async with browse().post("/enrol", data=form) as answer:
        secret = secret_of(await answer.text())
    finish = {"enrolment": code, "second": TOTP(secret).at(house.clock.now())}
    async with browse().post("/enrol", data=finish) as answer:
        assert answer.status == 200

    async with browse().post("/enrol", data=form) as answer:
        assert answer.status == 410


async def test_the_second_factor_is_scanned_from_the_page_and_shown_again_after_a_wrong_code(house, browse):
    person = await house.sign_in.person(Role.NURSE)
    code, _ = await house.sign_in.accounts.invite(person.id, "Camille")
    form = {"enrolment": code, "login": "nurse.essai", "password": PASSWORD, "repeated": PASSWORD}
    async with browse().post("/enrol", data=form) as answer:
        page = await answer.text()
    secret = secret_of(page)
    wrong = {"enrolment": code, "second": "000000", "secret": "A" * 32, "uri": "javascript:1"}
    async with browse().post("/enrol", data=wrong) as answer:
        again = await answer.text()

    assert scanned(page) == TOTP(secret).provisioning_uri(name="nurse.essai", issuer_name="SPSTI Essai")
    assert answer.status == 401
    assert (secret_of(again), scanned(again)) == (secret, scanned(page))
    assert "javascript:" not in again
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_code_of_a_second_factor_that_was_never_begun_makes_no_account(house, browse):
    person = await house.sign_in.person(Role.NURSE)
    code, _ = await house.sign_in.accounts.invite(person.id, "Camille")

    async with browse().post("/enrol", data={"enrolment": code, "second": "000000"}) as answer:
        assert answer.status == 410
    assert not house.sign_in.accounts.has(person.id)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "my-nurse.essai-pass", "azertyuiop123456"])
async def test_an_easy_password_is_refused(house, browse, password):
    person = await house.sign_in.person(Role.NURSE)
    code, _ = await house.sign_in.accounts.invite(person.id, "Camille")
    form = {"enrolment": code, "login": "nurse.essai", "password": password, "repeated": password}

    async with browse().post("/enrol", data=form) as answer:
        assert answer.status == 422
        assert "easy to find" in await answer.text()


async def test_signing_out_ends_the_session(house, browse):
    person = await house.sign_in.person(Role.DPO)
    token, csrf = await house.sign_in.cookie(person)

    async with browse(token).post("/logout", data={"csrf": csrf}) as answer:
        assert answer.status == 200
    assert not house.sign_in.kept.sessions
    assert house.sign_in.kept.types()[-1] == ("signed-out", "signed-out")


async def test_signing_in_again_gives_another_session_and_ends_the_first(house, browse, enrolled):
    person, secret, _ = enrolled
    token, _ = await house.sign_in.cookie(person)
    form = {"login": "nurse.essai", "password": PASSWORD, "code": TOTP(secret).at(house.clock.now())}

    async with browse(token).post("/login", data=form, allow_redirects=False) as answer:
        assert answer.status == 303
    assert len(house.sign_in.kept.sessions) == 1
    assert ("signed-out", "signed-in-again") in house.sign_in.kept.types()


async def test_a_right_answer_counts_no_more_once_those_sent_with_it_locked_the_account(house):
    lockout, account = house.sign_in.desk.lockout, "account:nurse.essai"

    async def failing(address):
        async with lockout.attempt(address, account=account) as attempt:
            raise attempt.failed(LocalRefused("password", code=Code.SIGN_IN_FAILED))

    async def right_at_last():
        async with lockout.attempt("192.0.2.1", account=account):
            await asyncio.gather(*(failing(f"192.0.2.{n}") for n in range(2, 7)), return_exceptions=True)

    with pytest.raises(LocalRefused) as refused:
        await right_at_last()
    assert refused.value.code is Code.SIGN_IN_LOCKED_OUT

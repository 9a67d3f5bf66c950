"""What a session opens, and when it opens nothing any more: through the front door, in words, with its entry."""

import aiohttp
import pytest

from connector.core.mandate import AuthLevel
from connector.core.people import Role
from tests.kit.local_side import new_fetch
from tests.kit.signin import BROWSER, BY, cookies
from tests.local.calls import assert_problem

API = {"Accept": "application/json"}


async def signed_in(house, *roles, **more):
    person = await house.sign_in.person(*roles, **more)
    return person, *await house.sign_in.cookie(person)


async def test_a_page_sends_nobody_to_sign_in_and_back(browse):
    async with browse().get("/people?x=1", allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"] == "/login?next=/people?x%3D1"


async def test_a_call_without_key_and_session_is_told_so(browse):
    async with browse().get("/api/v1/fetches", headers=API) as answer:
        await assert_problem(answer, "local.unauthenticated")


async def test_a_session_calls_the_api_in_its_persons_name_only(house, browse):
    _, token, csrf = await signed_in(house, Role.PHYSICIAN)
    browser = browse(token, **API)

    async with browser.post("/api/v1/fetches", json=new_fetch(), headers={"X-CSRF-Token": csrf}) as answer:
        assert answer.status == 201
        fetch = await answer.json()
    async with browser.get(f"/api/v1/fetches/{fetch['id']}") as answer:
        assert answer.status == 200
    other = await house.sign_in.person(Role.NURSE, practitioner="810002422979")
    nurse, _ = await house.sign_in.cookie(other)
    async with browse(nurse, **API).get(f"/api/v1/fetches/{fetch['id']}") as answer:
        await assert_problem(answer, "local.not_found")


async def test_the_level_of_the_session_goes_into_the_fetch_whatever_the_call_states(house, browse):
    person = await house.sign_in.person(Role.PHYSICIAN)
    token, csrf = await house.sign_in.cookie(person, level=AuthLevel.SUBSTANTIAL)
    stated = new_fetch(practitioner__auth__level="high")

    async with browse(token, **API).post("/api/v1/fetches", json=stated, headers={"X-CSRF-Token": csrf}) as answer:
        assert answer.status == 201
        fetch = house.errands.fetches[(await answer.json())["id"]]
    assert (fetch.practitioner.auth.means, fetch.practitioner.auth.level) == ("own", "substantial")
    assert fetch.practitioner.auth.at == house.clock.now()


@pytest.mark.parametrize("token", ["", "forged"])
async def test_a_call_of_a_session_without_its_pages_token_is_refused(house, browse, token):
    _, cookie, _ = await signed_in(house, Role.PHYSICIAN)

    async with browse(cookie, **API).post("/api/v1/fetches", json=new_fetch(), headers={"X-CSRF-Token": token}) as got:
        await assert_problem(got, "sign_in.forged")
    assert not house.errands.fetches


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.ASSISTANT, "/api/v1/fetches"),
        (Role.ADMINISTRATOR, "/api/v1/fetches"),
        (Role.PHYSICIAN, "/api/v1/journal"),
        (Role.NURSE, "/api/v1/people"),
        (Role.AUDITOR, "/api/v1/status"),
    ],
)
async def test_a_role_opens_no_more_than_is_its(house, browse, role, path):
    _, token, _ = await signed_in(house, role)

    async with browse(token, **API).get(path) as answer:
        await assert_problem(answer, "sign_in.role")


async def test_a_session_used_from_another_browser_ends_and_is_journalled(house, browse):
    _, token, _ = await signed_in(house, Role.DPO)

    async with browse(token, **{"User-Agent": "Other/2.0"}).get("/people") as answer:
        assert answer.status == 401
        assert "another browser" in await answer.text()
    async with browse(token).get("/people", allow_redirects=False) as answer:
        assert answer.headers["Location"].startswith("/login")
    assert house.sign_in.kept.types()[-1] == ("signed-out", "other-browser")


async def test_a_right_withdrawn_while_signed_in_ends_the_session_in_words(house, browse):
    person, token, _ = await signed_in(house, Role.DPO)
    await house.sign_in.staff.suspend(person.id, BY)

    async with browse(token).get("/people") as answer:
        assert answer.status == 403
        assert "suspended" in await answer.text()
    assert house.sign_in.kept.types()[-1] == ("signed-out", "withdrawn")


async def test_a_stream_of_events_breaks_off_when_the_right_is_withdrawn(house, browse):
    person, token, csrf = await signed_in(house, Role.PHYSICIAN)
    house.errands.hold = True
    browser = browse(token, **API)
    async with browser.post("/api/v1/fetches", json=new_fetch(), headers={"X-CSRF-Token": csrf}) as answer:
        fetch_id = (await answer.json())["id"]

    async with browser.get(f"/api/v1/fetches/{fetch_id}/events") as answer:
        assert b"event: state" in await answer.content.readuntil(b"event: state")
        await house.sign_in.staff.suspend(person.id, BY)
        house.errands.go_on(fetch_id)
        with pytest.raises(aiohttp.ClientError):
            await answer.content.read()


async def test_a_person_whose_last_day_is_over_is_refused(house, browse):
    person, token, _ = await signed_in(house, Role.DPO)
    await house.sign_in.staff.end(person.id, "2026-11-22", BY)

    async with browse(token, **API).get("/api/v1/journal") as answer:
        await assert_problem(answer, "sign_in.withdrawn")


async def test_a_session_locks_after_half_an_hour_without_use(house, browse):
    _, token, _ = await signed_in(house, Role.DPO)
    house.clock.at += 29 * 60
    async with browse(token, **API).get("/api/v1/journal") as answer:
        assert answer.status == 200
    house.clock.at += 29 * 60
    async with browse(token, **API).get("/api/v1/journal") as answer:
        assert answer.status == 200
    house.clock.at += 30 * 60

    async with browse(token, **API).get("/api/v1/journal") as answer:
        await assert_problem(answer, "sign_in.locked")
    async with browse(token).get("/people", allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/login?locked=1&next=/people"


async def test_a_session_ends_after_its_life_even_in_use(house, browse):
    _, token, _ = await signed_in(house, Role.DPO)
    for _ in range(29):
        house.clock.at += 20 * 60
        async with browse(token, **API).get("/api/v1/journal") as answer:
            assert answer.status == 200
    house.clock.at += 20 * 60

    async with browse(token, **API).get("/api/v1/journal") as answer:
        await assert_problem(answer, "local.unauthenticated")


async def test_a_stranger_cookie_is_nobody(browse):
    async with browse("A" * 43, **API).get("/api/v1/journal") as answer:
        await assert_problem(answer, "local.unauthenticated")


async def test_a_form_from_another_site_is_refused(house, browse):
    _, token, csrf = await signed_in(house, Role.DPO)

    async with browse(token, Origin="https://evil.example").post("/people", data={"csrf": csrf}) as answer:
        assert answer.status == 403


def test_the_browser_of_a_session_is_kept_as_a_tag_only(house):
    assert BROWSER not in repr(cookies) + repr(house.sign_in.kept.sessions)


async def asked(house, browser, csrf):
    house.errands.hold = True
    async with browser.post("/api/v1/fetches", json=new_fetch(), headers={"X-CSRF-Token": csrf}) as answer:
        return (await answer.json())["id"]


@pytest.mark.parametrize("path", ["/fetches/{}/parts", "/fetches/{}?renewed=1&read=1"])
async def test_what_a_page_loads_by_itself_does_not_put_off_the_lock(house, browse, path):
    _, token, csrf = await signed_in(house, Role.PHYSICIAN)
    fetch_id = await asked(house, browse(token, **API), csrf)
    house.clock.at += 29 * 60
    async with browse(token).get(path.format(fetch_id)) as answer:
        assert answer.status == 200
    house.clock.at += 60

    async with browse(token).get(f"/fetches/{fetch_id}", allow_redirects=False) as answer:
        assert answer.headers["Location"].startswith("/login?locked=1")


@pytest.mark.parametrize("how", ["signed-out", "locked", "another-role"])
async def test_a_stream_of_events_breaks_off_when_it_could_not_be_opened_any_more(house, browse, how):
    person, token, csrf = await signed_in(house, Role.PHYSICIAN)
    browser = browse(token, **API)
    fetch_id = await asked(house, browser, csrf)

    async with browser.get(f"/api/v1/fetches/{fetch_id}/events") as answer:
        assert b"event: state" in await answer.content.readuntil(b"event: state")
        if how == "signed-out":
            async with browse(token).post("/logout", data={"csrf": csrf}) as left:
                assert left.status == 200
        elif how == "locked":
            house.clock.at += 30 * 60
        else:
            roles = frozenset({Role.ASSISTANT})
            await house.sign_in.staff.change(person.id, BY, roles=roles, practitioner="")
        house.errands.go_on(fetch_id)
        with pytest.raises(aiohttp.ClientError):
            await answer.content.read()

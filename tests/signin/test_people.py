"""The list of people: one answer to who may ask, by API and page, with its entries."""

import aiohttp
import pytest

from connector.core.people import Role
from tests.kit.local_side import new_fetch
from tests.kit.local_values import KEY, PHYSICIAN_ID
from tests.kit.signin import BY
from tests.local.calls import assert_problem

NEW = {"by": BY, "name": "Dominique Essai", "roles": ["physician"], "practitioner": PHYSICIAN_ID}


@pytest.fixture
async def api(address):
    async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {KEY}"}) as session:
        yield session


async def add(api, **changes):
    async with api.post("/api/v1/people", json=NEW | changes) as answer:
        assert answer.status == 200, await answer.text()
        return (await answer.json())["id"]


async def test_a_person_is_added_suspended_and_resumed(house, api):
    person = await add(api)

    for step, standing in (("suspend", "suspended"), ("resume", "active")):
        async with api.post(f"/api/v1/people/{person}/{step}", json={"by": BY}) as answer:
            assert (await answer.json())["standing"] == standing
    assert house.sign_in.kept.types() == [("person", "added"), ("person", "suspended"), ("person", "resumed")]
    assert house.sign_in.kept.entries[0].personal["by"] == f"{BY} (vendor)"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"practitioner": None}, "local.malformed"),
        ({"roles": ["assistant"]}, "local.malformed"),
        ({"roles": ["physician", "nurse"]}, "local.malformed"),
        ({"roles": []}, "local.malformed"),
        ({"roles": ["director"]}, "local.malformed"),
        ({"ends_on": "2026-02-30"}, "identity.malformed"),
        ({"practitioner": "0123"}, "local.malformed"),
        ({"name": " "}, "local.malformed"),
    ],
)
async def test_a_person_that_does_not_fit_is_refused(api, changes, code):
    async with api.post("/api/v1/people", json=NEW | changes) as answer:
        await assert_problem(answer, code)


async def test_a_practitioner_stands_on_the_list_once(api):
    await add(api)

    for only in (False, True):
        async with api.post("/api/v1/people", json=NEW | {"check_only": only}) as answer:
            await assert_problem(answer, "local.conflict")


async def test_the_list_decides_over_the_configuration(house, api):
    """The physician stands in both: once suspended on the list, the configuration opens nothing."""
    staff = house.sign_in.staff
    assert staff.may_ask(PHYSICIAN_ID)
    person = await add(api)
    assert staff.may_read(PHYSICIAN_ID)

    await staff.suspend(person, BY)

    assert not staff.may_ask(PHYSICIAN_ID)
    assert not staff.may_read(PHYSICIAN_ID)


async def test_the_last_day_itself_still_counts(house, api):
    await add(api, ends_on="2026-11-23")

    assert house.sign_in.staff.may_ask(PHYSICIAN_ID)
    house.clock.at += 86_400
    assert not house.sign_in.staff.may_ask(PHYSICIAN_ID)


async def test_people_without_a_profession_ask_for_nothing(house, api):
    await house.sign_in.person(Role.ADMINISTRATOR)

    assert not house.sign_in.staff.may_ask("810002422979000")


async def test_a_review_is_signed_for_exactly_those_who_may_go_on(house, api):
    person = await add(api)

    async with api.post("/api/v1/people/review", json={"by": BY, "confirmed": []}) as answer:
        await assert_problem(answer, "local.conflict")
    async with api.post("/api/v1/people/review", json={"by": BY, "confirmed": [person]}) as answer:
        assert (await answer.json())["confirmed"] == 1
    assert house.sign_in.kept.entries[-1].personal["people"] == [person]


async def test_a_review_on_the_page_suspends_whom_nobody_confirmed(house, browse):
    keeper = await house.sign_in.person(Role.ADMINISTRATOR, name="Camille Exemple")
    gone = await house.sign_in.person(Role.AUDITOR, name="Parti Ailleurs")
    token, csrf = await house.sign_in.cookie(keeper)
    shown = {f"shown.{one.id}": "1" for one in (keeper, gone)}

    async with browse(token).post("/review", data={"csrf": csrf, f"keep.{keeper.id}": "on"} | shown) as answer:
        assert "1 kept, 1 suspended" in await answer.text()
    assert house.sign_in.staff.person(gone.id).suspended_at


async def test_a_review_of_a_list_that_has_changed_does_nothing(house, browse):
    keeper = await house.sign_in.person(Role.ADMINISTRATOR)
    token, csrf = await house.sign_in.cookie(keeper)
    await house.sign_in.person(Role.AUDITOR)
    form = {"csrf": csrf, f"keep.{keeper.id}": "on", f"shown.{keeper.id}": "1"}

    async with browse(token).post("/review", data=form) as answer:
        assert "has changed meanwhile" in await answer.text()
    assert [kind for kind in house.sign_in.kept.types() if kind[1] == "reviewed"] == []


async def test_the_page_adds_and_suspends_for_an_administrator_only(house, browse):
    keeper = await house.sign_in.person(Role.ADMINISTRATOR)
    reader = await house.sign_in.person(Role.DPO)
    token, csrf = await house.sign_in.cookie(keeper)
    form = {"csrf": csrf, "name": "Éloïse N'Diaye", "role.nurse": "on", "practitioner": "8 10002422979"}
    async with browse(token).post("/people", data=form) as answer:
        assert answer.status == 200
        assert "Éloïse N&#39;Diaye" in await answer.text()
    token, csrf = await house.sign_in.cookie(reader)

    async with browse(token).post(f"/people/{keeper.id}/suspend", data={"csrf": csrf}) as answer:
        assert answer.status == 403
    assert house.sign_in.staff.person(keeper.id).suspended_at is None


async def send_file(browse, token, csrf, content):
    form = aiohttp.FormData()
    form.add_field("csrf", csrf)
    form.add_field("file", content, filename="personnes.csv", content_type="text/csv")
    async with browse(token).post("/people/import", data=form) as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
async def test_the_page_adds_the_right_lines_of_a_file_and_names_the_wrong_ones(house, browse, encoding):
    token, csrf = await house.sign_in.cookie(await house.sign_in.person(Role.ADMINISTRATOR))
    text = (
        f"name;roles;practitioner;subject;ends_on\r\nÉloïse N'Diaye;physician/dpo;{PHYSICIAN_ID};;31/12/2027\r\n"
        "Sans Numéro;nurse;;;\r\nTrop Court;auditor\r\nDr Rôle;director;;;\r\nAna Audit;auditor;;entra=a1;\r\n"
    )

    status, page = await send_file(browse, token, csrf, text.encode(encoding))

    assert status == 200
    assert "Lines added: 2 of 5." in page
    assert [f"Line {number} :" in page or f"Line {number}:" in page for number in (2, 3, 4, 5, 6)] == [
        False, True, True, True, False,
    ]  # fmt: skip
    assert {one.name for one in house.sign_in.staff.people()} == {"Dominique Essai", "Éloïse N'Diaye", "Ana Audit"}
    assert house.sign_in.staff.of_practitioner(PHYSICIAN_ID).ends_on == "2027-12-31"
    assert house.sign_in.kept.types().count(("person", "added")) == 3


@pytest.mark.parametrize("content", [b"", b"nom;role\n", b"\x00\xff", b'name;roles\n"a;b'])
async def test_a_file_that_is_no_list_of_people_adds_nobody(house, browse, content):
    token, csrf = await house.sign_in.cookie(await house.sign_in.person(Role.ADMINISTRATOR))

    status, page = await send_file(browse, token, csrf, content)

    assert len(house.sign_in.staff.people()) == 1
    assert status == 400 or "Lines added: 0 of" in page


async def test_only_an_administrator_imports_people(house, browse):
    token, csrf = await house.sign_in.cookie(await house.sign_in.person(Role.DPO))

    assert (await send_file(browse, token, csrf, b"name;roles\nAna;auditor\n"))[0] == 403


async def test_a_key_speaks_for_nobody_who_was_suspended(house, api):
    person = await add(api)
    await house.sign_in.staff.suspend(person, BY)

    async with api.post("/api/v1/fetches", json=new_fetch()) as answer:
        await assert_problem(answer, "local.forbidden")

"""The physician's whole way in a real browser, on a running federation."""

import asyncio
import re
import signal
import subprocess
import sys
import time

import pytest
from pyotp import TOTP

from connector.core.codes import Code
from connector.core.fetch import Reply
from connector.core.instant import Instant, rfc3339
from connector.local.words import Language, of_code, of_reply
from spsti_sandbox.federation import PHYSICIAN
from spsti_sandbox.physician import Physician
from tests.kit.system import CAST
from tests.pages.browsing import DESKTOP, PHONE, assert_accessible, fetch_id, fill, said_of_withheld, send

pytestmark = pytest.mark.asyncio(loop_scope="session")
TOOK = "iframe#document"
OPENED = re.compile(r"/fetches/[0-9a-f]{32}/document\?sha256=[A-Za-z0-9_-]{43}$")
PASSWORD, WHITE = "Coquelicot-sous-la-neige", "rgb(255, 255, 255)"


async def arrival(people, found):
    """What the journal holds of the arrival that a fetch led to."""
    physician = Physician(people.service)
    for entry in reversed(await physician.journal(type="arrived", tree="exchange")):
        personal = (await physician.entry(entry))["personal"]
        if personal["fetch_id"] == found:
            return personal
    raise AssertionError(found)


async def test_a_filled_page_is_three_actions_at_most_from_the_record_in_the_page(people):
    async with people.at() as page:
        await fill(page)
        await assert_accessible(page, "fetch-filled")
        actions = 1
        viewer = page.expect_event("framenavigated", lambda frame: frame.url.startswith("chrome-extension://"))
        async with page.expect_response(OPENED) as document, viewer:
            await page.click(".send .main")

        answer = await document.value
        assert actions <= 3
        assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
        await page.wait_for_selector(TOOK)
        words = await page.inner_text("main")
        assert "Sceau vérifié" in words
        assert "SPSTI Besançon" in words
        await assert_accessible(page, "record-read")
    shown = await Physician(people.service).awaited(type="shown", tree="exchange")
    assert shown["document_sha256"]


@pytest.mark.long
@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_every_step_is_accessible_in_each_language_light_and_width(people, locale, scheme, viewport):
    where = f"{locale[:2]}-{scheme}-{viewport['width']}"
    async with people.at(viewport=viewport, locale=locale, scheme=scheme) as page:
        await page.goto("/fetch")
        await assert_accessible(page, f"fetch-empty-{where}")
        await page.fill("#services", "spsti")
        await page.wait_for_selector("#services-list [role=option]")
        await assert_accessible(page, f"fetch-finding-{where}")
        await page.keyboard.press("Escape")
        await page.click(".send .main")
        await page.wait_for_selector(".notice.bad")
        await assert_accessible(page, f"fetch-faults-{where}")
        await fill(page, CAST.equal_dates)
        await send(page)
        await page.wait_for_selector("[data-state=choosing]")
        await assert_accessible(page, f"choosing-{where}")
        await page.click(".holder .main >> nth=0")
        await page.wait_for_selector(TOOK)
        await assert_accessible(page, f"read-{where}")
        await page.goto("/fetches")
        await assert_accessible(page, f"fetches-{where}")
        await page.goto("/worklist")
        await assert_accessible(page, f"worklist-{where}")
        await page.goto("/oppositions")
        await assert_accessible(page, f"oppositions-{where}")
    async with people.at("staff", viewport=viewport, locale=locale, scheme=scheme) as page:
        for path in ("status", "journal", "journal/exchange/0", "report", "alerts", "people"):
            await page.goto(f"/{path}")
            await assert_accessible(page, f"{path.replace('/', '-')}-{where}")


@pytest.mark.long
async def test_the_whole_way_goes_by_the_keyboard_alone(people):
    member = CAST.only_at_a
    traits = member.asked.traits
    year, month, day = traits.birth_date.value.split("-")
    async with people.at() as page:
        await page.goto("/fetch")
        press, typed = page.keyboard.press, page.keyboard.type

        async def to(field):
            for _ in range(60):
                if await page.evaluate("([f]) => document.activeElement.matches(f)", [field]):
                    return
                await press("Tab")
            raise AssertionError(field)

        await to(".skip")
        await press("Enter")
        for field, text in (
            ("#matricule", member.asked.ins.matricule.value),
            ("#birth_name", traits.birth_name),
            ("#birth_given_names", " ".join(traits.birth_given_names)),
            ("#sex", "F" if traits.sex.value == "F" else "M"),
            ("#birth_date", f"{day}/{month}/{year}"),
            ("#birth_place", traits.birth_place),
        ):
            await to(field)
            await typed(text)
        await to("#verified_on")
        await page.fill("#verified_on", str(member.asked.verified_on))  # the order of the parts is the system's
        await to("#qualified")
        await press("Space")
        await to("#services")
        for name in ("dijon", "besancon"):
            await typed(name)
            await page.wait_for_selector("#services-list [role=option]")
            await press("ArrowDown")
            await press("Enter")
        await to("input[name=means]")
        await press("Space")
        await to("input[name=informed_when]")
        await press("Space")
        await to("#informed_by")
        await typed("Un m")
        await to("#visit")
        await typed("Visite i")
        await to("#no_objection")
        await press("Space")
        await to(".send .main")
        await press("Enter")
        await page.wait_for_selector(f"{TOOK}, button[name=again]")
        if await page.locator("button[name=again]").count():
            await to("button[name=again]")
            await press("Enter")
        await page.wait_for_selector(TOOK)
        assert said_of_withheld(people.federation.services["b"].name) in await page.inner_text("main")


@pytest.mark.long
async def test_a_double_click_is_one_fetch_and_going_back_sends_nothing(people):
    async with people.at() as page:
        await fill(page, CAST.spelling_differs)
        before = len((await Physician(people.service).call("GET", "/api/v1/fetches?limit=100"))["items"])
        last = (await Physician(people.service).journal(tree="exchange"))[-1]["index"]
        await page.dblclick(".send .main")
        await page.wait_for_selector(TOOK)
        first = fetch_id(page)
        await page.go_back()
        await page.go_forward()
        sent = [
            one for one in await Physician(people.service).journal(type="asked", tree="exchange") if one["index"] > last
        ]
        after = (await Physician(people.service).call("GET", "/api/v1/fetches?limit=100"))["items"]

        assert len(after) == before + 1
        assert after[0]["id"] == first
        assert len(sent) == 2  # one for each service: each question is an entry of its own


@pytest.mark.long
async def test_a_fetch_whose_tab_was_closed_goes_on_and_is_found_again(people):
    async with people.at() as page:
        await fill(page, CAST.newer_at_b)
        await send(page)
        found = fetch_id(page)
    await Physician(people.service).settled(found)
    assert (await arrival(people, found))["services"]
    async with people.at() as page:
        await page.goto("/fetches")
        await page.click(f"a[href='/fetches/{found}']")
        assert await page.locator(TOOK).count() == 0
        await page.click("a.button.main")
        await page.wait_for_selector(TOOK)


@pytest.mark.long
async def test_progress_is_told_service_by_service_while_one_is_silent(people):
    silent = people.federation.services["b"].process
    silent.send_signal(signal.SIGSTOP)
    try:
        async with people.at(viewport=PHONE) as page:
            await fill(page, CAST.newer_at_b)
            await send(page)
            await page.wait_for_selector(".holder:has-text('Dijon') .tag.good")
            assert await page.locator(".holder:has-text('Besançon') .tag.live").count() == 1
            await assert_accessible(page, "progress")
            silent.send_signal(signal.SIGCONT)
            await page.wait_for_selector(TOOK)
    finally:
        silent.send_signal(signal.SIGCONT)


@pytest.mark.long
async def test_a_service_that_is_gone_is_named_with_what_to_do(people):
    gone = people.federation.services["b"]
    await gone.stop()
    try:
        async with people.at() as page:
            await fill(page, CAST.only_at_a)
            await send(page)
            await page.wait_for_selector(TOOK)
            words = await page.inner_text("main")
            await assert_accessible(page, "service-gone")
            assert f"{gone.name} est injoignable." in words
            assert "1 service ayant répondu sur 2" in words
            await page.goto(f"/language/en?back=/fetches/{fetch_id(page)}")
            assert of_reply(Reply.UNREACHABLE, Language.EN, member=gone.name).text in await page.inner_text("main")
            found = fetch_id(page)
        assert {one["reply"] for one in (await arrival(people, found))["services"]} == {"announced", "unreachable"}
    finally:
        await gone.start()


@pytest.mark.long
async def test_a_label_fills_the_form_as_a_scanner_types_it(people):
    label = await Physician(people.service).call("POST", "/api/v1/identity/label/write", {"worker": _stated()})
    async with people.at() as page:
        await page.goto("/fetch")
        await page.click("#label")
        await page.keyboard.type(label["payload"])
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#matricule-said .right")
        assert await page.input_value("#birth_name") == CAST.newer_at_b.asked.traits.birth_name
        await page.fill("#label", "3760123456789")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#label-said:not(:empty)")
        await assert_accessible(page, "label-wrong")


@pytest.mark.long
async def test_a_label_scanned_over_another_worker_leaves_nothing_that_was_said_of_them(people):
    expect = pytest.importorskip("playwright.async_api").expect
    label = await Physician(people.service).call("POST", "/api/v1/identity/label/write", {"worker": _stated()})
    async with people.at() as page:
        await fill(page, CAST.only_at_a)
        await page.click("#label")
        await page.keyboard.type(label["payload"])
        await page.keyboard.press("Enter")

        await expect(page.locator("#matricule")).to_have_value(_stated()["matricule"])
        for left in ("#verified_on", "#informed_by", "#visit"):
            assert await page.input_value(left) == "", left
        for ticked in ("#qualified", "#no_objection", "input[name=means]:checked", "input[name=informed_when]:checked"):
            assert await page.locator(ticked).and_(page.locator(":checked")).count() == 0, ticked
        assert await page.locator("input[name=services]:checked").count() == 2


def _stated():
    asked = CAST.newer_at_b.asked
    return {
        "matricule": asked.ins.matricule.value,
        "oid": asked.ins.oid.value,
        **asked.traits.to_json(),
        "status": "qualified",
        "verified_on": str(asked.verified_on),
    }


@pytest.mark.long
async def test_an_assistant_prepares_and_the_nurse_starts_todays(people):
    async with people.at("assistant") as page:
        await fill(page, CAST.newer_at_b)
        await page.fill("#day", await page.get_attribute("#day", "min"))
        await page.select_option("#practitioner", label="Dominique MARTIN")
        await assert_accessible(page, "prepare")
        await page.click("button[formaction='/fetch/prepare']")
        await page.wait_for_url("**/worklist*")
        assert await page.locator("form[action='/worklist/start']").count() == 0
    async with people.at("nurse") as page:
        await page.goto("/worklist")
        await assert_accessible(page, "worklist-todays")
        await page.click("form[action='/worklist/start'] button")
        await page.wait_for_selector(".notice.good")
        await assert_accessible(page, "worklist-started")


@pytest.mark.long
async def test_without_a_script_the_same_way_is_gone_by_forms(people):
    member = CAST.amended
    async with people.at(scripts=False) as page:
        await page.goto("/fetch")
        await page.fill("#services", "besancon")
        await page.click("#services-find")
        await page.check(".pick:has-text('Besançon') input")
        traits = member.asked.traits
        await page.fill("#matricule", member.asked.ins.matricule.value)
        await page.fill("#birth_name", traits.birth_name)
        await page.fill("#birth_given_names", " ".join(traits.birth_given_names))
        await page.select_option("#sex", traits.sex.value)
        await page.fill("#birth_date", traits.birth_date.value)
        await page.fill("#birth_place", traits.birth_place)
        await page.fill("#verified_on", str(member.asked.verified_on))
        for box in ("#qualified", "input[name=means][value=oral]", "input[name=informed_when][value=now]"):
            await page.check(box)
        await page.select_option("#informed_by", "physician")
        await page.select_option("#visit", "initial")
        await page.check("#no_objection")
        await page.click(".send .main")
        await Physician(people.service).settled(fetch_id(page))
        await page.reload()
        assert await page.locator(TOOK).count() == 1


async def test_a_tab_left_behind_shows_and_files_no_record_that_was_taken_since(people):
    """Without a script nothing tells a page that another tab chose; its frame is even loaded only afterwards."""
    physician, services = Physician(people.service), people.federation.services
    a, b = (services[name].member_id for name in "ab")
    login = {"means": "own", "level": "low", "at": rfc3339(Instant(int(time.time())))}
    who = {"id": PHYSICIAN.id, "auth": login}
    found = await physician.fetch_again(CAST.newer_at_b.asked, [a, b], practitioner=who)
    last = (await physician.journal(tree="exchange"))[-1]["index"]
    words, chosen = of_code(Code.DOCUMENT_REPLACED, Language.FR).text, asyncio.Event()

    async def once_chosen(route):
        await chosen.wait()
        await route.continue_()

    async with people.at(scripts=False) as page:
        await page.route(OPENED, once_chosen)
        await page.goto(f"/fetches/{found['id']}?read=1", wait_until="commit")
        await page.wait_for_selector("form[action$='/file']")
        await physician.call("POST", f"/api/v1/fetches/{found['id']}/choose", {"member": a})
        assert (await physician.settled(found["id"]))["document"]["member"] == a
        chosen.set()

        assert words in await page.frame_locator(TOOK).locator("main").inner_text()
        async with page.context.expect_page() as opened:
            await page.click("a[target=_blank]")
        assert words in await (await opened.value).inner_text("main")
        async with page.expect_navigation():
            await page.click("form[action$='/file'] button")
        assert words in await page.inner_text("main")
        assert [one for one in await physician.journal(tree="exchange", type="shown") if one["index"] > last] == []
        assert await physician.journal(tree="house", type="filed", ref=found["id"]) == []
        assert (await physician.get(found["id"]))["state"] == "ready"
        await page.click("main a.main")
        assert services["a"].name in await page.inner_text(".document")


@pytest.mark.long
async def test_a_peer_is_tested_from_the_status_page_and_the_journal_is_verified(people):
    async with people.at("staff") as page:
        await page.goto("/status")
        await page.click("form[action*='/probe'] button >> nth=0")
        await page.wait_for_selector(".steps")
        await assert_accessible(page, "probe")
        await page.goto("/journal")
        await page.click("form[action='/journal/verify'] button")
        await page.wait_for_selector(".notice.good")
        await page.goto("/report")
        await page.fill("#matricule", CAST.newer_at_b.asked.ins.matricule.value)
        await page.keyboard.press("Enter")
        await page.wait_for_selector("main table")
        await assert_accessible(page, "report-made")
        await page.emulate_media(media="print")
        await assert_accessible(page, "report-printed")


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_an_account_is_made_from_an_invitation(people, scheme):
    _, added = await people.service.call(
        "POST", "/api/v1/people", {"by": "sandbox", "name": "Ana AUDIT", "roles": ["auditor"], "practitioner": None}
    )
    _, enrolment = await people.service.call("POST", f"/api/v1/people/{added['id']}/enrol", {"by": "sandbox"})
    typed = {"enrolment": enrolment["code"], "login": f"ana.{scheme}", "password": PASSWORD, "repeated": PASSWORD}
    async with people.stranger(viewport=PHONE if scheme == "dark" else DESKTOP, scheme=scheme) as page:
        await page.goto("/login")
        await assert_accessible(page, f"login-{scheme}")
        await page.goto("/enrol")
        for name, text in typed.items():
            await page.fill(f"#{name}", text)
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".qr")
        await assert_accessible(page, f"enrol-second-{scheme}")
        assert await page.evaluate("getComputedStyle(document.querySelector('.qr')).backgroundColor") == WHITE
        await page.fill("#second", TOTP(await page.inner_text("#secret")).now())
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".notice.good")
        await assert_accessible(page, f"enrol-done-{scheme}")


@pytest.mark.long
async def test_a_backup_that_was_really_taken_stands_on_the_status_page(people, tmp_path):
    words = tmp_path / "words"
    words.write_text("six words that nobody has\n")
    made = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "connector", "backup", tmp_path / "data", "--epochs", tmp_path / "epochs",
        "--keys", tmp_path / "keys", "--keys-passphrase-file", words, "--passphrase-file", words,
        "--config", people.service.config, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    async with people.at("staff") as page:
        await page.goto("/status")
        assert "spsti-connector backup" in await page.inner_text("main")
        assert await asyncio.wait_for(made.wait(), 90) == 0
        await page.reload()
        assert "spsti-connector backup" not in await page.inner_text("main")
        await assert_accessible(page, "status-backed-up")


@pytest.mark.long
async def test_people_are_imported_and_suspended_on_their_page(people):
    async with people.at("staff") as page:
        await page.goto("/people")
        await page.click("summary:has-text('CSV')")
        file = "name;roles;ends_on\nAlix ARRIVÉE;assistant;31/12/2027\nSans NUMERO;nurse;\n".encode()
        await page.set_input_files("#file", {"name": "personnes.csv", "mimeType": "text/csv", "buffer": file})
        await page.click("form[action='/people/import'] button")
        await page.wait_for_selector(".notice.warn")
        await assert_accessible(page, "people-imported")
        await page.click("tr:has-text('Alix ARRIVÉE') form[action$='/suspend'] button")
        await page.wait_for_selector("tr:has-text('Alix ARRIVÉE') .tag.bad")
        await page.goto("/review")
        await assert_accessible(page, "review")


@pytest.mark.long
async def test_a_record_is_opened_to_a_colleague(people):
    async with people.at() as page:
        await fill(page, CAST.newer_at_b)
        await send(page)
        await page.wait_for_selector(TOOK)
        found = fetch_id(page)
        await page.click("details:has(#colleague) summary")
        await page.select_option("#colleague", label="Dominique MARTIN")
        await page.click("form[action$='/hand-on'] button")
        await page.wait_for_load_state()
    async with people.at("nurse") as page:
        await page.goto(f"/fetches/{found}?read=1")
        await page.wait_for_selector(TOOK)
        await assert_accessible(page, "handed-to-me")
    entry = await Physician(people.service).awaited(type="handed-on", tree="house")
    assert (await Physician(people.service).entry(entry))["personal"]["reader"] == "899700366240"

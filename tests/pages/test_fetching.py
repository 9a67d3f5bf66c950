"""Fetching by forms alone: what a browser without a script sends, and is shown."""

import re
from dataclasses import replace

import pytest

from connector.core.codes import Code
from connector.core.datamatrix import GS, HEADER
from connector.core.errors import LocalRefused
from connector.core.fetch import Reply
from connector.core.mandate import AuthLevel, AuthMeans, InformationMeans, VisitKind
from connector.core.people import Role
from connector.core.states import FetchState
from connector.local.pages.fetch_form import FAULT_FIELDS
from connector.local.pages.fetches import STATE_TONES, TONES
from connector.local.pages.texts import TEXTS
from connector.local.requests import ROLES
from connector.local.sign_in.launching import VendorKey
from connector.local.words import Language, of_code, of_reply
from connector.wire.launch import vendor_key
from tests.kit.local_values import NURSE_ID, PDF, PHYSICIAN_ID, STRANGER_ID, A, B, C, announced
from tests.pages.conftest import named_by, plain
from tests.signin.test_launch import PRIVATE, pem_of, token

WORKER = {
    "matricule": "2 79 03 51 215 189 89",
    "birth_name": "Pat-Trois",
    "birth_given_names": "DOMINIQUE MARIE-LOUISE",
    "sex": "F",
    "birth_date": "28/03/1979",
    "birth_place": "51215",
    "verified_on": "2026-09-14",
    "qualified": "yes",
}
TOLD = {
    "means": "oral",
    "informed_by": PHYSICIAN_ID,
    "informed_when": "now",
    "visit": "initial",
    "no_objection": "yes",
}
ASKED = (("services", A.value), ("services", B.value))
LABEL = (
    f"{HEADER}S1279035121518989S21.2.250.1.213.1.4.10S3DOMINIQUE MARIE-LOUISE{GS}S4PAT-TROIS{GS}S5FS628-03-1979S751215"
)


async def fetch(visitor, *more, once="a" * 32, **changes):
    answer = await visitor.post("/fetch", *ASKED, *more, once=once, **{**WORKER, **TOLD, **changes})
    return answer.removesuffix("?read=1")


# ------------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize("language", Language)
def test_every_state_reply_field_choice_and_role_has_its_words(language):
    texts = TEXTS[language]
    wanted = {
        *(f"state.{state}" for state in FetchState),
        *(f"reply.{reply}" for reply in Reply),
        *(f"fault.{name}" for name in FAULT_FIELDS),
        *(f"means.{means}" for means in InformationMeans),
        *(f"visit.{visit}" for visit in VisitKind),
        *(f"role.{role}" for role in ROLES),
    }

    assert wanted - texts.keys() == set()
    assert {*STATE_TONES} == {*FetchState}
    assert {*TONES} == {*Reply}


# ------------------------------------------------------------------------------------------------ the form


async def test_nothing_is_ticked_or_chosen_before_somebody_does(visit):
    page = await (await visit()).get("/fetch")

    assert "checked" not in page
    assert re.findall(r"<option[^>]*\bselected", page) == []


async def test_a_filled_form_starts_one_fetch_in_the_name_and_with_the_login_of_who_is_signed_in(visit, house):
    place = await fetch(await visit())
    new = house.errands.new

    assert place == f"/fetches/{next(iter(house.errands.fetches))}"
    assert new.members == (A, B)
    assert new.practitioner.id.value == PHYSICIAN_ID
    assert (new.practitioner.auth.means, new.practitioner.auth.level) == (AuthMeans.OWN, AuthLevel.SUBSTANTIAL)
    assert (new.information.at, new.information.by) == (house.clock.now(), PHYSICIAN_ID)
    assert str(new.worker.traits.birth_date) != ""
    assert new.worker.ins.oid.value.endswith(".10")


async def test_a_double_click_or_a_form_that_is_sent_again_is_one_fetch(visit, house):
    visitor = await visit()
    first = await fetch(visitor)
    house.clock.at += 40  # the hour of "just now" is another by then

    assert await fetch(visitor) == first
    assert len(house.errands.fetches) == 1


async def test_a_form_that_was_sent_and_then_changed_is_shown_again_as_a_new_one(visit, house):
    visitor = await visit()
    await fetch(visitor)

    page = await visitor.post("/fetch", ASKED[0], once="a" * 32, **WORKER, **TOLD, status=409)

    assert 'value="' + "a" * 32 not in page
    assert re.search(r'name="once" value="[0-9a-f]{32}"', page)
    assert len(house.errands.fetches) == 1


@pytest.mark.parametrize("field", [*WORKER, *TOLD])
async def test_a_field_that_is_left_out_is_named_and_nothing_is_sent(visit, house, field):
    place = "informed_at" if field == "informed_when" else field
    page = await fetch(await visit(), **{field: ""}, status=400)

    assert f'href="#{place}"' in page
    assert f'id="{place}"' in page
    assert house.errands.fetches == {}


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("matricule", "279035121518988", 422),
        ("birth_date", "31/31/19", 400),
        ("birth_name", "<b>", 422),
        ("birth_place", "2123", 400),
        ("verified_on", "hier", 400),
        ("means", "by-post", 400),
        ("informed_by", "Dr Simone Ajout", 400),
        ("visit", "coffee", 400),
    ],
)
async def test_a_value_that_cannot_be_is_named_and_kept_in_the_form(visit, house, field, value, status):
    page = await fetch(await visit(), **{field: value}, status=status)

    assert f'href="#{field}"' in page
    assert house.errands.fetches == {}
    assert "<b>" not in page


async def test_an_hour_to_come_is_no_hour_at_which_the_worker_was_informed(visit):
    page = await fetch(await visit(), informed_when="other", informed_at="2031-01-01T10:00", status=400)

    assert 'href="#informed_at"' in page


async def test_the_hour_typed_is_the_one_of_the_browsers_place(visit, house):
    await fetch(await visit(), informed_when="other", informed_at="2026-11-23T11:00", zone="-240")

    assert house.errands.new.information.at == house.clock.now() - 2 * 3600


@pytest.mark.parametrize("code", [Code.FETCH_OPPOSED, Code.FETCH_NOT_FOLLOWED, Code.IDENTITY_DISCREPANCY])
@pytest.mark.parametrize("language", Language)
async def test_a_refusal_is_told_with_what_to_do_and_the_form_keeps_what_was_typed(visit, house, code, language):
    house.errands.faults["prepare"] = LocalRefused("rule", code=code)
    visitor = await visit(language=language.value)

    async with visitor.session.post(
        "/fetch",
        data=[("csrf", visitor.csrf), *ASKED, ("once", "a" * 32), *WORKER.items(), *TOLD.items()],
        headers={"Origin": visitor.address},
    ) as answer:
        page = await answer.text()

    assert of_code(code, language).text in plain(page)
    assert 'value="Pat-Trois"' in page


async def test_a_suspended_service_cannot_be_asked_and_is_named_as_that(visit, house):
    page = await (await visit()).post("/fetch", ("services", C.value), once="b" * 32, **WORKER, **TOLD, status=422)

    assert 'href="#services"' in page


# ------------------------------------------------------------------------------------------------ one fetch


async def test_what_is_withheld_is_told_exactly_and_no_more(visit, house):
    house.errands.answers[A] = {"reply": Reply.WITHHELD}
    visitor = await visit()
    page = plain(await visitor.get(await fetch(visitor)))

    for name in ("Prévention Seine", "Santé Travail Isère"):
        assert f"{name} n'a transmis aucun dossier. Cela ne veut pas dire qu'il n'en existe pas." in page
    assert "Services ayant répondu : 2 sur 2." in page


async def test_a_ready_fetch_says_who_when_and_that_its_seal_was_verified(visit):
    visitor = await visit()
    place = await fetch(visitor)

    page = await visitor.get(f"{place}?read=1")
    words = plain(page)

    assert "Transmis par Prévention Seine" in words
    assert "Dernier acte de santé 12/05/2026" in words
    assert "PDF mis à jour 23/11/2026 à 10:00" in words
    assert "le plus récent de 2 services ayant répondu sur 2" in words
    assert "Sceau vérifié" in words
    assert f'<iframe id="document" src="{place}/document?sha256={named_by(page)}#' in page
    assert f'<a href="{place}/document?sha256={named_by(page)}" target="_blank"' in page


async def test_a_record_is_filed_from_its_page(visit, house):
    visitor = await visit()
    place = await fetch(visitor)

    page = await visitor.get(f"{place}?read=1")
    assert f'action="{place}/file"' in page
    assert f'name="sha256" value="{named_by(page)}"' in page
    assert await visitor.post(f"{place}/file", sha256=named_by(page)) == place
    assert "Classé" in plain(await visitor.get(place))


async def test_a_tab_left_behind_is_told_of_the_record_that_was_taken_since(visit, house):
    house.errands.answers[B] = announced("2026-05-11")
    visitor = await visit()
    place = await fetch(visitor)
    left_behind = named_by(await visitor.get(f"{place}?read=1"))
    house.errands.pdf = [PDF, b"%of B"]
    await visitor.post(f"{place}/choose", member=B.value)
    address = f"{place}/document?sha256={left_behind}"

    apart = await visitor.get(address, status=409)
    framed = await visitor.get(address, status=409, **{"Sec-Fetch-Dest": "iframe"})
    unfiled = await visitor.post(f"{place}/file", sha256=left_behind, status=409)

    for page in (apart, framed, unfiled):
        assert str(of_code(Code.DOCUMENT_REPLACED, Language.FR)) in plain(page)
        assert f'href="{place}" target="_top"' in page
    assert ("<header>" in apart, "<header>" in framed) == (True, False)
    assert house.errands.opened == []
    now = await visitor.get(f"{place}?read=1")
    assert await visitor.post(f"{place}/file", sha256=named_by(now)) == place


async def test_a_form_that_names_no_document_files_none(visit, house):
    visitor = await visit()
    place = await fetch(visitor)

    await visitor.post(f"{place}/file", status=400)

    assert "Classé" not in plain(await visitor.get(place))


async def test_the_document_is_not_opened_by_looking_at_the_fetch(visit, house):
    visitor = await visit()
    place = await fetch(visitor)

    page = await visitor.get(place)

    assert "<iframe" not in page
    assert f'href="{place}?read=1"' in page
    assert house.errands.opened == []


async def test_records_of_one_day_are_both_offered_and_one_is_chosen(visit, house):
    house.errands.answers[B] = announced()
    visitor = await visit()
    place = await fetch(visitor)
    page = await visitor.get(place)

    assert page.count(f'action="{place}/choose"') == 2
    assert await visitor.post(f"{place}/choose", member=B.value) == f"{place}?read=1"
    assert "Transmis par Santé Travail Isère" in plain(await visitor.get(place))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("reply", [Reply.UNREACHABLE, Reply.TOO_LATE, Reply.COULD_NOT_LOOK, Reply.MISBEHAVED])
async def test_a_service_that_fails_in_the_middle_is_named_with_what_to_do(visit, house, reply, language):
    house.errands.answers[B] = {"reply": reply, "code": Code.PEER_UNREACHABLE, "detail": "x"}
    visitor = await visit(language=language.value)
    page = plain(await visitor.get(await fetch(visitor)))
    words = of_reply(reply, language, member="Santé Travail Isère", code=Code.PEER_UNREACHABLE)

    assert words.text in page
    assert words.next in page
    assert "peer.unreachable" in page


@pytest.mark.parametrize("language", Language)
async def test_a_document_that_fails_the_safety_check_is_not_shown_and_says_why(visit, house, language):
    visitor = await visit(language=language.value)
    place = await fetch(visitor)
    fetch_id = place.rpartition("/")[2]
    replies = house.errands.fetches[fetch_id].replies
    rejected = tuple(replace(r, code=Code.DOCUMENT_ACTIVE_CONTENT, detail="x") if r.member == A else r for r in replies)
    house.errands.put(fetch_id, state=FetchState.CHOOSING, document=None, replies=rejected)
    page = await visitor.get(place)

    assert of_code(Code.DOCUMENT_ACTIVE_CONTENT, language).text in plain(page)
    assert "<iframe" not in page


async def test_nothing_of_a_colleagues_is_seen(visit, house):
    mine = await fetch(await visit())
    other = await visit(Role.PHYSICIAN, name="Dr Autre", practitioner=STRANGER_ID)

    for path in (mine, f"{mine}/parts", f"{mine}/document", f"{mine}/events"):
        await other.get(path, status=404)
    assert "PAT-TROIS" not in await other.get("/fetches")


@pytest.mark.parametrize("language", Language)
async def test_a_right_withdrawn_while_signed_in_ends_at_the_next_step(visit, house, language):
    visitor = await visit(language=language.value)
    place = await fetch(visitor)
    await house.sign_in.staff.suspend(visitor.person.id, "Direction")

    page = await visitor.get(place, status=403)

    assert of_code(Code.SIGN_IN_WITHDRAWN, language).text in plain(page)
    assert ("signed-out", "withdrawn") in house.sign_in.kept.types()


async def test_a_fetch_goes_on_and_is_found_again_by_whoever_comes_back(visit, house):
    house.errands.hold = True
    visitor = await visit()
    place = await fetch(visitor)

    assert "En cours" in plain(await visitor.get("/fetches"))
    house.errands.go_on(place.rpartition("/")[2])
    assert "Prêt à lire" in plain(await visitor.get("/fetches"))


# ------------------------------------------------------------------------------------------------ a copy that is kept


AGAIN = re.compile(r'<button form="fetch-form" name="again" value="([0-9a-f]{32}(?: [0-9a-f]{32})*)">')


def asked(house):
    """How often services were asked."""
    return house.errands.calls.count("start")


async def test_a_copy_that_is_kept_is_offered_and_no_service_is_asked(visit, house):
    visitor = await visit()
    first = await fetch(visitor)

    page = await fetch(visitor, once="b" * 32, status=200)

    assert f'href="{first}?read=1"' in page
    assert "aucun service n'est interrogé de nouveau" in plain(page)
    assert (len(house.errands.fetches), asked(house)) == (1, 1)


async def test_services_are_asked_again_once_ones_own_copy_was_deleted(visit, house):
    visitor = await visit()
    first = await fetch(visitor)
    page = await fetch(visitor, once="b" * 32, status=200)

    second = await fetch(visitor, once="b" * 32, again=AGAIN.search(page)[1])

    gone, new = house.errands.fetches.values()
    assert (first, second) == (f"/fetches/{gone.id}", f"/fetches/{new.id}")
    assert (gone.state, gone.document, new.state) == (FetchState.PURGED, None, FetchState.READY)
    assert (
        house.errands.calls.index("discard") < len(house.errands.calls) - house.errands.calls[::-1].index("start") - 1
    )
    assert await fetch(visitor, once="b" * 32, again=gone.id) == second, "the same form, sent twice"
    assert asked(house) == 2


@pytest.mark.parametrize("again", ["yes", "f" * 32])
async def test_a_copy_other_than_the_one_that_the_page_showed_is_not_deleted(visit, house, again):
    visitor = await visit()
    await fetch(visitor)

    page = await fetch(visitor, once="b" * 32, again=again, status=200)

    assert AGAIN.search(page)
    assert [one.state for one in house.errands.fetches.values()] == [FetchState.READY]


async def test_of_two_copies_each_is_offered_before_one_is_deleted(visit, house):
    visitor = await visit()
    await visitor.post("/fetch", ASKED[0], once="c" * 32, **WORKER, **TOLD)
    await fetch(visitor)
    narrow, wide = house.errands.fetches
    one_service = {"once": "b" * 32, **WORKER, **TOLD}
    page = await visitor.post("/fetch", ASKED[0], **one_service, status=200)
    assert AGAIN.search(page)[1] == wide

    page = await visitor.post("/fetch", ASKED[0], **one_service, again=wide, status=200)
    assert AGAIN.search(page)[1] == f"{wide} {narrow}"
    assert [one.state for one in house.errands.fetches.values()] == [FetchState.READY, FetchState.READY]
    await visitor.post("/fetch", ASKED[0], **one_service, again=f"{wide} {narrow}")

    states = [one.state for one in house.errands.fetches.values()]
    assert states == [FetchState.PURGED, FetchState.PURGED, FetchState.READY]


@pytest.mark.parametrize("step", ["prepare", "start", "discard"])
async def test_a_demand_that_is_refused_deletes_no_copy_and_asks_nobody(visit, house, step):
    visitor = await visit()
    await fetch(visitor)
    page = await fetch(visitor, once="b" * 32, status=200)
    house.errands.faults[step] = LocalRefused("rule", code=Code.FETCH_OPPOSED)

    page = await fetch(visitor, once="b" * 32, again=AGAIN.search(page)[1], status=403)

    assert of_code(Code.FETCH_OPPOSED, Language.FR).text in plain(page)
    first, *others = house.errands.fetches.values()
    assert first.state is FetchState.READY
    assert {one.state for one in others} <= {FetchState.PREPARED}


@pytest.mark.parametrize("language", Language)
async def test_a_colleagues_copy_stands_in_and_only_they_can_delete_it(visit, house, language):
    await fetch(await visit())
    ((fetch_id, theirs),) = house.errands.fetches.items()
    house.errands.put(fetch_id, readers=(NURSE_ID,))
    nurse = await visit(Role.NURSE, name="Ali Exemple", practitioner=NURSE_ID, language=language.value)

    for again in ({}, {"again": "yes"}, {"again": fetch_id}):
        page = await fetch(nurse, once="b" * 32, **again, status=200)
        assert f'href="/fetches/{fetch_id}?read=1"' in page
        assert 'name="again"' not in page
        assert TEXTS[language]["fetch.copy_of_colleague"].format(name=theirs.practitioner.name) in plain(page)

    assert (house.errands.fetches, asked(house)) == ({fetch_id: replace(theirs, readers=(NURSE_ID,))}, 1)


async def test_a_copy_is_found_behind_many_later_fetches(visit, house):
    visitor = await visit()
    await fetch(visitor)
    ((fetch_id, first),) = house.errands.fetches.items()
    for number in range(150):
        later = f"f{number:031x}"
        house.errands.fetches[later] = replace(first, id=later, state=FetchState.FAILED, document=None)

    assert AGAIN.search(await fetch(visitor, once="b" * 32, status=200))[1] == fetch_id


async def test_a_copy_of_fewer_services_or_of_another_worker_does_not_stand_in(visit, house):
    visitor = await visit()
    await visitor.post("/fetch", ASKED[0], once="a" * 32, **WORKER, **TOLD)

    await fetch(visitor, once="b" * 32)

    assert len(house.errands.fetches) == 2


async def test_a_launch_that_is_over_or_not_theirs_is_told_and_fills_nothing(visit):
    page = plain(await (await visit()).get("/fetch?launched=nothing"))

    assert "a expiré" in page


async def test_a_launch_fills_the_page_and_says_nothing_of_what_the_worker_was_told(visit, house):
    key = VendorKey(vendor_key("vendor", pem_of(PRIVATE)), frozenset({PHYSICIAN_ID}), False)
    house.sign_in.desk.launching.replace({"vendor": key})
    visitor = await visit()
    cross = {"Origin": "https://dmst.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with visitor.session.post(
        "/launch", data={"token": token(house)}, headers=cross, allow_redirects=False
    ) as answer:
        address = answer.headers["Location"]
    async with visitor.session.get(address, allow_redirects=False) as answer:
        page = await visitor.get(answer.headers["Location"])

    assert 'value="PAT-TROIS"' in page
    assert re.search(rf'name="services" value="{A.value}" checked', page)
    assert '<option value="initial" selected' in page
    assert re.search(r'name="(means|informed_when|no_objection)"[^>]*checked', page) is None


# ------------------------------------------------------------------------------------------------ what is said


@pytest.mark.parametrize("language", Language)
async def test_a_service_of_a_prepared_fetch_is_not_said_to_have_been_asked(visit, language):
    visitor = await visit(language=language.value)
    await visitor.post("/fetch/prepare", *ASKED, once="a" * 32, **WORKER, **TOLD, day="2026-11-24")
    page = await visitor.get("/worklist?day=2026-11-24")

    page = plain(await visitor.get(re.search(r"/fetches/[0-9a-f]{32}", page)[0]))

    assert page.count(TEXTS[language]["reply.not_asked"]) == 2
    assert TEXTS[language]["reply.pending"] not in page
    assert str(of_reply(Reply.PENDING, language, member="")).strip() not in page


async def test_who_cancelled_is_not_told_to_wait_for_a_service(visit, house):
    house.errands.hold = True
    visitor = await visit()
    place = await fetch(visitor)

    page = plain(await visitor.get(await visitor.post(f"{place}/cancel")))

    assert page.count("Sans réponse") == 2
    assert "Veuillez patienter" not in page


@pytest.mark.parametrize("reply", [Reply.UNAVAILABLE, Reply.LIMITED, Reply.COULD_NOT_LOOK, Reply.DEFERRED])
async def test_only_a_fetch_that_waits_says_that_a_service_will_be_asked_again(visit, house, reply):
    later = house.clock.now() + 600
    house.errands.answers[B] = {"reply": reply, "ask_again_at": later}
    visitor = await visit()
    place = await fetch(visitor)
    fetch_id = place.rpartition("/")[2]

    page = plain(await visitor.get(place))
    assert "Sera redemandé" not in page
    assert "la demande continue" not in page

    house.errands.put(fetch_id, state=FetchState.WAITING, document=None)
    assert "Sera redemandé le 23/11/2026 à 10:10." in plain(await visitor.get(place))


async def test_a_page_without_a_script_loads_again_where_it_is_no_sign_of_life(visit, house):
    house.errands.hold = True
    visitor = await visit()
    place = await fetch(visitor)

    assert f'content="3;url={place}?renewed=1&amp;read=1"' in await visitor.get(f"{place}?read=1")
    assert f'content="3;url={place}?renewed=1"' in await visitor.get(place)


@pytest.mark.parametrize("step", ["check", "services", "label", "insi"])
async def test_the_other_language_leads_to_a_page_that_opens_from_one_that_a_form_was_answered_with(visit, step):
    visitor = await visit()
    async with visitor.session.post(
        f"/fetch/{step}", data={"csrf": visitor.csrf}, headers={"Origin": visitor.address}
    ) as answer:
        page = await answer.text()

    assert re.search(r'href="/language/en\?back=([^"]*)"', page)[1] == "/fetch"
    assert 'data-path="/fetch"' in page


async def test_a_moment_before_all_calendars_is_a_field_to_correct(visit):
    page = await fetch(await visit(), informed_when="other", informed_at="0001-01-01T00:00", status=400)

    assert 'href="#informed_at"' in page

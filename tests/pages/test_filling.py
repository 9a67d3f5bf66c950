"""Steps of filling in the fetch page, none of which sends: the label, INSi, services, checking; by forms alone."""

import re

import pytest

from connector.core.codes import Code
from connector.core.datamatrix import GS
from connector.core.errors import InsiFault, LocalRefused
from connector.core.insi import InsiCode
from connector.local.identity_words import of_answer
from connector.local.pages.fetch_form import WORKER_FIELDS
from connector.local.statuses import status_of
from connector.local.words import Language, of_code
from tests.kit.local_values import A, B
from tests.kit.vigilance import nobody
from tests.pages.conftest import plain
from tests.pages.test_fetching import ASKED, LABEL, TOLD, WORKER, fetch


async def test_a_label_fills_the_form(visit):
    page = await (await visit()).post("/fetch/label", label=LABEL, status=200)

    for value in ("279035121518989", "PAT-TROIS", "DOMINIQUE MARIE-LOUISE", "28/03/1979", "51215"):
        assert f'value="{value}"' in page
    assert 'id="qualified" name="qualified" value="yes" checked' not in page


async def test_a_label_whose_scanner_dropped_the_separators_is_read_where_it_can_be(visit):
    page = await (await visit()).post("/fetch/label", label=LABEL.replace(GS, ""), status=200)

    assert 'value="PAT-TROIS"' in page


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("012345678901234567", Code.DATAMATRIX_MALFORMED),
        (LABEL.replace("IS01", "IS02"), Code.DATAMATRIX_MALFORMED),
        (LABEL.replace(GS, "-"), Code.DATAMATRIX_AMBIGUOUS),
        (LABEL.replace("1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.2"), Code.IDENTITY_OID),
        ("", Code.DATAMATRIX_MALFORMED),
    ],
)
@pytest.mark.parametrize("language", Language)
async def test_a_label_that_cannot_be_read_is_told_in_words(visit, label, code, language):
    visitor = await visit(language=language.value)
    page = await visitor.post("/fetch/label", label=label, status=422)

    assert of_code(code, language).next in plain(page)


async def test_the_oid_of_a_label_is_never_another_one_once_it_stands_in_the_form(visit, house):
    label = LABEL.replace("1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.8")
    page = await (await visit()).post("/fetch/label", label=label, status=200)

    assert 'name="oid" value="1.2.250.1.213.1.4.8"' in page


async def test_a_worker_is_found_by_insi_and_stands_in_the_form_not_yet_qualified(visit, house):
    visitor = await visit()
    traits = {name: text for name, text in WORKER.items() if name not in ("matricule", "verified_on", "qualified")}

    page = await visitor.post("/fetch/insi", status=200, **traits)

    assert 'value="279035121518989"' in page
    assert re.search(r'name="verified_on"[^>]*value="2026-', page)
    assert 'value="yes" checked' not in page
    ((question, by, _),) = house.vigilance.insi.asked
    assert (question.birth_name, by.who) == ("PAT-TROIS", visitor.person.id)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("answer", [nobody(), nobody(InsiCode.SEVERAL), InsiFault("down", code=Code.INSI_UNREACHABLE)])
async def test_a_search_that_finds_nobody_says_what_to_do_and_keeps_the_form(visit, house, language, answer):
    house.vigilance.insi.answers = [answer]
    visitor = await visit(language=language.value)
    status = status_of(answer.code) if isinstance(answer, InsiFault) else 200

    page = await visitor.post("/fetch/insi", status=status, **{**WORKER, "matricule": ""})

    words = of_code(answer.code, language) if isinstance(answer, InsiFault) else of_answer(answer.code, (), language)
    assert words.text in plain(page)
    assert words.next in plain(page)
    assert 'value="Pat-Trois"' in page


@pytest.mark.parametrize(("birth_name", "tone"), [("Tchitchi", "good"), ("Tchitchov", "warn")])
async def test_an_identity_is_verified_and_a_difference_is_told(visit, birth_name, tone):
    known = {"birth_name": birth_name, "birth_given_names": "Catarina Bella", "birth_date": "00/03/1979"}

    page = await (await visit()).post("/fetch/verify", status=200, **{**WORKER, **known, "verified_on": ""})

    assert f'class="notice {tone}"' in page
    assert bool(re.search(r'name="verified_on"[^>]*value="2026-', page)) == (tone == "good")


async def test_a_worker_whom_the_software_does_not_know_is_asked_for_a_reason_at_once(visit, house):
    house.errands.faults["prepare"] = LocalRefused("rule", code=Code.FETCH_NOT_FOLLOWED)

    page = await fetch(await visit(), status=status_of(Code.FETCH_NOT_FOLLOWED))

    assert re.search(r'<details class="field wide" open><summary>[^<]*</summary>\s*<label for="declared_reason">', page)


async def test_services_are_found_by_a_former_name_without_a_script(visit):
    page = await (await visit()).post("/fetch/services", q="acms ete", status=200, **WORKER)

    assert "Prévention Seine" in page
    assert "Santé Travail Isère" not in page
    assert 'value="Pat-Trois"' in page


async def test_the_services_asked_last_stand_there_unticked(visit):
    visitor = await visit()
    await fetch(visitor)

    page = await visitor.get("/fetch")

    assert f'name="services" value="{A.value}">' in page
    assert f'name="services" value="{B.value}">' in page


async def test_the_return_key_checks_and_sends_nothing(visit, house):
    page = await (await visit()).post("/fetch/check", *ASKED, once="a" * 32, **WORKER, **TOLD, status=200)

    assert re.search(
        r'<form id="fetch-form"[^>]*>\s*(<input type="hidden"[^>]*>\s*)*<button hidden formaction="/fetch/check"', page
    )
    assert house.errands.fetches == {}


async def test_a_form_without_the_token_of_its_page_does_nothing(visit, house):
    visitor = await visit()
    visitor.csrf = "another"

    page = await fetch(visitor, status=403)

    assert house.errands.fetches == {}
    assert "sign_in.forged" in page


async def test_a_label_read_by_the_script_leaves_nothing_of_the_worker_before(visit):
    visitor = await visit()
    label = LABEL.removesuffix("S751215")
    sent = {"csrf": visitor.csrf, "label": label}
    headers = {"Origin": visitor.address, "Accept": "application/json"}
    async with visitor.session.post("/fetch/label", data=sent, headers=headers) as answer:
        values = (await answer.json())["values"]

    assert values.keys() == {*WORKER_FIELDS}
    assert (values["matricule"], values["birth_place"], values["verified_on"]) == ("279035121518989", "", "")

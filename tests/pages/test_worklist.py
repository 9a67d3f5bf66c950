"""The work list, preparing for others, CSV files, and handing on: by forms alone."""

import re

import aiohttp
import pytest

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.people import Role
from connector.core.states import FetchState
from connector.local.pages.preparing import COLUMNS
from connector.local.pages.texts import TEXTS
from connector.local.words import Language
from tests.kit.local_values import NURSE_ID, PHYSICIAN_ID, A, B
from tests.pages.conftest import named_by, plain
from tests.pages.test_fetching import ASKED, TOLD, WORKER

TODAY, TOMORROW = "2026-11-23", "2026-11-24"
LINE = {
    "matricule": "279035121518989",
    "birth_name": "PAT-TROIS",
    "birth_given_names": "DOMINIQUE MARIE-LOUISE",
    "sex": "F",
    "birth_date": "28/03/1979",
    "birth_place": "51215",
    "verified_on": "14/09/2026",
    "services": f"{A} {B}",
    "day": "24/11/2026",
    "practitioner": PHYSICIAN_ID,
    "informed_by": "secretary",
    "informed_at": "2026-11-20T09:00",
    "means": "written",
    "visit": "initial",
}


def file_of(*lines, columns=COLUMNS, separator=";"):
    rows = [separator.join(columns), *(separator.join(line[name] for name in columns) for line in lines)]
    return "\r\n".join(rows) + "\r\n"


async def send_file(visitor, text, status=200, encoding="utf-8"):
    form = aiohttp.FormData()
    form.add_field("csrf", visitor.csrf)
    form.add_field("file", text.encode(encoding), filename="visites.csv", content_type="text/csv")
    async with visitor.session.post("/worklist/import", data=form, headers={"Origin": visitor.address}) as answer:
        assert answer.status == status, plain(await answer.text())
        return await answer.text()


async def prepare(visitor, day=TOMORROW, asked=ASKED, **changes):
    fields = {"once": "c" * 32, **WORKER, **TOLD, "day": day, **changes}
    return await visitor.post("/fetch/prepare", *asked, **fields)


async def test_a_prepared_fetch_stands_in_the_list_of_its_day_and_asks_nobody(visit, house):
    visitor = await visit()

    assert await prepare(visitor) == f"/worklist?day={TOMORROW}"

    assert "PAT-TROIS" in await visitor.get(f"/worklist?day={TOMORROW}")
    assert "PAT-TROIS" not in await visitor.get(f"/worklist?day={TODAY}")
    assert [fetch.state for fetch in house.errands.fetches.values()] == [FetchState.PREPARED]


async def test_one_action_starts_those_of_the_day_each_under_the_login_of_the_session(visit, house):
    visitor = await visit()
    await prepare(visitor, TODAY, asked=ASKED[1:])
    await prepare(visitor, TODAY, once="d" * 32)
    await prepare(visitor, TOMORROW, once="e" * 32)

    page = await visitor.post("/worklist/start", day=TODAY, status=200)

    assert "Demandes lancées : 2." in plain(page)
    states = [fetch.state for fetch in house.errands.fetches.values()]
    assert states == [FetchState.NO_RECORD_GIVEN, FetchState.READY, FetchState.PREPARED]


async def test_one_that_is_refused_stays_with_its_reason_and_stops_no_other(visit, house):
    visitor = await visit()
    await prepare(visitor, TODAY)
    house.errands.faults["start"] = LocalRefused("rule", code=Code.FETCH_OPPOSED)

    page = plain(await visitor.post("/worklist/start", day=TODAY, status=200))

    assert "Demandes non lancées : 1." in page
    assert [fetch.state for fetch in house.errands.fetches.values()] == [FetchState.PREPARED]


async def test_what_was_prepared_is_not_started_beside_a_copy_that_is_kept(visit, house):
    visitor = await visit()
    await visitor.post("/fetch", *ASKED, once="a" * 32, **WORKER, **TOLD)
    (kept,) = house.errands.fetches
    await prepare(visitor, TODAY)

    page = plain(await visitor.post("/worklist/start", day=TODAY, status=200))

    assert "Une copie vérifiée de ce dossier est encore conservée" in page
    assert [one.state for one in house.errands.fetches.values()] == [FetchState.READY, FetchState.PREPARED]

    await house.errands.copies.discard(kept, PHYSICIAN_ID)

    assert "Demandes lancées : 1." in plain(await visitor.post("/worklist/start", day=TODAY, status=200))


async def test_an_assistant_prepares_for_a_practitioner_and_starts_and_reads_nothing(visit, house):
    physician = await visit()
    assistant = await visit(Role.ASSISTANT, name="Claude Accueil")

    place = await prepare(assistant, TODAY, practitioner=PHYSICIAN_ID, informed_by="assistant")
    (fetch,) = house.errands.fetches.values()
    page = await assistant.get(place)

    assert (fetch.owner, house.errands.new.by_another) == (PHYSICIAN_ID, True)
    assert "PAT-TROIS" in page
    assert "/worklist/start" not in page
    for path in (f"/fetches/{fetch.id}", f"/fetches/{fetch.id}/document"):
        await assistant.get(path, status=404)
    assert (await assistant.post(f"/fetches/{fetch.id}/start", status=404)) is not None
    await assistant.post("/worklist/start", day=TODAY, status=200)
    await assistant.post("/fetch", *ASKED, once="f" * 32, **WORKER, **TOLD, status=403)
    assert fetch.state is FetchState.PREPARED
    assert "Demandes lancées : 1." in plain(await physician.post("/worklist/start", day=TODAY, status=200))


async def test_nobody_prepares_for_somebody_who_may_not_ask(visit, house):
    assistant = await visit(Role.ASSISTANT, name="Claude Accueil")

    page = await prepare_refused(assistant, practitioner="899700999999")

    assert house.errands.fetches == {}
    assert "local.forbidden" in page or 'href="#practitioner"' in page


async def prepare_refused(visitor, **changes):
    fields = {"once": "c" * 32, **WORKER, **TOLD, "day": TOMORROW, **changes}
    return await visitor.post("/fetch/prepare", *ASKED, **fields, status=403)


async def test_a_professional_prepares_in_no_other_name_than_their_own(visit, house):
    await prepare(await visit(), practitioner=NURSE_ID)

    assert [fetch.owner for fetch in house.errands.fetches.values()] == [PHYSICIAN_ID]


async def test_a_prepared_fetch_can_be_taken_out(visit, house):
    visitor = await visit()
    await prepare(visitor)
    (fetch_id,) = house.errands.fetches

    assert await visitor.post(f"/worklist/{fetch_id}/cancel") == f"/worklist?day={TOMORROW}"
    assert house.errands.fetches[fetch_id].state is FetchState.CANCELLED


# ------------------------------------------------------------------------------------------------ files


@pytest.mark.parametrize(
    ("separator", "encoding"), [(";", "utf-8"), (",", "utf-8"), (";", "cp1252"), (";", "utf-8-sig")]
)
async def test_a_file_is_prepared_line_by_line_and_twice_the_same_is_once(visit, house, separator, encoding):
    visitor = await visit()
    text = file_of(LINE, {**LINE, "birth_given_names": "ZOÉ", "services": str(A)}, separator=separator)

    first = plain(await send_file(visitor, text, encoding=encoding))
    again = plain(await send_file(visitor, text, encoding=encoding))

    assert "Lignes préparées : 2 sur 2." in first
    assert "Lignes préparées : 2 sur 2." in again
    assert len(house.errands.fetches) == 2
    assert house.errands.fetches[next(iter(house.errands.fetches))].planned_for is not None


async def test_a_wrong_line_is_named_and_keeps_no_other_from_being_prepared(visit, house):
    visitor = await visit()

    page = plain(await send_file(visitor, file_of({**LINE, "matricule": "279035121518988"}, LINE)))

    assert "Lignes préparées : 1 sur 2." in page
    assert "Ligne 2 : Matricule" in page
    assert "279035121518988" not in page
    assert len(house.errands.fetches) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "matricule;day\r\n1;2\r\n",
        file_of(),
        file_of(LINE) + "one;two\r\n",
        file_of(LINE) + 'a"b;"c\r\n',
        "%PDF-1.7\x00\x01",
    ],
)
async def test_a_file_that_is_none_prepares_nothing_and_says_what_is_expected(visit, house, text):
    visitor = await visit()

    page = plain(await send_file(visitor, text, status=400))

    assert "rien n'a été préparé" in page
    assert "birth_given_names" in page
    assert house.errands.fetches == {}


# ------------------------------------------------------------------------------------------------ handing on


async def test_a_ready_record_is_opened_to_a_colleague_who_reads_it_and_steers_nothing(visit, house):
    visitor = await visit()
    nurse = await visit(Role.NURSE, name="Ali Exemple", practitioner=NURSE_ID)
    place = (await visitor.post("/fetch", *ASKED, once="a" * 32, **WORKER, **TOLD)).removesuffix("?read=1")
    page = await visitor.get(place)
    assert re.search(rf'<option value="{NURSE_ID}">Ali Exemple', page)
    await nurse.get(place, status=404)

    await visitor.post(f"{place}/hand-on", colleague=NURSE_ID)

    assert "Peuvent aussi le lire : Ali Exemple." in plain(await visitor.get(place))
    theirs = await nurse.get(f"{place}?read=1")
    assert "Dr Simone Ajout vous a ouvert ce dossier" in plain(theirs)
    assert f"{place}/file" not in theirs
    async with nurse.session.get(f"{place}/document") as answer:
        assert answer.status == 200
    assert house.errands.opened == [(place.rpartition("/")[2], NURSE_ID)]
    await nurse.post(f"{place}/file", sha256=named_by(theirs), status=403)


async def test_a_record_is_opened_to_nobody_who_is_not_of_this_service_or_may_not_read(visit, house):
    visitor = await visit()
    await visit(Role.ASSISTANT, name="Claude Accueil")
    place = (await visitor.post("/fetch", *ASKED, once="a" * 32, **WORKER, **TOLD)).removesuffix("?read=1")

    for colleague in (PHYSICIAN_ID, "899700999999", ""):
        await visitor.post(f"{place}/hand-on", colleague=colleague, status=403)
    assert "Claude Accueil" not in await visitor.get(place)


@pytest.mark.parametrize("column", ["no_objection", "qualified"])
@pytest.mark.parametrize("said", ["no", "non", ""])
async def test_a_line_that_says_that_the_worker_objects_or_is_not_qualified_is_not_prepared(visit, house, column, said):
    columns = (*COLUMNS, column)
    text = file_of({**LINE, column: "yes"}, {**LINE, "visit": "periodic", column: said}, columns=columns)

    page = plain(await send_file(await visit(), text))

    assert "Lignes préparées : 1 sur 2." in page
    assert TEXTS[Language.FR][f"fault.{column}"] in page
    assert len(house.errands.fetches) == 1

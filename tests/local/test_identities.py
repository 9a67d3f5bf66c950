"""The identity desk over HTTP: what INSi says in words, moves with their evidence, labels, alerts; bodies only."""

import aiohttp
import pytest

from connector.core.codes import Code
from connector.core.datamatrix import encode
from connector.core.days import Day
from connector.core.errors import InsiFault
from connector.core.identity import IdentityStatus, QualifiedIdentity
from connector.core.identity_alerts import Alert, AlertKind, ToQualify
from connector.core.insi import InsiCode, VitaleCard
from connector.core.oid import Environment
from connector.core.traits import StrictTraits
from tests.kit.local_values import AUDIT_KEY, KEY, OTHER_KEY
from tests.kit.state import INS, OTHER_INS, T0, TRAITS
from tests.kit.vigilance import Vigilance, a_near_miss, found, nobody
from tests.local.calls import assert_problem

MATRICULE = INS.matricule.value
BY = "secretariat-7"
TRAITS_JSON = TRAITS.to_json()
OTHER_TRAITS = StrictTraits.parse(**TRAITS_JSON | {"birth_date": "1980-03-00"})
WORKER = {"matricule": MATRICULE, "oid": INS.oid.value, **TRAITS_JSON}
DOCUMENT = {"kind": "CN", "nationality": "french", "seen_on": "2026-11-23"}
ALERT_ID = "a" * 32


async def post(api, path, body, status=200, language="en"):
    async with api.post(path, json=body, headers={"Accept-Language": language}) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def search(api, **changes):
    return await post(api, "/api/v1/identity/search", {"by": BY, "traits": TRAITS_JSON} | changes)


async def kept(api):
    body = {"traits": TRAITS_JSON, "by": BY, "reason": "première visite"}
    return (await post(api, "/api/v1/identities", body, 201))["id"]


async def moved(api, identity, move, **more):
    body = {"move": move, "by": BY, "reason": "carte présentée", **more}
    return await post(api, f"/api/v1/identities/{identity}/moves", body)


# ---------------------------------------------------------------- INSi


async def test_what_insi_found_is_given_whole_and_qualifies_nothing(house, api):
    house.vigilance.insi.answers = [found(former=(OTHER_INS,))]

    answer = await search(api)

    assert (answer["code"], answer["identity"]["matricule"]) == ("00", MATRICULE)
    assert answer["identity"]["former"] == [{"matricule": OTHER_INS.matricule.value, "oid": OTHER_INS.oid.value}]
    assert "before you qualify" in answer["next"]
    assert house.vigilance.identity_store.kept == {}


@pytest.mark.parametrize(
    ("code", "language", "text", "then"),
    [
        (InsiCode.NONE, "fr", "L'INSi ne connaît personne", "le nom utilisé n'est pas le nom de naissance"),
        (InsiCode.SEVERAL, "fr", "plusieurs personnes", "jamais au hasard"),
        (InsiCode.NONE, "en", "knows nobody", "used name is not the birth name"),
        (InsiCode.SEVERAL, "en", "several persons", "Never choose by guess"),
    ],
)
async def test_what_insi_does_not_know_is_told_in_words_with_what_to_do(house, api, code, language, text, then):
    house.vigilance.insi.answers = [nobody(code)]

    answer = await post(api, "/api/v1/identity/search", {"by": BY, "traits": TRAITS_JSON}, language=language)

    assert (answer["code"], answer["identity"]) == (code, None)
    assert text in answer["text"]
    assert then in answer["next"]


async def test_a_vitale_card_is_searched_with_as_it_is_read(house, api):
    body = {"by": BY, "vitale": {"insured": MATRICULE, "birth_date": "1979-03-24", "birth_name": "Tchitchi"}}

    await post(api, "/api/v1/identity/search", body)

    (question, _, _) = house.vigilance.insi.asked[0]
    assert isinstance(question, VitaleCard)
    assert (question.birth_name, question.rank) == ("TCHITCHI", 1)


@pytest.mark.parametrize("body", [{"by": BY}, {"by": BY, "traits": TRAITS_JSON, "vitale": {}}, {"traits": TRAITS_JSON}])
async def test_a_search_is_by_traits_or_by_card_and_of_somebody(api, body):
    async with api.post("/api/v1/identity/search", json=body) as answer:
        await assert_problem(answer, Code.LOCAL_MALFORMED)


async def test_a_digit_in_a_name_is_refused_by_the_place_and_sends_nothing(house, api):
    body = {"by": BY, "traits": TRAITS_JSON | {"birth_name": "TCHITCH1"}}
    async with api.post("/api/v1/identity/search", json=body) as answer:
        problem = await assert_problem(answer, Code.IDENTITY_MALFORMED, secrets=("TCHITCH1",))

    assert problem["errors"][0]["field"] == "birth name"
    assert house.vigilance.insi.asked == []


@pytest.mark.parametrize(
    ("code", "status"), [(Code.INSI_OFF, 503), (Code.INSI_UNREACHABLE, 502), (Code.INSI_TIMEOUT, 504)]
)
async def test_an_insi_that_cannot_be_had_is_told_to_the_desk_in_its_language(house, api, code, status):
    house.vigilance.insi.answers = [InsiFault("INSi: technical words", code=code, hint="call the administrator")]
    async with api.post("/api/v1/identity/search", json={"by": BY, "traits": TRAITS_JSON}) as answer:
        problem = await assert_problem(answer, code, status)

    assert "administrator" not in problem["hint"]


async def test_a_busy_insi_says_how_long_to_wait(house, api):
    house.vigilance.insi.answers = [InsiFault("INSi: busy", code=Code.INSI_BUSY, retry_after=30)]
    async with api.post("/api/v1/identity/search", json={"by": BY, "traits": TRAITS_JSON}) as answer:
        await assert_problem(answer, Code.INSI_BUSY)
        assert answer.headers["Retry-After"] == "30"


async def test_a_verification_names_what_differs_and_no_value(house, api):
    house.vigilance.insi.answers = [found(traits=OTHER_TRAITS)]

    answer = await post(api, "/api/v1/identity/verify", {"by": BY, "worker": WORKER}, language="fr")

    assert (answer["result"], answer["method"], answer["differing"]) == ("differs", "search", ["birth_date"])
    assert "date de naissance" in answer["text"]
    assert (answer["verified_on"], "1980" in str(answer)) == (None, False)


async def test_an_identity_that_insi_bears_out_has_its_day(api):
    answer = await post(api, "/api/v1/identity/verify", {"by": BY, "worker": WORKER})

    assert (answer["result"], answer["verified_on"]) == ("agrees", "2026-11-23")


# ---------------------------------------------------------------- kept identities


async def test_an_identity_is_qualified_with_its_evidence_and_shown_with_its_moves(api):
    identity = await kept(api)
    recovered = await moved(api, identity, "recover")
    await moved(api, identity, "validate", document=DOCUMENT)
    async with api.get(f"/api/v1/identities/{identity}") as answer:
        shown = await answer.json()

    assert (recovered["status"], "document of high trust" in recovered["next"]) == ("RECUP", True)
    assert (shown["status"], shown["ins"]["matricule"], shown["verified_on"]) == ("QUAL", MATRICULE, "2026-11-23")
    assert [(m["kind"], m["by"]) for m in shown["moves"]] == [("recovered", BY), ("validated", BY)]
    assert shown["moves"][1]["document"]["kind"] == "CN"


@pytest.mark.parametrize(
    ("move", "more", "code"),
    [
        ("validate", {}, Code.LOCAL_MALFORMED),
        ("validate", {"document": DOCUMENT | {"seen_on": "2026-11-24"}}, Code.IDENTITY_EVIDENCE),
        ("validate", {"document": DOCUMENT | {"kind": "AN"}}, Code.IDENTITY_EVIDENCE),
        ("withdraw", {}, Code.IDENTITY_STATUS),
        ("verify", {}, Code.IDENTITY_STATUS),
        ("unmark", {"attribute": "douteux"}, Code.IDENTITY_STATUS),
    ],
)
async def test_a_move_that_the_evidence_does_not_carry_is_refused(api, move, more, code):
    identity = await kept(api)
    body = {"move": move, "by": BY, "reason": "x", **more}
    async with api.post(f"/api/v1/identities/{identity}/moves", json=body) as answer:
        await assert_problem(answer, code)


async def test_an_unknown_identity_is_not_found(api):
    body = {"move": "recover", "by": BY, "reason": "x"}
    async with api.post(f"/api/v1/identities/{'f' * 32}/moves", json=body) as answer:
        await assert_problem(answer, Code.LOCAL_NOT_FOUND)
    async with api.get("/api/v1/identities/not-an-id") as answer:
        await assert_problem(answer, Code.LOCAL_NOT_FOUND)


async def test_kept_identities_are_found_by_an_ins_in_the_body(api):
    identity = await kept(api)
    await moved(api, identity, "recover")

    page = await post(api, "/api/v1/identities/search", {"matricule": MATRICULE})

    assert [item["id"] for item in page["items"]] == [identity]


@pytest.mark.parametrize("by", ["", "Mme Dupont", "x" * 101])
async def test_whoever_decides_is_named_by_an_id_and_never_by_a_name(api, by):
    body = {"traits": TRAITS_JSON, "by": by, "reason": "x"}
    async with api.post("/api/v1/identities", json=body) as answer:
        await assert_problem(answer, Code.LOCAL_MALFORMED)


# ---------------------------------------------------------------- labels


async def test_a_label_is_written_and_read_again(api):
    payload = encode(QualifiedIdentity(INS, OTHER_TRAITS, Day(2026, 11, 23)))
    worker = WORKER | OTHER_TRAITS.to_json() | {"status": "qualified", "verified_on": "2026-11-23"}

    written = await post(api, "/api/v1/identity/label/write", {"worker": worker})
    read = await post(api, "/api/v1/identity/label/read", {"payload": written["payload"]})

    assert written["payload"] == payload
    assert (read["matricule"], read["birth_date"], read["birth_name"]) == (MATRICULE, "1980-03-00", "TCHITCHI")


@pytest.mark.parametrize("payload", ["hello", "IS02" + 22 * "0", "is01" + 22 * "0"])
async def test_what_is_no_label_is_refused_without_being_repeated(api, payload):
    async with api.post("/api/v1/identity/label/read", json={"payload": payload}) as answer:
        await assert_problem(answer, Code.DATAMATRIX_MALFORMED)


async def test_a_label_of_a_test_identity_is_refused_in_production(house):
    house.vigilance = Vigilance(house.clock, house.entropy, environment=Environment.PRODUCTION)
    payload = encode(QualifiedIdentity(INS, OTHER_TRAITS))
    runner, address = await house.serve()
    async with (
        aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {KEY}"}) as api,
        api.post("/api/v1/identity/label/read", json={"payload": payload}) as answer,
    ):
        await assert_problem(answer, Code.IDENTITY_OID)
    await runner.cleanup()


# ---------------------------------------------------------------- alerts


def alert_in(house, **changes):
    near_miss = a_near_miss(ALERT_ID, **changes)
    house.vigilance.alert_store.kept[ALERT_ID] = Alert(near_miss, near_miss.at)


async def test_an_alert_is_listed_taken_and_closed(house, api):
    alert_in(house)
    url = "/api/v1/identity-alerts"
    async with api.get(f"{url}?state=open", headers={"Accept-Language": "fr"}) as answer:
        (listed,) = (await answer.json())["items"]

    taken = await post(api, f"{url}/{ALERT_ID}/take", {"by": BY})
    closed = await post(api, f"{url}/{ALERT_ID}/close", {"by": BY, "reason": "date corrigée"})

    assert "date de naissance" in listed["text"]
    assert (listed["ins"]["matricule"], listed["differing"]) == (MATRICULE, ["birth_date"])
    assert [taken["state"], closed["state"]] == ["taken", "closed"]
    assert closed["handled"][-1]["reason"] == "date corrigée"
    async with api.post(f"{url}/{ALERT_ID}/take", json={"by": BY}) as answer:
        await assert_problem(answer, Code.LOCAL_CONFLICT)


@pytest.mark.parametrize(
    ("kind", "other"), [(AlertKind.INS_DIFFERS, OTHER_INS), (AlertKind.MATRICULE_CHANGED, OTHER_INS)]
)
async def test_every_kind_of_alert_has_its_sentence(house, api, kind, other):
    alert_in(house, kind=kind, other=other, differing=())
    async with api.get(f"/api/v1/identity-alerts/{ALERT_ID}", headers={"Accept-Language": "en"}) as answer:
        shown = await answer.json()

    assert "INS" in shown["text"]
    assert "{" not in shown["text"]
    assert shown["other"]["matricule"] == OTHER_INS.matricule.value


@pytest.mark.parametrize("query", ["?state=lost", "?before=x", "?limit=0"])
async def test_a_query_of_alerts_that_does_not_fit_is_refused(api, query):
    async with api.get("/api/v1/identity-alerts" + query) as answer:
        await assert_problem(answer, Code.LOCAL_MALFORMED)


async def test_records_that_wait_are_listed_with_what_to_do(house, api):
    house.vigilance.alert_store.waiting = [ToQualify(INS, IdentityStatus.RECUP, T0, T0, 2)]
    async with api.get("/api/v1/identity/to-qualify", headers={"Accept-Language": "en"}) as answer:
        (waiting,) = (await answer.json())["items"]

    assert (waiting["matricule"], waiting["count"], waiting["confirmed"]) == (MATRICULE, 2, False)
    assert "document of high trust" in waiting["next"]


@pytest.mark.parametrize("key", [AUDIT_KEY, OTHER_KEY])
@pytest.mark.parametrize("path", ["/api/v1/identity-alerts", "/api/v1/identity/to-qualify"])
async def test_a_key_without_the_scope_sees_no_alert(api, key, path):
    async with api.get(path, headers={"Authorization": f"Bearer {key}"}) as answer:
        await assert_problem(answer, Code.LOCAL_FORBIDDEN)

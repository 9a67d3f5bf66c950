"""Status, journal, alerts, oppositions and a worker's report: by forms alone, in both languages."""

import html
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from connector.contract.settings import Authority
from connector.core.directory import MemberStatus
from connector.core.identity_alerts import AlertState
from connector.core.instant import rfc3339
from connector.core.ledger import EntryType, Tree
from connector.core.matricule import Ins, Matricule
from connector.core.oid import Environment, InsOid
from connector.core.oppositions import OppositionKind
from connector.core.people import Role
from connector.core.witness import LedgerName, SignedHead, WitnessStatement
from connector.directory.age import Freshness
from connector.evidence.access import TOLD
from connector.local.pages.texts import TEXTS
from connector.local.ports import AdapterStatus, Check, PeerSeen, ProbeStep, WitnessReport
from connector.local.sign_in.rights import PAGE_ROLES
from connector.local.words import Language
from tests.kit.local_values import US, A
from tests.kit.vigilance import a_near_miss
from tests.pages.conftest import plain

WORKER = "279035121518989"
PAGES = [
    "/fetch",
    "/fetches",
    "/worklist",
    "/status",
    "/journal",
    "/journal/exchange/2",
    "/report",
    "/alerts",
    "/oppositions",
]


@pytest.mark.parametrize("language", Language)
def test_every_word_of_the_house_is_told(language):
    wanted = {
        *(f"entry.{one}" for one in EntryType),
        *(f"tree.{one}" for one in Tree),
        *(f"freshness.{one}" for one in Freshness),
        *(f"member.{one}" for one in MemberStatus),
        *(f"alert.{one}" for one in AlertState),
        *(f"kind.{one}" for one in OppositionKind),
        *(f"oppositions.authority_{one}" for one in Authority),
        *(f"access.{one}" for one in TOLD.values()),
    }

    assert wanted - TEXTS[language].keys() == set()


@pytest.mark.parametrize("language", Language)
async def test_every_page_of_every_role_is_there_in_both_languages(visit, language):
    visitor = await visit(*(set(Role) - {Role.NURSE, Role.INTERN}), language=language.value)

    for path in PAGES:
        page = await visitor.get(path)
        assert f'<html lang="{language.value}">' in page
        assert 'aria-current="page"' in page or path == "/report"


@pytest.mark.parametrize("path", [*PAGES, "/people"])
@pytest.mark.parametrize("role", Role)
async def test_a_page_opens_to_its_roles_and_to_no_other(visit, path, role):
    visitor = await visit(role)
    opens = role in PAGE_ROLES["/" + path.split("/")[1]]

    async with visitor.session.get(path, allow_redirects=False) as answer:
        assert (answer.status == 200) == opens
        if not opens:
            assert "sign_in.role" in await answer.text()


def test_every_page_stands_in_the_documentation():
    told = (Path(__file__).parents[2] / "docs/pages.md").read_text(encoding="utf-8")

    assert [page for page in PAGE_ROLES if page != "/" and f"`{page}`" not in told] == []


async def test_the_page_locks_when_the_session_does(visit, house):
    page = await (await visit()).get("/fetch")

    assert f'data-idle-seconds="{house.sign_in.rules.idle_seconds}"' in page


async def test_an_assistant_is_offered_no_fetches_of_their_own(visit):
    page = await (await visit(Role.ASSISTANT)).get("/fetch")

    assert 'href="/worklist"' in page
    assert 'href="/fetches"' not in page


async def test_each_red_line_of_the_status_says_what_to_do(visit, house):
    house.status.checks.append(Check("crl", ok=False, detail="expired yesterday", remedy="renew the list"))
    page = plain(await (await visit(Role.ADMINISTRATOR)).get("/status"))

    assert "À traiter maintenant : 1" in page
    assert "expired yesterday → renew the list" in page
    assert "20 jours" in page


async def test_a_peer_is_tested_and_the_step_that_failed_says_cause_and_remedy(visit, house):
    house.prober.steps.append(
        ProbeStep("document", ok=False, elapsed_ms=90, code="peer.timeout", cause="no byte came", remedy="call them")
    )
    page = plain(await (await visit(Role.ADMINISTRATOR)).post(f"/status/peers/{A}/probe", status=200))

    assert "no byte came → call them" in page
    assert "Le test s'est arrêté" in page


async def test_a_peer_shows_the_version_of_its_connector_beside_the_protocols(visit, house):
    at = house.clock.now()
    house.status.peers.append(PeerSeen(A, asked_at=at, is_reachable=True, elapsed_ms=48, version="0.9.1"))
    page = plain(await (await visit(Role.ADMINISTRATOR)).get("/status"))

    assert "48 ms" in page
    assert "0.9.1 protocole 1" in page


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "fr",
            ["aucune lecture depuis ce démarrage", "Vu depuis le démarrage du", "Accusés de réception aux services 2"],
        ),
        ("en", ["no read since this start", "As seen since the start of", "Acknowledgements to services 2"]),
    ],
)
async def test_what_is_only_known_since_the_start_is_said_to_be(visit, language, said):
    page = plain(await (await visit(Role.ADMINISTRATOR, language=language)).get("/status"))

    assert [one for one in said if one not in page] == []


async def test_the_last_read_and_the_witnesses_stand_on_the_status_page(visit, house):
    now = house.clock.now()
    words = [WitnessStatement(A, now, SignedHead(LedgerName(US, tree, 1), 5, bytes(32), ""), "") for tree in Tree]
    house.status.adapters = (AdapterStatus("source", "demo", ok=True, read_at=now),)
    house.witnesses.found = WitnessReport("", now, now, words, (), (), ())
    page = plain(await (await visit(Role.ADMINISTRATOR)).get("/status"))

    assert "dernière lecture le 23/11/2026 à 10:00" in page
    assert "Témoins 1 à jour, 23/11/2026 à 10:00" in page


async def test_the_journal_is_filtered_and_names_a_worker_in_no_address(visit, house):
    visitor = await visit(Role.AUDITOR)
    await visitor.get(f"/journal?tree=exchange&type=asked&peer={A}&since=2026-11-01&until=2026-11-30")
    query = house.journal.searches[-1]
    assert (query.type, query.peer) == (EntryType.ASKED, A)

    await visitor.post("/journal/search", matricule=WORKER, tree="exchange", status=200)

    assert house.journal.searches[-1].worker.matricule.value == WORKER


async def test_a_filter_that_is_none_is_told_in_words(visit):
    visitor = await visit(Role.AUDITOR)

    await visitor.get("/journal?type=coffee", status=400)
    await visitor.get("/journal?peer=12", status=422)
    await visitor.get("/journal/exchange/999", status=404)


@pytest.mark.parametrize(
    ("since", "until", "first", "last"),
    [
        ("2026-11-01", "2026-11-30", "2026-10-31T23:00:00Z", "2026-11-30T22:59:59Z"),
        ("24/07/2026", "2026-07-24", "2026-07-23T22:00:00Z", "2026-07-24T21:59:59Z"),
        ("2026-10-25", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"),
    ],
)
async def test_a_day_of_the_journal_is_the_day_in_france_also_in_its_export(visit, house, since, until, first, last):
    visitor = await visit(Role.AUDITOR)

    page = await visitor.get(f"/journal?tree=house&type=asked&peer={A}&ref={'b' * 32}&since={since}&until={until}")

    query = house.journal.searches[-1]
    assert (rfc3339(query.since), rfc3339(query.until)) == (first, last)
    links = [html.unescape(link) for link in re.findall(r'href="(/journal/export[^"]*)"', page)]
    assert [parse_qs(urlsplit(link).query).get("format") for link in links] == [None, ["fhir"]]
    for link in links:
        await visitor.get(link)
        wanted = house.evidence.asked[-1][1]
        assert (wanted.tree, wanted.type, wanted.peer, wanted.ref) == (query.tree, EntryType.ASKED, A, "b" * 32)
        assert (wanted.since, wanted.until) == (query.since, query.until)


async def test_what_was_searched_for_a_worker_is_not_exported_as_if_for_all(visit):
    page = await (await visit(Role.AUDITOR)).post("/journal/search", matricule=WORKER, status=200)

    assert "/journal/export" not in page


@pytest.mark.parametrize("day", ["2026-13-01", "9999-12-31", "0001-01-01", "yesterday"])
async def test_a_day_that_cannot_be_is_refused_by_the_journal(visit, day):
    await (await visit(Role.AUDITOR)).get(f"/journal?since={day}&until={day}", status=400)


async def test_the_journal_is_verified_from_the_page(visit):
    page = plain(await (await visit(Role.AUDITOR)).post("/journal/verify", status=200))

    assert "Journal des échanges intact, 5 entrées." in page


async def test_an_objection_is_noted_lifted_and_seen_again(visit, house):
    visitor = await visit()
    said = {"matricule": WORKER, "kind": "2", "on": "20/11/2026", "means": "oral", "by": "physician"}

    place = await visitor.post("/oppositions", **said)
    assert place.startswith("/oppositions?done=kept#")
    assert (await visitor.post("/oppositions", **said)).startswith("/oppositions?done=already#")
    objection = place.rpartition("#")[2]
    page = await visitor.post("/oppositions/search", matricule=WORKER, status=200)
    assert f'id="{objection}"' in page

    lifted = {"on": "2026-11-22", "means": "oral", "by": "physician"}
    assert "done=lifted" in await visitor.post(f"/oppositions/{objection}/lift", **lifted)
    assert "levée" in plain(await visitor.get("/oppositions"))


@pytest.mark.parametrize("field", ["matricule", "kind", "on", "means", "by"])
async def test_an_objection_that_is_not_whole_is_not_noted(visit, field):
    said = {"matricule": WORKER, "kind": "2", "on": "2026-11-20", "means": "oral", "by": "physician", field: ""}
    visitor = await visit()

    page = await visitor.post("/oppositions", **said, status=400)

    assert f'href="#{field}"' in page
    assert "Aucune opposition." in plain(await visitor.get("/oppositions"))


async def test_an_alert_says_by_name_who_handled_it(visit, house):
    visitor = await visit(Role.IDENTITY_OFFICER, name="Claude Essai")
    await house.vigilance.alert_store.notice(a_near_miss("a" * 32))
    await house.vigilance.alerts.take("a" * 32, "Sacha Durand", "vendor")

    await visitor.post(f"/alerts/{'a' * 32}/take", status=303)
    await visitor.post(f"/alerts/{'a' * 32}/close", reason="compared", status=303)

    page = plain(await visitor.get("/alerts"))
    assert page.count("Claude Essai,") == 2
    assert "Sacha Durand," in page
    assert not [person.id for person in house.sign_in.staff.people() if person.id in page]


async def test_an_alert_is_closed_with_a_reason_only(visit):
    visitor = await visit(Role.IDENTITY_OFFICER)

    await visitor.post(f"/alerts/{'a' * 32}/close", reason="", status=400)
    await visitor.post(f"/alerts/{'a' * 32}/close", reason="compared", status=404)
    await visitor.post("/alerts/none/take", status=404)


@pytest.fixture
def real(house):
    """A house that serves real workers, some of whom wait for their NIR."""
    house.settings = replace(house.settings, environment=Environment.PRODUCTION)
    house.register._environment = Environment.PRODUCTION
    return house


async def test_an_objection_of_a_worker_who_waits_for_a_nir_is_kept_under_their_own_ins(real, visit):
    visitor = await visit()
    said = {"matricule": WORKER, "kind": "2", "on": "2026-11-20", "means": "oral", "by": "physician"}
    nia = Ins(Matricule.parse(WORKER), InsOid.NIA)

    assert f'<option value="{InsOid.NIA.value}"' in await visitor.get("/oppositions")
    await visitor.post("/oppositions", **said, oid=InsOid.NIA.value)

    assert [one.ins for one in await real.register.of_worker(nia)] == [nia]
    found = plain(await visitor.post("/oppositions/search", matricule=WORKER, oid=InsOid.NIA.value, status=200))
    assert "Aucune opposition." not in found
    again = await visitor.post("/oppositions", **{**said, "by": ""}, oid=InsOid.NIA.value, status=400)
    assert f'<option value="{InsOid.NIA.value}" selected' in again


@pytest.mark.parametrize("place", ["/journal/search", "/report"])
async def test_the_journal_of_a_worker_who_waits_for_a_nir_is_found_under_their_own_ins(real, visit, place):
    visitor = await visit(Role.AUDITOR)

    await visitor.post(place, matricule=WORKER, oid=InsOid.NIA.value, status=200)

    asked = real.evidence.asked[-1][1] if place == "/report" else real.journal.searches[-1].worker
    assert asked == Ins(Matricule.parse(WORKER), InsOid.NIA)


async def test_older_entries_about_a_worker_are_one_form_away(visit, house):
    house.journal.rows = [replace(house.journal.rows[1], index=index) for index in range(60)]
    visitor = await visit(Role.AUDITOR)

    page = await visitor.post("/journal/search", matricule=WORKER, status=200)
    before = re.search(r'name="before" value="(\d+)"', page)[1]
    await visitor.post("/journal/search", matricule=WORKER, before=before, status=200)

    assert (house.journal.searches[-1].before, house.journal.searches[-1].worker.matricule.value) == (10, WORKER)

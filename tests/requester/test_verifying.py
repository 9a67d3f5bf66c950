"""Before the first question: an identity whose verification is not known, or too old, is held against INSi."""

from dataclasses import replace

import pytest

from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import FailedClosed, InsiFault, LocalRefused
from connector.core.identity import IdentityStatus, LocalIdentity
from connector.core.identity_alerts import AlertKind, Meeting
from connector.core.insi import InsiCode
from connector.core.ledger import EntryType
from connector.core.records import Look, Opposition
from connector.core.states import FetchState
from connector.core.traits import StrictTraits
from tests.kit.holder_fakes import GIVEN
from tests.kit.requester_office import A, B, an_office, known_as
from tests.kit.state import INS, OTHER_INS, OWNER, T0, TRAITS
from tests.kit.vigilance import Kept, MemoryAlerts, ScriptedInsi, found, nobody

OLD = Day(2020, 1, 1)
DAY = 86_400
OTHER_TRAITS = StrictTraits.parse(**TRAITS.to_json() | {"birth_date": "1980-03-00", "birth_place": "51454"})


@pytest.fixture
async def office(tmp_path):
    async with an_office(tmp_path, house={"insi": ScriptedInsi(), "alerts": MemoryAlerts()}) as office:
        office.insi, office.alerts = office.house["insi"], office.house["alerts"]
        office.vendor.looks[INS] = known_as(verified_on=OLD)
        yield office


async def notes(office, fetch):
    return [note["note"] for note in await office.notes(fetch.id)]


def peers_asked(office):
    return [*office.a.asked, *office.b.asked]


async def test_an_identity_that_was_verified_too_long_ago_is_verified_and_asked_for(office):
    fetch = await office.fetch(A, B)

    assert fetch.state is FetchState.READY
    assert fetch.worker.verified_on == Day(2026, 11, 23)
    assert (await notes(office, fetch))[:2] == ["identity-checked", "identity-verified"]
    ((_, caller, fresh),) = office.insi.asked
    assert (caller.who, caller.purpose, fresh) == (OWNER, "fetch", False)


async def test_an_identity_whose_verification_nobody_knows_is_verified(office):
    office.vendor.looks[INS] = known_as(verified_on=None)

    fetch = await office.fetch(A)

    assert fetch.worker.verified_on == Day(2026, 11, 23)


async def test_an_identity_verified_recently_makes_no_call(office):
    office.vendor.looks[INS] = GIVEN

    fetch = await office.fetch(A)

    assert (fetch.state, office.insi.asked) == (FetchState.READY, [])
    assert "identity-checked" not in await notes(office, fetch)


async def test_the_age_that_is_not_looked_at_makes_no_call(tmp_path):
    insi = ScriptedInsi()
    async with an_office(tmp_path, house={"insi": insi}, identity_max_age_days=None) as office:
        office.vendor.looks[INS] = known_as(verified_on=OLD)

        assert (await office.fetch(A)).state is FetchState.READY

    assert insi.asked == []


async def test_a_kept_answer_that_is_too_old_itself_is_asked_again(tmp_path):
    insi = ScriptedInsi(Kept(found(at=T0 - 3 * DAY)), found())
    async with an_office(tmp_path, house={"insi": insi}, identity_max_age_days=2) as office:
        office.vendor.looks[INS] = known_as(verified_on=OLD)

        fetch = await office.fetch(A)

    assert [fresh for _, _, fresh in insi.asked] == [False, True]
    assert fetch.worker.verified_on == Day(2026, 11, 23)


async def test_a_kept_answer_that_does_not_bear_the_worker_out_is_not_the_last_word(office):
    office.insi.answers = [Kept(found(traits=OTHER_TRAITS)), found()]

    assert (await office.fetch(A)).state is FetchState.READY
    assert [fresh for _, _, fresh in office.insi.asked] == [False, True]
    assert office.alerts.kept == {}


# ---------------------------------------------------------------- what INSi does not bear out


async def test_a_discrepancy_asks_nobody_and_names_the_traits_to_our_own_staff(office):
    office.insi.answers = [found(traits=OTHER_TRAITS)]

    fetch = await office.fetch(A, B)

    assert (fetch.state, fetch.code) == (FetchState.FAILED, Code.IDENTITY_DISCREPANCY)
    assert "birth date, birth place" in fetch.detail
    note = (await office.notes(fetch.id))[-1]
    assert (note["note"], note["differing"]) == ("identity-differs", ["birth_date", "birth_place"])
    assert peers_asked(office) == []
    assert not [word for word in ("1980", "51454", "TCHITCHI") if word in str(await office.notes(fetch.id))]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (found(traits=OTHER_TRAITS), AlertKind.TRAIT_DIFFERS),
        (found(ins=OTHER_INS), AlertKind.INS_DIFFERS),
        (found(ins=OTHER_INS, former=(INS,)), AlertKind.MATRICULE_CHANGED),
    ],
)
async def test_a_discrepancy_is_an_alert_that_finds_the_fetch_again(office, answer, kind):
    office.insi.answers = [answer]

    fetch = await office.fetch(A)

    (alert,) = office.alerts.kept.values()
    assert (alert.near_miss.kind, alert.near_miss.meeting, alert.near_miss.ref) == (kind, Meeting.INSI, fetch.id)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (nobody(), Code.INSI_NONE),
        (nobody(InsiCode.SEVERAL), Code.INSI_SEVERAL),
        (InsiFault("INSi: no connection", code=Code.INSI_UNREACHABLE), Code.INSI_UNREACHABLE),
        (InsiFault("INSi: too slow", code=Code.INSI_TIMEOUT), Code.INSI_TIMEOUT),
        (InsiFault("INSi: another person", code=Code.INSI_OTHER_PERSON), Code.INSI_OTHER_PERSON),
    ],
)
async def test_what_insi_cannot_say_ends_the_fetch_in_its_code_and_asks_nobody(office, answer, code):
    office.insi.answers = [answer]

    fetch = await office.fetch(A, B)

    assert (fetch.state, fetch.code, peers_asked(office)) == (FetchState.FAILED, code, [])
    assert office.alerts.kept == {}
    (entry,) = await office.entries(EntryType.FETCH_ENDED)
    assert entry.reason == code


async def test_without_a_ledger_nothing_is_verified_and_the_fetch_stays_prepared(office):
    fetch = await office.errands.prepare(office.new(A), "desk")
    office.insi.answers = [FailedClosed("ledger: the disk is full")]

    with pytest.raises(FailedClosed):
        await office.errands.start(fetch.id, OWNER)

    assert (await office.errands.get(fetch.id)).state is FetchState.PREPARED
    office.insi.answers = [found()]
    await office.errands.start(fetch.id, OWNER)
    assert (await office.settled(fetch.id)).state is FetchState.READY


@pytest.mark.parametrize("status", [IdentityStatus.RECUP, IdentityStatus.VALI, IdentityStatus.PROV])
async def test_an_identity_that_is_not_qualified_here_is_refused_in_words_and_never_searched_for(office, status):
    local = LocalIdentity(INS if status.has_ins else None, TRAITS, status, former=(INS,))
    office.vendor.looks[INS] = Look(local, Opposition.NO, None)

    with pytest.raises(LocalRefused) as caught:
        await office.errands.prepare(office.new(A), "desk")

    expected = Code.IDENTITY_NOT_QUALIFIED if status.has_ins else Code.IDENTITY_DISCREPANCY
    assert (caught.value.code, bool(caught.value.hint)) == (expected, True)
    assert (office.insi.asked, peers_asked(office)) == ([], [])


async def test_a_worker_who_objects_makes_no_call_of_insi(office):
    fetch = await office.errands.prepare(office.new(A), "desk")
    office.vendor.looks[INS] = replace(known_as(verified_on=OLD), opposition=Opposition.YES)

    with pytest.raises(LocalRefused) as caught:
        await office.errands.start(fetch.id, OWNER)

    assert (caught.value.code, office.insi.asked) == (Code.FETCH_OPPOSED, [])


# ---------------------------------------------------------------- our own software


@pytest.mark.parametrize(
    ("local", "kind", "differing", "other"),
    [
        ({"traits": OTHER_TRAITS}, AlertKind.TRAIT_DIFFERS, ("birth_date", "birth_place"), None),
        ({"ins": OTHER_INS, "former": (INS,)}, AlertKind.MATRICULE_CHANGED, (), OTHER_INS),
        ({"ins": OTHER_INS}, AlertKind.INS_DIFFERS, (), OTHER_INS),
    ],
)
async def test_our_own_software_that_knows_the_worker_otherwise_is_an_alert(office, local, kind, differing, other):
    office.vendor.looks[INS] = known_as(**local)

    with pytest.raises(LocalRefused) as caught:
        await office.errands.prepare(office.new(A), "desk")

    (alert,) = office.alerts.kept.values()
    seen = alert.near_miss
    assert caught.value.code is Code.IDENTITY_DISCREPANCY
    assert (seen.kind, seen.meeting, seen.differing, seen.other) == (kind, Meeting.DESK, differing, other)
    (entry,) = await office.entries(EntryType.FETCH_REFUSED)
    assert entry.reason == "identity.discrepancy"

"""The identity desk: what moves a status, what is kept of it, and what INSi does not bear out."""

from dataclasses import replace

import pytest

from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import IdentityFault, InsiFault, LocalRefused
from connector.core.identity import IdentityAttribute, IdentityStatus, QualifiedIdentity
from connector.core.identity_alerts import AlertKind, Meeting
from connector.core.identity_rules import DocumentKind, DocumentSeen, Nationality
from connector.core.insi import InsiCode, SearchTraits, VerificationResult
from connector.core.ledger import EntryType, Tree
from connector.core.matricule import Ins
from connector.core.oid import Environment
from connector.core.traits import StrictTraits
from connector.vigilance.desk import Move, Wish
from tests.kit.state import INS, OTHER_INS, TRAITS, HandClock, SystemEntropy, an_entry, opened
from tests.kit.vigilance import MESSAGE, Vigilance, found, nobody

WHO, KEY = "secretariat-7", "vendor"
CARD = DocumentSeen(DocumentKind.IDENTITY_CARD, Nationality.FRENCH, Day(2026, 11, 23))
OTHER_TRAITS = StrictTraits.parse(**TRAITS.to_json() | {"birth_date": "1980-03-00"})


@pytest.fixture
def house():
    return Vigilance(HandClock(), SystemEntropy())


def wish(kind, **changes):
    return Move(kind, WHO, "première visite", **changes)


async def kept(house, traits=TRAITS, **more):
    return (await house.desk.keep(traits, WHO, "première visite", KEY, **more)).id


async def refused(awaitable):
    with pytest.raises(LocalRefused) as caught:
        await awaitable
    return caught.value


async def test_an_identity_is_qualified_by_insi_and_a_document_and_by_nothing_less(house):
    identity = await kept(house)

    recovered = await house.desk.move(identity, wish(Wish.RECOVER), KEY)
    qualified = await house.desk.move(identity, wish(Wish.VALIDATE, document=CARD), KEY)

    assert (recovered.identity.status, recovered.identity.ins) == (IdentityStatus.RECUP, INS)
    assert (qualified.identity.status, qualified.identity.verified_on) == (IdentityStatus.QUAL, Day(2026, 11, 23))


async def test_each_move_is_kept_with_person_reason_evidence_and_insis_own_answer(house):
    identity = await kept(house)
    await house.desk.move(identity, wish(Wish.RECOVER), KEY)
    await house.desk.move(identity, wish(Wish.VALIDATE, document=CARD), KEY)

    first, second = await house.desk.moves(identity)

    assert (first.answer, first.move.insi_message_id, first.move.by) == (b"<raw/>", MESSAGE, WHO)
    assert (second.answer, second.move.document, second.move.reason) == (b"", CARD, "première visite")
    assert [entry.outcome for entry in house.identity_store.entries] == ["kept", "recovered", "validated"]
    assert house.identity_store.entries[2].personal["document"]["kind"] == "CN"
    assert all(entry.personal["recorded_by"] == KEY for entry in house.identity_store.entries)


async def test_a_document_alone_validates_and_gives_no_ins(house):
    moved = await house.desk.move(await kept(house), wish(Wish.VALIDATE, document=CARD), KEY)

    assert (moved.identity.status, moved.identity.ins) == (IdentityStatus.VALI, None)


@pytest.mark.parametrize(("answered", "code"), [(InsiCode.NONE, Code.INSI_NONE), (InsiCode.SEVERAL, Code.INSI_SEVERAL)])
async def test_what_insi_does_not_know_stays_provisional_and_says_what_to_do(house, answered, code):
    house.insi.answers = [nobody(answered)]
    identity = await kept(house)

    error = await refused(house.desk.move(identity, wish(Wish.RECOVER), KEY))

    assert (error.code, bool(error.hint)) == (code, True)
    assert (await house.desk.get(identity)).identity.status is IdentityStatus.PROV
    assert await house.desk.moves(identity) == []


async def test_a_service_that_is_down_changes_nothing(house):
    house.insi.answers = [InsiFault("INSi: down", code=Code.INSI_UNAVAILABLE)]
    identity = await kept(house)

    with pytest.raises(InsiFault):
        await house.desk.move(identity, wish(Wish.RECOVER), KEY)

    assert await house.desk.moves(identity) == []


async def test_a_trait_that_differs_is_taken_over_only_when_it_was_accepted_by_name(house):
    house.insi.answers = [found(traits=OTHER_TRAITS)]
    identity = await kept(house)

    error = await refused(house.desk.move(identity, wish(Wish.RECOVER), KEY))
    moved = await house.desk.move(identity, wish(Wish.RECOVER, accepting=("birth_date",)), KEY)

    assert error.code is Code.IDENTITY_EVIDENCE
    assert moved.identity.traits == OTHER_TRAITS


@pytest.mark.parametrize("attribute", [IdentityAttribute.DOUTEUX, IdentityAttribute.FICTIF])
async def test_a_doubtful_or_fictitious_identity_makes_no_call(house, attribute):
    identity = await kept(house, attribute=attribute)

    error = await refused(house.desk.move(identity, wish(Wish.RECOVER), KEY))

    assert error.code is Code.IDENTITY_CALL_FORBIDDEN
    assert house.insi.asked == []


async def test_a_mark_makes_a_qualified_identity_provisional_and_it_is_obtained_again(house):
    identity = await kept(house)
    await house.desk.move(identity, wish(Wish.RECOVER), KEY)
    await house.desk.move(identity, wish(Wish.VALIDATE, document=CARD), KEY)

    marked = await house.desk.move(identity, wish(Wish.MARK, attribute=IdentityAttribute.DOUTEUX), KEY)
    freed = await house.desk.move(identity, wish(Wish.UNMARK, attribute=IdentityAttribute.DOUTEUX), KEY)

    assert (marked.identity.status, marked.identity.ins) == (IdentityStatus.PROV, None)
    assert (freed.identity.status, freed.identity.attributes) == (IdentityStatus.PROV, frozenset())
    assert house.identity_store.entries[-2].workers == (INS,)


@pytest.mark.parametrize(
    ("kind", "part"), [(Wish.VALIDATE, "document"), (Wish.MARK, "attribute"), (Wish.CHANGE_TRAITS, "traits")]
)
async def test_a_move_without_what_it_needs_is_refused_by_the_name_of_the_part(house, kind, part):
    error = await refused(house.desk.move(await kept(house), wish(kind), KEY))

    assert (error.code, error.field) == (Code.LOCAL_MALFORMED, part)


async def test_an_identity_that_is_not_kept_here_is_not_found(house):
    assert (await refused(house.desk.get("f" * 32))).code is Code.LOCAL_NOT_FOUND


async def test_a_matricule_that_changed_is_refreshed_on_insis_word(house):
    identity = await kept(house)
    await house.desk.move(identity, wish(Wish.RECOVER), KEY)
    house.insi.answers = [found(ins=OTHER_INS, former=(INS,))]

    moved = await house.desk.move(identity, wish(Wish.REFRESH_MATRICULE), KEY)

    assert (moved.identity.ins, moved.identity.status) == (OTHER_INS, IdentityStatus.RECUP)


async def test_verifying_renews_the_day_and_asks_insi_itself(house):
    identity = await kept(house)
    await house.desk.move(identity, wish(Wish.RECOVER), KEY)
    house.insi.answers = [found(at=1_795_435_200 + 86_400)]

    moved = await house.desk.move(identity, wish(Wish.VERIFY), KEY)

    assert moved.identity.verified_on == Day(2026, 11, 24)
    assert house.insi.asked[-1][2] is True


async def test_what_bears_no_ins_is_not_verified(house):
    error = await refused(house.desk.move(await kept(house), wish(Wish.VERIFY), KEY))

    assert error.code is Code.IDENTITY_STATUS
    assert house.insi.asked == []


# ---------------------------------------------------------------- verification and alerts


@pytest.mark.parametrize(
    ("answer", "kind", "differing"),
    [
        (found(traits=OTHER_TRAITS), AlertKind.TRAIT_DIFFERS, ("birth_date",)),
        (found(ins=OTHER_INS), AlertKind.INS_DIFFERS, ()),
        (found(ins=OTHER_INS, former=(INS,)), AlertKind.MATRICULE_CHANGED, ()),
    ],
)
async def test_a_near_miss_with_insi_is_an_alert_that_names_what_differs(house, answer, kind, differing):
    house.insi.answers = [answer]

    verification = await house.desk.verify(QualifiedIdentity(INS, TRAITS), WHO)

    (alert,) = house.alert_store.kept.values()
    seen = alert.near_miss
    assert (verification.result, seen.kind, seen.differing) == (VerificationResult.DIFFERS, kind, differing)
    assert (seen.meeting, seen.ins) == (Meeting.INSI, INS)
    assert "TCHITCHI" not in repr(alert)


async def test_an_identity_that_insi_bears_out_or_does_not_know_is_no_alert(house):
    for answer in (found(), nobody()):
        house.insi.answers = [answer]
        await house.desk.verify(QualifiedIdentity(INS, TRAITS), WHO)

    assert house.alert_store.kept == {}


async def test_a_move_that_insi_does_not_bear_out_is_refused_with_the_names_of_the_traits(house):
    identity = await kept(house)
    await house.desk.move(identity, wish(Wish.RECOVER), KEY)
    house.insi.answers = [found(traits=OTHER_TRAITS)]

    error = await refused(house.desk.move(identity, wish(Wish.VERIFY), KEY))

    assert (error.code, "birth date" in error.message) == (Code.IDENTITY_DISCREPANCY, True)
    assert len(house.alert_store.kept) == 1


async def test_a_test_identity_is_not_even_asked_about_in_production():
    house = Vigilance(HandClock(), SystemEntropy(), environment=Environment.PRODUCTION)

    with pytest.raises(IdentityFault) as caught:
        await house.desk.verify(QualifiedIdentity(INS, TRAITS), WHO)

    assert (caught.value.code, house.insi.asked) == (Code.IDENTITY_OID, [])


async def test_a_test_connector_verifies_what_insis_qualification_platform_answers(house):
    real = Ins.parse("1.2.250.1.213.1.4.8", INS.matricule.value)
    house.insi.answers = [found(ins=real)]

    assert (await house.desk.verify(QualifiedIdentity(real, TRAITS), WHO)).is_verified


async def test_a_search_tells_who_asked(house):
    await house.desk.search(SearchTraits.of(TRAITS), WHO, fresh=True)

    question, caller, fresh = house.insi.asked[0]
    assert (question, caller.who, caller.purpose, fresh) == (SearchTraits.of(TRAITS), WHO, "search", True)


# ---------------------------------------------------------------- over the real store


async def test_two_who_move_one_identity_at_once_do_not_overwrite_each_other(tmp_path):
    async with opened(tmp_path) as state:
        house = Vigilance(HandClock(), SystemEntropy(), identities=state.identities, alerts=state.alerts)
        identity = await kept(house)
        held = (await house.desk.get(identity)).identity
        await house.desk.move(identity, wish(Wish.RECOVER), KEY)
        (first,) = await house.desk.moves(identity)
        late = replace(first, move=replace(first.move, before=held, reason="in another window"))

        error = await refused(state.identities.move(identity, late, an_entry(EntryType.IDENTITY)))

    assert error.code is Code.LOCAL_CONFLICT


async def test_a_kept_identity_is_found_by_its_ins_after_a_restart(tmp_path):
    async with opened(tmp_path) as state:
        house = Vigilance(HandClock(), SystemEntropy(), identities=state.identities, alerts=state.alerts)
        identity = await kept(house)
        await house.desk.move(identity, wish(Wish.RECOVER), KEY)
    async with opened(tmp_path) as state:
        house = Vigilance(HandClock(), SystemEntropy(), identities=state.identities, alerts=state.alerts)

        (again,) = await house.desk.of_ins(INS)
        moves = await house.desk.moves(identity)

        assert (again.id, again.identity.status, moves[0].answer) == (identity, IdentityStatus.RECUP, b"<raw/>")
        assert await house.desk.of_ins(OTHER_INS) == []
        entries = await state.journal.entries(Tree.HOUSE, type=EntryType.IDENTITY)
        assert [entry.outcome for entry in entries] == ["recovered", "kept"]

"""Searches that INSi answers: the order of calls, what is kept of an answer, what the journal says of it."""

import asyncio

import pytest

from connector.core.codes import Code
from connector.core.days import BirthDate
from connector.core.errors import FailedClosed, IdentityFault, InsiFault, LocalRefused
from connector.core.identity import IdentityAttribute
from connector.core.insi import ADVICE, InsiCode, InsiOperation, VitaleCard
from connector.core.ledger import EntryType, Tree
from connector.core.matricule import Ins, Matricule, key_of
from connector.core.oid import InsOid
from spsti_sandbox.insi_answers import Behaviour
from spsti_sandbox.insi_identities import SimulatedIdentity
from tests.insi.conftest import BY, traits


def asked(simulator):
    return [(" ".join(call.search.given_names), call.search.birth_place) for call in simulator.calls]


async def test_person_is_found_by_traits_and_stored_as_insi_wrote_it(house, simulator):
    answer = await house.insi.search_by_traits(traits("Ecetinsi", "Pierre-Alain", "M", "2009-07-14"), by=BY)

    assert answer.code is InsiCode.FOUND
    assert answer.identity.ins == Ins.parse(InsOid.NIR, "109076322083489")
    assert answer.identity.traits.to_json() == {
        "birth_name": "ECETINSI",
        "birth_given_names": "PIERRE-ALAIN MURIEL FLORIANT",
        "sex": "M",
        "birth_date": "2009-07-14",
        "birth_place": "63220",
    }
    assert [ins.matricule.value for ins in answer.identity.former] == ["209076322083439", "209066322012355"]
    assert answer.differing == ()
    assert b"ECETINSI" in answer.raw
    assert repr(answer) == "[redacted]"
    assert simulator.calls[0].refused == ""


async def test_nia_is_told_by_its_oid_alone(house):
    answer = await house.insi.search_by_traits(traits("PROVISOIRE", "MATRICULE", "M", "2009-07-01"), by=BY)

    assert answer.identity.ins.oid is InsOid.NIA


async def test_history_that_repeats_the_active_matricule_is_kept(house):
    answer = await house.insi.search_by_traits(traits("CORSE", "ANTHONY", "M", "1980-03-02"), by=BY)

    assert answer.identity.former == (answer.identity.ins,)


async def test_former_matricule_with_a_wrong_key_is_left_out_and_counted(house, simulator):
    simulator.behave(Behaviour.WRONG_FORMER_KEY)

    answer = await house.insi.search_by_traits(traits(), by=BY)

    assert answer.identity.former == ()
    assert answer.identity.unreadable_former == 1


async def test_given_names_are_tried_one_by_one_until_one_is_found(house, simulator):
    answer = await house.insi.search_by_traits(traits("TCHITCHI", "OLA CATARINA", "F", "1936-06-21", "63220"), by=BY)

    assert asked(simulator) == [("OLA", ""), ("CATARINA", "")]
    assert answer.identity.ins.matricule.value == "236066322083656"


async def test_answer_found_by_a_later_given_name_says_that_the_names_do_not_agree(house):
    second = await house.insi.search_by_traits(traits("TCHITCHI", "BELLA", "F", "1936-06-21"), by=BY)
    first = await house.insi.search_by_traits(traits("TCHITCHI", "CATARINA", "F", "1936-06-21"), by=BY)

    assert second.differing == ("birth_given_names",)
    assert first.differing == ()


async def test_after_none_for_each_given_name_all_are_tried_together_and_nothing_else(house, simulator):
    answer = await house.insi.search_by_traits(
        traits("HOUILLES", "PIERRE PAUL JACQUES", "M", "1993-01-27", "75056"), by=BY
    )

    assert answer.code is InsiCode.NONE
    assert asked(simulator) == [("PIERRE", ""), ("PAUL", ""), ("JACQUES", ""), ("PIERRE PAUL JACQUES", "")]
    assert "used name" in ADVICE[answer.code].next_step


async def test_after_several_the_place_is_added_and_nobody_is_chosen(house, simulator):
    answer = await house.insi.search_by_traits(traits("DE VINCI", "LEONARDO", "M", "2014-02-01", "63220"), by=BY)

    assert answer.code is InsiCode.SEVERAL
    assert answer.identity is None
    assert asked(simulator) == [("LEONARDO", ""), ("LEONARDO", "63220")]


@pytest.fixture
def twins(running):
    """Two brothers of one day whose first given name is the same."""
    people = [
        SimulatedIdentity("DUPONT", names, "M", "1990-05-06", place, body + key_of(body), InsOid.TEST.value)
        for names, place, body in (
            ("JEAN MARC", "21231", "1900521231001"),
            ("JEAN LUC", "21054", "1900521054001"),
        )
    ]
    running.identities.extend(people)
    yield people
    del running.identities[-2:]


async def test_several_for_one_name_is_settled_by_all_names(house, simulator, twins):
    answer = await house.insi.search_by_traits(traits("DUPONT", "JEAN LUC", "M", "1990-05-06"), by=BY)

    assert asked(simulator) == [("JEAN", ""), ("JEAN LUC", "")]
    assert answer.identity.ins.matricule.value == twins[1].matricule


async def test_several_for_the_only_name_is_settled_by_the_place(house, simulator, twins):
    answer = await house.insi.search_by_traits(traits("DUPONT", "JEAN", "M", "1990-05-06", "21054"), by=BY)

    assert asked(simulator) == [("JEAN", ""), ("JEAN", "21054")]
    assert answer.identity.ins.matricule.value == twins[1].matricule
    assert house.ledger.entries[2].personal["asked"]["birth_place"] == "21054"


async def test_several_for_the_only_name_without_a_place_stays_several(house, simulator, twins):
    answer = await house.insi.search_by_traits(traits("DUPONT", "JEAN", "M", "1990-05-06"), by=BY)

    assert answer.code is InsiCode.SEVERAL
    assert len(simulator.calls) == 1


@pytest.mark.parametrize("changed", [{"rank": 0}, {"rank": 10}, {"birth_name": "dupont"}])
def test_card_that_says_nothing_possible_is_refused(changed):
    with pytest.raises(IdentityFault):
        VitaleCard(**{"insured": Matricule("109076322083489"), "birth_date": BirthDate("2009-07-14"), **changed})


async def test_many_given_names_make_a_bounded_number_of_calls(house, simulator):
    await house.insi.search_by_traits(traits("NEMO", "A B C D E F G H I J K L", "M", "1970-01-01", "75056"), by=BY)

    assert len(simulator.calls) == 6


async def test_unknown_place_is_not_searched_with(house, simulator):
    await house.insi.search_by_traits(traits("DE VINCI", "LEONARDO", "M", "2014-02-01", "99999"), by=BY)

    assert asked(simulator) == [("LEONARDO", "")]


async def test_ligatures_accents_and_typographic_apostrophes_leave_as_insi_spells_them(house, simulator):
    with pytest.raises(InsiFault):
        await house.insi.search_by_traits(traits("D\u2019ÆION", "Cœur", "M", "1987-01-25"), by=BY)
    found = await house.insi.search_by_traits(
        traits("d\u2019Artagnan de l\u2019Hérault", "Pierre-Alain", "M", "2001-06-17"), by=BY
    )

    assert simulator.calls[0].search.birth_name == "D'AEION"
    assert simulator.calls[0].search.given_names == ("COEUR",)
    assert found.code is InsiCode.FOUND


@pytest.mark.parametrize(
    "changed", [{"birth_name": "DUPONT2"}, {"given_names": "JEAN_LUC"}, {"sex": "I"}, {"birth_date": "31/12/1975"}]
)
def test_traits_that_insi_cannot_be_asked_with_make_no_call(changed, simulator):
    with pytest.raises(IdentityFault):
        traits(**changed)
    assert simulator.calls == []


async def test_person_is_found_by_what_a_vitale_card_says(house, simulator):
    card = VitaleCard(
        insured=Matricule("279035121518989"),
        individual=Matricule("109076322083489"),
        birth_date=BirthDate("2009-07-14"),
        birth_name="ECETINSI",
    )

    answer = await house.insi.search_by_vitale(card, by=BY)

    assert answer.operation is InsiOperation.VITALE
    assert answer.identity.ins.matricule == card.individual
    assert simulator.calls[0].refused == ""


async def test_card_with_a_former_number_finds_the_active_one(house):
    card = VitaleCard(insured=Matricule("209076322083439"), birth_date=BirthDate("2009-07-14"))

    answer = await house.insi.search_by_vitale(card, by=BY)

    assert answer.identity.ins.matricule.value == "109076322083489"
    assert Ins(card.insured, InsOid.NIR) in answer.identity.former


async def test_answer_to_a_card_about_another_name_is_refused(house, simulator):
    simulator.behave(Behaviour.OTHER_PERSON)
    card = VitaleCard(insured=Matricule("109076322083489"), birth_date=BirthDate("2009-07-14"), birth_name="ECETINSI")

    with pytest.raises(InsiFault) as refusal:
        await house.insi.search_by_vitale(card, by=BY)

    assert refusal.value.code is Code.INSI_OTHER_PERSON


@pytest.mark.parametrize("attribute", [IdentityAttribute.DOUTEUX, IdentityAttribute.FICTIF])
async def test_doubtful_or_fictitious_identity_makes_no_call(house, simulator, attribute):
    with pytest.raises(LocalRefused) as refusal:
        await house.insi.search_by_traits(traits(), by=BY, attributes=frozenset({attribute}))

    assert refusal.value.code is Code.IDENTITY_CALL_FORBIDDEN
    assert simulator.calls == []
    assert house.ledger.entries == []


class TestJournal:
    async def test_every_call_has_an_entry_before_and_after_it(self, house, simulator):
        await house.insi.search_by_traits(traits("TCHITCHI", "OLA CATARINA", "F", "1936-06-21"), by=BY)

        assert house.ledger.told() == [("calling", None), ("none", None), ("calling", None), ("found", None)]
        first, _, third, last = house.ledger.entries
        assert first.type is EntryType.INSI_CALLED
        assert first.type.tree is Tree.HOUSE
        assert first.personal["by"] == {"who": "secretary-7", "purpose": "acquisition", "attended": True}
        assert first.personal["asked"]["given_names"] == "OLA"
        assert third.ref == last.ref == simulator.calls[1].search.message_id.removeprefix("uuid:").replace("-", "")
        assert [ins.matricule.value for ins in last.workers] == ["236066322083656"]

    async def test_nothing_is_sent_when_the_journal_cannot_be_written(self, house, simulator):
        house.ledger.fails_at, house.ledger.error = 1, FailedClosed("ledger: disk full")

        with pytest.raises(FailedClosed):
            await house.insi.search_by_traits(traits(), by=BY)

        assert simulator.calls == []

    async def test_answer_is_not_given_out_when_the_journal_cannot_be_written(self, house, simulator):
        house.ledger.fails_at, house.ledger.error = 2, FailedClosed("ledger: disk full")

        with pytest.raises(FailedClosed):
            await house.insi.search_by_traits(traits(), by=BY)

        assert len(simulator.calls) == 1

    async def test_call_that_its_caller_gives_up_is_journalled(self, house_with, simulator):
        simulator.behave(Behaviour.HANG)
        house = house_with(call_seconds=1)
        task = asyncio.create_task(house.insi.search_by_traits(traits(), by=BY))
        await house.ledger.told_something.wait()
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
        assert house.ledger.told() == [("calling", None), ("abandoned", None)]


class TestRecentAnswers:
    async def test_second_search_for_the_same_person_makes_no_call(self, house, simulator):
        first = await house.insi.search_by_traits(traits(), by=BY)
        second = await house.insi.search_by_traits(traits(), by=BY)

        assert second is first
        assert len(simulator.calls) == 1

    async def test_searches_at_the_same_time_make_one_call(self, house, simulator):
        answers = await asyncio.gather(*(house.insi.search_by_traits(traits(), by=BY) for _ in range(5)))

        assert len(set(map(id, answers))) == 1
        assert len(simulator.calls) == 1

    async def test_answer_older_than_the_configured_age_is_asked_for_again(self, house, simulator):
        await house.insi.search_by_traits(traits(), by=BY)
        house.clock.moved = 24 * 3600 + 1
        with pytest.raises(InsiFault):  # the simulator refuses the time of tomorrow: it was asked
            await house.insi.search_by_traits(traits(), by=BY)

        assert len(simulator.calls) == 2

    async def test_fresh_answer_can_be_demanded(self, house, simulator):
        await house.insi.search_by_traits(traits(), by=BY)
        await house.insi.search_by_traits(traits(), by=BY, fresh=True)

        assert len(simulator.calls) == 2

    async def test_age_zero_spares_no_call(self, house_with, simulator):
        house = house_with(max_age_hours=0)
        await house.insi.search_by_traits(traits(), by=BY)
        await house.insi.search_by_traits(traits(), by=BY)

        assert len(simulator.calls) == 2

    async def test_answer_without_a_person_is_never_kept(self, house, simulator):
        await house.insi.search_by_traits(traits("NEMO"), by=BY)
        await house.insi.search_by_traits(traits("NEMO"), by=BY)

        assert len(simulator.calls) == 2

    async def test_other_traits_are_another_question(self, house, simulator):
        await house.insi.search_by_traits(traits(), by=BY)
        await house.insi.search_by_traits(traits(birth_place="63220"), by=BY)

        assert len(simulator.calls) == 2

"""Statuses, attributes, and when two identities are one person (reference/ins.md 2.4, 3.1, 3.2; DESIGN section 4)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import IdentityFault
from connector.core.identity import (
    Agreement,
    Comparison,
    IdentityAttribute,
    IdentityStatus,
    LocalIdentity,
    QualifiedIdentity,
    compare,
)
from connector.core.matricule import Ins
from connector.core.oid import InsOid
from connector.core.traits import StrictTraits

VERIFIED_ON = Day(2026, 1, 15)
ECETINSI = {
    "birth_name": "ECETINSI",
    "birth_given_names": "PIERRE-ALAIN MURIEL FLORIANT",
    "sex": "M",
    "birth_date": "2009-07-14",
    "birth_place": "63220",
}
ACTIVE = Ins.parse(InsOid.NIR, "109076322083489")
FORMER = Ins.parse(InsOid.NIR, "209076322083439")
OTHER = Ins.parse(InsOid.NIR, "110086322083060")


def traits(**changed):
    return StrictTraits.parse(**{**ECETINSI, **changed})


def asked(ins=ACTIVE, **changed):
    return QualifiedIdentity(ins, traits(**changed), VERIFIED_ON)


def local(ins=ACTIVE, former=(), **changed):
    return LocalIdentity(ins, traits(**changed), IdentityStatus.QUAL, former=former, verified_on=VERIFIED_ON)


class TestStatus:
    def test_qualified_identity_may_travel(self):
        identity = local()

        assert identity.is_qualified
        assert identity.qualified() == asked()

    def test_qualified_identity_travels_without_a_day_where_none_is_kept(self):
        assert replace(local(), verified_on=None).qualified() == QualifiedIdentity(ACTIVE, traits())

    @pytest.mark.parametrize(
        ("status", "ins"), [(IdentityStatus.PROV, None), (IdentityStatus.VALI, None), (IdentityStatus.RECUP, ACTIVE)]
    )
    def test_identity_of_any_other_status_may_not(self, status, ins):
        identity = LocalIdentity(ins, traits(), status)

        assert not identity.is_qualified
        with pytest.raises(IdentityFault, match=f"status {status}") as refusal:
            identity.qualified()
        assert refusal.value.code is Code.IDENTITY_NOT_QUALIFIED

    def test_sex_that_insi_never_returns_is_not_qualified(self):
        with pytest.raises(IdentityFault) as refusal:
            local(sex="I").qualified()

        assert refusal.value.code is Code.IDENTITY_NOT_QUALIFIED

    @pytest.mark.parametrize(
        ("status", "ins"),
        [
            (IdentityStatus.PROV, ACTIVE),
            (IdentityStatus.VALI, ACTIVE),
            (IdentityStatus.RECUP, None),
            (IdentityStatus.QUAL, None),
        ],
    )
    def test_status_that_contradicts_the_ins_is_refused(self, status, ins):
        with pytest.raises(IdentityFault, match=f"status {status} with") as refusal:
            LocalIdentity(ins, traits(), status)

        assert refusal.value.code is Code.IDENTITY_MALFORMED


class TestAttributes:
    @pytest.mark.parametrize("status", IdentityStatus)
    def test_homonyme_goes_with_any_status(self, status):
        ins = ACTIVE if status.has_ins else None

        LocalIdentity(ins, traits(), status, frozenset({IdentityAttribute.HOMONYME}))

    @pytest.mark.parametrize(
        "attributes",
        [
            {IdentityAttribute.DOUTEUX},
            {IdentityAttribute.FICTIF},
            {IdentityAttribute.DOUTEUX, IdentityAttribute.HOMONYME},
        ],
    )
    def test_douteux_and_fictif_go_with_a_provisional_identity_only(self, attributes):
        LocalIdentity(None, traits(), IdentityStatus.PROV, frozenset(attributes))

        for status in set(IdentityStatus) - {IdentityStatus.PROV}:
            with pytest.raises(IdentityFault, match="douteux or fictif"):
                LocalIdentity(ACTIVE if status.has_ins else None, traits(), status, frozenset(attributes))

    @pytest.mark.parametrize(
        "attributes",
        [
            {IdentityAttribute.DOUTEUX, IdentityAttribute.FICTIF},
            {IdentityAttribute.HOMONYME, IdentityAttribute.FICTIF},
            set(IdentityAttribute),
        ],
    )
    def test_attributes_that_exclude_each_other_are_refused(self, attributes):
        with pytest.raises(IdentityFault, match="exclude each other"):
            LocalIdentity(None, traits(), IdentityStatus.PROV, frozenset(attributes))


class TestSamePerson:
    def test_equal_ins_and_traits_are_the_same_person(self):
        result = compare(asked(), local())

        assert result == Comparison(Agreement.SAME)
        assert result.is_same_person

    @pytest.mark.parametrize(
        ("trait", "one", "other"),
        [
            ("birth_name", "D'ARTAGNAN DE L'HERAULT", "D ARTAGNAN DE L HERAULT"),
            ("birth_name", "GARCIA--LOPEZ", "GARCIA-LOPEZ"),
            ("birth_given_names", "PIERRE-ALAIN MURIEL", "PIERRE ALAIN MURIEL"),
            ("birth_date", "1950-00-00", "1950-12-31"),
            ("birth_date", "1950-04-00", "1950-04-32"),
        ],
    )
    def test_traits_written_in_two_ways_are_the_same_person(self, trait, one, other):
        there = compare(asked(**{trait: one}), local(**{trait: other}))
        back = compare(asked(**{trait: other}), local(**{trait: one}))

        assert there == back == Comparison(Agreement.SPELLING_DIFFERS, (trait,))
        assert there.is_same_person

    @pytest.mark.parametrize("shorter", ["PIERRE-ALAIN", "PIERRE-ALAIN MURIEL", "PIERRE", "PIERRE ALAIN MURIEL"])
    def test_shorter_list_of_given_names_that_opens_the_longer_is_the_same_person(self, shorter):
        there = compare(asked(birth_given_names=shorter), local())
        back = compare(asked(), local(birth_given_names=shorter))

        assert there == back == Comparison(Agreement.GIVEN_NAMES_SHORTER, ("birth_given_names",))
        assert there.is_same_person

    def test_every_trait_written_in_two_ways_is_named(self):
        result = compare(asked(birth_name="EC-ETINSI", birth_given_names="PIERRE-ALAIN"), local(birth_name="EC ETINSI"))

        assert result == Comparison(Agreement.GIVEN_NAMES_SHORTER, ("birth_name", "birth_given_names"))


class TestAlerts:
    @pytest.mark.parametrize(
        ("trait", "value"),
        [
            ("birth_name", "ECETINSY"),
            ("birth_name", "ECET INSI"),
            ("birth_given_names", "MURIEL PIERRE-ALAIN FLORIANT"),
            ("birth_given_names", "MURIEL"),
            ("birth_given_names", "PIERRE-AL"),
            ("birth_given_names", "PIERRE-ALAIN FLORIANT"),
            ("birth_given_names", "PIERRE-ALAIN MURIEL FLORIAN"),
            ("sex", "F"),
            ("birth_date", "2009-07-15"),
            ("birth_date", "2009-07-00"),
            ("birth_place", "63221"),
            ("birth_place", "99999"),
        ],
    )
    def test_trait_that_differs_beyond_spelling_is_another_identity(self, trait, value):
        there = compare(asked(**{trait: value}), local())
        back = compare(asked(), local(**{trait: value}))

        assert there == back == Comparison(Agreement.TRAIT_DIFFERS, (trait,))
        assert not there.is_same_person

    def test_traits_that_merely_look_different_are_not_named_beside_one_that_differs(self):
        result = compare(asked(birth_given_names="PIERRE", sex="F", birth_place="51215"), local())

        assert result == Comparison(Agreement.TRAIT_DIFFERS, ("sex", "birth_place"))

    def test_local_sex_i_is_no_agreement(self):
        assert compare(asked(), local(sex="I")) == Comparison(Agreement.TRAIT_DIFFERS, ("sex",))

    def test_other_matricule_with_the_same_traits_is_an_alert(self):
        result = compare(asked(OTHER), local())

        assert result == Comparison(Agreement.INS_DIFFERS)
        assert not result.is_same_person

    def test_same_matricule_under_another_oid_is_an_alert(self):
        result = compare(asked(Ins(ACTIVE.matricule, InsOid.NIA)), local())

        assert result == Comparison(Agreement.INS_DIFFERS)

    def test_other_matricule_and_other_traits_name_the_traits(self):
        result = compare(asked(OTHER, birth_given_names="PIERRE", sex="F"), local())

        assert result == Comparison(Agreement.INS_DIFFERS, ("sex",))

    def test_identity_without_an_ins_never_agrees(self):
        provisional = LocalIdentity(None, traits(), IdentityStatus.PROV)

        assert compare(asked(), provisional) == Comparison(Agreement.INS_DIFFERS)

    def test_matricule_of_the_local_history_has_changed(self):
        result = compare(asked(FORMER), local(former=(OTHER, FORMER)))

        assert result == Comparison(Agreement.MATRICULE_CHANGED)
        assert not result.is_same_person

    def test_matricule_that_changed_names_the_traits_that_changed_with_it(self):
        result = compare(asked(FORMER, sex="F", birth_date="2009-06-14"), local(former=(FORMER,)))

        assert result == Comparison(Agreement.MATRICULE_CHANGED, ("sex", "birth_date"))

    def test_history_that_repeats_the_active_matricule_is_no_change(self):
        assert compare(asked(), local(former=(ACTIVE,))) == Comparison(Agreement.SAME)

    def test_history_under_another_oid_is_no_change(self):
        nia = Ins(FORMER.matricule, InsOid.NIA)

        assert compare(asked(FORMER), local(former=(nia,))).agreement is Agreement.INS_DIFFERS


NAMES = st.sampled_from(["JEAN", "JEAN-LOUIS", "LOUIS", "J'N", "ANNE"])
VARIED = st.builds(
    traits,
    birth_name=st.sampled_from(["DE LA TOUR", "DE-LA-TOUR", "DELATOUR", "D'ELA TOUR"]),
    birth_given_names=st.lists(NAMES, min_size=1, max_size=3).map(" ".join),
    sex=st.sampled_from("MF"),
    birth_date=st.sampled_from(["1950-00-00", "1950-12-31", "1950-12-00", "1950-12-01"]),
    birth_place=st.sampled_from(["51215", "99999"]),
)


@given(VARIED, VARIED, st.sampled_from([ACTIVE, OTHER]))
def test_comparing_is_the_same_both_ways(one, other, ins):
    there = compare(QualifiedIdentity(ins, one), LocalIdentity(ACTIVE, other, IdentityStatus.QUAL))
    back = compare(QualifiedIdentity(ACTIVE, other), LocalIdentity(ins, one, IdentityStatus.QUAL))

    assert there == back


@given(VARIED)
def test_identity_agrees_with_itself(one):
    assert compare(QualifiedIdentity(ACTIVE, one), LocalIdentity(ACTIVE, one, IdentityStatus.QUAL)).agreement is (
        Agreement.SAME
    )


@given(VARIED, VARIED)
def test_nothing_passes_between_two_ins_whatever_the_traits(one, other):
    result = compare(QualifiedIdentity(OTHER, one), LocalIdentity(ACTIVE, other, IdentityStatus.QUAL, former=(OTHER,)))

    assert not result.is_same_person


def test_comparison_shows_names_of_traits_and_no_value():
    assert "ECETINSI" not in repr(compare(asked(birth_name="NESSI"), local()))

"""A corpus of French identities that programs get wrong: names, dates, places, numbers (ins.md 1.1, 2.1 to 2.3)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.errors import IdentityFault
from connector.core.insi import SearchTraits
from connector.core.matricule import Ins, Matricule, key_of
from connector.core.oid import InsOid
from connector.core.spelling import fold, normalise
from connector.core.traits import StrictTraits

# What a person typed, and what leaves for INSi; synthetic names.
BIRTH_NAMES = {
    "de La Tour d'Auvergne": "DE LA TOUR D'AUVERGNE",
    "D\u2019Artagnan": "D'ARTAGNAN",
    "L\u2018Hermite": "L'HERMITE",
    "Le Goff": "LE GOFF",
    "Müller": "MULLER",
    "Nuñez": "NUNEZ",
    "Hervé-Lefèvre": "HERVE-LEFEVRE",
    "Dupont--Durand": "DUPONT--DURAND",
    "Dupont\u2010Durand": "DUPONT-DURAND",
    "Œuvrard": "OEUVRARD",
    "Lætitien": "LAETITIEN",
    "Ÿvetot": "YVETOT",
    "O'Brien": "O'BRIEN",
    "N'Guyen": "N'GUYEN",
    "Ba": "BA",
    "É": "E",
    "C\u0327elik": "CELIK",
    " Martin ": "MARTIN",
    "Saint\u00a0Martin": "SAINT MARTIN",
    "A" * 100: "A" * 100,
    "œ" * 50: "OE" * 50,
}
GIVEN_NAMES = {
    "Jean-Christophe Pierre": ("JEAN-CHRISTOPHE", "PIERRE"),
    "Anne Marie": ("ANNE", "MARIE"),
    "Zoé": ("ZOE",),
    "M\u2019Hamed": ("M'HAMED",),
    "François Noël Gaël": ("FRANCOIS", "NOEL", "GAEL"),
    "Cœur": ("COEUR",),
}
REFUSED_NAMES = (
    "Dupont2", "Du_pont", "Dupont/Durand", "Dupont (Durand)", "Dupont.", "Lev\u0142owski", "Đ", "Straße", "Иванов",
    "王", "Du\tpont", "Du\u200bpont", "Jean  Paul", "-Dupont", "D''Artagnan", "D' Artagnan", "Dupont---Durand", "", " ",
    "'", "A" * 101, "œ" * 51, "Dupont\x00", "ﬁn", "①",
)  # fmt: skip
REFUSED_GIVEN_NAMES = ("Jean--Paul", "Jean-", "Jean'", "Jean  Paul", "J2", "")
DATES = ("1960-01-01", "1950-00-00", "1950-13-00", "1950-02-30", "1950-12-32", "1904-02-29", "2000-02-29")
REFUSED_DATES = ("0000-00-00", "01/01/1960", "60-01-01", "1960-1-1", "1960-01-01T00", "", "1960–01–01")  # noqa: RUF001
PLACES = {
    "63220": "63220", "2A004": "2A004", "2b033": "2B033", "97411": "97411", "97209": "97209", "98735": "98735",
    "99352": "99352", "99100": "99100", " 75056 ": "75056",
}  # fmt: skip
REFUSED_PLACES = ("7505", "750560", "75 056", "PARIS 5", "2Á004", "é1234")
# Numbers: overseas, abroad, Corsica before and after 1976, months not known, sex digits of pending registrations.
BODIES = (
    "1850297411001", "2850298735001", "1700199352001", "2700199100123", "1750120004001", "275012A004001",
    "280052B033001", "1602063220001", "1603563220001", "1609963220001", "3700163220001", "8700163220001",
    "7700163220001", "4700163220001", "1600191352001", "1600196352001",
)  # fmt: skip


def search(**changed):
    return SearchTraits.parse(
        **{
            "birth_name": "DUPONT", "given_names": "JEAN", "sex": "M", "birth_date": "1960-01-01",
            "birth_place": "63220", **changed,
        }
    )  # fmt: skip


@pytest.mark.parametrize(("typed", "spelt"), BIRTH_NAMES.items())
def test_birth_name_leaves_as_insi_spells_it(typed, spelt):
    assert search(birth_name=typed).birth_name == spelt
    assert normalise(spelt) == spelt


@pytest.mark.parametrize(("typed", "spelt"), GIVEN_NAMES.items())
def test_given_names_leave_as_a_list(typed, spelt):
    assert search(given_names=typed).given_names == spelt


@pytest.mark.parametrize("typed", REFUSED_NAMES)
def test_name_that_insi_cannot_spell_is_refused_and_nothing_is_dropped(typed):
    with pytest.raises(IdentityFault) as refusal:
        search(birth_name=typed)
    assert not typed.strip(" '") or typed not in str(refusal.value)


@pytest.mark.parametrize("typed", REFUSED_GIVEN_NAMES)
def test_given_name_against_the_lexical_rules_is_refused(typed):
    with pytest.raises(IdentityFault):
        search(given_names=typed)


@pytest.mark.parametrize("date", DATES)
def test_date_that_insi_may_write_is_kept_as_it_is(date):
    assert search(birth_date=date).birth_date.value == date


@pytest.mark.parametrize("date", REFUSED_DATES)
def test_date_of_another_form_is_refused(date):
    with pytest.raises(IdentityFault):
        search(birth_date=date)


@pytest.mark.parametrize(("typed", "place"), PLACES.items())
def test_place_overseas_abroad_or_in_corsica_is_kept(typed, place):
    assert search(birth_place=typed).birth_place == place


@pytest.mark.parametrize("typed", REFUSED_PLACES)
def test_place_that_is_no_cog_is_refused(typed):
    with pytest.raises(IdentityFault):
        search(birth_place=typed)


@pytest.mark.parametrize("body", BODIES)
def test_number_of_an_unusual_birth_is_accepted_with_its_key_alone(body):
    right = body + key_of(body)

    assert (
        Matricule.parse(f"{right[0]} {right[1:3]} {right[3:5]} {right[5:7]} {right[7:13].lower()} {right[13:]}").value
        == right
    )
    with pytest.raises(IdentityFault, match="key"):
        Matricule.parse(body + f"{int(key_of(body)) % 97 + 1:02}")
    assert Ins.from_token(Ins(Matricule(right), InsOid.TEST).to_token()).matricule.value == right


SPELT = st.from_regex(r"[A-Z]{1,6}(?:[ '-][A-Z]{1,6}){0,2}", fullmatch=True)
TYPED = st.text(alphabet="abcXYZéèàçñœæÿÉŒ' -\u2019\u2010\u00a0", max_size=30)


@given(TYPED)
@settings(max_examples=200)
def test_spelling_twice_is_spelling_once(typed):
    once = normalise(typed)

    assert normalise(once) == once
    assert fold(fold(once)) == fold(once)


@given(SPELT, st.lists(SPELT.map(lambda name: name.replace(" ", "-")), min_size=1, max_size=3))
@settings(max_examples=100)
def test_traits_are_read_back_as_they_were_written(birth_name, given_names):
    traits = StrictTraits.parse(
        birth_name=birth_name,
        birth_given_names=" ".join(given_names),
        sex="F",
        birth_date="1950-00-00",
        birth_place="2A020",
    )

    assert StrictTraits.from_json(traits.to_json()) == traits
    assert SearchTraits.of(traits).given_names == traits.birth_given_names

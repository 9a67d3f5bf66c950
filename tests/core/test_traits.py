"""The five strict traits, as text and as JSON."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.codes import Code
from connector.core.days import BirthDate
from connector.core.errors import IdentityFault
from connector.core.traits import TRAIT_NAMES, Sex, StrictTraits

PAT_TROIS = {
    "birth_name": "PAT-TROIS",
    "birth_given_names": "DOMINIQUE MARIE-LOUISE",
    "sex": "F",
    "birth_date": "1979-03-28",
    "birth_place": "51215",
}
WORDS = st.from_regex(r"[A-Z]{1,8}([-'][A-Z]{1,8})?", fullmatch=True)
TRAITS = st.builds(
    StrictTraits,
    birth_name=st.lists(WORDS, min_size=1, max_size=3).flatmap(
        lambda words: st.sampled_from([" ", "-", "--"]).map(lambda join: join.join(words))
    ),
    birth_given_names=st.lists(WORDS, min_size=1, max_size=4).map(tuple),
    sex=st.sampled_from(Sex),
    birth_date=st.from_regex(r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", fullmatch=True).map(BirthDate),
    birth_place=st.from_regex(r"[0-9A-Z]{5}", fullmatch=True),
)


def test_traits_are_read_in_insi_spelling():
    traits = StrictTraits.parse(
        birth_name=" Pat-Trois ",
        birth_given_names="Dominique Marie\u2011Louise",
        sex="f",
        birth_date=" 1979-03-28",
        birth_place="2a020 ",
    )

    assert traits.birth_name == "PAT-TROIS"
    assert traits.birth_given_names == ("DOMINIQUE", "MARIE-LOUISE")
    assert traits.first_given_name == "DOMINIQUE"
    assert traits.sex is Sex.FEMALE
    assert traits.birth_date == BirthDate("1979-03-28")
    assert traits.birth_place == "2A020"


def test_traits_are_written_as_the_mandate_carries_them():
    assert StrictTraits.parse(**PAT_TROIS).to_json() == PAT_TROIS
    assert tuple(PAT_TROIS) == TRAIT_NAMES


@given(TRAITS)
def test_traits_are_read_back_from_their_json(traits):
    assert StrictTraits.from_json(traits.to_json()) == traits
    assert StrictTraits.parse(**traits.to_json()) == traits


def test_lunar_birth_date_is_kept_as_insi_wrote_it():
    traits = StrictTraits.parse(**{**PAT_TROIS, "birth_date": "1950-00-00"})

    assert traits.to_json()["birth_date"] == "1950-00-00"


def test_unknown_json_keys_are_ignored():
    assert StrictTraits.from_json({**PAT_TROIS, "used_name": "DECOURCY"}) == StrictTraits.parse(**PAT_TROIS)


@pytest.mark.parametrize("name", TRAIT_NAMES)
@pytest.mark.parametrize("value", [None, 1979, ["DOMINIQUE"], {}, True])
def test_trait_that_is_no_text_is_refused(name, value):
    with pytest.raises(IdentityFault, match="got no text") as refusal:
        StrictTraits.from_json({**PAT_TROIS, name: value})

    assert refusal.value.field == name.replace("_", " ")


@pytest.mark.parametrize("name", TRAIT_NAMES)
def test_missing_trait_is_refused(name):
    with pytest.raises(IdentityFault, match="got nothing") as refusal:
        StrictTraits.from_json({key: value for key, value in PAT_TROIS.items() if key != name})

    assert refusal.value.code is Code.IDENTITY_MALFORMED
    assert refusal.value.field == name.replace("_", " ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("birth_name", "Pat-Trois"),
        ("birth_name", "PAT-TROIS "),
        ("birth_name", "PAT\u2011TROIS"),
        ("birth_given_names", "DOMINIQUE MARIE-LOU\u00cfSE"),
        ("sex", "f"),
        ("birth_date", " 1979-03-28"),
        ("birth_place", "2a020"),
    ],
)
def test_json_in_another_spelling_is_refused(name, value):
    with pytest.raises(IdentityFault, match="another spelling") as refusal:
        StrictTraits.from_json({**PAT_TROIS, name: value})

    assert refusal.value.field == name.replace("_", " ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("birth_name", ""),
        ("birth_name", "   "),
        ("birth_name", "PAT  TROIS"),
        ("birth_name", "PAT 3"),
        ("birth_given_names", ""),
        ("birth_given_names", "DOMINIQUE  MARIE"),
        ("birth_given_names", "DOMINIQUE, MARIE"),
        ("birth_given_names", "PIERRE--ALAIN"),
        ("sex", ""),
        ("sex", "female"),
        ("sex", "\u0131"),
        ("birth_date", "28/03/1979"),
        ("birth_date", "0000-00-00"),
        ("birth_place", ""),
        ("birth_place", "5121"),
        ("birth_place", "512150"),
        ("birth_place", "51 21"),
        ("birth_place", "5121\u0665"),
        ("birth_place", "DOMPREMY"),
    ],
)
def test_trait_of_another_form_is_refused_and_named(name, value):
    with pytest.raises(IdentityFault) as refusal:
        StrictTraits.parse(**{**PAT_TROIS, name: value})

    assert refusal.value.field == name.replace("_", " ")
    assert refusal.value.code is Code.IDENTITY_MALFORMED


def test_traits_that_exist_are_in_insi_spelling_however_they_were_made():
    with pytest.raises(IdentityFault):
        StrictTraits("Pat", ("DOMINIQUE",), Sex.FEMALE, BirthDate("1979-03-28"), "51215")


@given(st.dictionaries(st.sampled_from(TRAIT_NAMES), st.text(max_size=12)))
def test_traits_parser_raises_nothing_but_its_own_error(json):
    with suppress(IdentityFault):
        StrictTraits.from_json(json)


@pytest.mark.parametrize(
    ("text", "sex"), [("M", Sex.MALE), ("F", Sex.FEMALE), ("I", Sex.INDETERMINATE), ("m", Sex.MALE), (" i ", Sex("I"))]
)
def test_sex_is_read_in_either_case(text, sex):
    assert Sex.parse(text) is sex

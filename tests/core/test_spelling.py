"""INSi's spelling of names. Rules: reference/ins.md 2.3 and 2.4."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.codes import Code
from connector.core.errors import IdentityFault
from connector.core.spelling import check_birth_name, check_given_names, first_name_agrees, fold, normalise

FRENCH = st.text("abcdefghijklmnopqrstuvwxyzABCXYZàâäçéèêëîïôöùûüÿñœæÀÇÉŒÆŸ '\u2019-", max_size=40)


@pytest.mark.parametrize(
    ("written", "spelt"),
    [
        ("Dupont", "DUPONT"),
        ("  D'ARTAGNAN DE L'HERAULT ", "D'ARTAGNAN DE L'HERAULT"),
        ("d\u2019\u00c6ION", "D'AEION"),
        ("C\u0152UR", "COEUR"),
        ("Le C\u0153ur-N\u00e6vus", "LE COEUR-NAEVUS"),
        ("de La Tr\u00e9mo\u00eflle", "DE LA TREMOILLE"),
        ("Fran\u00e7ois-Ren\u00e9", "FRANCOIS-RENE"),
        ("L\u2019Ha\u00ff-les-Roses", "L'HAY-LES-ROSES"),
        ("Mu\u00f1oz", "MUNOZ"),
        ("Rene\u0301", "RENE"),  # already taken apart
        ("Nguy\u1ec5n", "NGUYEN"),  # two marks on one letter
        ("GARCIA--LOPEZ", "GARCIA--LOPEZ"),
        ("Marie\u2011Louise", "MARIE-LOUISE"),
        ("Marie\u2010Louise", "MARIE-LOUISE"),
        ("Anne\u00a0Marie\u202fZo\u00e9", "ANNE MARIE ZOE"),
        ("O\u02bcBrien O\u2018Neil", "O'BRIEN O'NEIL"),
        ("", ""),
    ],
)
def test_name_is_brought_to_insi_spelling(written, spelt):
    assert normalise(written) == spelt


@given(FRENCH)
def test_normalising_twice_is_normalising_once(text):
    once = normalise(text)

    assert normalise(once) == once
    assert set(once) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ '-")
    assert normalise(text.upper()) == once


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("PAT-3", "a digit"),
        ("PAT_TROIS", "a punctuation mark"),
        ("PAT/TROIS", "a punctuation mark"),
        ("PAT\u2013TROIS", "a punctuation mark"),
        ("PAT.", "a punctuation mark"),
        ("PAT`TROIS", "a symbol"),
        ("STRA\u00dfE", "a letter outside"),
        ("\u0141UKASZ", "a letter outside"),
        ("S\u00d8REN", "a letter outside"),
        ("D\u0131LEK", "a letter outside"),
        ("\ufb01LLE", "a letter outside"),
        ("\u0418\u0412\u0410\u041d", "a letter outside"),
        ("O\u0338", "an accent or mark"),
        ("O\u0363", "an accent or mark"),
        ("\u0301ELISE", "an accent or mark"),
        ("'\u0301ELISE", "an accent or mark"),
        ("PAT\tTROIS", "a control or invisible"),
        ("PAT\u00adTROIS", "a control or invisible"),
        ("PAT\u200bTROIS", "a control or invisible"),
        ("PAT\ud800", "a control or invisible"),
        ("PAT\u2003TROIS", "a space of another kind"),
    ],
)
def test_character_without_equivalent_is_refused_and_not_dropped(written, kind):
    with pytest.raises(IdentityFault, match=f"^birth name: got {kind}") as refusal:
        normalise(written, field="birth name")

    assert refusal.value.code is Code.IDENTITY_MALFORMED
    assert f"of {len(written)}" in refusal.value.got


@given(st.text())
def test_normalise_raises_nothing_but_its_own_error(text):
    with suppress(IdentityFault):
        assert set(normalise(text)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ '-")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("PAT-TROIS", "PAT TROIS"),
        ("D'ARTAGNAN", "D ARTAGNAN"),
        ("GARCIA--LOPEZ", "GARCIA-LOPEZ"),
        ("L'HAY-LES-ROSES", "L HAY LES ROSES"),
        ("DE  LA TOUR", "DE LA TOUR"),
        ("'T HOOFT", "T'HOOFT"),
    ],
)
def test_spellings_of_one_name_fold_together(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("PATTROIS", "PAT-TROIS"), ("DARTAGNAN", "D'ARTAGNAN"), ("NESSI", "NESSY")])
def test_names_that_sound_alike_do_not_fold_together(one, other):
    assert fold(one) != fold(other)


@given(FRENCH.map(normalise))
def test_folding_twice_is_folding_once(name):
    assert fold(fold(name)) == fold(name)


@pytest.mark.parametrize(
    "name",
    [
        "A",
        "PAT-TROIS",
        "D'ARTAGNAN DE L'HERAULT",
        "GARCIA--LOPEZ",
        "'T HOOFT",
        "N'",
        "DE LA TOUR D'AUVERGNE",
        "X" * 100,
    ],
)
def test_birth_name_by_the_rules_is_accepted(name):
    check_birth_name(name)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "nothing"),
        ("X" * 101, "101 characters"),
        ("Dupont", "outside INSi's alphabet"),
        ("PAT3", "outside INSi's alphabet"),
        ("PAT\n", "outside INSi's alphabet"),
        ("-", "no letter"),
        ("' '", "no letter"),
        (" PAT", "in front"),
        ("-PAT", "in front"),
        ("PAT ", "at the end"),
        ("PAT  TROIS", "two spaces"),
        ("PAT''TROIS", "two apostrophes"),
        ("PAT 'TROIS", "beside an apostrophe"),
        ("PAT' TROIS", "beside an apostrophe"),
        ("PAT---TROIS", "three hyphens"),
    ],
)
def test_birth_name_against_the_rules_is_refused(name, rule):
    with pytest.raises(IdentityFault, match="^birth name: ") as refusal:
        check_birth_name(name)

    assert rule in refusal.value.got
    assert refusal.value.code is Code.IDENTITY_MALFORMED


@pytest.mark.parametrize(
    "names", [("ZOE",), ("PIERRE-ALAIN", "MURIEL", "FLORIANT"), ("N'GOLO",), ("'AISSA", "ALI"), ("X" * 50, "Y" * 49)]
)
def test_given_names_by_the_rules_are_accepted(names):
    check_given_names(names)


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        ((), "nothing"),
        (("",), "nothing"),
        (("X" * 50, "Y" * 50), "101 characters"),
        (("ZOE", ""), "at the end"),
        (("ZOE", "", "ANNE"), "two spaces"),
        (("zoe",), "outside INSi's alphabet"),
        (("PIERRE--ALAIN",), "two hyphens"),
        (("ZOE-",), "hyphen or apostrophe at the end"),
        (("ZOE'",), "hyphen or apostrophe at the end"),
        (("ZOE-", "ANNE"), "hyphen or apostrophe at the end"),
        (("ZOE", "-ANNE"), "in front"),
        (("ZOE", "'ANNE"), "beside an apostrophe"),
        (("ZOE ANNE",), "a space inside one name"),
        (("ZOE", "-"), "no letter"),
    ],
)
def test_given_names_against_the_rules_are_refused(names, rule):
    with pytest.raises(IdentityFault, match="^birth given names: ") as refusal:
        check_given_names(names)

    assert rule in refusal.value.got


@pytest.mark.parametrize(
    "first", ["JEAN", "JEAN CHRISTOPHE", "JEAN-CHRISTOPHE", "JEAN-CHRISTOPHE-PIERRE", "JEAN CHRISTOPHE-PIERRE"]
)
def test_first_name_that_opens_the_list_agrees(first):
    assert first_name_agrees(first, "JEAN CHRISTOPHE PIERRE")


@pytest.mark.parametrize(
    "first", ["CHRISTOPHE", "PIERRE", "JEAN LOUIS", "JE", "JEANCHRISTOPHE", "JEAN CHRISTOPHE PIERRE LOUIS", "", "-"]
)
def test_first_name_that_does_not_open_the_list_disagrees(first):
    assert not first_name_agrees(first, "JEAN CHRISTOPHE PIERRE")

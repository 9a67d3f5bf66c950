"""Member ids and their check digits. Numbers: reference/security.md 2; oracle: python-stdnum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.fr import siret

from connector.core.codes import Code
from connector.core.errors import IdentityFault
from connector.core.members import MemberId, finess_check_ok, luhn_ok, siret_check_ok

ANS = "318751275100020"
RIGHT = [
    ANS,
    "335600000000048",  # La Poste, head office: Luhn
    "335600000049837",  # La Poste, an establishment: sum divisible by 5
    "1540002698",
    "1750712184",
    "1690781810",
    "1590780193",
    "1930100037",
    "12A0000014",
    "12B0000020",
]


@pytest.mark.parametrize("text", RIGHT)
def test_member_id_with_a_right_check_digit_is_read(text):
    member = MemberId.parse(text)

    assert str(member) == member.value == text
    assert member.number == text[1:]
    assert member.check_digit_ok
    assert MemberId.parse(str(member)) == member
    assert member.is_siret is (text[0] == "3")
    assert member.is_finess is (text[0] == "1")


def test_member_id_may_be_logged():
    member = MemberId(ANS)

    assert repr(member) == f"MemberId(value='{ANS}')"
    assert f"{member}" == ANS


def test_member_ids_sort_by_value():
    assert sorted(map(MemberId, [ANS, "1540002698"])) == [MemberId("1540002698"), MemberId(ANS)]


@pytest.mark.parametrize(
    "text",
    [
        "318751275100021",
        "335600000000049",
        "335600000049838",
        "1540002699",
        "12A0000015",
        "12B0000014",
        "10B0172805",  # test data of the ANS
        "1458174839",  # the same
    ],
)
def test_wrong_check_digit_is_refused_unless_told_to_accept_it(text):
    with pytest.raises(IdentityFault, match="check digit") as refusal:
        MemberId.parse(text)

    assert refusal.value.code is Code.IDENTITY_MALFORMED
    assert MemberId.parse(text, strict=False) == MemberId(text)
    assert not MemberId(text).check_digit_ok


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "18751275100020",
        "31875127510002",
        "3187512751000200",
        "3 18751275100020",
        " 318751275100020",
        "318751275100020\n",
        "31875127510002A",
        "3\u0661\u0668751275100020",
        "154000269",
        "15400026980",
        "12C0000014",
        "1A20000014",
        "12a0000014",
        "2187512751",
        "0540002698",
        "899700366240",
        "3540002698",
        "118751275100020",
    ],
)
def test_other_forms_are_refused_in_any_case(text, strict):
    with pytest.raises(IdentityFault, match="^member id: "):
        MemberId.parse(text, strict=strict)


@given(st.text())
def test_member_id_parser_raises_nothing_but_its_own_error(text):
    with pytest.raises(IdentityFault):
        MemberId.parse(text, strict=False)


@given(st.text("0123456789", min_size=1, max_size=20))
def test_luhn_is_what_python_stdnum_computes(digits):
    assert luhn_ok(digits) is luhn.is_valid(digits)


@given(st.text("0123456789", min_size=8, max_size=8), st.text("0123456789", min_size=4, max_size=4))
def test_siret_that_python_stdnum_accepts_is_accepted(siren_body, nic):
    siren = siren_body + luhn.calc_check_digit(siren_body)
    number = siren + nic + luhn.calc_check_digit(siren + nic)

    assert siret_check_ok(number)


@given(st.text("0123456789", min_size=5, max_size=5))
def test_siret_of_la_poste_is_judged_as_python_stdnum_does(nic):
    assert siret_check_ok("356000000" + nic) is siret.is_valid("356000000" + nic)


@given(st.sampled_from(RIGHT[3:8]), st.integers(0, 8), st.sampled_from("0123456789"))
def test_change_of_any_one_digit_of_a_finess_number_is_detected(text, place, digit):
    changed = text[1 : place + 1] + digit + text[place + 2 :]

    assert finess_check_ok(changed) is (changed == text[1:])

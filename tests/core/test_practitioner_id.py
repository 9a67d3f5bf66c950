"""PS_IdNat. Numbers: reference/security.md 2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.codes import Code
from connector.core.errors import IdentityFault
from connector.core.practitioner_id import PractitionerId


@pytest.mark.parametrize("rpps", ["99700218896", "99700366240", "99700427885"])
def test_rpps_number_is_read(rpps):
    practitioner = PractitionerId.parse("8" + rpps)

    assert practitioner.value == "8" + rpps
    assert practitioner.is_rpps
    assert practitioner.check_digit_ok


@pytest.mark.parametrize("text", ["810003461033", "810102727017"])
def test_rpps_number_with_a_wrong_check_digit_is_read_with_a_warning(text):
    assert not PractitionerId.parse(text).check_digit_ok


@pytest.mark.parametrize(
    ("text", "check_digit_ok"),
    [
        ("3540002698/42", True),
        ("32A0000014/INF-7", True),
        ("30B0172805/1", False),
        ("518751275100020/secretariat.2", True),
        ("518751275100021/A_1", False),
    ],
)
def test_number_in_the_register_of_a_structure_is_read(text, check_digit_ok):
    practitioner = PractitionerId.parse(text)

    assert practitioner.value == text
    assert not practitioner.is_rpps
    assert practitioner.check_digit_ok is check_digit_ok


@pytest.mark.parametrize(
    ("text", "kind"),
    [("0751234567", "ADELI"), ("4187512751/12", "SIREN"), ("699700366240001/3", "RPPS practice")],
)
def test_other_kinds_of_ps_idnat_are_refused_by_name(text, kind):
    with pytest.raises(IdentityFault, match=kind) as refusal:
        PractitionerId.parse(text)

    assert refusal.value.code is Code.IDENTITY_MALFORMED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8",
        "89970036624",
        "8997003662400",
        "99700366240",
        "8 99700366240",
        "899700366240\n",
        "8\u0669\u06699700366240",
        "3540002698",
        "3540002698/",
        "3540002698/ 42",
        "3540002698/4/2",
        "3540002698/-42",
        "3540002698/" + "4" * 33,
        "354000269/42",
        "318751275100020/42",
        "5540002698/42",
        "/42",
        "5/",
        "ANS20231122132732",
    ],
)
def test_other_forms_are_refused(text):
    with pytest.raises(IdentityFault, match="^practitioner id: "):
        PractitionerId.parse(text)


@given(st.from_regex(r"8[0-9]{11}|3[0-9][AB0-9][0-9]{7}/[0-9A-Z]{1,8}|5[0-9]{14}/[0-9]{1,8}", fullmatch=True))
def test_practitioner_id_is_read_back_from_its_value(text):
    assert PractitionerId.parse(PractitionerId.parse(text).value).value == text


@given(st.text())
def test_practitioner_id_parser_raises_nothing_but_its_own_error(text):
    with pytest.raises(IdentityFault):
        PractitionerId.parse(text)

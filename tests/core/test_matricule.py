"""Matricule, its key, and the INS. Published vectors: reference/ins.md 1.2 and 6; oracle: python-stdnum."""

from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.fr import nir

from connector.core.codes import Code
from connector.core.errors import IdentityFault
from connector.core.matricule import Ins, Matricule, key_of
from connector.core.oid import InsOid

KEYS = {
    "2790351215189": "89",
    "297022A020778": "78",
    "2751263220749": "74",
    "2770763220829": "10",
    "160012B020777": "13",
    "180032B020401": "23",
    "1090763220888": "35",  # a NIA
    "1010663220754": "60",
    "2360663220836": "56",
    "1090763220834": "89",
    "2090763220834": "39",
    "2090663220123": "55",
    "1100863220830": "60",
}
WRONG_AS_PUBLISHED = {
    "1810363220456": ("60", "76"),
    "2810363220456": ("10", "26"),
    "2240275115835": ("55", "12"),
    "2210425456114": ("04", "83"),
    "2230425456114": ("04", "82"),
    "2760592050628": ("65", "83"),
    "2221275056112": ("01", "47"),
    "2090531056112": ("01", "14"),
}


def digits(low, high, width):
    return st.integers(low, high).map(lambda number: f"{number:0{width}}")


MONTHS = st.one_of(digits(1, 12, 2), digits(20, 42, 2), digits(50, 99, 2))
PLACES = st.one_of(
    st.tuples(st.one_of(digits(1, 96, 2), st.just("99"), st.sampled_from(["2A", "2B"])), digits(1, 999, 3)),
    st.tuples(digits(970, 989, 3), digits(1, 99, 2)),
).map("".join)
BODIES = st.tuples(st.sampled_from("123478"), digits(0, 99, 2), MONTHS, PLACES, digits(1, 999, 3)).map("".join)
MATRICULES = BODIES.map(lambda body: Matricule(body + key_of(body)))


def assert_refused(text):
    with pytest.raises(IdentityFault) as refusal:
        Matricule.parse(text)
    assert refusal.value.code is Code.IDENTITY_MALFORMED
    assert refusal.value.field == "matricule"
    return refusal.value


def with_key(body):
    return body + key_of(body)


@pytest.mark.parametrize(("body", "key"), KEYS.items())
def test_published_key_is_computed(body, key):
    matricule = Matricule.parse(body + key)

    assert key_of(body) == key
    assert (matricule.value, matricule.body, matricule.key) == (body + key, body, key)


@pytest.mark.parametrize(("body", "printed", "right"), [(body, *keys) for body, keys in WRONG_AS_PUBLISHED.items()])
def test_published_fixture_with_a_wrong_key_is_refused(body, printed, right):
    assert "key" in assert_refused(body + printed).got
    assert Matricule.parse(body + right).key == right


@given(MATRICULES)
def test_key_is_what_python_stdnum_computes(matricule):
    assert nir.calc_check_digits(matricule.body) == matricule.key
    assert nir.is_valid(matricule.value)


@given(st.text("0123456789AB", min_size=13, max_size=16))
def test_what_python_stdnum_refuses_is_refused(text):
    assume(not nir.is_valid(text))

    assert_refused(text)


@given(MATRICULES, st.integers(0, 14), st.sampled_from("0123456789"))
def test_change_of_any_one_digit_is_detected(matricule, place, digit):
    changed = matricule.value[:place] + digit + matricule.value[place + 1 :]
    assume(changed != matricule.value)

    assert_refused(changed)


@given(MATRICULES)
def test_matricule_is_read_back_from_its_own_value(matricule):
    assert Matricule.parse(matricule.value) == matricule


@pytest.mark.parametrize(
    "text",
    [
        "2 79 03 51 215 189 89",
        "2.79.03.51.215.189.89",
        " 279035121518989 ",
        "2\u00a079\u00a003\u202f51 215 189 89",
    ],
)
def test_spaces_and_dots_between_the_parts_are_removed(text):
    assert Matricule.parse(text).value == "279035121518989"


def test_corsican_letters_are_read_in_either_case():
    assert Matricule.parse("2 97 02 2a 020 778 78").value == "297022A02077878"
    assert Matricule.parse("160012b02077713").value == "160012B02077713"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2790351215189",
        "27903512151898",
        "2790351215189890",
        "27903512151898A",
        "A79035121518989",
        "297022C02077878",
        "2A7022A02077878",
        "29702A202077878",
        "2790351215-18989",
        "279035121518989\n",
        "\uff12\uff17\uff19035121518989",
        "27903512151898\u00b2",
        "2970\u0131A02077878",
    ],
)
def test_other_lengths_and_characters_are_refused(text):
    assert_refused(text)


@pytest.mark.parametrize("digit", "0569")
def test_sex_digit_that_does_not_exist_is_refused(digit):
    assert "sex digit" in assert_refused(with_key(digit + "790351215189")).got


@pytest.mark.parametrize("digit", "123478")
def test_sex_digit_of_a_pending_registration_is_read(digit):
    assert Matricule.parse(with_key(digit + "790351215189")).value[0] == digit


@pytest.mark.parametrize("month", ["00", "13", "19", "43", "49"])
def test_month_that_does_not_exist_is_refused(month):
    assert "month" in assert_refused(with_key(f"279{month}51215189")).got


@pytest.mark.parametrize("month", ["01", "12", "20", "30", "31", "42", "50", "99"])
def test_month_known_or_fictitious_is_read(month):
    assert Matricule.parse(with_key(f"279{month}51215189")).body[3:5] == month


@pytest.mark.parametrize("place", ["00001", "01000", "2A000", "96000", "99000", "97100", "98800"])
def test_place_that_does_not_exist_is_refused(place):
    assert "place" in assert_refused(with_key(f"27903{place}189")).got


@pytest.mark.parametrize("place", ["01001", "20004", "2A004", "2B999", "95001", "96001", "99352", "97101", "98899"])
def test_place_in_corsica_overseas_former_algeria_or_abroad_is_read(place):
    assert Matricule.parse(with_key(f"27903{place}189")).body[5:10] == place


def test_order_number_zero_is_refused():
    assert "order number" in assert_refused(with_key("2790351215000")).got


def test_key_of_zero_or_above_97_is_refused():
    body = "2790351215189"

    for key in ("00", "98", "99"):
        assert "key" in assert_refused(body + key).got


@pytest.mark.parametrize("body", ["", "279035121518", "279035121518989", "29702AA020778", "\u0662790351215189"])
def test_key_is_computed_for_thirteen_characters_only(body):
    with pytest.raises(IdentityFault):
        key_of(body)


@given(st.text())
def test_matricule_parser_raises_nothing_but_its_own_error(text):
    with suppress(IdentityFault):
        Matricule.parse(text)


def test_matricule_that_exists_is_right_however_it_was_made():
    with pytest.raises(IdentityFault):
        Matricule("2 79 03 51 215 189 89")


def test_ins_is_read_from_system_and_value():
    ins = Ins.parse("urn:oid:1.2.250.1.213.1.4.10", "2 79 03 51 215 189 89")

    assert ins == Ins(Matricule("279035121518989"), InsOid.TEST)
    assert ins.to_token() == "urn:oid:1.2.250.1.213.1.4.10|279035121518989"


def test_same_matricule_under_another_oid_is_another_ins():
    assert Ins.parse(InsOid.NIR, "109076322088835") != Ins.parse(InsOid.NIA, "109076322088835")


@given(MATRICULES, st.sampled_from(InsOid))
def test_ins_is_read_back_from_its_token(matricule, oid):
    ins = Ins(matricule, oid)

    assert Ins.from_token(ins.to_token()) == ins


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", Code.IDENTITY_MALFORMED),
        ("279035121518989", Code.IDENTITY_MALFORMED),
        ("|279035121518989", Code.IDENTITY_MALFORMED),
        ("1.2.250.1.213.1.4.10|279035121518989", Code.IDENTITY_MALFORMED),
        ("urn:oid:1.2.250.1.213.1.4.10|2 79 03 51 215 189 89", Code.IDENTITY_MALFORMED),
        ("urn:oid:1.2.250.1.213.1.4.10|297022a02077878", Code.IDENTITY_MALFORMED),
        ("urn:oid:1.2.250.1.213.1.4.10|279035121518989|", Code.IDENTITY_MALFORMED),
        ("urn:oid:1.2.250.1.213.1.4.10|279035121518989,297022A02077878", Code.IDENTITY_MALFORMED),
        ("urn:oid:1.2.250.1.213.1.4.10|", Code.IDENTITY_MALFORMED),
        ("urn:oid:1.2.250.1.213.1.4.13|279035121518989", Code.IDENTITY_OID),
        ("urn:oid:urn:oid:1.2.250.1.213.1.4.10|279035121518989", Code.IDENTITY_OID),
    ],
)
def test_token_in_any_other_form_is_refused(token, code):
    with pytest.raises(IdentityFault) as refusal:
        Ins.from_token(token)

    assert refusal.value.code is code


@given(st.text())
def test_token_parser_raises_nothing_but_its_own_error(text):
    with pytest.raises(IdentityFault):
        Ins.from_token(text)

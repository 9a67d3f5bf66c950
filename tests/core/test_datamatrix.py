"""The INS label (reference/ins.md 3.5; vectors published by ANS, HCD and ours, persons of the published test sets)."""

import itertools
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.codes import Code
from connector.core.datamatrix import GS, HEADER, decode, encode
from connector.core.days import BirthDate
from connector.core.errors import ConnectorError, IdentityFault
from connector.core.identity import QualifiedIdentity
from connector.core.matricule import Ins
from connector.core.oid import InsOid
from connector.core.traits import Sex, StrictTraits

PAT_TROIS = (
    "IS010000000000000000000000S1279035121518989S21.2.250.1.213.1.4.10S3DOMINIQUE MARIE-LOUISE\x1dS4PAT-TROIS\x1d"
    "S5FS628-03-1979S751215"
)
ADRTROIS = (
    "IS010000000000000000000000S1297022A02077878S21.2.250.1.213.1.4.8\x1dS3DOMINIQUE\x1dS4ADRTROIS\x1d"
    "S5FS626-02-1997S72A020"
)
WITHOUT_PLACE = (
    "IS010000000000000000000000S1277010115400329S21.2.250.1.213.1.4.8\x1dS3SARAH-LOU ANNA\x1dS4GARCIA-HAMMADI\x1d"
    "S5FS621-01-1977"
)
PERSON = QualifiedIdentity(
    Ins.parse(InsOid.TEST, "279035121518989"),
    StrictTraits.parse(
        birth_name="PAT-TROIS",
        birth_given_names="DOMINIQUE MARIE-LOUISE",
        sex="F",
        birth_date="1979-03-28",
        birth_place="51215",
    ),
)
FIELDS = {
    "S1": "279035121518989",
    "S2": "1.2.250.1.213.1.4.10",
    "S3": "DOMINIQUE MARIE-LOUISE",
    "S4": "PAT-TROIS",
    "S5": "F",
    "S6": "28-03-1979",
    "S7": "51215",
}
VARIABLE = {"S2": 20, "S3": 100, "S4": 100}


def label(separator=GS, order=tuple(FIELDS), **changed):
    """A payload with its fields in this order; a value None leaves the field out."""
    values = {**FIELDS, **changed}
    names = [name for name in order if values[name] is not None]
    text = HEADER
    for name in names:
        text += name + values[name]
        if name != names[-1] and len(values[name]) < VARIABLE.get(name, 0):
            text += separator
    return text


def assert_refused(payload, code, part=""):
    with pytest.raises(IdentityFault) as refusal:
        decode(payload)
    assert refusal.value.code is code
    assert part in refusal.value.field
    assert "PAT-TROIS" not in str(refusal.value)
    assert "279035121518989" not in str(refusal.value)
    return refusal.value


def read(payload):
    scanned = decode(payload)
    return QualifiedIdentity(scanned.ins, scanned.traits())


def test_published_vector_is_read_and_written_alike():
    assert read(PAT_TROIS) == PERSON
    assert encode(PERSON) == PAT_TROIS
    assert len(PAT_TROIS) == 124


def test_matricule_of_corsica_and_an_oid_of_nineteen_characters_are_read():
    identity = read(ADRTROIS)

    assert identity.ins == Ins.parse(InsOid.NIR, "297022A02077878")
    assert encode(identity) == ADRTROIS
    assert len(ADRTROIS) == 110


def test_label_without_birth_place_gives_what_insi_can_be_asked_with():
    scanned = decode(WITHOUT_PLACE)

    assert scanned.birth_place is None
    assert scanned.question().given_names == ("SARAH-LOU", "ANNA")
    with pytest.raises(IdentityFault, match="birth place"):
        scanned.traits()


@pytest.mark.parametrize("separator", [GS, "", "<GS>", "{GS}", "]", "^", "|", "\u241d", " ", "\t", "\n"])
def test_label_is_read_whatever_the_scanner_types_for_the_separator(separator):
    for order in itertools.permutations(("S2", "S3", "S4")):
        assert read(label(separator, (*order, "S1", "S5", "S6", "S7"))) == PERSON
        assert read(label(separator, ("S7", "S6", "S5", "S1", *order))) == PERSON


@given(st.permutations(list(FIELDS)), st.sampled_from([GS, "", "<GS>", "]"]))
@settings(max_examples=60)
def test_label_is_read_in_any_order_of_its_fields(order, separator):
    assert read(label(separator, order)) == PERSON


def test_encoder_that_ends_every_field_with_the_separator_is_read():
    assert read(HEADER + "".join(name + value + GS for name, value in FIELDS.items())) == PERSON


def test_line_end_that_the_scanner_adds_is_left_out():
    assert read(PAT_TROIS + "\r\n") == PERSON


def test_name_that_ends_with_the_letter_of_the_identifiers_is_read_without_separators():
    assert decode(label("", S3="THOMAS", S4="DESS")).birth_name == "DESS"
    assert decode(label("", S3="THOMAS", S4="DESS")).given_names == ("THOMAS",)


def test_name_of_the_greatest_length_has_no_separator():
    name = "A" * 100
    identity = QualifiedIdentity(
        PERSON.ins, StrictTraits(name, ("B" * 100,), Sex.FEMALE, BirthDate("1979-03-28"), "51215")
    )

    assert GS not in encode(identity)
    assert read(encode(identity)) == identity


NAMES = st.from_regex(r"[A-Z]{1,12}(?:['-][A-Z]{1,12}|--[A-Z]{1,9}| [A-Z]{1,9}){0,3}", fullmatch=True)
GIVEN = st.lists(st.from_regex(r"[A-Z]{1,10}(?:['-][A-Z]{1,10})?", fullmatch=True), min_size=1, max_size=4).map(tuple)
DATES = st.dates().map(lambda day: BirthDate(day.isoformat()))
IDENTITIES = st.builds(
    QualifiedIdentity,
    st.sampled_from([PERSON.ins, Ins.parse(InsOid.NIR, "297022A02077878"), Ins.parse(InsOid.NIA, "109076322088835")]),
    st.builds(
        StrictTraits,
        NAMES,
        GIVEN,
        st.sampled_from([Sex.MALE, Sex.FEMALE]),
        DATES,
        st.sampled_from(["51215", "2A020", "99351"]),
    ),
)


@given(IDENTITIES)
@settings(max_examples=100)
def test_what_is_written_is_read_back(identity):
    assert read(encode(identity)) == identity


@given(IDENTITIES)
@settings(max_examples=100)
def test_what_is_written_is_read_back_without_separators(identity):
    assert read(encode(identity).replace(GS, "")) == identity


@given(st.text(max_size=60), st.integers(0, 124))
@settings(max_examples=200)
def test_rubbish_and_damage_raise_only_errors_of_this_program(rubbish, place):
    for payload in (rubbish, HEADER + rubbish, PAT_TROIS[:place], PAT_TROIS[:place] + rubbish + PAT_TROIS[place:]):
        with suppress(ConnectorError):
            decode(payload)


@pytest.mark.parametrize("payload", ["", "279035121518989", "XX" + PAT_TROIS[2:], "DC04" + PAT_TROIS[4:]])
def test_text_that_is_no_label_is_refused(payload):
    assert "begins with IS" in assert_refused(payload, Code.DATAMATRIX_MALFORMED).expected


def test_label_typed_in_small_letters_tells_of_caps_lock():
    assert "caps lock" in assert_refused(PAT_TROIS.lower(), Code.DATAMATRIX_MALFORMED).hint


def test_label_typed_through_another_keyboard_layout_tells_of_it():
    assert "keyboard layout" in assert_refused("ISà&" + PAT_TROIS[4:], Code.DATAMATRIX_MALFORMED).hint


def test_another_version_is_refused():
    assert assert_refused("IS02" + PAT_TROIS[4:], Code.DATAMATRIX_MALFORMED).got == "another version"


def test_reserved_part_that_is_not_zero_is_refused():
    assert_refused("IS01FR03" + PAT_TROIS[8:], Code.DATAMATRIX_MALFORMED)


@pytest.mark.parametrize("name", ["S1", "S2", "S3", "S4", "S5", "S6"])
def test_missing_field_is_named(name):
    assert_refused(label(**{name: None}), Code.DATAMATRIX_MALFORMED, name)


@pytest.mark.parametrize("name", list(FIELDS))
def test_field_that_stands_twice_is_refused(name):
    assert_refused(PAT_TROIS + name + FIELDS[name], Code.DATAMATRIX_MALFORMED, name)


@pytest.mark.parametrize("value", ["1979-03-28", "28/03/1979", "28-03-79XX", "aa-bb-cccc"])
def test_birth_date_of_another_form_is_refused(value):
    assert_refused(label(S6=value), Code.DATAMATRIX_MALFORMED, "S6")


def test_birth_year_zero_is_refused():
    assert_refused(label(S6="28-03-0000"), Code.IDENTITY_MALFORMED, "birth date")


def test_wrong_key_is_refused():
    assert_refused(label(S1="279035121518988"), Code.IDENTITY_MALFORMED, "matricule")


@pytest.mark.parametrize("last", ["13", "14"])
def test_social_security_number_is_refused_as_ins(last):
    assert_refused(label(S2=f"1.2.250.1.213.1.4.{last}"), Code.IDENTITY_OID)


@pytest.mark.parametrize("oid", ["1.2.250.1.213.1.4.2", "1.2.250.1.213.1.4.7"])
def test_other_oids_are_refused(oid):
    assert_refused(label(S2=oid), Code.IDENTITY_OID)


def test_oid_of_another_length_is_refused():
    assert_refused(label(S2="1.2.250"), Code.DATAMATRIX_MALFORMED, "S2")


@pytest.mark.parametrize("sex", ["I", "f", "1"])
def test_sex_that_insi_does_not_know_is_refused(sex):
    assert_refused(label(S5=sex), Code.DATAMATRIX_MALFORMED, "S5")


def test_birth_place_in_small_letters_is_refused():
    assert_refused(label(S7="2a020"), Code.DATAMATRIX_MALFORMED, "S7")


@pytest.mark.parametrize("name", ["S3", "S4"])
@pytest.mark.parametrize("value", ["JOSÉ", "ana", "JEAN  LUC", "R2D", ""])
def test_name_outside_the_alphabet_is_refused(name, value):
    with pytest.raises(IdentityFault):
        decode(label(**{name: value}))


@pytest.mark.parametrize("typed", ["-", "'"])
def test_name_whose_end_cannot_be_told_is_refused(typed):
    assert_refused(label(typed), Code.DATAMATRIX_AMBIGUOUS)


def test_birth_name_that_ends_with_an_apostrophe_is_read_where_separators_are_sent():
    assert decode(label(S4="D'")).birth_name == "D'"


def test_name_over_the_greatest_length_is_refused():
    assert_refused(label(S4="A" * 101), Code.DATAMATRIX_MALFORMED, "S4")


@pytest.mark.parametrize("end", [1, 3, 8])
def test_label_cut_short_is_refused(end):
    assert_refused(PAT_TROIS[:-end], Code.DATAMATRIX_MALFORMED)


def test_several_labels_in_one_field_are_refused():
    assert_refused(PAT_TROIS * 4, Code.DATAMATRIX_MALFORMED)


def test_scanned_identity_does_not_show():
    assert repr(decode(PAT_TROIS)) == "[redacted]"

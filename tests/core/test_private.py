"""Personal values never show by accident."""

import copy
import json
import logging
import pickle
import traceback
from dataclasses import dataclass

import pytest

from connector.core.days import BirthDate, Day
from connector.core.errors import IdentityFault
from connector.core.identity import IdentityStatus, LocalIdentity, QualifiedIdentity
from connector.core.matricule import Ins, Matricule
from connector.core.oid import InsOid
from connector.core.practitioner_id import PractitionerId
from connector.core.private import Private, shape_of
from connector.core.traits import StrictTraits

MATRICULE = Matricule.parse("279035121518989")
INS = Ins(MATRICULE, InsOid.TEST)
TRAITS = StrictTraits.parse(
    birth_name="PAT-TROIS",
    birth_given_names="DOMINIQUE MARIE-LOUISE",
    sex="F",
    birth_date="1979-03-28",
    birth_place="51215",
)
PRIVATE_VALUES = [
    MATRICULE,
    INS,
    BirthDate.parse("1979-03-28"),
    TRAITS,
    QualifiedIdentity(INS, TRAITS, Day(2026, 1, 2)),
    LocalIdentity(INS, TRAITS, IdentityStatus.QUAL),
    PractitionerId.parse("899700366240"),
]
SECRETS = ("27903", "PAT-TROIS", "DOMINIQUE", "1979", "51215", "89970036")
each = pytest.mark.parametrize("value", PRIVATE_VALUES, ids=lambda value: type(value).__name__)


def assert_silent(text):
    assert not [secret for secret in SECRETS if secret in text]


@each
def test_private_value_prints_as_redacted_in_every_way(value):
    ways = (
        repr(value),
        str(value),
        f"{value}",
        f"{value!r}",
        f"{value!a}",
        f"{value:>40}",
        format(value, "x"),
        "%s %r" % (value, value),  # noqa: UP031  the old way is one of the ways
    )

    assert {part for way in ways for part in way.split()} == {"[redacted]"}


@each
def test_private_value_stays_hidden_inside_a_holder(value):
    @dataclass(frozen=True)
    class Holder:
        inner: object

    holder = Holder(value)

    assert repr(holder).endswith("Holder(inner=[redacted])")
    assert_silent(f"{[value]} {(value,)} { {'worker': value} } {holder}")


@each
def test_private_value_stays_hidden_in_logs_and_exceptions(value, caplog):
    try:
        raise ValueError("nothing to see", value)
    except ValueError as fault:
        logging.getLogger("tests").exception("failed for %s and %r", value, value)
        told = "".join(traceback.format_exception(fault))

    assert "[redacted]" in told
    assert_silent(told + caplog.text)


@each
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_private_value_refuses_to_be_pickled(value, protocol):
    with pytest.raises(TypeError, match="not pickled") as refusal:
        pickle.dumps([value], protocol)

    assert_silent(str(refusal.value))


@each
def test_private_value_refuses_to_become_json_by_itself(value):
    with pytest.raises(TypeError) as refusal:
        json.dumps(value)

    assert_silent(str(refusal.value))


@each
def test_private_value_is_its_own_copy(value):
    assert copy.copy(value) is value
    assert copy.deepcopy([value])[0] is value


@each
def test_private_value_has_no_dict_to_look_into(value):
    assert not hasattr(value, "__dict__")


def test_private_values_are_equal_and_hash_by_content():
    again = Matricule.parse("2 79 03 51 215 189 89")

    assert again == MATRICULE
    assert len({again, MATRICULE}) == 1
    assert Matricule.parse("297022A02077878") != MATRICULE


def test_forgetting_to_silence_repr_is_refused_when_the_class_is_made():
    with pytest.raises(TypeError, match=r"Talkative defines __repr__"):

        @dataclass(frozen=True, slots=True)
        class Talkative(Private):
            name: str


@pytest.mark.parametrize("method", ["__str__", "__format__", "__reduce_ex__"])
def test_opening_another_way_of_showing_is_refused_when_the_class_is_made(method):
    with pytest.raises(TypeError, match=method):
        type("Talkative", (Private,), {method: lambda *_: "shown"})


def test_every_private_class_keeps_the_redacted_printing():
    def below(cls):
        for sub in cls.__subclasses__():
            yield sub
            yield from below(sub)

    ours = {cls for cls in below(Private) if cls.__module__.startswith("connector.")}

    assert {type(value) for value in PRIVATE_VALUES} <= ours
    for cls in ours:
        assert cls.__repr__ is Private.__repr__
        assert cls.__str__ is Private.__str__


@pytest.mark.parametrize(
    "parse",
    [
        lambda: Matricule.parse("279035121518988"),
        lambda: Matricule.parse("PAT-TROIS"),
        lambda: Ins.from_token("279035121518989|DOMINIQUE"),
        lambda: InsOid.parse("279035121518989"),
        lambda: BirthDate.parse("28/03/1979"),
        lambda: Day.parse("1979-02-30", field="birth day"),
        lambda: PractitionerId.parse("8997003662400"),
        lambda: StrictTraits.parse(
            birth_name="PAT-TROIS_",
            birth_given_names="DOMINIQUE",
            sex="F",
            birth_date="1979-03-28",
            birth_place="51215",
        ),
        lambda: StrictTraits.parse(
            birth_name="PAT-TROIS",
            birth_given_names="DOMINIQUE-",
            sex="DOMINIQUE",
            birth_date="1979-03-28",
            birth_place="51215 51215",
        ),
        lambda: StrictTraits.from_json({**TRAITS.to_json(), "birth_name": "pat-trois", "birth_place": "PAT-TROIS"}),
    ],
)
def test_refusal_never_repeats_the_value_nor_chains_an_error_that_does(parse):
    with pytest.raises(IdentityFault) as refusal:
        parse()

    fault = refusal.value
    assert fault.__cause__ is None
    assert fault.__context__ is None
    assert_silent(f"{fault} {fault!r} {fault.args} {vars(fault)}")


@pytest.mark.parametrize(("text", "shape"), [("", "nothing"), ("A", "1 character"), ("PAT", "3 characters")])
def test_shape_tells_the_length_alone(text, shape):
    assert shape_of(text) == shape

import json
from enum import IntEnum, StrEnum
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.canonical import MAX_DEPTH, MAX_INTEGER, NotCanonical, canonical

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "rfc8785.json").read_text())["cases"]

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_published_vectors_are_met(case):
    got = canonical(case["input"])

    if "expected" in case:
        assert bytes.fromhex(case["expected"]) == got
    else:
        assert case["values"] == list(json.loads(got).values())


@given(VALUES)
@settings(max_examples=150)
def test_what_is_written_reads_back_equal(value):
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(TEXT, st.integers(0, 9), max_size=8), st.randoms())
@settings(max_examples=80)
def test_the_order_of_insertion_does_not_matter(value, random):
    items = list(value.items())
    random.shuffle(items)

    assert canonical(value) == canonical(dict(items))


@given(st.lists(TEXT, min_size=2, max_size=8, unique=True))
@settings(max_examples=80)
def test_keys_stand_in_the_order_of_their_utf16_code_units(keys):
    written = list(json.loads(canonical(dict.fromkeys(keys))))

    assert sorted(keys, key=lambda key: list(memoryview(key.encode("utf-16-le")).cast("H"))) == written


def test_the_form_stays_what_it_was():
    value = {
        "v": 1,
        "type": "answered",
        "peer": "318751275100020",
        "at": 1732361274,
        "reason": None,
        "é": [True, -0, ""],
    }

    assert (
        canonical(value)
        == b'{"at":1732361274,"peer":"318751275100020","reason":null,"type":"answered","v":1,"\xc3\xa9":[true,0,""]}'
    )


def test_every_control_character_has_the_escape_of_the_rfc():
    """RFC 8785 section 3.2.2.2: five short escapes, the rest up to U+001F in lower-case hex, no other escaped."""
    short = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 0x22: '\\"', 0x5C: "\\\\"}
    for code in [*range(0x100), 0x2028, 0x2029, 0xFEFF, 0xFFFF, 0x10FFFF]:
        expected = short.get(code) or (f"\\u{code:04x}" if code < 0x20 else chr(code))

        assert f'"{expected}"'.encode() == canonical(chr(code))


def test_enums_are_written_as_their_values():
    assert canonical({Colour.RED: [Colour.RED, Level.HIGH]}) == b'{"red":["red",3]}'


def test_a_tuple_is_written_as_a_list():
    assert canonical(((), (1, 2))) == b"[[],[1,2]]"


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), 0.5, b"bytes", {1, 2}, object(), 1j, {"a": 1.5}, [[[1.0]]], range(3)],
    ids=lambda value: type(value).__name__,
)
def test_another_type_is_refused(value):
    with pytest.raises(NotCanonical, match="has no canonical form"):
        canonical(value)


@pytest.mark.parametrize("value", [MAX_INTEGER + 1, -MAX_INTEGER - 1, 10**400])
def test_an_integer_beyond_the_exact_range_is_refused(value):
    assert canonical([MAX_INTEGER, -MAX_INTEGER])
    with pytest.raises(NotCanonical, match="integer"):
        canonical(value)


@pytest.mark.parametrize("key", [1, None, True, b"k", ("k",)])
def test_a_key_that_is_no_text_is_refused(key):
    with pytest.raises(NotCanonical, match="object key"):
        canonical({key: 1})


@pytest.mark.parametrize("value", ["\ud800", ["a\udfff"], {"\ud800": 1}])
def test_a_lone_surrogate_is_refused_without_being_repeated(value):
    with pytest.raises(NotCanonical, match="surrogate") as caught:
        canonical(value)

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_nesting_ends_at_the_limit_and_so_does_a_cycle():
    deep = []
    for _ in range(MAX_DEPTH):
        deep = [deep]
    cycle = {}
    cycle["again"] = cycle

    assert canonical(deep)
    for value in ([deep], cycle):
        with pytest.raises(NotCanonical, match="nesting"):
            canonical(value)


def test_no_message_repeats_the_value():
    for value in ({"295127512345678": 1.5}, {295127512345678: 1}, ["295127512345678", 1.0]):
        with pytest.raises(NotCanonical) as caught:
            canonical(value)

        assert "2951275" not in str(caught.value)


class _Dict(dict):
    """Not a plain dict, so that the careful writer takes it."""


def _careful(value):
    if isinstance(value, dict):
        return _Dict({key: _careful(item) for key, item in value.items()})
    return [_careful(item) for item in value] if isinstance(value, list) else value


@given(st.dictionaries(TEXT, VALUES, max_size=5))
@settings(max_examples=150)
def test_both_writers_give_the_same_bytes(value):
    assert canonical(_careful(value)) == canonical(value)

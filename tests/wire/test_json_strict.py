import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.wire.json_strict import NotStrictJson, read_object, write_object

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
@settings(max_examples=60)
def test_an_object_is_read_back_as_written(value):
    assert read_object(write_object(value)) == value


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
@settings(max_examples=60)
def test_an_object_with_escapes_is_read_as_the_same(value):
    assert read_object(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":{"b":[{"c":1,"c":2}]}}',
        b'{"a":1,"\\u0061":2}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":"\\ud800"}',
        b'{"\\udfff":1}',
        b'{"a":"\\ud83d"}',
        b"\xff",
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        b"",
        b"[]",
        b'"text"',
        b"null",
        b'{"a":1} x',
        b'{"a":1,}',
        b"{'a':1}",
        b'{"a":"\n"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
def test_what_two_readers_understand_differently_is_refused(data):
    with pytest.raises(NotStrictJson):
        read_object(data)


def test_a_pair_of_surrogates_is_one_character():
    assert read_object(b'{"a":"\\ud83d\\ude00"}') == {"a": "\U0001f600"}


@given(st.binary(max_size=60))
def test_nothing_but_its_own_fault_comes_out_of_the_reader(data):
    with contextlib.suppress(NotStrictJson):
        assert isinstance(read_object(data), dict)

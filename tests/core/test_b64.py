import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core import b64
from connector.wire import b64 as wire_b64


@given(st.binary(max_size=80))
def test_what_is_written_reads_back_equal(data):
    text = b64.encode(data)

    assert data == b64.decode(text, size=len(data))
    assert "=" not in text


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_several_values_are_written_as_each_by_itself(values):
    assert b64.encode_each(values) == [b64.encode(value) for value in values]


def test_the_form_stays_what_it_was():
    assert b64.encode(bytes.fromhex("fbff00")) == "-_8A"
    assert len(b64.encode(bytes(32))) == 43


@given(st.text(max_size=12))
def test_a_text_is_refused_or_is_the_one_form_of_its_bytes(text):
    try:
        data = b64.decode(text)
    except ValueError:
        data = None

    assert data is None or text == b64.encode(data)


@pytest.mark.parametrize("text", ["A", "AAAAA", "AA==", "AB", "AAB", "+/8A", "AA A", "AAAA\n", "é", "AAA٣", "-_8A="])
def test_another_form_is_refused(text):
    with pytest.raises(ValueError, match="base64url"):
        b64.decode(text)


def test_no_message_repeats_the_text():
    with pytest.raises(ValueError, match="base64url") as caught:
        b64.decode("secret*")

    assert "secret" not in str(caught.value)


def test_another_size_is_refused():
    with pytest.raises(ValueError, match="3 bytes, expected 32"):
        b64.decode("AAAA", size=32)


def test_wire_and_core_have_one_codec():
    assert wire_b64.encode is b64.encode
    assert wire_b64.decode is b64.decode
    assert wire_b64.encode_each is b64.encode_each

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.crypto.mac import KeyedHash, derive

KEY = bytes(range(32))
PARTS = st.lists(st.binary(max_size=6) | st.text(max_size=4), max_size=4)


def as_bytes(parts):
    return [part.encode() if isinstance(part, str) else part for part in parts]


@given(PARTS, PARTS)
def test_two_lists_of_parts_have_one_tag_only_when_they_are_equal(first, second):
    keyed = KeyedHash(KEY)

    assert (keyed.tag("p", *first) == keyed.tag("p", *second)) is (as_bytes(first) == as_bytes(second))


def test_the_tag_is_hmac_over_lengths_and_parts():
    message = (3).to_bytes(8) + b"ins" + (2).to_bytes(8) + "é".encode() + (0).to_bytes(8)

    assert KeyedHash(KEY).tag("ins", "é", b"") == hmac.new(KEY, message, hashlib.sha256).digest()


def test_the_tag_stays_what_it_was():
    tag = KeyedHash(KEY).tag("ins", "1.2.250.1.213.1.4.10", b"x")

    assert tag.hex() == "9501b67e016d9251c5c0b66e79ee730007153727fb99820aea6c77f56a3cdec5"


def test_purpose_and_key_separate_tags():
    assert KeyedHash(KEY).tag("a", "x") != KeyedHash(KEY).tag("b", "x")
    assert KeyedHash(KEY).tag("a", "x") != KeyedHash(KEY[::-1]).tag("a", "x")


def test_the_key_is_not_printed():
    assert repr(KeyedHash(KEY)) == "KeyedHash()"


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(length):
    with pytest.raises(ValueError, match="expected 32"):
        KeyedHash(bytes(length))
    with pytest.raises(ValueError, match="expected 32"):
        derive(bytes(length), "index")


def test_a_derived_key_is_that_of_rfc_5869():
    """Extract with a salt of zeros, then the first block of expand, written out by hand."""
    extracted = hmac.new(bytes(32), KEY, hashlib.sha256).digest()

    assert derive(KEY, "index") == hmac.new(extracted, b"index\x01", hashlib.sha256).digest()


def test_labels_separate_derived_keys_and_must_be_there():
    assert derive(KEY, "index") != derive(KEY, "vault")
    with pytest.raises(ValueError, match="label"):
        derive(KEY, "")

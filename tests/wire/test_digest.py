import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.errors import PeerFault
from connector.wire.digest import MAX_HEADER_CHARACTERS, parse_repr_digest, parse_sha256, repr_digest

HELLO = hashlib.sha256(b'{"hello": "world"}\n').digest()
VALUE = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
SHA512 = "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:"


@given(st.binary(min_size=32, max_size=32))
@settings(max_examples=40)
def test_what_is_written_reads_back_equal(sha256):
    assert parse_sha256(repr_digest(sha256)) == sha256
    assert parse_repr_digest(repr_digest(sha256)) == {"sha-256": sha256}


def test_the_published_example_is_met():
    """RFC 9530 appendix B.1: the representation is {"hello": "world"} and a newline."""
    assert repr_digest(HELLO) == VALUE


@pytest.mark.parametrize(
    "header",
    [
        f"{VALUE},{SHA512}",
        f"{SHA512}, {VALUE}",
        f"{SHA512}\t,  {VALUE}",
        f" {VALUE} ",
        f"unixsum=:AAA=:, {VALUE}",
        f"x*.-_9=::,{VALUE}",
    ],
)
def test_the_sha256_is_found_among_several(header):
    assert parse_sha256(header) == HELLO


def test_every_algorithm_is_given_with_its_bytes():
    digests = parse_repr_digest(f"{SHA512}, {VALUE}, *new=:AQ==:")

    assert list(digests) == ["sha-512", "sha-256", "*new"]
    assert len(digests["sha-512"]) == 64
    assert digests["*new"] == b"\x01"


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        ",",
        VALUE + ",",
        "," + VALUE,
        VALUE + "," + VALUE,
        VALUE.upper(),
        VALUE.replace("sha", "SHA"),
        VALUE.replace("=:", "="),
        VALUE.replace("=:", " =:", 1),
        VALUE[:-1],
        VALUE.replace("Dg=", "Dg"),
        VALUE.replace("Dg=", "Dg=="),
        VALUE.replace("Dg=", "Dh="),
        VALUE.replace("/", "_"),
        VALUE.replace("RK", "R K"),
        VALUE.replace("RK", ""),
        VALUE + ";q=1",
        VALUE + "\n",
        VALUE + "x",
        "sha-256=::",
        "sha-256=:AAAA:",
        "sha-256=?1",
        "sha-256",
        '"sha-256"=:AAAA:',
        "9sha=:AAAA:, " + VALUE,
        "é=:AAAA:",
        VALUE + " " * MAX_HEADER_CHARACTERS,
    ],
)
def test_another_form_is_refused(header):
    with pytest.raises(PeerFault, match="Repr-Digest"):
        parse_repr_digest(header)


def test_a_header_without_sha256_is_refused():
    with pytest.raises(PeerFault, match="holds no sha-256"):
        parse_sha256(SHA512)


@given(st.text(max_size=80))
@settings(max_examples=100)
def test_rubbish_is_refused(header):
    with pytest.raises(PeerFault):
        parse_sha256(header)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_hash_of_another_length_is_not_written(length):
    with pytest.raises(ValueError, match="expected 32"):
        repr_digest(bytes(length))

"""That the search for identities finds them in every form in which a file could hold them."""

import base64
import json

import pytest

from spsti_sandbox.cast import cast
from spsti_sandbox.leaks import Leak, Needles
from spsti_sandbox.vendor_db import AS_OF

CAST = cast(AS_OF)
NEEDLES = Needles(CAST.members())
MATRICULE = CAST.newer_at_b.asked.ins.matricule.value


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("after", ["", "}", '"}', '", "x": 1}'])
@pytest.mark.parametrize(
    "encode",
    [str.encode, lambda text: base64.b64encode(text.encode()), lambda text: base64.urlsafe_b64encode(text.encode())],
)
def test_an_ins_is_found_as_it_stands_and_in_base64_at_every_alignment(before, after, encode) -> None:
    content = b"\x00\xff{" + encode(f'{before}{{"m":"{MATRICULE}{after}') + b"\x00"

    assert Leak("x", "INS of newer_at_b") in NEEDLES.find("x", content)


@pytest.mark.parametrize(
    "text", ["1984-05-17", "CAMILLE JEANNE", "Camille Jeanne", "MOREAU", json.dumps({"n": "ROUX"})]
)
def test_names_and_birth_dates_are_found_beside_anything_but_letters(text) -> None:
    assert NEEDLES.find("x", b"\x01" + text.encode() + b"\xfe")


@pytest.mark.parametrize("encode", [lambda text: text.encode("utf-16-le"), lambda text: text.encode().hex().encode()])
def test_an_ins_is_found_in_utf_16_and_in_hex(encode) -> None:
    assert NEEDLES.find("x", b"abc" + encode(MATRICULE) + b"abc")


@pytest.mark.parametrize("text", ["XMOREAUX", "ROUX", "11984-05-17", "Camille DURAND", "300000000010017", ""])
def test_parts_of_other_words_and_the_physician_are_no_leak(text) -> None:
    assert NEEDLES.find("x", text.encode()) == []

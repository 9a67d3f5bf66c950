import contextlib
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.codes import Code
from connector.core.errors import RequestRefused
from connector.core.matricule import Ins
from connector.wire import form
from tests.wire.values import WORKER

TOKEN = "urn:oid:1.2.250.1.213.1.4.10|279035121518989"
OTHER = "urn:oid:1.2.250.1.213.1.4.10|277076322082910"
FORM = form.CONTENT_TYPE


def refusal(body, content_type=FORM):
    with pytest.raises(RequestRefused) as caught:
        form.parse_search(body.encode() if isinstance(body, str) else body, content_type)
    return caught.value.code


def test_the_form_has_one_frozen_form():
    assert form.encode_search(WORKER.ins) == (
        b"patient.identifier=urn%3Aoid%3A1.2.250.1.213.1.4.10%7C279035121518989&status=current"
    )
    assert form.encode_probe() == b"type=probe&status=current"


def test_holder_reads_the_worker_that_was_written():
    assert form.parse_search(form.encode_search(WORKER.ins), FORM) == WORKER.ins
    assert form.parse_search(form.encode_probe(), FORM) is None


def test_the_form_must_name_the_worker_of_the_mandate():
    another = replace(WORKER, ins=Ins.parse("1.2.250.1.213.1.4.8", "279035121518989"))
    about_worker, about_nobody = form.encode_search(WORKER.ins), form.encode_probe()

    assert form.asks_about(WORKER, about_worker, FORM)
    assert form.asks_about(None, about_nobody, FORM)
    assert not form.asks_about(another, about_worker, FORM)
    assert not form.asks_about(WORKER, about_nobody, FORM)
    assert not form.asks_about(None, about_worker, FORM)


def test_the_worker_of_the_mandate_is_recognised_however_the_form_is_written():
    for content_type in (FORM, FORM + ";charset=utf-8"):
        for body in (form.encode_search(WORKER.ins), f"status=current&patient.identifier={TOKEN}".encode()):
            assert form.asks_about(WORKER, body, content_type)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (form.encode_search(WORKER.ins), "text/plain"),
        (form.encode_search(WORKER.ins) + b"&_count=1", FORM),
        (form.encode_search(WORKER.ins) + b"\n", FORM),
        (b"", FORM),
    ],
)
def test_a_form_that_is_refused_names_nobody(body, content_type):
    for worker in (WORKER, None):
        with pytest.raises(RequestRefused):
            form.asks_about(worker, body, content_type)


@pytest.mark.parametrize(
    "body",
    [
        f"patient.identifier={TOKEN}&status=current",
        f"status=current&patient.identifier={TOKEN}",
        urlencode({"status": "current", "patient.identifier": TOKEN}),
        f"patient%2Eidentifier={TOKEN}&%73tatus=current",
    ],
)
def test_any_order_and_encoding_of_the_two_fields_is_read(body):
    assert form.parse_search(body.encode(), FORM) == WORKER.ins


@pytest.mark.parametrize(
    "content_type", [FORM.upper(), FORM + ";charset=utf-8", FORM + '; charset="UTF-8"', f" {FORM} "]
)
def test_the_content_type_may_name_utf_8(content_type):
    assert form.parse_search(form.encode_probe(), content_type) is None


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json", FORM + "; charset=latin-1", FORM + "x"])
def test_another_content_type_is_not_supported(content_type):
    assert refusal(form.encode_probe(), content_type) == Code.REQUEST_NOT_SUPPORTED


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", Code.REQUEST_MALFORMED),
        ("status=current", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN}", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN}&status=current&", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN}&&status=current", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN};status=current", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN}&status=current&status=current", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN}&patient.identifier={OTHER}&status=current", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN}&patient%2eidentifier={TOKEN}&status=current", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN},{OTHER}&status=current", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN}%2C{OTHER}&status=current", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN}&status", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN}&status=current%", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN}&status=current%zz", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN}&status=current%ff", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN}&status=a=b", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN}&status=current\n", Code.REQUEST_MALFORMED),
        (b"\xff\xfe", Code.REQUEST_MALFORMED),
        (f"patient.identifier={TOKEN}&status=superseded", Code.REQUEST_NOT_SUPPORTED),
        (f"patient.identifier={TOKEN}&status=", Code.REQUEST_NOT_SUPPORTED),
        (f"patient.identifier={TOKEN}&status=current&type=60591-5", Code.REQUEST_NOT_SUPPORTED),
        (f"patient.identifier={TOKEN}&status=current&type=probe", Code.REQUEST_NOT_SUPPORTED),
        (f"patient.identifier={TOKEN}&status=current&_count=1", Code.REQUEST_NOT_SUPPORTED),
        (f"patient:identifier={TOKEN}&status=current", Code.REQUEST_NOT_SUPPORTED),
        (f"patient.identifier:not={TOKEN}&status=current", Code.REQUEST_NOT_SUPPORTED),
        (f"Patient.identifier={TOKEN}&status=current", Code.REQUEST_NOT_SUPPORTED),
        ("type=other&status=current", Code.REQUEST_NOT_SUPPORTED),
        ("patient.identifier=279035121518989&status=current", Code.IDENTITY_MALFORMED),
        ("patient.identifier=&status=current", Code.IDENTITY_MALFORMED),
        (f"patient.identifier=+{TOKEN}&status=current", Code.IDENTITY_MALFORMED),
        (f"patient.identifier={TOKEN[:-1]}8&status=current", Code.IDENTITY_MALFORMED),
        (f"patient.identifier={TOKEN.replace('4.10', '4.2')}&status=current", Code.IDENTITY_OID),
        (f"patient.identifier={TOKEN}&status=current" + "&x=" + "y" * 512, Code.REQUEST_TOO_LARGE),
    ],
)
def test_a_form_of_anything_else_is_refused_by_its_code(body, code):
    assert refusal(body) == code


def test_a_refused_form_repeats_no_worker():
    for body in (f"patient.identifier={TOKEN[:-1]}8&status=current", f"{TOKEN}={TOKEN}&status=current"):
        with pytest.raises(RequestRefused) as caught:
            form.parse_search(body.encode(), FORM)
        assert "2790351215" not in str(caught.value)


PIECES = st.sampled_from(["patient.identifier", "status", "type", "current", "probe", TOKEN, "=", "&", "%", "+", "%7C"])


@given(st.binary(max_size=80) | st.lists(PIECES, max_size=10).map(lambda pieces: "".join(pieces).encode()))
@settings(max_examples=300)
def test_a_form_of_any_bytes_is_read_or_refused(body):
    with contextlib.suppress(RequestRefused):
        assert isinstance(form.parse_search(body, FORM), Ins | None)

"""What is shown of the bytes that arrived: what was promised, a PDF, and nothing in clear that runs."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.codes import Code
from connector.core.errors import DocumentRejected
from connector.core.evidence import DocumentDigest
from connector.requester.integrity import ClearTextInspector, check_bytes, check_promise
from tests.kit.holder_fakes import PDF

SCRIPTS = {
    "JavaScript": b"<< /Type /Action /S /JavaScript /JS (app.alert\\(1\\)) >>",
    "JS": b"<< /JS (app.alert) >>",
    "JS by reference": b"<< /JS 12 0 R >>",
    "JS in hex": b"<< /JS <6170702e> >>",
    "Launch": b"<< /S /Launch /F (cmd.exe) >>",
    "EmbeddedFile": b"<< /Type /EmbeddedFile >>",
    "EmbeddedFiles": b"<< /Names << /EmbeddedFiles 4 0 R >> >>",
    "RichMedia": b"<< /Subtype /RichMedia >>",
    "XFA": b"<< /XFA 7 0 R >>",
    "XFA in parts": b"<< /XFA [ (preamble) 1 0 R ] >>",
    "SubmitForm": b"<< /S /SubmitForm >>",
    "ImportData": b"<< /S /ImportData >>",
    "escaped": b"<< /S /J#61vaScript >>",
    "escaped whole": b"<< /S /#4a#53 (x) >>",
}

HARMLESS = {
    "a page to open": b"<< /OpenAction [3 0 R /XYZ null null 1] >>",
    "a link": b"<< /A << /S /URI /URI (https://example.org) >> >>",
    "a word": b"(Le langage JavaScript) Tj",
    "a longer name": b"<< /JavaScripting true /LaunchPad 1 >>",
    "two letters in compressed data": b"stream\n\x00\x9c/JS\x81\x07\xff/XFA\x03endstream",
    "an escaped name": b"<< /Nom#20propre 1 >>",
}


async def inspect(data: bytes, pieces: int = 64) -> None:
    await ClearTextInspector().inspect(
        iter([data[begin : begin + pieces] for begin in range(0, len(data), pieces)]), len(data)
    )


@pytest.mark.parametrize("what", SCRIPTS)
@pytest.mark.parametrize("pieces", [1, 7, 1 << 20])
async def test_active_content_is_found_wherever_the_pieces_end(what, pieces):
    with pytest.raises(DocumentRejected) as raised:
        await inspect(PDF + SCRIPTS[what] + b"\n%%EOF\n", pieces)

    assert raised.value.code is Code.DOCUMENT_ACTIVE_CONTENT
    assert "/" in raised.value.message


@pytest.mark.parametrize("what", HARMLESS)
async def test_an_ordinary_document_passes(what):
    await inspect(PDF + HARMLESS[what] + b"\n%%EOF\n")


@given(st.binary(max_size=4000), st.integers(1, 300))
async def test_any_bytes_are_inspected_to_their_end(data, pieces):
    try:
        await inspect(data, pieces)
    except DocumentRejected as rejected:
        assert rejected.code is Code.DOCUMENT_ACTIVE_CONTENT  # noqa: PT017 - either end is right


async def test_a_document_cut_short_in_the_vault_is_rejected():
    with pytest.raises(DocumentRejected) as raised:
        await ClearTextInspector().inspect(iter([PDF]), len(PDF) + 1)

    assert raised.value.code is Code.DOCUMENT_SIZE


def digest(data: bytes) -> DocumentDigest:
    return DocumentDigest(hashlib.sha256(data).digest(), len(data))


@pytest.mark.parametrize(
    ("document", "content_type", "code"),
    [
        (digest(PDF), "text/html", Code.DOCUMENT_NOT_PDF),
        (digest(b""), "application/pdf", Code.DOCUMENT_EMPTY),
        (DocumentDigest(bytes(32), 1001), "application/pdf", Code.DOCUMENT_TOO_LARGE),
    ],
)
def test_what_is_promised_is_refused_before_a_byte_is_asked_for(document, content_type, code):
    limit = 1000 if code is Code.DOCUMENT_TOO_LARGE else len(PDF)

    with pytest.raises(DocumentRejected) as raised:
        check_promise(document, content_type, max_bytes=limit, holder="SPSTI Sud")

    assert raised.value.code is code
    assert "SPSTI Sud" in raised.value.message


def test_a_promise_up_to_the_limit_is_taken():
    check_promise(digest(PDF), "application/pdf", max_bytes=len(PDF), holder="SPSTI Sud")


@pytest.mark.parametrize(
    ("received", "head", "code"),
    [
        (digest(PDF[:-1]), PDF[:16], Code.DOCUMENT_SIZE),
        (DocumentDigest(bytes(32), len(PDF)), PDF[:16], Code.DOCUMENT_DIGEST),
        (digest(PDF), b"\n%PDF-1.7", Code.DOCUMENT_NOT_PDF),
    ],
)
def test_bytes_that_are_not_the_promised_ones_are_refused(received, head, code):
    with pytest.raises(DocumentRejected) as raised:
        check_bytes(received, digest(PDF), head, holder="SPSTI Sud")

    assert raised.value.code is code


def test_the_promised_bytes_are_taken():
    check_bytes(digest(PDF), digest(PDF), PDF[:16], holder="SPSTI Sud")

"""What arrived is what was promised: type, size, digest, and a PDF by its first bytes."""

import hashlib

import pytest

from connector.core.codes import Code
from connector.core.errors import DocumentRejected
from connector.core.evidence import DocumentDigest
from connector.requester.integrity import check_bytes, check_promise
from tests.kit.holder_fakes import PDF


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

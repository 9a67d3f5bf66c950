"""Whether the bytes that arrived are the document that was promised, and may be shown.

Type, size and digest are compared with the holder's receipt. What the document holds is looked into afterwards, as
hostile, by whoever stands behind `core.ports.DocumentInspector`.
"""

from typing import Final

from connector.core.codes import Code
from connector.core.errors import DocumentRejected
from connector.core.evidence import DocumentDigest

MAGIC: Final = b"%PDF-"
PDF: Final = "application/pdf"


def check_promise(document: DocumentDigest, content_type: str, *, max_bytes: int, holder: str) -> None:
    """Look at what a holder promises, before a byte is asked for.

    Raises:
        DocumentRejected: `document.not_pdf`, `document.empty`, `document.too_large`.
    """
    if content_type != PDF:
        raise DocumentRejected(
            f"document of {holder}: announced as another type than {PDF}",
            code=Code.DOCUMENT_NOT_PDF,
            hint=f"ask {holder} for a PDF by other means",
        )
    if document.size == 0:
        raise DocumentRejected(
            f"document of {holder}: it is empty", code=Code.DOCUMENT_EMPTY, hint=f"tell {holder} that its record is"
        )
    if document.size > max_bytes:
        raise DocumentRejected(
            f"document of {holder}: {document.size} bytes, this connector takes {max_bytes} at most",
            code=Code.DOCUMENT_TOO_LARGE,
            hint="raise the limit in the configuration, or ask for it by other means",
        )


def check_bytes(received: DocumentDigest, promised: DocumentDigest, head: bytes, *, holder: str) -> None:
    """Compare what arrived with the promise in the receipt; `head` are the first bytes.

    Raises:
        DocumentRejected: `document.size`, `document.digest`, `document.not_pdf`.
    """
    if received.size != promised.size:
        raise DocumentRejected(
            f"document of {holder}: got {received.size} bytes, its receipt promised {promised.size}",
            code=Code.DOCUMENT_SIZE,
            hint=f"tell {holder}: what it sent is not what it signed",
        )
    if received.sha256 != promised.sha256:
        raise DocumentRejected(
            f"document of {holder}: its digest is not the one in the receipt",
            code=Code.DOCUMENT_DIGEST,
            hint=f"tell {holder}: what it sent is not what it signed",
        )
    if not head.startswith(MAGIC):
        raise DocumentRejected(
            f"document of {holder}: it does not begin as a PDF",
            code=Code.DOCUMENT_NOT_PDF,
            hint=f"ask {holder} for a PDF by other means",
        )

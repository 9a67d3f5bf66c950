"""Whether the bytes that arrived are the document that was promised, and may be shown.

Size and digest are compared with the holder's receipt, then the content is looked at as hostile (reference/security.md
section 9, attack 10). `ClearTextInspector` is the least of inspectors: it reads the bytes as they lie and refuses
what a PDF writes in clear text to run something. It cannot look inside compressed object streams or encrypted files,
and it does not parse; an inspector in a process of its own that does takes its place behind the same port.
"""

import asyncio
import re
from collections.abc import Iterator
from typing import Final

from connector.core.codes import Code
from connector.core.errors import DocumentRejected
from connector.core.evidence import DocumentDigest

MAGIC: Final = b"%PDF-"
PDF: Final = "application/pdf"

_OVERLAP: Final = 256
"""Bytes carried from one piece to the next, longer than any escaped name that is looked for."""

_LONG: Final = (b"JavaScript", b"Launch", b"EmbeddedFile", b"EmbeddedFiles", b"RichMedia", b"SubmitForm", b"ImportData")
_SHORT: Final = (b"JS", b"XFA")

# Names of PDF 32000-1 section 7.3.5. Long ones are refused wherever they stand: seven bytes do not come by chance in
# compressed data. Short ones do (two or three bytes in 20 MB), so they count only with the value that a reader needs.
_MARKER: Final = re.compile(
    rb"/(?:(?P<long>" + b"|".join(_LONG) + rb")(?=[^A-Za-z0-9])"
    rb"|(?P<js>JS)\s{0,4}(?:\([\x09-\x7e]{2}|<[0-9A-Fa-f\s]{2}|[0-9]{1,10}\s+[0-9]{1,5}\s+R\b)"
    rb"|(?P<xfa>XFA)\s{0,4}(?:\[\s{0,4}\(|[0-9]{1,10}\s+[0-9]{1,5}\s+R\b))"
)
_ESCAPED: Final = re.compile(rb"/([A-Za-z#0-9]{0,120}#[0-9A-Fa-f]{2}[A-Za-z#0-9]{0,120})")
_HEX: Final = re.compile(rb"#([0-9A-Fa-f]{2})")


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


class ClearTextInspector:
    """Refuses a PDF that shows active content to whoever reads its bytes; it implements `DocumentInspector`.

    Refused: /JavaScript, /JS with a script, /Launch, /EmbeddedFile(s), /RichMedia, /XFA, /SubmitForm, /ImportData,
    also with escaped letters (`/J#61vaScript`). Let through: links, bookmarks, and /OpenAction that goes to a page.
    """

    async def inspect(self, content: Iterator[memoryview | bytes], size: int) -> None:
        """Read the whole document once, on another thread.

        Raises:
            DocumentRejected: `document.active_content`, with the name found; `document.size`, it is cut short.
        """
        read = await asyncio.to_thread(_scan, content)
        if read != size:
            raise DocumentRejected(
                f"document: {read} bytes in the vault, expected {size}", code=Code.DOCUMENT_SIZE, hint="fetch it again"
            )


def _scan(content: Iterator[memoryview | bytes]) -> int:
    read, tail = 0, b""
    for piece in content:
        read += len(piece)
        window = tail + bytes(piece)
        found = _active_name(window)
        if found is not None:
            raise DocumentRejected(
                f"document: it holds active content (/{found})",
                code=Code.DOCUMENT_ACTIVE_CONTENT,
                hint="ask the other service for a PDF without it",
            )
        tail = window[-_OVERLAP:]
    return read


def _active_name(window: bytes) -> str | None:
    marker = _MARKER.search(window)
    if marker is not None:
        return str(marker[marker.lastgroup or 0], "ascii")
    for escaped in _ESCAPED.finditer(window):
        name = _HEX.sub(lambda code: bytes([int(code[1], 16)]), escaped[1])
        if name in _LONG or name in _SHORT:
            return name.decode("ascii")
    return None

"""The probe: the four exchanges of a handover about nobody, with a fixed PDF marked ESSAI (PROTOCOL section 1).

It proves that two members reach, believe and understand each other before any worker is asked about. Its PDF is
written here byte by byte, so that it is the same at every member and needs no library.
"""

from collections.abc import AsyncIterator
from typing import Final

from connector.core.coded import Coded
from connector.core.days import Day
from connector.core.instant import Instant, day_in_france
from connector.core.records import Announcement, Extent

_LINES: Final = ("ESSAI", "Document d'essai du connecteur SPSTI.", "Il ne concerne aucune personne.")
_SIZES: Final = (48, 14, 14)


def probe_announcement(now: Instant, document_type: Coded) -> Announcement:
    """Give what a probe is told: a document of today, of the type that was asked for."""
    return Announcement(
        record_ref="probe",
        version="1",
        last_act_on=Day.parse(day_in_france(now)),
        updated_at=now,
        document_type=document_type,
        extent=Extent.SUMMARY,
    )


async def probe_document() -> AsyncIterator[bytes]:
    """Give the fixed PDF as a source would."""
    yield PROBE_PDF


def _pdf() -> bytes:
    moves = zip(_LINES, _SIZES, (700, 640, 616), strict=True)
    text = "".join(f"BT /F1 {size} Tf 72 {y} Td ({line}) Tj ET\n" for line, size, y in moves).encode("ascii")
    bodies = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%sendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    )
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start)
    return bytes(out)


PROBE_PDF: Final = _pdf()

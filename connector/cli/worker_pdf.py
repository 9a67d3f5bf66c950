"""A worker's record of access as a PDF (`journal worker --pdf`), by reportlab, which is imported with this module only.

The same report gives the same bytes. The built-in fonts have the letters of French; a letter they have not is written
as its nearest plain one, so that no name shows as boxes.
"""

import io
import unicodedata
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from connector.cli.worker_text import as_rows, heading

_WIDTHS: Final = (32 * mm, 62 * mm, 66 * mm, 38 * mm, 65 * mm)
_PLAIN: Final = str.maketrans({"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ħ": "h"})


def render(report: dict[str, Any], language: str) -> bytes:
    """Give the PDF."""
    title, lines, columns = heading(report, language)
    styles = getSampleStyleSheet()
    small = styles["BodyText"].clone("small", fontSize=8, leading=10)
    rows = [[Paragraph(_text(cell), small) for cell in row] for row in (columns, *as_rows(report, language))]
    table = Table(rows, colWidths=_WIDTHS, repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.25, colors.grey),
                ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
    )
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=landscape(A4), invariant=1, title=title, lang=language, leftMargin=15 * mm, rightMargin=15 * mm
    )
    document.build(
        [
            Paragraph(_text(title), styles["Title"]),
            *(Paragraph(_text(line), styles["BodyText"]) for line in lines),
            Spacer(1, 5 * mm),
            table,
        ]
    )
    return out.getvalue()


def _text(text: str) -> str:
    """Write for the built-in fonts, whose letters are those of Windows-1252."""
    return escape("".join(map(_letter, text)))


def _letter(letter: str) -> str:
    for form in (letter, letter.translate(_PLAIN), unicodedata.normalize("NFKD", letter)[0]):
        try:
            form.encode("cp1252")
        except UnicodeEncodeError:
            continue
        return form
    return "?"

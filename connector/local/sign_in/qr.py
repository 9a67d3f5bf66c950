"""A QR code as the path of an SVG: drawn here, so that the secret of a second factor goes to nobody else's service.

The page puts the path into its own markup, since its policy allows neither inline style nor an image from `data:`.
"""

from dataclasses import dataclass
from typing import Final

from connector.core.private import Private

QUIET_ZONE: Final = 4
"""Modules of margin on each side (ISO/IEC 18004)."""


@dataclass(frozen=True, slots=True, repr=False)
class QrCode(Private):
    """The dark modules as an SVG path, on a square of `size` modules a side with its margin."""

    size: int
    path: str


def draw(text: str) -> QrCode:
    """Draw a text, correcting errors of 15 % (level M) at least."""
    import segno  # noqa: PLC0415 - for the few who make an account

    rows = list(segno.make(text, error="m", micro=False).matrix_iter(border=QUIET_ZONE))
    dark = ((x, y) for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    return QrCode(len(rows), "".join(f"M{x} {y}h1v1h-1z" for x, y in dark))

"""Ranges of a document: only the rest from an offset on, which is what an interrupted transfer needs (RFC 9110 14).

RFC 9110 lets a server ignore a range it does not like; here another form is refused, so that no requester takes a
whole document for the rest of one.
"""

import re
from typing import Final

from connector.core.codes import Code
from connector.core.errors import PeerFault, RequestRefused

_RANGE: Final = re.compile(r"bytes=(0|[1-9][0-9]{0,14})-", re.ASCII)
_CONTENT_RANGE: Final = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})", re.ASCII)


class RangeNotSatisfiable(RequestRefused):
    """The range begins behind the document's end: 416, with `size` for its `Content-Range`."""

    def __init__(self, size: int) -> None:
        super().__init__(
            f"range: begins behind the end, the document has {size} bytes",
            code=Code.REQUEST_MALFORMED,
            hint="a document that has all its bytes needs no range",
        )
        self.size = size

    @property
    def content_range(self) -> str:
        """The header that a 416 bears (RFC 9110 section 14.4)."""
        return f"bytes */{self.size}"


def encode_range(offset: int) -> str:
    """Give the `Range` header that asks for everything from the offset on."""
    return f"bytes={offset}-"


def parse_range(header: str | None, size: int) -> int:
    """Read the `Range` header of a request for a document of `size` bytes; 0 where there is none.

    Raises:
        RequestRefused: `request.malformed`, another form than `bytes=N-`.
        RangeNotSatisfiable: N is not below `size`.
    """
    if header is None:
        return 0
    match = _RANGE.fullmatch(header)
    if match is None:
        raise RequestRefused(
            "range: got another form, expected bytes=N- with one N",
            code=Code.REQUEST_MALFORMED,
            hint="ask for everything from one offset on",
        )
    offset = int(match[1])
    if offset >= size:
        raise RangeNotSatisfiable(size)
    return offset


def content_range(offset: int, size: int) -> str:
    """Give the `Content-Range` of a 206 that goes from the offset to the end."""
    return f"bytes {offset}-{size - 1}/{size}"


def check_content_range(header: str | None, *, offset: int, size: int) -> None:
    """Refuse a 206 that is not the rest of the document that was asked for.

    Raises:
        PeerFault: `peer.misbehaved`.
    """
    match = _CONTENT_RANGE.fullmatch(header or "")
    if match is None or [int(number) for number in match.groups()] != [offset, size - 1, size]:
        raise PeerFault(f"content range: got another one, expected {content_range(offset, size)}")

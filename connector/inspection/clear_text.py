"""What the bytes of a file say as they lie, whatever its table of objects would have a reader look at.

A parser sees the document that its table describes. Another reader, or the same one after an update was taken away, may
see another: what stands in clear beside the table is found here, and so is a second format around the PDF.
"""

import re
from collections.abc import Iterator
from mmap import mmap
from typing import Final

from connector.core.inspection import FindingKind

Data = mmap | bytes

_KIND_OF: Final = {
    b"JavaScript": FindingKind.SCRIPTS,
    b"JS": FindingKind.SCRIPTS,
    b"Launch": FindingKind.LAUNCH,
    b"EmbeddedFile": FindingKind.EMBEDDED_FILES,
    b"EmbeddedFiles": FindingKind.EMBEDDED_FILES,
    b"RichMedia": FindingKind.MEDIA,
    b"SubmitForm": FindingKind.EXTERNAL_REFERENCES,
    b"ImportData": FindingKind.EXTERNAL_REFERENCES,
    b"GoToR": FindingKind.EXTERNAL_REFERENCES,
    b"GoToE": FindingKind.EXTERNAL_REFERENCES,
    b"XFA": FindingKind.XFA,
}
_SHORT: Final = (b"JS", b"XFA", b"GoToR", b"GoToE")
_LONG: Final = tuple(name for name in _KIND_OF if name not in _SHORT)

# Names of PDF 32000-1 section 7.3.5. Long ones count wherever they stand: seven bytes do not come by chance in
# compressed data. Short ones do (two or three bytes in 20 MB), so they count only with the value that a reader needs.
_MARKER: Final = re.compile(
    rb"/(?:(?P<long>" + b"|".join(_LONG) + rb")(?=[^A-Za-z0-9])"
    rb"|(?P<js>JS)\s{0,4}(?:\([\x09-\x7e]{2}|<[0-9A-Fa-f\s]{2}|[0-9]{1,10}\s+[0-9]{1,5}\s+R\b)"
    rb"|(?P<goto>GoTo[ER])[\s/>]"
    rb"|(?P<xfa>XFA)\s{0,4}(?:\[\s{0,4}\(|[0-9]{1,10}\s+[0-9]{1,5}\s+R\b))"
)
_ESCAPED: Final = re.compile(rb"/([A-Za-z#0-9]{0,120}#[0-9A-Fa-f]{2}[A-Za-z#0-9]{0,120})")
_HEX: Final = re.compile(rb"#([0-9A-Fa-f]{2})")

_HEAD_BYTES: Final = 4096
_BEGINNING: Final = re.compile(rb"%PDF-[^\r\n]{0,64}(?:\s|%[^\r\n]*[\r\n])*(?:\d{1,10}\s+\d{1,5}\s+obj|xref|trailer|$)")
_END: Final = b"%%EOF"
_PADDING: Final = b"\0\t\n\x0c\r\x1a "

_ZIP_END: Final = b"PK\x05\x06"
_ZIP_END_BYTES: Final = 22
_ZIP_COMMENT_BYTES: Final = 65_535


def names(data: Data) -> Iterator[FindingKind]:
    """Give the kinds of what is written in clear, also with escaped letters (`/J#61vaScript`), some more than once."""
    for marker in _MARKER.finditer(data):
        yield _KIND_OF[marker[marker.lastgroup or 0]]
    for escaped in _ESCAPED.finditer(data):
        name = _HEX.sub(lambda code: bytes([int(code[1], 16)]), escaped[1])
        if name in _KIND_OF:
            yield _KIND_OF[name]


def is_also_something_else(data: Data) -> bool:
    """Whether bytes that belong to no PDF stand before its first object or after its end, or a ZIP ends in it."""
    return not _BEGINNING.match(data[:_HEAD_BYTES]) or _goes_on_after_its_end(data) or _ends_as_zip(data)


def _goes_on_after_its_end(data: Data) -> bool:
    end = data.rfind(_END)
    if end < 0:
        return False  # cut short: for the parser to say
    rest = end + len(_END)
    while rest < len(data):
        if data[rest : rest + _HEAD_BYTES].strip(_PADDING):
            return True
        rest += _HEAD_BYTES
    return False


def _ends_as_zip(data: Data) -> bool:
    """Whether an end-of-central-directory record reaches exactly to the end of the file, where every unzip looks."""
    place = data.rfind(_ZIP_END, max(0, len(data) - _ZIP_END_BYTES - _ZIP_COMMENT_BYTES))
    while place >= 0:
        comment = int.from_bytes(data[place + 20 : place + 22], "little")
        if place + _ZIP_END_BYTES + comment == len(data):
            return True
        place = data.rfind(_ZIP_END, max(0, len(data) - _ZIP_END_BYTES - _ZIP_COMMENT_BYTES), place)
    return False

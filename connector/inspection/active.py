"""Finds and takes out what in a PDF is more than pages, object by object; runs in the child only.

Every object of the file's table is looked at, reachable or not, inside object streams too, and with its names as the
parser reads them, so that an escaped letter hides nothing. An action is taken out where it stands: its dictionary is
emptied, whoever refers to it, and a reader ignores an action that is none. Links that a person clicks stay.
Sections are those of ISO 32000-1.
"""

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import pikepdf

from connector.core.inspection import FindingKind

MAX_UNPACKED_BYTES: Final = 256 * 1024 * 1024
"""What one stream may unpack to: more than an A4 page in colour at 600 dpi (104 MB)."""

_DEFLATE_RATIO: Final = 1032
_STEP: Final = 1024 * 1024

_ACTIONS: Final = {  # section 12.6.4
    "/JavaScript": FindingKind.SCRIPTS,
    "/Launch": FindingKind.LAUNCH,
    "/GoToR": FindingKind.EXTERNAL_REFERENCES,
    "/GoToE": FindingKind.EXTERNAL_REFERENCES,
    "/SubmitForm": FindingKind.EXTERNAL_REFERENCES,
    "/ImportData": FindingKind.EXTERNAL_REFERENCES,
    "/Rendition": FindingKind.MEDIA,
    "/Movie": FindingKind.MEDIA,
    "/Sound": FindingKind.MEDIA,
    "/RichMediaExecute": FindingKind.MEDIA,
    "/GoTo3DView": FindingKind.MEDIA,
}
_ANNOTATIONS: Final = {  # section 12.5.6; the keys that carry what is played or attached
    "/FileAttachment": (FindingKind.EMBEDDED_FILES, ("/FS",)),
    "/RichMedia": (FindingKind.MEDIA, ("/RichMediaContent", "/RichMediaSettings")),
    "/Screen": (FindingKind.MEDIA, ("/MK", "/A", "/AA")),
    "/Movie": (FindingKind.MEDIA, ("/Movie", "/A")),
    "/Sound": (FindingKind.MEDIA, ("/Sound",)),
    "/3D": (FindingKind.MEDIA, ("/3DD", "/3DV", "/3DA")),
}
_KEYS: Final = {  # whatever dictionary they stand in
    "/JavaScript": FindingKind.SCRIPTS,
    "/XFA": FindingKind.XFA,
    "/EmbeddedFiles": FindingKind.EMBEDDED_FILES,
    "/Collection": FindingKind.EMBEDDED_FILES,
}
_BY_THEMSELVES: Final = ("/OpenAction", "/AA")
_INTERESTING: Final = re.compile(
    rb"/(?:JavaScript|JS|Launch|GoToR|GoToE|SubmitForm|ImportData|Rendition|Movie|Sound|RichMedia\w*|GoTo3DView"
    rb"|FileAttachment|Screen|3D|XFA|EmbeddedFiles?|Collection|EF|OpenAction|AA|Thread)(?![\w.#-])"
)


class UnpacksTooFarError(Exception):
    """A stream unpacks to more than `MAX_UNPACKED_BYTES`: a bomb for whoever shows the page."""


class Search:
    """One pass over a document: `counts` says what was found; kinds in `strip` are taken out on the way."""

    def __init__(self, pdf: pikepdf.Pdf, strip: frozenset[FindingKind] = frozenset()) -> None:
        self.counts: Counter[FindingKind] = Counter()
        self.needs_xfa = False
        self._pdf, self._strip = pdf, strip

    def run(self) -> None:
        """Look at every object.

        Raises:
            UnpacksTooFarError: a stream is a bomb.
            pikepdf.PdfError: the file is too broken to be read.
        """
        self._look_from(self._pdf.trailer)
        found: Any
        for found in self._pdf.objects:
            if isinstance(found, pikepdf.Stream):
                _check_unpacking(found)
                self._stream(found)
                described: Any = found.stream_dict
            elif isinstance(found, pikepdf.Dictionary | pikepdf.Array):
                described = found
            else:
                continue  # null, a number, a text: nothing runs in it
            if _INTERESTING.search(described.unparse(resolved=True)):
                self._look_from(found)

    def _look_from(self, root: Any) -> None:  # noqa: ANN401 - pikepdf gives its values by their type at run time
        """Look at an object and what stands directly in it; what it refers to is an object of the table itself."""
        stack = [root]
        while stack:
            found = stack.pop()
            if isinstance(found, pikepdf.Array):
                stack.extend(_direct(found))
            else:
                self._dictionary(found)
                stack.extend(_direct(found.get(key) for key in found.keys()))  # noqa: SIM118 - no mapping

    def _dictionary(self, found: Any) -> None:  # noqa: ANN401 - see above
        keys = found.keys()
        for key in _BY_THEMSELVES:
            if key in keys:
                self._addresses_that_open(found.get(key))
        for key, kind in _KEYS.items():
            if key in keys:
                self._see(kind, partial(_drop, found, key))
        if "/NeedsRendering" in keys and found.get("/NeedsRendering") is True:
            self.needs_xfa = True  # section 12.7.8: what the pages show is no more than "please wait"
        if "/EF" in keys:  # section 7.11.4
            self._see(FindingKind.EMBEDDED_FILES, partial(_drop, found, "/EF", "/RF"))
        if _name(found, "/Type") == "/EmbeddedFile":
            self._mark(FindingKind.EMBEDDED_FILES, partial(_drop, found, "/Type"))
        annotation = _ANNOTATIONS.get(_name(found, "/Subtype"))
        if annotation is not None and any(key in keys for key in annotation[1]):
            self._see(annotation[0], partial(_still, found, annotation[1]))
        self._action(found, keys)

    def _action(self, found: Any, keys: set[str]) -> None:  # noqa: ANN401 - see above
        action = _name(found, "/S")
        kind = _ACTIONS.get(action)
        if kind is None and "/JS" in keys:
            kind = FindingKind.SCRIPTS
        if kind is None and action == "/Thread" and "/F" in keys:
            kind = FindingKind.EXTERNAL_REFERENCES  # an article of another file
        if kind is not None:
            self._see(kind, partial(_empty, found))
            if kind is not FindingKind.SCRIPTS and "/JS" in keys:
                self._see(FindingKind.SCRIPTS, partial(_drop, found, "/JS"))

    def _addresses_that_open(self, start: Any) -> None:  # noqa: ANN401 - see above
        """Follow what happens without a click: /OpenAction, /AA and what comes /Next; an address there opens itself."""
        seen: set[tuple[int, int]] = set()
        stack = [start]
        while stack:
            found = stack.pop()
            if not isinstance(found, pikepdf.Object) or found.objgen in seen:
                continue
            if found.is_indirect:
                seen.add(found.objgen)
            if isinstance(found, pikepdf.Array):
                stack.extend(found)
            elif isinstance(found, pikepdf.Dictionary):
                if _name(found, "/S") == "/URI":
                    self._see(FindingKind.EXTERNAL_REFERENCES, partial(_empty, found))
                elif "/S" in found:
                    stack.append(found.get("/Next"))
                else:  # the events of an /AA
                    stack.extend(found.get(key) for key in found.keys())  # noqa: SIM118 - no mapping

    def _stream(self, found: Any) -> None:  # noqa: ANN401 - see above
        keys = found.keys()
        if "/F" in keys:  # section 7.3.8.2: its data are in another file
            self._see(FindingKind.EXTERNAL_REFERENCES, partial(_drop, found, "/F", "/FFilter", "/FDecodeParms"))
        if "/Ref" in keys and _name(found, "/Subtype") == "/Form":  # section 8.10.4: a page of another file
            self._see(FindingKind.EXTERNAL_REFERENCES, partial(_drop, found, "/Ref"))

    def _see(self, kind: FindingKind, take_out: Callable[[], None]) -> None:
        self.counts[kind] += 1
        if kind in self._strip:
            take_out()

    def _mark(self, kind: FindingKind, take_out: Callable[[], None]) -> None:
        """See a kind by something that goes with what is counted already."""
        self.counts[kind] = max(self.counts[kind], 1)
        if kind in self._strip:
            take_out()


def _direct(values: Any) -> Iterator[Any]:  # noqa: ANN401 - see above
    for value in values:
        if isinstance(value, pikepdf.Dictionary | pikepdf.Array) and not value.is_indirect:
            yield value


def _name(found: Any, key: str) -> str:  # noqa: ANN401 - see above
    value = found.get(key)
    return str(value) if isinstance(value, pikepdf.Name) else ""


def _drop(found: Any, *keys: str) -> None:  # noqa: ANN401 - see above
    for key in keys:
        if key in found:
            del found[key]


def _still(annotation: Any, keys: tuple[str, ...]) -> None:  # noqa: ANN401 - see above
    """Leave of an annotation what it looks like on the page."""
    _drop(annotation, *keys)
    annotation.Subtype = pikepdf.Name.Stamp


def _empty(found: Any) -> None:  # noqa: ANN401 - see above
    for key in found.keys() - {"/Length", "/Filter", "/DecodeParms"}:
        del found[key]


def _check_unpacking(stream: Any) -> None:  # noqa: ANN401 - see above
    """Refuse a stream that may and does unpack too far; what cannot, by its size, is not unpacked at all."""
    filters = [str(name) for name in _as_list(stream.get("/Filter"))]
    deflated = sum(name in {"/FlateDecode", "/Fl"} for name in filters)
    if not deflated:
        return
    raw = stream.read_raw_bytes()
    if len(raw) * _DEFLATE_RATIO**deflated <= MAX_UNPACKED_BYTES:
        return
    if deflated != len(filters):
        # Other filters in between: the parser unpacks them, within this process's memory.
        if len(stream.read_bytes()) > MAX_UNPACKED_BYTES:
            raise UnpacksTooFarError
        return
    size = 0
    for piece in _inflated(raw, deflated):
        size += len(piece)
        if size > MAX_UNPACKED_BYTES:
            raise UnpacksTooFarError


def _inflated(data: bytes, times: int) -> Iterator[bytes]:
    """Unpack so many times, never holding more than a step of each; data that is no deflate ends where it breaks."""
    pieces: Iterator[bytes] = iter((data,))
    for _ in range(times):
        pieces = _inflate(pieces)
    return pieces


def _inflate(pieces: Iterator[bytes]) -> Iterator[bytes]:
    unpack = zlib.decompressobj()
    for given in pieces:
        piece = given
        while piece:
            try:
                yield unpack.decompress(piece, _STEP)
            except zlib.error:
                return
            piece = unpack.unconsumed_tail


def _as_list(value: Any) -> list[Any]:  # noqa: ANN401 - see above
    if value is None:
        return []
    return list(value) if isinstance(value, pikepdf.Array) else [value]

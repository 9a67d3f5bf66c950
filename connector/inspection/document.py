"""One document, looked into by the service's policy: refused, shown as it came, or copied without what must go.

Runs in the child only, in a process of this one document. The copy is written by the parser out of what it
understood, and looked at again: what is shown is what was looked at. Answers are plain values for the wire.
"""

import mmap
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import pikepdf

from connector.core.inspection import FindingKind, Handling
from connector.inspection import clear_text
from connector.inspection.active import Search, UnpacksTooFarError

_NOT_TAKEN_OUT_OF_OBJECTS: Final = frozenset({FindingKind.ENCRYPTION, FindingKind.FOREIGN_DATA, FindingKind.DAMAGE})
"""Kinds that go by the mere rewriting of the file."""

MAGIC: Final = b"%PDF-"


def look_into(source: int, target: int, policy: Mapping[FindingKind, Handling]) -> dict[str, Any]:
    """Look into the document behind the descriptor `source`; write a copy to `target` where policy wants one.

    Gives `verdict`: `shown`, `copied`, `refused`, or why it cannot be looked into (`encrypted`, `unreadable`,
    `unpacks_too_far`), and `found`, a count for each kind.
    """
    with mmap.mmap(source, 0, access=mmap.ACCESS_READ) as data:
        if data[: len(MAGIC)] != MAGIC:
            return _answer("not_pdf")
        try:
            return _judge(source, data, target, policy)
        except pikepdf.PasswordError:
            return _answer("encrypted")
        except UnpacksTooFarError:
            return _answer("unpacks_too_far")
        except (pikepdf.PdfError, pikepdf.DataDecodingError, RecursionError, ValueError):
            return _answer("unreadable")


def _judge(source: int, data: mmap.mmap, target: int, policy: Mapping[FindingKind, Handling]) -> dict[str, Any]:
    strip = frozenset(kind for kind, handling in policy.items() if handling is Handling.STRIP)
    with _opened(source) as pdf:
        search = Search(pdf, strip - _NOT_TAKEN_OUT_OF_OBJECTS)
        search.run()
        counts = _in_all(search, pdf, data)
        found = {kind.value: count for kind, count in counts.items()}
        handlings = {policy[kind] for kind in counts}
        # Without its XML such a form has no content, only the words "please wait".
        only_xfa = search.needs_xfa and counts[FindingKind.XFA] and policy[FindingKind.XFA] is Handling.STRIP
        if Handling.REFUSE in handlings or only_xfa:
            return _answer("refused", found)
        if Handling.STRIP not in handlings:
            return _answer("shown", found)
        if "/Size" not in pdf.trailer:
            pdf.trailer.Size = len(pdf.objects) + 1  # a table that was rebuilt has none, and is written without
        # Streams stay as they are packed, and the same document gives the same copy. It is never encrypted: whoever
        # may read it holds it in the vault.
        with open(target, "w+b", closefd=False) as copy:
            pdf.save(
                copy,
                encryption=False,
                stream_decode_level=pikepdf.StreamDecodeLevel.none,
                object_stream_mode=pikepdf.ObjectStreamMode.preserve,
                fix_metadata_version=False,
                deterministic_id=True,
            )
    return _answer("copied" if _is_clean(target, strip) else "unreadable", found)


def _in_all(search: Search, pdf: pikepdf.Pdf, data: mmap.mmap) -> Counter[FindingKind]:
    """Add what the objects do not say: encryption, damage, and what stands in clear outside the table of objects."""
    counts = search.counts
    if not len(pdf.pages):  # walks the tree of pages, and warns of loops in it
        counts[FindingKind.DAMAGE] = 1
    if pdf.is_encrypted:
        counts[FindingKind.ENCRYPTION] = 1
    if pdf.get_warnings():
        counts[FindingKind.DAMAGE] = 1
    if clear_text.is_also_something_else(data):
        counts[FindingKind.FOREIGN_DATA] = 1
    for kind in set(clear_text.names(data)) - set(counts):
        counts[kind] = 1
    return Counter({kind: count for kind, count in counts.items() if count})


def _is_clean(target: int, strip: frozenset[FindingKind]) -> bool:
    """Whether the copy, read again, holds nothing of what was to be taken out and has pages."""
    with _opened(target) as pdf:
        search = Search(pdf)
        search.run()
        left = set(search.counts) & strip
        return not left and len(pdf.pages) > 0 and not pdf.get_warnings()


def _opened(descriptor: int) -> pikepdf.Pdf:
    file = open(descriptor, "rb", closefd=False)  # noqa: SIM115 - a descriptor; the parser maps and closes it
    return pikepdf.open(file, access_mode=pikepdf.AccessMode.mmap)


def _answer(verdict: str, found: Mapping[str, int] | None = None) -> dict[str, Any]:
    return {"verdict": verdict, "found": dict(found or {})}

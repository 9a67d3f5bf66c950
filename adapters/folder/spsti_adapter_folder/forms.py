"""The index as text: CSV, a JSON list, or one JSON object a line, each line with the place where it stands.

Only the place is kept in the cache, so a line can be read again alone. Each physical line of a CSV is a line: with line
breaks inside quotes, one quote that is not closed would swallow the workers after it.
"""

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from spsti_adapter_folder.faults import IndexCode, IndexFault, LineCode, LineFault
from spsti_adapter_folder.options import FolderSourceOptions

MAX_LINE = 64 * 1024
_READ = 1024 * 1024
_SPACE = " \t\r\n"

Cells = dict[str, str]
"""One line by the export's own column names; a cell that is empty or left out is an empty text."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a line stands: its bytes, and its number for people (of a JSON list, the number of the object)."""

    offset: int
    length: int
    line: int


class Form(Protocol):
    """One way of writing an index."""

    def spans(self, index: BinaryIO) -> Iterator[tuple[Span, bytes]]:
        """Give each line with its place, empty ones left out."""
        ...

    def cells(self, line: bytes) -> Cells:
        """Read one line.

        Raises:
            LineFault: it cannot be read.
        """
        ...


def form_of(options: FolderSourceOptions, index: BinaryIO) -> Form:
    """Read the head of an index and give its form; the file is left anywhere.

    Raises:
        IndexFault: `index.header`, `index.cut` or `index.empty`.
    """
    suffix = os.path.splitext(options.index)[1].lower()  # noqa: PTH122  a name, not a path
    index.seek(0)
    if suffix == ".json":
        return JsonList()
    if suffix in {".jsonl", ".ndjson"}:
        return JsonLines()
    return _csv(options, index)


class Csv:
    """Cells between delimiters, after a header."""

    def __init__(self, header: list[str], start: int, encoding: str, delimiter: str) -> None:
        self.header = header
        self._start, self._encoding, self._delimiter = start, encoding, delimiter

    def spans(self, index: BinaryIO) -> Iterator[tuple[Span, bytes]]:
        """Give each line after the header."""
        return _lines(index, self._start, 2)

    def cells(self, line: bytes) -> Cells:
        """Read the cells of one line."""
        try:
            (row,) = csv.reader([_text(line, self._encoding)], delimiter=self._delimiter, strict=True)
        except (csv.Error, ValueError):
            raise LineFault(LineCode.FORM) from None
        if len(row) != len(self.header):
            raise LineFault(LineCode.CELLS)
        return {name: cell.strip() for name, cell in zip(self.header, row, strict=True)}


class JsonLines:
    """One object a line."""

    def spans(self, index: BinaryIO) -> Iterator[tuple[Span, bytes]]:
        """Give each line."""
        return _lines(index, 0, 1)

    def cells(self, line: bytes) -> Cells:
        """Read one object of texts."""
        try:
            found = json.loads(_text(line, "utf-8"), object_pairs_hook=_once)
        except ValueError:
            raise LineFault(LineCode.FORM) from None
        if not isinstance(found, dict):
            raise LineFault(LineCode.FORM)
        if not all(value is None or isinstance(value, str) for value in found.values()):
            raise LineFault(LineCode.FORM)
        return {name: (value or "").strip() for name, value in found.items()}


class JsonList(JsonLines):
    """A list of objects, taken apart without holding more than one of them and a window."""

    def spans(self, index: BinaryIO) -> Iterator[tuple[Span, bytes]]:
        """Give each object of the list.

        Raises:
            IndexFault: `index.cut`: no list, or one that does not end.
        """
        # Latin-1 makes one character of each byte, and UTF-8 keeps JSON's own signs single: so places are bytes.
        window = _Window(index)
        decode = json.JSONDecoder().raw_decode
        if index.read(3) != b"\xef\xbb\xbf":
            index.seek(0)
        else:
            window.base = 3
        if window.sign() != "[":
            raise IndexFault(IndexCode.CUT)
        window.skip(1)
        number = 0
        if window.sign() == "]":
            return
        while True:
            number += 1
            end = window.value(decode)
            offset, text = window.base + window.at, window.text[window.at : end]
            yield Span(offset, len(text), number), text.encode("latin-1")
            window.skip(end - window.at)
            sign = window.sign()
            if sign == "]":
                return
            if sign != ",":
                raise IndexFault(IndexCode.CUT)
            window.skip(1)


class _Window:
    """The part of a file that is being looked at; `base` is where it begins."""

    def __init__(self, index: BinaryIO) -> None:
        self._index = index
        self.text, self.at, self.base = "", 0, 0
        self._is_whole = False

    def sign(self) -> str:
        """Give the next character that is no space, empty at the end."""
        while True:
            while self.at < len(self.text):
                if self.text[self.at] not in _SPACE:
                    return self.text[self.at]
                self.at += 1
            if not self._more():
                return ""

    def skip(self, characters: int) -> None:
        self.at += characters

    def value(self, decode: Any) -> int:  # noqa: ANN401  raw_decode
        """Give the end of the value that begins here.

        Raises:
            IndexFault: `index.cut`: none ends here.
        """
        self.sign()
        while True:
            try:
                end: int = decode(self.text, self.at)[1]
            except (ValueError, RecursionError):
                if len(self.text) - self.at > MAX_LINE or not self._more():
                    raise IndexFault(IndexCode.CUT) from None
            else:
                return end

    def _more(self) -> bool:
        if self._is_whole:
            return False
        read = self._index.read(_READ)
        self._is_whole = not read
        self.base += self.at
        self.text, self.at = self.text[self.at :] + read.decode("latin-1"), 0
        return bool(read)


def _csv(options: FolderSourceOptions, index: BinaryIO) -> Csv:
    first = index.readline(MAX_LINE)
    start = len(first)
    try:
        text = _text(first.removeprefix(b"\xef\xbb\xbf"), options.encoding)
    except LineFault:
        raise IndexFault(IndexCode.HEADER, f"no {options.encoding}") from None
    if not text.strip():
        raise IndexFault(IndexCode.EMPTY)
    delimiter = options.delimiter or max(";,\t|", key=text.count)
    try:
        (header,) = csv.reader([text], delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        raise IndexFault(IndexCode.HEADER, "no row of names") from None
    header = [name.strip() for name in header]
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        raise IndexFault(IndexCode.HEADER, f"twice: {', '.join(doubled)[:120]}")
    return Csv(header, start, options.encoding, delimiter)


def _lines(index: BinaryIO, offset: int, number: int) -> Iterator[tuple[Span, bytes]]:
    index.seek(offset)
    while line := index.readline(MAX_LINE + 1):
        length = len(line)
        while not line.endswith(b"\n") and length > MAX_LINE and (rest := index.readline(MAX_LINE)):
            length += len(rest)
            if rest.endswith(b"\n"):
                break
        if line.strip():
            yield Span(offset, length, number), line
        offset += length
        number += 1


def _text(line: bytes, encoding: str) -> str:
    if len(line) > MAX_LINE:
        raise LineFault(LineCode.TOO_LONG)
    try:
        return line.decode(encoding).rstrip("\r\n")
    except UnicodeDecodeError:
        raise LineFault(LineCode.ENCODING) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key that comes twice")
    return found

"""Reads a whole index into the cache, line by line: what is wrong with one line is told of that line alone.

A line that cannot be read to its end, but whose INS can, is kept all the same: asked about that worker, the source says
that it could not look, instead of "nobody" or an older record.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from connector.contract import Day, IdentityStatus, Ins, Opposition
from spsti_adapter_folder.cache import Line, write_generation
from spsti_adapter_folder.faults import IndexCode, IndexFault, LineCode, LineFault
from spsti_adapter_folder.forms import Form, Span
from spsti_adapter_folder.rows import Row, Rows
from spsti_adapter_folder.tags import Tags

HAS_INS, QUALIFIED, OPPOSITION_KNOWN, DOES_NOT_OBJECT, MAY_BE_GIVEN, FAULTY = 1, 2, 4, 8, 16, 32
MAX_TOLD = 10_000
"""Faults written to the report; more are only counted."""

_PAUSE_EVERY = 200


@dataclass(slots=True)
class Report:
    """The faults of one reading, by line."""

    lines: int = 0
    by_code: Counter[str] = field(default_factory=Counter)
    told: list[tuple[int, LineCode, str]] = field(default_factory=list)

    def add(self, line: int, fault: LineFault) -> None:
        """Count a fault, and keep it while there is room."""
        self.by_code[fault.code.value] += 1
        if len(self.told) < MAX_TOLD:
            self.told.append((line, fault.code, fault.column))

    def words(self) -> str:
        """Say it in one line, without a value."""
        total = sum(self.by_code.values())
        if not total:
            return f"{spaced(self.lines)} lines"
        kinds = ", ".join(f"{code} {spaced(count)}" for code, count in self.by_code.most_common(4))
        return f"{spaced(self.lines)} lines, {spaced(total)} faults ({kinds}): see faults.csv"

    def write(self, file: Path) -> None:
        """Write line, code and column of each fault, whole or not at all."""
        draft = file.with_suffix(".draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as out:
            out.write("line;code;column\n")
            out.writelines(f"{line};{code.value};{column}\n" for line, code, column in sorted(self.told))
        draft.replace(file)


class Indexing:
    """One configuration's way of reading an index. `pause` gives the other threads their turn, and may end it all."""

    def __init__(self, rows: Rows, tags: Tags, key_field: str | None, pause: Callable[[], None]) -> None:
        self._rows, self._tags, self._key_field, self._pause = rows, tags, key_field, pause

    def run(self, connection: sqlite3.Connection, generation: int, form: Form, index: BinaryIO, today: Day) -> Report:
        """Write a generation inside the caller's transaction.

        Raises:
            IndexFault: the index as a whole cannot be used.
        """
        report = Report()
        write_generation(connection, generation, self._lines(form, index, today, report))
        if not report.lines:
            raise IndexFault(IndexCode.EMPTY)
        self._across(connection, generation, report)
        return report

    def _lines(self, form: Form, index: BinaryIO, today: Day, report: Report) -> Iterator[Line]:
        for span, text in form.spans(index):
            report.lines += 1
            if report.lines % _PAUSE_EVERY == 0:
                self._pause()
            yield self._line(form, span, text, today, report)

    def _line(self, form: Form, span: Span, text: bytes, today: Day, report: Report) -> Line:
        ins: Ins | None = None
        tags: tuple[bytes, ...]
        try:
            cells = form.cells(text)
            ins = self._rows.ins(cells)
            row = self._rows.row(cells, ins, today)
        except LineFault as fault:
            report.add(span.line, fault)
            tags = () if ins is None else (self._tags.ins(ins),)
            return Line(span, tags, None, None, FAULTY | (HAS_INS if tags else 0))
        known = () if ins is None else (ins,)
        tags = tuple(self._tags.ins(one) for one in dict.fromkeys((*known, *row.identity.former)))
        place = row.paper.place if row.paper else None
        key = key_of(row, self._key_field)
        return Line(
            span=span,
            tags=tags,
            place=self._tags.place(place) if place else None,
            named=self._tags.key(key) if key else None,
            flags=_flags(row),
        )

    def _across(self, connection: sqlite3.Connection, generation: int, report: Report) -> None:
        """Find what only shows across lines: one file for two workers, one worker and file twice."""
        for column in ("place", "named"):
            shared = connection.execute(
                f"SELECT line FROM line WHERE generation = ?1 AND {column} IN ("  # noqa: S608  one of two words of ours
                f" SELECT {column} FROM line WHERE generation = ?1 AND {column} IS NOT NULL"
                f" GROUP BY {column} HAVING count(DISTINCT coalesce(ins, line)) > 1)",
                (generation,),
            ).fetchall()
            for (line,) in shared:
                report.add(line, LineFault(LineCode.SHARED, "file" if column == "place" else "worker"))
            connection.executemany(
                "UPDATE line SET is_shared = 1 WHERE generation = ? AND line = ?",
                ((generation, line) for (line,) in shared),
            )
        doubled = connection.execute(
            "SELECT line FROM (SELECT line, row_number() OVER (PARTITION BY ins, place ORDER BY line) AS turn"
            " FROM line WHERE generation = ? AND ins IS NOT NULL) WHERE turn > 1",
            (generation,),
        ).fetchall()
        for (line,) in doubled:
            report.add(line, LineFault(LineCode.DUPLICATE))


def key_of(row: Row, key_field: str | None) -> str:
    """Give the key by which file names mean this worker; empty where nothing may be given or no pattern is used."""
    if key_field is None or row.paper is None:
        return ""
    if key_field == "worker":
        return row.worker
    return row.identity.ins.matricule.value if row.identity.ins else ""


def spaced(number: int) -> str:
    """Write a number in groups of three: the connector takes longer ones out of a health detail."""
    return f"{number:,}".replace(",", " ")


def _flags(row: Row) -> int:
    flags = HAS_INS if row.identity.ins else 0
    flags |= QUALIFIED if row.identity.status is IdentityStatus.QUAL else 0
    flags |= OPPOSITION_KNOWN if row.opposition is not Opposition.UNKNOWN else 0
    flags |= DOES_NOT_OBJECT if row.opposition is Opposition.NO else 0
    return flags | (MAY_BE_GIVEN if row.paper else 0)

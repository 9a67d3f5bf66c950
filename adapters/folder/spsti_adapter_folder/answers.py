"""What the index and the files say about one worker, and which file is the newest that may be given."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from connector.contract import (
    TYPE_DMST,
    AdapterError,
    Announcement,
    Day,
    Ins,
    Instant,
    Look,
    Opposition,
    Problem,
)
from spsti_adapter_folder.beneath import Place, Signature, opened
from spsti_adapter_folder.export import Export
from spsti_adapter_folder.faults import LineCode, LineFault
from spsti_adapter_folder.forms import Span
from spsti_adapter_folder.index_file import IndexFile
from spsti_adapter_folder.indexing import key_of
from spsti_adapter_folder.pattern import Named
from spsti_adapter_folder.rows import Paper, Row

UNKNOWN_WORKER = Look(identity=None, opposition=Opposition.UNKNOWN, announcement=None)


@dataclass(frozen=True, slots=True, repr=False)
class Candidate:
    """A file that may be given; `order` is the number in its name, -1 where it has none."""

    place: Place
    last_act_on: Day
    order: int
    paper: Paper


class Answers:
    """Asks one export. All methods may be called from several threads."""

    def __init__(self, export: Export) -> None:
        self._export = export

    def look(self, ins: Ins, today: Day) -> Look:
        """Answer the one question.

        Raises:
            AdapterError: the index, a line about this worker, or the newest file cannot be relied on.
        """
        with self._export.current().leased() as index:
            return self._look(index, ins, today)[0]

    def place_of(self, announcement: Announcement, today: Day) -> Place:
        """Find the file of an announcement, if it is the one that would be announced now.

        Raises:
            AdapterError: `document-gone`, it is not; or as `look`.
        """
        gone = AdapterError(Problem.DOCUMENT_GONE)
        with self._export.current().leased() as index:
            try:
                span = self._export.cache.line_at(bytes.fromhex(announcement.record_ref), index.generation)
            except ValueError:
                raise gone from None
            if span is None:
                raise gone
            identity = self._row(index, span, today).identity
            # A provisional identity has no INS of its own, only a history.
            for ins in (*([identity.ins] if identity.ins else []), *identity.former):
                look, place = self._look(index, ins, today)
                if place is not None and look.announcement == announcement:
                    return place
        raise gone

    def _look(self, index: IndexFile, ins: Ins, today: Day) -> tuple[Look, Place | None]:
        rows = []
        for span, is_shared in self._export.cache.lines_of(self._export.tags.ins(ins), index.generation):
            if is_shared:
                raise AdapterError(Problem.DATA, LineCode.SHARED)
            row = self._row(index, span, today)
            if ins != row.identity.ins and ins not in row.identity.former:
                raise AdapterError(Problem.BUSY, "the index is not as it was")
            rows.append(row)
        if not rows:
            return UNKNOWN_WORKER, None
        if any(row.identity != rows[0].identity for row in rows):
            raise AdapterError(Problem.AMBIGUOUS, "two identities with one INS")
        if any(row.opposition is not rows[0].opposition for row in rows):
            raise AdapterError(Problem.DATA, "lines that contradict each other")
        newest = _newest(list(self._candidates(rows)), today)
        announcement = None if newest is None else self._announced(newest)
        return Look(rows[0].identity, rows[0].opposition, announcement), newest.place if newest else None

    def _row(self, index: IndexFile, span: Span, today: Day) -> Row:
        try:
            cells = index.cells(span)
            return self._export.rows.row(cells, self._export.rows.ins(cells), today)
        except LineFault as fault:
            raise AdapterError(Problem.DATA, fault.code) from None

    def _candidates(self, rows: list[Row]) -> Iterator[Candidate]:
        pattern = self._export.pattern
        for row in rows:
            paper = row.paper
            if paper is None:
                continue
            if pattern is None:
                if paper.place is not None and paper.last_act_on is not None:
                    yield Candidate(paper.place, paper.last_act_on, -1, paper)
                continue
            key = key_of(row, pattern.key_field)
            for file in self._export.cache.files_of(self._export.tags.key(key)) if key else ():
                day = Day.parse(file.last_act_on) if pattern.tells_day else paper.last_act_on
                if day is None:
                    raise AdapterError(Problem.DATA, LineCode.DATE)
                place = pattern.build(Named(key, file.last_act_on, file.version))
                yield Candidate(place, day, int(file.version or -1), paper)

    def _announced(self, newest: Candidate) -> Announcement:
        with opened(self._export.folder, newest.place) as descriptor:
            signature = Signature.of(os.fstat(descriptor))
            if not self._export.settling.is_whole_pdf(newest.place, signature, descriptor):
                raise AdapterError(Problem.DOCUMENT_UNREADABLE, "being written, or no whole PDF")
        paper = newest.paper
        return Announcement(
            record_ref=self._export.tags.place(newest.place).hex(),
            version=signature.version(),
            last_act_on=newest.last_act_on,
            # Shown only. The day of the newest act never comes from the file system.
            updated_at=paper.updated_at or Instant(signature.mtime_ns // 10**9),
            document_type=TYPE_DMST,
            extent=paper.extent,
            author=paper.author,
        )


def _newest(candidates: list[Candidate], today: Day) -> Candidate | None:
    """Choose by the day of the newest act; of one day, the one recorded last.

    Raises:
        AdapterError: `data`, a day in the future; `ambiguous`, two on one day and nothing says which came last.
    """
    if not candidates:
        return None
    day = max(candidate.last_act_on for candidate in candidates)
    if day > today:
        raise AdapterError(Problem.DATA, LineCode.FUTURE)
    same_day = {candidate.place: candidate for candidate in candidates if candidate.last_act_on == day}
    if len(same_day) == 1:
        return candidates[[candidate.last_act_on for candidate in candidates].index(day)]
    recorded = [(candidate.paper.updated_at or -1, candidate.order, candidate) for candidate in same_day.values()]
    if any(at == -1 for at, _, _ in recorded) and any(order == -1 for _, order, _ in recorded):
        raise AdapterError(Problem.AMBIGUOUS, "two files of one day, neither dated nor numbered")
    recorded.sort(key=lambda one: one[:2])
    if recorded[-1][:2] == recorded[-2][:2]:
        raise AdapterError(Problem.AMBIGUOUS, "two files of one day")
    return recorded[-1][2]

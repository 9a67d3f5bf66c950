"""One line of the index as values of the contract: the one place that knows the export's columns, words and dates."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from connector.contract import (
    Day,
    Extent,
    IdentityAttribute,
    IdentityFault,
    IdentityStatus,
    Ins,
    InsOid,
    Instant,
    LocalIdentity,
    Matricule,
    Opposition,
    StrictTraits,
    instant_of,
)
from spsti_adapter_folder.beneath import Place, PlaceRefused, parse_place
from spsti_adapter_folder.faults import LineCode, LineFault
from spsti_adapter_folder.forms import Cells
from spsti_adapter_folder.options import FolderSourceOptions

FRANCE = ZoneInfo("Europe/Paris")
_OURS = {
    "communicable": {"yes": "yes", "no": "no", "": "yes"},
    "extent": {"full": "full", "summary": "summary", "": "full"},
    "opposition": {"yes": "yes", "no": "no", "unknown": "unknown", "": "unknown"},
}
_FRENCH_DAY = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_PLAIN_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")


@dataclass(frozen=True, slots=True, repr=False)
class Paper:
    """What a line says of a document. Without a place, the file-name pattern locates it; it may also tell the day."""

    place: Place | None
    last_act_on: Day | None
    updated_at: Instant | None
    extent: Extent
    author: str


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """One line: who, whether they object, and what may be given; `worker` is the export's own key."""

    identity: LocalIdentity
    opposition: Opposition
    worker: str
    paper: Paper | None


class Rows:
    """Reads lines by the options of one source."""

    def __init__(self, options: FolderSourceOptions) -> None:
        self._columns, self._words = options.columns, options.words
        self._date_format, self._tells_opposition = options.date_format, options.tells_opposition
        self._by_pattern = options.file_pattern is not None
        pattern = options.file_pattern or ""
        self._needs_worker = "{worker}" in pattern
        self._needs_day = "{last_act_on" not in pattern

    def missing(self, header: list[str]) -> list[str]:
        """Name the columns, in the export's words, without which no line can be read."""
        needed = ["matricule", "oid", "birth_name", "birth_given_names", "sex", "birth_date", "birth_place", "status"]
        needed += ["opposition"] * self._tells_opposition + ["worker"] * self._needs_worker
        needed += ["file"] * (not self._by_pattern) + ["last_act_on"] * self._needs_day
        # Whoever named a column means it: one that says what must not be given cannot be left out by a slip.
        needed += [column for column in sorted(self._columns.model_fields_set) if column not in needed]
        return [name for column in needed if (name := getattr(self._columns, column)) not in header]

    def ins(self, cells: Cells) -> Ins | None:
        """Read the INS alone; None where the line has none.

        Raises:
            LineFault: `index.matricule` or `index.oid`.
        """
        matricule, oid = self._cell(cells, "matricule"), self._cell(cells, "oid")
        if not (matricule or oid):
            return None
        try:
            found = InsOid.parse(oid)
        except IdentityFault:
            raise LineFault(LineCode.OID, "oid") from None
        try:
            return Ins(Matricule.parse(matricule), found)
        except IdentityFault:
            raise LineFault(LineCode.MATRICULE, "matricule") from None

    def row(self, cells: Cells, ins: Ins | None, today: Day) -> Row:
        """Read a whole line, whose INS has been read.

        Raises:
            LineFault: what is wrong with it first.
        """
        for column in self._columns.model_fields_set:
            if getattr(self._columns, column) not in cells:
                raise LineFault(LineCode.FORM, column)
        status = self._word(cells, "status", LineCode.STATUS)
        traits = self._traits(cells)
        try:
            attributes = frozenset(
                IdentityAttribute(one) for one in re.split(r"[ ,|]+", self._cell(cells, "attributes")) if one
            )
            identity = LocalIdentity(
                ins=ins,
                traits=traits,
                status=IdentityStatus(status),
                attributes=attributes,
                former=self._former(cells),
                verified_on=self._day(cells, "verified_on"),
            )
        except (IdentityFault, ValueError):
            raise LineFault(LineCode.STATUS, "status") from None
        opposition = Opposition.UNKNOWN
        if self._tells_opposition:
            opposition = Opposition(self._word(cells, "opposition", LineCode.OPPOSITION))
        return Row(identity, opposition, self._cell(cells, "worker"), self._paper(cells, today))

    def _traits(self, cells: Cells) -> StrictTraits:
        try:
            return StrictTraits.parse(
                birth_name=self._cell(cells, "birth_name"),
                birth_given_names=self._cell(cells, "birth_given_names"),
                sex=self._word(cells, "sex", LineCode.WORD),
                birth_date=self._iso(self._cell(cells, "birth_date")),
                birth_place=self._cell(cells, "birth_place"),
            )
        except IdentityFault as fault:
            raise LineFault(LineCode.TRAITS, fault.field) from None

    def _former(self, cells: Cells) -> tuple[Ins, ...]:
        """Read `OID matricule`, several of them between commas or bars."""
        found = []
        for one in re.split(r"[,|]", self._cell(cells, "former")):
            oid, _, matricule = one.strip().partition(" ")
            if not oid:
                continue
            try:
                found.append(Ins.parse(oid, matricule))
            except IdentityFault:
                raise LineFault(LineCode.FORMER, "former") from None
        return tuple(found)

    def _paper(self, cells: Cells, today: Day) -> Paper | None:
        written = self._cell(cells, "file")
        if self._word(cells, "communicable", LineCode.WORD) == "no" or not (written or self._by_pattern):
            return None
        place = None if self._by_pattern else self._place(written)
        last_act_on = self._day(cells, "last_act_on") if self._needs_day else None
        if last_act_on is None and not self._by_pattern:
            raise LineFault(LineCode.DATE, "last_act_on")
        if last_act_on is not None and last_act_on > today:
            raise LineFault(LineCode.FUTURE, "last_act_on")
        extent = Extent(self._word(cells, "extent", LineCode.WORD))
        return Paper(place, last_act_on, self._updated_at(cells), extent, self._cell(cells, "author")[:256])

    def _place(self, written: str) -> Place:
        try:
            return parse_place(written)
        except PlaceRefused as refused:
            raise LineFault(LineCode.PARTIAL if refused.is_partial else LineCode.OUTSIDE, "file") from None

    def _updated_at(self, cells: Cells) -> Instant | None:
        written = self._cell(cells, "updated_at")
        if not written:
            return None
        try:
            moment = datetime.fromisoformat(written)
            return instant_of(moment if moment.tzinfo else moment.replace(tzinfo=FRANCE))
        except (ValueError, OverflowError):
            raise LineFault(LineCode.DATE, "updated_at") from None

    def _day(self, cells: Cells, column: str) -> Day | None:
        written = self._cell(cells, column)
        if not written:
            return None
        try:
            return Day.parse(self._iso(written))
        except IdentityFault:
            raise LineFault(LineCode.DATE, column) from None

    def _iso(self, written: str) -> str:
        """Bring a date to year, month, day without asking whether it exists: a birth date may be lunar."""
        if self._date_format == "DD/MM/YYYY" and (found := _FRENCH_DAY.fullmatch(written)):
            return f"{found[3]}-{found[2]}-{found[1]}"
        if self._date_format == "YYYYMMDD" and (found := _PLAIN_DAY.fullmatch(written)):
            return f"{found[1]}-{found[2]}-{found[3]}"
        # Another form is no date, even where it would be one in ISO 8601: the export writes them all alike.
        return written if self._date_format == "YYYY-MM-DD" else ""

    def _word(self, cells: Cells, column: str, code: LineCode) -> str:
        written = self._cell(cells, column)
        configured: dict[str, str] = getattr(self._words, column)
        if written in configured:
            return configured[written]
        if column not in _OURS:
            return written
        if written in _OURS[column]:
            return _OURS[column][written]
        raise LineFault(code, column)

    def _cell(self, cells: Cells, column: str) -> str:
        return cells.get(getattr(self._columns, column), "")


def today_in_france(now: Instant) -> Day:
    """Give the day in France at that instant."""
    return Day.of(datetime.fromtimestamp(now, UTC).astimezone(FRANCE).date())

"""What can be wrong with an index, with one line of it or with the whole. Codes are stable, no text repeats a value."""

from enum import StrEnum


class LineCode(StrEnum):
    """What is wrong with one line; the rest of the index goes on."""

    ENCODING = "index.encoding"
    """Bytes that are no text in the configured encoding."""
    TOO_LONG = "index.too_long"
    """More than 64 KiB in one line or object."""
    FORM = "index.form"
    """A quote that is not closed, an object that is none, a value that is no text, a key that comes twice."""
    CELLS = "index.cells"
    """More or fewer cells than the header has."""
    MATRICULE = "index.matricule"
    """No matricule: its length, a part that does not exist, or its key."""
    OID = "index.oid"
    """No OID of an INS."""
    FORMER = "index.former"
    """A former INS that is none."""
    TRAITS = "index.traits"
    """A strict trait that is missing or that INSi could not have given."""
    STATUS = "index.status"
    """A status or attribute that is unknown, or that contradicts the INS."""
    OPPOSITION = "index.opposition"
    """A word for the opposition that is not configured. It is never taken for a no."""
    WORD = "index.word"
    """Another word that is not configured (sex, communicable, extent)."""
    DATE = "index.date"
    """A day that is missing, in another form, or not in the calendar."""
    FUTURE = "index.future"
    """The newest act lies after today in France."""
    OUTSIDE = "index.outside"
    """A path that is absolute or leads out of the folder."""
    PARTIAL = "index.partial"
    """A path to a hidden file, or to one named as files are while they are written."""
    SHARED = "index.shared"
    """One file for two workers: neither gets it."""
    DUPLICATE = "index.duplicate"
    """A line about a worker and file that an earlier line was about already."""


class IndexCode(StrEnum):
    """What is wrong with the index as a whole; nobody is answered about until it is repaired."""

    NOT_READ = "index.not_read"
    """It is being read for the first time."""
    MISSING = "index.missing"
    """There is no such file, or the folder cannot be reached."""
    UNREADABLE = "index.unreadable"
    """It is a link, or may not be read."""
    HEADER = "index.header"
    """The header lacks a needed column, or has one twice, or is no text in the configured encoding."""
    CUT = "index.cut"
    """A JSON list that does not end, or is none."""
    EMPTY = "index.empty"
    """It has no line."""
    SHRUNK = "index.shrunk"
    """It has less than `least_share_of_former` of the lines of the one before: its export was cut, most likely."""
    STALE = "index.stale"
    """It is older than `index_max_age_hours`: the export has stopped, and objections are missing."""
    CHANGING = "index.changing"
    """It is being written over in place."""


class LineFault(Exception):
    """One line cannot be used; `column` is the name of a column of ours, never a value."""

    def __init__(self, code: LineCode, column: str = "") -> None:
        super().__init__(code.value, column)
        self.code, self.column = code, column


class IndexFault(Exception):
    """The whole index cannot be used; `detail` names columns, never values."""

    def __init__(self, code: IndexCode, detail: str = "") -> None:
        super().__init__(code.value, detail)
        self.code, self.detail = code, detail

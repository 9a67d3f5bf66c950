"""The first list of services, from a CSV file as a spreadsheet writes it, checked line by line.

Columns by the names in the first line, in any order: `id` and `name` are needed; `former_names`, `acronyms`, `towns`,
`departements`, `sectors` hold several values apart by `|`; `size_class`, `mssante`, `contact` hold one. Comma or
semicolon, with or without a byte-order mark. Every service of the list is mail-only until it joins.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from connector.core.errors import LocalRefused
from connector.core.instant import Instant, rfc3339
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.directory.fields import Fields
from connector.directory.functional import plain
from connector.directory.memberships import ROW_FIELDS, Membership, Standing, read_row

_LISTS: Final = ("former_names", "acronyms", "towns", "departements", "sectors")
_TEXTS: Final = ("id", "name", "size_class", "mssante", "contact")
_MAX_BYTES: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: the row it gives, or its faults; and what to look at though it is taken."""

    number: int
    row: Membership | None
    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_csv(
    data: bytes, environment: Environment, now: Instant, listed: Iterable[Membership] = ()
) -> tuple[Line, ...]:
    """Read a list.

    Args:
        data: the file.
        environment: production refuses a wrong check digit, test warns of it.
        now: the instant since which the services are listed.
        listed: the members that are listed already.

    Raises:
        LocalRefused: the file is no CSV in UTF-8, or its first line lacks a column or has one that is not known.
    """
    rows, columns = _table(data)
    seen: dict[MemberId, str] = {row.id: "the directory" for row in listed}
    names = {plain(row.name): "the directory" for row in listed}
    lines = []
    for number, cells in rows:
        faults: list[str] = []
        warnings: list[str] = []
        if len(cells) != len(columns):
            lines.append(Line(number, None, (f"has {len(cells)} cells, expected {len(columns)}",)))
            continue
        fields = Fields("", _json(columns, cells, now), faults, ROW_FIELDS, strict=True)
        row = read_row(fields, environment, warnings)
        if row is not None and row.id in seen:
            faults.append(f"{row.id} stands already in {seen[row.id]}")
        if row is not None and plain(row.name) in names:
            warnings.append(f"its name is also that of another service in {names[plain(row.name)]}")
        lines.append(Line(number, row if not faults else None, tuple(faults), tuple(warnings)))
        if row is not None:
            seen.setdefault(row.id, f"line {number}")
            names.setdefault(plain(row.name), f"line {number}")
    return tuple(lines)


def _table(data: bytes) -> tuple[list[tuple[int, list[str]]], list[str]]:
    if len(data) > _MAX_BYTES:
        raise LocalRefused(f"CSV: has {len(data)} bytes, expected at most {_MAX_BYTES}")
    try:
        text = data.decode("utf-8-sig")
        delimiter = ";" if ";" in text.partition("\n")[0] else ","
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        columns = [name.strip() for name in next(reader, [])]
        rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(cells)]
    except UnicodeDecodeError:
        raise LocalRefused("CSV: not in UTF-8", hint="save it as CSV UTF-8") from None
    except csv.Error as error:
        raise LocalRefused(f"CSV: {error}") from None
    unknown = [name for name in columns if name not in (*_TEXTS, *_LISTS)]
    if unknown or {"id", "name"} - set(columns) or len(set(columns)) != len(columns):
        raise LocalRefused(
            f"CSV: first line: {len(unknown)} columns are not known, or id or name is missing, or one stands twice",
            hint=f"columns: {', '.join((*_TEXTS, *_LISTS))}",
        )
    return rows, columns


def _json(columns: list[str], cells: list[str], now: Instant) -> dict[str, object]:
    row: dict[str, object] = {"standing": Standing.MAIL_ONLY.value, "since": rfc3339(now)}
    for name, cell in zip(columns, cells, strict=True):
        if name in _LISTS:
            row[name] = [part.strip() for part in cell.split("|") if part.strip()]
        elif cell:
            row[name] = cell
    return row

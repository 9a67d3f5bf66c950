"""A list of people as CSV, as `people import` and the page read it: the columns, then line by line.

The first line names the columns: `name` and `roles` (several parted by spaces or `/`), and of `practitioner`, `subject`
(`PROVIDER=IDENTIFIER`), `vouched_level` and `ends_on` those that are needed. Separator `;` or `,`.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connector.core.errors import LocalRefused
from connector.core.mandate import AuthLevel
from connector.core.people import Role, Subject
from connector.core.private import Private
from connector.local.sign_in.staff import NewPerson

NEEDED: Final = ("name", "roles")
KNOWN: Final = (*NEEDED, "practitioner", "subject", "vouched_level", "ends_on")


@dataclass(frozen=True, slots=True, repr=False)
class Line(Private):
    """One line: its number in the file and its cells by column, or what is wrong with it."""

    number: int
    cells: Mapping[str, str]
    fault: str = ""


def read_lines(text: str) -> list[Line]:
    """Read a file; empty lines are left out.

    Raises:
        LocalRefused: `local.malformed`: it is empty, no CSV, or its columns are others.
    """
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    names: list[str] = []
    found: list[Line] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = _columns(cells)
            elif len(cells) != len(names):
                fault = f"got {len(cells)} cells, expected {len(names)} as in the first line"
                found.append(Line(reader.line_num, {}, fault))
            else:
                found.append(Line(reader.line_num, {n: cell.strip() for n, cell in zip(names, cells, strict=True)}))
    except csv.Error:
        raise _refused("is no CSV") from None
    if not names:
        raise _refused("is empty")
    return found


def roles_of(cells: Mapping[str, str]) -> list[str]:
    """Give the words of the column `roles`."""
    return cells["roles"].replace("/", " ").split()


def last_day_of(cells: Mapping[str, str]) -> str:
    """Give the day of `ends_on` as `2027-06-30`, also where it was written as in France."""
    parts = cells.get("ends_on", "").split("/")
    return "-".join(reversed(parts)) if len(parts) == 3 else parts[0]


def new_person(cells: Mapping[str, str]) -> NewPerson:
    """Give the person of a line.

    Raises:
        LocalRefused: `local.malformed`, a role, subject or level that there is not.
    """
    roles, level = roles_of(cells), cells.get("vouched_level") or AuthLevel.LOW
    if not set(roles) <= set(Role):
        raise LocalRefused(f"roles: expected {', '.join(Role)}", field="roles")
    if level not in set(AuthLevel):
        raise LocalRefused(f"vouched_level: expected {', '.join(AuthLevel)}", field="vouched_level")
    return NewPerson(
        name=cells["name"],
        roles=frozenset(map(Role, roles)),
        practitioner=cells.get("practitioner", "").replace(" ", "") or None,
        subjects=tuple(map(_subject, cells.get("subject", "").split())),
        vouched_level=AuthLevel(level),
        ends_on=last_day_of(cells) or None,
    )


def _subject(text: str) -> Subject:
    provider, equals, subject = text.partition("=")
    if not equals or not provider or not subject:
        raise LocalRefused("subject: expected PROVIDER=IDENTIFIER", field="subject")
    return Subject(provider, subject)


def _columns(cells: list[str]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    if set(NEEDED) - set(names) or set(names) - set(KNOWN) or len(set(names)) < len(names):
        raise _refused("has other columns in line 1 than those of a list of people")
    return names


def _refused(what: str) -> LocalRefused:
    return LocalRefused(f"file: it {what}", hint=f"name the columns in the first line: {','.join(KNOWN)}", field="file")

"""A CSV of people, checked and kept line by line; each line has its own result, and no name stands in the report."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from connector.cli.client import Json, LocalApi
from connector.cli.faults import Exit, Fault
from connector.cli.options import Call, run

_URL: Final = "/api/v1/people"
_NEEDED: Final = ("name", "roles")
_KNOWN: Final = (*_NEEDED, "practitioner", "subject", "vouched_level", "ends_on")
_MAX_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PersonLine:
    """What became of one line: added, would-be-added, wrong."""

    line: int
    result: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class PeopleReport:
    """All lines, in their order."""

    results: tuple[PersonLine, ...]
    dry_run: bool

    @property
    def is_right(self) -> bool:
        """Whether no line was wrong."""
        return all(line.result != "wrong" for line in self.results)

    def summary(self) -> str:
        """Say it in one line."""
        wrong = sum(line.result == "wrong" for line in self.results)
        done = "would be added" if self.dry_run else "added"
        return f"{len(self.results)} lines: {len(self.results) - wrong} {done}, {wrong} wrong."

    def to_json(self) -> Json:
        """Give it for programs."""
        lines = [{"line": one.line, "result": one.result, "what": one.what} for one in self.results]
        return {"ok": self.is_right, "dry_run": self.dry_run, "lines": lines}


def import_people(call: Call, path: Path, *, by: str, dry_run: bool) -> PeopleReport:
    """Keep each line that is right; the others are told with their reason, and can be imported again.

    Raises:
        Fault: the file cannot be read or is no such CSV, or the connector cannot be reached.
    """
    rows = _read(path)

    async def work() -> PeopleReport:
        async with LocalApi(call.target, call.language) as api:
            return PeopleReport(tuple([await _one(api, line, cells, by, dry_run) for line, cells in rows]), dry_run)

    return run(work())


def read_subject(text: str) -> dict[str, str]:
    """Read PROVIDER=IDENTIFIER.

    Raises:
        UsageError: it has another form.
    """
    provider, equals, subject = text.partition("=")
    if not equals or not provider.strip() or not subject.strip():
        raise click.UsageError("subject: expected PROVIDER=IDENTIFIER")
    return {"provider": provider.strip(), "id": subject.strip()}


async def _one(api: LocalApi, line: int, cells: Mapping[str, str] | str, by: str, dry_run: bool) -> PersonLine:
    if isinstance(cells, str):
        return PersonLine(line, "wrong", cells)
    try:
        await api.call("POST", _URL, _body(cells) | {"by": by, "check_only": dry_run})
    except click.UsageError as error:
        return PersonLine(line, "wrong", error.message)
    except Fault as fault:
        if fault.exit_code != Exit.REFUSED:
            raise
        return PersonLine(line, "wrong", fault.why or fault.what)
    return PersonLine(line, "would-be-added" if dry_run else "added")


def _body(cells: Mapping[str, str]) -> Json:
    body: dict[str, Any] = {name: cells[name] for name in _KNOWN if cells.get(name)}
    body["roles"] = cells["roles"].replace("/", " ").split()
    if subjects := body.pop("subject", ""):
        body["subjects"] = [read_subject(text) for text in subjects.split()]
    if len(parts := body.get("ends_on", "").split("/")) == 3:
        body["ends_on"] = "-".join(reversed(parts))
    return body


def _read(path: Path) -> list[tuple[int, dict[str, str] | str]]:
    try:
        text = path.read_bytes()[: _MAX_BYTES + 1].decode("utf-8-sig")
    except OSError as error:
        raise Fault(f"{path}: cannot be read", why=error.strerror or "", status=Exit.USAGE) from None
    except UnicodeDecodeError:
        raise Fault(f"{path}: is not UTF-8", do="save it as CSV UTF-8", status=Exit.USAGE) from None
    if len(text) > _MAX_BYTES:
        raise Fault(f"{path}: is larger than {_MAX_BYTES} bytes", do="import it in parts", status=Exit.USAGE)
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    found: list[tuple[int, dict[str, str] | str]] = []
    names: list[str] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if not names:
            names = [cell.strip().lower() for cell in cells]
            if set(_NEEDED) - set(names) or set(names) - set(_KNOWN) or len(set(names)) < len(names):
                raise Fault(
                    f"{path}, line 1: the columns are not those of a list of people",
                    do=f"name them in the first line: {','.join(_KNOWN)}",
                    status=Exit.USAGE,
                )
        elif len(cells) != len(names):
            found.append((reader.line_num, f"got {len(cells)} cells, expected {len(names)} as in the first line"))
        else:
            found.append((reader.line_num, {n: cell.strip() for n, cell in zip(names, cells, strict=True)}))
    if not names:
        raise Fault(f"{path}: is empty", do=f"its first line names the columns: {','.join(_KNOWN)}", status=Exit.USAGE)
    return found

"""A CSV of people, checked and kept line by line; each line has its own result, and no name stands in the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from connector.cli.client import Json, LocalApi
from connector.cli.faults import Exit, Fault
from connector.cli.options import Call, run
from connector.core.errors import LocalRefused
from connector.local.sign_in.people_file import KNOWN, Line, last_day_of, read_lines, roles_of

_URL: Final = "/api/v1/people"
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
            return PeopleReport(tuple([await _one(api, line, by, dry_run) for line in rows]), dry_run)

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


async def _one(api: LocalApi, line: Line, by: str, dry_run: bool) -> PersonLine:
    if line.fault:
        return PersonLine(line.number, "wrong", line.fault)
    try:
        await api.call("POST", _URL, _body(line.cells) | {"by": by, "check_only": dry_run})
    except click.UsageError as error:
        return PersonLine(line.number, "wrong", error.message)
    except Fault as fault:
        if fault.exit_code != Exit.REFUSED:
            raise
        return PersonLine(line.number, "wrong", fault.why or fault.what)
    return PersonLine(line.number, "would-be-added" if dry_run else "added")


def _body(cells: Mapping[str, str]) -> Json:
    body: dict[str, Any] = {name: cells[name] for name in KNOWN if cells.get(name)} | {"roles": roles_of(cells)}
    if subjects := body.pop("subject", ""):
        body["subjects"] = [read_subject(text) for text in subjects.split()]
    if day := last_day_of(cells):
        body["ends_on"] = day
    return body


def _read(path: Path) -> list[Line]:
    try:
        text = path.read_bytes()[: _MAX_BYTES + 1].decode("utf-8-sig")
    except OSError as error:
        raise Fault(f"{path}: cannot be read", why=error.strerror or "", status=Exit.USAGE) from None
    except UnicodeDecodeError:
        raise Fault(f"{path}: is not UTF-8", do="save it as CSV UTF-8", status=Exit.USAGE) from None
    if len(text) > _MAX_BYTES:
        raise Fault(f"{path}: is larger than {_MAX_BYTES} bytes", do="import it in parts", status=Exit.USAGE)
    try:
        return read_lines(text)
    except LocalRefused as error:
        raise Fault(f"{path}: {error.message.removeprefix('file: ')}", do=error.hint, status=Exit.USAGE) from None

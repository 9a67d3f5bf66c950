"""A CSV of oppositions, checked line by line here and at the connector, then kept; each line has its own result."""

import csv
import io
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from connector.cli.client import Json, LocalApi
from connector.cli.faults import Exit, Fault
from connector.cli.options import Call, run
from connector.core.days import Day
from connector.core.errors import IdentityFault
from connector.core.mandate import InformationMeans
from connector.core.matricule import Matricule
from connector.core.oppositions import OppositionKind
from connector.local.requests import PS_ID_PATTERN, ROLES

URL: Final = "/api/v1/oppositions"
MAX_BYTES: Final = 64 * 1024 * 1024
NEEDED: Final = ("matricule", "kind", "on", "means", "by")
KNOWN: Final = (*NEEDED, "oid", "lifted_on", "lifted_means", "lifted_by")
WRONG, NOT_KEPT = "wrong", "not-kept"


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of one line: kept, already, lifted, would-be-kept, wrong, not-kept; no identity stands in it."""

    line: int
    result: str
    what: str = ""
    id: str | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """All lines, in their order."""

    results: tuple[LineResult, ...]
    dry_run: bool
    authority: str = ""

    @property
    def is_right(self) -> bool:
        """Whether no line was wrong or left out."""
        return not any(one.result in {WRONG, NOT_KEPT} for one in self.results)

    def count(self, *results: str) -> int:
        """Count the lines with one of these results."""
        return sum(one.result in results for one in self.results)

    def summary(self) -> str:
        """Say it in one line."""
        done = f"{self.count('kept', 'lifted')} kept, {self.count('already')} there already"
        if self.dry_run:
            done = f"{self.count('would-be-kept')} would be kept, {self.count('already')} are there already"
        text = f"{len(self.results)} lines: {done}, {self.count(WRONG)} wrong, {self.count(NOT_KEPT)} not kept."
        if self.authority == "adapter" and not self.dry_run and self.count("kept"):
            text += " The authority is your software: these entries are kept and shown, and count there only."
        return text

    def to_json(self) -> Json:
        """Give it for programs."""
        lines = [{"line": r.line, "result": r.result, "what": r.what, "id": r.id} for r in self.results]
        return {"ok": self.is_right, "dry_run": self.dry_run, "authority": self.authority, "lines": lines}


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    body: Json = field(repr=False)
    lifting: Json | None = None


def import_file(call: Call, path: Path, *, dry_run: bool, skip_wrong: bool, tell_sink: bool) -> ImportReport:
    """Check every line, then keep those that are to be kept.

    Raises:
        Fault: the file cannot be read or is no such CSV, or the connector cannot be reached before anything is kept.
    """
    rows, wrong = _read(path, tell_sink=tell_sink)

    async def work() -> ImportReport:
        async with LocalApi(call.target, call.language) as api:
            checked = [await _check(api, row) for row in rows]
            authority = next((one.authority for one in checked if one.authority), "")
            results = [*wrong, *(one.result for one in checked)]
            refused = any(one.result == WRONG for one in results)
            if not dry_run:
                good = [row for row, one in zip(rows, checked, strict=True) if one.result.result != WRONG]
                bad = [one for one in results if one.result == WRONG]
                if refused and not skip_wrong:
                    left = [LineResult(row.line, NOT_KEPT, "another line is wrong") for row in good]
                    results = [*bad, *left]
                else:
                    results = [*bad, *[one async for one in _keep_all(api, good)]]
            return ImportReport(tuple(sorted(results, key=lambda one: one.line)), dry_run, authority)

    return run(work())


@dataclass(frozen=True, slots=True)
class _Checked:
    result: LineResult
    authority: str = ""


async def _check(api: LocalApi, row: _Row) -> _Checked:
    try:
        if row.lifting is not None and (known := await _lifted_before(api, row)):
            return _Checked(known)
        answer = await api.call("POST", URL, row.body | {"check_only": True})
    except Fault as fault:
        if fault.exit_code != Exit.REFUSED:
            raise
        return _Checked(LineResult(row.line, WRONG, fault.why or fault.what))
    found = answer["opposition"]
    if answer["result"] == "already" and row.lifting is None:
        return _Checked(LineResult(row.line, "already", id=found["id"]), answer["authority"])
    return _Checked(LineResult(row.line, "would-be-kept"), answer["authority"])


async def _keep_all(api: LocalApi, rows: list[_Row]) -> AsyncIterator[LineResult]:
    stopped = ""
    for row in rows:
        if stopped:
            yield LineResult(row.line, NOT_KEPT, stopped)
            continue
        try:
            yield await _keep(api, row)
        except Fault as fault:
            if fault.exit_code == Exit.REFUSED:
                yield LineResult(row.line, WRONG, fault.why or fault.what)
            else:
                stopped = f"the import stopped here: {fault.what}. Run it again: what is kept stays as it is"
                yield LineResult(row.line, NOT_KEPT, stopped)


async def _keep(api: LocalApi, row: _Row) -> LineResult:
    if row.lifting is not None and (known := await _lifted_before(api, row)):
        return known
    answer = await api.call("POST", URL, row.body)
    opposition_id = answer["opposition"]["id"]
    if row.lifting is None:
        return LineResult(row.line, answer["result"], answer["opposition"]["next"], opposition_id)
    lifted = await api.call("POST", f"{URL}/{opposition_id}/lift", row.lifting)
    return LineResult(row.line, "lifted", lifted["next"], opposition_id)


async def _lifted_before(api: LocalApi, row: _Row) -> LineResult | None:
    """Find the same entry, lifted on the same day: the file was imported before."""
    worker: Json = {name: row.body[name] for name in ("matricule", "oid") if name in row.body}
    for entry in (await api.call("POST", f"{URL}/search", worker))["items"]:
        lifted = entry["lifted"] or {}
        same = entry["kind"] == row.body["kind"] and entry["on"] == row.body["on"]
        if same and row.lifting is not None and lifted.get("on") == row.lifting["on"]:
            return LineResult(row.line, "already", id=entry["id"])
    return None


# ---------------------------------------------------------------- the file


def _read(path: Path, *, tell_sink: bool) -> tuple[list[_Row], list[LineResult]]:
    rows: list[_Row] = []
    wrong: list[LineResult] = []
    seen: dict[tuple[str, ...], int] = {}
    for line, cells in _lines(path):
        if isinstance(cells, str):
            wrong.append(LineResult(line, WRONG, cells))
            continue
        try:
            row = _row(line, cells, tell_sink=tell_sink)
        except (IdentityFault, ValueError) as error:
            wrong.append(LineResult(line, WRONG, error.message if isinstance(error, IdentityFault) else str(error)))
            continue
        key = (row.body["matricule"], row.body.get("oid", ""), row.body["kind"], (row.lifting or {}).get("on", ""))
        if (before := seen.setdefault(key, line)) != line:
            wrong.append(LineResult(line, WRONG, f"the same worker and kind as line {before}"))
            continue
        rows.append(row)
    # What was lifted goes first: else it would lift the objection that the worker made again later.
    rows.sort(key=lambda row: (row.lifting is None, row.body["on"]))
    return rows, wrong


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Give each line that is not empty, by the names of the first; a text says why it cannot be read.

    Raises:
        Fault: no such CSV.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise Fault(f"{path}: cannot be read", why=error.strerror or "", status=Exit.USAGE) from None
    except UnicodeDecodeError:
        raise Fault(f"{path}: is not UTF-8", do="save it as CSV UTF-8", status=Exit.USAGE) from None
    if len(data) > MAX_BYTES:
        raise Fault(f"{path}: is larger than {MAX_BYTES} bytes", do="import it in parts", status=Exit.USAGE)
    head = text.partition("\n")[0]
    separator = ";" if head.count(";") > head.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    names: list[str] | None = None
    try:
        for cells in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names = _names(path, cells)
            elif len(cells) != len(names):
                yield line, f"got {len(cells)} cells, expected {len(names)} as in the first line"
            else:
                yield line, {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
    except csv.Error:
        raise Fault(
            f"{path}, line {reader.line_num}: a quotation mark is not closed, or stands inside a cell",
            do="save it as CSV again",
            status=Exit.USAGE,
        ) from None
    if names is None:
        raise Fault(f"{path}: is empty", do=f"its first line names the columns: {','.join(NEEDED)}", status=Exit.USAGE)


def _names(path: Path, cells: list[str]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    missing = [name for name in NEEDED if name not in names]
    unknown = sum(name not in KNOWN for name in names)
    if missing or unknown or len(set(names)) != len(names):
        told = ", ".join(missing) or "none"
        raise Fault(
            f"{path}, line 1: the columns are not those of a register",
            why=f"missing: {told}; not known: {unknown}; each once",
            do=f"name them in the first line: {','.join(KNOWN)}",
            status=Exit.USAGE,
        )
    return names


def _row(line: int, cells: Mapping[str, str], *, tell_sink: bool) -> _Row:
    body: dict[str, Any] = {
        "matricule": Matricule.parse(cells["matricule"]).value,
        "kind": _word(cells["kind"].rstrip("°"), OppositionKind, "kind"),
        "on": _day(cells["on"], "on"),
        "means": _word(cells["means"].lower(), InformationMeans, "means"),
        "by": _who(cells["by"], "by"),
        "tell_sink": tell_sink,
    }
    if cells.get("oid"):
        body["oid"] = cells["oid"]
    if not any(cells.get(name) for name in ("lifted_on", "lifted_means", "lifted_by")):
        return _Row(line, body)
    lifting = {
        "on": _day(cells.get("lifted_on", ""), "lifted_on"),
        "means": _word(cells.get("lifted_means", "").lower(), InformationMeans, "lifted_means"),
        "by": _who(cells.get("lifted_by", ""), "lifted_by"),
        "tell_sink": tell_sink,
    }
    if lifting["on"] < body["on"]:
        raise ValueError("lifted_on: got a day before that of the objection")
    return _Row(line, body, lifting)


def _word(text: str, words: type[OppositionKind] | type[InformationMeans], name: str) -> str:
    if text not in {word.value for word in words}:
        raise ValueError(f"{name}: got another word, expected one of {', '.join(word.value for word in words)}")
    return text


def _day(text: str, name: str) -> str:
    """Read YYYY-MM-DD, or DD/MM/YYYY as French spreadsheets write it."""
    parts = text.split("/")
    if len(parts) == 3 and [len(part) for part in parts] == [2, 2, 4]:
        text = "-".join(reversed(parts))
    return str(Day.parse(text, field=name))


def _who(text: str, name: str) -> str:
    if text not in ROLES and not re.fullmatch(PS_ID_PATTERN, text):
        raise ValueError(f"{name}: got neither a role ({', '.join(ROLES)}) nor a PS_IdNat")
    return text

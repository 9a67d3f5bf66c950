"""Read the configuration file once and tell all its faults at once, each with file, line, column, key and remedy.

The same code runs at start, on SIGHUP and in `spsti-connector check`: what one accepts, the others do.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from connector.config.locate import Path as KeyPath
from connector.config.locate import Position, positions
from connector.config.model import ConfigFile
from connector.config.references import remedy as rights
from connector.core.errors import ConfigFault

_TOML_POSITION = re.compile(r"\(at line (\d+), column (\d+)\)")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the configuration."""

    file: str
    line: int
    column: int
    key: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        """`file:line:column: key: message - remedy`."""
        where = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: "
        return (
            where + (f"{self.key}: " if self.key else "") + self.message + (f" - {self.remedy}" if self.remedy else "")
        )


def fault_error(faults: list[Fault]) -> ConfigFault:
    """Give the one error that carries all faults."""
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return ConfigFault(
        f"configuration: {count}\n" + "\n".join(str(fault) for fault in faults), faults=tuple(map(str, faults))
    )


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """The parsed file with the means to say where a key stands and to resolve what it refers to."""

    path: Path
    model: ConfigFile
    places: dict[KeyPath, Position]

    def fault(self, key: KeyPath, message: str, remedy: str = "") -> Fault:
        """Make a fault about one key, at the nearest place of the file that holds it."""
        line, column = _nearest(self.places, key)
        return Fault(self.path.name, line, column, _dotted(key), message, remedy)


def load(path: Path) -> LoadedFile:
    """Read and validate the file.

    Raises:
        ConfigFault: with every fault found; nothing of the values is repeated.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        is_there = isinstance(error, PermissionError)
        remedy = rights(path, error) if is_there else "name an existing file that this user may read: --config FILE"
        raise fault_error([Fault(str(path), 0, 0, "", f"cannot be read ({error.strerror})", remedy)]) from None
    except UnicodeDecodeError:
        raise fault_error([Fault(str(path), 0, 0, "", "is not UTF-8", "save it as UTF-8")]) from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _TOML_POSITION.search(str(error))
        line, column = (int(match[1]), int(match[2])) if match else (0, 0)
        message = "not TOML: " + _TOML_POSITION.sub("", str(error)).strip()
        raise fault_error([Fault(path.name, line, column, "", message, "see config.example.toml")]) from None
    places = positions(text)
    try:
        model = ConfigFile.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        faults = [_as_fault(path.name, places, dict(detail)) for detail in details]
        raise fault_error(sorted(faults, key=lambda fault: (fault.line, fault.column))) from None
    return LoadedFile(path, model, places)


def _as_fault(file: str, places: dict[KeyPath, Position], detail: dict[str, Any]) -> Fault:
    key: KeyPath = tuple(detail["loc"])
    line, column = _nearest(places, key)
    message = str(detail["msg"]).removeprefix("Value error, ")
    remedy = ""
    if detail["type"] == "extra_forbidden":
        message = f'unknown key "{key[-1]}"'
        nearest = difflib.get_close_matches(str(key[-1]), _known_keys(key[:-1]), n=1)
        elsewhere = [section for section, keys in _sections(ConfigFile) if key[-1] in keys]
        told = [f'did you mean "{nearest[0]}"?'] if nearest else []
        told += [f"one of that name belongs to {' or '.join(elsewhere)}"] if elsewhere else []
        remedy = " ".join(told) or "remove it; config.example.toml has all keys"
    elif detail["type"] == "missing":
        message = "is missing"
        remedy = "add it; config.example.toml shows it"
    return Fault(file, line, column, _dotted(key), message, remedy)


def _known_keys(path: KeyPath) -> list[str]:
    model: type[BaseModel] = ConfigFile
    for part in path:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        if field is None:
            return []
        inner = _model_in(field.annotation)
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _sections(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Give every section with its keys, as the file writes it."""
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is not None:
            yield f"[{path}{name}]", list(inner.model_fields)
            yield from _sections(inner, f"{path}{name}.")


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - a type expression
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)


def _nearest(places: dict[KeyPath, Position], key: KeyPath) -> Position:
    for length in range(len(key), 0, -1):
        if key[:length] in places:
            return places[key[:length]]
    return 1, 1


def _dotted(key: KeyPath) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).lstrip(".")

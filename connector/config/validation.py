"""What pydantic refuses in the configuration, as kinds of fault of our own.

Every type of error that the model can raise has a kind here, which a test holds against the model; one of a later
pydantic becomes `value.wrong`, which names it. Nothing of a value is repeated, only what sort of thing it is.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

from connector.config.locate import Path as KeyPath
from connector.config.model import ConfigFile
from connector.config.model.forms import Refused
from connector.core.faults import Fault

_WANTED: Final[Mapping[str, str]] = {
    "string_type": "text",
    "int_type": "whole-number",
    "int_parsing": "whole-number",
    "int_from_float": "whole-number",
    "float_type": "number",
    "float_parsing": "number",
    "finite_number": "number",
    "bool_type": "true-or-false",
    "bool_parsing": "true-or-false",
    "list_type": "list",
    "dict_type": "table",
    "model_type": "table",
}
"""By type of error, what was expected."""

_LIMITS: Final[Mapping[str, tuple[str, str]]] = {
    "greater_than_equal": ("value.at-least", "ge"),
    "greater_than": ("value.above", "gt"),
    "less_than_equal": ("value.at-most", "le"),
    "string_too_short": ("value.too-short", "min_length"),
    "string_too_long": ("value.too-long", "max_length"),
    "too_short": ("value.too-few", "min_length"),
    "too_long": ("value.too-many", "max_length"),
}
"""By type of error, the kind, and where pydantic says the limit."""

_CHOICES: Final = frozenset({"literal_error", "enum"})
_DATES: Final = frozenset(
    {"date_type", "date_from_datetime_parsing", "date_from_datetime_inexact"},
)
_CHOICE: Final = re.compile(r"'([^']*)'")

MAPPED: Final = frozenset(
    {"missing", "extra_forbidden", "string_pattern_mismatch", "value_error", *_WANTED, *_LIMITS, *_CHOICES, *_DATES}
)
"""The types of error that have a kind of their own."""


def faults_of(error: ValidationError) -> Iterator[tuple[KeyPath, Fault]]:
    """Give every fault, with the key it is about."""
    for detail in error.errors(include_url=False):
        key: KeyPath = tuple(detail["loc"])
        yield key, _fault(key, detail["type"], detail.get("ctx", {}), detail["input"])


def _fault(key: KeyPath, kind: str, context: Mapping[str, Any], given: object) -> Fault:
    if kind == "extra_forbidden":
        return _unknown(key)
    if kind == "missing":
        return Fault("key.missing")
    if isinstance(refused := context.get("error"), Refused):
        return refused.fault
    if kind in _DATES:
        return Fault("value.date")
    if kind in _WANTED:
        return Fault("value.type", {"got": _sort_of(given), "expected": _WANTED[kind]})
    if kind in _LIMITS:
        name, limit = _LIMITS[kind]
        least = context[limit]
        is_empty = name in {"value.too-short", "value.too-few"} and least == 1
        return Fault("value.empty") if is_empty else Fault(name, {"limit": least})
    if kind in _CHOICES:
        return Fault("value.one-of", {"allowed": _CHOICE.findall(str(context["expected"]))})
    if kind == "string_pattern_mismatch":
        return Fault("value.form", {"pattern": context["pattern"]})
    return Fault("value.wrong", {"type": kind})


def _sort_of(given: object) -> str:
    """Name what sort of TOML value was given."""
    sorts: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (str, "text"), (bool, "true-or-false"), (int, "whole-number"), (float, "number"), (list, "list"),
        (dict, "table"), (datetime, "date-time"), (date, "date"), (time, "time"),
    )  # fmt: skip
    return next((name for sort, name in sorts if isinstance(given, sort)), type(given).__name__)


def _unknown(key: KeyPath) -> Fault:
    name = str(key[-1])
    nearest = difflib.get_close_matches(name, _known_keys(key[:-1]), n=1)
    sections = [section for section, keys in _sections(ConfigFile) if name in keys]
    match nearest, sections:
        case [], []:
            return Fault("key.unknown", {"name": name})
        case [near], []:
            return Fault("key.unknown-near", {"name": name, "nearest": near})
        case [], _:
            return Fault("key.unknown-elsewhere", {"name": name, "sections": sections})
        case _:
            return Fault("key.unknown-both", {"name": name, "nearest": nearest[0], "sections": sections})


def _known_keys(path: KeyPath) -> list[str]:
    model: type[BaseModel] = ConfigFile
    for part in path:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        if field is None:
            return []
        inner = model_in(field.annotation)
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _sections(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Give every section with its keys, as the file writes it."""
    for name, field in model.model_fields.items():
        inner = model_in(field.annotation)
        if inner is not None:
            yield f"[{path}{name}]", list(inner.model_fields)
            yield from _sections(inner, f"{path}{name}.")


def model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - a type expression
    """Give the section that a field holds, alone, in a list or beside None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := model_in(arg))), None)

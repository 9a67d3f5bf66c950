"""An adapter's options against its own declared model: every fault at once, by key path, never with the value.

The messages are pydantic's or the vendor's; one that would repeat what was given is replaced, since an option may be a
password. Where the key stands in the file is for the configuration to find out.
"""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from connector.contract.adapter import AdapterOptions
from connector.core.faults import Fault, FaultAt

_MIN_SHOWN = 3
"""A value of fewer characters (`on`, `16`) may occur in a message by chance."""


def check_options(
    model: type[AdapterOptions], options: Mapping[str, Any]
) -> tuple[AdapterOptions | None, tuple[FaultAt, ...]]:
    """Validate options; gives either the model's instance or all faults."""
    try:
        return model.model_validate(dict(options)), ()
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
    given = tuple(_leaves(options))
    return None, tuple(_fault(model, detail["loc"], detail["type"], detail["msg"], given) for detail in details)


def _fault(
    model: type[BaseModel], path: tuple[str | int, ...], kind: str, message: str, given: tuple[str, ...]
) -> FaultAt:
    if kind == "extra_forbidden":
        known = _known_keys(model, path[:-1])
        near = difflib.get_close_matches(str(path[-1]), known, n=1)
        if near:
            return FaultAt(path, Fault("option.unknown-near", {"nearest": near[0]}))
        return FaultAt(path, Fault("option.unknown", {"known": known or [""]}))
    if kind == "missing":
        return FaultAt(path, Fault("option.missing"))
    if any(value in message for value in given):
        return FaultAt(path, Fault("option.hidden"))
    if kind in {"value_error", "assertion_error"}:
        text = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
        return FaultAt(path, Fault("option.vendor", {"text": text}))
    return FaultAt(path, Fault("option.form", {"type": kind, "text": message}))


def _known_keys(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    at: type[BaseModel] = model
    for part in path:
        field = at.model_fields.get(str(part))
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return []
        at = field.annotation
    return [field.alias or name for name, field in at.model_fields.items()]


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list | tuple | set):
        for inner in value:
            yield from _leaves(inner)
    elif len(text := str(value)) >= _MIN_SHOWN:
        yield text

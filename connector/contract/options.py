"""An adapter's options against its own declared model: every fault at once, by key path, never with the value.

The messages are pydantic's or the vendor's; one that would repeat what was given is replaced, since an option may be a
password. Where the key stands in the file is for the configuration to find out.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from connector.contract.adapter import AdapterOptions
from connector.core.faults import Fault

_MIN_SHOWN = 3
"""A value of fewer characters (`on`, `16`) may occur in a message by chance."""


@dataclass(frozen=True, slots=True)
class OptionFault:
    """One fault: where, in the words of the options' own keys, what, and what to do."""

    path: tuple[str | int, ...]
    fault: Fault

    @property
    def message(self) -> str:
        """What is wrong, in English."""
        return self.fault.text("en")

    @property
    def remedy(self) -> str:
        """What to do, in English."""
        return self.fault.remedy("en")

    @property
    def where(self) -> str:
        """The key path, as it is written."""
        return ".".join(str(part) for part in self.path) or "options"

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" + (f" - {self.remedy}" if self.remedy else "")


def check_options(
    model: type[AdapterOptions], options: Mapping[str, Any]
) -> tuple[AdapterOptions | None, tuple[OptionFault, ...]]:
    """Validate options; gives either the model's instance or all faults."""
    try:
        return model.model_validate(dict(options)), ()
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
    given = tuple(_leaves(options))
    return None, tuple(_fault(model, detail["loc"], detail["type"], detail["msg"], given) for detail in details)


def _fault(
    model: type[BaseModel], path: tuple[str | int, ...], kind: str, message: str, given: tuple[str, ...]
) -> OptionFault:
    if kind == "extra_forbidden":
        known = _known_keys(model, path[:-1])
        near = difflib.get_close_matches(str(path[-1]), known, n=1)
        if near:
            return OptionFault(path, Fault("option.unknown-near", {"nearest": near[0]}))
        return OptionFault(path, Fault("option.unknown", {"known": known or [""]}))
    if kind == "missing":
        return OptionFault(path, Fault("option.missing"))
    if any(value in message for value in given):
        return OptionFault(path, Fault("option.hidden"))
    if kind in {"value_error", "assertion_error"}:
        text = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
        return OptionFault(path, Fault("option.vendor", {"text": text}))
    return OptionFault(path, Fault("option.form", {"type": kind, "text": message}))


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

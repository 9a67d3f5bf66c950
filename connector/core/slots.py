"""Frozen values that are made quickly.

The `__init__` that `dataclasses` writes for a frozen class sets each field by `object.__setattr__`, which looks up its
slot by name: a quarter of a microsecond, and some three hundred fields are set for one lookup. Here it is written once
more, with the slots looked up beforehand. All else of the class stays as `dataclasses` made it.
"""

from dataclasses import MISSING, fields
from functools import update_wrapper
from typing import Any, TypeVar

_Class = TypeVar("_Class", bound=type)


def set_by_slot(cls: _Class) -> _Class:
    """Let a class under `@dataclass(frozen=True, slots=True)` fill its slots directly: for what every lookup makes.

    Raises:
        TypeError: a field that is given by keyword only, or not to `__init__`: none of ours is.
    """
    scope: dict[str, Any] = {"_MISSING": MISSING}
    parameters, lines, defaults = ["self"], [], []
    for field in fields(cls):
        name = value = field.name
        if field.kw_only or not field.init:
            raise TypeError(f"{cls.__name__}.{name}: got a field of its own kind, expected one that is simply given")
        scope[f"_set_{name}"] = getattr(cls, name).__set__
        if field.default_factory is not MISSING:
            scope[f"_make_{name}"] = field.default_factory
            value = f"_make_{name}() if {name} is _MISSING else {name}"
        if field.default is not MISSING or field.default_factory is not MISSING:
            defaults.append(field.default)
        parameters.append(name)
        lines.append(f"  _set_{name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("  self.__post_init__()")
    # Nothing but the names of our own fields stands in it; `dataclasses` makes its methods in the same way.
    exec(f"def __init__({', '.join(parameters)}):\n" + "\n".join(lines), scope)  # noqa: S102
    init = scope["__init__"]
    init.__defaults__ = tuple(defaults)
    type.__setattr__(cls, "__init__", update_wrapper(init, vars(cls)["__init__"]))
    return cls

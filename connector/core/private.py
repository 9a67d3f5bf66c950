"""Values that must not show by accident: in a log line, an exception text, a traceback or a pickle.

`Private` is a mixin for the frozen dataclasses that hold something personal. It leaves the explicit doors open: the
fields themselves, `to_json()` of a type that has one, and `dataclasses.asdict`; whoever writes one of those down
decides to.
"""

from typing import Any, NoReturn, Self, SupportsIndex

REDACTED = "[redacted]"

_SHOWING = ("__repr__", "__str__", "__format__", "__reduce_ex__")


class Private:
    """Print as `[redacted]` whatever the way of printing, and refuse to be pickled.

    For `@dataclass(frozen=True, slots=True, repr=False)`: equality and hash stay those of the dataclass. Forgetting
    `repr=False` is refused when the class is made, since the generated `__repr__` would show the fields.
    """

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in _SHOWING:
            if name in cls.__dict__:
                raise TypeError(f"{cls.__name__} defines {name}: a private value prints as {REDACTED} (repr=False)")

    def __repr__(self) -> str:
        return REDACTED

    def __str__(self) -> str:
        return REDACTED

    def __format__(self, format_spec: str) -> str:
        return REDACTED

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a private value is not pickled: write down the fields you mean to keep")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def shape_of(text: str) -> str:
    """Tell the length of a text, for an error that must not repeat it."""
    if not text:
        return "nothing"
    return "1 character" if len(text) == 1 else f"{len(text)} characters"

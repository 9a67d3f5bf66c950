"""Values of `core` as JSON and back, for the sealed part of a row.

A dataclass is an object with its fields by name; one that was added since takes its default when an older row lacks it,
and a field that is no more is passed over. Enums stand as their values, bytes as base64url, instants as integers. What
comes out has gone through the constructors again, so a value that exists is valid. Compiled once per type: lookups
write such rows too.
"""

# ruff: noqa: ANN401 (a codec goes by the types it is given at run time)

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import Enum, StrEnum
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Generic, NewType, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from connector.core import b64
from connector.core.codes import Code
from connector.core.errors import ConnectorError, FailedClosed

T = TypeVar("T")

_dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_load = json.JSONDecoder().decode


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """Writes and reads values of one dataclass."""

    to_json: Callable[[T], Any]
    from_json: Callable[[Any], T]

    def encode(self, value: T) -> bytes:
        """Give the value as compact JSON in UTF-8.

        Raises:
            ValueError: a text holds a lone surrogate, or a free mapping something that JSON has not.
        """
        return _dump(self.to_json(value)).encode()

    def decode(self, data: bytes) -> T:
        """Read what `encode` gave.

        Raises:
            FailedClosed: `state.unavailable`, the row does not hold such a value.
        """
        try:
            return self.from_json(_load(data.decode()))
        except (ValueError, TypeError, KeyError, AttributeError, ConnectorError):
            # `from None`: the original may hold the value.
            raise FailedClosed(
                "state: a row does not hold the value that was written there",
                code=Code.STATE_UNAVAILABLE,
                hint="the state directory is damaged or of another version: restore it",
            ) from None


_compiled: dict[type[Any], Codec[Any]] = {}


def codec_of(cls: type[T]) -> Codec[T]:
    """Give the codec of a dataclass.

    Raises:
        TypeError: it has a field of a type that is not taken here.
    """
    codec = _compiled.get(cls)
    if codec is None:
        codec = _compiled[cls] = Codec(*_compile(cls))
    return codec


_Pair: TypeAlias = tuple[Callable[[Any], Any], Callable[[Any], Any]]


def _compile(hint: Any) -> _Pair:
    if isinstance(hint, NewType):
        return _compile(hint.__supertype__)
    if hint is Any:
        return _same, _same
    if hint in (str, int, bool):
        return _same, _exactly(hint)
    if hint is bytes:
        return b64.encode, b64.decode
    origin = get_origin(hint)
    if origin in (UnionType, Union):
        return _compile_optional(hint)
    if origin is tuple and len(get_args(hint)) == 2 and get_args(hint)[1] is Ellipsis:
        to_json, from_json = _compile(get_args(hint)[0])
        return lambda v: [to_json(item) for item in v], lambda v: tuple(from_json(item) for item in v)
    if origin is frozenset:
        to_json, from_json = _compile(get_args(hint)[0])
        return lambda v: sorted(to_json(item) for item in v), lambda v: frozenset(from_json(item) for item in v)
    if origin is Mapping and get_args(hint)[0] is str:
        to_json, from_json = _compile(get_args(hint)[1])
        return (
            lambda v: {key: to_json(item) for key, item in v.items()},
            lambda v: {key: from_json(item) for key, item in v.items()},
        )
    if isinstance(hint, type) and issubclass(hint, Enum):
        # One of texts is its text to JSON already.
        return _same if issubclass(hint, StrEnum) else lambda v: v.value, hint
    if isinstance(hint, type) and is_dataclass(hint):
        return _compile_dataclass(hint)
    raise TypeError(f"{hint} has no JSON form in a row")


def _compile_optional(hint: Any) -> _Pair:
    members = [member for member in get_args(hint) if member is not NoneType]
    if len(members) != 1 or len(get_args(hint)) != 2:
        raise TypeError(f"{hint} has no JSON form in a row: only `X | None` has")
    to_json, from_json = _compile(members[0])
    return lambda v: None if v is None else to_json(v), lambda v: None if v is None else from_json(v)


def _compile_dataclass(cls: type[Any]) -> _Pair:
    hints = get_type_hints(cls)
    parts = [(field.name, *_compile(hints[field.name]), _has_default(field)) for field in fields(cls)]

    names = tuple(name for name, *_ in parts)
    values = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)
    encoded = tuple((name, encode) for name, encode, _, _ in parts if encode is not _same)

    def to_json(value: Any) -> dict[str, Any]:
        found = dict(zip(names, values(value), strict=True))
        for name, encode in encoded:
            found[name] = encode(found[name])
        return found

    def from_json(found: Any) -> Any:
        return cls(
            **{name: decode(found[name]) for name, _, decode, may_lack in parts if not may_lack or name in found}
        )

    return to_json, from_json


def _has_default(field: "Field[Any]") -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _same(value: Any) -> Any:
    return value


def _exactly(cls: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if type(value) is not cls:
            raise TypeError(f"expected {cls.__name__}")
        return value

    return check

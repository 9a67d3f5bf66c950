"""Members of a JSON object that another member wrote, read one by one into the types of the protocol.

`Claims` knows the encodings of PROTOCOL section 2 (ids, hashes, NumericDate) and tells a member that is missing from
one that is wrong, by its dotted name and never by its value. Which error that becomes is the caller's business: a
mandate, a receipt and a Bundle are wrong in different people's eyes. Members nobody asks for are ignored.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, TypeVar

from connector.core.coded import Coded
from connector.core.errors import IdentityFault
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.private import shape_of
from connector.wire import b64

VERSION: Final = 1
"""`ver` of mandate, receipt and acknowledgement."""

HASH_BYTES: Final = 32
MAX_TEXT: Final = 100
"""Characters of a text for people: a name, a role, a title (our rule; with it a mandate fits its 4 kB)."""

MAX_INTEGER: Final = 2**53 - 1
_MAX_URI: Final = 200
LAST_INSTANT: Final = 253_402_300_799
"""9999-12-31T23:59:59Z: RFC 3339 has no year beyond, so no instant of a peer may be one."""

_ID: Final = re.compile(r"[0-9a-f]{32}")

_E = TypeVar("_E", bound=StrEnum)


class ClaimFault(ValueError):
    """A member that is missing or wrong: its dotted name, what kind of value it has and what was expected."""

    def __init__(self, name: str, value: object, expected: str) -> None:
        super().__init__(f"{name}: got {_kind(value)}, expected {expected}")
        self.name, self.expected, self.missing = name, expected, value is None


def _kind(value: object) -> str:
    """Tell what a value is without showing it."""
    if isinstance(value, str):
        return f"a text ({shape_of(value)})"
    return {type(None): "nothing", bool: "true or false", dict: "an object", list: "an array"}.get(
        type(value), "a number"
    )


class Claims:
    """One JSON object; each reader raises `ClaimFault` for a member that is missing, null or not of its type."""

    __slots__ = ("_name", "_parent", "_values")

    def __init__(self, values: Mapping[str, Any], name: str = "", parent: "Claims | None" = None) -> None:
        """Take the object; `name` is its own within `parent`, for messages."""
        self._values, self._name, self._parent = values, name, parent

    def has(self, name: str) -> bool:
        """Whether the member is there and not null."""
        return self._values.get(name) is not None

    def fault(self, name: str, expected: str) -> ClaimFault:
        """Make the fault of a member whose value is wrong."""
        return ClaimFault(self._path(name), self._values.get(name), expected)

    def _path(self, name: str) -> str:
        path = f"{self._name}.{name}" if self._name else name
        return path if self._parent is None else self._parent._path(path)  # noqa: SLF001 (of the same class)

    def object(self, name: str) -> "Claims":
        """Read an object."""
        value = self._values.get(name)
        if not isinstance(value, dict):
            raise self.fault(name, "an object")
        return Claims(value, name, self)

    def array(self, name: str) -> list[Any]:
        """Read an array, its items as they are."""
        value = self._values.get(name)
        if not isinstance(value, list):
            raise self.fault(name, "an array")
        return value

    def string(self, name: str, expected: str = "a text") -> str:
        """Read a text of any content, for a reader that judges it by itself."""
        value = self._values.get(name)
        if not isinstance(value, str):
            raise self.fault(name, expected)
        return value

    def strings(self, names: Sequence[str]) -> dict[str, str]:
        """Read several texts of any content, as `string` does one by one."""
        values: dict[str, Any] = dict(zip(names, map(self._values.get, names), strict=True))
        if set(map(type, values.values())) != {str}:
            return {name: self.string(name) for name in names}
        return values

    def text(self, name: str, *, longest: int = MAX_TEXT) -> str:
        """Read a text for people: printable, neither empty nor only spaces, at most `longest` characters."""
        value = self._values.get(name)
        if not (isinstance(value, str) and 0 < len(value) <= longest and value.isprintable() and not value.isspace()):
            raise self.fault(name, f"1 to {longest} printable characters")
        return value

    def flag(self, name: str) -> bool:
        """Read true or false."""
        value = self._values.get(name)
        if not isinstance(value, bool):
            raise self.fault(name, "true or false")
        return value

    def integer(self, name: str, *, lowest: int = 0, highest: int = MAX_INTEGER) -> int:
        """Read an integer written without fraction or exponent; true and false are none."""
        value = self._values.get(name)
        # By `type`, since true and false are integers to `isinstance`.
        if type(value) is not int or not lowest <= value <= highest:
            raise self.fault(name, f"an integer from {lowest} to {highest}")
        return value

    def instant(self, name: str) -> Instant:
        """Read a NumericDate of whole seconds before the year 10000."""
        at = self.instant_or_none(name)
        if at is None:
            raise self.fault(name, f"an integer from 0 to {LAST_INSTANT}")
        return at

    def instant_or_none(self, name: str) -> Instant | None:
        """Give a NumericDate, None where `instant` would refuse it."""
        value = self._values.get(name)
        return Instant(value) if type(value) is int and 0 <= value <= LAST_INSTANT else None

    def id(self, name: str) -> str:
        """Read an id of 32 lower-case hex characters."""
        value = self.id_or_none(name)
        if value is None:
            raise self.fault(name, "32 lower-case hex characters")
        return value

    def id_or_none(self, name: str) -> str | None:
        """Give an id, None where `id` would refuse it."""
        value = self._values.get(name)
        return value if isinstance(value, str) and _ID.fullmatch(value) else None

    def sha256(self, name: str) -> bytes:
        """Read a SHA-256 in base64url."""
        expected = "a SHA-256 in base64url, 43 characters"
        try:
            return b64.decode(self.string(name, expected), size=HASH_BYTES)
        except ClaimFault:
            raise
        except ValueError:
            raise self.fault(name, expected) from None

    def member(self, name: str) -> MemberId:
        """Read a member id; its check digit is left to the directory."""
        try:
            return MemberId(self.string(name, "a member id"))
        except IdentityFault:
            raise self.fault(name, "a member id") from None

    def choice(self, name: str, among: type[_E]) -> _E:
        """Read one word of a closed list."""
        words: dict[str, _E] = _words(among)
        try:
            return words[self._values[name]]
        except (KeyError, TypeError):
            raise self.fault(name, "one of " + ", ".join(among)) from None

    def coded(self, name: str) -> Coded:
        """Read `{system, code}`."""
        value: Any = self._values.get(name)
        try:
            return _coded(value["system"], value["code"])
        except (TypeError, KeyError, ClaimFault):  # told below, by its whole name
            return self.object(name).coding()

    def coding(self) -> Coded:
        """Read this object itself as `{system, code}`."""
        try:
            return _coded(self._values.get("system"), self._values.get("code"))
        except (TypeError, ClaimFault):  # told below, by its whole name
            return Coded(self.text("system", longest=_MAX_URI), self.text("code"))


@lru_cache(maxsize=64, typed=True)
def _coded(system: object, code: object) -> Coded:
    """Check and make the value once for the few codes in use; none of them is about a person.

    Raises:
        ClaimFault: one of the two is wrong: such a pair is never kept.
        TypeError: one of them is an array or an object.
    """
    claims = Claims({"system": system, "code": code})
    return Coded(claims.text("system", longest=_MAX_URI), claims.text("code"))


@lru_cache(maxsize=64)
def _words(among: type[_E]) -> dict[str, _E]:
    """Give a closed list by its words: looking one up takes a tenth of asking the enumeration."""
    return {word.value: word for word in among}

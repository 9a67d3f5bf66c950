"""Reading the directory's own JSON files: every fault is gathered with the place where it stands.

Readers ignore fields that they do not know, so that a newer signer does not break an older reader; signers refuse them
(`strict`), so that nothing unforeseen is ever published. No message repeats a value that could be personal.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from connector.core.errors import ConnectorError
from connector.core.instant import Instant, parse_rfc3339
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.wire.json_strict import NotStrictJson, read_object

MAX_TEXT: Final = 200
MAX_LIST: Final = 200
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NUMERIC: Final = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*")
"""Addresses in the forms that only a resolver still reads, such as 127.1: nobody needs them, so they are refused."""
_T = TypeVar("_T")


def read_json(data: bytes, version: int, faults: list[str]) -> dict[str, Any]:
    """Read one object whose `v` is the version that is known; faults are added to the list."""
    try:
        found = read_object(data)
    except NotStrictJson as error:
        faults.append(f"not strict JSON: {error}")
        return {}
    if found.get("v") != version:
        faults.append(f"v: expected {version}: update the connector")
        return {}
    return found


class Fields:
    """The fields of one JSON object, read one by one."""

    def __init__(self, where: str, row: object, faults: list[str], known: frozenset[str], *, strict: bool) -> None:
        self._where, self.faults = where, faults
        self._row: Mapping[str, Any] = row if isinstance(row, dict) else {}
        if not isinstance(row, dict):
            self.fault("", "expected an object")
        elif strict:
            for number, key in enumerate(sorted(row.keys() - known), 1):
                shown = f'"{key}"' if re.fullmatch(r"[a-z_]{1,40}", key) else f"number {number}"
                self.fault("", f"unknown field {shown}")

    def fault(self, key: str, text: str) -> None:
        """Add a fault at a field of this object."""
        self.faults.append(": ".join(part for part in (self._where, key, text) if part))

    def text(self, key: str, *, needed: bool = True, longest: int = MAX_TEXT) -> str:
        """Read one line of text."""
        value = self._row.get(key)
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or (needed and not value):
            self.fault(key, "expected a text")
            return ""
        return self._line(key, value, longest)

    def texts(self, key: str, *, longest: int = MAX_TEXT) -> tuple[str, ...]:
        """Read a list of texts, none twice; absent means empty."""
        value = self._row.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            self.fault(key, "expected a list of texts")
            return ()
        if len(value) > MAX_LIST or len(set(value)) != len(value):
            self.fault(key, f"expected at most {MAX_LIST} texts, none twice")
            return ()
        return tuple(self._line(key, item, longest) for item in value)

    def rows(self, key: str) -> list[object]:
        """Read a list of objects; absent means empty."""
        value = self._row.get(key, [])
        if not isinstance(value, list):
            self.fault(key, "expected a list")
            return []
        return value

    def row(self, key: str) -> object:
        """Give the object below a field."""
        return self._row.get(key)

    def integers(self, key: str) -> tuple[int, ...]:
        """Read a list of whole numbers, at least one."""
        value = self._row.get(key)
        if not isinstance(value, list) or not value or not all(type(item) is int and item > 0 for item in value):
            self.fault(key, "expected a list of whole numbers above 0")
            return ()
        return tuple(value)

    def instant(self, key: str) -> Instant | None:
        """Read an instant, or None where the field is absent or null."""
        value = self._row.get(key)
        if value is None:
            return None
        return self._parsed(key, value, parse_rfc3339, "expected YYYY-MM-DDThh:mm:ssZ")

    def needed_instant(self, key: str) -> Instant:
        """Read an instant that must be there; 0 after a fault."""
        value = self.instant(key)
        if value is None and self._row.get(key) is None:
            self.fault(key, "expected YYYY-MM-DDThh:mm:ssZ")
        return value or Instant(0)

    def member(self, key: str, environment: Environment, warnings: list[str] | None = None) -> MemberId | None:
        """Read a member id. A wrong check digit is refused in production, and a warning in test (issue 6)."""
        value = self._row.get(key)
        if value is None:
            return None
        strict = environment is Environment.PRODUCTION
        found = self._parsed(key, value, lambda text: MemberId.parse(text, strict=strict), "no member id that is right")
        if found is not None and not found.check_digit_ok and warnings is not None:
            warnings.append(f"{found.value}: its check digit does not match, which only a test federation lets pass")
        return found

    def choice(self, key: str, kind: Callable[[str], _T], expected: str) -> _T | None:
        """Read one value of a closed list."""
        return self._parsed(key, self._row.get(key, ""), kind, f"expected one of {expected}")

    def _parsed(self, key: str, value: object, parse: Callable[[str], _T], expected: str) -> _T | None:
        try:
            if isinstance(value, str):
                return parse(value)
        except ConnectorError as error:
            self.fault(key, error.message)
            return None
        except ValueError:
            pass
        self.fault(key, expected)
        return None

    def _line(self, key: str, value: str, longest: int) -> str:
        if len(value) > longest or _CONTROL.search(value) or value != value.strip():
            self.fault(key, f"expected one line of at most {longest} characters without spaces around it")
            return ""
        return value


def endpoint_fault(endpoint: str, environment: Environment) -> str | None:
    """Say what is wrong with an endpoint: it must be https://HOST[:PORT], and not this machine in production."""
    try:
        parts = urlsplit(endpoint)
        port_ok = parts.port is None or parts.port > 0
    except ValueError:
        return "expected https://HOST[:PORT]"
    host = parts.hostname or ""
    plain = not (parts.username or parts.password or parts.path or parts.query or parts.fragment)
    if parts.scheme != "https" or not host or not plain or not port_ok or endpoint != endpoint.strip():
        return "expected https://HOST[:PORT] and nothing after it"
    if environment is Environment.PRODUCTION and is_loopback(host):
        return "is on loopback, which no other service can reach"
    return None


def is_loopback(host: str) -> bool:
    """Whether a host name or address means the machine itself."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith((".localhost", ".localdomain")):
        return True
    try:
        address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return _NUMERIC.fullmatch(name) is not None
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback or (mapped or address).is_unspecified)

"""The members list as a local TOML file, for a trial between services that know each other.

It stands in for the signed directory of a federation; its version in receipts is `file:<sha-256 of its bytes>`, so that
evidence says which list was believed. A file that does not parse as a whole is
refused as a whole, and the one before stays in force.
"""

import base64
import binascii
import hashlib
import tomllib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from connector.core.directory import MAX_PINS, KeyUse, Member, MemberChange, MemberKey, MemberStatus, TlsBinding
from connector.core.errors import ConfigFault, ConnectorError
from connector.core.faults import Fault, reason
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.ports import DirectoryFiles
from connector.directory.age import Freshness, Staleness
from connector.directory.followers import Followers
from connector.directory.refusal import Finding
from connector.directory.toml_problems import place_of, problem_of

_MEMBER_KEYS = frozenset(
    {
        "id", "name", "status", "endpoint", "pins", "key", "former_names", "towns", "departements",
        "protocol_versions", "size_class", "contact", "status_since",
    }
)  # fmt: skip
_KEY_KEYS = frozenset({"kid", "use", "algorithm", "public", "valid_from", "valid_until", "compromised_since"})
_Choice = TypeVar("_Choice", MemberStatus, KeyUse)
_ALGORITHMS = {KeyUse.SIGN: frozenset({"ES256", "PS256"}), KeyUse.LEDGER: frozenset({"EdDSA"})}


class NoFiles:
    """`core.ports.DirectoryFiles` of a local list: there is nothing to mirror."""

    def read(self, _path: str) -> bytes | None:
        """Hold nothing."""
        return None


class MembersFile:
    """The directory port over a file. `reload` swaps the whole list at once and tells who changed."""

    def __init__(self, path: Path, environment: Environment) -> None:
        self._path, self._environment = path, environment
        self._followers = Followers()
        self.content = b""
        self._members, self._version = self._read()
        self._index()

    @property
    def version(self) -> str:
        """`file:` and the SHA-256 of the file, base64url."""
        return self._version

    def get(self, member: MemberId) -> Member | None:
        """Give the member of that id, whatever its status."""
        return self._members.get(member)

    def members(self) -> Sequence[Member]:
        """Give all members in the order of the file."""
        return tuple(self._members.values())

    def by_certificate(self, spki_sha256: str, subject_ous: tuple[str, ...]) -> Member | None:
        """Give the member of a certificate: by pin, else the one without pins whose id is a subject OU."""
        pinned = self._by_pin.get(spki_sha256)
        if pinned is not None:
            return pinned
        named = [m for ou in subject_ous if (m := self._by_ou.get(ou)) is not None]
        return named[0] if len(named) == 1 else None

    def changes(self) -> AsyncIterator[MemberChange]:
        """Follow the members that changed at a reload, from now on."""
        return self._followers.changes()

    def reload(self) -> bool:
        """Read the file again; whether anything changed.

        Raises:
            ConfigFault: the file has faults; the list before stays in force.
        """
        members, version = self._read()
        if version == self._version:
            return False
        before = self._members
        self._members, self._version = members, version
        self._index()
        self._followers.tell(before, members)
        return True

    # ------------------------------------------------------------ directory.ports.KeptDirectory

    @property
    def refreshed_at(self) -> Instant | None:
        """Give None: no copies are asked."""
        return None

    @property
    def files(self) -> DirectoryFiles:
        """Give nothing to other members."""
        return NoFiles()

    async def refresh(self) -> bool:
        """Read the file again; whether anything changed.

        Raises:
            ConfigFault: the file has faults; the list before stays in force.
        """
        return self.reload()

    def tick(self) -> None:
        """Do nothing: time changes nothing in a file."""

    def last_known(self, member: MemberId) -> Member | None:
        """Give the member of that id."""
        return self.get(member)

    def not_ready(self) -> str | None:
        """Say nothing: a file that was read is in force until it is read again."""
        return None

    def staleness(self) -> Staleness:
        """Say that it has no end, and what it is."""
        return Staleness(Freshness.FRESH, None, Fault("age.trial"))

    def findings(self) -> tuple[Finding, ...]:
        """Give nothing: a file with faults is not taken."""
        return ()

    def copies(self) -> int | None:
        """Give None: nobody else has it."""
        return None

    def _index(self) -> None:
        self._by_pin = {pin: m for m in self._members.values() for pin in m.tls.pins}
        self._by_ou = {m.id.value: m for m in self._members.values() if not m.tls.pins}

    def _read(self) -> tuple[dict[MemberId, Member], str]:
        try:
            self.content = self._path.read_bytes()
        except OSError as error:
            raise _fault(self._path.name, [Fault("members.unreadable", {"reason": reason(error)})]) from None
        return read_members(self.content, self._environment, self._path.name)


def read_members(raw: bytes, environment: Environment, name: str) -> tuple[dict[MemberId, Member], str]:
    """Read a members file; give its members, and its version.

    Args:
        raw: the file.
        environment: production refuses ids with a wrong check digit, and addresses on loopback.
        name: what faults call it.

    Raises:
        ConfigFault: the file has faults: all of them are in it.
    """
    try:
        data = tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _fault(name, [Fault("members.not-utf8")]) from None
    except tomllib.TOMLDecodeError as error:
        said, line, column = place_of(error)
        values = {"text": str(error), "problem": problem_of(said), "line": line, "column": column}
        raise _fault(name, [Fault("members.not-toml", values)]) from None
    reader = _Reader(environment)
    members = reader.members(data)
    if reader.faults:
        raise _fault(name, reader.faults)
    digest = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()
    return members, f"file:{digest}"


def _fault(name: str, faults: list[Fault]) -> ConfigFault:
    told = [replace(fault, part=f"{name}: {fault.part}" if fault.part else name) for fault in faults]
    return ConfigFault.of_all("members file:\n" + "\n".join(map(str, told)), told)


class _Reader:
    """One reading of the file: gathers every fault instead of stopping at the first."""

    def __init__(self, environment: Environment) -> None:
        self.faults: list[Fault] = []
        self._environment = environment

    def _tell(self, part: str, kind: str, /, **values: object) -> None:
        self.faults.append(Fault(kind, values, part=part))

    def members(self, data: Mapping[str, Any]) -> dict[MemberId, Member]:
        self._unknown("file", data, frozenset({"member"}))
        rows = data.get("member", [])
        if not isinstance(rows, list) or not rows:
            self._tell("", "members.none")
            return {}
        found: dict[MemberId, Member] = {}
        owners: dict[bytes, str] = {}
        for number, row in enumerate(rows, 1):
            member = self._member(f"member {number}", row)
            if member is None:
                continue
            if member.id in found:
                self._tell(f"member {number}", "members.twice", member=member.id.value)
            for key in member.keys:
                other = owners.setdefault(key.public_der, member.id.value)
                if other != member.id.value:
                    self._tell(f"member {number}", "members.shared-key", kid=key.kid, other=other)
            found[member.id] = member
        return found

    def _member(self, where: str, row: Mapping[str, Any]) -> Member | None:
        before = len(self.faults)
        self._unknown(where, row, _MEMBER_KEYS)
        try:
            member_id = MemberId.parse(self._text(where, row, "id"), strict=self._environment is Environment.PRODUCTION)
        except ConnectorError as error:
            self._tell(where, "members.id", text=error.message)
            return None
        where = f"member {member_id.value}"
        endpoint = self._text(where, row, "endpoint").rstrip("/")
        parts = urlsplit(endpoint)
        if parts.scheme != "https" or not parts.hostname or parts.username or parts.path or parts.query:
            self._tell(f"{where}: endpoint", "members.endpoint")
        elif self._environment is Environment.PRODUCTION and parts.hostname in {"localhost", "127.0.0.1", "::1"}:
            self._tell(f"{where}: endpoint", "members.loopback")
        pins = self._texts(where, row, "pins")
        if len(pins) > MAX_PINS or any(len(pin) != 43 for pin in pins):
            self._tell(f"{where}: pins", "members.pins")
        status = self._choice(where, row, "status", MemberStatus)
        keys = [self._key(f"{where} key {n}", key) for n, key in enumerate(row.get("key", []), 1)]
        if len({key.kid for key in keys if key}) != len(keys):
            self._tell(where, "members.same-kid")
        if len(self.faults) > before or status is None:
            return None
        return Member(
            id=member_id,
            name=self._text(where, row, "name"),
            status=status,
            endpoint=endpoint,
            tls=TlsBinding(pins),
            keys=tuple(key for key in keys if key),
            former_names=self._texts(where, row, "former_names"),
            towns=self._texts(where, row, "towns"),
            departements=self._texts(where, row, "departements"),
            protocol_versions=tuple(row.get("protocol_versions", (1,))),
            size_class=str(row.get("size_class", "")),
            contact=str(row.get("contact", "")),
            status_since=self._instant(where, row, "status_since"),
        )

    def _key(self, where: str, row: Mapping[str, Any]) -> MemberKey | None:
        self._unknown(where, row, _KEY_KEYS)
        use = self._choice(where, row, "use", KeyUse)
        algorithm = self._text(where, row, "algorithm")
        if use and algorithm not in _ALGORITHMS[use]:
            self._tell(f"{where}: algorithm", "members.algorithm", allowed=sorted(_ALGORITHMS[use]), use=use.value)
        try:
            public = base64.b64decode(self._text(where, row, "public"), validate=True)
        except (binascii.Error, ValueError):
            self._tell(f"{where}: public", "members.public")
            return None
        begins, ends = self._instant(where, row, "valid_from"), self._instant(where, row, "valid_until")
        if begins is None or ends is None:
            self._tell(where, "members.validity")
            return None
        if use is None:
            return None
        compromised = self._instant(where, row, "compromised_since")
        return MemberKey(self._text(where, row, "kid"), use, algorithm, public, begins, ends, compromised)

    def _text(self, where: str, row: Mapping[str, Any], key: str) -> str:
        value = row.get(key)
        if not isinstance(value, str) or not value:
            self._tell(f"{where}: {key}", "members.text")
            return ""
        return value

    def _texts(self, where: str, row: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = row.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._tell(f"{where}: {key}", "members.texts")
            return ()
        return tuple(value)

    def _choice(self, where: str, row: Mapping[str, Any], key: str, kind: type[_Choice]) -> _Choice | None:
        try:
            return kind(row.get(key, ""))
        except ValueError:
            self._tell(f"{where}: {key}", "members.one-of", allowed=[word.value for word in kind])
            return None

    def _instant(self, where: str, row: Mapping[str, Any], key: str) -> Instant | None:
        value = row.get(key)
        if value is None:
            return None
        if not isinstance(value, datetime) or value.tzinfo is None:
            self._tell(f"{where}: {key}", "members.instant")
            return None
        return Instant(int(value.astimezone(UTC).timestamp()))

    def _unknown(self, where: str, row: Mapping[str, Any], known: frozenset[str]) -> None:
        for key in row.keys() - known:
            self._tell(where, "members.unknown", name=key)

"""The delegated part of a copy: each member's own role and entry, each operator's seat of the suspensions.

Called by `verify` once the targets are believed. What the operators signed wrong refuses the copy; what a member signed
wrong leaves out that member's part alone, and its last good form stays while its key still counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from tuf.api.metadata import DelegatedRole, Snapshot, Targets

from connector.core.errors import ConnectorError
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.directory import layout
from connector.directory.entry import Entry, read_entry
from connector.directory.memberships import Memberships, Standing
from connector.directory.metadata import (
    expires_at,
    file_of,
    hash_of,
    parse,
    public_value,
    require_match,
    require_signed,
)
from connector.directory.refusal import DirectoryRefused, Finding, Refusal
from connector.directory.suspensions import Suspension, read_suspensions

Read = Callable[[str, int, str | None], bytes | None]
"""Gives a file by its path below the base: at most so many bytes, and by this SHA-256 where it is known."""

_Content = TypeVar("_Content")
_OF_THE_COPY = frozenset({Refusal.TAMPERED, Refusal.MISSING, Refusal.TOO_LARGE, Refusal.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class Part(Generic[_Content]):
    """What one delegated role said: its content, its end, and the hash of its file."""

    content: _Content
    version: int
    expires_at: Instant
    role_sha256: str


class Copy:
    """The files of one copy, with the hashes under which they were taken."""

    def __init__(self, read: Read) -> None:
        self.read = read
        self.names: dict[str, str] = {}

    def needed(self, path: str, limit: int, sha256: str | None) -> bytes:
        """Give a file that must be there.

        Raises:
            DirectoryRefused: `missing`.
        """
        data = self.read(path, limit, sha256)
        if data is None:
            raise DirectoryRefused(Refusal.MISSING, f"{path}: this copy does not have it")
        self.names[path] = file_of(data)
        return data


class DelegatedRoles:
    """One pass over the delegated roles of a copy."""

    def __init__(
        self,
        copy: Copy,
        targets: Targets,
        snapshot: Snapshot,
        environment: Environment,
        carriable: Mapping[str, tuple[str, int]],
    ) -> None:
        self._copy, self._targets, self._snapshot, self._environment = copy, targets, snapshot, environment
        self._carriable = carriable
        self.entries: dict[MemberId, Part[Entry]] = {}
        self.seats: dict[str, Part[tuple[Suspension, ...]]] = {}
        self.findings: list[Finding] = []
        self.carried: set[str] = set()
        # Only versions whose signature was checked: a number that a stolen snapshot key made up must not count later.
        self.versions: dict[str, int] = {}

    def read(self, memberships: Memberships) -> None:
        """Take every delegated role.

        Raises:
            DirectoryRefused: `delegation`, `shared-key`, or a file that is missing or tampered with.
        """
        delegations = self._targets.delegations
        roles = (delegations.roles if delegations else None) or {}
        if delegations is not None and delegations.succinct_roles is not None:
            raise DirectoryRefused(Refusal.DELEGATION, "targets: delegates by hash, expected one role per member")
        members = {layout.member_role(row.id): row for row in memberships.members}
        owners: dict[str, str] = {}
        for role in roles.values():
            operator = layout.operator_of_role(role.name)
            if operator is not None:
                self._require_paths(role, layout.suspensions_path(operator))
                seat = self._seat(role.name, operator)
                if seat is not None:
                    self.seats[operator] = seat
                continue
            row = members.get(role.name)
            if row is None:
                raise DirectoryRefused(
                    Refusal.DELEGATION, f"{role.name}: delegated, and no member of that name is listed"
                )
            self._require_paths(role, layout.entry_path(row.id))
            for keyid in role.keyids:
                other = owners.setdefault(public_value(self._targets, keyid), role.name)
                if other != role.name:
                    raise DirectoryRefused(Refusal.SHARED_KEY, f"{role.name}: its key is also delegated to {other}")
            part = self._entry(row.id)
            if part is not None:
                self.entries[row.id] = part
        for name, row in members.items():
            if name not in roles and row.standing in {Standing.JOINED, Standing.SUSPENDED}:
                raise DirectoryRefused(Refusal.DELEGATION, f"{name}: has joined, and no key is delegated to it")

    @staticmethod
    def _require_paths(role: DelegatedRole, path: str) -> None:
        if role.paths != [path] or not role.terminating:
            raise DirectoryRefused(Refusal.DELEGATION, f"{role.name}: may sign other paths than {path}")

    def _entry(self, member: MemberId) -> Part[Entry] | None:
        def read(data: bytes) -> Entry:
            entry = read_entry(data, self._environment)
            if entry.member.id != member:
                raise DirectoryRefused(Refusal.ENTRY, f"entry: is about {entry.member.id}, expected {member}")
            return entry

        role, path = layout.member_role(member), layout.entry_path(member)
        return self._part(role, path, layout.MAX_ENTRY, read)

    def _seat(self, role: str, operator: str) -> Part[tuple[Suspension, ...]] | None:
        def read(data: bytes) -> tuple[Suspension, ...]:
            return read_suspensions(data, self._environment)

        path = layout.suspensions_path(operator)
        return self._part(role, path, layout.MAX_SUSPENSIONS, read)

    def _part(
        self,
        role: str,
        path: str,
        limit: int,
        read: Callable[[bytes], _Content],
    ) -> Part[_Content] | None:
        """Take a delegated role, or its last good form; None where nothing was ever published."""
        meta = self._snapshot.meta.get(f"{role}.json")
        if meta is None:
            return None
        role_path = layout.metadata_file(role, meta.version)
        data = self._copy.needed(role_path, layout.MAX_MEMBER_ROLE, hash_of(meta, role))
        require_match(meta, data, role)
        try:
            return self._content(role, path, limit, read, data, meta.version)
        except DirectoryRefused as error:
            if error.refusal in _OF_THE_COPY:
                raise
            self.findings.append(Finding(error.refusal, role, error.what))
        if role not in self._carriable:
            return None
        digest, version = self._carriable[role]
        old = self._copy.read("", layout.MAX_MEMBER_ROLE, digest)
        try:
            if old is None or file_of(old) != digest:
                return None
            kept = self._content(role, path, limit, read, old, version)
        except ConnectorError:
            # Its key no longer counts, or its files are gone: then nothing stands for it.
            return None
        self.carried.add(role)
        return kept

    def _content(
        self,
        role: str,
        path: str,
        limit: int,
        read: Callable[[bytes], _Content],
        data: bytes,
        version: int,
    ) -> Part[_Content]:
        metadata = parse(Targets, data, role)
        require_signed(self._targets, role, metadata)
        signed = metadata.signed
        if signed.version != version:
            raise DirectoryRefused(Refusal.MIXED, f"{role}: got version {signed.version}, expected {version}")
        if signed.delegations is not None or signed.targets.keys() != {path}:
            raise DirectoryRefused(Refusal.DELEGATION, f"{role}: signs something else than {path}")
        file = signed.targets[path]
        digest = hash_of(file, path)
        if file.length > limit:
            raise DirectoryRefused(Refusal.ENTRY, f"{path}: has {file.length} bytes, expected at most {limit}")
        content = self._copy.needed(layout.target_file(path, digest), limit, digest)
        require_match(file, content, path)
        part = Part(read(content), version, expires_at(signed), file_of(data))
        self.versions[role] = version
        return part

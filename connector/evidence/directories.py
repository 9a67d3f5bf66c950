"""The directories that an evidence file brings along, believed by a root or list that its reader trusts.

A key speaks for a member by the directory of the time; when it ended is told by all of them together: its own end, the
day from which it was declared stolen, or a later directory in which the member no longer lists it. Nothing here asks a
network or a clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from connector.core.directory import KeyUse, Member, MemberKey
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.directory.archive import Accepted
from connector.directory.delegated import Read
from connector.directory.metadata import file_of
from connector.directory.roster import FOREVER, roster
from connector.directory.verify import verify
from connector.wire.claims import Claims


@dataclass(frozen=True, slots=True)
class DirectoryOfTime:
    """A believed directory: which members it listed, from when on it was in force at the exporter's."""

    version: str
    accepted_at: Instant
    members: Mapping[MemberId, Member]


@dataclass(frozen=True, slots=True)
class KeyLife:
    """A key of a member over all directories: from when it counts, when it ended, and why."""

    key: MemberKey
    ended_at: Instant
    why: str


class Directories:
    """Believed directories, asked for the keys of a member."""

    def __init__(self, believed: Iterable[DirectoryOfTime]) -> None:
        self.believed: Final[Sequence[DirectoryOfTime]] = tuple(sorted(believed, key=lambda d: d.accepted_at))

    def name_of(self, member: MemberId) -> str:
        """Give a member's name as listed last, else its id."""
        for directory in reversed(self.believed):
            if member in directory.members:
                return directory.members[member].name
        return member.value

    def listed(self, member: MemberId, use: KeyUse) -> Sequence[MemberKey]:
        """Give the keys of a member as each directory lists them."""
        found = (d.members[member].keys for d in self.believed if member in d.members)
        return [key for keys in found for key in keys if key.use is use]

    def lives(self, member: MemberId, use: KeyUse, at: Instant) -> Sequence[KeyLife]:
        """Give the keys ever listed for a member; those of the directory in force at `at` come first."""
        keys: dict[tuple[str, bytes], MemberKey] = {}
        for directory in self._nearest(at):
            listed = directory.members.get(member)
            for key in listed.keys if listed is not None else ():
                if key.use is use:
                    keys.setdefault((key.kid, key.public_der), key)
        return [self._life(member, key) for key in keys.values()]

    def member_at(self, member: MemberId, at: Instant) -> Member | None:
        """Give the member of the time with every key ever listed for it, all of them without an end.

        For opening signatures alone; whether a key counted at that time is `lives`.
        """
        listed = next((d.members[member] for d in self._nearest(at) if member in d.members), None)
        if listed is None:
            return None
        lives = [life for use in KeyUse for life in self.lives(member, use, at)]
        unbounded = (replace(n.key, valid_from=Instant(0), valid_until=FOREVER, compromised_since=None) for n in lives)
        return replace(listed, keys=tuple(unbounded))

    def _nearest(self, at: Instant) -> list[DirectoryOfTime]:
        """Give the directory in force at an instant first, then the others, later ones before earlier."""
        before = [d for d in self.believed if d.accepted_at <= at]
        current = before[-1:]
        return current + [d for d in reversed(self.believed) if d not in current]

    def _life(self, member: MemberId, key: MemberKey) -> KeyLife:
        ends: list[tuple[Instant, str]] = []
        seen = False
        for directory in self.believed:
            listed = directory.members.get(member)
            if listed is None or not listed.keys:
                continue  # left out as a whole, which says nothing of one key
            found = next((k for k in listed.keys if (k.kid, k.public_der) == (key.kid, key.public_der)), None)
            if found is None:
                if seen:
                    ends.append((directory.accepted_at, "withdrawn"))
                continue
            seen = True
            ends.append((found.valid_until, "expired"))
            if found.compromised_since is not None:
                ends.append((found.compromised_since, "stolen"))
        ended_at, why = min(ends, default=(key.valid_until, "expired"))
        return KeyLife(key, ended_at, why)


# ---------------------------------------------------------------- signed directories in the file


def unpack(
    row: Mapping[str, Any], files: Mapping[str, bytes], anchor: bytes, environment: Environment
) -> DirectoryOfTime:
    """Judge a version by the file's own copy of it and the reader's root.

    Raises:
        DirectoryRefused: by which rule it is not believed.
        ValueError: the row has not the form of one.
    """
    accepted_at = Claims(row).instant("accepted_at")
    paths, carried = row.get("paths"), row.get("carried")
    if not isinstance(paths, dict) or not isinstance(carried, dict):
        raise ValueError("row of a directory")  # noqa: TRY004 (of what was read)
    kept = {str(role): (str(value[0]), int(value[1])) for role, value in carried.items()}

    def read(path: str, limit: int, sha256: str | None) -> bytes | None:
        data = files.get(sha256 or str(paths.get(path, "")))
        return data if data is not None and len(data) <= limit else None

    verified = verify(read, anchor=anchor, environment=environment, at=accepted_at, kept=kept, check_expiry=False)
    if verified.version != row.get("version"):
        raise ValueError("version of a directory")
    grace = max(0, accepted_at - verified.ends_at) + 1
    members = roster(verified, accepted_at, grace_seconds=grace).members
    return DirectoryOfTime(verified.version, accepted_at, dict(members))


class _Recording:
    """A reader that remembers what it gave: exactly what a later verification will ask for."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.files: dict[str, bytes] = {}
        self.paths: dict[str, str] = {}

    def __call__(self, path: str, limit: int, sha256: str | None) -> bytes | None:
        """Give a file, and remember it."""
        data = self._read(path, limit, sha256)
        if data is not None:
            digest = file_of(data)
            self.files[digest] = data
            self.paths.setdefault(path, digest)
        return data


def pack(
    archived: Read, record: Accepted, anchor: bytes, environment: Environment
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Take an archived version for a file: its row, and its files by SHA-256, judged on the way.

    Args:
        archived: its files, as `Archive.files` gives them.
        record: the version.
        anchor: the root with which its chain begins.
        environment: of the federation.

    Raises:
        DirectoryRefused: what is archived is no longer what was signed.
    """
    reading = _Recording(archived)
    verify(
        reading, anchor=anchor, environment=environment, at=record.accepted_at, kept=record.carried, check_expiry=False
    )
    row = {
        "version": record.version,
        "accepted_at": int(record.accepted_at),
        "carried": {role: list(kept) for role, kept in record.carried.items()},
        "paths": dict(sorted(reading.paths.items())),
    }
    return row, reading.files

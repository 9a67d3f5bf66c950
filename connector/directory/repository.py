"""A federation's published copy as a value: what is in it, what may be adopted into it, and how it is sealed.

Operators' tools and publishers share it. It is read from a folder, changed in memory, sealed with a new snapshot and
timestamp, judged by `verify` like any reader would, and only then written: the timestamp last, so that a reader meets
the old version or the new one. Which changes the operators decide is `ceremony`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from securesystemslib.signer import Signer
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.oid import Environment
from connector.core.units import DAY_SECONDS
from connector.directory import layout
from connector.directory.folder import read
from connector.directory.memberships import Memberships, read_memberships
from connector.directory.metadata import expires_at, file_of, hash_of, parse, require_match, signers_of
from connector.directory.refusal import DirectoryRefused, Refusal
from connector.directory.verify import Verified, verify

DAMAGED: Final = "copy the folder whole, from another operator or from where it is served"
RESIGN_AFTER: Final = DAY_SECONDS
"""A publisher signs a new timestamp daily, also when nothing changed (our rule)."""


@dataclass(frozen=True, slots=True)
class RoleFiles:
    """One delegated role: its metadata and the file that it names."""

    version: int
    role: bytes
    path: str
    target: bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """Version numbers that other publishers have reached."""

    snapshot: int = 0
    timestamp: int = 0


@dataclass(frozen=True, slots=True)
class Repository:
    """A copy with all that its next snapshot will name."""

    roots: tuple[bytes, ...] = ()
    targets: bytes = b""
    memberships: bytes = b""
    roles: Mapping[str, RoleFiles] = field(default_factory=dict)
    snapshot: bytes = b""
    timestamp: bytes = b""

    @property
    def root(self) -> Root:
        """The newest root."""
        return parse(Root, self.roots[-1], Root.type).signed

    @property
    def targets_signed(self) -> Targets:
        """The operators' metadata."""
        return parse(Targets, self.targets, Targets.type).signed

    @property
    def list_(self) -> Memberships:
        """The operators' list."""
        return read_memberships(self.memberships)

    @property
    def environment(self) -> Environment:
        """What the list is of."""
        return self.list_.environment

    def version_of(self, role: str) -> int:
        """Give the version of a delegated role, 0 where there is none."""
        return self.roles[role].version if role in self.roles else 0

    def accepts(self, role: str, files: RoleFiles, targets: Targets) -> bool:
        """Whether readers will take a role's files as newer: signed by the keys delegated in `targets`, within their
        limits, naming the one path delegated to it and nothing else, and that file to the byte.

        What a reader takes for a fault of the copy would let one member stop all: it must not get in.
        """
        if not 0 < files.version - self.version_of(role) <= layout.MAX_LEAP or len(files.role) > layout.MAX_MEMBER_ROLE:
            return False
        try:
            metadata = parse(Targets, files.role, role)
            signed, threshold = signers_of(targets, role, metadata)
            named = metadata.signed.targets
            delegated = targets.delegations.roles if targets.delegations else None
            if not delegated or delegated[role].paths != [files.path] or named.keys() != {files.path}:
                return False
            require_match(named[files.path], files.target, role)
        except DirectoryRefused:
            return False
        is_plain = metadata.signed.delegations is None
        return len(signed) >= threshold and metadata.signed.version == files.version and is_plain

    def with_role(self, role: str, files: RoleFiles) -> "Repository":
        """Give the copy with this role in the place of its older one."""
        return replace(self, roles={**self.roles, role: files})

    def sealed(self, signer: Signer, now: Instant, *, after: Seen | None = None) -> "Repository":
        """Give the copy with a new timestamp, and a new snapshot where anything in it changed or half its life is over.

        Args:
            signer: a publisher's key, listed in the root.
            now: when it is signed.
            after: the numbers that other publishers have reached, to go beyond; not those far out of reach, with which
                the thief of a publisher's key would use them up: they no longer count once a root names another key.
        """
        seen = after or Seen()
        metas = {f"{Targets.type}.json": _meta(self.targets_signed.version, self.targets)}
        metas |= {f"{role}.json": _meta(files.version, files.role) for role, files in sorted(self.roles.items())}
        old = parse(Snapshot, self.snapshot, Snapshot.type) if self.snapshot else None
        snapshot = self.snapshot
        # python-tuf's clients refuse a snapshot that no longer names what it named: nothing ever leaves it.
        half_gone = old is not None and expires_at(old.signed) - now < layout.LIFE[Snapshot.type] // 2
        is_signed = old is not None and bool(signers_of(self.root, Snapshot.type, old)[0])
        mine = old.signed.version if old else 0
        theirs = _within_reach(seen.snapshot, mine)
        if old is None or old.signed.meta != metas or half_gone or not is_signed or mine < theirs:
            version = max(mine, theirs) + 1
            snapshot = signed_bytes(Snapshot(version, expires=_end(now, Snapshot.type), meta=metas), signer)
        before = parse(Timestamp, self.timestamp, Timestamp.type).signed.version if self.timestamp else 0
        meta = _meta(parse(Snapshot, snapshot, Snapshot.type).signed.version, snapshot)
        version = max(before, _within_reach(seen.timestamp, before)) + 1
        new = Timestamp(version, expires=_end(now, Timestamp.type), snapshot_meta=meta)
        return replace(self, snapshot=snapshot, timestamp=signed_bytes(new, signer))

    def needs_timestamp(self, now: Instant) -> bool:
        """Whether the timestamp is a day old, or missing."""
        if not self.timestamp:
            return True
        left = expires_at(parse(Timestamp, self.timestamp, Timestamp.type).signed) - now
        return left <= layout.LIFE[Timestamp.type] - RESIGN_AFTER

    def files(self) -> dict[str, bytes]:
        """Give every file of the copy by its path below the base, the timestamp last."""
        found: dict[str, bytes] = {}
        for data in self.roots:
            found[layout.metadata_file(Root.type, parse(Root, data, Root.type).signed.version)] = data
        found[layout.target_file(layout.MEMBERSHIPS, file_of(self.memberships))] = self.memberships
        for role, files in self.roles.items():
            found[layout.target_file(files.path, file_of(files.target))] = files.target
            found[layout.metadata_file(role, files.version)] = files.role
        found[layout.metadata_file(Targets.type, self.targets_signed.version)] = self.targets
        version = parse(Snapshot, self.snapshot, Snapshot.type).signed.version
        found[layout.metadata_file(Snapshot.type, version)] = self.snapshot
        found[layout.metadata_file(Timestamp.type, None)] = self.timestamp
        return found

    def verified(self, now: Instant, *, check_expiry: bool = True) -> Verified:
        """Judge the copy as a reader would who knows its first root.

        Raises:
            DirectoryRefused: with the rule that was broken.
        """
        files = self.files()
        return verify(
            lambda path, _limit, _sha256: files.get(path),
            anchor=self.roots[0],
            environment=self.environment,
            at=now,
            check_expiry=check_expiry,
        )


def _within_reach(theirs: int, mine: int) -> int:
    return theirs if theirs - mine <= layout.MAX_LEAP else 0


def _end(now: Instant, role: str) -> datetime:
    return instant_end(now, layout.LIFE[role])


def instant_end(now: Instant, seconds: int) -> datetime:
    """Give the end of a life that begins now, as TUF's objects want it."""
    return datetime.fromtimestamp(now + seconds, UTC)


def _meta(version: int, data: bytes) -> MetaFile:
    return MetaFile(version, len(data), {"sha256": file_of(data)})


def signed_bytes(signed: Root | Timestamp | Snapshot | Targets, *signers: Signer) -> bytes:
    """Give metadata as its file, signed by these keys."""
    metadata: Metadata[Targets] = Metadata(signed)  # type: ignore[arg-type]
    for signer in signers:
        metadata.sign(signer, append=True)
    return bytes(metadata.to_bytes())


def delegated_role(path: str, target: bytes, version: int, ends_at: datetime, *signers: Signer) -> RoleFiles:
    """Sign one delegated role over one file."""
    file = TargetFile.from_data(path, target, ["sha256"])
    role = signed_bytes(Targets(version, expires=ends_at, targets={path: file}), *signers)
    return RoleFiles(version, role, path, target)


# ---------------------------------------------------------------- folders


def load(folder: Path) -> Repository | None:
    """Read the copy in a folder, or None where nothing was published yet.

    Raises:
        LocalRefused: the folder lacks files that its timestamp leads to, or has one that is not what was published.
        FailedClosed: `directory.unavailable`, a file of it cannot be read.
    """
    try:
        return _load(folder)
    except DirectoryRefused as error:
        raise LocalRefused(f"{folder}: {error.what}", hint=DAMAGED) from None


def _load(folder: Path) -> Repository | None:
    timestamp = read(folder / layout.metadata_file(Timestamp.type, None))
    if timestamp is None:
        return None
    meta = parse(Timestamp, timestamp, Timestamp.type).signed.snapshot_meta
    snapshot = _named(folder, layout.metadata_file(Snapshot.type, meta.version), meta)
    metas = dict(parse(Snapshot, snapshot, Snapshot.type).signed.meta)
    above = metas.pop(f"{Targets.type}.json", None)
    if above is None:
        raise DirectoryRefused(Refusal.MALFORMED, "snapshot: names no targets")
    targets = _named(folder, layout.metadata_file(Targets.type, above.version), above)
    roles = {
        role: read_role(folder, role, _named(folder, layout.metadata_file(role, meta.version), meta))
        for role, meta in ((name.removesuffix(".json"), meta) for name, meta in metas.items())
    }
    return Repository(
        _roots(folder), targets, read_role(folder, Targets.type, targets).target, roles, snapshot, timestamp
    )


def _roots(folder: Path) -> tuple[bytes, ...]:
    """Give the roots from the first one on, without a gap."""
    found: list[bytes] = []
    for version in range(1, layout.MAX_ROOTS + 2):
        data = read(folder / layout.metadata_file(Root.type, version))
        if data is not None and len(found) == version - 1:
            parse(Root, data, f"root {version}")
            found.append(data)
        elif data is not None or version == 1:
            _needed(folder, layout.metadata_file(Root.type, len(found) + 1))
    return tuple(found)


def read_role(folder: Path, role: str, data: bytes) -> RoleFiles:
    """Give a role with the one file that it names, from a copy's folder.

    Raises:
        LocalRefused: the file is not there.
        DirectoryRefused: it is not the one that is named, or none is.
        FailedClosed: `directory.unavailable`, it cannot be read.
    """
    signed = parse(Targets, data, role).signed
    if not signed.targets:
        raise DirectoryRefused(Refusal.MALFORMED, f"{role}: names no file")
    path, file = next(iter(signed.targets.items()))
    target = _named(folder, layout.target_file(path, hash_of(file, path)), file)
    return RoleFiles(signed.version, data, path, target)


def _named(folder: Path, path: str, meta: MetaFile | TargetFile) -> bytes:
    data = _needed(folder, path)
    require_match(meta, data, path)
    return data


def _needed(folder: Path, path: str) -> bytes:
    data = read(folder / path)
    if data is None:
        raise LocalRefused(f"{folder / path}: is not there", hint=DAMAGED)
    return data

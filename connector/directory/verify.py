"""The rules of the signed directory, applied to files at an instant: no network, no clock, no disk of its own.

The same function judges a mirror's copy now and an archived version at a past time. The rules, in the order in which
they are applied (TUF specification 5.3, without what concerns files and networks):

* the chain of roots begins at a root that is trusted from outside; each next one has version + 1 and is signed by the
  threshold of the root before and by its own;
* timestamp, snapshot and targets are signed by the thresholds of the last root, none is expired, each is exactly the
  file that the one above it names by version and SHA-256;
* no version is lower than in the version believed before, as long as the keys that signed that one still count;
* targets holds `memberships.json` and delegates `members/<id>.json` to `member-<id>`, `suspensions/<operator>.json` to
  `suspensions-<operator>`, and nothing else;
* a member's role names its own entry and nothing else, delegates nothing, and is signed by a key delegated to it.

A fault of the first kinds refuses the copy as a whole. A fault of one member's role or entry, which the operators
cannot help, leaves out that part alone: the last good one stays while its key still counts (`Finding`), so that no
member can stop the others. Who is a member now, and what entries may say beside each other, is `roster`'s question.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp

from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.directory import layout
from connector.directory.delegated import Copy, DelegatedRoles, Part, Read
from connector.directory.entry import Entry
from connector.directory.memberships import Memberships, read_memberships
from connector.directory.metadata import (
    expires_at,
    file_of,
    hash_of,
    meta_versions,
    parse,
    require_fresh,
    require_match,
    require_signed,
)
from connector.directory.refusal import DirectoryRefused, Finding, Refusal
from connector.directory.suspensions import Suspension
from connector.wire import b64

_Top = TypeVar("_Top", Snapshot, Targets)
_VERSION_HASH_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Verified:
    """A believed version of the directory."""

    roots: tuple[bytes, ...]
    timestamp: bytes
    versions: Mapping[str, int]
    ends: Mapping[str, Instant]
    memberships: Memberships
    entries: Mapping[MemberId, Part[Entry]]
    seats: Mapping[str, Part[tuple[Suspension, ...]]]
    names: Mapping[str, str]
    carried: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = field(default=(), compare=False)

    @property
    def version(self) -> str:
        """Targets and timestamp versions, and the beginning of the timestamp's hash: `tuf:3.41.<16 characters>`.

        Two publishers may make the same number; the hash says which of the two was believed.
        """
        digest = b64.encode(bytes.fromhex(file_of(self.timestamp))[:_VERSION_HASH_BYTES])
        return f"tuf:{self.versions['targets']}.{self.versions['timestamp']}.{digest}"

    def kept(self) -> dict[str, tuple[str, int]]:
        """Give each delegated role that was believed, by the SHA-256 of its file and its version."""
        parts: dict[str, Part[Entry] | Part[tuple[Suspension, ...]]] = {}
        parts.update({layout.member_role(member): part for member, part in self.entries.items()})
        parts.update({layout.seat_role(operator): part for operator, part in self.seats.items()})
        return {role: (part.role_sha256, part.version) for role, part in parts.items()}

    @property
    def ends_at(self) -> Instant:
        """The first end among root, targets, snapshot and timestamp: from then on it is not believed."""
        return min(self.ends.values())


def root_chain(anchor: bytes, read: Read) -> tuple[bytes, ...]:
    """Follow the roots from the trusted one to the newest that this copy has.

    Raises:
        DirectoryRefused: `wrong-root`, `signatures`, `rollback`, `malformed`, `delegation`.
    """
    current = parse(Root, anchor, "trusted root")
    require_signed(current.signed, Root.type, current)
    chain = [anchor]
    while len(chain) <= layout.MAX_ROOTS:
        version = current.signed.version + 1
        data = read(layout.metadata_file(Root.type, version), layout.MAX_BYTES[Root.type], None)
        if data is None:
            return tuple(chain)
        following = parse(Root, data, f"root {version}")
        require_signed(current.signed, Root.type, following, Refusal.WRONG_ROOT)
        require_signed(following.signed, Root.type, following)
        if following.signed.version != version:
            raise DirectoryRefused(
                Refusal.ROLLBACK, f"root: got version {following.signed.version}, expected {version}"
            )
        chain.append(data)
        current = following
    raise DirectoryRefused(Refusal.MALFORMED, f"root: more than {layout.MAX_ROOTS} rotations at once")


def check_timestamp(root: Root, data: bytes, at: Instant | None) -> Metadata[Timestamp]:
    """Judge a timestamp alone, to compare what several mirrors offer.

    Raises:
        DirectoryRefused: `malformed`, `signatures`, `expired`, `delegation`.
    """
    timestamp = parse(Timestamp, data, Timestamp.type)
    require_signed(root, Timestamp.type, timestamp)
    if at is not None:
        require_fresh(timestamp.signed, Timestamp.type, at)
    return timestamp


def verify(
    read: Read,
    *,
    anchor: bytes,
    environment: Environment,
    at: Instant,
    trusted: Verified | None = None,
    kept: Mapping[str, tuple[str, int]] | None = None,
    check_expiry: bool = True,
) -> Verified:
    """Judge a whole copy.

    Args:
        read: gives the files of the copy.
        anchor: a root trusted from outside, with which the chain begins.
        environment: production and test federations never mix.
        at: the instant for which it is judged.
        trusted: what was believed before, against which rollback is seen and from which parts are carried over.
        kept: the parts that were carried over, when an archived version is read again without the one before it.
        check_expiry: False to read again what was once believed, for a grace or as evidence.

    Raises:
        DirectoryRefused: with the rule that was broken.
    """
    carriable = dict(kept or {}) | (trusted.kept() if trusted else {})
    return _Verification(read, environment, at if check_expiry else None, trusted, carriable).run(anchor)


class _Verification:
    """One pass over a copy: the steps share the files' names, the findings and the time."""

    def __init__(
        self,
        read: Read,
        environment: Environment,
        at: Instant | None,
        trusted: Verified | None,
        carriable: Mapping[str, tuple[str, int]],
    ) -> None:
        self._copy, self._environment, self._at, self._trusted = Copy(read), environment, at, trusted
        self._carriable = carriable

    def run(self, anchor: bytes) -> Verified:
        roots = root_chain(anchor, self._copy.read)
        root = parse(Root, roots[-1], Root.type).signed
        for data in roots:
            path = layout.metadata_file(Root.type, parse(Root, data, Root.type).signed.version)
            self._copy.names[path] = file_of(data)
        if self._at is not None:
            require_fresh(root, Root.type, self._at)

        path = layout.metadata_file(Timestamp.type, None)
        timestamp_data = self._copy.needed(path, layout.MAX_BYTES[Timestamp.type], None)
        timestamp = check_timestamp(root, timestamp_data, self._at).signed
        snapshot = self._top(Snapshot, root, timestamp.snapshot_meta)
        self._refuse_rollback(root, timestamp, snapshot)
        targets_meta = snapshot.meta.get("targets.json")
        if targets_meta is None:
            raise DirectoryRefused(Refusal.MALFORMED, "snapshot: names no targets")
        targets = self._top(Targets, root, targets_meta)

        memberships = self._memberships(targets)
        delegated = DelegatedRoles(self._copy, targets, snapshot, self._environment, self._carriable)
        delegated.read(memberships)
        tops: dict[str, Root | Timestamp | Snapshot | Targets] = {
            "root": root, "timestamp": timestamp, "snapshot": snapshot, "targets": targets
        }  # fmt: skip
        return Verified(
            roots=roots,
            timestamp=timestamp_data,
            versions=delegated.versions | {name: signed.version for name, signed in tops.items()},
            ends={name: expires_at(signed) for name, signed in tops.items()},
            memberships=memberships,
            entries=delegated.entries,
            seats=delegated.seats,
            names=self._copy.names,
            carried=frozenset(delegated.carried),
            findings=tuple(delegated.findings),
        )

    def _top(self, kind: type[_Top], root: Root, meta: MetaFile) -> _Top:
        """Take snapshot or targets: named by the file above, signed, of that version, fresh."""
        path = layout.metadata_file(kind.type, meta.version)
        data = self._copy.needed(path, layout.MAX_BYTES[kind.type], hash_of(meta, kind.type))
        try:
            require_match(meta, data, kind.type)
        except DirectoryRefused:
            raise DirectoryRefused(
                Refusal.MIXED, f"{kind.type} {meta.version}: is not the one that the file above it names"
            ) from None
        found = parse(kind, data, kind.type)
        require_signed(root, kind.type, found)
        if found.signed.version != meta.version:
            raise DirectoryRefused(
                Refusal.MIXED, f"{kind.type}: got version {found.signed.version}, expected {meta.version}"
            )
        if self._at is not None:
            require_fresh(found.signed, kind.type, self._at)
        return found.signed

    def _refuse_rollback(self, root: Root, timestamp: Timestamp, snapshot: Snapshot) -> None:
        """Compare with what was believed before, unless the keys that signed that one no longer count: then whoever
        stole them may have pushed its numbers up (TUF specification 5.3.11).
        """
        before = self._trusted
        if before is None:
            return
        try:
            check_timestamp(root, before.timestamp, None)
        except DirectoryRefused:
            return
        if timestamp.version < before.versions["timestamp"]:
            raise DirectoryRefused(
                Refusal.ROLLBACK,
                f"timestamp: got version {timestamp.version}, {before.versions['timestamp']} was already believed",
            )
        now = dict(meta_versions(snapshot)) | {"snapshot": snapshot.version}
        for role, version in before.versions.items():
            if role in {"root", "timestamp"}:
                continue
            if now.get(role, 0) < version:
                raise DirectoryRefused(
                    Refusal.ROLLBACK, f"{role}: got version {now.get(role)}, {version} was already believed"
                )

    def _memberships(self, targets: Targets) -> Memberships:
        if targets.targets.keys() != {layout.MEMBERSHIPS}:
            raise DirectoryRefused(Refusal.DELEGATION, f"targets: expected exactly {layout.MEMBERSHIPS} of its own")
        file = targets.targets[layout.MEMBERSHIPS]
        digest = hash_of(file, layout.MEMBERSHIPS)
        data = self._copy.needed(layout.target_file(layout.MEMBERSHIPS, digest), layout.MAX_MEMBERSHIPS, digest)
        require_match(file, data, layout.MEMBERSHIPS)
        memberships = read_memberships(data)
        if memberships.environment is not self._environment:
            raise DirectoryRefused(
                Refusal.ENVIRONMENT,
                f"memberships: of a {memberships.environment} federation, this connector runs in {self._environment}",
                hint="compare [member] environment with the root file that was given to you",
            )
        return memberships

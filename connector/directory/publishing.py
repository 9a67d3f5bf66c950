"""Putting signed documents in force: by an operator at the ceremony, or by a publisher that runs for years.

A publisher holds the automated key of snapshot and timestamp. It takes what is complete and newer, from its folder,
from other publishers' copies and from members' own offers, and signs that this is the newest. It can decide nothing:
whoever steals its key can only hold news back, until the operators' targets expire or the root names another publisher.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Root, Targets, Timestamp

from connector.core.directory import MemberStatus
from connector.core.errors import ConnectorError, LocalRefused
from connector.core.instant import Instant, rfc3339
from connector.core.members import MemberId
from connector.directory import layout
from connector.directory.entry import read_entry
from connector.directory.fetch import HttpFetcher, Patience, Source
from connector.directory.metadata import file_of, parse, signers_of
from connector.directory.refresh import MirrorRefusal
from connector.directory.refusal import DirectoryRefused, Refusal
from connector.directory.repository import Repository, RoleFiles, Seen
from connector.directory.roster import roster
from connector.directory.suspensions import read_suspensions
from connector.directory.verify import Verified, verify
from connector.directory.workspace import Missing, Workspace
from connector.wire.json_strict import NotStrictJson, read_object

_TOP = frozenset({"root", "timestamp", "snapshot", "targets"})

Get = Callable[[str, int], bytes | None]
"""Gives a file of another place by path: at most so many bytes."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What a publication did."""

    version: str | None
    taken: tuple[str, ...]
    refused: tuple[str, ...]
    waiting: tuple[Missing, ...]
    mirrors: tuple[MirrorRefusal, ...] = ()


def publish(workspace: Workspace, signers: Sequence[CryptoSigner], now: Instant) -> Publication:
    """Take all that is completely signed, seal it and write it; what lacks signatures stays pending.

    Raises:
        LocalRefused: nothing was ever signed completely, or no key given is a publisher's.
        DirectoryRefused: the result is not what a reader would believe; nothing was written.
        FailedClosed: `directory.unavailable`, the disk refuses; the version before is in force.
    """
    with workspace.changing():
        return _publish(workspace, signers, now, workspace.published(), (), Seen(), always=True)


def publisher_round(
    workspace: Workspace,
    signers: Sequence[CryptoSigner],
    now: Instant,
    copies: Sequence[Source] = (),
    members: Callable[[MemberId, str], Source | None] = lambda _member, _endpoint: None,
    patience: Patience | None = None,
) -> Publication:
    """Do one round of an automated publisher: gather, and publish when something is new or the timestamp is a day old.

    Args:
        workspace: its folder.
        signers: its key.
        now: the instant of the round.
        copies: where other publishers publish.
        members: gives how to reach a member's offers, by id and endpoint, or None to leave it out.
        patience: how long one place may take.

    Raises:
        LocalRefused: as `publish`, or another command published during the round.
        DirectoryRefused, FailedClosed: as `publish`.
    """
    published = own = workspace.published()
    mirrors: list[MirrorRefusal] = []
    seen = Seen()
    for source in copies:
        with _Visit(source, patience, mirrors) as get:
            own, theirs = _merge(own, get, now)
            if theirs.timestamp - _timestamp_version(published) > layout.MAX_LEAP:
                what = "its numbers run far ahead of ours: ask whether a publisher's key was stolen"
                raise DirectoryRefused(Refusal.AHEAD, what)
            seen = Seen(max(seen.snapshot, theirs.snapshot), max(seen.timestamp, theirs.timestamp))
    offered = list(_offers(published, now, members, patience, mirrors)) if published is not None else []
    with workspace.changing():
        if workspace.published() != published:  # the numbers of this round would undo it
            raise LocalRefused(f"{workspace.folder}: another command published meanwhile", hint="try again")
        return _publish(workspace, signers, now, own, offered, seen, always=False, mirrors=tuple(mirrors))


def _timestamp_version(own: Repository | None) -> int:
    return parse(Timestamp, own.timestamp, Timestamp.type).signed.version if own is not None else 0


class _Visit:
    """A connection to one place, whose faults are noted and end the visit only."""

    def __init__(self, source: Source, patience: Patience | None, mirrors: list[MirrorRefusal]) -> None:
        self._source, self._patience, self._mirrors = source, patience, mirrors
        self._fetcher: HttpFetcher | None = None

    def __enter__(self) -> Get:
        return self._get

    def _get(self, path: str, limit: int) -> bytes | None:
        if self._fetcher is None:
            self._fetcher = HttpFetcher(self._source, self._patience)
        return self._fetcher.get(path, limit)

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if self._fetcher is not None:
            self._fetcher.close()
        if isinstance(error, DirectoryRefused):
            self._mirrors.append(MirrorRefusal(self._source.name, error.refusal, error.what))
            return True
        return False


def _merge(own: Repository | None, get: Get, now: Instant) -> tuple[Repository, Seen]:
    """Adopt what another copy has newer; also give the numbers that it has reached."""
    if own is None:
        raise LocalRefused("publisher: its folder is empty", hint="copy the folder of the ceremony there first")
    files: dict[str, bytes] = {}

    def read(path: str, limit: int, _sha256: str | None) -> bytes | None:
        data = get(path, limit)
        if data is not None:
            files[path] = data
        return data

    theirs = verify(read, anchor=own.roots[0], environment=own.environment, at=now)
    merged = own
    if len(theirs.roots) > len(own.roots):
        merged = replace(merged, roots=theirs.roots)
    if theirs.versions["targets"] > own.targets_signed.version:
        merged = replace(merged, targets=_targets_of(theirs, files), memberships=_memberships_of(theirs, files))
    delegating = merged.targets_signed
    for role, version in theirs.versions.items():
        path = layout.metadata_file(role, version)
        if role in _TOP or path not in files or role in theirs.carried:
            continue
        named, file = next(iter(parse(Targets, files[path], role).signed.targets.items()))
        target = files.get(layout.target_file(named, file.hashes["sha256"]))
        candidate = RoleFiles(version, files[path], named, target or b"")
        if merged.accepts(role, candidate, delegating):
            merged = merged.with_role(role, candidate)
    return merged, Seen(theirs.versions["snapshot"], theirs.versions["timestamp"])


def _targets_of(theirs: Verified, files: dict[str, bytes]) -> bytes:
    return files[layout.metadata_file(Targets.type, theirs.versions["targets"])]


def _memberships_of(theirs: Verified, files: dict[str, bytes]) -> bytes:
    named = parse(Targets, _targets_of(theirs, files), Targets.type).signed.targets[layout.MEMBERSHIPS]
    return files[layout.target_file(layout.MEMBERSHIPS, named.hashes["sha256"])]


def _offers(
    own: Repository,
    now: Instant,
    members: Callable[[MemberId, str], Source | None],
    patience: Patience | None,
    mirrors: list[MirrorRefusal],
) -> Iterable[tuple[str, RoleFiles]]:
    """Ask members for the entries that they have signed anew."""
    listed = roster(own.verified(now, check_expiry=False), now, grace_seconds=layout.LIFE["targets"])
    for member in listed.members.values():
        source = members(member.id, member.endpoint) if member.status is MemberStatus.ACTIVE else None
        if source is None:
            continue
        with _Visit(source, patience, mirrors) as get:
            role = get(layout.own_role_file(member.id), layout.MAX_MEMBER_ROLE)
            entry = get(layout.own_entry_file(member.id), layout.MAX_ENTRY)
            if role is not None and entry is not None:
                name = layout.member_role(member.id)
                signed = parse(Targets, role, name).signed
                yield name, RoleFiles(signed.version, role, layout.entry_path(member.id), entry)


def _publish(
    workspace: Workspace,
    signers: Sequence[CryptoSigner],
    now: Instant,
    own: Repository | None,
    offered: Iterable[tuple[str, RoleFiles]],
    seen: Seen,
    *,
    always: bool,
    mirrors: tuple[MirrorRefusal, ...] = (),
) -> Publication:
    before = own
    taken: list[str] = []
    refused = list(workspace.incoming_faults())
    waiting: tuple[Missing, ...] = ()
    faulty = False
    try:
        waiting = tuple(missing for missing in workspace.missing() if missing.needed)
        repository = _with_pending(workspace, own, {missing.role for missing in waiting}, taken)
    except ConnectorError as error:
        if always or own is None:
            raise
        # What waits there must not keep suspensions back, nor let the timestamp end: it stays for who prepared it.
        repository, faulty = own, True
        taken.clear()
        refused.append(f"pending: {error}")
    if repository is None:
        raise LocalRefused(
            "publish: the first root and targets are not signed completely", hint="federation duty says who must sign"
        )
    incoming = list(workspace.incoming_roles())
    intake = _Intake(repository, now)
    for role, files in (*incoming, *offered):
        fault = intake.take(role, files)
        if fault is None:
            taken.append(f"{role} {files.version}")
        elif fault:
            refused.append(f"{role}: {fault}")
    repository = intake.repository()
    unchanged = before is not None and repository == workspace.published() and not taken
    if unchanged and not always and not repository.needs_timestamp(now):
        return Publication(None, (), tuple(refused), waiting, mirrors)
    repository = repository.sealed(_publisher(repository, signers), now, after=seen)
    version = repository.verified(now).version
    workspace.put_published(repository)
    if not faulty:
        workspace.drop_overtaken(repository)
    for role, files in incoming:
        if repository.version_of(role) >= files.version:
            workspace.drop_incoming(role)
    return Publication(version, tuple(taken), tuple(refused), waiting, mirrors)


def _with_pending(
    workspace: Workspace, own: Repository | None, waiting: set[str], taken: list[str]
) -> Repository | None:
    """Put the completely signed documents into the copy."""
    root, targets = workspace.pending_root(), workspace.pending_targets()
    repository = own or Repository()
    # What waited here while another publisher put that version, or a later one, in force has had its day.
    if root is not None and own is not None and root.signed.version <= own.root.version:
        root = None
    if targets is not None and own is not None and targets.signed.version <= own.targets_signed.version:
        targets = None
    if root is not None and Root.type not in waiting:
        repository = replace(repository, roots=(*repository.roots, workspace.pending_bytes(Root.type) or b""))
        taken.append(f"root {root.signed.version}")
    # Targets signed under a root that is still pending wait with it.
    is_under_root = root is None or Root.type not in waiting
    if targets is not None and Targets.type not in waiting and is_under_root:
        data = workspace.pending_list_bytes(targets)
        repository = replace(repository, targets=workspace.pending_bytes(Targets.type) or b"", memberships=data)
        taken.append(f"targets {targets.signed.version}")
    if not repository.roots or not repository.targets:
        return None
    signed, threshold = signers_of(repository.root, Targets.type, parse(Targets, repository.targets, Targets.type))
    if len(signed) < threshold:
        raise LocalRefused(
            "publish: the new root no longer counts the keys that signed the targets in force",
            hint="federation renew targets, sign it with the new keys, then publish both",
        )
    return repository


class _Intake:
    """Takes delegated roles into a copy one by one, after the checks of whoever publishes."""

    def __init__(self, repository: Repository, now: Instant) -> None:
        self._before, self._targets, self._now = repository, repository.targets_signed, now
        self._taken: dict[str, RoleFiles] = {}
        self._owners: dict[str, str] = {}
        for role, files in repository.roles.items():
            self._own(role, files)

    def repository(self) -> Repository:
        """Give the copy with all that was taken."""
        return replace(self._before, roles={**self._before.roles, **self._taken})

    def take(self, role: str, files: RoleFiles) -> str | None:
        """Take a role; else say why not, with an empty text where it is merely not newer."""
        known = self._taken.get(role) or self._before.roles.get(role)
        if known is not None and files.version <= known.version:
            return ""
        if not self._before.accepts(role, files, self._targets):
            return "is not signed by the key delegated to it, or names another file"
        is_entry = layout.member_of_role(role) is not None
        fault = self._entry_fault(role, files) if is_entry else self._seat_fault(files)
        if fault is None:
            self._taken[role] = files
            self._own(role, files)
        return fault

    def _entry_fault(self, role: str, files: RoleFiles) -> str | None:
        try:
            entry = read_entry(files.target, self._before.environment, strict=True)
        except DirectoryRefused as error:
            return "; ".join(error.faults) or error.what
        if layout.member_role(entry.member.id) != role:
            return "is about another member"
        others = {self._owners.get(key, role) for key in _listed_keys(files)} - {role}
        return f"lists a key of {layout.member_of_role(min(others))}" if others else None

    def _seat_fault(self, files: RoleFiles) -> str | None:
        try:
            rows = read_suspensions(files.target, self._before.environment)
        except DirectoryRefused as error:
            return "; ".join(error.faults) or error.what
        ahead = [row for row in rows if row.is_ahead(self._now)]
        return f"suspends {ahead[0].member} only from {rfc3339(ahead[0].since)}, ahead of this clock" if ahead else None

    def _own(self, role: str, files: RoleFiles) -> None:
        if layout.member_of_role(role) is not None:
            for key in _listed_keys(files):
                self._owners.setdefault(key, role)


def _listed_keys(files: RoleFiles) -> set[str]:
    """Give the keys that an entry lists, as they are written in it: one key has one text."""
    try:
        return {str(key["public"]) for key in read_object(files.target)["keys"]}
    except (NotStrictJson, KeyError, TypeError):
        return set()


def _publisher(repository: Repository, signers: Sequence[CryptoSigner]) -> CryptoSigner:
    listed = repository.root.roles[Timestamp.type].keyids
    for signer in signers:
        if signer.public_key.keyid in listed:
            return signer
    raise LocalRefused("publish: none of the keys is a publisher's", hint="federation show lists the publishers")


def root_fingerprint(root: bytes) -> str:
    """Give what two people compare by telephone: the SHA-256 of the root file, in groups of four."""
    digest = file_of(root)
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))

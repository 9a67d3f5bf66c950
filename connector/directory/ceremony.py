"""What operators decide: each function leaves a document that waits for signatures, or a role that any one may sign.

Founding, joining, leaving, confirming a suspension and changing keys need the threshold of the operators; suspending
needs one. Documents are signed with `Workspace.sign` and put in force by `publishing`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from securesystemslib.signer import CryptoSigner, Key
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, Role, Root, Snapshot, TargetFile, Targets, Timestamp

from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.directory import layout
from connector.directory.functional import plain
from connector.directory.joining import JoinRequest
from connector.directory.keyring import label_of
from connector.directory.memberships import Membership, Memberships, Standing, to_json
from connector.directory.metadata import parse, signers_of
from connector.directory.repository import delegated_role, instant_end
from connector.directory.suspensions import Reason, Suspension, read_suspensions
from connector.directory.suspensions import to_json as suspensions_json
from connector.directory.workspace import Workspace

PRODUCTION_ROOT: Final = (3, 5)
PRODUCTION_TARGETS: Final = (2, 3)
"""Thresholds and numbers of keys that a production federation has at least (issue 6)."""


@dataclass(frozen=True, slots=True)
class Founding:
    """With whom a federation begins."""

    environment: Environment
    root_keys: Sequence[Key]
    root_threshold: int
    targets_keys: Sequence[Key]
    targets_threshold: int
    publisher_keys: Sequence[Key]
    urls: tuple[str, ...] = ()


def found(workspace: Workspace, founding: Founding, now: Instant) -> None:
    """Write the first root and targets, to be signed.

    Raises:
        LocalRefused: too few keys, a key or a label twice, or the federation exists.
    """
    if workspace.published() is not None or workspace.pending_root() is not None:
        raise LocalRefused(f"{workspace.folder}: a federation is there already", hint="choose another folder")
    _check_founding(founding)
    operators = {key.keyid: key for key in (*founding.root_keys, *founding.targets_keys)}
    publishers = {key.keyid: key for key in founding.publisher_keys}
    roles = {
        Root.type: Role([key.keyid for key in founding.root_keys], founding.root_threshold),
        Targets.type: Role([key.keyid for key in founding.targets_keys], founding.targets_threshold),
        Snapshot.type: Role(list(publishers), 1),
        Timestamp.type: Role(list(publishers), 1),
    }
    listed = {key.keyid: key for key in (*founding.root_keys, *founding.targets_keys, *founding.publisher_keys)}
    root = Root(1, expires=instant_end(now, layout.LIFE[Root.type]), keys=listed, roles=roles, consistent_snapshot=True)
    delegations = Delegations(keys={}, roles={})
    targets = Targets(1, expires=instant_end(now, layout.LIFE[Targets.type]), delegations=delegations)
    for key in operators.values():
        _seat(targets, key)
    workspace.put_pending(Metadata(root))
    _put_targets(workspace, targets, Memberships(founding.environment, (), founding.urls))


def _check_founding(founding: Founding) -> None:
    production = founding.environment is Environment.PRODUCTION
    for name, keys, threshold, (least, of) in (
        ("root", founding.root_keys, founding.root_threshold, PRODUCTION_ROOT),
        ("targets", founding.targets_keys, founding.targets_threshold, PRODUCTION_TARGETS),
    ):
        if len({key.keyid for key in keys}) != len(keys) or not 1 <= threshold <= len(keys):
            raise LocalRefused(f"{name}: expected distinct keys, and a threshold from 1 to their number")
        if production and (threshold < least or len(keys) < of):
            raise LocalRefused(
                f"{name}: got {threshold} of {len(keys)} keys, production expects at least {least} of {of}",
                hint="one key that is lost or stolen must neither stop nor own the federation",
            )
    if not founding.publisher_keys:
        raise LocalRefused("publisher: expected at least one key", hint="federation key makes one")
    operators = {key.keyid: label_of(key) for key in (*founding.root_keys, *founding.targets_keys)}
    if len(set(operators.values())) != len(operators):
        raise LocalRefused("operators: two keys have the same label")
    if operators.keys() & {key.keyid for key in founding.publisher_keys}:
        raise LocalRefused("publisher: is also an operator's key", hint="an automated key signs nothing else")


# ---------------------------------------------------------------- the list


def change_list(workspace: Workspace, now: Instant, change: Callable[[Memberships, Targets], Memberships]) -> None:
    """Change the operators' list, on top of what is pending already; earlier signatures no longer count.

    Raises:
        LocalRefused: nothing is published yet, or the changed list breaks a rule.
    """
    targets, list_ = _draft(workspace, now)
    _put_targets(workspace, targets, change(list_, targets))


def _draft(workspace: Workspace, now: Instant) -> tuple[Targets, Memberships]:
    pending, list_ = workspace.pending_targets(), workspace.pending_list()
    if pending is not None and list_ is not None:
        targets = pending.signed
    else:
        published = workspace.needs_published()
        targets, list_ = published.targets_signed, published.list_
        targets.version += 1
    targets.expires = instant_end(now, layout.LIFE[Targets.type])
    return targets, list_


def _put_targets(workspace: Workspace, targets: Targets, list_: Memberships) -> None:
    data = to_json(list_)
    targets.targets = {layout.MEMBERSHIPS: TargetFile.from_data(layout.MEMBERSHIPS, data, ["sha256"])}
    workspace.put_pending(Metadata(targets), data)


def add_member(workspace: Workspace, request: JoinRequest, now: Instant) -> None:
    """Prepare that a service joins: its row, and its role delegated to the key of its request.

    Raises:
        LocalRefused: it has joined already, is of another environment, or shares a name or a key with another member.
    """
    member = request.entry.member

    def change(list_: Memberships, targets: Targets) -> Memberships:
        before = list_.get(member.id)
        if request.environment is not list_.environment:
            raise LocalRefused(f"join request: for {request.environment}, the federation is {list_.environment}")
        if before is not None and before.standing in {Standing.JOINED, Standing.SUSPENDED}:
            raise LocalRefused(
                f"{member.id}: has joined already", hint="a lost entry key: federation rotate-key --member"
            )
        _check_newcomer(workspace, list_, request)
        _delegate(targets, member.id, request.key)
        row = before or Membership(member.id, member.name, Standing.JOINED, now)
        row = replace(row, name=member.name, standing=Standing.JOINED, since=now, size_class=member.size_class)
        return list_.with_member(row)

    change_list(workspace, now, change)
    workspace.put_incoming(layout.member_role(member.id), request.files)


def _check_newcomer(workspace: Workspace, list_: Memberships, request: JoinRequest) -> None:
    member = request.entry.member
    names = {plain(row.name): row.id for row in list_.members if row.standing is not Standing.LEFT}
    for name in (member.name, *member.former_names, *member.acronyms):
        if names.get(plain(name), member.id) != member.id:
            raise LocalRefused(
                f"{member.id}: a name of its entry is that of {names[plain(name)]}", hint="ask them both"
            )
    published = workspace.published()
    if published is None:
        return
    mine = {key.public_der for key in member.keys}
    for other, part in published.verified(Instant(0), check_expiry=False).entries.items():
        theirs = part.content.member
        if other != member.id and mine & {key.public_der for key in theirs.keys}:
            raise LocalRefused(f"{member.id}: lists a key of {other}", hint="each member makes keys of its own")
        if other != member.id and set(member.tls.pins) & set(theirs.tls.pins):
            raise LocalRefused(f"{member.id}: pins a certificate key of {other}", hint="each member has its own")


def _delegate(targets: Targets, member: MemberId, key: Key) -> None:
    role, (delegations, roles) = layout.member_role(member), _delegations(targets)
    if any(key.keyid in other.keyids for name, other in roles.items() if name != role):
        raise LocalRefused(f"{member}: its entry key is already delegated to another role")
    old = roles.get(role)
    roles[role] = DelegatedRole(role, [key.keyid], 1, terminating=True, paths=[layout.entry_path(member)])
    delegations.keys[key.keyid] = key
    _drop_unused(delegations, old.keyids if old else [])


def _seat(targets: Targets, key: Key) -> None:
    operator, (delegations, roles) = label_of(key), _delegations(targets)
    role = layout.seat_role(operator)
    old = roles.get(role)
    roles[role] = DelegatedRole(role, [key.keyid], 1, terminating=True, paths=[layout.suspensions_path(operator)])
    delegations.keys[key.keyid] = key
    _drop_unused(delegations, old.keyids if old else [])


def _delegations(targets: Targets) -> tuple[Delegations, dict[str, DelegatedRole]]:
    if targets.delegations is None or targets.delegations.roles is None:
        raise LocalRefused("targets: delegates nothing by name", hint="this is no federation of ours")
    return targets.delegations, targets.delegations.roles


def _drop_unused(delegations: Delegations, keyids: Iterable[str]) -> None:
    used = {keyid for role in (delegations.roles or {}).values() for keyid in role.keyids}
    for keyid in set(keyids) - used:
        delegations.keys.pop(keyid, None)


def remove_member(workspace: Workspace, member: MemberId, successor: MemberId | None, now: Instant) -> None:
    """Prepare that a member leaves. Its row and its keys stay, for evidence and for who looks for its successor.

    Raises:
        LocalRefused: it is not listed.
    """
    change_list(
        workspace,
        now,
        lambda list_, _: list_.with_member(
            replace(_row(list_, member), standing=Standing.LEFT, since=now, successor=successor)
        ),
    )


def import_members(workspace: Workspace, rows: Iterable[Membership], now: Instant) -> int:
    """Prepare the list of services that can be written to; those listed stay as they are. Gives how many came."""
    added = 0

    def change(list_: Memberships, _: Targets) -> Memberships:
        nonlocal added
        for row in rows:
            if list_.get(row.id) is None:
                list_, added = list_.with_member(row), added + 1
        return list_

    change_list(workspace, now, change)
    return added


def _row(list_: Memberships, member: MemberId) -> Membership:
    row = list_.get(member)
    if row is None:
        raise LocalRefused(f"{member}: is not listed", hint="federation show lists the members")
    return row


# ---------------------------------------------------------------- suspensions


def suspend(workspace: Workspace, member: MemberId, reason: Reason, signer: CryptoSigner, now: Instant) -> str:
    """Suspend a member in one operator's seat, signed at once; gives the operator.

    Raises:
        LocalRefused: the member is not listed, or the key has no seat.
    """
    published = workspace.needs_published()
    _row(published.list_, member)
    operator = _operator_of(published.targets_signed, signer)
    role = layout.seat_role(operator)
    before = dict(workspace.incoming_roles()).get(role) or published.roles.get(role)
    held = read_suspensions(before.target, published.environment) if before else ()
    kept = tuple(s for s in held if s.until > now and s.member != member)
    data = suspensions_json((*kept, Suspension(member, now, reason)))
    version = max(before.version if before else 0, published.version_of(role)) + 1
    ends_at = instant_end(now, layout.SEAT_LIFE)
    workspace.put_incoming(role, delegated_role(layout.suspensions_path(operator), data, version, ends_at, signer))
    return operator


def _operator_of(targets: Targets, signer: CryptoSigner) -> str:
    for role in (targets.delegations.roles if targets.delegations else None) or {}:
        operator = layout.operator_of_role(role)
        if operator is not None and signer.public_key.keyid in targets.get_delegated_role(role).keyids:
            return operator
    raise LocalRefused("suspend: this key has no seat", hint="only an operator of the federation suspends")


def renew_seat(workspace: Workspace, signer: CryptoSigner, now: Instant) -> bool:
    """Sign an operator's seat again where its file is by a key that no longer counts; whether that was needed."""
    published, pending = workspace.published(), workspace.pending_targets()
    if published is None:
        return False
    targets = pending.signed if pending else published.targets_signed
    try:
        operator = _operator_of(targets, signer)
    except LocalRefused:
        return False
    role = layout.seat_role(operator)
    files = published.roles.get(role)
    if files is None or signers_of(targets, role, parse(Targets, files.role, role))[0]:
        return False
    held = read_suspensions(files.target, published.environment)
    data = suspensions_json(tuple(s for s in held if s.until > now))
    ends_at = instant_end(now, layout.SEAT_LIFE)
    workspace.put_incoming(role, delegated_role(files.path, data, files.version + 1, ends_at, signer))
    return True


def confirm_suspension(workspace: Workspace, member: MemberId, now: Instant) -> None:
    """Prepare that a suspension stays until the operators lift it. It counts from when it began.

    Raises:
        LocalRefused: the member is not listed, or has not joined.
    """
    began = [s.since for s in in_force(workspace, now) if s.member == member]

    def change(list_: Memberships, _: Targets) -> Memberships:
        row = _row(list_, member)
        if row.standing is not Standing.JOINED:
            raise LocalRefused(f"{member}: its standing is {row.standing}, expected joined")
        return list_.with_member(replace(row, standing=Standing.SUSPENDED, since=min(began, default=now)))

    change_list(workspace, now, change)


def lift_suspension(workspace: Workspace, member: MemberId, now: Instant) -> None:
    """Prepare that a member takes part again: a confirmed suspension ends, and those begun by one operator are void.

    Raises:
        LocalRefused: the member is not listed.
    """

    def change(list_: Memberships, _: Targets) -> Memberships:
        row = _row(list_, member)
        standing = Standing.JOINED if row.standing is Standing.SUSPENDED else row.standing
        return list_.with_member(replace(row, standing=standing, since=now, cleared_at=now))

    change_list(workspace, now, change)


def in_force(workspace: Workspace, now: Instant) -> list[Suspension]:
    """Give the suspensions by single operators that count now."""
    published = workspace.needs_published()
    seats = published.verified(now, check_expiry=False).seats.values()
    list_ = published.list_
    return [s for seat in seats for s in seat.content if s.is_in_force(list_.get(s.member), now)]


# ---------------------------------------------------------------- keys and lives


def rotate_member_key(workspace: Workspace, member: MemberId, key: Key, now: Instant) -> None:
    """Prepare that a member's entry is signed by another key, after the old one was lost or stolen.

    Raises:
        LocalRefused: the member has no entry, or the key is another's.
    """

    def change(list_: Memberships, targets: Targets) -> Memberships:
        if layout.member_role(member) not in _delegations(targets)[1]:
            raise LocalRefused(f"{member}: has not joined, so no key is delegated to it")
        _delegate(targets, _row(list_, member).id, key)
        return list_

    change_list(workspace, now, change)


def rotate_operator_key(workspace: Workspace, old: str, new: Key, now: Instant) -> list[str]:
    """Prepare that an operator's or publisher's key is replaced wherever it counts; gives the roles of the root.

    Args:
        workspace: the federation's folder.
        old: the label of the key that goes.
        new: the key that comes.
        now: when it is decided.

    Raises:
        LocalRefused: no key has that label, or the new one is there already.
    """
    root = _draft_root(workspace, now)
    gone = next((keyid for keyid, key in root.keys.items() if label_of(key) == old), None)
    if gone is None:
        raise LocalRefused(f"{old}: no key of the root has that label", hint="federation show lists them")
    if new.keyid in root.keys:
        raise LocalRefused(f"{label_of(new)}: is in the root already")
    if any(label_of(key) == label_of(new) for keyid, key in root.keys.items() if keyid != gone):
        raise LocalRefused(f"{label_of(new)}: another key has that label")
    roles = [name for name, role in root.roles.items() if gone in role.keyids]
    for name in roles:
        keyids = root.roles[name].keyids
        keyids[keyids.index(gone)] = new.keyid
    del root.keys[gone]
    root.keys[new.keyid] = new
    workspace.put_pending(Metadata(root))
    if {Root.type, Targets.type} & set(roles):
        change_list(workspace, now, lambda list_, targets: _move_seat(list_, targets, old, new))
    return roles


def _move_seat(list_: Memberships, targets: Targets, old: str, new: Key) -> Memberships:
    delegations, roles = _delegations(targets)
    gone = roles.pop(layout.seat_role(old), None)
    _seat(targets, new)
    _drop_unused(delegations, gone.keyids if gone else [])
    return list_


def renew(workspace: Workspace, role: str, now: Instant) -> None:
    """Prepare root or targets to be signed again before its end, unchanged.

    Raises:
        LocalRefused: another role: publishers renew snapshot and timestamp by themselves.
    """
    if role == Targets.type:
        change_list(workspace, now, lambda list_, _: list_)
    elif role == Root.type:
        workspace.put_pending(Metadata(_draft_root(workspace, now)))
    else:
        raise LocalRefused(f"{role}: expected root or targets", hint="publishers renew the others by themselves")


def _draft_root(workspace: Workspace, now: Instant) -> Root:
    pending = workspace.pending_root()
    if pending is not None:
        root = pending.signed
    else:
        root = workspace.needs_published().root
        root.version += 1
    root.expires = instant_end(now, layout.LIFE[Root.type])
    return root

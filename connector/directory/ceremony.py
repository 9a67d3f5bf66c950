"""What operators decide together: founding, joining, leaving. Each function leaves a document to be signed.

Documents are signed with `Workspace.sign` and put in force by `publishing`. Suspending is in `suspending`, changing
keys and renewing in `rotation`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from securesystemslib.signer import Key
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, Role, Root, Snapshot, TargetFile, Targets, Timestamp

from connector.core.errors import LocalRefused
from connector.core.instant import Instant, rfc3339
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.directory import layout
from connector.directory.folder import make_folder
from connector.directory.functional import plain
from connector.directory.joining import JoinRequest
from connector.directory.keyring import label_of
from connector.directory.memberships import Membership, Memberships, Standing, to_json
from connector.directory.repository import RoleFiles, instant_end
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
        give_seat(targets, key)
    data = _name_list(targets, Memberships(founding.environment, (), founding.urls))
    make_folder(workspace.folder)
    with workspace.changing():
        if workspace.published() is not None or workspace.pending_root() is not None:
            raise LocalRefused(f"{workspace.folder}: a federation is there already", hint="choose another folder")
        workspace.put_pending(Metadata(root), Metadata(targets), memberships=data)


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
    labels = operators | {key.keyid: label_of(key) for key in founding.publisher_keys}
    if len(set(labels.values())) != len(labels):
        raise LocalRefused("keys: two have the same label", hint="rotate-key knows a key by it: make one again")
    if operators.keys() & {key.keyid for key in founding.publisher_keys}:
        raise LocalRefused("publisher: is also an operator's key", hint="an automated key signs nothing else")


# ---------------------------------------------------------------- the list


def change_list(
    workspace: Workspace,
    now: Instant,
    change: Callable[[Memberships, Targets], Memberships],
    *beside: Metadata[Root],
    incoming: Mapping[str, RoleFiles] | None = None,
) -> None:
    """Change the operators' list, on top of what is pending already; earlier signatures no longer count.

    Args:
        workspace: the federation's folder.
        now: when it is decided.
        change: gives the changed list, and may change what the targets delegate.
        beside: a root that is to be signed with it.
        incoming: roles that are to be published with it.

    Raises:
        LocalRefused: nothing is published yet, the changed list breaks a rule, or another command changes the folder.
        FailedClosed: `directory.unavailable`, the disk refuses; what was pending is so still.
    """
    with workspace.changing():
        targets, list_ = _draft(workspace, now)
        data = _name_list(targets, change(list_, targets))
        workspace.put_pending(*beside, Metadata(targets), memberships=data, incoming=incoming)


def _draft(workspace: Workspace, now: Instant) -> tuple[Targets, Memberships]:
    published = workspace.published()
    if published is not None:
        workspace.drop_overtaken(published)
    pending, list_ = workspace.pending_targets(), workspace.pending_list()
    if pending is not None and list_ is not None:
        targets = pending.signed
    else:
        published = workspace.needs_published()
        targets, list_ = published.targets_signed, published.list_
        targets.version += 1
    targets.expires = instant_end(now, layout.LIFE[Targets.type])
    return targets, list_


def _name_list(targets: Targets, list_: Memberships) -> bytes:
    data = to_json(list_)
    targets.targets = {layout.MEMBERSHIPS: TargetFile.from_data(layout.MEMBERSHIPS, data, ["sha256"])}
    return data


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
        delegate(targets, member.id, request.key)
        row = before or Membership(member.id, member.name, Standing.JOINED, now)
        row = replace(row, name=member.name, standing=Standing.JOINED, since=now, size_class=member.size_class)
        row = replace(row, successor=None)  # of one that had left, and comes back
        return list_.with_member(row)

    change_list(workspace, now, change, incoming={layout.member_role(member.id): request.files})


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


def delegate(targets: Targets, member: MemberId, key: Key) -> None:
    """Let a key sign a member's entry, in the place of the one before.

    Raises:
        LocalRefused: the key has another role already.
    """
    role, (delegations, roles) = layout.member_role(member), delegations_of(targets)
    if any(key.keyid in other.keyids for name, other in roles.items() if name != role):
        raise LocalRefused(f"{member}: its entry key is already delegated to another role")
    old = roles.get(role)
    roles[role] = DelegatedRole(role, [key.keyid], 1, terminating=True, paths=[layout.entry_path(member)])
    delegations.keys[key.keyid] = key
    drop_unused(delegations, old.keyids if old else [])


def give_seat(targets: Targets, key: Key) -> None:
    """Let an operator's key suspend, under its label."""
    operator, (delegations, roles) = label_of(key), delegations_of(targets)
    role = layout.seat_role(operator)
    old = roles.get(role)
    roles[role] = DelegatedRole(role, [key.keyid], 1, terminating=True, paths=[layout.suspensions_path(operator)])
    delegations.keys[key.keyid] = key
    drop_unused(delegations, old.keyids if old else [])


def delegations_of(targets: Targets) -> tuple[Delegations, dict[str, DelegatedRole]]:
    """Give what the targets delegate, to be changed in place.

    Raises:
        LocalRefused: they delegate nothing by name.
    """
    if targets.delegations is None or targets.delegations.roles is None:
        raise LocalRefused("targets: delegates nothing by name", hint="this is no federation of ours")
    return targets.delegations, targets.delegations.roles


def drop_unused(delegations: Delegations, keyids: Iterable[str]) -> None:
    """Take keys off that no role names any more."""
    used = {keyid for role in (delegations.roles or {}).values() for keyid in role.keyids}
    for keyid in set(keyids) - used:
        delegations.keys.pop(keyid, None)


def remove_member(workspace: Workspace, member: MemberId, successor: MemberId | None, now: Instant) -> None:
    """Prepare that a member leaves. Its row and its keys stay, for evidence and for who looks for its successor.

    Raises:
        LocalRefused: it is not listed or has left already, or its successor is not listed, has left, or is itself.
    """

    def change(list_: Memberships, _: Targets) -> Memberships:
        row = row_of(list_, member)
        if row.standing is Standing.LEFT:
            raise LocalRefused(f"{member}: has left already, {rfc3339(row.since)}")
        if successor is not None and (successor == member or row_of(list_, successor).standing is Standing.LEFT):
            raise LocalRefused(f"{successor}: takes over from nobody", hint="name a member that stays")
        return list_.with_member(replace(row, standing=Standing.LEFT, since=now, successor=successor))

    change_list(workspace, now, change)


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


def row_of(list_: Memberships, member: MemberId) -> Membership:
    """Give a member's row.

    Raises:
        LocalRefused: it is not listed.
    """
    row = list_.get(member)
    if row is None:
        raise LocalRefused(f"{member}: is not listed", hint="federation show lists the members")
    return row

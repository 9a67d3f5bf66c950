"""Changing keys and renewing what ends: a member's entry key, an operator's or publisher's key, root and targets.

A lost or stolen key is replaced by those who remain; members follow by the chain of roots, without a new file.
"""

from securesystemslib.signer import Key
from tuf.api.metadata import Metadata, Root, Targets

from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.directory import layout
from connector.directory.ceremony import change_list, delegate, delegations_of, drop_unused, give_seat, row_of
from connector.directory.keyring import label_of
from connector.directory.memberships import Memberships
from connector.directory.repository import instant_end
from connector.directory.workspace import Workspace


def rotate_member_key(workspace: Workspace, member: MemberId, key: Key, now: Instant) -> None:
    """Prepare that a member's entry is signed by another key, after the old one was lost or stolen.

    Raises:
        LocalRefused: the member has no entry, or the key is another's.
    """

    def change(list_: Memberships, targets: Targets) -> Memberships:
        if layout.member_role(member) not in delegations_of(targets)[1]:
            raise LocalRefused(f"{member}: has not joined, so no key is delegated to it")
        delegate(targets, row_of(list_, member).id, key)
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
    with workspace.changing():
        return _rotate(workspace, old, new, now)


def _rotate(workspace: Workspace, old: str, new: Key, now: Instant) -> list[str]:
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
    if {Root.type, Targets.type} & set(roles):
        change_list(workspace, now, lambda list_, targets: _move_seat(list_, targets, old, new), Metadata(root))
    else:
        workspace.put_pending(Metadata(root))
    return roles


def _move_seat(list_: Memberships, targets: Targets, old: str, new: Key) -> Memberships:
    delegations, roles = delegations_of(targets)
    gone = roles.pop(layout.seat_role(old), None)
    give_seat(targets, new)
    drop_unused(delegations, gone.keyids if gone else [])
    return list_


def renew(workspace: Workspace, role: str, now: Instant) -> None:
    """Prepare root or targets to be signed again before its end, unchanged.

    Raises:
        LocalRefused: another role: publishers renew snapshot and timestamp by themselves.
    """
    if role == Targets.type:
        change_list(workspace, now, lambda list_, _: list_)
    elif role == Root.type:
        with workspace.changing():
            workspace.put_pending(Metadata(_draft_root(workspace, now)))
    else:
        raise LocalRefused(f"{role}: expected root or targets", hint="publishers renew the others by themselves")


def _draft_root(workspace: Workspace, now: Instant) -> Root:
    published = workspace.published()
    if published is not None:
        workspace.drop_overtaken(published)
    pending = workspace.pending_root()
    if pending is not None:
        root = pending.signed
    else:
        root = workspace.needs_published().root
        root.version += 1
    root.expires = instant_end(now, layout.LIFE[Root.type])
    return root

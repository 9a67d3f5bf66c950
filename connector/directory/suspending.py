"""Suspending a member: any one operator at once, for seven days; two together to confirm it or to lift it."""

from dataclasses import replace

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Targets

from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.directory import layout
from connector.directory.ceremony import change_list, row_of
from connector.directory.memberships import Memberships, Standing
from connector.directory.metadata import parse, signers_of
from connector.directory.repository import delegated_role, instant_end
from connector.directory.suspensions import Reason, Suspension, read_suspensions
from connector.directory.suspensions import to_json as suspensions_json
from connector.directory.workspace import Workspace


def suspend(workspace: Workspace, member: MemberId, reason: Reason, signer: CryptoSigner, now: Instant) -> str:
    """Suspend a member in one operator's seat, signed at once; gives the operator.

    Raises:
        LocalRefused: the member is not listed, or the key has no seat.
    """
    published = workspace.needs_published()
    row_of(published.list_, member)
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
        row = row_of(list_, member)
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
        row = row_of(list_, member)
        standing = Standing.JOINED if row.standing is Standing.SUSPENDED else row.standing
        return list_.with_member(replace(row, standing=standing, since=now, cleared_at=now))

    change_list(workspace, now, change)


def in_force(workspace: Workspace, now: Instant) -> list[Suspension]:
    """Give the suspensions by single operators that count now."""
    published = workspace.needs_published()
    seats = published.verified(now, check_expiry=False).seats.values()
    list_ = published.list_
    return [s for seat in seats for s in seat.content if s.is_in_force(list_.get(s.member), now)]

"""Suspending a member: any one operator at once, for seven days; two together to confirm it or to lift it."""

from collections.abc import Sequence
from dataclasses import replace

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Targets

from connector.core.errors import LocalRefused
from connector.core.instant import Instant, rfc3339
from connector.core.members import MemberId
from connector.directory import layout
from connector.directory.ceremony import change_list, delegations_of, row_of
from connector.directory.memberships import Memberships, Standing
from connector.directory.repository import delegated_role, instant_end
from connector.directory.suspensions import Reason, Suspension, read_suspensions
from connector.directory.suspensions import to_json as suspensions_json
from connector.directory.workspace import Workspace


def suspend(workspace: Workspace, member: MemberId, reason: Reason, signer: CryptoSigner, now: Instant) -> str:
    """Suspend a member in one operator's seat, signed at once; gives the operator.

    Raises:
        LocalRefused: the member is not listed, the key has no seat, two operators cleared it up to a later instant,
            or this operator's suspension is in force: it lasts seven days, and only two operators make it longer.
        FailedClosed: `directory.unavailable`, the disk refuses.
    """
    with workspace.changing():
        return _suspend(workspace, member, reason, signer, now)


def _suspend(workspace: Workspace, member: MemberId, reason: Reason, signer: CryptoSigner, now: Instant) -> str:
    published = workspace.needs_published()
    row = row_of(published.list_, member)
    confirm = f"two operators keep it out: federation confirm-suspension {member}"
    if row.cleared_at is not None and row.cleared_at >= now:
        raise LocalRefused(f"suspend: two operators cleared {member} up to {rfc3339(row.cleared_at)}", hint=confirm)
    operator = _operator_of(published.targets_signed, signer)
    role = layout.seat_role(operator)
    # What this operator rightly signed before, and nothing that whoever carries the folder put in its place.
    seat = published.verified(now, check_expiry=False).seats.get(operator)
    held, version = seat.content if seat is not None else (), published.version_of(role)
    waiting = dict(workspace.incoming_roles()).get(role)
    if waiting is not None and published.accepts(role, waiting, published.targets_signed):
        held, version = read_suspensions(waiting.target, published.environment), waiting.version
    believed = tuple(s for s in held if not s.is_ahead(now) and s.until > now)
    mine = next((s for s in believed if s.member == member and not s.is_cleared(row)), None)
    if mine is not None:
        raise LocalRefused(
            f"suspend: {operator} has suspended {member} already, until {rfc3339(mine.until)}", hint=confirm
        )
    kept = tuple(s for s in believed if s.member != member)
    data, version = suspensions_json((*kept, Suspension(member, now, reason))), version + 1
    ends_at = instant_end(now, layout.SEAT_LIFE)
    workspace.put_incoming(role, delegated_role(layout.suspensions_path(operator), data, version, ends_at, signer))
    return operator


def seated(workspace: Workspace, signers: Sequence[CryptoSigner]) -> CryptoSigner:
    """Give the key that has a seat, of those of a USB key; the first one where none has, to be refused by name."""
    roles = delegations_of(workspace.needs_published().targets_signed)[1].values()
    seats = [role for role in roles if layout.operator_of_role(role.name) is not None]
    keyids = {keyid for seat in seats for keyid in seat.keyids}
    return next((signer for signer in signers if signer.public_key.keyid in keyids), signers[0])


def _operator_of(targets: Targets, signer: CryptoSigner) -> str:
    for role in (targets.delegations.roles if targets.delegations else None) or {}:
        operator = layout.operator_of_role(role)
        if operator is not None and signer.public_key.keyid in targets.get_delegated_role(role).keyids:
            return operator
    raise LocalRefused("suspend: this key has no seat", hint="only an operator of the federation suspends")


def renew_seat(workspace: Workspace, signer: CryptoSigner, now: Instant) -> tuple[Suspension, ...]:
    """Sign again, by an operator's new key, the suspensions that a key which no longer counts had signed; gives them.

    Only what was rightly signed before is signed again: nobody who carries the folder can add to it. What is dated
    ahead is not: a thief of the old key may have left it, and no publisher would take the others with it. Under another
    label the new key has a seat of its own; what stood in a seat that goes moves to it.

    Raises:
        DirectoryRefused: what is published is not what was signed.
        FailedClosed: `directory.unavailable`, the disk refuses.
    """
    with workspace.changing():
        return _renew_seat(workspace, signer, now)


def _renew_seat(workspace: Workspace, signer: CryptoSigner, now: Instant) -> tuple[Suspension, ...]:
    published, pending = workspace.published(), workspace.pending_targets()
    if published is None or pending is None:
        return ()
    try:
        operator = _operator_of(pending.signed, signer)
    except LocalRefused:
        return ()
    role = layout.seat_role(operator)
    before = delegations_of(published.targets_signed)[1].get(role)
    waiting = dict(workspace.incoming_roles()).get(role)
    is_new = before is None or signer.public_key.keyid not in before.keyids
    if not is_new or (waiting is not None and published.accepts(role, waiting, pending.signed)):
        return ()
    stay = {layout.operator_of_role(name) for name in delegations_of(pending.signed)[1]} - {operator}
    seats = published.verified(now, check_expiry=False).seats
    gone = (s for name, seat in seats.items() if name not in stay for s in seat.content)
    held = tuple(s for s in gone if s.until > now and not s.is_ahead(now))
    if not held:
        return ()
    ends_at = instant_end(now, layout.SEAT_LIFE)
    path, version = layout.suspensions_path(operator), published.version_of(role) + 1
    workspace.put_incoming(role, delegated_role(path, suspensions_json(held), version, ends_at, signer))
    return held


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

    Also one that was dated by a clock ahead of ours, but for no more than the life of one: a date of another year must
    not void what operators begin until then.

    Raises:
        LocalRefused: the member is not listed.
    """
    seats = workspace.needs_published().verified(now, check_expiry=False).seats.values()
    begun = [s.since for seat in seats for s in seat.content if s.member == member]
    cleared_at = max((since for since in begun if now < since <= now + layout.SUSPENSION_LIFE), default=now)

    def change(list_: Memberships, _: Targets) -> Memberships:
        row = row_of(list_, member)
        standing = Standing.JOINED if row.standing is Standing.SUSPENDED else row.standing
        return list_.with_member(replace(row, standing=standing, since=now, cleared_at=cleared_at))

    change_list(workspace, now, change)


def in_force(workspace: Workspace, now: Instant) -> list[Suspension]:
    """Give the suspensions by single operators that count now."""
    published = workspace.needs_published()
    seats = published.verified(now, check_expiry=False).seats.values()
    list_ = published.list_
    return [s for seat in seats for s in seat.content if s.is_in_force(list_.get(s.member), now)]

"""What operators have to look at: what ends when, who must sign, and what a pending document changes."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

from tuf.api.metadata import Root, Targets

from connector.core.instant import Instant, rfc3339
from connector.core.units import DAY_SECONDS
from connector.directory import layout
from connector.directory.keyring import label_of
from connector.directory.memberships import Membership, Memberships, Standing
from connector.directory.metadata import parse, signers_of
from connector.directory.repository import Repository
from connector.directory.suspending import in_force
from connector.directory.workspace import Workspace

SOON: Final = 60 * DAY_SECONDS
"""Members' entries and keys are told of that long before they end."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing to do: what, until when (None: as soon as possible), by whom, with which command."""

    what: str
    until: Instant | None
    who: str
    how: str


def duties(workspace: Workspace, now: Instant) -> list[Duty]:
    """Give what there is to do, the nearest first."""
    found = [*_pending(workspace)]
    published = workspace.published()
    if published is not None:
        root = published.root
        verified = published.verified(now, check_expiry=False)
        for role, ends_at in verified.ends.items():
            keys = [label_of(root.keys[keyid]) for keyid in root.roles[role].keyids]
            automated = role in {"snapshot", "timestamp"}
            who = f"{'one' if automated else root.roles[role].threshold} of {', '.join(sorted(keys))}"
            how = "federation publisher" if automated else f"federation renew {role}, then sign and publish"
            found.append(Duty(f"{role} ends", ends_at, who, how))
        for suspension in in_force(workspace, now):
            row = verified.memberships.get(suspension.member)
            if row is not None and row.standing is Standing.JOINED:
                found.append(
                    Duty(
                        f"suspension of {suspension.member} ({suspension.reason}) ends by itself",
                        suspension.until,
                        f"{root.roles['targets'].threshold} operators",
                        f"federation confirm-suspension {suspension.member}, or lift-suspension",
                    )
                )
        for operator, seat in verified.seats.items():
            found += [
                Duty(
                    f"{operator} suspends {suspension.member} from {rfc3339(suspension.since)}: no tool signs that",
                    suspension.since,
                    f"{root.roles['root'].threshold} operators, once {operator} was asked",
                    f"federation rotate-key --old {operator}",
                )
                for suspension in seat.content
                if suspension.is_ahead(now)
            ]
        for member, part in verified.entries.items():
            ends = [("its entry", part.expires_at)]
            ends += [(f"its key {key.kid}", key.valid_until) for key in part.content.member.keys]
            found += [
                Duty(f"{member}: {what} ends", at, str(member), "federation sign-entry, at that member")
                for what, at in ends
                if now <= at < now + SOON
            ]
        found += [
            Duty(f"{finding.subject}: {finding.detail}", None, finding.subject, "federation show")
            for finding in verified.findings
        ]
    return sorted(found, key=lambda duty: duty.until or 0)


def _pending(workspace: Workspace) -> Iterator[Duty]:
    for missing in workspace.missing():
        if missing.needed:
            who = f"{missing.needed} of {', '.join(missing.could_sign)}"
            yield Duty(f"{missing.role} {missing.version} lacks signatures", None, who, "federation sign")
        else:
            yield Duty(f"{missing.role} {missing.version} is signed", None, "a publisher", "federation publish")
    for fault in workspace.incoming_faults():
        yield Duty(f"cannot be published: {fault}", None, "who left it there", f"look into {workspace.incoming}")
    for role, files in workspace.incoming_roles():
        yield Duty(f"{role} {files.version} waits to be published", None, "a publisher", "federation publish")


def differences(workspace: Workspace, now: Instant) -> list[str]:
    """Say what the pending documents would change, line by line: what a signer reads before signing."""
    published = workspace.published()
    found: list[str] = []
    root = workspace.pending_root()
    if root is not None:
        found += _root_differences(published.root if published else None, root.signed)
    targets, list_ = workspace.pending_targets(), workspace.pending_list()
    if targets is not None and list_ is not None:
        before = published.list_ if published else Memberships(list_.environment)
        found.append(
            f"targets {targets.signed.version}: until {rfc3339(Instant(int(targets.signed.expires.timestamp())))}"
        )
        found += _list_differences(before, list_)
        found += _delegation_differences(published.targets_signed if published else None, targets.signed)
        found += _suspensions_at_stake(published, targets.signed, now) if published else []
    for role, files in workspace.incoming_roles():
        old = published.version_of(role) if published else 0
        found.append(f"{role}: version {old} -> {files.version}, signed by its own key")
    return found


def _suspensions_at_stake(published: Repository, after: Targets, now: Instant) -> Iterator[str]:
    """What one operator signed ends with its key, unless its new key signs it too before the publication."""
    for operator, seat in published.verified(now, check_expiry=False).seats.items():
        role = layout.seat_role(operator)
        roles = (after.delegations.roles if after.delegations else None) or {}
        if role in roles and signers_of(after, role, parse(Targets, published.roles[role].role, role))[0]:
            continue
        for suspension in seat.content:
            if suspension.is_in_force(published.list_.get(suspension.member), now):
                yield f"suspension of {suspension.member} by {operator}: ends, unless the new key signs here too"


def _root_differences(before: Root | None, after: Root) -> Iterator[str]:
    yield f"root {after.version}: until {rfc3339(Instant(int(after.expires.timestamp())))}"
    for name, role in after.roles.items():
        known = before.roles[name].keyids if before else role.keyids
        now = sorted(
            label_of(after.keys[keyid]) + ("" if keyid in known else f" (key {keyid[:16]})") for keyid in role.keyids
        )
        was = sorted(label_of(before.keys[keyid]) for keyid in before.roles[name].keyids) if before else []
        same_keys = before is not None and set(before.roles[name].keyids) == set(role.keyids)
        if not same_keys or before is None or before.roles[name].threshold != role.threshold:
            old = f"{before.roles[name].threshold} of {', '.join(was)} -> " if before else ""
            yield f"root: {name}: {old}{role.threshold} of {', '.join(now)}"


def _list_differences(before: Memberships, after: Memberships) -> Iterator[str]:
    if before.environment is not after.environment:
        yield f"ENVIRONMENT: {before.environment} -> {after.environment}"
    if before.urls != after.urls:
        yield f"addresses: {', '.join(after.urls) or 'none'}"
    for row in after.members:
        old = before.get(row.id)
        if old is None:
            yield f"{row.id}: new: {row.name}, {row.standing}" + (f", size {row.size_class}" if row.size_class else "")
        elif old != row:
            yield f"{row.id}: {'; '.join(_row_differences(old, row))}"
    for old in before.members:
        if after.get(old.id) is None:
            yield f"{old.id}: IS TAKEN OFF THE LIST: {old.name}"


def _row_differences(old: Membership, new: Membership) -> Iterator[str]:
    for field in fields(Membership):
        was, now = getattr(old, field.name), getattr(new, field.name)
        if was != now:
            if field.name in {"since", "cleared_at"}:
                was, now = (rfc3339(value) if value is not None else "-" for value in (was, now))
            yield f"{field.name}: {was or '-'} -> {now or '-'}"


def _delegation_differences(before: Targets | None, after: Targets) -> Iterator[str]:
    def keys(targets: Targets | None) -> dict[str, list[str]]:
        roles = (targets.delegations.roles if targets and targets.delegations else None) or {}
        return {name: sorted(role.keyids) for name, role in roles.items()}

    old, new = keys(before), keys(after)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            what = "delegated to" if name in new else "no longer delegated"
            yield f"{name}: {what} {', '.join(keyid[:16] for keyid in new.get(name, []))}".rstrip()

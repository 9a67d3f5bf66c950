"""The members as of an instant: the operators' list, the members' own entries and the suspensions put together.

What decides where they disagree (our rules, docs/directory.md):

* standing, name and size class are the operators'; addresses, keys and the rest are the member's own;
* suspended is who was suspended by two operators, or by one within the last seven days without two having cleared it;
  what one dated further ahead than clocks may differ is not in force before its date, and is told;
* a member without a believed entry of its own can be written to, not asked: it stands as mail-only, without keys;
* a key listed by two members counts for the one listed first, and the other stands as mail-only until it changes it; a
  name of another member is not taken as an alias;
* after its end the directory stays in force for a configured grace, then nobody is a member: it fails closed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from connector.core.directory import Member, MemberStatus
from connector.core.instant import Instant, rfc3339
from connector.core.members import MemberId
from connector.directory.delegated import Part
from connector.directory.entry import Entry
from connector.directory.functional import plain
from connector.directory.layout import SUSPENSION_AHEAD, seat_role
from connector.directory.memberships import Membership, Standing
from connector.directory.refusal import Finding, Refusal
from connector.directory.suspensions import Suspension, confirmed
from connector.directory.verify import Verified

FOREVER: Final = Instant(2**53 - 1)


@dataclass(frozen=True, slots=True)
class Roster:
    """The members from one instant on, until `holds_until`."""

    members: dict[MemberId, Member]
    holds_from: Instant
    holds_until: Instant
    findings: tuple[Finding, ...] = ()
    is_closed: bool = False
    _by_pin: dict[str, tuple[Member, ...]] = field(default_factory=dict)
    _by_ou: dict[str, Member] = field(default_factory=dict)

    def by_certificate(self, spki_sha256: str, subject_ous: tuple[str, ...]) -> Member | None:
        """Give the member of a certificate that the configured CAs issued.

        A member bound by subject is known by its id in the subject: no pin of another can take its certificate away.
        Of several that pin one key, the one that the subject names is meant, else the one listed first.
        """
        named = [m for ou in dict.fromkeys(subject_ous) if (m := self._by_ou.get(ou)) is not None]
        if named:
            return named[0] if len(named) == 1 else None
        pinned = self._by_pin.get(spki_sha256, ())
        meant = [member for member in pinned if member.id.value in subject_ous]
        return next(iter(meant or pinned), None)


def roster(verified: Verified, now: Instant, *, grace_seconds: int = 0) -> Roster:
    """Put a believed version together as of an instant.

    Args:
        verified: what `verify` gave.
        now: the instant.
        grace_seconds: how long after its end the directory, or a member's entry, stays in force.
    """
    closes_at = Instant(verified.ends_at + grace_seconds)
    if now >= closes_at:
        return Roster({}, closes_at, FOREVER, is_closed=True)
    assembly = _Assembly(verified, now, grace_seconds)
    members = {row.id: assembly.member(row) for row in verified.memberships.members}
    pins: dict[str, tuple[Member, ...]] = {}
    for member in members.values():
        for pin in member.tls.pins:
            pins[pin] = (*pins.get(pin, ()), member)
    subjects = {m.id.value: m for m in members.values() if m.keys and not m.tls.pins}
    assembly.find_ahead()
    changes = [at for at in (*assembly.changes(), closes_at) if at > now]
    holds_until = min(changes, default=FOREVER)
    return Roster(members, now, holds_until, tuple(assembly.findings), _by_pin=pins, _by_ou=subjects)


class _Assembly:
    """One pass over the list: those before decide what those after may claim."""

    def __init__(self, verified: Verified, now: Instant, grace_seconds: int) -> None:
        self._verified, self._now, self._grace = verified, now, grace_seconds
        self.findings: list[Finding] = []
        self._keys: dict[bytes, MemberId] = {}
        rows = verified.memberships.members
        self._official = {plain(row.name): row.id for row in reversed(rows) if row.standing is not Standing.LEFT}

    def member(self, row: Membership) -> Member:
        """Give one member as it stands."""
        part = self._entry_of(row)
        if part is None:
            return self._with_status(row, row.as_mail_only())
        own = part.content.member
        described = replace(
            own,
            name=row.name,
            size_class=row.size_class,
            successor=row.successor or own.successor,
            former_names=tuple(self._aliases(row, own.former_names)),
            acronyms=tuple(self._aliases(row, own.acronyms)),
            status_since=row.since,
        )
        return self._with_status(row, described)

    def _entry_of(self, row: Membership) -> Part[Entry] | None:
        part = self._verified.entries.get(row.id)
        if part is None or row.standing is Standing.MAIL_ONLY:
            return None
        if row.standing is Standing.LEFT:
            return part  # its keys stay readable for evidence; its status lets it do nothing
        if self._now >= part.expires_at + self._grace:
            self._find(Refusal.EXPIRED, row, "its own entry has expired and must be signed again")
            return None
        owners = {self._keys[key.public_der] for key in part.content.member.keys if key.public_der in self._keys}
        if owners:
            listed = ", ".join(sorted(owner.value for owner in owners))
            self._find(Refusal.SHARED_KEY, row, f"lists a key of {listed}, which was listed first")
            return None
        self._keys.update(dict.fromkeys((key.public_der for key in part.content.member.keys), row.id))
        return part

    def _aliases(self, row: Membership, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            if self._official.get(plain(name), row.id) == row.id:
                yield name
            else:
                self._find(Refusal.DUPLICATE, row, "claims the name of another member as its own")

    def _with_status(self, row: Membership, member: Member) -> Member:
        if row.standing is Standing.LEFT:
            return replace(member, status=MemberStatus.LEFT, status_since=row.since)
        since = [s.since for s in self._suspensions(row.id) if s.is_in_force(row, self._now)]
        if confirmed(row):
            since.append(row.since)
        if since:
            return replace(member, status=MemberStatus.SUSPENDED, status_since=min(since))
        return member

    def _suspensions(self, member: MemberId | None = None) -> Iterator[Suspension]:
        for part in self._verified.seats.values():
            yield from (s for s in part.content if member is None or s.member == member)

    def find_ahead(self) -> None:
        """Find what an operator dated ahead: it suspends nobody yet, and people must know before it does."""
        for operator, part in self._verified.seats.items():
            for suspension in part.content:
                if suspension.is_ahead(self._now):
                    detail = f"suspends {suspension.member} only from {rfc3339(suspension.since)}, ahead of this clock"
                    self.findings.append(Finding(Refusal.AHEAD, seat_role(operator), detail))

    def changes(self) -> Iterator[Instant]:
        """Give the instants at which time alone changes something."""
        for suspension in self._suspensions():
            yield from (Instant(suspension.since - SUSPENSION_AHEAD), suspension.until)
        for part in self._verified.entries.values():
            yield Instant(part.expires_at + self._grace)

    def _find(self, refusal: Refusal, row: Membership, detail: str) -> None:
        self.findings.append(Finding(refusal, row.id.value, detail))

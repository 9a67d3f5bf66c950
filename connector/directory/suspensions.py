"""One operator's suspensions: the file of its seat, and when a suspension is in force.

Each operator has a file of its own that it signs alone, so that any one can suspend at once and none can lift
another's. A suspension holds for seven days from its beginning, by the reader's count, unless two operators confirm it
in `memberships`; two can also clear it before.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connector.core.canonical import canonical
from connector.core.instant import Instant, rfc3339
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.directory.fields import Fields, read_json
from connector.directory.layout import MAX_SUSPENSIONS, SUSPENSION_AHEAD, SUSPENSION_LIFE
from connector.directory.memberships import Membership, Standing
from connector.directory.refusal import DirectoryRefused, Refusal

SUSPENSIONS_VERSION: Final = 1


class Reason(StrEnum):
    """Why a member is suspended: a closed list, since free text could name a person."""

    KEY_STOLEN = "key-stolen"
    ENUMERATION = "enumeration"
    MISBEHAVIOUR = "misbehaviour"
    AT_ITS_REQUEST = "at-its-request"
    PRECAUTION = "precaution"


@dataclass(frozen=True, slots=True)
class Suspension:
    """One member kept out by one operator."""

    member: MemberId
    since: Instant
    reason: Reason

    @property
    def until(self) -> Instant:
        """The instant at which it ends by itself."""
        return Instant(self.since + SUSPENSION_LIFE)

    def is_ahead(self, now: Instant) -> bool:
        """Whether it is dated further ahead than clocks may differ: it has not begun, and our tools sign no such."""
        return self.since > now + SUSPENSION_AHEAD

    def is_cleared(self, membership: Membership | None) -> bool:
        """Whether two operators have ended it."""
        return membership is not None and membership.cleared_at is not None and self.since <= membership.cleared_at

    def is_in_force(self, membership: Membership | None, now: Instant) -> bool:
        """Whether it counts now: begun, not ended by itself, and not cleared by two operators."""
        return not self.is_ahead(now) and now < self.until and not self.is_cleared(membership)


def confirmed(membership: Membership) -> bool:
    """Whether the operators together say that the member is suspended: until they say otherwise."""
    return membership.standing is Standing.SUSPENDED


def to_json(suspensions: tuple[Suspension, ...]) -> bytes:
    """Give the canonical JSON of a seat's file."""
    rows = [{"member": s.member.value, "since": rfc3339(s.since), "reason": s.reason.value} for s in suspensions]
    return canonical({"v": SUSPENSIONS_VERSION, "suspensions": rows})


def read_suspensions(data: bytes, environment: Environment, *, strict: bool = False) -> tuple[Suspension, ...]:
    """Read a seat's file. Of several rows of one member the first in time counts: the others would prolong it.

    Raises:
        DirectoryRefused: `malformed`.
    """
    faults: list[str] = []
    if len(data) > MAX_SUSPENSIONS:
        raise DirectoryRefused(Refusal.TOO_LARGE, f"suspensions: {len(data)} bytes, at most {MAX_SUSPENSIONS} are read")
    row = read_json(data, SUSPENSIONS_VERSION, faults)
    fields = Fields("", row, faults, frozenset({"v", "suspensions"}), strict=strict)
    known = frozenset({"member", "since", "reason"})
    found: dict[MemberId, Suspension] = {}
    for number, item in enumerate(fields.rows("suspensions"), 1):
        each = Fields(f"suspension {number}", item, faults, known, strict=strict)
        member = each.member("member", environment)
        since, reason = each.needed_instant("since"), each.choice("reason", Reason, ", ".join(Reason))
        if member is None or reason is None:
            each.fault("member", "expected a member id and a reason")
            continue
        one = Suspension(member, since, reason)
        found[member] = min(one, found.get(member, one), key=lambda each: each.since)
    if faults:
        raise DirectoryRefused(Refusal.MALFORMED, "suspensions: " + "; ".join(faults), faults=tuple(faults))
    return tuple(found.values())

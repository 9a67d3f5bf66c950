"""How the signed directory is cut into TUF roles and files: their names, lives and limits, in one place.

Root, targets, snapshot and timestamp are TUF's. Targets, signed by the operators, holds `memberships.json` (who takes
part) and delegates one role to each member, for its own entry alone, and one *seat* of the suspensions to each
operator. Why this form: docs/adr/0004.
"""

import re
from typing import Final

from connector.core.members import MemberId
from connector.core.units import DAY_SECONDS

LIFE: Final = {
    "root": 365 * DAY_SECONDS,
    "targets": 90 * DAY_SECONDS,
    "snapshot": 30 * DAY_SECONDS,
    "timestamp": 7 * DAY_SECONDS,
}
"""Seconds for which a freshly signed role is valid (issue 6; reference/security.md section 6)."""

MEMBER_LIFE: Final = 400 * DAY_SECONDS
"""A member signs its entry anew at least that often; its certificates and keys change more often (our rule)."""

SEAT_LIFE: Final = 365 * DAY_SECONDS
"""An operator's seat of the suspensions is renewed with the root (our rule)."""

WARN_BEFORE: Final = {
    "root": 60 * DAY_SECONDS,
    "targets": 30 * DAY_SECONDS,
    "snapshot": 15 * DAY_SECONDS,
    "timestamp": 3 * DAY_SECONDS,
}
"""Seconds before the end from which a role is announced as stale; timestamps are renewed daily (our rule)."""

SUSPENSION_LIFE: Final = 7 * DAY_SECONDS
"""A suspension by one operator ends after seven days unless two confirm it (issue 6)."""

SUSPENSION_AHEAD: Final = 60
"""Seconds that a suspension may lie ahead of the clock of whoever publishes or reads it: clocks may differ by so much
(our rule, as PROTOCOL section 3 has it for mandates). Rows for the days to come are no suspensions yet: they would make
of seven days as many as an operator likes (docs/adr/0016)."""

MAX_BYTES: Final = {"root": 512_000, "timestamp": 16_384, "snapshot": 2_000_000, "targets": 5_000_000}
"""What is read at most of each file: python-tuf's own limits."""

MAX_MEMBER_ROLE: Final = 32_768
MAX_ENTRY: Final = 65_536
MAX_MEMBERSHIPS: Final = 2_000_000
MAX_SUSPENSIONS: Final = 65_536
MAX_ROOTS: Final = 256
"""Root rotations followed in one go, as in python-tuf."""

MAX_VERSION: Final = 2**53 - 1
"""The largest integer of JSON: a higher version could be neither archived nor, at last, named in a file (our rule)."""

MAX_LEAP: Final = 2**32
"""How far a delegated role's version may go beyond the one published (our rule): a thief of its key must not use up the
numbers that the next key needs. A date as a number fits."""

MEMBERSHIPS: Final = "memberships.json"
OPERATOR_FIELD: Final = "x-spsti-operator"
"""Field of a key in the metadata that names the organisation or seat that holds it, signed with the rest."""

_SEAT: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
_FILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")
_MEMBER_PREFIX: Final = "member-"
_SEAT_PREFIX: Final = "suspensions-"


def member_role(member: MemberId) -> str:
    """Give the name of the role that a member signs itself."""
    return _MEMBER_PREFIX + member.value


def entry_path(member: MemberId) -> str:
    """Give the target path of a member's entry: the only one its role may name."""
    return f"members/{member.value}.json"


def seat_role(operator: str) -> str:
    """Give the name of the role in which one operator suspends."""
    return _SEAT_PREFIX + operator


def suspensions_path(operator: str) -> str:
    """Give the target path of one operator's suspensions."""
    return f"suspensions/{operator}.json"


def member_of_role(role: str) -> str | None:
    """Give the member id in a role's name, not yet parsed, or None for another role."""
    return role.removeprefix(_MEMBER_PREFIX) if role.startswith(_MEMBER_PREFIX) else None


def operator_of_role(role: str) -> str | None:
    """Give the operator of a seat's role name, or None for another role or a name out of form."""
    operator = role.removeprefix(_SEAT_PREFIX)
    return operator if role.startswith(_SEAT_PREFIX) and is_operator(operator) else None


def is_operator(label: str) -> bool:
    """Whether a text can name an operator: an organisation or a function in lower case, such as `presanse-2`."""
    return _SEAT.fullmatch(label) is not None


def metadata_file(role: str, version: int | None) -> str:
    """Give the path of a role's metadata below the directory's base: `metadata/12.targets.json`."""
    return f"metadata/{role}.json" if version is None else f"metadata/{version}.{role}.json"


def target_file(path: str, sha256: str) -> str:
    """Give the path of a target file below the base, named by its hash (TUF, consistent snapshots)."""
    folder, slash, name = path.rpartition("/")
    return f"targets/{folder}{slash}{sha256}.{name}"


def own_role_file(member: MemberId) -> str:
    """Give the path under which a member offers its newest role to the publishers."""
    return f"own/{member_role(member)}.json"


def own_entry_file(member: MemberId) -> str:
    """Give the path under which a member offers its newest entry to the publishers."""
    return f"own/{member.value}.json"


def is_plain_path(path: str) -> bool:
    """Whether a path has only plain names, three at most, so that it can be no way out of a folder."""
    parts = path.split("/")
    return len(parts) <= 3 and all(_FILE.fullmatch(part) is not None for part in parts)

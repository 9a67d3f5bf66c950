"""Rows of the directory in an evidence file: which key of whom, by which algorithm, from when to when, for reading."""

from typing import Any

from connector.core.directory import MemberKey
from connector.core.instant import Instant, rfc3339
from connector.core.members import MemberId
from connector.evidence.form import to_base64

_LAST = 253_402_300_799


def key_row(member: MemberId, key: MemberKey) -> dict[str, Any]:
    """Give the row of a key as one directory lists it."""
    return {
        "member": member.value,
        "kid": key.kid,
        "use": key.use.value,
        "algorithm": key.algorithm,
        "public": to_base64(key.public_der),
        "valid_from": instant_text(key.valid_from),
        "valid_until": instant_text(key.valid_until),
        "compromised_since": None if key.compromised_since is None else instant_text(key.compromised_since),
    }


def instant_text(at: Instant) -> str:
    """Write an instant; one beyond the year 9999 as the last of it."""
    return rfc3339(Instant(min(at, _LAST)))

"""A session of a person who signed in here, and its rules: idle lock, absolute life, the browser it belongs to.

The cookie that opens it is nowhere but in the browser; what is kept is found by its hash.
"""

from dataclasses import dataclass
from enum import StrEnum

from connector.core.instant import Instant
from connector.core.mandate import Auth
from connector.core.private import Private


class SessionEnd(StrEnum):
    """Why a session is over, as its journal entry says it."""

    SIGNED_OUT = "signed-out"
    SIGNED_IN_AGAIN = "signed-in-again"
    OTHER_BROWSER = "other-browser"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long a session lives, in seconds: unused until it locks, and at most."""

    idle_seconds: int = 30 * 60
    life_seconds: int = 10 * 3600


@dataclass(frozen=True, slots=True, repr=False)
class Session(Private):
    """One session. `browser` is the keyed tag of what the browser says of itself, `address` that of where it is.

    `provider` is the identity provider that proved who it is, empty for a local account or a
    vendor's software.
    """

    id: str
    person_id: str
    auth: Auth
    csrf: str
    browser: bytes
    address: bytes
    used_at: Instant
    expires_at: Instant
    provider: str = ""
    locked: bool = False

    def is_locked(self, rules: SessionRules, now: Instant) -> bool:
        """Whether the person must prove again who they are before going on."""
        return self.locked or now >= self.used_at + rules.idle_seconds

"""Who is signed in, as handlers and pages see it, and where a browser speaks from."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from aiohttp import hdrs, web

from connector.core.errors import LocalRefused
from connector.core.mandate import Auth
from connector.core.people import Person, Role
from connector.core.private import Private

FETCHING: Final = frozenset({Role.PHYSICIAN, Role.NURSE, Role.INTERN})
"""Who asks for records and reads them."""

PREPARING: Final = FETCHING | {Role.ASSISTANT}
"""Who prepares fetches; an assistant starts none and reads none."""


@dataclass(frozen=True, slots=True, repr=False)
class SignedIn(Private):
    """The person of a request. `auth` is how, how surely and when they signed in: what a mandate says of it."""

    person: Person
    session_id: str
    auth: Auth
    csrf: str
    provider: str = ""

    @property
    def person_id(self) -> str:
        """Their id in the list of people."""
        return self.person.id

    @property
    def display_name(self) -> str:
        """Their name, for their own eyes."""
        return self.person.name

    @property
    def practitioner_id(self) -> str | None:
        """Their PS_IdNat, in whose name records are asked for; None for everybody else."""
        return self.person.practitioner.value if self.person.practitioner is not None else None

    @property
    def roles(self) -> frozenset[Role]:
        """What they may do here."""
        return self.person.roles

    def has(self, *roles: Role) -> bool:
        """Whether they have one of these roles."""
        return not self.roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True, repr=False)
class Seen(Private):
    """What is seen of a browser: what it says it is, and from where it speaks. Tags, salted by the session's id."""

    agent: str
    address: str

    @classmethod
    def of(cls, request: web.Request) -> "Seen":
        """See the browser of a request."""
        return cls(request.headers.get(hdrs.USER_AGENT, ""), request.remote or "")

    def agent_tag(self, session_id: str) -> bytes:
        """Give the tag of the browser."""
        return sha256(f"agent/{session_id}/{self.agent}".encode("utf-8", "surrogateescape")).digest()[:16]

    def address_tag(self, session_id: str) -> bytes:
        """Give the tag of the address."""
        return sha256(f"address/{session_id}/{self.address}".encode()).digest()[:16]


SIGNED_IN: Final = web.RequestKey("signed_in", SignedIn)
SESSION_FAULT: Final = web.RequestKey("session_fault", LocalRefused)
"""Why the session of a request's cookie does not count."""


def signed_in_of(request: web.Request) -> SignedIn | None:
    """Give who is signed in; None for nobody, and for a session that is locked or does not count."""
    found: SignedIn | None = request.get(SIGNED_IN)
    return found

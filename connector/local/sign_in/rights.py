"""Which roles open which pages, and what of the API a session opens: tables, asked before any handler."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from connector.core.people import Role
from connector.local.keys import Scope
from connector.local.sign_in.values import FETCHING, PREPARING, SignedIn

OPEN: Final = (
    "/api/", "/health/", "/metrics", "/static/", "/language/", "/login", "/logout", "/enrol", "/launch",
)  # fmt: skip
"""Paths whose own rules decide: the API by key or session, the rest by what it is."""

PAGE_ROLES: Final[Mapping[str, frozenset[Role]]] = {
    "/": frozenset(Role),
    "/fetch": PREPARING,
    "/fetches": PREPARING,
    "/worklist": PREPARING,
    "/alerts": frozenset({Role.IDENTITY_OFFICER}),
    "/oppositions": FETCHING | {Role.DPO},
    "/journal": frozenset({Role.AUDITOR, Role.DPO}),
    "/report": frozenset({Role.AUDITOR, Role.DPO}),
    "/status": frozenset({Role.ADMINISTRATOR}),
    "/people": frozenset({Role.ADMINISTRATOR, Role.DPO}),
    "/review": frozenset({Role.ADMINISTRATOR, Role.DPO}),
}
"""By the first step of the path; a page that is not here opens to nobody."""

SCOPE_ROLES: Final[Mapping[Scope, frozenset[Role]]] = {
    Scope.FETCH: FETCHING,
    Scope.STATUS: frozenset({Role.ADMINISTRATOR}),
    Scope.JOURNAL: frozenset({Role.AUDITOR, Role.DPO}),
    Scope.OPPOSITIONS: FETCHING | {Role.DPO},
    Scope.IDENTITY: frozenset({Role.IDENTITY_OFFICER}),
    Scope.OPERATE: frozenset({Role.ADMINISTRATOR}),
    Scope.PEOPLE: frozenset({Role.ADMINISTRATOR}),
}


def is_open(path: str) -> bool:
    """Whether a path needs nobody to be signed in."""
    return any(path == start.rstrip("/") or path.startswith(f"{start.rstrip('/')}/") for start in OPEN)


def roles_of_page(path: str) -> frozenset[Role]:
    """Give who may open a page."""
    return PAGE_ROLES.get("/" + path.lstrip("/").partition("/")[0], frozenset())


@dataclass(frozen=True, slots=True)
class CallingPerson:
    """A person as caller: the scopes of their roles, in the name of nobody but themselves."""

    name: str
    scopes: frozenset[Scope]
    practitioners: frozenset[str] = field(repr=False)


def caller_of_person(signed_in: SignedIn) -> CallingPerson:
    """Give a session's standing as a caller."""
    scopes = frozenset(scope for scope, roles in SCOPE_ROLES.items() if signed_in.has(*roles))
    own = frozenset({signed_in.practitioner_id}) if signed_in.practitioner_id is not None else frozenset[str]()
    return CallingPerson(f"person:{signed_in.person_id}", scopes, own)

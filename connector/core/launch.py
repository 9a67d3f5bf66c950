"""What a vendor's software opened the page with: whom it is about, and what was chosen there already."""

from dataclasses import dataclass

from connector.core.identity import QualifiedIdentity
from connector.core.mandate import Auth, VisitKind
from connector.core.members import MemberId
from connector.core.private import Private


@dataclass(frozen=True, slots=True, repr=False)
class LaunchedContext(Private):
    """One launch. `practitioner_id` is for whom it was made, None for whoever signs in; `auth` is the vendor's word.

    `reference` is the vendor's own, by which its software knows the fetch again; `person_id` is whom it was opened to.
    """

    issuer: str
    worker: QualifiedIdentity
    services: tuple[MemberId, ...] = ()
    visit: VisitKind | None = None
    practitioner_id: str | None = None
    auth: Auth | None = None
    reference: str = ""
    person_id: str = ""

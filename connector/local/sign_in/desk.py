"""All of sign-in that requests reach: the daemon joins it, and leaves it out where nobody signs in here."""

from dataclasses import dataclass

from connector.local.sign_in.sessions import Sessions
from connector.local.sign_in.staff import Staff


@dataclass(frozen=True, slots=True)
class SignInDesk:
    """The rooms of sign-in. `contact` is whom to call, in the service's own words."""

    sessions: Sessions
    staff: Staff
    contact: str = ""

"""All of sign-in that requests reach: the daemon joins it, and leaves it out where nobody signs in here."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.local.sign_in.accounts import LocalAccounts
from connector.local.sign_in.lockout import Lockout
from connector.local.sign_in.providers import Providers
from connector.local.sign_in.sessions import Sessions
from connector.local.sign_in.staff import Staff

if TYPE_CHECKING:  # it reads requests, whose guards know this desk
    from connector.local.sign_in.launching import Launching


@dataclass(frozen=True, slots=True)
class SignInDesk:
    """The rooms of sign-in; `accounts` is None where local accounts are off.

    `contact` is whom to call, in the service's own words.
    """

    sessions: Sessions
    staff: Staff
    lockout: Lockout
    providers: Providers
    launching: "Launching"
    accounts: LocalAccounts | None = None
    contact: str = ""

    def has_account(self, person_id: str) -> bool:
        """Whether a person has a local account."""
        return self.accounts is not None and self.accounts.has(person_id)

"""Joins people and sign-in to the state and the configuration."""

from connector.config.model import SignInSection
from connector.config.people import PractitionerList
from connector.config.references import References
from connector.core.oid import Environment
from connector.core.ports import Clock, Entropy
from connector.core.sessions import SessionRules
from connector.daemon.providers import open_providers
from connector.ledger.service import OpenState
from connector.local.sign_in.accounts import LocalAccounts
from connector.local.sign_in.desk import SignInDesk
from connector.local.sign_in.lockout import Lockout
from connector.local.sign_in.sessions import Sessions
from connector.local.sign_in.staff import Staff

_MINUTE, _HOUR = 60, 3600


async def open_sign_in(
    section: SignInSection,
    state: OpenState,
    configured: PractitionerList,
    clock: Clock,
    entropy: Entropy,
    *,
    member_name: str,
    environment: Environment,
    references: References,
) -> SignInDesk:
    """Read the people and join what signs them in.

    Raises:
        ConfigFault: a provider's secret, key or certificate cannot be used.
        FailedClosed: the state cannot be read.
    """
    staff = Staff(state.people, configured, clock, entropy)
    await staff.load()
    lockout = Lockout(state.failures, state.people, clock)
    accounts = None
    if section.local.enabled:
        accounts = LocalAccounts(
            state.local_accounts, state.one_time, staff, lockout, clock, entropy, issuer=f"SPSTI {member_name}"
        )
        await accounts.load()
    rules = SessionRules(section.idle_minutes * _MINUTE, section.session_hours * _HOUR)
    return SignInDesk(
        sessions=Sessions(state.sessions, staff, rules, clock, entropy),
        staff=staff,
        lockout=lockout,
        providers=open_providers(section, references, staff, state.people, clock, entropy, environment=environment),
        accounts=accounts,
        contact=section.contact,
    )

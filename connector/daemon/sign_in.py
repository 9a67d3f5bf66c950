"""Joins people and sign-in to the state and the configuration."""

from collections.abc import Sequence

from connector.config.model import ApiKey, ConfigFile
from connector.config.network import proxies
from connector.config.people import PractitionerList
from connector.config.references import References
from connector.core.oid import Environment
from connector.core.ports import Clock, Entropy
from connector.core.sessions import SessionRules
from connector.daemon.providers import open_providers
from connector.ledger.service import OpenState
from connector.local.sign_in.accounts import LocalAccounts
from connector.local.sign_in.desk import SignInDesk
from connector.local.sign_in.launching import Launching, VendorKey
from connector.local.sign_in.lockout import Lockout
from connector.local.sign_in.sessions import Sessions
from connector.local.sign_in.staff import Staff
from connector.wire.launch import vendor_key

_MINUTE, _HOUR = 60, 3600


async def open_sign_in(
    model: ConfigFile,
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
    section = model.sign_in
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
        launching=Launching(launch_keys(model.local.keys, references), state.one_time, staff, lockout, clock, entropy),
        providers=open_providers(
            section,
            references,
            staff,
            state.people,
            clock,
            entropy,
            environment=environment,
            proxies=proxies(model.network),
        ),
        accounts=accounts,
        contact=section.contact,
    )


def launch_keys(sections: Sequence[ApiKey], references: References) -> dict[str, VendorKey]:
    """Give the keys by which vendors' software signs launches, by the name of its API key.

    Raises:
        ConfigFault: one cannot be read, or is of another kind.
    """
    return {
        one.name: VendorKey(
            vendor_key(one.name, references.read(one.launch_key)), frozenset(one.practitioners), one.launch_vouches
        )
        for one in sections
        if one.launch_key is not None
    }

"""From `[[sign_in.providers]]` to the clients of these providers: discovery path, claims and levels by their kind."""

import ssl
from typing import Final

from connector.config.model import ProviderSection, SignInSection
from connector.config.references import References
from connector.core.errors import ConfigFault
from connector.core.faults import reason
from connector.core.mandate import AuthLevel, AuthMeans
from connector.core.network import STRAIGHT, Proxies
from connector.core.oid import Environment
from connector.core.ports import Clock, Entropy
from connector.core.ports_sign_in import PeopleStore
from connector.crypto.keys import load_private_key
from connector.local.sign_in.oidc_http import ProviderHttp
from connector.local.sign_in.provider import Provider, ProviderSettings
from connector.local.sign_in.providers import PersonRule, Providers
from connector.local.sign_in.staff import Staff

_PSC_DISCOVERY: Final = "/.well-known/wallet-openid-configuration"
"""Pro Santé Connect's is not the standard path (reference/security.md 3, seen in ANS's own extension)."""
_DISCOVERY: Final = "/.well-known/openid-configuration"
_PSC_CLAIMS: Final = ("SubjectNameID", "preferred_username")
"""Both hold PS_IdNat; where both are given they must say the same. `SubjectRefPro` may lack, and is not used."""
_PSC_LEVELS: Final = {"eidas1": AuthLevel.LOW, "eidas2": AuthLevel.SUBSTANTIAL, "eidas3": AuthLevel.HIGH}
"""Our reading of its `acr`; only `eidas1` was seen (reference/security.md 3 and 10). `levels` replaces it."""


def open_providers(
    section: SignInSection,
    references: References,
    staff: Staff,
    journal: PeopleStore,
    clock: Clock,
    entropy: Entropy,
    *,
    environment: Environment,
    proxies: Proxies = STRAIGHT,
) -> Providers:
    """Make the clients; nothing is called before somebody signs in.

    Raises:
        ConfigFault: a secret, key or certificate cannot be used.
    """
    made = [
        (
            Provider(
                _settings(one, references, section.idle_minutes * 60),
                ProviderHttp(one.title, _tls(one, references), proxies),
                clock,
                entropy,
            ),
            _rule(one, environment),
        )
        for one in section.providers
    ]
    return Providers(made, staff, journal, clock, entropy, address=section.address or "")


def _settings(section: ProviderSection, references: References, idle_seconds: int) -> ProviderSettings:
    is_psc = section.kind == "pro-sante-connect"
    path = _PSC_DISCOVERY if is_psc else _DISCOVERY
    settings = ProviderSettings(
        name=section.name,
        title=section.title,
        issuer=section.issuer,
        discovery=section.discovery or section.issuer.rstrip("/") + path,
        client_id=section.client_id,
        scope=section.scope or ("openid scope_all" if is_psc else "openid profile"),
        acr_values=section.acr_values if section.acr_values is not None else ("eidas1" if is_psc else ""),
        means=AuthMeans.PSC if is_psc else AuthMeans.OWN,
        levels=section.levels if section.levels is not None else (_PSC_LEVELS if is_psc else {}),
        level=section.level,
        wants_userinfo=is_psc,
        max_age={"always": 0, "recent": idle_seconds, "unlocking": None}[section.fresh],
        secret=_secret(section, references),
        key=load_private_key(references.read(section.client_key)) if section.client_key else None,
        key_id=section.client_key_id or "",
        key_algorithm=section.client_key_algorithm,
    )
    if not settings.key_fits():
        raise ConfigFault.of("provider.key", name=section.name, algorithm=settings.key_algorithm)
    return settings


def _secret(section: ProviderSection, references: References) -> str:
    if section.client_secret is None:
        return ""
    try:
        return references.read(section.client_secret).decode().strip()
    except UnicodeDecodeError:
        raise ConfigFault.of("provider.secret", reference=section.client_secret) from None


def _rule(section: ProviderSection, environment: Environment) -> PersonRule:
    if section.kind == "pro-sante-connect" and section.person_claim is None:
        return PersonRule(_PSC_CLAIMS, is_practitioner=True, refuses_editors=environment is Environment.PRODUCTION)
    return PersonRule((section.person_claim or "sub",), is_practitioner=section.kind == "pro-sante-connect")


def _tls(section: ProviderSection, references: References) -> ssl.SSLContext | None:
    if not section.trusted_cas and section.tls_certificate is None:
        return None
    try:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if section.trusted_cas:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            for ca in section.trusted_cas:
                context.load_verify_locations(references.path(ca))
        if section.tls_certificate is not None and section.tls_key is not None:
            context.load_cert_chain(references.path(section.tls_certificate), references.path(section.tls_key))
    except OSError as error:
        why = str(error.reason) if isinstance(error, ssl.SSLError) else reason(error)
        raise ConfigFault.of("provider.certificates", name=section.name, reason=why) from None
    return context

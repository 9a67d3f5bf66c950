"""Which of ANS's products a certificate is, from what stands in it, and what that product may be used for here.

SERV_SSL shows who we are when we are called, ORG_AUTH_CLI when we call, ORG_SIGN signs (reference/security.md section
1). Of the three only a leaf of ORG_SIGN was seen: that its extended key usage is `emailProtection` alone is verified,
what the other two bear is not, and said to be unconfirmed. The purposes themselves are RFC 5280's, whoever the issuer.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from connector.core.errors import ConfigFault

_IGC_POLICY: Final = "1.2.250.1.213.1.7."
"""Under this arc stand IGC-Santé's policies for organisations (reference/security.md section 1)."""

_IGC_NAME: Final = "IGC-SANTE"
_T = TypeVar("_T", bound=x509.ExtensionType)


class Product(StrEnum):
    """ANS's name of what a certificate is for."""

    SERV_SSL = "SERV_SSL"
    ORG_AUTH_CLI = "ORG_AUTH_CLI"
    ORG_SIGN = "ORG_SIGN"
    AUTHORITY = "authority"
    OTHER = "other"


class Use(StrEnum):
    """Where the configuration names a certificate."""

    SERVER = "server"
    CLIENT = "client"
    SIGNING = "signing"


WANTED: Final = {
    Use.SERVER: Product.SERV_SSL,
    Use.CLIENT: Product.ORG_AUTH_CLI,
    Use.SIGNING: Product.ORG_SIGN,
}
"""The product that ANS has for each use."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a certificate is and may do. `units` are the subject's OUs; one is the member id in IGC-Santé's."""

    product: Product
    is_confirmed: bool
    is_igc_sante: bool
    is_server: bool
    is_client: bool
    is_signer: bool
    has_names: bool
    units: tuple[str, ...]

    def __str__(self) -> str:
        """The product, and how far that is known."""
        whose = "IGC-Santé" if self.is_igc_sante else "not of IGC-Santé"
        doubt = "" if self.is_confirmed else ", by its key usage: not confirmed on a certificate of ANS"
        both = ", a TLS client as well" if self.is_server and self.is_client else ""
        return f"{self.product} ({whose}{both}{doubt})"


def kind_of(certificate: x509.Certificate) -> Kind:
    """Say which product a certificate is.

    Raises:
        ConfigFault: an extension of it cannot be read.
    """
    try:
        extensions = certificate.extensions
        uses = _of(extensions, x509.ExtendedKeyUsage)
        usage = _of(extensions, x509.KeyUsage)
        basic = _of(extensions, x509.BasicConstraints)
        names = _of(extensions, x509.SubjectAlternativeName)
        policies = _of(extensions, x509.CertificatePolicies)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise ConfigFault.of("certificate.extensions") from None
    allowed = None if uses is None else frozenset(uses)
    is_server = _allows(allowed, ExtendedKeyUsageOID.SERVER_AUTH)
    is_client = _allows(allowed, ExtendedKeyUsageOID.CLIENT_AUTH)
    is_signer = usage is None or usage.digital_signature or usage.content_commitment
    by_mail_alone = allowed == frozenset({ExtendedKeyUsageOID.EMAIL_PROTECTION})
    if basic is not None and basic.ca:
        product = Product.AUTHORITY
    elif by_mail_alone and usage is not None and usage.content_commitment:
        product = Product.ORG_SIGN
    elif allowed is not None and is_server:
        product = Product.SERV_SSL
    elif allowed is not None and is_client:
        product = Product.ORG_AUTH_CLI
    else:
        product = Product.OTHER
    return Kind(
        product=product,
        is_confirmed=product in {Product.ORG_SIGN, Product.AUTHORITY},
        is_igc_sante=_is_igc(certificate, policies),
        is_server=is_server,
        is_client=is_client,
        is_signer=is_signer,
        has_names=names is not None and len(list(names)) > 0,
        units=tuple(
            str(unit.value) for unit in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
        ),
    )


def require_fit(certificate: x509.Certificate, use: Use) -> Kind:
    """Give the kind of a certificate that may be used so.

    Raises:
        ConfigFault: TLS on the other side would refuse it, or its key may not sign; with what it is and what is needed.
    """
    kind = kind_of(certificate)
    wanted = WANTED[use]
    if use is Use.SERVER and not kind.is_server:
        raise _unfit("certificate.no-server", kind, wanted)
    if use is Use.SERVER and not kind.has_names:
        raise ConfigFault.of("certificate.no-names")
    if use is Use.CLIENT and not kind.is_client:
        raise _unfit("certificate.no-client", kind, wanted)
    if use is Use.SIGNING and not kind.is_signer:
        raise _unfit("certificate.no-signer", kind, wanted)
    return kind


def _unfit(fault: str, kind: Kind, wanted: Product) -> ConfigFault:
    about = ["igc-sante" if kind.is_igc_sante else "not-igc-sante"]
    if kind.is_server and kind.is_client:
        about.append("client-as-well")
    if not kind.is_confirmed:
        about.append("by-key-usage")
    return ConfigFault.of(
        fault, product=kind.product.value, article=f"article.{kind.product}", about=about, wanted=wanted.value
    )


def _of(extensions: x509.Extensions, kind: type[_T]) -> _T | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _allows(allowed: frozenset[ObjectIdentifier] | None, purpose: ObjectIdentifier) -> bool:
    """No extended key usage restricts nothing (RFC 5280 section 4.2.1.12)."""
    return allowed is None or purpose in allowed or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in allowed


def _is_igc(certificate: x509.Certificate, policies: x509.CertificatePolicies | None) -> bool:
    names = certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    by_policy = policies is not None and any(
        p.policy_identifier.dotted_string.startswith(_IGC_POLICY) for p in policies
    )
    return by_policy or any(_IGC_NAME in str(name.value).upper() for name in names)

"""X.509 certificates as values: what is needed of a peer's, and its way up to the configured authorities.

TLS has verified chain, dates and purpose when these are read (`peer.tls`); here stands what the rules ask on every
request afterwards, without parsing again. Names are taken apart by OID, never by their text: an IGC-Santé issuer has
two OUs (reference/security.md section 1). Revocation is `crypto.crls`; whose certificate it is, the directory says.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from connector.core import b64
from connector.core.codes import Code
from connector.core.errors import ConfigFault, PeerFault
from connector.core.instant import Instant
from connector.crypto.keys import MIN_RSA_BITS, load_certificates, spki_sha256, x5t_s256

MAX_CHAIN: Final = 8
"""Certificates in a chain (our rule): IGC-Santé has three, and authorities that sign each other end here."""

_UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises over malformed certificates, some of it only when the part is asked for."""


class IssuedSerial(NamedTuple):
    """A certificate as a CRL names it: the DER of its issuer's name, and its serial number."""

    issuer: bytes
    serial: int


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """What is needed of a certificate, our own or a peer's; read once for each connection.

    `x5t` is RFC 8705's 43 characters, `spki_sha256` a pin in base64url, `subject_ous` the OUs by OID 2.5.4.11 in their
    order, `issuer` the DER of the issuer's name.
    """

    x5t: str
    spki_sha256: str
    subject_ous: tuple[str, ...]
    issuer: bytes = field(repr=False)
    serial: int
    not_before: Instant
    not_after: Instant

    @classmethod
    def from_der(cls, der: bytes) -> Self:
        """Read a DER certificate.

        Raises:
            PeerFault: `peer.tls`, no certificate, malformed in a part needed, a serial number that is not positive,
                or an RSA key under 2048 bits.
        """
        try:
            certificate = x509.load_der_x509_certificate(der)
            key = certificate.public_key()
            tuple(certificate.extensions)  # what is not readable is refused here, before anything asks for it
            value = cls(
                x5t=x5t_s256(der),
                spki_sha256=b64.encode(spki_sha256(certificate)),
                subject_ous=tuple(
                    str(ou.value) for ou in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
                ),
                issuer=certificate.issuer.public_bytes(),
                serial=certificate.serial_number,
                not_before=_instant(certificate.not_valid_before_utc),
                not_after=_instant(certificate.not_valid_after_utc),
            )
        except _UNREADABLE:
            raise PeerFault("certificate: not readable as X.509", code=Code.PEER_TLS) from None
        if value.serial <= 0:
            raise PeerFault("certificate: its serial number is not positive (RFC 5280 4.1.2.2)", code=Code.PEER_TLS)
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA_BITS:
            raise PeerFault(
                f"certificate: RSA key of {key.key_size} bits, expected at least {MIN_RSA_BITS}", code=Code.PEER_TLS
            )
        return value

    def is_valid_at(self, at: Instant) -> bool:
        """Whether the instant lies within the certificate's life, both ends included (RFC 5280 section 4.1.2.5)."""
        return self.not_before <= at <= self.not_after


@dataclass(frozen=True, slots=True)
class Authorities:
    """The configured authorities, root and issuing ones alike: they alone are trusted, never the system's store."""

    certificates: tuple[x509.Certificate, ...]

    @classmethod
    def load(cls, files: Iterable[bytes]) -> Self:
        """Read the authorities' certificates, PEM or DER.

        Raises:
            ConfigFault: unreadable, none at all, or one that is no authority.
        """
        certificates = tuple(certificate for data in files for certificate in load_certificates(data))
        if not certificates:
            raise ConfigFault.of("authorities.none")
        for certificate in certificates:
            if not _is_authority(certificate):
                raise ConfigFault.of("authorities.no-authority", serial=f"{certificate.serial_number:x}")
        return cls(certificates)

    def chain_of(self, der: bytes) -> tuple[IssuedSerial, ...]:
        """Give each certificate from this one up to a self-issued authority, as CRLs name them; that one is left out.

        Signatures are verified, so that of two authorities of one name the one that really signed is taken. Dates and
        purposes are TLS's to check.

        Raises:
            PeerFault: `peer.tls`, unreadable, or it does not lead to a self-issued configured authority.
        """
        try:
            certificate = x509.load_der_x509_certificate(der)
            chain: list[IssuedSerial] = []
            for _ in range(MAX_CHAIN):
                chain.append(IssuedSerial(certificate.issuer.public_bytes(), certificate.serial_number))
                issuer = self._issuer_of(certificate)
                if issuer is None:
                    break
                if issuer.subject == issuer.issuer:
                    return tuple(chain)
                certificate = issuer
        except _UNREADABLE:
            raise PeerFault("certificate: not readable as X.509", code=Code.PEER_TLS) from None
        raise PeerFault(
            "certificate: does not lead to a configured authority",
            code=Code.PEER_TLS,
            hint="configure its root and its issuing authority",
        )

    def _issuer_of(self, certificate: x509.Certificate) -> x509.Certificate | None:
        for authority in self.certificates:
            if authority.subject == certificate.issuer:
                try:
                    certificate.verify_directly_issued_by(authority)
                except (InvalidSignature, ValueError, TypeError):
                    continue
                return authority
        return None


def _instant(moment: datetime) -> Instant:
    return Instant(int(moment.timestamp()))


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False

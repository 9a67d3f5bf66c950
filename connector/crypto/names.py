"""The names inside a certificate, by OID: what INSi and its platforms are told apart by.

Between members nothing depends on a CN (`crypto.certificates`); the national services do name theirs, and ours, by it
(reference/ins.md 4.1). Whether the certificate may be trusted at all was settled by TLS before these are read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from connector.core.errors import ConfigFault


@dataclass(frozen=True, slots=True)
class CertificateNames:
    """Common names and OUs of the subject, and common names of the issuer, in the certificate's order."""

    common_names: tuple[str, ...]
    organisational_units: tuple[str, ...]
    issuer_common_names: tuple[str, ...]

    @classmethod
    def from_der(cls, der: bytes) -> Self:
        """Read a DER certificate.

        Raises:
            ConfigFault: it is not readable.
        """
        return cls._from(x509.load_der_x509_certificate, der)

    @classmethod
    def from_pem(cls, chain: bytes) -> Self:
        """Read the first certificate of a PEM chain.

        Raises:
            ConfigFault: there is none, or it is not readable.
        """
        return cls._from(x509.load_pem_x509_certificate, chain)

    @classmethod
    def _from(cls, load: Callable[[bytes], x509.Certificate], data: bytes) -> Self:
        try:
            certificate = load(data)
            return cls(
                _all(certificate.subject, NameOID.COMMON_NAME),
                _all(certificate.subject, NameOID.ORGANIZATIONAL_UNIT_NAME),
                _all(certificate.issuer, NameOID.COMMON_NAME),
            )
        except ValueError:
            raise ConfigFault.of("certificate.not-x509") from None


def hosts_of(chain: bytes) -> tuple[str, ...]:
    """Give the host names and addresses for which the first certificate of a PEM chain may be shown.

    Raises:
        ConfigFault: there is none, or it is not readable.
    """
    try:
        extensions = x509.load_pem_x509_certificate(chain).extensions
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    except ValueError:
        raise ConfigFault.of("certificate.not-x509") from None
    dns = names.get_values_for_type(x509.DNSName)
    return (*dns, *map(str, names.get_values_for_type(x509.IPAddress)))


def _all(name: x509.Name, oid: ObjectIdentifier) -> tuple[str, ...]:
    return tuple(str(attribute.value) for attribute in name.get_attributes_for_oid(oid))

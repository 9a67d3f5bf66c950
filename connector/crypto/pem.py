"""PEM text of certificates and CRLs, the one form in which OpenSSL's contexts take them from a file."""

from collections.abc import Iterable
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from connector.core.errors import ConfigFault

_CRL_PEM: Final = b"-----BEGIN X509 CRL-----"


def certificates_to_pem(certificates: Iterable[x509.Certificate]) -> bytes:
    """Give the certificates one after the other."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def der_of(certificate: x509.Certificate) -> bytes:
    """Give a certificate as TLS sends it."""
    return certificate.public_bytes(Encoding.DER)


def crl_to_pem(data: bytes) -> bytes:
    """Give a CRL file as PEM: ANS publishes DER (reference/security.md section 4).

    Raises:
        ConfigFault: it is no CRL.
    """
    if _CRL_PEM in data:
        return data
    try:
        return x509.load_der_x509_crl(data).public_bytes(Encoding.PEM)
    except ValueError:
        raise ConfigFault.of("crl.unreadable") from None

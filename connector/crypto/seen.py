"""A certificate that was seen on a network, whoever showed it: who it says it is, and who issued it, for people.

Nothing is believed of it; the names are cut and cleaned, since whoever stands in between chose them.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

_MAX: Final = 120
_SHOWN: Final = (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME)


@dataclass(frozen=True, slots=True)
class SeenCertificate:
    """Whose it says it is, who issued it, and the hash of its DER."""

    subject: str
    issuer: str
    sha256: bytes

    @classmethod
    def of(cls, der: bytes) -> "SeenCertificate":
        """Read it; what cannot be read is named so."""
        try:
            found = x509.load_der_x509_certificate(der)
            return cls(_words(found.subject), _words(found.issuer), sha256(der).digest())
        except (ValueError, TypeError):
            return cls("an unreadable certificate", "an unreadable name", sha256(der).digest())


def _words(name: x509.Name) -> str:
    parts = [str(part.value) for oid in _SHOWN for part in name.get_attributes_for_oid(oid)]
    text = ", ".join(parts) or name.rfc4514_string()
    return "".join(char if char.isprintable() else "?" for char in text)[:_MAX] or "nobody"

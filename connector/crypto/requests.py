"""Certificate signing requests for the certificates a member needs, with the names an IGC-Santé certificate carries."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from connector.core.errors import ConfigFault
from connector.crypto.keys import PrivateKey


def certificate_request(key: PrivateKey, *, member_id: str, organisation: str, common_name: str, server: bool) -> bytes:
    """Give a CSR in PEM: subject C, O, OU = Struct_IdNat, CN (reference/security.md section 1), SAN for a server.

    Raises:
        ConfigFault: an Ed25519 key, with which no TLS certificate is made here.
    """
    if isinstance(key, ed25519.Ed25519PrivateKey):
        raise ConfigFault.of("request.key")
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, member_id),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
        ]
    )
    usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if server:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(common_name)]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

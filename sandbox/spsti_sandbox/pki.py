"""A test PKI shaped as IGC-Santé: a root, an issuing authority with two OUs, leaves named by their structure's OU.

Everything is made at run time and lives in one directory; no key is ever committed. It holds what a daemon's
configuration names: PEM chains and keys, PKCS#12 files, the authorities' bundle, the CRLs of both. The names follow
reference/security.md section 1 with "SANDBOX" where ANS writes "TEST", so that nobody takes one for the other.
"""

import datetime as dt
import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

Use: TypeAlias = Literal["server", "client", "sign", "both"]
KeyKind: TypeAlias = Literal["p256", "rsa2048"]
Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

DAY: Final = dt.timedelta(days=1)
LEAF_LIFE: Final = 3 * 365 * DAY
CRL_LIFE: Final = 7 * DAY

# SERV_SSL, ORG_AUTH_CLI and ORG_SIGN; "both" is a server certificate that may also be shown as a client's.
_EXTENDED_USES: Final[dict[Use, list[ObjectIdentifier]]] = {
    "server": [ExtendedKeyUsageOID.SERVER_AUTH],
    "client": [ExtendedKeyUsageOID.CLIENT_AUTH],
    "sign": [ExtendedKeyUsageOID.EMAIL_PROTECTION],
    "both": [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate with its key. The PEM file holds the leaf and its issuing authority, as a server sends them."""

    member_id: str
    cert_pem_path: Path
    key_pem_path: Path
    der: bytes
    key: Key = field(repr=False)
    certificate: x509.Certificate = field(repr=False)


@dataclass(slots=True)
class Authority:
    """A certificate authority and what it has taken back."""

    certificate: x509.Certificate
    key: Key = field(repr=False)
    revoked: list[int] = field(default_factory=list)


class Pki:
    """A root and one issuing authority; a second `Pki` with another `name` is "another CA".

    Args:
        directory: where the files go; made when missing.
        name: stands in the authorities' names.
        key: the kind of key of authorities, and of leaves unless told otherwise.
        crl_base: where the CRLs are published, `http://HOST:PORT/`: certificates then name their issuer's there.
        now: the beginning of every life; the wall clock when not given. Lives are counted from the later of the two:
            OpenSSL looks at the wall clock whatever a test's own clock says.
    """

    def __init__(
        self,
        directory: Path,
        *,
        name: str = "IGC-SANTE",
        key: KeyKind = "p256",
        now: dt.datetime | None = None,
        crl_base: str = "",
    ) -> None:
        self.directory = directory
        wall = dt.datetime.now(dt.UTC).replace(microsecond=0)
        self.now = (now or wall).replace(microsecond=0)
        self._lives_from = max(self.now, wall)
        self._key_kind: KeyKind = key
        self._crl_base = crl_base
        self._crl_number = 0
        self._leaf_number = 0
        directory.mkdir(parents=True, exist_ok=True)
        self.root = self._authority(f"SANDBOX AC RACINE {name} ELEMENTAIRE", None)
        self.issuing = self._authority(f"SANDBOX AC {name} ELEMENTAIRE ORGANISATIONS", self.root)
        self.ca_path = self._write("ca.pem", _pem(self.root.certificate) + _pem(self.issuing.certificate))
        self.crl_paths = self.write_crls()

    def issue(
        self,
        member_id: str,
        use: Use = "server",
        *,
        key: KeyKind | None = None,
        common_name: str = "localhost",
        hosts: tuple[str, ...] = ("localhost", "127.0.0.1"),
        not_before: dt.datetime | None = None,
        not_after: dt.datetime | None = None,
        reuse: Leaf | None = None,
    ) -> Leaf:
        """Issue a certificate to a member.

        Args:
            member_id: Struct_IdNat, the subject's OU.
            use: which extended key usage it bears.
            key: another kind of key than the authorities'.
            common_name: free, as at ANS: a host or the name of a service.
            hosts: subject alternative names, DNS or IP; none for `sign`.
            not_before: beginning of its life, a day ago when not given.
            not_after: its end, three years later when not given.
            reuse: renew this leaf: same key, new certificate.
        """
        leaf_key = reuse.key if reuse else _new_key(key or self._key_kind)
        begin = not_before or self.now - DAY
        subject = _name(common_name, [member_id], organisation="SPSTI DE DEMONSTRATION", state="Paris (75)")
        builder = (
            _builder(
                subject,
                self.issuing.certificate.subject,
                leaf_key,
                begin,
                not_after or max(begin, self._lives_from) + LEAF_LIFE,
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(digital_signature=True, content_commitment=use == "sign"), critical=True)
            .add_extension(x509.ExtendedKeyUsage(_EXTENDED_USES[use]), critical=False)
            .add_extension(_authority_key_id(self.issuing), critical=False)
        )
        if self._crl_base:
            builder = builder.add_extension(self._distribution_points("issuing.crl"), critical=False)
        if use != "sign" and hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName([_host(h) for h in hosts]), critical=False)
        certificate = builder.sign(self.issuing.key, hashes.SHA256())
        self._leaf_number += 1
        stem = f"{member_id}-{use}-{self._leaf_number}"
        chain = _pem(certificate) + _pem(self.issuing.certificate)
        return Leaf(
            member_id=member_id,
            cert_pem_path=self._write(f"{stem}.pem", chain),
            key_pem_path=self._write(f"{stem}.key", _key_pem(leaf_key), secret=True),
            der=certificate.public_bytes(serialization.Encoding.DER),
            key=leaf_key,
            certificate=certificate,
        )

    def issue_expired(self, member_id: str, use: Use = "server") -> Leaf:
        """Issue a certificate whose life ended yesterday."""
        return self.issue(member_id, use, not_before=self.now - LEAF_LIFE, not_after=self.now - DAY)

    def issue_not_yet_valid(self, member_id: str, use: Use = "server") -> Leaf:
        """Issue a certificate whose life begins tomorrow."""
        return self.issue(member_id, use, not_before=self._lives_from + DAY)

    def revoke(self, leaf: Leaf) -> None:
        """Take a leaf back and write the CRLs anew."""
        self.issuing.revoked.append(leaf.certificate.serial_number)
        self.crl_paths = self.write_crls()

    def revoke_issuing(self) -> None:
        """Take the issuing authority itself back and write the CRLs anew."""
        self.root.revoked.append(self.issuing.certificate.serial_number)
        self.crl_paths = self.write_crls()

    def write_crls(
        self, *, last_update: dt.datetime | None = None, life: dt.timedelta = CRL_LIFE, number: int | None = None
    ) -> tuple[Path, Path]:
        """Write the CRLs of root and issuing authority as DER, and give their paths in that order."""
        self._crl_number = number or self._crl_number + 1
        begin = last_update or self.now - dt.timedelta(hours=1)
        end = (last_update or self._lives_from) + life
        root, issuing = (
            self._write(f"{stem}.crl", _der(self.crl(authority, last_update=begin, next_update=end)))
            for stem, authority in (("root", self.root), ("issuing", self.issuing))
        )
        return root, issuing

    def crl(
        self,
        authority: Authority,
        *,
        last_update: dt.datetime,
        next_update: dt.datetime,
        signed_by: Key | None = None,
        extension: x509.ExtensionType | None = None,
    ) -> x509.CertificateRevocationList:
        """Make one CRL; `signed_by` forges it with another key, `extension` is added as a critical one."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(authority.certificate.subject)
            .last_update(last_update)
            .next_update(next_update)
            .add_extension(x509.CRLNumber(self._crl_number), critical=False)
            .add_extension(_authority_key_id(authority), critical=False)
        )
        if extension is not None:
            builder = builder.add_extension(extension, critical=True)
        for serial in authority.revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(last_update).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(signed_by or authority.key, hashes.SHA256())

    def pkcs12(self, leaf: Leaf, password: bytes | None) -> bytes:
        """Give leaf, key and issuing authority as a PKCS#12 file, the form in which ANS delivers."""
        encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password is not None:
            encryption = serialization.BestAvailableEncryption(password)
        chain = [self.issuing.certificate]
        return pkcs12.serialize_key_and_certificates(b"spsti", leaf.key, leaf.certificate, chain, encryption)

    def _authority(self, common_name: str, parent: Authority | None) -> Authority:
        key = _new_key(self._key_kind)
        subject = _name(common_name, ["IGC-SANTE SANDBOX", "0002 187512751"], organisation="ASIP-SANTE", state=None)
        issuer = parent.certificate.subject if parent else subject
        begin = self.now - 365 * DAY
        usage = _key_usage(key_cert_sign=True, crl_sign=True)
        builder = (
            _builder(subject, issuer, key, begin, self._lives_from + 20 * 365 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0 if parent else 1), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        if parent:
            builder = builder.add_extension(_authority_key_id(parent), critical=False)
            if self._crl_base:
                builder = builder.add_extension(self._distribution_points("root.crl"), critical=False)
        return Authority(builder.sign(parent.key if parent else key, hashes.SHA256()), key)

    def _distribution_points(self, name: str) -> x509.CRLDistributionPoints:
        """Name a list as ANS does: by HTTP, and by LDAP as well."""
        addresses = (self._crl_base + name, f"ldap://directory.invalid/{name}?certificaterevocationlist;binary")
        return x509.CRLDistributionPoints(
            [
                x509.DistributionPoint([x509.UniformResourceIdentifier(address)], None, None, None)
                for address in addresses
            ]
        )

    def _write(self, name: str, data: bytes, *, secret: bool = False) -> Path:
        path = self.directory / name
        path.touch(mode=0o600 if secret else 0o644)
        path.write_bytes(data)
        return path


def _new_key(kind: KeyKind) -> Key:
    if kind == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(common_name: str, units: list[str], *, organisation: str, state: str | None) -> x509.Name:
    places = [x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, state)] if state else []
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            *places,
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            *(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, begin: dt.datetime, end: dt.datetime
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=begin,
        not_valid_after=end,
    )


def _key_usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _authority_key_id(authority: Authority) -> x509.AuthorityKeyIdentifier:
    own = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own.value)


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _der(crl: x509.CertificateRevocationList) -> bytes:
    return crl.public_bytes(serialization.Encoding.DER)

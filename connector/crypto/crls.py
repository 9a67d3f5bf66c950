"""Revocation lists: which certificates their authorities have taken back, and until when the lists may be believed.

One list is needed of every configured authority: the root's says whether the issuing one is still good
(reference/security.md section 4). A set is a value: a renewed list makes a new set. Fetching lists and refusing peers
is left to others; a stale set answers as before, and `is_stale` tells.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from connector.core.codes import Code
from connector.core.errors import ConfigFault, PeerFault
from connector.core.instant import Instant
from connector.crypto.certificates import IssuedSerial
from connector.crypto.keys import PublicKey, load_certificates, spki_sha256

_PEM: Final = b"-----BEGIN"
_END: Final = b"-----END X509 CRL-----"
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises over malformed lists, some of it only when the part is asked for."""

_UNDERSTOOD: Final = frozenset({ExtensionOID.ISSUING_DISTRIBUTION_POINT})


@dataclass(frozen=True, slots=True)
class CrlSet:
    """The newest list of each authority, verified. `next_update` is the first instant at which one of them ends."""

    next_update: Instant
    _revoked: Mapping[bytes, frozenset[int]] = field(repr=False)

    @classmethod
    def load(cls, files: Iterable[bytes], issuers: Iterable[x509.Certificate | bytes]) -> Self:
        """Read and verify the lists (DER, or PEM with several in a file); of two under one key the newer counts.

        Raises:
            ConfigFault: a list is unreadable, of no configured authority, not signed by it, without end date, partial
                or otherwise not understood; or an authority has no list.
        """
        authorities = _authorities(issuers)
        newest: dict[tuple[bytes, bytes], x509.CertificateRevocationList] = {}
        revoked: dict[bytes, frozenset[int]] = {}
        try:
            for crl in (crl for data in files for crl in _read(data)):
                signer = _signer_of(crl, authorities)
                _refuse_partial(crl)
                if signer not in newest or crl.last_update_utc > newest[signer].last_update_utc:
                    newest[signer] = crl
            for (name, _), crl in newest.items():
                revoked[name] = revoked.get(name, frozenset()) | {entry.serial_number for entry in crl}
        except _UNREADABLE:
            raise ConfigFault(
                "CRL file: not readable as PEM or DER", hint="download it again from its issuer"
            ) from None
        missing = [certificate for certificate in authorities if certificate.subject.public_bytes() not in revoked]
        if missing:
            raise ConfigFault(
                f"CRL: none of authority {missing[0].subject.rfc4514_string()}",
                hint="lists of both the root and the issuing authority are needed",
            )
        ends = [_instant(crl.next_update_utc) for crl in newest.values() if crl.next_update_utc is not None]
        return cls(min(ends), revoked)

    def is_revoked(self, issuer: bytes, serial: int) -> bool:
        """Whether the authority of this DER name has taken back its certificate of this serial number.

        Raises:
            PeerFault: `peer.tls`, no list of that authority is held, so nothing can be said.
        """
        serials = self._revoked.get(issuer)
        if serials is None:
            raise PeerFault("certificate: its issuer is none of the authorities whose CRL is held", code=Code.PEER_TLS)
        return serial in serials

    def revoked_in(self, chain: Iterable[IssuedSerial]) -> IssuedSerial | None:
        """Give the first certificate of the chain that is revoked, the peer's own or one above it.

        Raises:
            PeerFault: `peer.tls`, as `is_revoked`.
        """
        return next((link for link in chain if self.is_revoked(*link)), None)

    def is_stale(self, now: Instant) -> bool:
        """Whether a list has ended: TLS refuses every peer from then on (reference/security.md section 4)."""
        return now >= self.next_update


def _authorities(issuers: Iterable[x509.Certificate | bytes]) -> tuple[x509.Certificate, ...]:
    found: list[x509.Certificate] = []
    for issuer in issuers:
        found.extend(load_certificates(issuer) if isinstance(issuer, bytes) else (issuer,))
    if not found:
        raise ConfigFault("CRL: no authority is configured that could have signed one")
    return tuple(found)


def _read(data: bytes) -> list[x509.CertificateRevocationList]:
    if _PEM not in data:
        return [x509.load_der_x509_crl(data)]
    blocks = [block + _END for block in data.split(_END)[:-1]]
    if not blocks:
        raise ValueError("PEM file without a CRL")
    return [x509.load_pem_x509_crl(block) for block in blocks]


def _signer_of(crl: x509.CertificateRevocationList, authorities: tuple[x509.Certificate, ...]) -> tuple[bytes, bytes]:
    """Name and key of the authority that signed the list: during a renewal, two keys sign under one name."""
    named = [certificate for certificate in authorities if certificate.subject == crl.issuer]
    if not named:
        raise ConfigFault(
            f"CRL: issued by {crl.issuer.rfc4514_string()}, which is no configured authority",
            hint="remove the file, or configure that authority",
        )
    for certificate in named:
        key = certificate.public_key()
        if _may_sign_crls(certificate) and isinstance(key, PublicKey) and crl.is_signature_valid(key):
            return certificate.subject.public_bytes(), spki_sha256(certificate)
    raise ConfigFault(
        f"CRL: not signed by {crl.issuer.rfc4514_string()}", hint="download it again; never use it unverified"
    )


def _may_sign_crls(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True


def _refuse_partial(crl: x509.CertificateRevocationList) -> None:
    """Refuse what would leave certificates uncovered: delta, indirect and partial lists, unknown critical extensions.

    RFC 5280 section 5.2: a list with a critical extension that is not understood says nothing about who is *not* on it.
    """
    if crl.next_update_utc is None:
        raise ConfigFault("CRL: says no date of the next one", hint="RFC 5280 section 5.1.2.5 wants it")
    for extension in crl.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            raise ConfigFault(
                f"CRL: critical extension {extension.oid.dotted_string} is not understood",
                hint="use the full list, not a delta list",
            )
        point = extension.value
        if isinstance(point, x509.IssuingDistributionPoint) and (
            point.indirect_crl
            or point.only_some_reasons
            or point.only_contains_user_certs
            or point.only_contains_ca_certs
            or point.only_contains_attribute_certs
        ):
            raise ConfigFault("CRL: covers a part of its authority's certificates", hint="use the full list")


def _instant(moment: datetime) -> Instant:
    return Instant(int(moment.timestamp()))

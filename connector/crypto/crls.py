"""Revocation lists: which certificates their authorities have taken back, and until when the lists may be believed.

One list is needed of every configured authority: the root's says whether the issuing one is still good
(reference/security.md section 4). A set is a value: a renewed list makes a new set. Fetching lists and refusing peers
is left to others; a stale set answers as before, and `is_stale` tells.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, NameOID

from connector.core.codes import Code
from connector.core.errors import ConfigFault, PeerFault
from connector.core.instant import Instant
from connector.crypto.certificates import IssuedSerial
from connector.crypto.keys import PublicKey, load_certificates, spki_sha256

_PEM: Final = b"-----BEGIN"
_END: Final = b"-----END X509 CRL-----"
_WEB: Final = ("http://", "https://")
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises over malformed lists, some of it only when the part is asked for."""

_MAX_NAME: Final = 200
"""Characters of a name in a message."""

_UNDERSTOOD: Final = frozenset({ExtensionOID.ISSUING_DISTRIBUTION_POINT})


@dataclass(frozen=True, slots=True)
class Crl:
    """One list, verified under its authority's key.

    `signer` names authority and key (hexadecimal, fit for a file name): during a renewal two keys sign under one name.
    `authority` is that name for people; `number` is the CRLNumber (RFC 5280 section 5.2.3), which ANS gives.
    """

    signer: str
    authority: str
    issuer: bytes = field(repr=False)
    number: int | None
    this_update: Instant
    next_update: Instant
    der: bytes = field(repr=False)
    serials: frozenset[int] = field(repr=False)

    def is_older_than(self, held: "Crl") -> bool:
        """Whether this list was issued before one of the same key that is held: then it would undo revocations."""
        if self.number is not None and held.number is not None and self.number < held.number:
            return True
        return self.this_update < held.this_update

    @property
    def order(self) -> tuple[int, int]:
        """What the newer of two lists of one key has more of."""
        return self.this_update, self.number or 0


@dataclass(frozen=True, slots=True)
class CrlSet:
    """The newest list of each key of an authority, verified. `missing` names the authorities without any.

    `next_update` is the first instant at which one of the lists ends.
    """

    lists: tuple[Crl, ...]
    missing: tuple[str, ...]
    next_update: Instant
    _revoked: Mapping[bytes, frozenset[int]] = field(repr=False)

    @classmethod
    def load(
        cls, files: Iterable[bytes], issuers: Iterable[x509.Certificate | bytes], *, may_miss: bool = False
    ) -> Self:
        """Read and verify the lists (DER, or PEM with several in a file); of two under one key the newer counts.

        Raises:
            ConfigFault: a list is unreadable, of no configured authority, not signed by it, without end date, partial
                or otherwise not understood; or an authority has no list, unless `may_miss` says that one is awaited.
        """
        authorities = _authorities(issuers)
        found = [crl for data in files for crl in read_crls(data, authorities)]
        whole = cls.of(found, authorities)
        if whole.missing and not may_miss:
            raise ConfigFault.of("crl.missing", authority=whole.missing[0])
        return whole

    @classmethod
    def of(cls, lists: Iterable[Crl], issuers: Iterable[x509.Certificate]) -> Self:
        """Make a set of lists that were read before."""
        newest: dict[str, Crl] = {}
        for crl in lists:
            if crl.signer not in newest or crl.order > newest[crl.signer].order:
                newest[crl.signer] = crl
        revoked: dict[bytes, frozenset[int]] = {}
        for crl in newest.values():
            revoked[crl.issuer] = revoked.get(crl.issuer, frozenset()) | crl.serials
        missing = {c.subject.rfc4514_string(): None for c in issuers if c.subject.public_bytes() not in revoked}
        ends = [crl.next_update for crl in newest.values()]
        return cls(tuple(newest.values()), tuple(missing), min(ends, default=Instant(0)), revoked)

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


def read_crls(data: bytes, issuers: Iterable[x509.Certificate]) -> tuple[Crl, ...]:
    """Read and verify every list of a file, DER or PEM.

    Raises:
        ConfigFault: as `CrlSet.load`, of one list.
    """
    authorities = tuple(issuers)
    try:
        return tuple(_verified(crl, authorities) for crl in _read(data))
    except _UNREADABLE:
        raise ConfigFault.of("crl.unreadable") from None


def believable(files: Iterable[bytes], issuers: Iterable[x509.Certificate]) -> tuple[Crl, ...]:
    """Give the lists that can be read and verified, and pass over the rest: for copies kept here of what was verified.

    A file that was damaged, or of an authority that is no longer configured, is as good as none.
    """
    authorities = tuple(issuers)
    found: list[Crl] = []
    for data in files:
        try:
            found += read_crls(data, authorities)
        except ConfigFault:
            continue
    return tuple(found)


def distribution_points(certificates: Iterable[x509.Certificate]) -> tuple[str, ...]:
    """Give the web addresses at which the issuers of these certificates publish their full lists, each once.

    IGC-Santé's certificates name one by HTTP and one by LDAP, and delta lists by LDAP alone (reference/security.md
    section 1): the first is all that is needed. One that cannot be read names none.
    """
    found: dict[str, None] = {}
    for certificate in certificates:
        try:
            points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        except (x509.ExtensionNotFound, *_UNREADABLE):
            continue
        for point in points:
            if point.reasons is None and point.crl_issuer is None:  # others are partial or indirect
                found |= {
                    name.value: None
                    for name in point.full_name or ()
                    if isinstance(name, x509.UniformResourceIdentifier) and name.value.startswith(_WEB)
                }
    return tuple(found)


def _verified(crl: x509.CertificateRevocationList, authorities: tuple[x509.Certificate, ...]) -> Crl:
    certificate = _signer_of(crl, authorities)
    ends = crl.next_update_utc
    if ends is None:
        raise ConfigFault.of("crl.no-end")
    _refuse_partial(crl)
    name = certificate.subject
    return Crl(
        signer=sha256(name.public_bytes() + spki_sha256(certificate)).hexdigest()[:32],
        authority=_common_name(name),
        issuer=name.public_bytes(),
        number=_number(crl),
        this_update=_instant(crl.last_update_utc),
        next_update=_instant(ends),
        der=crl.public_bytes(Encoding.DER),
        serials=frozenset(entry.serial_number for entry in crl),
    )


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _number(crl: x509.CertificateRevocationList) -> int | None:
    try:
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return None


def _authorities(issuers: Iterable[x509.Certificate | bytes]) -> tuple[x509.Certificate, ...]:
    found: list[x509.Certificate] = []
    for issuer in issuers:
        found.extend(load_certificates(issuer) if isinstance(issuer, bytes) else (issuer,))
    if not found:
        raise ConfigFault.of("crl.no-authority")
    return tuple(found)


def _read(data: bytes) -> list[x509.CertificateRevocationList]:
    if _PEM not in data:
        return [x509.load_der_x509_crl(data)]
    blocks = [block + _END for block in data.split(_END)[:-1]]
    if not blocks:
        raise ValueError("PEM file without a CRL")
    return [x509.load_pem_x509_crl(block) for block in blocks]


def _signer_of(crl: x509.CertificateRevocationList, authorities: tuple[x509.Certificate, ...]) -> x509.Certificate:
    """The authority that signed the list, by name and key: during a renewal, two keys sign under one name."""
    named = [certificate for certificate in authorities if certificate.subject == crl.issuer]
    if not named:
        raise ConfigFault.of("crl.foreign", issuer=_short(crl.issuer))
    for certificate in named:
        key = certificate.public_key()
        if _may_sign_crls(certificate) and isinstance(key, PublicKey) and crl.is_signature_valid(key):
            return certificate
    raise ConfigFault.of("crl.signature", issuer=_short(crl.issuer))


def _short(name: x509.Name) -> str:
    """Give the beginning of a name that nobody vouches for: it may be as long as the list, and goes into logs."""
    text = name.rfc4514_string()
    return text if len(text) <= _MAX_NAME else f"{text[:_MAX_NAME]}…"


def _may_sign_crls(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True


def _refuse_partial(crl: x509.CertificateRevocationList) -> None:
    """Refuse what would leave certificates uncovered: delta, indirect and partial lists, unknown critical extensions.

    RFC 5280 section 5.2: a list with a critical extension that is not understood says nothing about who is *not* on it.
    """
    for extension in crl.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            raise ConfigFault.of("crl.extension", oid=extension.oid.dotted_string)
        point = extension.value
        if isinstance(point, x509.IssuingDistributionPoint) and (
            point.indirect_crl
            or point.only_some_reasons
            or point.only_contains_user_certs
            or point.only_contains_ca_certs
            or point.only_contains_attribute_certs
        ):
            raise ConfigFault.of("crl.partial")


def _instant(moment: datetime) -> Instant:
    return Instant(int(moment.timestamp()))

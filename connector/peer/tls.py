"""TLS between members: contexts for both sides, and what a peer's certificate says (PROTOCOL section 1).

TLS 1.3 only, certificates required both ways, only the configured CAs, no session tickets (a resumed session checks no
CRL), CRLs of the whole chain when any are given (reference/security.md section 4: both the root's and the issuing CA's
are needed, and an expired one stops all peers). Keys reach OpenSSL through an anonymous file in memory, never the disk
(dependencies.md section 2). Which member a certificate belongs to is the directory's to say.
"""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from connector.core import b64
from connector.core.errors import ConfigFault
from connector.core.instant import Instant
from connector.crypto.keys import load_certificates, load_pkcs12, load_private_key, spki_sha256, to_pem, x5t_s256
from connector.crypto.pem import certificates_to_pem, crl_to_pem

_PEM: Final = b"-----BEGIN"
_OU: Final = "2.5.4.11"


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """What is needed of a certificate, our own or a peer's; read once for each connection.

    `x5t` is RFC 8705's 43 characters, `spki_sha256` a pin (base64url), `subject_ous` the OUs by OID 2.5.4.11, `issuer`
    the DER of the issuer's name.
    """

    x5t: str
    spki_sha256: str
    subject_ous: tuple[str, ...]
    serial: int
    issuer: bytes
    not_before: Instant
    not_after: Instant

    @classmethod
    def from_der(cls, der: bytes) -> "PeerCertificate":
        """Read a DER certificate.

        Raises:
            ConfigFault: it is none.
        """
        certificate = load_certificates(der)[0]
        return cls(
            x5t=x5t_s256(der),
            spki_sha256=b64.encode(spki_sha256(certificate)),
            subject_ous=tuple(str(a.value) for a in certificate.subject if a.oid.dotted_string == _OU),
            serial=certificate.serial_number,
            issuer=certificate.issuer.public_bytes(),
            not_before=Instant(int(certificate.not_valid_before_utc.timestamp())),
            not_after=Instant(int(certificate.not_valid_after_utc.timestamp())),
        )

    def is_valid_at(self, at: Instant) -> bool:
        """Whether the instant lies within the certificate's life: looked at again on every request."""
        return self.not_before <= at <= self.not_after


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """What a context is made of, as bytes. `chain` is PEM, leaf first; `key` is PEM, kept in memory only."""

    trusted_cas: bytes
    chain: bytes
    key: bytes = field(repr=False)
    crls: tuple[bytes, ...] = ()

    @property
    def certificate(self) -> PeerCertificate:
        """Our own leaf: a mandate's `cnf` names its `x5t` on the client side."""
        return PeerCertificate.from_der(ssl.PEM_cert_to_DER_cert(_first_certificate(self.chain)))


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Where the material lies. `key` is None where the certificate file holds it too (PEM or PKCS#12).

    `password` is a file whose first line opens the key; `crls` are PEM or DER files, none means no CRL is checked.
    """

    trusted_cas: tuple[Path, ...]
    certificate: Path
    key: Path | None = None
    password: Path | None = None
    crls: tuple[Path, ...] = ()

    def read(self) -> TlsMaterial:
        """Read every file; done again at each reload of the configuration.

        Raises:
            ConfigFault: a file is missing or unreadable, or holds something else.
        """
        password = _read(self.password).split(b"\n", 1)[0].rstrip(b"\r") if self.password else None
        content = _read(self.certificate)
        if self.key is None and _PEM not in content:
            bundle = load_pkcs12(content, password)
            chain, key = certificates_to_pem((bundle.certificate, *bundle.chain)), bundle.key
        else:
            chain = certificates_to_pem(load_certificates(content))
            key = load_private_key(content if self.key is None else _read(self.key), password)
        return TlsMaterial(
            trusted_cas=b"".join(certificates_to_pem(load_certificates(_read(path))) for path in self.trusted_cas),
            chain=chain,
            key=to_pem(key, None),
            crls=tuple(_read(path) for path in self.crls),
        )


def server_context(material: TlsMaterial) -> ssl.SSLContext:
    """Make the context of our endpoint: every client must show a certificate of the configured CAs.

    Raises:
        ConfigFault: OpenSSL does not take the certificate, its key, a CA or a CRL.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.num_tickets = 0
    return _prepare(context, material)


def client_context(material: TlsMaterial) -> ssl.SSLContext:
    """Make the context with which we ask peers: their certificate must be of the configured CAs and name their host.

    A name in the CN alone does not count. Raises: ConfigFault, as `server_context`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.hostname_checks_common_name = False
    return _prepare(context, material)


def peer_certificate(ssl_object: ssl.SSLObject | ssl.SSLSocket | None) -> PeerCertificate | None:
    """Read the certificate that the other end of this connection showed; None before the handshake or without one.

    Raises:
        ConfigFault: OpenSSL accepted it and it cannot be read here.
    """
    der = ssl_object.getpeercert(binary_form=True) if ssl_object is not None else None
    return PeerCertificate.from_der(der) if der else None


class ServerTls:
    """The context that listens, whose handshakes always use the newest material.

    The listening context cannot be replaced while it listens, so its SNI callback, which OpenSSL calls for each
    ClientHello with or without a name, moves every new handshake to the current one. Verification flags are copied
    from the listening context when a connection is made, so they are set there too.
    """

    def __init__(self, material: TlsMaterial) -> None:
        self.material = material
        self.context = server_context(material)
        self._current = self.context
        self.context.sni_callback = self._use_current

    def reload(self, material: TlsMaterial) -> None:
        """Use new certificates, CAs and CRLs for the handshakes to come; nothing changes when it raises.

        Raises:
            ConfigFault: as `server_context`.
        """
        fresh = server_context(material)
        self._current, self.material = fresh, material
        self.context.verify_flags = fresh.verify_flags

    def _use_current(self, connection: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _: ssl.SSLContext) -> None:
        connection.context = self._current


class ClientTls:
    """The context with which we connect; a reload gives another object, so pooled connections of the old one idle out.

    `certificate` is our own: what a mandate sent over `context` is bound to.
    """

    def __init__(self, material: TlsMaterial) -> None:
        self.reload(material)

    def reload(self, material: TlsMaterial) -> None:
        """Use new certificates, CAs and CRLs for the connections to come; nothing changes when it raises.

        Raises:
            ConfigFault: as `client_context`.
        """
        context, certificate = client_context(material), material.certificate
        self.material, self.context, self.certificate = material, context, certificate


def _prepare(context: ssl.SSLContext, material: TlsMaterial) -> ssl.SSLContext:
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION
    crls = b"".join(crl_to_pem(crl) for crl in material.crls)
    try:
        with _in_memory(material.trusted_cas + b"\n" + crls) as cas:
            context.load_verify_locations(cafile=cas)
        with _in_memory(material.chain) as chain, _in_memory(material.key) as key:
            context.load_cert_chain(chain, key)
    except ssl.SSLError as error:
        raise ConfigFault(
            f"TLS: OpenSSL refuses the certificate, its key, a CA or a CRL ({error.reason})",
            hint="certificate and key must be a pair, CAs and CRLs PEM or DER",
        ) from None
    if material.crls:
        context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_CHAIN
    return context


def _first_certificate(chain: bytes) -> str:
    end = "-----END CERTIFICATE-----"
    head, found, _ = chain.decode("ascii").partition(end)
    if not found:
        raise ConfigFault("certificate file: holds no PEM certificate")
    return head[head.index("-----BEGIN CERTIFICATE-----") :] + end


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigFault(f"{path}: cannot be read ({error.strerror})", hint="check the path and its rights") from None


@contextmanager
def _in_memory(content: bytes) -> Iterator[str]:
    """Give the content a file name without a file: OpenSSL's Python binding takes file names only."""
    descriptor = os.memfd_create("tls", os.MFD_CLOEXEC)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)

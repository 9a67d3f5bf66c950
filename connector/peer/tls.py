"""TLS between members: contexts for both sides, and what they trust (PROTOCOL section 1).

TLS 1.3 only, certificates required both ways, only the configured authorities, no session tickets (a resumed session
checks no CRL), CRLs of the whole chain when any are given (reference/security.md section 4: both the root's and the
issuing one's are needed, and an expired one stops all peers). Keys reach OpenSSL through an anonymous file in memory,
never the disk (dependencies.md section 2). Which member a certificate belongs to is the directory's to say.
"""

import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from connector.core.errors import ConfigFault
from connector.core.faults import Fault, reason
from connector.core.instant import Instant, rfc3339
from connector.crypto.certificates import Authorities, IssuedSerial, PeerCertificate
from connector.crypto.crls import CrlSet
from connector.crypto.keys import load_certificates, load_pkcs12, load_private_key, password_in, to_pem
from connector.crypto.pem import certificates_to_pem, crl_to_pem

_PEM: Final = b"-----BEGIN"
_END: Final = "-----END CERTIFICATE-----"

Connection = ssl.SSLObject | ssl.SSLSocket


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """What a context is made of, as bytes. `chain` is PEM, leaf first; `key` is PEM, kept in memory only.

    CRLs are checked where there are any, or where `awaits_crls` says that they will be fetched: until then no
    certificate is believed. `grace_seconds` is how long a list that has ended is gone by all the same (`Trust`);
    OpenSSL knows no such thing, so `in_grace` leaves the CRLs to the look that is taken at every request.
    """

    trusted_cas: bytes
    chain: bytes
    key: bytes = field(repr=False)
    crls: tuple[bytes, ...] = ()
    awaits_crls: bool = False
    grace_seconds: int = 0
    in_grace: bool = False

    @property
    def checks_crls(self) -> bool:
        """Whether a certificate of which no list says anything is refused."""
        return self.awaits_crls or bool(self.crls)

    @property
    def certificate(self) -> PeerCertificate:
        """Our own leaf: a mandate's `cnf` names its `x5t` on the client side."""
        head, found, _ = self.chain.decode("ascii").partition(_END)
        if not found:
            raise ConfigFault.of("certificate.none")
        return PeerCertificate.from_der(ssl.PEM_cert_to_DER_cert(head[head.index("-----BEGIN") :] + _END))


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
        password = password_in(_read(self.password)) if self.password else None
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


@dataclass(frozen=True, slots=True)
class Trust:
    """The authorities and their newest CRLs, for what TLS asks once and the protocol on every request."""

    authorities: Authorities
    crls: CrlSet | None
    grace_seconds: int = 0

    @classmethod
    def of(cls, material: TlsMaterial) -> "Trust":
        """Read and verify them.

        Raises:
            ConfigFault: unreadable, no authority, or a CRL that is missing, partial or not signed by its authority.
        """
        authorities = Authorities.load((material.trusted_cas,))
        if not material.checks_crls:
            return cls(authorities, None)
        crls = CrlSet.load(material.crls, authorities.certificates, may_miss=material.awaits_crls)
        return cls(authorities, crls, material.grace_seconds)

    def speechless(self, now: Instant) -> str:
        """Say why nothing can be said of anyone's certificate now, in English; empty where something can."""
        fault = self.unsaid(now)
        return fault.text("en") if fault else ""

    def unsaid(self, now: Instant) -> Fault | None:
        """Give why nothing can be said of anyone's certificate now: a list is missing, or has ended."""
        if self.crls is None:
            return None
        if self.crls.missing:
            return Fault("revocation.missing", {"authority": self.crls.missing[0]})
        if now >= self.crls.next_update + self.grace_seconds:
            return Fault("revocation.ended", {"at": rfc3339(self.crls.next_update)})
        return None

    def chain_of(self, connection: Connection) -> tuple[IssuedSerial, ...]:
        """Give the peer's certificate and those above it as CRLs name them; kept by callers for the connection's life.

        Raises:
            PeerFault: `peer.tls`, there is none, or it leads to no configured authority.
        """
        return self.authorities.chain_of(connection.getpeercert(binary_form=True) or b"")

    def is_revoked(self, chain: tuple[IssuedSerial, ...]) -> bool:
        """Whether a certificate of the chain stands on its authority's newest CRL; never so where none are configured.

        Raises:
            PeerFault: `peer.tls`, no list of one of the issuers is held.
        """
        return self.crls is not None and self.crls.revoked_in(chain) is not None


@dataclass(frozen=True, slots=True)
class Prepared:
    """Material that was read and verified, and the context that OpenSSL made of it."""

    material: TlsMaterial
    context: ssl.SSLContext
    trust: Trust


def server_context(material: TlsMaterial) -> ssl.SSLContext:
    """Make the context of our endpoint: every client must show a certificate of the configured authorities.

    Raises:
        ConfigFault: OpenSSL does not take the certificate, its key, an authority or a CRL.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.num_tickets = 0
    return _prepare(context, material)


def client_context(material: TlsMaterial) -> ssl.SSLContext:
    """Make the context with which we ask peers: their certificate must be of those authorities and name their host.

    A name in the CN alone does not count.

    Raises:
        ConfigFault: as `server_context`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.hostname_checks_common_name = False
    return _prepare(context, material)


def peer_certificate(connection: Connection | None) -> PeerCertificate | None:
    """Read the certificate that the other end of this connection showed; None before the handshake or without one.

    Raises:
        PeerFault: `peer.tls`, OpenSSL accepted it and it cannot be read here, or its RSA key is too small.
    """
    der = connection.getpeercert(binary_form=True) if connection is not None else None
    return PeerCertificate.from_der(der) if der else None


class ServerTls:
    """The context that listens, whose handshakes always use the newest material.

    The listening context cannot be replaced while it listens, so its SNI callback, which OpenSSL calls for each
    ClientHello with or without a name, moves every new handshake to the current one. Verification flags are copied
    from the listening context when a connection is made, so they are set there too. `on_refusal` is told why a
    handshake failed, in OpenSSL's word for it: nothing above TLS ever hears of such a client.
    """

    def __init__(self, material: TlsMaterial, on_refusal: Callable[[str], None] = lambda _reason: None) -> None:
        self.material, self.trust = material, Trust.of(material)
        self.on_refusal = on_refusal
        self.context = self._current = server_context(material)
        self.context.sni_callback = self._use_current
        self.context.sslobject_class = _telling(self)

    def reload(self, material: TlsMaterial) -> None:
        """Use new certificates, authorities and CRLs for the handshakes to come; nothing changes when it raises.

        Raises:
            ConfigFault: as `server_context` and `Trust.of`.
        """
        self.use(self.prepare(material))

    @staticmethod
    def prepare(material: TlsMaterial) -> "Prepared":
        """Make what `use` takes; it may be done in another thread, since long lists take their time.

        Raises:
            ConfigFault: as `reload`.
        """
        return Prepared(material, server_context(material), Trust.of(material))

    def use(self, prepared: "Prepared") -> None:
        """Use it for the handshakes to come."""
        self._current, self.material, self.trust = prepared.context, prepared.material, prepared.trust
        self.context.verify_flags = prepared.context.verify_flags

    def _use_current(self, connection: Connection, _name: str | None, _listening: ssl.SSLContext) -> None:
        connection.context = self._current


class ClientTls:
    """The context with which we connect; a reload gives another object, so pooled connections of the old one idle out.

    `certificate` is our own: what a mandate sent over `context` is bound to.
    """

    def __init__(self, material: TlsMaterial) -> None:
        self.reload(material)

    def reload(self, material: TlsMaterial) -> None:
        """Use new certificates, authorities and CRLs for the connections to come; nothing changes when it raises.

        Raises:
            ConfigFault: as `client_context` and `Trust.of`.
        """
        self.use(self.prepare(material))

    @staticmethod
    def prepare(material: TlsMaterial) -> "Prepared":
        """Make what `use` takes, in any thread.

        Raises:
            ConfigFault: as `reload`.
        """
        return Prepared(material, client_context(material), Trust.of(material))

    def use(self, prepared: "Prepared") -> None:
        """Use it for the connections to come."""
        certificate = prepared.material.certificate
        self.material, self.context, self.trust = prepared.material, prepared.context, prepared.trust
        self.certificate = certificate


def _prepare(context: ssl.SSLContext, material: TlsMaterial) -> ssl.SSLContext:
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION
    checks_crls = material.checks_crls and not material.in_grace
    crls = b"\n".join(crl_to_pem(crl) for crl in material.crls) if checks_crls else b""
    try:
        with _in_memory(material.trusted_cas + b"\n" + crls) as cas:
            context.load_verify_locations(cafile=cas)
        with _in_memory(material.chain) as chain, _in_memory(material.key) as key:
            context.load_cert_chain(chain, key)
    except ssl.SSLError as error:
        raise ConfigFault.of("tls.refused", reason=str(error.reason)) from None
    if checks_crls:
        context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_CHAIN
    return context


def _telling(tls: ServerTls) -> type[ssl.SSLObject]:
    """Make the class of the listening context's connections, which tells of a handshake that failed."""

    class Telling(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                verification: Any = getattr(error, "verify_message", "")
                tls.on_refusal(verification or error.reason or type(error).__name__)
                raise

    return Telling


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigFault.of("reference.file-unreadable", path=str(path), reason=reason(error)) from None


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

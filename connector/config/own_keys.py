"""This service's own keys and certificates, read from where its configuration names them, and whether they will do.

Whether the member list knows them is `config.listing`; when they end is `config.own_certificates`.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from connector.config.model import ConfigFile, KeyPair, LedgerKey, SigningKey
from connector.config.references import References
from connector.core.errors import ConfigFault
from connector.core.instant import Instant
from connector.core.units import HOUR_SECONDS
from connector.crypto.certificates import Authorities
from connector.crypto.crls import believable, distribution_points
from connector.crypto.keys import (
    OwnSigner,
    PrivateKeySigner,
    SigningAlgorithm,
    load_certificates,
    load_pkcs12,
    load_private_key,
    password_in,
)
from connector.crypto.kinds import Use, require_fit
from connector.crypto.token import TokenKey, TokenSigner
from connector.peer.tls import TlsMaterial, TlsSettings, Trust, client_context, server_context
from connector.store.kept_crls import KeptCrls


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was prepared to follow the keys and certificates in use; None where nothing was."""

    signer: OwnSigner | None = None
    ledger_signer: PrivateKeySigner | None = None
    server_tls: TlsMaterial | None = field(default=None, repr=False)
    client_tls: TlsMaterial | None = field(default=None, repr=False)


class OwnKeys:
    """Reads them. Every method raises `ConfigFault` for what is missing, unreadable, or not fit for its use."""

    def __init__(self, model: ConfigFile, references: References) -> None:
        self._model, self._references = model, references

    def signer(self, section: SigningKey) -> OwnSigner:
        """Read the key that signs mandates and receipts, or reach it in its token."""
        algorithm = SigningAlgorithm(section.algorithm)
        if section.pkcs11 is not None:
            token = section.pkcs11
            pin = (self._password(token.pin) or b"").decode(errors="replace")
            return TokenSigner(
                section.kid, algorithm, TokenKey(token.module, token.token, token.key, pin), time.monotonic
            )
        data = self._references.read(section.key or section.pkcs12 or "")
        if section.pkcs12 is not None:
            bundle = load_pkcs12(data, self._password(section.password))
            require_fit(bundle.certificate, Use.SIGNING)
            return PrivateKeySigner(section.kid, algorithm, bundle.key)
        key = load_private_key(data, self._password(section.password))
        return PrivateKeySigner(section.kid, algorithm, key)

    def ledger_signer(self, section: LedgerKey) -> PrivateKeySigner:
        """Read the key that signs the ledgers' heads."""
        key = load_private_key(self._references.read(section.key), self._password(section.password))
        return PrivateKeySigner(section.kid, SigningAlgorithm.ED25519, key)

    def pair(self, pair: KeyPair) -> TlsMaterial:
        """Read a certificate for mutual TLS with its key, and the authorities trusted there."""
        peer, path = self._model.peer, self._references.path
        return TlsSettings(
            trusted_cas=tuple(map(path, peer.trusted_cas)),
            certificate=path(pair.pkcs12 or pair.certificate or ""),
            key=path(pair.key) if pair.key else None,
            password=path(pair.password) if pair.password else None,
            crls=tuple(map(path, peer.crls)),
        ).read()

    def usable(self, read: TlsMaterial, use: Use, crl_urls: Sequence[str], *, at: Instant | None) -> TlsMaterial:
        """Add the revocation lists kept here, and see whether TLS takes it all; `at` is when it must be valid."""
        require_fit(load_certificates(read.chain)[0], use)
        authorities = Authorities.load((read.trusted_cas,)).certificates
        kept = KeptCrls(self._references.path(self._model.state.directory)).read() if crl_urls else ()
        made = replace(
            read,
            crls=(*read.crls, *(crl.der for crl in believable(kept, authorities))),
            awaits_crls=bool(crl_urls),
            grace_seconds=self._model.peer.crl.grace_hours * HOUR_SECONDS,
        )
        Trust.of(made)
        (client_context if use is Use.CLIENT else server_context)(made)
        if at is not None and not made.certificate.is_valid_at(at):
            raise ConfigFault.of("certificate.now")
        return made

    def _password(self, reference: str | None) -> bytes | None:
        return password_in(self._references.read(reference)) if reference else None


def listed_points(materials: Sequence[TlsMaterial]) -> tuple[str, ...]:
    """Give where the lists are that our own certificates and the configured authorities' name.

    Raises:
        ConfigFault: a certificate cannot be read.
    """
    return distribution_points(
        one for read in materials for one in load_certificates(read.chain + b"\n" + read.trusted_cas)
    )

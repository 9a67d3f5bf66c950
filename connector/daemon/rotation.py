"""Which of two keys is in use: the one configured, or the one prepared to follow it, once the directory lists that.

Nobody is refused over a change: a prepared signing or ledger key is used from the instant at which the directory says
that it is valid, and the one before stays listed for a while; a prepared certificate is used once its life has begun
and the directory knows it as ours. Connections and transfers made under the one before go on to their end. The choice
depends on the directory and the clock alone, so that a restart makes the same one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from connector import logs
from connector.config.material import Material
from connector.core.directory import KeyUse, Member
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType
from connector.core.ports import Clock, HouseLedger, MemberDirectory
from connector.crypto.certificates import PeerCertificate
from connector.crypto.keys import OwnSigner, PrivateKeySigner, Switched, public_key_to_der
from connector.daemon.membership import Membership
from connector.daemon.revocation import Revocation, crl_settings
from connector.peer.tls import TlsMaterial


@dataclass(frozen=True, slots=True)
class InUse:
    """What is in use; `prepared` names the kinds of which that is what was prepared."""

    signer: OwnSigner
    ledger_signer: PrivateKeySigner
    server_tls: TlsMaterial
    client_tls: TlsMaterial
    prepared: frozenset[str]


def choose(material: Material, directory: MemberDirectory, now: Instant, before: frozenset[str]) -> InUse:
    """Choose between what is configured and what was prepared.

    Args:
        material: both.
        directory: what is listed; while it does not know this service, nothing changes.
        now: the time.
        before: the kinds of which what was prepared is in use already.
    """
    member, following = directory.get(material.own.id), material.prepared
    ready = before if member is None or not member.keys else frozenset(_ready(material, member, directory, now))
    return InUse(
        following.signer if following.signer and "signing" in ready else material.signer,
        following.ledger_signer if following.ledger_signer and "ledger" in ready else material.ledger_signer,
        following.server_tls if following.server_tls and "server" in ready else material.server_tls,
        following.client_tls if following.client_tls and "client" in ready else material.client_tls,
        ready,
    )


def _ready(material: Material, member: Member, directory: MemberDirectory, now: Instant) -> Iterator[str]:
    following = material.prepared
    for kind, use, signer in (
        ("signing", KeyUse.SIGN, following.signer),
        ("ledger", KeyUse.LEDGER, following.ledger_signer),
    ):
        if signer is not None and _is_listed(member, use, signer, now):
            yield kind
    for kind, tls in (("server", following.server_tls), ("client", following.client_tls)):
        if tls is not None and _is_known(member, directory, tls.certificate, now):
            yield kind


def _is_listed(member: Member, use: KeyUse, signer: OwnSigner, now: Instant) -> bool:
    public = public_key_to_der(signer.public_key)
    return any(
        key.kid == signer.kid and key.use is use and key.public_der == public and key.is_valid_at(now)
        for key in member.keys
    )


def _is_known(member: Member, directory: MemberDirectory, certificate: PeerCertificate, now: Instant) -> bool:
    owner = directory.by_certificate(certificate.spki_sha256, certificate.subject_ous)
    return owner is not None and owner.id == member.id and certificate.is_valid_at(now)


class Rotation:
    """Keeps what signs and what TLS shows on the right one of two keys."""

    def __init__(
        self,
        material: Material,
        *,
        signer: Switched[OwnSigner],
        ledger_signer: Switched[PrivateKeySigner],
        revocation: Revocation,
        membership: Membership,
        ledger: HouseLedger,
        clock: Clock,
    ) -> None:
        self.material, self._signer, self._ledger_signer = material, signer, ledger_signer
        self._revocation, self._membership = revocation, membership
        self._ledger, self._clock = ledger, clock
        self._untold: list[EntryDraft] = []
        self.in_use = choose(material, membership.directory, clock.now(), frozenset())
        if self.in_use.prepared & {"server", "client"}:
            revocation.replace(self.in_use.server_tls, self.in_use.client_tls, crl_settings(material))
        self._put(self.in_use)

    def replace(self, material: Material) -> None:
        """Take a configuration that was read again.

        Raises:
            ConfigFault: its certificates cannot be used; nothing changed.
        """
        fresh = choose(material, self._membership.directory, self._clock.now(), self.in_use.prepared)
        self._revocation.replace(fresh.server_tls, fresh.client_tls, crl_settings(material))
        self.material = material
        self._put(fresh)

    async def tick(self) -> None:
        """Look at the directory and the clock; what becomes used, or is used no longer, is told and journalled.

        Raises:
            FailedClosed: it could not be journalled.
        """
        fresh = choose(self.material, self._membership.directory, self._clock.now(), self.in_use.prepared)
        changed = fresh.prepared ^ self.in_use.prepared
        if changed & {"server", "client"}:
            self._revocation.replace(fresh.server_tls, fresh.client_tls, crl_settings(self.material))
        if changed:
            self._put(fresh)
        while self._untold:
            await self._ledger.record(self._untold[0])
            del self._untold[0]

    def certificates(self) -> dict[str, PeerCertificate]:
        """Give the certificates in use and those that wait to follow, by their use."""
        following = self.material.prepared
        found = {"server": self.in_use.server_tls.certificate, "client": self.in_use.client_tls.certificate}
        for kind, tls in (("server", following.server_tls), ("client", following.client_tls)):
            if tls is not None and kind not in self.in_use.prepared:
                found[f"{kind}-next"] = tls.certificate
        return found

    def _put(self, fresh: InUse) -> None:
        for kind in sorted(fresh.prepared ^ self.in_use.prepared):
            state = "prepared" if kind in fresh.prepared else "configured"
            logs.get_logger().warning(logs.KEY_SWITCHED, half=kind, state=state)
            self._untold.append(
                EntryDraft(
                    type=EntryType.CONFIGURED, at=self._clock.now(), outcome="key-switched", reason=f"{kind}: {state}"
                )
            )
        self._signer.switch(fresh.signer)
        self._ledger_signer.switch(fresh.ledger_signer)
        self._membership.own = replace(
            self._membership.own,
            signer=fresh.signer,
            ledger_signer=fresh.ledger_signer,
            server=fresh.server_tls.certificate,
            client=fresh.client_tls.certificate,
        )
        self.in_use = fresh

"""Whether the member list knows this service as it is configured: its keys, its certificates, its standing.

With a local file a difference is a fault of the configuration. With a federation's directory it may be right tomorrow
(the service has not joined yet, a new key is being published), so it is told by `check` and by readiness, and the
connector runs: it could not be put right by one that does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from connector.config.locate import Path as KeyPath
from connector.core.directory import KeyUse, Member, MemberStatus
from connector.core.faults import Fault, FaultAt
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.ports import MemberDirectory
from connector.crypto.certificates import PeerCertificate
from connector.crypto.keys import OwnSigner, PrivateKeySigner, public_key_to_der


@dataclass(frozen=True, slots=True)
class Own:
    """This service as it is configured, without what could not be read; `list_key` is where the list is named."""

    id: MemberId
    list_key: KeyPath
    signer: OwnSigner | None
    ledger_signer: PrivateKeySigner | None
    server: PeerCertificate | None
    client: PeerCertificate | None

    def differences(self, directory: MemberDirectory, now: Instant) -> tuple[FaultAt, ...]:
        """Compare with the list as it is now: what it says otherwise, each at the key that it concerns."""
        member = directory.get(self.id)
        if member is None:
            return (_difference(self.list_key, "listing.absent", member=str(self.id), do=f"join.{self.list_key[0]}"),)
        return tuple(self._found(member, directory, now))

    def _found(self, member: Member, directory: MemberDirectory, now: Instant) -> Iterator[FaultAt]:
        if not member.keys and self.list_key[0] == "directory":
            yield _difference(self.list_key, "listing.unpublished", member=str(self.id))
            return
        if member.status is not MemberStatus.ACTIVE and self.list_key[0] == "directory":
            yield _difference(self.list_key, "listing.status", member=str(self.id), status=member.status.value)
        for use, signer, section in (
            (KeyUse.SIGN, self.signer, "signing"),
            (KeyUse.LEDGER, self.ledger_signer, "ledger"),
        ):
            if signer is not None:
                yield from _key_differences(member, use, signer, section, now)
        for half, certificate in (("server", self.server), ("client", self.client)):
            if certificate is None:
                continue
            owner = directory.by_certificate(certificate.spki_sha256, certificate.subject_ous)
            if owner is None or owner.id != member.id:
                where, own = ("peer", half), str(member.id)
                if owner:
                    yield _difference(where, "listing.certificate-other", owner=str(owner.id), member=own)
                else:
                    yield _difference(where, "listing.certificate-nobody", member=own)


def _difference(path: KeyPath, kind: str, /, **values: object) -> FaultAt:
    return FaultAt(path, Fault(kind, values))


def _key_differences(member: Member, use: KeyUse, signer: OwnSigner, section: str, now: Instant) -> Iterator[FaultAt]:
    listed = next((k for k in member.keys if k.kid == signer.kid and k.use is use), None)
    if listed is None or listed.public_der != public_key_to_der(signer.public_key):
        yield _difference((section, "kid"), "listing.key", use=use.value, kid=signer.kid)
    elif listed.algorithm != signer.algorithm:
        yield _difference((section, "algorithm"), "listing.algorithm", listed=listed.algorithm, kid=signer.kid)
    elif not listed.is_valid_at(now):
        yield _difference((section, "kid"), "listing.key-ended", kid=signer.kid)

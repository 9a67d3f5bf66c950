"""Whether the member list knows this service as it is configured: its keys, its certificates, its standing.

With a local file a difference is a fault of the configuration. With a federation's directory it may be right tomorrow
(the service has not joined yet, a new key is being published), so it is told by `check` and by readiness, and the
connector runs: it could not be put right by one that does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from connector.config.locate import Path as KeyPath
from connector.core.directory import KeyUse, Member, MemberStatus
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.ports import MemberDirectory
from connector.crypto.certificates import PeerCertificate
from connector.crypto.keys import OwnSigner, PrivateKeySigner, public_key_to_der


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the list says otherwise, at the key of the configuration that it concerns."""

    key: KeyPath
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        """The message with the key, for those who do not see the file."""
        return f"[{'.'.join(map(str, self.key))}] {self.message}"


@dataclass(frozen=True, slots=True)
class Own:
    """This service as it is configured, without what could not be read; `list_key` is where the list is named."""

    id: MemberId
    list_key: KeyPath
    signer: OwnSigner | None
    ledger_signer: PrivateKeySigner | None
    server: PeerCertificate | None
    client: PeerCertificate | None

    def differences(self, directory: MemberDirectory, now: Instant) -> tuple[Difference, ...]:
        """Compare with the list as it is now."""
        member = directory.get(self.id)
        if member is None:
            return (Difference(self.list_key, f"{self.id} is not in it", _JOIN[str(self.list_key[0])]),)
        return tuple(self._found(member, directory, now))

    def _found(self, member: Member, directory: MemberDirectory, now: Instant) -> Iterator[Difference]:
        if not member.keys and self.list_key[0] == "directory":
            yield Difference(self.list_key, f"{self.id} has no published entry yet", "spsti-connector next says why")
            return
        if member.status is not MemberStatus.ACTIVE and self.list_key[0] == "directory":
            yield Difference(
                self.list_key, f"{self.id} stands as {member.status}", "ask the operators of the federation"
            )
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
                whose = f"{owner.id}'s" if owner else "of no member of the list"
                yield Difference(
                    ("peer", half),
                    f"the certificate is {whose}, expected {member.id}'s",
                    "its subject OU must be the member id, or its key be pinned in the members list",
                )


_JOIN = {
    "members": "add your own entry to it",
    "directory": "spsti-connector next says which steps are left",
}


def _key_differences(
    member: Member, use: KeyUse, signer: OwnSigner, section: str, now: Instant
) -> Iterator[Difference]:
    listed = next((k for k in member.keys if k.kid == signer.kid and k.use is use), None)
    if listed is None or listed.public_der != public_key_to_der(signer.public_key):
        yield Difference(
            (section, "kid"),
            f"the members list has no {use} key {signer.kid} that is this one",
            "update your entry there, or name the key that is listed",
        )
    elif listed.algorithm != signer.algorithm:
        yield Difference((section, "algorithm"), f"the members list says {listed.algorithm} for {signer.kid}")
    elif not listed.is_valid_at(now):
        yield Difference(
            (section, "kid"), f"the members list says that {signer.kid} is not valid now", "list a new key"
        )

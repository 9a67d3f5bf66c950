"""Who is at the other end of a connection, and whether it may ask: looked at again on every request.

PROTOCOL section 1: the certificate's member, its status in the newest directory, the serials against the newest CRLs,
the end date. What does not change between two requests (the certificate, its chain) is read once for the connection,
what seldom does (revocation) once for each set of CRLs.
"""

from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Final

from connector.core.codes import Code
from connector.core.directory import Member, MemberStatus
from connector.core.errors import PeerFault
from connector.core.instant import Instant, rfc3339
from connector.core.ports import MemberDirectory
from connector.crypto.certificates import IssuedSerial, PeerCertificate
from connector.peer.refusals import HttpRefused, NotAdmitted
from connector.peer.tls import Connection, Trust

_ACK_AFTER_SUSPENSION_SECONDS: Final = 7 * 86_400
_RETRY_SECONDS: Final = "300"


class Access(Enum):
    """Who may call a route."""

    ACTIVE = "active members"
    ACK = "active members, and suspended ones for seven days"
    ADMITTED = "whoever TLS admitted"


@dataclass(slots=True, eq=False)
class PeerConnection:
    """One connection: `opened` is monotonic seconds; `busy` while a request is being answered."""

    tls: Connection
    certificate: PeerCertificate
    opened: float
    busy: bool = False
    _trust: Trust | None = None
    _is_revoked: bool = False
    _chain: tuple[IssuedSerial, ...] = field(default=())

    def member(self, directory: MemberDirectory) -> Member | None:
        """Give the member whose certificate this is, by the newest directory."""
        # Asked each time: time alone moves a member too, by a suspension that begins or a directory that ends.
        certificate = self.certificate
        return directory.by_certificate(certificate.spki_sha256, certificate.subject_ous)

    def is_revoked(self, trust: Trust) -> bool:
        """Whether the newest CRLs take the certificate back, or one above it, or no longer say anything of it."""
        if trust is not self._trust:
            try:
                self._chain = self._chain or (trust.chain_of(self.tls) if trust.crls else ())
                self._is_revoked = trust.is_revoked(self._chain)
            except PeerFault:
                self._is_revoked = True
            self._trust = trust
        return self._is_revoked


def admit(
    connection: PeerConnection, access: Access, *, directory: MemberDirectory, trust: Trust, now: Instant
) -> Member | None:
    """Give the member that asks; None only where whoever TLS admitted may ask.

    Raises:
        NotAdmitted: `member.unknown` or `member.suspended`.
        HttpRefused: 503, `crl.unavailable`: our own revocation lists are missing or have ended.
    """
    speechless = trust.speechless(now)
    if speechless:
        raise HttpRefused(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"certificate: it cannot be checked: {speechless}",
            code=Code.CRL_UNAVAILABLE,
            hint="the fault is not yours; ask again later",
            headers={"Retry-After": _RETRY_SECONDS},
        )
    certificate = connection.certificate
    member = connection.member(directory)

    def refused(code: Code, message: str, hint: str) -> NotAdmitted:
        return NotAdmitted(code, message, x5t=certificate.x5t, member=member.id if member else None, hint=hint)

    if member is None and access is not Access.ADMITTED:
        raise refused(
            Code.MEMBER_UNKNOWN,
            "member: the directory lists none with this certificate",
            "compare the certificate's OU, or its pin, with the directory",
        )
    if member is not None:
        reason = _reason_not_to_serve(member, access, now)
        if reason is not None:
            raise refused(Code.MEMBER_SUSPENDED, f"member: {reason}", "write to the directory's operators")
    if not certificate.is_valid_at(now):
        raise refused(
            Code.MEMBER_UNKNOWN,
            f"certificate: its life ended {rfc3339(certificate.not_after)}",
            "renew it, and list the new one",
        )
    if connection.is_revoked(trust):
        raise refused(Code.MEMBER_UNKNOWN, "certificate: revoked by its authority", "use the one that replaces it")
    return member


def _reason_not_to_serve(member: Member, access: Access, now: Instant) -> str | None:
    if member.status is MemberStatus.ACTIVE or access is Access.ADMITTED:
        return None
    since = member.status_since
    if (
        access is Access.ACK
        and member.status is MemberStatus.SUSPENDED
        and since is not None
        and now <= since + _ACK_AFTER_SUSPENSION_SECONDS
    ):
        return None
    return f"its status in the directory is {member.status}, expected {MemberStatus.ACTIVE}"

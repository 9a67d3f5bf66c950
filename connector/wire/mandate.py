"""The mandate as a signed token: sealed by the requester, opened and checked by the holder (PROTOCOL section 3).

A holder takes three steps, because what it owes differs after each. `read_mandate` believes nothing. `open_mandate`
establishes that the member at the other end of the TLS connection signed it: from here on a receipt is owed, whatever
else is wrong. `check_mandate` reads what it says and refuses what does not hold now, here, on this connection. What a
member *accepts* to be asked is `core.policy`; whether a jti was used before is the store's.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.errors import MandateRefused
from connector.core.instant import Instant, rfc3339
from connector.core.mandate import (
    ACCEPTED_VERSIONS,
    CLOCK_SKEW_SECONDS,
    MANDATE_VERSION,
    MAX_LIFE_SECONDS,
    Kind,
    Mandate,
    MandateDraft,
)
from connector.core.members import MemberId
from connector.core.ports import Signer
from connector.core.private import Private
from connector.core.slots import set_by_slot
from connector.wire import jose
from connector.wire.claims import ClaimFault, Claims
from connector.wire.mandate_claims import read_demand, write_demand

TYP: Final = "mandate+jwt"
LIFE_SECONDS: Final = 120
"""How long a mandate of ours lives: two slow round trips and the skew, well below the 300 s allowed."""

_X5T: Final = "x5t#S256"
_X5T_LENGTH: Final = 43


@dataclass(frozen=True, slots=True, repr=False)
class UnverifiedMandate(Private):
    """A mandate taken apart: `issuer` is what it claims."""

    jws: jose.Jws
    issuer: str

    @property
    def kid(self) -> str:
        """The id of the key that the header names."""
        return self.jws.kid


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class VerifiedMandate(Private):
    """A mandate whose signature is the TLS peer's: a receipt is owed for it.

    `jti`, `iat`, `exp` and `lookup_id` are None where the claim is missing or malformed; `check_mandate` refuses it
    then, and the receipt says so.
    """

    claims: Mapping[str, Any]
    issuer: MemberId
    kid: str
    compact: bytes
    sha256: bytes
    jti: str | None
    iat: Instant | None
    exp: Instant | None
    lookup_id: str | None


def seal(draft: MandateDraft, *, x5t: str, now: Instant, jti: str, signer: Signer, life: int = LIFE_SECONDS) -> bytes:
    """Sign a demand for one attempt on one connection, as a compact token.

    Args:
        draft: the demand.
        x5t: `crypto.keys.x5t_s256` of the client certificate of the connection it goes on (RFC 8705).
        now: `iat`.
        jti: a fresh id, never used before.
        signer: a key the directory lists for `draft.issuer`.
        life: seconds from `iat` to `exp`, at most 300.

    Raises:
        ValueError: the draft lacks what its kind needs, or the token would exceed 4 kB.
    """
    claims: dict[str, Any] = {
        "ver": MANDATE_VERSION,
        "kind": draft.kind.value,
        "iss": draft.issuer.value,
        "aud": draft.audience.value,
        "iat": now,
        "exp": now + life,
        "jti": jti,
        "cnf": {_X5T: x5t},
        **write_demand(draft),
    }
    return jose.seal(TYP, claims, signer)


def read_mandate(compact: bytes) -> UnverifiedMandate:
    """Take a mandate apart without believing it.

    Raises:
        MandateRefused: `mandate.malformed`; `mandate.signature` for an algorithm that is not in use;
            `mandate.claim_missing` without `iss`.
    """
    jws, _, issuer = _take_apart(compact)
    return UnverifiedMandate(jws, issuer)


def open_mandate(compact: bytes, *, peer: Member, now: Instant) -> VerifiedMandate:
    """Establish that the TLS peer signed this mandate with a key that is listed for it now.

    Raises:
        MandateRefused: what `read_mandate` raises; `mandate.member` where `iss` is not the peer; `mandate.signature`.
    """
    jws, claims, issuer = _take_apart(compact)
    if issuer != peer.id.value:
        raise _refused(
            Code.MANDATE_MEMBER,
            "mandate iss: got another member than the one whose certificate this connection has",
            "send a mandate that the connection's own member signed",
        )
    key = peer.signing_key(jws.kid)
    if key is None or not key.is_valid_at(now):
        raise _refused(
            Code.MANDATE_SIGNATURE,
            f"mandate key: the directory lists no valid signing key of that kid for {peer.id}",
            "compare the key id with the directory, and its validity",
        )
    if not jose.verify(jws, key):
        raise _refused(
            Code.MANDATE_SIGNATURE,
            f"mandate signature: does not verify with the listed key and algorithm {key.algorithm}",
            "compare the signing key with the one the directory lists",
        )
    return VerifiedMandate(
        claims=jws.claims,
        issuer=peer.id,
        kid=jws.kid,
        compact=compact,
        sha256=jws.sha256,
        jti=claims.id_or_none("jti"),
        iat=claims.instant_or_none("iat"),
        exp=claims.instant_or_none("exp"),
        lookup_id=claims.id_or_none("lookup_id"),
    )


def check_mandate(verified: VerifiedMandate, *, kind: Kind, audience: MemberId, x5t: str, now: Instant) -> Mandate:
    """Read a verified mandate and refuse what does not hold for this request.

    Args:
        verified: what `open_mandate` gave.
        kind: what the route serves.
        audience: this member.
        x5t: `crypto.keys.x5t_s256` of the certificate of *this* connection.
        now: when the request started.

    Raises:
        MandateRefused: `version.unsupported`, `mandate.kind`, `mandate.audience`, `mandate.certificate`,
            `mandate.expired`, `mandate.not_yet_valid`, `mandate.claim_missing`, `mandate.malformed`.
        IdentityFault: `identity.malformed`, `identity.oid`, `identity.not_qualified`.
    """
    claims = Claims(verified.claims)
    try:
        if claims.integer("ver") not in ACCEPTED_VERSIONS:
            raise _refused(
                Code.VERSION_UNSUPPORTED,
                f"mandate ver: got another version, expected {' or '.join(map(str, sorted(ACCEPTED_VERSIONS)))}",
                "speak the version that the directory lists for this member",
            )
        _check_words(claims, kind, audience)
        _check_certificate(claims, x5t)
        # What `open_mandate` read is not read again; what it could not is refused here.
        issued_at = claims.instant("iat") if verified.iat is None else verified.iat
        expires_at = claims.instant("exp") if verified.exp is None else verified.exp
        _check_times(claims, issued_at, expires_at, now)
        return Mandate(
            demand=read_demand(claims, kind=kind, issuer=verified.issuer, audience=audience),
            jti=verified.jti or claims.id("jti"),
            issued_at=issued_at,
            expires_at=expires_at,
            certificate_x5t=x5t,
            kid=verified.kid,
            compact=verified.compact,
            sha256=verified.sha256,
        )
    except ClaimFault as fault:
        raise _claim_refused(fault) from None


def _take_apart(compact: bytes) -> tuple[jose.Jws, Claims, str]:
    """Give a mandate's parts, its claims to be read, and the issuer that it claims."""
    try:
        jws = jose.read(compact, typ=TYP)
        claims = Claims(jws.claims)
        return jws, claims, claims.string("iss", "the id of the asking member")
    except jose.AlgorithmFault as fault:
        raise _refused(Code.MANDATE_SIGNATURE, str(fault)) from None
    except jose.TokenFault as fault:
        raise _refused(Code.MANDATE_MALFORMED, f"mandate {fault}") from None
    except ClaimFault as fault:
        raise _claim_refused(fault) from None


def _check_words(claims: Claims, kind: Kind, audience: MemberId) -> None:
    if claims.string("kind") != kind:
        raise _refused(Code.MANDATE_KIND, f"mandate kind: got another one, this request needs {kind}")
    if claims.string("aud") != audience.value:
        raise _refused(Code.MANDATE_AUDIENCE, f"mandate aud: got another one, this request needs {audience}")


def _check_certificate(claims: Claims, x5t: str) -> None:
    confirmation = claims.object("cnf")
    bound = confirmation.string(_X5T)
    if len(bound) != _X5T_LENGTH:
        raise confirmation.fault(_X5T, f"{_X5T_LENGTH} characters of base64url (RFC 8705 section 3.1)")
    if not hmac.compare_digest(bound.encode(), x5t.encode()):
        raise _refused(
            Code.MANDATE_CERTIFICATE,
            "mandate cnf: got another certificate than that of this connection",
            "seal the mandate for the client certificate of the connection it goes on",
        )


def _check_times(claims: Claims, issued_at: Instant, expires_at: Instant, now: Instant) -> None:
    if not 0 < expires_at - issued_at <= MAX_LIFE_SECONDS:
        raise claims.fault("exp", f"1 to {MAX_LIFE_SECONDS} seconds after iat")
    if now >= expires_at + CLOCK_SKEW_SECONDS:
        raise _refused_for_time(Code.MANDATE_EXPIRED, f"exp: got {rfc3339(expires_at)}", now)
    if issued_at > now + CLOCK_SKEW_SECONDS:
        raise _refused_for_time(Code.MANDATE_NOT_YET_VALID, f"iat: got {rfc3339(issued_at)}", now)


def _refused_for_time(code: Code, what: str, now: Instant) -> MandateRefused:
    return _refused(code, f"mandate {what}, the clock here says {rfc3339(now)}", "ask again, or compare the clocks")


def _claim_refused(fault: ClaimFault) -> MandateRefused:
    code = Code.MANDATE_CLAIM_MISSING if fault.missing else Code.MANDATE_MALFORMED
    return _refused(code, f"mandate {fault}")


def _refused(code: Code, message: str, hint: str = "") -> MandateRefused:
    return MandateRefused(message, code=code, hint=hint)

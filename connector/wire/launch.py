"""The launch token: how a vendor's software opens the page for one worker (docs/launch.md), as bytes and back.

A compact JWS of type `spsti-launch+jwt` under the public key that the service configured for that software; `kid` and
`iss` are the name of its API key, `aud` is the member, and it lives two minutes at most. What its worker and its
professional may be is judged by `local.sign_in.launching`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connector.core.codes import Code
from connector.core.directory import KeyUse, MemberKey
from connector.core.errors import ConfigFault, LocalRefused
from connector.core.instant import Instant
from connector.core.mandate import CLOCK_SKEW_SECONDS
from connector.core.members import MemberId
from connector.core.private import Private
from connector.crypto.keys import SigningAlgorithm, public_key_from_pem, public_key_to_der, require_algorithm
from connector.wire import jose

TYP: Final = "spsti-launch+jwt"
MAX_LIFE_SECONDS: Final = 120
_MAX_JTI: Final = 64
_FOR_EVER: Final = Instant(2**53)


@dataclass(frozen=True, slots=True, repr=False)
class LaunchToken(Private):
    """A token whose signature, times and audience are right; `content` is what it says beside them."""

    issuer: str
    jti: str
    expires_at: Instant
    content: Mapping[str, Any]


def vendor_key(name: str, pem: bytes) -> MemberKey:
    """Give the key by which the software of that API key signs: EC P-256 for ES256, RSA for PS256.

    Raises:
        ConfigFault: unreadable, or another kind of key.
    """
    key = public_key_from_pem(pem)
    for algorithm in (SigningAlgorithm.ES256, SigningAlgorithm.PS256):
        try:
            require_algorithm(key, algorithm)
        except ConfigFault:
            continue
        return MemberKey(name, KeyUse.SIGN, algorithm.value, public_key_to_der(key), Instant(0), _FOR_EVER)
    raise ConfigFault.of("launch-key.other", name=name)


def read(compact: bytes, keys: Mapping[str, MemberKey], *, audience: MemberId, now: Instant) -> LaunchToken:
    """Read a token that one of these keys signed, for this member, now.

    Raises:
        LocalRefused: `launch.malformed`, `launch.signature`, `launch.audience`, `launch.expired`.
    """
    try:
        jws = jose.read(compact, typ=TYP)
    except jose.TokenFault as fault:
        raise LocalRefused(f"launch: {fault}", code=Code.LAUNCH_MALFORMED) from None
    key = keys.get(jws.kid)
    if key is None or not jose.verify(jws, key):
        raise LocalRefused(
            "launch: its signature is not one of a key that is known here",
            code=Code.LAUNCH_SIGNATURE,
            hint="see launch_key of [[local.keys]]",
        )
    claims = dict(jws.claims)
    try:
        issuer, aud, jti = (_text(claims.pop(name)) for name in ("iss", "aud", "jti"))
        issued_at, expires_at = (_instant(claims.pop(name)) for name in ("iat", "exp"))
    except (KeyError, ValueError):
        raise LocalRefused(
            "launch: expected iss, aud, jti as texts, iat and exp as whole seconds", code=Code.LAUNCH_MALFORMED
        ) from None
    if issuer != jws.kid:
        raise LocalRefused("launch: iss and kid differ", code=Code.LAUNCH_SIGNATURE)
    if aud != audience.value:
        raise LocalRefused("launch: it is meant for another member", code=Code.LAUNCH_AUDIENCE)
    if expires_at - issued_at > MAX_LIFE_SECONDS or len(jti) > _MAX_JTI:
        raise LocalRefused(f"launch: expected {MAX_LIFE_SECONDS} seconds of life at most", code=Code.LAUNCH_MALFORMED)
    if now >= expires_at + CLOCK_SKEW_SECONDS or issued_at > now + CLOCK_SKEW_SECONDS:
        raise LocalRefused("launch: its time is over, or not yet come", code=Code.LAUNCH_EXPIRED)
    return LaunchToken(issuer, jti, expires_at, claims)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _instant(value: object) -> Instant:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError  # noqa: TRY004 (of what was sent: no fault of the caller)
    return Instant(value)

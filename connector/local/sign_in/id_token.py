"""The ID token: what must hold before a word of it is believed (OpenID Connect Core 3.1.3.7, RFC 8725)."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import jwt

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import Instant

ALGORITHMS: Final = ("RS256", "PS256", "ES256")
"""Never `none`, never an HMAC: the provider signs with a key that is its own."""

LEEWAY_SECONDS: Final = 60
_AT_MOST_OLD: Final = 600
_NEEDED: Final = ("iss", "sub", "aud", "exp", "iat", "nonce")


def unproven(rule: str, got: str) -> LocalRefused:
    """Give the fault of an answer that breaks a rule; `rule` names it for the log."""
    return LocalRefused(f"identity provider: {got}", code=Code.SIGN_IN_UNPROVEN, field=rule)


def key_id_of(token: str) -> tuple[str | None, str]:
    """Give key id and algorithm of a token's header.

    Raises:
        LocalRefused: `sign_in.unproven`, unreadable, or an algorithm that is never taken.
    """
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise unproven("token", "got no ID token that can be read") from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise unproven("alg", f"got an ID token under another algorithm, expected one of {', '.join(ALGORITHMS)}")
    return kid if isinstance(kid, str) else None, algorithm


def verify(
    token: str, key: jwt.PyJWK, *, algorithm: str, issuer: str, client_id: str, nonce: str, access_token: str,
    now: Instant,
) -> Mapping[str, Any]:  # fmt: skip
    """Give the claims of a token that this provider signed, now, for us and for this sign-in.

    Raises:
        LocalRefused: `sign_in.unproven`, with the rule that is broken.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[algorithm],
            audience=client_id,
            issuer=issuer,
            options={"require": list(_NEEDED), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except jwt.InvalidAudienceError:
        raise unproven("aud", "its ID token is meant for another client") from None
    except jwt.InvalidIssuerError:
        raise unproven("iss", "its ID token names another issuer") from None
    except jwt.MissingRequiredClaimError as error:
        raise unproven(error.claim, f"its ID token has no {error.claim}") from None
    except (jwt.InvalidTokenError, jwt.InvalidKeyError, TypeError, ValueError):
        raise unproven("signature", "the signature of its ID token is not right") from None
    _check_time(claims, now)
    audience, azp = claims["aud"], claims.get("azp")
    if isinstance(audience, list) and len(audience) > 1 and azp is None:
        raise unproven("azp", "its ID token is meant for several clients and says not for which")
    if azp is not None and azp != client_id:
        raise unproven("azp", "its ID token was given to another client")
    if not hmac.compare_digest(str(claims["nonce"]).encode("utf-8", "surrogateescape"), nonce.encode()):
        raise unproven("nonce", "its ID token belongs to another sign-in")
    expected = urlsafe_b64encode(sha256(access_token.encode()).digest()[:16]).rstrip(b"=").decode()
    if "at_hash" in claims and not hmac.compare_digest(str(claims["at_hash"]).encode(), expected.encode()):
        raise unproven("at_hash", "its ID token belongs to another access token")
    return claims


def check_fresh(claims: Mapping[str, Any], since: Instant) -> None:
    """Let claims pass that say the person proved who they are since then (OpenID Connect Core 3.1.2.1, `max_age`).

    Raises:
        LocalRefused: `sign_in.not_fresh`, earlier, or it is not said when.
    """
    at = claims.get("auth_time")
    if at is None or not at >= since - LEEWAY_SECONDS:
        got = "does not say when the person signed in" if at is None else "says the person signed in before"
        raise LocalRefused(
            f"identity provider: its ID token {got}, expected a later auth_time",
            code=Code.SIGN_IN_NOT_FRESH,
            field="auth_time",
        )


def _check_time(claims: Mapping[str, Any], now: Instant) -> None:
    """Times are compared with our own clock, not the process's: the one that every other rule goes by."""
    for name in ("exp", "iat", "nbf", "auth_time"):
        if name in claims and (not isinstance(claims[name], int | float) or isinstance(claims[name], bool)):
            raise unproven(name, f"its ID token has a {name} that is no instant")
    if now >= claims["exp"] + LEEWAY_SECONDS:
        raise unproven("exp", "its ID token has expired")
    if claims["iat"] > now + LEEWAY_SECONDS or claims["iat"] < now - _AT_MOST_OLD:
        raise unproven("iat", "its ID token was not made now")
    if claims.get("nbf", 0) > now + LEEWAY_SECONDS:
        raise unproven("nbf", "its ID token is not valid yet")

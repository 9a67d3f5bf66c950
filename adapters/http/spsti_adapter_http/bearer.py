"""A bearer of one request: who asks, for how long, and for exactly which request. Stolen, it opens nothing else.

A JWS (RFC 7515) with a `typ` of its own (RFC 8725 section 3.11), an end after a minute, the request's method and path,
and the digest of its body. The vendor's side is in docs/vendor-api/README.md.
"""

import secrets
from collections.abc import Callable
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from connector.contract import Instant, MemberId

TYPE = "spsti-adapter+jwt"
LIFE_SECONDS = 60
_MIN_RSA_BITS = 2048


class Bearer:
    """Signs for one member towards one vendor."""

    def __init__(
        self,
        key: EllipticCurvePrivateKey | RSAPrivateKey,
        *,
        kid: str,
        member: MemberId,
        audience: str,
        now: Callable[[], Instant],
    ) -> None:
        self._key, self._kid, self._member, self._audience, self._now = key, kid, member, audience, now
        self._algorithm = "ES256" if isinstance(key, EllipticCurvePrivateKey) else "PS256"

    def header(self, method: str, path: str, body_sha256: str) -> str:
        """Give the value of `Authorization` for one request; `body_sha256` is hexadecimal, of no body that of none."""
        now = self._now()
        claims = {
            "iss": self._member.value,
            "aud": self._audience,
            "iat": now,
            "exp": now + LIFE_SECONDS,
            "jti": secrets.token_hex(16),
            "htm": method,
            "htu": path,
            "body_sha256": body_sha256,
        }
        return "Bearer " + jwt.encode(
            claims, self._key, algorithm=self._algorithm, headers={"typ": TYPE, "kid": self._kid}
        )


def load_key(file: Path) -> EllipticCurvePrivateKey | RSAPrivateKey:
    """Read the signing key.

    Raises:
        OSError: it cannot be read.
        ValueError: no unencrypted PEM, or a key of another kind.
    """
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except TypeError:
        raise ValueError("an encrypted key") from None
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
        return key
    if isinstance(key, RSAPrivateKey) and key.key_size >= _MIN_RSA_BITS:
        return key
    raise ValueError("expected EC P-256 or RSA from 2048 bits")

"""Signed tokens: the one form of JWS that this protocol has (RFC 7515 compact, RFC 8725 for what is refused).

`read` takes a token apart without believing it; `verify` asks PyJWT's algorithm, chosen by what the directory *lists*
for the key and never by the header; `seal` makes one around a `core.ports.Signer`. PyJWT's own reader is not used: it
takes duplicate keys and padding, leaves `typ` alone, and walks over each character in Python. What the claims mean is
left to `wire.mandate`, `wire.receipt` and `wire.ack`, which also choose the error that a fault becomes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from jwt.algorithms import Algorithm, get_default_algorithms
from jwt.exceptions import InvalidKeyError

from connector.core.directory import MemberKey
from connector.core.errors import ConfigFault
from connector.core.ports import Signer
from connector.core.private import Private
from connector.core.slots import set_by_slot
from connector.crypto.keys import PublicKey, public_key_from_der
from connector.wire import b64
from connector.wire.json_strict import read_object, write_object

MAX_TOKEN_BYTES: Final = 4096
"""PROTOCOL sections 3 and 4: a mandate or a receipt is at most 4 kB; the same for an acknowledgement."""

ALGORITHMS: Final[Mapping[str, Algorithm]] = {
    name: algorithm for name, algorithm in get_default_algorithms().items() if name in {"ES256", "PS256"}
}
"""The only two (PROTOCOL section 3); each key has the one that is listed for it."""

_REFUSED_HEADERS: Final = frozenset({"jku", "x5u", "x5c", "jwk", "crit", "b64"})
_MAX_KID: Final = 100


class TokenFault(ValueError):
    """A token that cannot be taken apart. It tells the rule that is broken, never the token."""


class AlgorithmFault(TokenFault):
    """A token whose header names an algorithm that this protocol has not: `none`, an HMAC, any other."""


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class Jws(Private):
    """A token taken apart and not yet believed. `sha256` is that of the compact bytes."""

    algorithm: str
    kid: str
    claims: Mapping[str, Any]
    signing_input: bytes
    signature: bytes
    compact: bytes

    @property
    def sha256(self) -> bytes:
        """SHA-256 of the compact form, by which other tokens name this one."""
        return sha256(self.compact).digest()


def read(compact: bytes, *, typ: str, max_bytes: int = MAX_TOKEN_BYTES) -> Jws:
    """Take a compact token apart.

    Raises:
        AlgorithmFault: `alg` is neither ES256 nor PS256.
        TokenFault: too long, not three parts of unpadded base64url, header or claims that are no strict JSON object,
            another `typ` (RFC 8725 section 3.11), no `kid`, or a header that would bring a key or a rule along
            (`jku`, `x5u`, `x5c`, `jwk`, `crit`, `b64`).
    """
    if len(compact) > max_bytes:
        raise TokenFault(f"token: got {len(compact)} bytes, expected at most {max_bytes}")
    parts = compact.decode("latin-1").split(".")
    if len(parts) != 3:
        raise TokenFault(f"token: got {len(parts)} part(s), expected header.claims.signature")
    try:
        claims_json, signature = b64.decode(parts[1]), b64.decode(parts[2])
        claims = read_object(claims_json)
        algorithm, kid = _read_header(parts[0], typ)
    except TokenFault:
        raise
    except ValueError as fault:
        # Of base64url and JSON alike: both tell the rule and never the bytes.
        raise TokenFault(f"token: {fault}") from None
    return Jws(algorithm, kid, claims, compact[: compact.rindex(b".")], signature, compact)


@lru_cache(maxsize=256)
def _read_header(encoded: str, typ: str) -> tuple[str, str]:
    """Give algorithm and key id. Cached: the headers of one key's tokens are the same bytes, and hold no claim.

    A header that is refused raises, so it is never kept.
    """
    header = read_object(b64.decode(encoded))
    if header.get("typ") != typ:
        raise TokenFault(f"token header typ: got another type, expected {typ}")
    if not _REFUSED_HEADERS.isdisjoint(header):
        raise TokenFault("token header: got a parameter that is refused, expected none of jku x5u x5c jwk crit b64")
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str):
        raise TokenFault("token header alg: got no text, expected the algorithm listed for the key")
    if algorithm not in ALGORITHMS:
        raise AlgorithmFault("token header alg: got an algorithm that is not in use, expected ES256 or PS256")
    if not (isinstance(kid, str) and 1 <= len(kid) <= _MAX_KID):
        raise TokenFault(f"token header kid: got no key id, expected 1 to {_MAX_KID} characters")
    return algorithm, kid


def verify(jws: Jws, key: MemberKey) -> bool:
    """Whether the token was signed with this key under the algorithm listed for it.

    A header that names another algorithm than the listed one verifies nothing, and so does a listed key that cannot
    be used. Whether the key speaks for the issuer at that time is asked before. Never raises.
    """
    if jws.algorithm != key.algorithm:
        return False
    public_key = _public_key(key.public_der, key.algorithm)
    return public_key is not None and bool(
        ALGORITHMS[key.algorithm].verify(jws.signing_input, public_key, jws.signature)
    )


@lru_cache(maxsize=1024)
def _public_key(der: bytes, algorithm: str) -> PublicKey | None:
    """Load a listed key once; None where it is of another kind than its listed algorithm."""
    try:
        key: PublicKey = ALGORITHMS[algorithm].prepare_key(public_key_from_der(der))
    except (ConfigFault, InvalidKeyError, TypeError):
        return None
    return key


def seal(typ: str, claims: dict[str, Any], signer: Signer) -> bytes:
    """Sign the claims, in the order they have, as a compact token.

    Raises:
        ValueError: the token would exceed `MAX_TOKEN_BYTES`, the signer's algorithm is not one of the two, or a text
            holds a lone surrogate: what is sealed has been checked before.
    """
    if signer.algorithm not in ALGORITHMS:
        raise ValueError(f"signer: got algorithm {signer.algorithm}, expected ES256 or PS256")
    signing_input = f"{_header(typ, signer.algorithm, signer.kid)}.{b64.encode(write_object(claims))}"
    compact = f"{signing_input}.{b64.encode(signer.sign(signing_input.encode('ascii')))}".encode("ascii")
    if len(compact) > MAX_TOKEN_BYTES:
        raise ValueError(f"token {typ}: would have {len(compact)} bytes, expected at most {MAX_TOKEN_BYTES}")
    return compact


@lru_cache(maxsize=64)
def _header(typ: str, algorithm: str, kid: str) -> str:
    return b64.encode(write_object({"alg": algorithm, "kid": kid, "typ": typ}))

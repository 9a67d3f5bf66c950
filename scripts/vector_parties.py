"""The two members of the protocol's test vectors, with keys that everybody has: see scripts/make_vectors.py."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from connector.core.directory import KeyUse, Member, MemberKey, MemberStatus, TlsBinding
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.crypto import keys as crypto_keys
from connector.wire import b64

Json = dict[str, Any]
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

FROM, UNTIL = Instant(1_790_000_000), Instant(1_800_000_000)
RSA_KID = "requester-igc"


@dataclass(frozen=True)
class Signer:
    """A signer whose ES256 signatures are always the same; PS256 takes the one that was made before."""

    kid: str
    algorithm: str
    key: PrivateKey
    earlier: tuple[bytes, ...] = ()

    def sign(self, data: bytes) -> bytes:
        """Sign as `core.ports.Signer` says."""
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            der = self.key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
            return b"".join(part.to_bytes(32) for part in decode_dss_signature(der))
        for signature in self.earlier:
            if crypto_keys.verify(self.key.public_key(), self.algorithm, data, signature):
                return signature
        return crypto_keys.PrivateKeySigner(self.kid, crypto_keys.SigningAlgorithm(self.algorithm), self.key).sign(data)


@dataclass(frozen=True)
class Party:
    """A member of the vectors with its private keys: sign ES256, sign PS256 or None, ledger Ed25519."""

    member: Member
    signer: Signer
    rsa_signer: Signer | None
    ledger_key: ed25519.Ed25519PrivateKey

    @property
    def id(self) -> MemberId:
        """Its id."""
        return self.member.id


def secret(label: str) -> bytes:
    """32 bytes that everybody can compute."""
    return sha256(f"spsti-connector test vector: {label}".encode()).digest()


def make_party(number: str, name: str, rsa_signer: Signer | None = None) -> Party:
    """Make a member whose keys follow from its name."""
    signing = ec.derive_private_key(int.from_bytes(secret(f"{name} sign")), ec.SECP256R1())
    ledger = ed25519.Ed25519PrivateKey.from_private_bytes(secret(f"{name} ledger"))
    signer = Signer(f"{name}-sign", "ES256", signing)
    listed: list[tuple[str, KeyUse, str, PrivateKey]] = [
        (signer.kid, KeyUse.SIGN, "ES256", signing),
        (f"{name}-ledger", KeyUse.LEDGER, "EdDSA", ledger),
    ]
    if rsa_signer is not None:
        listed.append((rsa_signer.kid, KeyUse.SIGN, "PS256", rsa_signer.key))
    keys = tuple(
        MemberKey(kid, use, algorithm, crypto_keys.public_key_to_der(key.public_key()), FROM, UNTIL)
        for kid, use, algorithm, key in listed
    )
    member = Member(
        MemberId.parse(number),
        name=f"SPSTI {name}",
        status=MemberStatus.ACTIVE,
        endpoint=f"https://{name}.example.org:8443",
        tls=TlsBinding(),
        keys=keys,
    )
    return Party(member, signer, rsa_signer, ledger)


def rsa_key(stored: Json) -> rsa.RSAPrivateKey:
    """Read the RSA key out of keys.json, or make one: primes cannot follow from a name."""
    listed = (key for member in stored.get("members", []) for key in member["keys"])
    jwk = next((key["jwk"] for key in listed if key["kid"] == RSA_KID), None)
    if jwk is None:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    names = ("n", "e", "d", "p", "q", "dp", "dq", "qi")
    n, e, d, p, q, dp, dq, qi = (int.from_bytes(b64.decode(jwk[name])) for name in names)
    return rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, rsa.RSAPublicNumbers(e, n)).private_key()


def private_jwk(key: PrivateKey) -> Json:
    """Give a private JWK (RFC 7518 section 6, RFC 8037 section 2)."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        x, d = key.public_key().public_bytes_raw(), key.private_bytes_raw()
        return {"crv": "Ed25519", "kty": "OKP", "x": b64.encode(x), "d": b64.encode(d)}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        secret, point = key.private_numbers().private_value, key.public_key().public_numbers()
        parts = {"x": point.x, "y": point.y, "d": secret}
        return {"crv": "P-256", "kty": "EC", **{name: b64.encode(value.to_bytes(32)) for name, value in parts.items()}}
    numbers, public = key.private_numbers(), key.public_key().public_numbers()
    parts = {"n": public.n, "d": numbers.d, "p": numbers.p, "q": numbers.q}
    parts |= {"dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
    return {"e": _unsigned(public.e), "kty": "RSA", **{name: _unsigned(value) for name, value in parts.items()}}


def _unsigned(value: int) -> str:
    return b64.encode(value.to_bytes((value.bit_length() + 7) // 8))

"""Keys: reading, making and naming them; signing and verifying with the algorithm that is *listed* for a key.

Mandates, receipts and acknowledgements are ES256 or PS256, checkpoints Ed25519 (PROTOCOL sections 3 and 6). Signatures
have the raw form of JWS (RFC 7518 sections 3.4 and 3.5, RFC 8037). What a token's header claims about its algorithm is
not read here or anywhere: it must equal the listed one, which `wire` checks. Where keys are stored is left to others.
No message holds a password or a byte of a key.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import pkcs12

from connector.core import b64
from connector.core.errors import ConfigFault

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey

MIN_RSA_BITS: Final = 2048
"""IGC-Santé's leaf keys have exactly this size (reference/security.md section 1); smaller ones are refused."""

_NEW_RSA_BITS: Final = 3072  # ANSSI's preference (reference/security.md section 4)
_P256_BYTES: Final = 32
_PSS: Final = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
_ECDSA: Final = ec.ECDSA(hashes.SHA256())
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


class SigningAlgorithm(StrEnum):
    """The algorithms a key may be listed with, by their JOSE names."""

    ES256 = "ES256"
    PS256 = "PS256"
    ED25519 = "EdDSA"


class Pkcs12(NamedTuple):
    """What a PKCS#12 file held: a key, its certificate, and the certificates above it."""

    key: PrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]


def load_private_key(data: bytes, password: bytes | None = None) -> PrivateKey:
    """Read a private key from PEM (PKCS#8 or traditional) or from a PKCS#12 file.

    Raises:
        ConfigFault: unreadable, wrong or missing password, a kind of key that is not used, or RSA under 2048 bits.
    """
    if b"-----BEGIN" not in data:
        return load_pkcs12(data, password).key
    try:
        key = serialization.load_pem_private_key(data, password)
    except TypeError:
        raise ConfigFault.of("private-key.no-password" if password is None else "private-key.password") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigFault.of("private-key.unreadable") from None
    return _usable_private(key)


def password_in(data: bytes) -> bytes:
    """Give the password that a file holds: its first line, without the line's end."""
    return data.split(b"\n", 1)[0].rstrip(b"\r")


def load_pkcs12(data: bytes, password: bytes | None) -> Pkcs12:
    """Read a PKCS#12 file, the form in which ANS delivers certificates.

    Raises:
        ConfigFault: unreadable, wrong password, no key or no certificate in it, or a key that `load_private_key`
            would refuse.
    """
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(data, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigFault.of("pkcs12.unreadable") from None
    if key is None or certificate is None:
        raise ConfigFault.of("pkcs12.no-key" if key is None else "pkcs12.no-certificate")
    return Pkcs12(_usable_private(key), certificate, tuple(chain))


def load_certificates(data: bytes) -> tuple[x509.Certificate, ...]:
    """Read the certificates of a PEM file, or the single one of a DER file (`.cer` at ANS), in the file's order.

    Raises:
        ConfigFault: none in it, or one of them unreadable.
    """
    try:
        if b"-----BEGIN" in data:
            return tuple(x509.load_pem_x509_certificates(data))
        return (x509.load_der_x509_certificate(data),)
    except (ValueError, x509.InvalidVersion):
        raise ConfigFault.of("certificate.unreadable") from None


def public_key_from_pem(data: bytes) -> PublicKey:
    """Read a PEM SubjectPublicKeyInfo.

    Raises:
        ConfigFault: unreadable, a kind of key that is not used, or RSA under 2048 bits.
    """
    try:
        return _usable_public(serialization.load_pem_public_key(data))
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigFault.of("public-key.pem") from None


@lru_cache(maxsize=1024)
def public_key_from_der(data: bytes) -> PublicKey:
    """Read a DER SubjectPublicKeyInfo. Cached: the keys of the directory are few and asked for at every request.

    Raises:
        ConfigFault: unreadable, a kind of key that is not used, or RSA under 2048 bits.
    """
    try:
        return _usable_public(serialization.load_der_public_key(data))
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigFault.of("public-key.der") from None


def public_key_to_der(key: PublicKey) -> bytes:
    """Give the DER SubjectPublicKeyInfo, which `public_key_from_der` reads."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def spki_sha256(of: PrivateKey | PublicKeyTypes | x509.Certificate) -> bytes:
    """SHA-256 of the DER SubjectPublicKeyInfo, 32 bytes: the pin that outlives a renewed certificate.

    Raises:
        UnsupportedAlgorithm, ValueError: a certificate whose key is malformed or of a kind unknown to `cryptography`.
    """
    public = of.public_key() if isinstance(of, PrivateKey | x509.Certificate) else of
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return sha256(der).digest()


def x5t_s256(der: bytes) -> str:
    """RFC 8705 section 3.1: base64url of the SHA-256 of the certificate's DER, exactly 43 characters.

    The example of ANS's transport volet, base64 of the hex text, is wrong and not followed (reference/security.md 3).
    """
    return b64.encode(sha256(der).digest())


def generate(algorithm: SigningAlgorithm) -> PrivateKey:
    """Make a new key for the algorithm: P-256, RSA of 3072 bits, or Ed25519."""
    match algorithm:
        case SigningAlgorithm.ES256:
            return ec.generate_private_key(ec.SECP256R1())
        case SigningAlgorithm.PS256:
            return rsa.generate_private_key(public_exponent=65537, key_size=_NEW_RSA_BITS)
        case SigningAlgorithm.ED25519:
            return ed25519.Ed25519PrivateKey.generate()


def to_pem(key: PrivateKey, password: bytes | None) -> bytes:
    """Give the key as PKCS#8 PEM, encrypted where a password is given."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        encryption = serialization.BestAvailableEncryption(password)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


@dataclass(frozen=True, slots=True)
class PrivateKeySigner:
    """A `core.ports.Signer` on a key in memory.

    Raises:
        ConfigFault: the key is not of the algorithm's kind.
    """

    kid: str
    algorithm: SigningAlgorithm
    key: PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        require_algorithm(self.key.public_key(), self.algorithm)

    @property
    def public_key(self) -> PublicKey:
        """The half that the directory lists."""
        return self.key.public_key()

    def not_ready(self) -> str:
        """Say why it cannot sign now: a key in memory always can."""
        return ""

    def sign(self, data: bytes) -> bytes:
        """Give the raw JWS signature over the data: r ‖ s of 64 bytes, PSS with a 32-byte salt, or Ed25519."""
        key: Any = self.key  # of the algorithm's kind: `__post_init__` saw to it
        if self.algorithm is SigningAlgorithm.ES256:
            r, s = decode_dss_signature(key.sign(data, _ECDSA))
            return r.to_bytes(_P256_BYTES) + s.to_bytes(_P256_BYTES)
        signature: bytes
        if self.algorithm is SigningAlgorithm.PS256:
            signature = key.sign(data, _PSS, hashes.SHA256())
        else:
            signature = key.sign(data)
        return signature


class OwnSigner(Protocol):
    """A `core.ports.Signer` of this house: the half that the directory lists is known, and why it cannot sign now."""

    @property
    def kid(self) -> str: ...  # noqa: D102
    @property
    def algorithm(self) -> SigningAlgorithm: ...  # noqa: D102
    @property
    def public_key(self) -> PublicKey: ...  # noqa: D102
    def sign(self, data: bytes) -> bytes: ...  # noqa: D102
    def not_ready(self) -> str: ...  # noqa: D102


SignerT = TypeVar("SignerT", bound=OwnSigner)


class Switched(Generic[SignerT]):
    """Stands where a signer is handed out for the life of the daemon, so that the key behind it can change.

    A whole token or note is signed within one turn of the event loop, or with one look at `current`: `kid` and
    signature are of one key.
    """

    def __init__(self, current: SignerT) -> None:
        self._current = current
        self._former: tuple[SignerT, ...] = ()

    @property
    def current(self) -> SignerT:
        """The key in use."""
        return self._current

    @property
    def former(self) -> tuple[SignerT, ...]:
        """The keys that were in use here before, since the start: what they signed is ours too."""
        return self._former

    def switch(self, to: SignerT) -> None:
        """Use another key from now on."""
        if to is not self._current:
            self._former, self._current = (*self._former, self._current), to

    @property
    def kid(self) -> str:
        """Of the key in use."""
        return self.current.kid

    @property
    def algorithm(self) -> SigningAlgorithm:
        """Of the key in use."""
        return self.current.algorithm

    @property
    def public_key(self) -> PublicKey:
        """Of the key in use."""
        return self.current.public_key

    def sign(self, data: bytes) -> bytes:
        """Sign with the key in use."""
        return self.current.sign(data)

    def not_ready(self) -> str:
        """Say why the key in use cannot sign now; empty where it can."""
        return self.current.not_ready()


def verify(public_key: PublicKey, algorithm: SigningAlgorithm | str, data: bytes, signature: bytes) -> bool:
    """Whether the signature over the data is this key's under this algorithm, the one *listed* for it.

    A key of another kind than the algorithm's verifies nothing, and so does an unknown algorithm. Never raises.
    """
    if not _is_for(public_key, algorithm):
        return False
    try:
        if isinstance(public_key, ec.EllipticCurvePublicKey):
            if len(signature) != 2 * _P256_BYTES:
                return False
            r, s = int.from_bytes(signature[:_P256_BYTES]), int.from_bytes(signature[_P256_BYTES:])
            public_key.verify(encode_dss_signature(r, s), data, _ECDSA)
        elif isinstance(public_key, rsa.RSAPublicKey):
            public_key.verify(signature, data, _PSS, hashes.SHA256())
        else:
            public_key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _is_for(key: PublicKey, algorithm: SigningAlgorithm | str) -> bool:
    match algorithm:
        case SigningAlgorithm.ES256:
            return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
        case SigningAlgorithm.PS256:
            return isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS
        case SigningAlgorithm.ED25519:
            return isinstance(key, ed25519.Ed25519PublicKey)
    return False


def require_algorithm(key: PublicKey, algorithm: SigningAlgorithm) -> None:
    """See that a key is of the algorithm's kind.

    Raises:
        ConfigFault: it is not; with what it is.
    """
    if not _is_for(key, algorithm):
        raise ConfigFault.of("key.cannot-sign", got=_kind(key), algorithm=str(algorithm))


def _usable_private(key: PrivateKeyTypes) -> PrivateKey:
    if not isinstance(key, PrivateKey):
        raise _unusable(key)
    _usable_public(key.public_key())
    return key


def _usable_public(key: PublicKeyTypes) -> PublicKey:
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA_BITS:
        raise _unusable(key)
    if isinstance(key, ec.EllipticCurvePublicKey) and not isinstance(key.curve, _CURVES):
        raise _unusable(key)
    if not isinstance(key, PublicKey):
        raise _unusable(key)
    return key


def _unusable(key: object) -> ConfigFault:
    return ConfigFault.of("key.other", got=_kind(key))


def _kind(key: object) -> str:
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey").removesuffix("PrivateKey")

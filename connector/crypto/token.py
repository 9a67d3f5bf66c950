"""A `core.ports.Signer` whose key stays in a PKCS#11 token: a smart card, a USB key, a network HSM, SoftHSM in tests.

The library (python-pkcs11, the extra `pkcs11`) is imported only where a token is configured. When a token does not
answer, nothing is signed and so nothing leaves; it is looked for again at the next signature, every few seconds at
most, since looking for it can take long and everybody who wants a signature waits meanwhile. A refused PIN is not
tried twice: tokens lock themselves. No message holds a PIN. `sign` blocks for as long as the token takes: `run` has
that done in the token's own thread, in which the driver lets the others go on.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from connector.core.codes import Code
from connector.core.errors import ConfigFault, FailedClosed
from connector.crypto.keys import PublicKey, SigningAlgorithm, public_key_to_der, require_algorithm

T = TypeVar("T")

_PSS_SALT_BYTES: Final = 32

PAUSE_SECONDS: Final = 5.0
"""Between two searches for a token that does not answer: our rule."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """Where a key lies: the token's driver (a shared library), the labels of token and key, and what opens it."""

    module: str
    token: str
    key: str
    pin: str = field(repr=False)


class TokenSigner:
    """Signs with a key in a token; opened when it is made. `monotonic` tells seconds that only go forward.

    Raises:
        ConfigFault: the library or the driver is missing; token or key is absent, or there are several; the PIN is
            refused; the key is not of the algorithm's kind, or no public half of it can be found.
    """

    def __init__(self, kid: str, algorithm: SigningAlgorithm, where: TokenKey, monotonic: Callable[[], float]) -> None:
        self._kid, self._algorithm, self._where = kid, algorithm, where
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="token")
        self._monotonic = monotonic
        self._failed_at: float | None = None
        self._failed_why = ""
        self._pin_refused = False
        self._slot: Any = None
        self._private: Any = None
        self._pkcs11 = _library()
        try:
            self._driver = self._pkcs11.lib(where.module)
        except Exception as error:  # noqa: BLE001 - the loader's and the driver's own errors, of many kinds
            raise ConfigFault.of("token.driver", module=where.module, error=type(error).__name__) from None
        try:
            self._public = self._opened()
        except ConfigFault:
            if self._pin_refused:
                raise
            self._begin_anew()
            self._public = self._opened()
        require_algorithm(self._public, algorithm)

    def __repr__(self) -> str:
        """Without the PIN."""
        return f"TokenSigner(kid={self.kid!r}, algorithm={self.algorithm!r})"

    @property
    def kid(self) -> str:
        """As the directory lists it."""
        return self._kid

    @property
    def algorithm(self) -> SigningAlgorithm:
        """As the directory lists it."""
        return self._algorithm

    @property
    def public_key(self) -> PublicKey:
        """The half that the directory lists."""
        return self._public

    async def run(self, work: "Callable[[TokenSigner], T]") -> T:
        """Give what is made with this signer, in the token's thread: what is asked for meanwhile comes after it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self)

    def sign(self, data: bytes) -> bytes:
        """Give the raw JWS signature over the data, as `keys.PrivateKeySigner` does.

        Raises:
            FailedClosed: `signer.unavailable`, the token does not sign.
        """
        with self._lock:
            if self._private is not None:
                with suppress(self._pkcs11.PKCS11Error):
                    return self._signature(data)
                self._private = None
            self._reopen()
            try:
                return self._signature(data)
            except self._pkcs11.PKCS11Error as error:
                self._private = None
                raise self._failed(type(error).__name__) from None

    def not_ready(self) -> str:
        """Say why nothing can be signed now; empty where it can. The token is asked, and nothing is signed for it."""
        with self._lock:
            try:
                if self._private is None:
                    self._reopen()
                self._slot.get_token()
            except FailedClosed as error:
                return error.message
            except self._pkcs11.PKCS11Error as error:
                self._private = None
                return self._unavailable(type(error).__name__).message
        return ""

    def _signature(self, data: bytes) -> bytes:
        p = self._pkcs11
        signature: bytes
        if self.algorithm is SigningAlgorithm.ES256:
            # A token gives r and s one after the other, as JWS has them (PKCS#11 v3.0 section 2.3.1).
            signature = self._private.sign(sha256(data).digest(), mechanism=p.Mechanism.ECDSA)
        else:
            pss = (p.Mechanism.SHA256, p.MGF.SHA256, _PSS_SALT_BYTES)
            signature = self._private.sign(data, mechanism=p.Mechanism.SHA256_RSA_PKCS_PSS, mechanism_param=pss)
        return signature

    def _reopen(self) -> None:
        """Look for the token again, which may have come back; the key must be the one that it was.

        Raises:
            FailedClosed: `signer.unavailable`.
        """
        if self._pin_refused:
            raise self._unavailable("its PIN was refused, and is not tried again before a reload")
        if self._failed_at is not None and self._monotonic() - self._failed_at < PAUSE_SECONDS:
            raise self._unavailable(self._failed_why)
        self._begin_anew()
        try:
            found = self._opened()
        except ConfigFault as error:
            raise self._failed(error.message) from None
        if public_key_to_der(found) != public_key_to_der(self.public_key):
            self._private = None
            raise self._failed("it holds another key under that label")
        self._failed_at = None

    def _begin_anew(self) -> None:
        """Have the driver look again: it knows the tokens that were there when it began. Others' sessions end too."""
        with suppress(self._pkcs11.PKCS11Error):
            self._driver.reinitialize()

    def _opened(self) -> PublicKey:
        """Open the token and find the key; give its public half."""
        p, where = self._pkcs11, self._where
        try:
            token = self._driver.get_token(token_label=where.token)
            session = self._session(token)
            private = session.get_key(object_class=p.ObjectClass.PRIVATE_KEY, label=where.key)
            public = self._public_half(session, private)
        except p.NoSuchToken:
            raise ConfigFault.of("token.absent", token=where.token) from None
        except p.NoSuchKey:
            raise ConfigFault.of("token.no-key", token=where.token, key=where.key) from None
        except (p.MultipleTokensReturned, p.MultipleObjectsReturned):
            raise ConfigFault.of("token.several", token=where.token, key=where.key) from None
        except p.PinLocked:
            self._pin_refused = True
            raise ConfigFault.of("token.pin-locked", token=where.token) from None
        except (p.PinIncorrect, p.PinInvalid, p.PinLenRange):
            self._pin_refused = True
            raise ConfigFault.of("token.pin", token=where.token) from None
        except p.PKCS11Error as error:
            raise ConfigFault.of("token.silent", token=where.token, error=type(error).__name__) from None
        self._slot, self._private = token.slot, private
        return public

    def _session(self, token: Any) -> Any:  # noqa: ANN401 - python-pkcs11 has no types
        try:
            return token.open(user_pin=self._where.pin)
        except self._pkcs11.UserAlreadyLoggedIn:
            return token.open()  # a login counts for all sessions of a program (PKCS#11 v3.0 section 5.6.8)

    def _public_half(self, session: Any, private: Any) -> PublicKey:  # noqa: ANN401
        """Find the public key beside the private one, in its certificate, or in the private RSA key itself."""
        p, label = self._pkcs11, self._where.key
        for found in session.get_objects({p.Attribute.CLASS: p.ObjectClass.PUBLIC_KEY, p.Attribute.LABEL: label}):
            return _public_of(found)
        wanted = {p.Attribute.CLASS: p.ObjectClass.CERTIFICATE, p.Attribute.LABEL: label}
        for found in session.get_objects(wanted):
            public = x509.load_der_x509_certificate(bytes(found[p.Attribute.VALUE])).public_key()
            return _usable(public)
        if private.key_type is p.KeyType.RSA:
            return _public_of(private)
        raise ConfigFault.of("token.no-public", token=self._where.token, key=label)

    def _failed(self, why: str) -> FailedClosed:
        """Begin the pause, at the end of the search: one that took long is not begun again at once."""
        self._failed_at, self._failed_why = self._monotonic(), why
        return self._unavailable(why)

    def _unavailable(self, why: str) -> FailedClosed:
        return FailedClosed.of(Code.SIGNER_UNAVAILABLE, "signer.silent", token=self._where.token, text=why)


def _library() -> Any:  # noqa: ANN401 - a module without types
    try:
        import pkcs11  # noqa: PLC0415 - an extra, for those who have a token
    except ImportError:
        raise ConfigFault.of("token.library") from None
    return pkcs11


def _public_of(key: Any) -> PublicKey:  # noqa: ANN401
    """Give the public key of what a token holds: a public key, or a private RSA key that tells its modulus."""
    import pkcs11  # noqa: PLC0415
    from pkcs11.util.ec import encode_ec_public_key  # noqa: PLC0415

    if key.key_type is pkcs11.KeyType.EC:
        try:
            return _usable(load_der_public_key(bytes(encode_ec_public_key(key))))
        except ValueError:
            raise ConfigFault.of("token.public-unreadable") from None
    if key.key_type is pkcs11.KeyType.RSA:
        e, n = (int.from_bytes(key[name]) for name in (pkcs11.Attribute.PUBLIC_EXPONENT, pkcs11.Attribute.MODULUS))
        return rsa.RSAPublicNumbers(e, n).public_key()
    raise ConfigFault.of("token.key-kind", got=key.key_type.name)


def _usable(key: object) -> PublicKey:
    if not isinstance(key, PublicKey):
        raise ConfigFault.of("token.key-other")
    return key

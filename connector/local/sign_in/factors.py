"""Password, second factor and recovery codes as functions of values: argon2id (RFC 9106), TOTP (RFC 6238)."""

import asyncio
import hmac
import re
import secrets
from base64 import b32encode, b64encode
from hashlib import sha256
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import ARGON2_VERSION
from pyotp import TOTP

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import Instant

STEP_SECONDS: Final = 30
MIN_PASSWORD: Final = 12
MAX_PASSWORD: Final = 200
RECOVERY_CODES: Final = 8
CODE_BYTES: Final = 10
TOTP_BYTES: Final = 20
_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{2,63}")
_SEQUENCES: Final = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "azertyuiop", "qwertyuiop", "motdepasse", "password")
_ARGON2ID: Final = "argon2id"
_VARIETY: Final = 6
"""How many different characters a password has at least."""


class Passwords:
    """Hashes and verifies in a thread, two at once: each takes tens of milliseconds and 64 MiB."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(2)
        self._nobody = hash_of_nobody(self._hasher)

    async def hash(self, password: str) -> str:
        """Give the hash of a password that `check_password` let pass."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, known: str | None, password: str) -> bool:
        """Whether it is the password of that hash; without a hash it takes as long and is not."""
        async with self._turn:
            is_right = await asyncio.to_thread(self._verify, known or self._nobody, password[:MAX_PASSWORD])
        return is_right and known is not None

    def _verify(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password.encode("utf-8", "surrogateescape"))
        except (Argon2Error, InvalidHashError):
            return False


def hash_of_nobody(hasher: PasswordHasher) -> str:
    """Give a hash that no password has, but takes as long to verify: a login that exists answers no later than others.

    Random bytes stand for salt and digest: to hash something would cost each start 64 MiB and a tenth of a second.
    """
    salt, digest = (
        b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len)
    )
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"${_ARGON2ID}$v={ARGON2_VERSION}${cost}${salt}${digest}"


def check_login(text: str) -> str:
    """Give a login as it is kept.

    Raises:
        LocalRefused: `local.malformed`.
    """
    login = text.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise LocalRefused("login: expected 3 to 64 letters, digits and . _ @ -", field="login")
    return login


def check_password(password: str, login: str) -> None:
    """Let a password pass that a second factor and a lock-out make strong enough.

    Raises:
        LocalRefused: `sign_in.password`.
    """
    plain = password.casefold()
    too_easy = any(plain in sequence * 3 or sequence[:10] in plain for sequence in _SEQUENCES)
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD or len(set(plain)) < _VARIETY or login in plain or too_easy:
        raise LocalRefused(
            f"password: expected {MIN_PASSWORD} characters at least, {_VARIETY} of them different, without the login",
            code=Code.SIGN_IN_PASSWORD,
            field="password",
        )


def totp_secret(random: bytes) -> str:
    """Give a second factor's secret from 20 random bytes, as authenticator programs take it."""
    return b32encode(random).decode()


def totp_uri(secret: str, login: str, issuer: str) -> str:
    """Give the address by which an authenticator program takes the secret."""
    return TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def step_of(secret: str, code: str, now: Instant) -> int | None:
    """Give the time step of which this is the code: now's, or the one before or after; None where it is none."""
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdecimal() and len(digits) == 6):
        return None
    totp, current = TOTP(secret), now // STEP_SECONDS
    found = None
    for step in (current - 1, current, current + 1):
        if hmac.compare_digest(totp.generate_otp(step), digits):
            found = step
    return found


def grouped_code(random: bytes) -> str:
    """Give a code for people from 10 random bytes: sixteen characters in groups of four."""
    text = b32encode(random).decode()
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def plain_code(text: str) -> str:
    """Give a code without what people write between its groups."""
    return re.sub(r"[\s-]", "", text).upper()[:64]


def code_digest(text: str) -> str:
    """Give what is kept of a recovery code: of 80 random bits, so a plain hash is enough."""
    return sha256(plain_code(text).encode("utf-8", "surrogateescape")).hexdigest()

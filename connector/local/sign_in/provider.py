"""One OpenID Connect provider: authorization code with PKCE, its keys, and what it proved of a person.

Discovery and keys are read when first needed and again after an hour, or when a key is met that is not known. The
issuer is the configured one, to the letter; what discovery says of another is refused.
"""

import asyncio
import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import jwt

from connector.core import b64
from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.mandate import Auth, AuthLevel, AuthMeans
from connector.core.ports import Clock, Entropy
from connector.core.private import Private
from connector.crypto.keys import PrivateKey
from connector.local.sign_in.id_token import check_fresh, key_id_of, unproven, verify
from connector.local.sign_in.oidc_http import Json, ProviderHttp

_KEPT_SECONDS: Final = 3600
_AGAIN_SECONDS: Final = 60
_ASSERTION_SECONDS: Final = 60
_NEEDED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What is known of a provider before it is asked. `levels` gives the level by `acr`; `level` where none fits.

    `proof` is the client's: a secret, or a key with its id for `private_key_jwt` (RFC 7523). `max_age` is how long ago,
    in seconds, a person may have signed in there for a sign-in here (ADR 0017): None, any time.
    """

    name: str
    title: str
    issuer: str
    discovery: str
    client_id: str
    scope: str
    acr_values: str
    means: AuthMeans
    levels: Mapping[str, AuthLevel]
    level: AuthLevel | None
    wants_userinfo: bool
    max_age: int | None = 0
    secret: str = field(default="", repr=False)
    key: PrivateKey | None = field(default=None, repr=False)
    key_id: str = ""
    key_algorithm: str = "RS256"

    def key_fits(self) -> bool:
        """Whether the client's key, where there is one, can sign under its algorithm."""
        if self.key is None:
            return True
        try:
            jwt.get_algorithm_by_name(self.key_algorithm).prepare_key(self.key)
        except (jwt.InvalidKeyError, TypeError):
            return False
        return True


@dataclass(frozen=True, slots=True, repr=False)
class Asked(Private):
    """What one sign-in asked of the provider: the secrets that its answer must fit, when, and how fresh it must be."""

    nonce: str
    verifier: str
    at: Instant
    max_age: int | None


@dataclass(frozen=True, slots=True, repr=False)
class Proven(Private):
    """What the provider proved: its claims, and the login as a mandate names it."""

    claims: Mapping[str, Any]
    auth: Auth


class Provider:
    """The client of one provider."""

    def __init__(self, settings: ProviderSettings, http: ProviderHttp, clock: Clock, entropy: Entropy) -> None:
        self.settings = settings
        self._http, self._clock, self._entropy = http, clock, entropy
        self._metadata: Json = {}
        self._keys: dict[str | None, tuple[jwt.PyJWK, str | None]] = {}
        self._read_at = self._keys_at = float("-inf")
        self._lock = asyncio.Lock()

    async def begin(self, redirect_uri: str, state: str, *, again: bool) -> tuple[str, Asked]:
        """Give the address to which the browser goes, and what the answer must fit. `again`: by a person, now.

        Raises:
            LocalRefused: `sign_in.provider`; `sign_in.unproven`, discovery is of another issuer.
        """
        metadata, settings = await self._discover(), self.settings
        nonce, verifier = b64.encode(self._entropy.token(32)), b64.encode(self._entropy.token(48))
        asked = Asked(nonce, verifier, self._clock.now(), 0 if again else settings.max_age)
        challenge = b64.encode(sha256(asked.verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": settings.scope,
            "state": state,
            "nonce": asked.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if settings.acr_values:
            query["acr_values"] = settings.acr_values
        if asked.max_age is not None:
            # Whoever is asked for `max_age` must give `auth_time`, by which `finish` sees that it was heeded.
            query["max_age"] = str(asked.max_age)
        if asked.max_age == 0:
            query["prompt"] = "login"
        separator = "&" if urlsplit(metadata["authorization_endpoint"]).query else "?"
        return f"{metadata['authorization_endpoint']}{separator}{urlencode(query, quote_via=quote)}", asked

    async def finish(self, answer: Mapping[str, str], asked: Asked, redirect_uri: str, *, again: bool) -> Proven:
        """Give what the provider proved by the answer that the browser brought back. `again`: by a person, since asked.

        Raises:
            LocalRefused: `sign_in.provider`; `sign_in.unproven`, with the rule that is broken; `sign_in.not_fresh`.
        """
        metadata = await self._discover()
        # RFC 9207: where it names itself, it must be the one that was asked.
        if "iss" in answer and not hmac.compare_digest(answer["iss"].encode(), self.settings.issuer.encode()):
            raise unproven("iss", "the answer came from another issuer")
        if "error" in answer or "code" not in answer:
            raise unproven("code", "it did not sign the person in")
        status, tokens = await self._redeem(metadata["token_endpoint"], answer["code"], asked, redirect_uri)
        token, access = tokens.get("id_token"), tokens.get("access_token", "")
        if status != 200 or not isinstance(token, str) or not isinstance(access, str):
            raise unproven("code", f"it does not take the code ({status})")
        kid, algorithm = key_id_of(token)
        claims = verify(
            token,
            await self._key(kid, algorithm, metadata["jwks_uri"]),
            algorithm=algorithm,
            issuer=self.settings.issuer,
            client_id=self.settings.client_id,
            nonce=asked.nonce,
            access_token=access,
            now=self._clock.now(),
        )
        max_age = 0 if again else asked.max_age
        if max_age is not None:
            check_fresh(claims, Instant(asked.at - max_age))
        auth = self._auth(claims)
        if self.settings.wants_userinfo and "userinfo_endpoint" in metadata:
            claims = await self._with_userinfo(claims, metadata["userinfo_endpoint"], access)
        return Proven(claims, auth)

    async def sign_out_url(self, back: str) -> str | None:
        """Give where the person signs out of the provider too; None where it has no such place, or does not answer.

        Without `id_token_hint`: the ID token holds a name, and names stand in no address.
        """
        try:
            found = (await self._discover()).get("end_session_endpoint")
        except LocalRefused:
            return None
        if not isinstance(found, str):
            return None
        query = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back}
        return f"{found}?{urlencode(query, quote_via=quote)}"

    # ------------------------------------------------------------------ in parts

    async def _discover(self) -> Json:
        async with self._lock:
            if self._clock.monotonic() >= self._read_at + _KEPT_SECONDS or not self._metadata:
                found = await self._http.get(self.settings.discovery)
                if found.get("issuer") != self.settings.issuer:
                    raise unproven("issuer", "its discovery document is of another issuer")
                if not all(isinstance(found.get(name), str) for name in _NEEDED):
                    raise LocalRefused("identity provider: discovery lacks an endpoint", code=Code.SIGN_IN_PROVIDER)
                self._metadata, self._read_at = found, self._clock.monotonic()
            return self._metadata

    async def _key(self, kid: str | None, algorithm: str, uri: str) -> jwt.PyJWK:
        async with self._lock:
            now = self._clock.monotonic()
            stale = now >= self._keys_at + _KEPT_SECONDS
            if stale or (kid not in self._keys and now >= self._keys_at + _AGAIN_SECONDS):
                self._keys, self._keys_at = _read_keys(await self._http.get(uri)), now
            only = next(iter(self._keys.values())) if kid is None and len(self._keys) == 1 else None
            key, listed = self._keys.get(kid) or only or (None, None)
            if key is None:
                raise unproven("kid", "its ID token is signed with a key that it does not publish")
            if listed not in {None, algorithm}:
                raise unproven("alg", "its ID token is signed under another algorithm than its key is listed for")
            return key

    async def _redeem(self, url: str, code: str, asked: Asked, redirect_uri: str) -> tuple[int, Json]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": asked.verifier,
            "client_id": self.settings.client_id,
        }
        basic = ""
        if self.settings.key is not None:
            form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            form["client_assertion"] = self._assertion(url, self.settings.key)
        else:
            del form["client_id"]
            # RFC 6749 section 2.3.1: both are form-encoded before they are put together.
            pair = f"{quote(self.settings.client_id, safe='')}:{quote(self.settings.secret, safe='')}"
            basic = b64encode(pair.encode()).decode()
        return await self._http.post(url, form, basic=basic)

    def _assertion(self, audience: str, key: PrivateKey) -> str:
        now = self._clock.now()
        claims = {
            "iss": self.settings.client_id,
            "sub": self.settings.client_id,
            "aud": audience,
            "jti": self._entropy.token(16).hex(),
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
        }
        headers = {"kid": self.settings.key_id} if self.settings.key_id else None
        return jwt.encode(claims, key, algorithm=self.settings.key_algorithm, headers=headers)

    async def _with_userinfo(self, claims: Mapping[str, Any], url: str, access: str) -> Mapping[str, Any]:
        found = await self._http.get(url, bearer=access)
        if found.get("sub") != claims["sub"]:
            raise unproven("sub", "its user information is about somebody else")
        # The ID token is signed, the rest is not: what both say, the token says.
        return {**found, **claims}

    def _auth(self, claims: Mapping[str, Any]) -> Auth:
        acr = claims.get("acr")
        level = self.settings.levels.get(acr) if isinstance(acr, str) else None
        level = level or self.settings.level
        if level is None:
            raise unproven("acr", "it does not say how surely the person signed in, or at a level that is not known")
        at = min(int(claims.get("auth_time", claims["iat"])), self._clock.now())
        return Auth(means=self.settings.means, level=level, at=Instant(at))


def _read_keys(jwks: Json) -> dict[str | None, tuple[jwt.PyJWK, str | None]]:
    """Give the signing keys by their id, each with the algorithm it is listed for, if it is."""
    found: dict[str | None, tuple[jwt.PyJWK, str | None]] = {}
    for stated in jwks.get("keys", ()):
        if not isinstance(stated, dict) or stated.get("use", "sig") != "sig" or stated.get("kty") not in {"RSA", "EC"}:
            continue
        try:
            key = jwt.PyJWK(stated, stated.get("alg") or _DEFAULT_ALG[stated["kty"]])
        except jwt.PyJWTError:
            continue
        found[stated.get("kid")] = (key, stated.get("alg"))
    return found


_DEFAULT_ALG: Final = {"RSA": "RS256", "EC": "ES256"}

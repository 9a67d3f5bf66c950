"""Providers that tests sign in by: a certified one in Node, one of another make, and one that lies."""

import json
import subprocess
import time
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from shutil import which
from urllib.parse import parse_qs, urlsplit

import aiohttp
import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from connector.core.mandate import AuthLevel, AuthMeans
from connector.local.sign_in.oidc_http import ProviderHttp
from connector.local.sign_in.provider import Provider, ProviderSettings
from connector.local.sign_in.providers import PersonRule, Providers
from tests.kit.signin import PeopleStore

ADDRESS = "http://connector.test"
"""Where providers send people back; the tests carry what stands behind it to the real address."""

PSC_PATH = "/auth/realms/esante-wallet"
NODE = Path(__file__).parents[1] / "signin" / "provider"
PSC_RULE = PersonRule(("SubjectNameID", "preferred_username"), is_practitioner=True)


def need_node():
    """Skip where the provider cannot be started."""
    if which("node") is None:
        pytest.skip("node (20 or newer) is not installed")
    if not (NODE / "node_modules").is_dir():
        pytest.skip("the provider is not installed: make env-node")


@contextmanager
def certified_provider(client_id="spsti", secret="a secret of the test", jwks="", name="psc"):
    """Start the provider that is shaped like Pro Santé Connect; gives its port."""
    need_node()
    arguments = [client_id, secret, jwks, f"{ADDRESS}/login/{name}/return", f"{ADDRESS}/login"]
    process = subprocess.Popen(
        ["node", "server.mjs", *arguments], cwd=NODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


def join(house, *providers):
    """Have a house sign people in by these providers, before it serves; gives nothing back."""
    house.clock.at = int(time.time())  # they go by the wall clock
    sign_in = house.sign_in
    journal = PeopleStore(sign_in.kept)
    joined = Providers(providers, sign_in.staff, journal, house.clock, house.entropy, address=ADDRESS)
    object.__setattr__(sign_in.desk, "providers", joined)


def provider(house, issuer, *, rule, name="psc", discovery=None, means=AuthMeans.PSC, **more):
    """Make our client of a provider."""
    settings = {
        "name": name,
        "title": "Pro Santé Connect",
        "issuer": issuer,
        "discovery": discovery or f"{issuer}/.well-known/openid-configuration",
        "client_id": "spsti",
        "scope": "openid scope_all",
        "acr_values": "eidas1",
        "means": means,
        "levels": {"eidas1": AuthLevel.LOW, "eidas2": AuthLevel.SUBSTANTIAL},
        "level": None,
        "wants_userinfo": True,
        "secret": "a secret of the test",
    }
    made = Provider(ProviderSettings(**(settings | more)), ProviderHttp("test"), house.clock, house.entropy)
    return made, rule


async def say(port, login, claims, acr="eidas1"):
    """Say who comes next at the certified provider; an empty login: nobody, whom it waits for."""
    async with aiohttp.ClientSession() as session:
        body = {"login": login, "claims": claims, "acr": acr}
        async with session.post(f"http://127.0.0.1:{port}/as", data=json.dumps(body)) as answer:
            assert answer.status == 200


class Browser:
    """One browser: at the connector, and at the provider with its own cookies."""

    def __init__(self, at_connector):
        self.connector, self.flow = at_connector, ""
        self.jar = aiohttp.CookieJar(unsafe=True)

    async def begin(self, name="psc", path="/people"):
        """Begin at the connector; gives the address to go to."""
        async with self.connector.get(f"/login/{name}", params={"next": path}, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
            self.flow = answer.cookies["spsti_flow"].value
            return answer.headers["Location"]

    async def at_provider(self, url, form=None):
        """Go through the provider's pages to the address at which it sends the browser back; gives path and query.

        Its cookies stay in this browser, as its own session does.
        """
        async with aiohttp.ClientSession(cookie_jar=self.jar) as session:
            for _ in range(12):
                if form is not None:
                    call = session.post(url, data=form, allow_redirects=False)
                    form = None
                else:
                    call = session.get(url, allow_redirects=False)
                async with call as answer:
                    assert answer.status in {302, 303}, await answer.text()
                    url = str(answer.url.join(type(answer.url)(answer.headers["Location"], encoded=True)))
                if url.startswith(ADDRESS):
                    return url.removeprefix(ADDRESS)
        raise AssertionError("the provider never sent the browser back")

    async def come_back(self, path_qs):
        """Come back to the connector; gives status, headers and page."""
        headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        known = [text for text in (self.connector.headers.get("Cookie"), f"spsti_flow={self.flow}") if text]
        headers |= {"Cookie": "; ".join(known)} if self.flow else {}
        async with self.connector.get(path_qs, headers=headers, allow_redirects=False) as answer:
            return answer.status, answer.headers, await answer.text()


class LyingProvider:
    """A provider that answers whatever a test wants: `claims` and `sign` change its ID token."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.claims, self.sign, self.metadata = {}, None, {}
        self.published = self.key
        self.asked, self.kid = {}, "one"

    @asynccontextmanager
    async def running(self):
        """Serve it; its issuer is known from then on."""
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/token", self._token)
        app.router.add_get("/userinfo", self._userinfo)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    def answer_to(self, url, **more):
        """Give what the browser brings back from an authorization request."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.asked = query
        return {"code": "the code", "state": query["state"]} | more

    async def _discovery(self, _request):
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
        }
        return web.json_response(found | self.metadata)

    async def _keys(self, _request):
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.published.public_key()))
        return web.json_response({"keys": [jwk | {"kid": self.kid, "use": "sig", "alg": "RS256"}]})

    async def _token(self, _request):
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "person",
            "aud": "spsti",
            "iat": now,
            "exp": now + 120,
            "nonce": self.asked["nonce"],
            "acr": "eidas1",
            "SubjectNameID": "899700366240",
        }
        if "max_age" in self.asked:
            claims["auth_time"] = now
        claims |= self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        sign = self.sign or (lambda stated: jwt.encode(stated, self.key, algorithm="RS256", headers={"kid": self.kid}))
        return web.json_response({"id_token": sign(claims), "access_token": "access", "token_type": "Bearer"})

    async def _userinfo(self, _request):
        return web.json_response({"sub": "person"} | self.metadata.get("userinfo", {}))

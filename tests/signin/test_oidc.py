"""Signing in by OpenID Connect: two real providers, and one that lies; every lie is refused in words."""

import json
import warnings
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from connector.core.mandate import AuthLevel, AuthMeans
from connector.core.people import Role, Subject
from connector.local.sign_in.providers import PersonRule
from tests.kit.local_values import PHYSICIAN_ID
from tests.kit.oidc import (
    PSC_PATH,
    PSC_RULE,
    Browser,
    LyingProvider,
    certified_provider,
    join,
    provider,
    say,
)

NAMED = {"SubjectNameID": PHYSICIAN_ID, "preferred_username": PHYSICIAN_ID, "family_name": "ESSAI"}


# ---------------------------------------------------------------- a certified provider, shaped like Pro Santé Connect


@pytest.fixture
def psc(request, house):
    """The provider, joined to the house; by a client secret, and by a key."""
    more, jwks = {}, ""
    if getattr(request, "param", "") == "private_key_jwt":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
        jwks = json.dumps({"keys": [jwk | {"kid": "ours", "use": "sig"}]})
        more = {"key": key, "key_id": "ours", "secret": ""}
    with certified_provider(jwks=jwks) as port:
        issuer = f"http://127.0.0.1:{port}{PSC_PATH}"
        discovery = f"{issuer}/.well-known/wallet-openid-configuration"
        join(house, provider(house, issuer, rule=PSC_RULE, discovery=discovery, **more))
        yield port


@pytest.mark.parametrize("psc", ["client_secret", "private_key_jwt"], indirect=True)
async def test_a_physician_signs_in_by_pro_sante_connect_and_the_level_is_the_sessions(house, psc, browse):
    person = await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    await say(psc, PHYSICIAN_ID, NAMED)
    browser = Browser(browse())
    url = await browser.begin()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}

    status, headers, page = await browser.come_back(await browser.at_provider(url))

    assert (status, headers.get("Location")) == (303, "/people"), page
    (session,) = house.sign_in.kept.sessions.values()
    assert (session.person_id, session.provider) == (person.id, "psc")
    assert (session.auth.means, session.auth.level) == (AuthMeans.PSC, AuthLevel.LOW)
    assert (asked["code_challenge_method"], asked["acr_values"]) == ("S256", "eidas1")
    assert asked["scope"] == "openid scope_all"


async def test_a_code_that_was_used_is_refused(house, psc, browse):
    await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    await say(psc, PHYSICIAN_ID, NAMED)
    browser = Browser(browse())
    back = await browser.at_provider(await browser.begin())
    assert (await browser.come_back(back))[0] == 303

    status, _, page = await browser.come_back(back)
    assert status == 403
    assert "not begun in this browser" in page
    # The same code under a new state: this time it is the provider that refuses.
    fresh = parse_qs(urlsplit(await browser.begin()).query)["state"][0]
    code = parse_qs(urlsplit(back).query)["code"][0]
    status, _, page = await browser.come_back(f"/login/psc/return?{urlencode({'code': code, 'state': fresh})}")
    assert status == 403
    assert "cannot be accepted" in page


async def test_a_physician_who_left_proves_who_they_are_and_is_refused(house, psc, browse):
    person = await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    await house.sign_in.staff.suspend(person.id, "Camille")
    await say(psc, PHYSICIAN_ID, NAMED)
    browser = Browser(browse())

    status, _, page = await browser.come_back(await browser.at_provider(await browser.begin()))

    assert status == 403
    assert "suspended" in page
    assert not house.sign_in.kept.sessions


async def test_whoever_is_not_on_the_list_is_not_added_by_signing_in(house, psc, browse):
    await say(psc, PHYSICIAN_ID, NAMED)
    browser = Browser(browse())

    status, _, page = await browser.come_back(await browser.at_provider(await browser.begin()))

    assert status == 403
    assert "not on this service" in page.replace("&#39;", "'")
    assert house.sign_in.kept.types() == [("sign-in-refused", "sign_in.not_listed")]


async def test_an_answer_brought_by_another_browser_is_refused(house, psc, browse):
    await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    await say(psc, PHYSICIAN_ID, NAMED)
    victim, thief = Browser(browse()), Browser(browse())
    back = await victim.at_provider(await victim.begin())
    await thief.begin()

    assert (await thief.come_back(back))[0] == 403


async def test_a_level_that_is_not_known_is_refused(house, psc, browse):
    await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    await say(psc, PHYSICIAN_ID, NAMED, acr="")
    browser = Browser(browse())

    status, _, _ = await browser.come_back(await browser.at_provider(await browser.begin()))

    assert status == 403
    assert house.sign_in.kept.entries[-1].personal["rule"] == "acr"


async def test_a_test_account_of_an_editor_opens_nothing(house, psc, browse):
    await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    await say(psc, PHYSICIAN_ID, NAMED | {"otherIds": [{"identifiant": "ANS2023", "origine": "EDIT", "qualite": 1}]})
    browser = Browser(browse())

    assert (await browser.come_back(await browser.at_provider(await browser.begin())))[0] == 403


async def test_signing_out_offers_to_sign_out_of_the_provider_too(house, psc, browse):
    person = await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    await say(psc, PHYSICIAN_ID, NAMED)
    browser = Browser(browse())
    _, headers, _ = await browser.come_back(await browser.at_provider(await browser.begin()))
    token = headers["Set-Cookie"].split("=", 1)[1].split(";")[0]
    (session,) = house.sign_in.kept.sessions.values()

    async with browse(token).post("/logout", data={"csrf": session.csrf}) as answer:
        page = await answer.text()
    assert "session/end?client_id=spsti" in page
    assert person.name not in page


# ---------------------------------------------------------------- one of another make (Authlib), for staff without RPPS


THEIR_WARNINGS = pytest.mark.filterwarnings("ignore")  # of Authlib about itself, in the provider's thread


@pytest.fixture
def generic(house):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mock = pytest.importorskip("oidc_provider_mock", reason="oidc-provider-mock is not installed")
    users = [mock.User(sub="u1", claims={"email": "dpo@spsti.example"})]
    with mock.run_server_in_thread(user_claims=users) as server:
        issuer = f"http://localhost:{server.server_port}"
        rule = PersonRule(("email",), is_practitioner=False)
        more = {"scope": "openid email", "acr_values": "", "level": AuthLevel.LOW, "means": AuthMeans.OWN}
        join(house, provider(house, issuer, rule=rule, name="entra", **more))
        yield server


@THEIR_WARNINGS
async def test_staff_without_rpps_sign_in_by_the_services_own_directory(house, generic, browse):
    person = await house.sign_in.person(Role.DPO, subjects=[Subject("entra", "dpo@spsti.example")])
    browser = Browser(browse())
    url = await browser.begin("entra")

    status, headers, page = await browser.come_back(await browser.at_provider(url, form={"sub": "u1"}))

    assert (status, headers.get("Location")) == (303, "/people"), page
    (session,) = house.sign_in.kept.sessions.values()
    assert (session.person_id, session.auth.means) == (person.id, AuthMeans.OWN)


@THEIR_WARNINGS
async def test_a_subject_of_one_provider_is_nobody_at_another(house, generic, browse):
    await house.sign_in.person(Role.DPO, subjects=[Subject("psc", "dpo@spsti.example")])
    browser = Browser(browse())
    url = await browser.begin("entra")

    assert (await browser.come_back(await browser.at_provider(url, form={"sub": "u1"})))[0] == 403


# ---------------------------------------------------------------- one that lies


@pytest.fixture
async def liar(house):
    async with LyingProvider().running() as running:
        join(house, provider(house, running.issuer, rule=PSC_RULE))
        yield running


async def answered(house, browse, liar, **more):
    await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    browser = Browser(browse())
    answer = liar.answer_to(await browser.begin(), **more)
    return await browser.come_back(f"/login/psc/return?{urlencode(answer)}")


async def test_a_right_token_is_taken(house, browse, liar):
    assert (await answered(house, browse, liar))[0] == 303


FOREIGN = rsa.generate_private_key(public_exponent=65537, key_size=2048)
LIES = {
    "aud": {"aud": "another client"},
    "azp": {"azp": "another client"},
    "several": {"aud": ["spsti", "another client"]},
    "nonce": {"nonce": "of another sign-in"},
    "no nonce": {"nonce": None},
    "iss": {"iss": "https://auth.example"},
    "exp": {"exp": 1_700_000_000},
    "no exp": {"exp": None},
    "iat": {"iat": 1_700_000_000},
    "acr": {"acr": "eidas0"},
    "no acr": {"acr": None},
    "at_hash": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "two persons": {"preferred_username": "810002422979"},
    "no person": {"SubjectNameID": None},
    "exp no number": {"exp": "soon"},
}
FORGED = {
    "alg none": lambda claims: jwt.encode(claims, None, algorithm="none"),
    "hmac": lambda claims: jwt.encode(claims, "spsti" * 10, algorithm="HS256", headers={"kid": "one"}),
    "another key": lambda claims: jwt.encode(claims, FOREIGN, algorithm="RS256", headers={"kid": "one"}),
    "unknown key": lambda claims: jwt.encode(claims, FOREIGN, algorithm="RS256", headers={"kid": "two"}),
    "another algorithm": lambda claims: jwt.encode(claims, FOREIGN, algorithm="PS256", headers={"kid": "one"}),
    "no token": lambda claims: "no token",
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_token_that_does_not_fit_is_refused_in_words_and_journalled(house, browse, liar, lie):
    liar.claims = LIES[lie]

    status, _, page = await answered(house, browse, liar)

    assert status == 403
    assert "cannot be accepted" in page
    assert not house.sign_in.kept.sessions
    assert house.sign_in.kept.types()[-1] == ("sign-in-refused", "sign_in.unproven")


@pytest.mark.parametrize("forged", FORGED)
async def test_a_token_that_the_provider_did_not_sign_is_refused(house, browse, liar, forged):
    liar.sign = FORGED[forged]

    assert (await answered(house, browse, liar))[0] == 403
    assert not house.sign_in.kept.sessions


async def test_an_answer_of_another_issuer_is_refused(house, browse, liar):
    """RFC 9207: two providers must not be mixed up."""
    assert (await answered(house, browse, liar, iss="https://auth.example"))[0] == 403


async def test_user_information_about_somebody_else_is_refused(house, browse, liar):
    liar.metadata = {"userinfo": {"sub": "somebody else"}}

    assert (await answered(house, browse, liar))[0] == 403


async def test_discovery_of_another_issuer_is_refused(browse, liar):
    liar.metadata = {"issuer": "https://auth.example"}

    async with browse().get("/login/psc", allow_redirects=False) as answer:
        assert answer.status == 403


async def test_a_provider_that_is_down_is_named_as_such(house, browse):
    join(house, provider(house, "http://127.0.0.1:9", rule=PSC_RULE))

    async with browse().get("/login/psc", allow_redirects=False) as answer:
        assert answer.status == 502
        assert "does not answer" in await answer.text()


# ---------------------------------------------------------------- unlocking


async def at_a_locked_session(house, browse, *, locked=True):
    """Give the browser of a physician whose session has locked, or locks when the test says so."""
    person = await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    token, _ = await house.sign_in.cookie(person)
    if locked:
        lock(house)
    return Browser(browse(token))


def lock(house):
    ((tag, session),) = house.sign_in.kept.sessions.items()
    house.sign_in.kept.sessions[tag] = replace(session, locked=True)


ONE_SESSION_BEFORE = {"an hour ago": -3600, "just before": -61, "it does not say": None}


@pytest.mark.parametrize("begun", ["locked", "before it locked"])
@pytest.mark.parametrize("when", ONE_SESSION_BEFORE)
async def test_a_provider_that_answers_from_its_own_session_unlocks_nothing(house, browse, liar, when, begun):
    after = ONE_SESSION_BEFORE[when]
    liar.claims = {"auth_time": None if after is None else house.clock.at + after}
    browser = await at_a_locked_session(house, browse, locked=begun == "locked")
    url = await browser.begin()
    lock(house)

    status, headers, page = await browser.come_back(f"/login/psc/return?{urlencode(liar.answer_to(url))}")

    assert (status, "Set-Cookie" in headers) == (403, False)
    assert "nothing was opened" in page
    assert all(session.locked for session in house.sign_in.kept.sessions.values())
    refused = house.sign_in.kept.entries[-1]
    assert (refused.reason, refused.personal["rule"]) == ("sign_in.not_fresh", "auth_time")


@pytest.mark.parametrize("after", [0, -60, 5])
async def test_whoever_proves_again_who_they_are_unlocks(house, browse, liar, after):
    liar.claims = {"auth_time": house.clock.at + after}
    browser = await at_a_locked_session(house, browse)
    url = await browser.begin()
    asked = parse_qs(urlsplit(url).query)

    status, headers, page = await browser.come_back(f"/login/psc/return?{urlencode(liar.answer_to(url))}")

    assert (status, headers.get("Location")) == (303, "/people"), page
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    assert [session.locked for session in house.sign_in.kept.sessions.values()] == [False]


async def test_a_certified_provider_says_that_the_person_signed_in_again(house, psc, browse):
    await say(psc, PHYSICIAN_ID, NAMED)
    browser = await at_a_locked_session(house, browse)

    status, headers, page = await browser.come_back(await browser.at_provider(await browser.begin()))

    assert (status, headers.get("Location")) == (303, "/people"), page


# ---------------------------------------------------------------- the provider's own session signs nobody in


def without(url, *names):
    """Give an address as somebody at the keyboard may alter it, without these fields."""
    parts = urlsplit(url)
    kept = {name: values[0] for name, values in parse_qs(parts.query).items() if name not in names}
    return parts._replace(query=urlencode(kept)).geturl()


async def at_a_signed_out_session(house, psc, browse):
    """Give the browser of a physician who signed in, left, and whose locked session somebody else signed out of."""
    await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    await say(psc, PHYSICIAN_ID, NAMED)
    physician = Browser(browse())
    _, headers, _ = await physician.come_back(await physician.at_provider(await physician.begin()))
    ((_, session),) = house.sign_in.kept.sessions.items()
    lock(house)
    token = headers["Set-Cookie"].split("=", 1)[1].split(";")[0]
    async with browse(token).post("/logout", data={"csrf": session.csrf}) as answer:
        assert answer.status == 200
    assert not house.sign_in.kept.sessions
    await say(psc, "", {})
    return physician


async def test_whoever_signs_out_of_a_locked_session_is_not_signed_in_by_the_providers_own(house, psc, browse):
    left = await at_a_signed_out_session(house, psc, browse)
    url = await left.begin()

    with pytest.raises(AssertionError, match="waiting for the person"):
        await left.at_provider(url)


async def test_what_was_asked_of_the_provider_is_taken_out_on_the_way_to_no_avail(house, psc, browse):
    """The address goes through the browser, so the answer alone proves that it was heeded."""
    left = await at_a_signed_out_session(house, psc, browse)
    back = await left.at_provider(without(await left.begin(), "prompt", "max_age"))

    status, headers, page = await left.come_back(back)

    assert (status, "Set-Cookie" in headers) == (403, False)
    assert "nothing was opened" in page
    assert not house.sign_in.kept.sessions


async def test_the_person_who_comes_back_after_that_signs_in(house, psc, browse):
    back_again = await at_a_signed_out_session(house, psc, browse)
    await say(psc, PHYSICIAN_ID, NAMED)

    assert (await back_again.come_back(await back_again.at_provider(await back_again.begin())))[0] == 303


AGES = {
    # max_age of the provider: (auth_time before now, status)
    "always, an hour ago": (0, 3600, 403),
    "always, just before": (0, 61, 403),
    "always, not said": (0, None, 403),
    "always, now": (0, 0, 303),
    "recent, within it": (1800, 1800, 303),
    "recent, beyond": (1800, 1861, 403),
    "recent, not said": (1800, None, 403),
    "unlocking, an hour ago": (None, 3600, 303),
    "unlocking, not said": (None, None, 303),
}


@pytest.mark.parametrize("age", AGES)
async def test_a_sign_in_is_as_fresh_as_the_configuration_wants_it(house, browse, age):
    max_age, before, expected = AGES[age]
    async with LyingProvider().running() as liar:
        join(house, provider(house, liar.issuer, rule=PSC_RULE, max_age=max_age))
        liar.claims = {"auth_time": None if before is None else house.clock.at - before}

        assert (await answered(house, browse, liar))[0] == expected

    asked = {name: liar.asked[name] for name in ("prompt", "max_age") if name in liar.asked}
    assert asked == {0: {"prompt": "login", "max_age": "0"}, 1800: {"max_age": "1800"}, None: {}}[max_age]


async def test_a_locked_session_wants_a_person_whatever_the_configuration_says(house, browse):
    async with LyingProvider().running() as liar:
        join(house, provider(house, liar.issuer, rule=PSC_RULE, max_age=None))
        liar.claims = {"auth_time": house.clock.at - 3600}
        browser = await at_a_locked_session(house, browse)

        status, _, _ = await browser.come_back(f"/login/psc/return?{urlencode(liar.answer_to(await browser.begin()))}")

    assert status == 403


# ---------------------------------------------------------------- its keys


async def test_a_key_that_is_rotated_is_found_again(house, browse, liar):
    await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    browser = Browser(browse())
    liar.kid = "two"
    answer = liar.answer_to(await browser.begin())
    assert (await browser.come_back(f"/login/psc/return?{urlencode(answer)}"))[0] == 303
    liar.key = liar.published = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    liar.kid = "three"
    house.clock.passed += 61

    answer = liar.answer_to(await browser.begin())
    assert (await browser.come_back(f"/login/psc/return?{urlencode(answer)}"))[0] == 303

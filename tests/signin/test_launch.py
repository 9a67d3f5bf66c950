"""Launch in context: one token, one address, one page; every other way of coming is refused and journalled."""

import re

import aiohttp
import pytest

from connector.core.errors import ConfigFault
from connector.core.mandate import AuthLevel
from connector.core.people import Role
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate
from connector.local.sign_in.launching import VendorKey
from connector.local.sign_in.values import PREPARING
from connector.wire import jose
from connector.wire.launch import TYP, vendor_key
from tests.kit.local_side import new_fetch
from tests.kit.local_values import KEY, NURSE_ID, PHYSICIAN_ID, US, A
from tests.local.calls import assert_problem

PRIVATE = generate(SigningAlgorithm.ES256)
FOREIGN = generate(SigningAlgorithm.ES256)


def pem_of(private):
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415 - the tests' own use of it

    return private.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def launches(house):
    """The vendor's key is known here, for the physician only."""

    def join(*, vouches=False):
        key = VendorKey(vendor_key("vendor", pem_of(PRIVATE)), frozenset({PHYSICIAN_ID}), vouches)
        house.sign_in.desk.launching.replace({"vendor": key})

    join()
    return join


def token(house, *, key=PRIVATE, kid="vendor", typ=TYP, **changes):
    now = house.clock.now()
    claims = {
        "iss": "vendor",
        "aud": US.value,
        "iat": now,
        "exp": now + 60,
        "jti": "visit-1",
        "worker": new_fetch()["worker"],
        "services": [A.value],
        "visit": "initial",
    } | changes
    return jose.seal(
        typ, {n: v for n, v in claims.items() if v is not None}, PrivateKeySigner(kid, SigningAlgorithm.ES256, key)
    ).decode()


async def post(browse, sent, **headers):
    """Come as a browser does from the vendor's page, which is another site."""
    cross = {"Origin": "https://dmst.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with browse().post("/launch", data={"token": sent}, headers=cross | headers, allow_redirects=False) as got:
        return got.status, got.headers.get("Location", ""), await got.text()


async def physician(house):
    person = await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    return person, (await house.sign_in.cookie(person))[0]


async def test_a_launch_by_form_opens_the_page_for_whoever_is_signed_in(house, browse, launches):
    person, cookie = await physician(house)
    status, path, _ = await post(browse, token(house))
    assert (status, bool(re.fullmatch(r"/launch/[A-Za-z0-9_-]{43}", path))) == (303, True)

    async with browse(cookie).get(path, allow_redirects=False) as answer:
        opened = answer.headers["Location"]
    draft = re.fullmatch(r"/fetch\?launched=([0-9a-f]{32})", opened)[1]
    context = await house.sign_in.desk.launching.read(draft, person.id)
    assert context.worker.traits.birth_name == "PAT-TROIS"
    assert context.services == (A,)
    assert await house.sign_in.desk.launching.read(draft, "somebody else") is None
    assert [reason for kind, reason in house.sign_in.kept.types() if kind == "launched"] == ["received", "opened"]


async def test_whoever_is_not_signed_in_signs_in_first_and_comes_back(house, browse, launches):
    _, path, _ = await post(browse, token(house))

    async with browse().get(path, allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"/login?next={path}"


async def test_an_address_opens_once(house, browse, launches):
    _, cookie = await physician(house)
    _, path, _ = await post(browse, token(house))
    async with browse(cookie).get(path, allow_redirects=False) as answer:
        assert answer.status == 303

    async with browse(cookie).get(path, allow_redirects=False) as answer:
        assert answer.status == 410
        assert "used already" in await answer.text()


async def test_an_address_ends_after_five_minutes(house, browse, launches):
    _, cookie = await physician(house)
    _, path, _ = await post(browse, token(house))
    house.clock.at += 300

    async with browse(cookie).get(path, allow_redirects=False) as answer:
        assert answer.status == 410


async def test_software_on_the_network_calls_and_is_given_the_address(house, address, browse, launches):
    _, cookie = await physician(house)
    async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {KEY}"}) as api:
        async with api.post("/api/v1/launches", json={"token": token(house)}) as answer:
            assert answer.status == 201
            path = (await answer.json())["path"]
        async with api.post("/api/v1/launches", json={"token": token(house)}) as answer:
            await assert_problem(answer, "launch.replayed")

    async with browse(cookie).get(path, allow_redirects=False) as answer:
        assert answer.headers["Location"].startswith("/fetch?launched=")


REFUSED = {
    "expired": ({"iat": 1_700_000_000, "exp": 1_700_000_060}, "launch.expired", 410),
    "to come": ({"iat": 2_000_000_000, "exp": 2_000_000_060}, "launch.expired", 410),
    "another member": ({"aud": "318751275100038"}, "launch.audience", 403),
    "too long a life": ({"exp": 4_000_000_000}, "launch.malformed", 400),
    "no end": ({"exp": None}, "launch.malformed", 400),
    "another key": ({"key": FOREIGN}, "launch.signature", 403),
    "an unknown name": ({"kid": "other"}, "launch.signature", 403),
    "another issuer": ({"iss": "other"}, "launch.signature", 403),
    "another type": ({"typ": "JWT"}, "launch.malformed", 400),
    "no worker": ({"worker": None}, "launch.malformed", 400),
    "a worker without key": ({"worker": {"matricule": "279035121518900"}}, "launch.malformed", 400),
    "somebody it may not speak for": ({"practitioner": NURSE_ID}, "launch.person", 403),
    "a word that is not known": ({"surprise": 1}, "launch.malformed", 400),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_launch_that_does_not_fit_is_refused_in_words_and_journalled(house, browse, launches, case):
    changes, code, expected = REFUSED[case]

    status, _, page = await post(browse, token(house, **changes))

    assert status == expected
    assert code in page
    assert "PAT-TROIS" not in page
    assert house.sign_in.kept.types() == [("launch-refused", code)]


@pytest.mark.parametrize("sent", ["", "a.b.c", "x" * 5000, "é"])
async def test_what_is_no_token_is_refused(house, browse, launches, sent):
    status, _, _ = await post(browse, sent)

    assert status == 400


async def test_a_token_comes_once(house, browse, launches):
    sent = token(house)
    assert (await post(browse, sent))[0] == 303

    status, _, page = await post(browse, sent)
    assert status == 410
    assert "used already" in page
    assert house.sign_in.kept.types()[-1] == ("launch-refused", "launch.replayed")


async def test_a_launch_for_one_physician_is_not_opened_to_another(house, browse, launches):
    other = await house.sign_in.person(Role.NURSE, practitioner=NURSE_ID)
    cookie, _ = await house.sign_in.cookie(other)
    _, path, _ = await post(browse, token(house, practitioner=PHYSICIAN_ID))

    async with browse(cookie).get(path, allow_redirects=False) as answer:
        assert answer.status == 403
        assert "another professional" in await answer.text()


@pytest.mark.parametrize("role", sorted(set(Role) - PREPARING))
@pytest.mark.parametrize("named", [PHYSICIAN_ID, None])
async def test_whoever_has_no_page_of_fetches_does_not_use_a_launch_up(house, browse, launches, role, named):
    other, _ = await house.sign_in.cookie(await house.sign_in.person(role, name="Camille Exemple"))
    _, cookie = await physician(house)
    _, path, _ = await post(browse, token(house, practitioner=named))

    async with browse(other).get(path, allow_redirects=False) as answer:
        assert answer.status == 403
        assert "sign_in.role" in await answer.text()
    async with browse(cookie).get(path, allow_redirects=False) as answer:
        assert answer.headers["Location"].startswith("/fetch?launched=")


async def test_a_vendor_whose_word_counts_signs_its_physician_in_at_the_level_of_the_list(house, browse, launches):
    launches(vouches=True)
    await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    auth = {"means": "vendor", "level": "high", "at": "2026-11-23T08:30:00Z"}
    _, path, _ = await post(browse, token(house, practitioner=PHYSICIAN_ID, auth=auth))

    async with browse().get(path, allow_redirects=False) as answer:
        assert answer.headers["Location"].startswith("/fetch?launched=")
    (session,) = house.sign_in.kept.sessions.values()
    assert (session.auth.means, session.auth.level) == ("vendor", AuthLevel.LOW)


async def test_a_vendor_whose_word_counts_signs_nobody_in_who_was_suspended(house, browse, launches):
    launches(vouches=True)
    person = await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    await house.sign_in.staff.suspend(person.id, "Camille")
    auth = {"means": "vendor", "level": "low", "at": "2026-11-23T08:30:00Z"}
    _, path, _ = await post(browse, token(house, practitioner=PHYSICIAN_ID, auth=auth))

    async with browse().get(path, allow_redirects=False) as answer:
        assert answer.status == 403
    assert not house.sign_in.kept.sessions


async def test_nonsense_that_another_site_posts_locks_nobody_out_of_signing_in(house, browse, launches):
    for _ in range(20):
        await post(browse, "nonsense")
    assert (await post(browse, token(house)))[0] == 429

    async with browse().post("/login", data={"login": "nurse", "password": "x", "code": "1"}) as answer:
        assert answer.status == 401


async def test_another_host_name_is_refused_at_launch_too(house, browse, launches):
    status, _, _ = await post(browse, token(house), Host="evil.example")

    assert status == 403


def test_a_launch_key_of_another_kind_is_a_fault_of_configuration():
    with pytest.raises(ConfigFault):
        vendor_key("vendor", pem_of(generate(SigningAlgorithm.ED25519)))

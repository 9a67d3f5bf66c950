"""From `[[sign_in.providers]]` to what is asked of a provider."""

from urllib.parse import parse_qs, urlsplit

import pytest

from connector.config.model import SignInSection
from connector.config.references import References
from connector.core.oid import Environment
from connector.daemon.providers import open_providers
from tests.kit.local_side import House
from tests.kit.oidc import LyingProvider

ASKED = {"always": ("login", "0"), "recent": (None, "600"), "unlocking": (None, None)}


@pytest.mark.parametrize("fresh", [None, *ASKED])
async def test_a_provider_is_asked_for_a_person_as_often_as_the_configuration_says(tmp_path, fresh):
    (tmp_path / "secret").write_text("a secret of the test")
    house = House()
    async with LyingProvider().running() as running:
        stated = {
            "name": "psc", "kind": "generic", "title": "Test", "issuer": running.issuer, "client_id": "spsti",
            "client_secret": str(tmp_path / "secret"),
        }  # fmt: skip
        section = SignInSection.model_validate(
            {
                "idle_minutes": 10,
                "address": "http://127.0.0.1:8081",
                "providers": [stated | ({"fresh": fresh} if fresh else {})],
            }
        )
        providers = open_providers(
            section, References(tmp_path / "connector.toml", None), house.sign_in.staff, None, house.clock,
            house.entropy,
            environment=Environment.PRODUCTION,
        )  # fmt: skip
        url = await providers.begin("psc", "a browser", "/", again=False)

    asked = parse_qs(urlsplit(url).query)
    assert tuple(asked.get(name, [None])[0] for name in ("prompt", "max_age")) == ASKED[fresh or "always"]

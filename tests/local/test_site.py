import ssl

import aiohttp
import pytest
import trustme

from connector.core.errors import ConfigFault
from connector.local.server import build_app, build_runner
from connector.local.site import Site, local_context
from tests.kit.local_side import House


@pytest.fixture
def pair(tmp_path):
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1")
    certificate, key = tmp_path / "local.pem", tmp_path / "local.key"
    leaf.cert_chain_pems[0].write_to_path(str(certificate))
    leaf.private_key_pem.write_to_path(str(key))
    return authority, certificate, key


async def test_a_site_with_a_certificate_speaks_tls(pair):
    authority, certificate, key = pair
    house = House()
    site = Site(build_runner(build_app(house.ports(), house.settings), house.settings), local_context(certificate, key))
    port = await site.start("127.0.0.1", 0)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    async with aiohttp.ClientSession(f"https://127.0.0.1:{port}") as session:
        async with session.get("/health/live", ssl=context) as answer:
            assert answer.status == 200
        async with session.get("/health/live", ssl=context, headers={"Origin": f"http://127.0.0.1:{port}"}) as answer:
            assert answer.status == 403
    await site.close()


def test_a_pair_that_cannot_be_used_is_a_fault_of_the_configuration(pair, tmp_path):
    _, certificate, key = pair
    with pytest.raises(ConfigFault, match="No such file"):
        local_context(tmp_path / "absent.pem", key)
    key.write_text("not a key")
    with pytest.raises(ConfigFault, match="cannot be used"):
        local_context(certificate, key)

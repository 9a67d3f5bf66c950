"""Section `[alerts]`: an address that is safe, and a key by reference."""

import pytest

from connector.config import load
from connector.config.alerts import alert_settings
from connector.config.references import References
from connector.core.errors import ConfigFault
from tests.config.test_load import GOOD, faults_of
from tests.kit.webhook import KEY

ADDRESS = 'webhook = "https://supervision.example/spsti"\n'


def settings(tmp_path, lines, key=KEY + "\n"):
    path = tmp_path / "connector.toml"
    path.write_text(GOOD + "\n[alerts]\n" + lines)
    (tmp_path / "webhook.key").write_text(key)
    return alert_settings(load(path), References(path, None))


def test_nobody_is_told_unless_an_address_is_set(tmp_path):
    assert settings(tmp_path, "") is None


def test_an_address_and_a_key_are_read_and_the_key_is_not_shown(tmp_path):
    found = settings(tmp_path, ADDRESS + 'webhook_key = "webhook.key"\n')

    assert (found.url, len(found.key)) == ("https://supervision.example/spsti", 32)
    assert str(found.key) not in repr(found)


def test_the_proxy_is_the_one_for_the_receivers_host(tmp_path):
    keys = ADDRESS + 'webhook_key = "webhook.key"\n'
    rule = '[[network.proxies]]\nurl = "http://proxy.example:3128"\nhosts = ["{}"]\n'

    assert settings(tmp_path, keys + rule.format("supervision.example")).proxy == "http://proxy.example:3128"
    assert settings(tmp_path, keys + rule.format("*.ans.fr")).proxy is None


@pytest.mark.parametrize("url", ["http://supervision.example/x", "ftp://127.0.0.1/", "https://a:b@x/", "https://"])
def test_an_address_that_others_could_read_along_is_refused(tmp_path, url):
    assert faults_of(tmp_path, GOOD + f'\n[alerts]\nwebhook = "{url}"\nwebhook_key = "k"\n')


def test_an_address_without_a_key_is_refused(tmp_path):
    [fault] = faults_of(tmp_path, GOOD + "\n[alerts]\n" + ADDRESS)

    assert "webhook_key" in fault


def test_a_key_that_is_none_is_refused_without_being_repeated(tmp_path):
    with pytest.raises(ConfigFault) as refused:
        settings(tmp_path, ADDRESS + 'webhook_key = "webhook.key"\n', key="secret-of-ours")

    assert "openssl rand" in refused.value.hint
    assert "secret-of-ours" not in f"{refused.value} {refused.value.hint}"


def test_an_authority_that_is_no_certificate_is_refused(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(ConfigFault, match="webhook_ca"):
        settings(tmp_path, ADDRESS + 'webhook_key = "webhook.key"\nwebhook_ca = "ca.pem"\n')

import ssl

import pytest
import trustme
from click.testing import CliRunner

from connector.cli.faults import Exit, Fault, exit_of_status
from connector.cli.main import cli
from connector.cli.target import Target, resolve
from tests.cli.conftest import Shell
from tests.kit.local_side import House, Served


def config(tmp_path, text):
    path = tmp_path / "connector.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("", "http://127.0.0.1:8480"),
        ('[local]\nlisten = "127.0.0.1:9001"', "http://127.0.0.1:9001"),
        ('[local]\nlisten = "[::1]:9001"', "http://[::1]:9001"),
        ('[local]\nlisten = "0.0.0.0:9001"\ncertificate = "l.pem"', "https://127.0.0.1:9001"),
        ('[local]\nlisten = "[::]:9001"\ncertificate = "l.pem"', "https://[::1]:9001"),
    ],
)
def test_the_address_is_the_one_the_configuration_listens_on(tmp_path, text, url):
    found = resolve(config(tmp_path, text), None, None, None)
    assert (found.url, found.key) == (url, "")
    assert found.certificate == (tmp_path / "l.pem" if "https" in url else None)
    assert found.pinned == ("https" in url)


@pytest.mark.parametrize(
    "text",
    ['[local]\nlisten = "127.0.0.1:0"', "[local]\nlisten = 3", "local = 3", '[local]\nlisten = "x"', "[", "é = \xff"],
)
def test_a_configuration_without_an_address_is_told(tmp_path, text):
    path = tmp_path / "connector.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(Fault) as caught:
        resolve(path, None, None, None)
    assert caught.value.exit_code == Exit.CONFIG
    assert caught.value.do


def test_a_configuration_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Fault, match="cannot be read"):
        resolve(tmp_path / "absent.toml", None, None, None)


def test_the_system_s_configuration_is_the_default(tmp_path):
    default = config(tmp_path, '[local]\nlisten = "127.0.0.1:9002"')
    assert resolve(None, None, None, None, default=default).url == "http://127.0.0.1:9002"
    assert resolve(None, None, None, None, default=tmp_path / "absent.toml").url == "http://127.0.0.1:8480"


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8480",
        "ftp://127.0.0.1",
        "http://",
        "http://u:p@127.0.0.1",
        "http://[::1",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:x",
        "http://127.0.0.1:0",
        "http://localhost/api",
        "http://localhost?x=1",
    ],
)
def test_an_address_of_another_form_is_refused(url):
    with pytest.raises(Fault, match="not an address"):
        resolve(None, url, None, None)


@pytest.mark.parametrize("url", ["http://192.0.2.1:8480", "http://connector.example"])
def test_a_key_is_not_sent_in_clear_beyond_this_machine(url):
    with pytest.raises(Fault, match="beyond this machine"):
        resolve(None, url, None, None)


@pytest.mark.parametrize("url", ["http://localhost:1", "http://[::1]:1", "http://127.0.0.9:1", "https://192.0.2.1"])
def test_loopback_and_tls_are_fine(url):
    assert resolve(None, url + "/", None, None).url == url


@pytest.mark.parametrize("content", [b"", b"\n", b"two words", "clé".encode(), b"a\x00b"])
def test_a_file_without_a_key_is_refused_and_not_repeated(tmp_path, content):
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(Fault, match="holds no API key"):
        resolve(None, "http://localhost", path, None)


def test_a_key_that_everybody_may_read_is_refused(tmp_path):
    path = tmp_path / "key"
    path.write_text("spsti_x")
    path.chmod(0o644)
    with pytest.raises(Fault, match="everybody") as caught:
        resolve(None, "http://localhost", path, None)
    assert "chmod 600" in caught.value.do
    path.chmod(0o640)
    assert resolve(None, "http://localhost", path, None).key == "spsti_x"
    with pytest.raises(Fault, match="cannot be read"):
        resolve(None, "http://localhost", tmp_path / "absent", None)


def test_a_key_does_not_show_in_a_traceback():
    assert "spsti" not in repr(Target("http://localhost", "spsti_secret"))


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, 4), (401, 4), (404, 4), (409, 4), (429, 75), (500, 1), (502, 1), (503, 75), (504, 75)],
)
def test_http_statuses_become_exit_statuses(status, expected):
    assert exit_of_status(status) == expected


# ---------------------------------------------------------------- TLS


@pytest.fixture
def tls(tmp_path):
    authority = trustme.CA()
    leaf = authority.issue_cert("connector.example")
    certificate, key = tmp_path / "local.pem", tmp_path / "local.key"
    leaf.cert_chain_pems[0].write_to_path(str(certificate))
    leaf.private_key_pem.write_to_path(str(key))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    with Served(House(), ssl=context) as running:
        yield running, certificate


def test_a_connector_with_tls_is_known_by_the_certificate_of_its_configuration(tls, tmp_path, key_file):
    running, certificate = tls
    listen = running.url.removeprefix("https://")
    path = config(tmp_path, f'[local]\nlisten = "{listen}"\ncertificate = "{certificate.name}"\nkey = "local.key"')
    result = CliRunner().invoke(cli, ["status", "--config", str(path), "--key-file", str(key_file)])
    assert result.exit_code == 0, result.output


def test_another_certificate_is_not_believed(tls, tmp_path, key_file):
    running, certificate = tls
    shell = Shell(running.url, key_file)
    result = shell("status")
    assert (result.exit_code, "certificate" in result.stderr) == (5, True)
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    assert shell("status", "--ca-file", other).exit_code == 5
    assert shell("status", "--ca-file", certificate).exit_code == 5  # its name is not the address that was given
    assert shell("status", "--ca-file", tmp_path / "absent.pem").exit_code == 78
    other.write_text("no certificate")
    assert shell("status", "--ca-file", other).exit_code == 78

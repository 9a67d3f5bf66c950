"""Preparing successors of keys and certificates, what is said of one's own certificates, and who is used when."""

import time
from dataclasses import replace
from datetime import date

import pytest
from click.testing import CliRunner

from connector.cli.main import cli
from connector.config import load
from connector.config.material import prepare
from connector.config.newcomer import create
from connector.config.own_certificates import ending, findings, stage_of
from connector.config.scaffold import Answers, KeyPairFiles
from connector.core import b64
from connector.core.directory import TlsBinding
from connector.core.errors import ConfigFault
from connector.core.instant import Instant
from connector.core.oid import Environment
from connector.daemon.rotation import choose
from connector.directory.members_file import MembersFile
from connector.directory.members_text import members_text
from spsti_sandbox.pki import Pki

MEMBER = "318751275100020"
NOW = Instant(1_795_435_200)
"""For what is a matter of two instants alone."""

DAY = 86_400


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def made(tmp_path, pki):
    server, client = pki.issue(MEMBER, "server"), pki.issue(MEMBER, "client")
    answers = Answers(
        member_id=MEMBER,
        name="SPSTI Exemple",
        environment="test",
        server=KeyPairFiles(str(server.cert_pem_path), str(server.key_pem_path)),
        client=KeyPairFiles(str(client.cert_pem_path), str(client.key_pem_path)),
        decided_on=date(2026, 1, 5),
        decided_by="Dr Exemple",
        opposition_authority="adapter",
        trusted_cas=(str(pki.ca_path),),
        crls=tuple(map(str, pki.crl_paths)),
    )
    return create(tmp_path / "m", answers, endpoint="https://127.0.0.1:8443", towns=("Dijon",), now=Instant(now() - 60))


def now():
    return Instant(int(time.time()))


def read(made):
    return prepare(load(made.config), credentials=None, now=now())


def run(*words):
    return CliRunner().invoke(cli, [*map(str, words)])


def rotate(made, which, *words):
    return run("keys", "rotate", which, "--config", made.config, *words)


def bundle(pki, folder, use, *, password=b"mot de passe"):
    file, secret = folder / f"{use}.p12", folder / f"{use}.password"
    file.write_bytes(pki.pkcs12(pki.issue(MEMBER, use, key="rsa2048"), password))
    secret.write_bytes(b"mot de passe\n")
    return "--pkcs12", file, "--password", secret


def entry_of(made):
    (own,) = MembersFile(made.config.parent / "my-entry.toml", Environment.TEST).members()
    return own


@pytest.mark.parametrize(("which", "kid"), [("signing", "sign-2"), ("ledger", "ledger-2")])
def test_a_new_key_is_listed_beside_the_one_in_use_for_an_overlap(made, which, kid):
    before, began = {key.kid: key for key in entry_of(made).keys}, now()

    said = rotate(made, which)

    assert said.exit_code == 0, said.output
    keys = {key.kid: key for key in entry_of(made).keys}
    old = kid.replace("2", "1")
    assert keys.keys() - before.keys() == {kid}
    assert began + DAY <= keys[kid].valid_from <= now() + DAY
    assert keys[old].valid_until == keys[kid].valid_from + 7 * DAY
    material = read(made)
    following = material.prepared.signer if which == "signing" else material.prepared.ledger_signer
    assert following.kid == kid
    assert (made.config.parent / "keys" / f"{kid}.key").stat().st_mode & 0o777 == 0o600
    assert "federation sign-entry" in said.output


def test_an_organisations_signing_certificate_follows_as_ps256(made, pki, tmp_path):
    said = rotate(made, "signing", *bundle(pki, tmp_path, "sign"))

    assert "It is ORG_SIGN" in said.output
    assert read(made).prepared.signer.algorithm == "PS256"
    assert "mot de passe" not in made.config.read_text() + said.output


def bind(made, *more):
    """Bind the member by the keys of the certificates in use, and by these pins; give all of them."""
    material = read(made)
    pins = (material.server_tls.certificate.spki_sha256, material.client_tls.certificate.spki_sha256, *more)
    bound = members_text((replace(entry_of(made), tls=TlsBinding(pins)),), comment="Bound by pins.")
    for name in ("my-entry.toml", "members.toml"):
        (made.config.parent / name).write_text(bound)
    return pins


def test_a_member_bound_by_pins_lists_the_keys_of_both_its_certificates_to_come(made, pki, tmp_path):
    """Two at a time of each: what `keys rotate` added for one half and nobody signed yet stays."""
    in_use = bind(made)

    for use in ("server", "client"):
        said = rotate(made, use, *bundle(pki, tmp_path, use))
        assert said.exit_code == 0, said.output

    following = read(made).prepared
    to_come = (following.server_tls.certificate.spki_sha256, following.client_tls.certificate.spki_sha256)
    assert entry_of(made).tls.pins == (*in_use, *to_come)


def test_a_fifth_pin_is_refused_with_what_to_do(made, pki, tmp_path):
    pins = bind(made, b64.encode(b"3" * 32), b64.encode(b"4" * 32))

    said = rotate(made, "server", *bundle(pki, tmp_path, "server"))

    assert said.exit_code != 0
    assert "take the one out that is not used" in said.output
    assert entry_of(made).tls.pins == pins


def test_a_key_and_a_request_are_made_and_the_certificate_that_comes_back_is_taken(made, pki):
    said = rotate(made, "server")
    folder = made.config.parent
    assert (folder / "tls" / "server-2.csr").exists()
    assert "server-2.pem" in said.output
    leaf = pki.issue(MEMBER, "server")
    (folder / "tls" / "server-2.pem").write_bytes(leaf.cert_pem_path.read_bytes())
    (folder / "tls" / "server-2.key").write_bytes(leaf.key_pem_path.read_bytes())

    again = rotate(
        made, "server", "--certificate", folder / "tls" / "server-2.pem", "--key", folder / "tls" / "server-2.key"
    )

    assert again.exit_code == 0, again.output
    assert read(made).prepared.server_tls.certificate.serial == leaf.certificate.serial_number


@pytest.mark.parametrize(
    ("which", "use", "said"),
    [
        ("client", "sign", "ORG_SIGN certificate is no TLS client"),
        ("client", "server", "SERV_SSL certificate is no TLS client"),
        ("server", "client", "ORG_AUTH_CLI certificate is no TLS server"),
    ],
)
def test_a_certificate_for_another_use_is_refused_and_nothing_changes(made, pki, tmp_path, which, use, said):
    before = made.config.read_text()

    ended = rotate(made, which, *bundle(pki, tmp_path, use))

    assert (ended.exit_code, made.config.read_text()) == (78, before)
    assert said in ended.output


def test_a_wrong_password_is_refused_without_repeating_it(made, pki, tmp_path):
    ended = rotate(made, "client", *bundle(pki, tmp_path, "client", password=b"un autre"))

    assert ended.exit_code == 78
    assert "not readable with this password" in ended.output
    assert "mot de passe" not in ended.output


@pytest.mark.parametrize("in_the_way", ["my-entry.toml.new", "connector.toml.new"])
def test_a_file_that_cannot_be_written_changes_nothing_and_the_next_try_goes_through(made, in_the_way):
    folder = made.config.parent
    (folder / in_the_way).mkdir()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    refused = rotate(made, "ledger")

    assert "cannot be written" in refused.output
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    (folder / in_the_way).rmdir()
    done = rotate(made, "ledger")
    assert done.exit_code == 0, done.output


def test_a_change_is_prepared_once_at_a_time(made):
    rotate(made, "signing")

    ended = rotate(made, "signing")

    assert ended.exit_code == 78
    assert "prepared already" in ended.output


def test_keys_show_says_what_is_in_use_and_what_follows(made):
    rotate(made, "signing")

    said = run("keys", "show", "--config", made.config).output

    assert "server: SERV_SSL" in said
    assert "signing: sign-1 (ES256), listed until" in said
    assert "signing, prepared: sign-2 (ES256), the directory does not list it yet" in said


@pytest.mark.parametrize(("use", "product"), [("server", "SERV_SSL"), ("client", "ORG_AUTH_CLI"), ("sign", "ORG_SIGN")])
def test_keys_identify_says_which_product_a_file_is(pki, tmp_path, use, product):
    _, file, _, password = bundle(pki, tmp_path, use)

    for words in ((file, "--password-file", password), (pki.issue(MEMBER, use).cert_pem_path,)):
        ended = run("keys", "identify", *words)
        assert f": {product} (" in ended.output, ended.output
        assert MEMBER in ended.output


def test_what_was_prepared_is_used_from_when_the_directory_lists_it(made, pki, tmp_path):
    began = now()
    rotate(made, "signing", "--begin-hours", "2")
    rotate(made, "client", *bundle(pki, tmp_path, "client"))
    material, none = read(made), frozenset()
    members = made.config.parent / "members.toml"
    directory = MembersFile(members, Environment.TEST)

    assert choose(material, directory, began, none).prepared == {"client"}
    members.write_text((made.config.parent / "my-entry.toml").read_text())
    listed = MembersFile(members, Environment.TEST)
    assert choose(material, listed, began, none).prepared == {"client"}
    later = choose(material, listed, Instant(now() + 2 * 3600), none)
    assert later.prepared == {"client", "signing"}
    assert later.signer.kid == "sign-2"


def test_while_the_directory_does_not_know_this_service_the_choice_stays(made, tmp_path):
    rotate(made, "signing", "--begin-hours", "0")
    empty = tmp_path / "empty.toml"
    empty.write_text((made.config.parent / "members.toml").read_text().replace(MEMBER, "318751275100038"))

    chosen = choose(read(made), MembersFile(empty, Environment.TEST), now(), frozenset({"signing"}))

    assert chosen.signer.kid == "sign-2"


@pytest.mark.parametrize(("days", "stage"), [(61, None), (60, 60), (30, 30), (29, 30), (7, 7), (1, 7), (0, 0), (-1, 0)])
def test_an_end_is_warned_of_in_three_stages(days, stage):
    assert stage_of(Instant(NOW + days * DAY), NOW) == stage


def test_the_nearer_the_end_the_more_urgent_the_words():
    said = [ending("client", Instant(NOW + days * DAY), NOW) for days in (60, 30, 7, -1)]

    assert [finding.remedy.partition(" ")[0] for finding in said] == [
        "spsti-connector",
        "now:",
        "urgent:",
        "spsti-connector",
    ]
    assert "ended on" in said[-1].what
    assert ending("client", Instant(NOW + 61 * DAY), NOW) is None


def test_findings_name_a_server_certificate_that_is_not_for_the_endpoint(made, pki):
    material = read(made)
    assert findings(material, now()) == ()
    elsewhere = replace(material, member=replace(material.member, endpoint="https://autre.example:8443"))

    assert ["autre.example" in finding.what for finding in findings(elsewhere, now())] == [True]


def test_a_local_certificate_is_looked_into(made, pki, tmp_path):
    leaf = pki.issue(MEMBER, "server")
    alone = made.config.parent / "local.pem"
    alone.write_bytes(
        leaf.cert_pem_path.read_bytes().split(b"-----END CERTIFICATE-----")[0] + b"-----END CERTIFICATE-----\n"
    )
    (made.config.parent / "local.key").write_bytes(leaf.key_pem_path.read_bytes())
    text = made.config.read_text()
    made.config.write_text(text.replace("[local]\n", '[local]\ncertificate = "local.pem"\nkey = "local.key"\n', 1))

    assert ["stands alone" in finding.what for finding in findings(read(made), now())] == [True]
    alone.write_bytes(leaf.cert_pem_path.read_bytes())
    assert findings(read(made), now()) == ()
    (made.config.parent / "local.key").write_bytes(pki.issue(MEMBER, "server").key_pem_path.read_bytes())
    with pytest.raises(ConfigFault, match="a pair"):
        read(made)

"""Which member list the configuration names: exactly one, checked; what a federation's says otherwise is a warning."""

import time
from dataclasses import replace
from datetime import date

import pytest
from click.testing import CliRunner

from connector.cli.main import cli
from connector.config import load
from connector.config.material import prepare
from connector.config.newcomer import ENTRY_KEY, JOIN_REQUEST, Joining, create
from connector.config.scaffold import Answers, KeyPairFiles
from connector.core.directory import Contact, MemberStatus
from connector.core.errors import ConfigFault, LocalRefused
from connector.core.instant import Instant
from connector.core.oid import Environment
from connector.crypto.keys import load_private_key
from connector.directory import ceremony
from connector.directory.joining import read_request
from connector.directory.opening import MembersFileSettings
from spsti_sandbox.pki import Pki
from tests.kit.directory import Federation, directory, published, serve

MEMBER = "318751275100020"
URLS = ("https://annuaire.example/",)
JOINING = Joining(
    Environment.TEST,
    b"a password of the test",
    size_class="M",
    departements=("44",),
    contacts=(Contact("technical", "support@spsti.example"),),
)
NOW = Instant(int(time.time()))


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def made(tmp_path, pki):
    def make(*, joining=JOINING, urls=URLS):
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
            directory_urls=urls,
        )
        now = Instant(NOW - 60)
        return create(
            tmp_path / "m", answers, endpoint="https://127.0.0.1:8443", towns=("Nantes",), now=now, joining=joining
        )

    return make


@pytest.fixture
def federation(tmp_path):
    return Federation(tmp_path / "federation", now=NOW)


def join(federation, made):
    ceremony.add_member(federation.workspace, read_request(made.join_request.read_bytes(), NOW), NOW)
    federation.sign_all()
    federation.publish()


def receive(made, federation):
    (made.config.parent / "root.json").write_bytes(federation.root)


async def refresh(made, federation):
    """Fill the archive as the daemon would."""
    with serve(published(federation)) as urls:
        kept = directory(
            made.config.parent, federation, urls, archive=made.config.parent / "state" / "directory", name="x"
        )
        await kept.refresh()


def prepared(made):
    return prepare(load(made.config), credentials=None, now=NOW)


def faults(made):
    with pytest.raises(ConfigFault) as caught:
        prepared(made)
    return caught.value.faults


def run(*words):
    return CliRunner().invoke(cli, [*map(str, words)])


# ---------------------------------------------------------------- the file


@pytest.mark.parametrize("change", [lambda text: text + '\n[members]\nfile = "m.toml"\n', lambda _: None])
def test_a_file_names_exactly_one_list(made, change):
    config = made().config
    text = config.read_text()
    begin = text.index("[directory]")
    end = text.index("# refresh_minutes", begin)
    config.write_text(change(text) or text[:begin] + text[end:])

    with pytest.raises(ConfigFault) as caught:
        load(config)

    assert ["exactly one of [directory]" in fault for fault in caught.value.faults] == [True]


@pytest.mark.parametrize("url", ["annuaire.example", "ftp://annuaire.example/", "https://u:p@annuaire.example/", ""])
def test_an_address_that_is_none_is_refused_at_its_key(made, url):
    config = made(urls=(url,)).config

    with pytest.raises(ConfigFault) as caught:
        load(config)

    assert [("directory.urls[0]" in fault, "https://" in fault) for fault in caught.value.faults] == [(True, True)]


def test_plain_http_is_for_tests_alone(made, federation):
    files = made(urls=("http://127.0.0.1:1/",))
    receive(files, federation)
    assert prepared(files)
    files.config.write_text(files.config.read_text().replace('environment = "test"', 'environment = "production"'))

    assert any("plain http:// is for tests" in fault for fault in faults(files))


# ---------------------------------------------------------------- the root file and the archive


def test_a_root_file_that_is_missing_or_none_is_a_fault_at_its_key(made):
    files = made()
    missing = faults(files)
    (files.config.parent / "root.json").write_text("{}")
    none = faults(files)

    assert ["directory.root" in fault and "cannot be read" in fault for fault in missing] == [True]
    assert ["directory.root" in fault and "root file again" in fault for fault in none] == [True]


def test_a_service_that_has_not_joined_can_start_and_is_told_what_is_left(made, federation):
    files = made()
    receive(files, federation)

    material = prepared(files)
    checked = run("check", "--config", files.config, "--offline")

    assert (material.member.name, material.member.status) == ("SPSTI Exemple", MemberStatus.MAIL_ONLY)
    assert not material.listing.is_ready
    assert checked.exit_code == 1, checked.output
    assert "no version has been received yet" in checked.output
    assert "1 copies of the directory can be asked, members' own included, expected 3" in checked.output


async def test_a_joined_service_is_as_the_directory_has_it(made, federation):
    files = made()
    receive(files, federation)
    join(federation, files)
    await refresh(files, federation)

    material = prepared(files)

    assert (material.listing.differences, material.listing.is_ready) == ((), True)
    assert (material.member.endpoint, material.member.size_class) == ("https://127.0.0.1:8443", "M")
    assert material.listing.version.startswith("tuf:")


async def test_another_key_than_the_listed_one_is_a_warning_and_no_fault(made, federation):
    files = made()
    receive(files, federation)
    join(federation, files)
    await refresh(files, federation)
    files.config.write_text(files.config.read_text().replace('kid = "sign-1"', 'kid = "sign-2"'))

    checked = run("check", "--config", files.config, "--offline")

    assert checked.exit_code == 1
    assert "[signing.kid] the members list has no sign key sign-2" in checked.output


async def test_a_directory_that_has_ended_still_tells_our_own_keys(made, federation):
    files = made()
    receive(files, federation)
    join(federation, files)
    await refresh(files, federation)

    late = prepare(load(files.config), credentials=None, now=Instant(NOW + 30 * 86_400))

    assert "closed" in late.listing.staleness.message
    assert [key.kid for key in late.member.ledger_keys()] == ["ledger-1"]


# ---------------------------------------------------------------- a trial


def test_a_trial_says_what_it_is_and_has_nothing_to_join(made):
    files = made(joining=None, urls=())

    material, told = prepared(files), run("next", "--config", files.config, "--lang", "en")
    checked = run("check", "--config", files.config, "--offline")

    assert isinstance(material.membership, MembersFileSettings)
    assert "for a trial: nothing to join" in told.output
    assert "signed by nobody" in checked.output
    assert not (files.config.parent / JOIN_REQUEST).exists()


# ---------------------------------------------------------------- what init makes


def test_a_newcomer_gets_a_join_request_that_an_operator_can_read(made):
    files = made()

    asked = read_request(files.join_request.read_bytes(), NOW)

    assert (asked.entry.member.id.value, asked.entry.member.departements) == (MEMBER, ("44",))
    assert load_private_key((files.config.parent / ENTRY_KEY).read_bytes(), JOINING.password)
    assert b"ENCRYPTED" in (files.config.parent / ENTRY_KEY).read_bytes()
    assert not (files.config.parent / "members.toml").exists()


def test_an_entry_that_names_a_person_is_refused_and_nothing_is_written(made, tmp_path):
    personal = replace(JOINING, contacts=(Contact("dpo", "jean.dupont@spsti.example"),))

    with pytest.raises(LocalRefused, match="person's address"):
        made(joining=personal)

    assert not (tmp_path / "m").exists()


def test_the_password_of_the_entry_key_stands_in_no_repr():
    assert "password of the test" not in repr(JOINING)

"""What the configuration names: read whole, checked against each other, refused with every fault at its key."""

import datetime as dt
from dataclasses import replace
from datetime import date

import pytest

from connector.config import load
from connector.config.material import prepare
from connector.config.newcomer import create
from connector.config.scaffold import AdapterEntry, Answers, KeyPairFiles
from connector.core.errors import ConfigFault
from connector.core.instant import Instant
from connector.crypto.keys import SigningAlgorithm, generate, to_pem
from spsti_sandbox.pki import Pki

MEMBER, OTHER = "318751275100020", "339172288100052"
NOW = Instant(int(dt.datetime.now(dt.UTC).timestamp()))


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def made(tmp_path, pki):
    def make(*, server=None, client=None, **changed):
        server = server or pki.issue(MEMBER, "server")
        client = client or pki.issue(MEMBER, "client")
        answers = replace(
            Answers(
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
            ),
            **changed,
        )
        return create(tmp_path / "m", answers, endpoint="https://127.0.0.1:8443", towns=(), now=Instant(NOW - 60))

    return make


def faults(config, now=NOW):
    with pytest.raises(ConfigFault) as caught:
        prepare(load(config), credentials=None, now=now)
    return caught.value.faults


def test_a_newcomer_with_its_certificates_can_start(made):
    material = prepare(load(made().config), credentials=None, now=NOW)

    assert material.member.id.value == MEMBER
    assert material.signer.kid == "sign-1"
    assert material.client_tls.certificate.subject_ous == (MEMBER,)
    assert material.member.endpoint == "https://127.0.0.1:8443"


def test_without_certificates_both_are_missing_at_their_keys(made):
    config = made(server=None, client=None).config
    text = config.read_text()
    config.write_text(text.replace(".pem", ".absent"))

    said = faults(config)

    assert {line.split(": ")[1] for line in said} >= {"peer.server", "peer.client"}
    assert all("connector.toml:" in line for line in said)


def test_a_certificate_of_another_member_is_refused(made, pki):
    said = faults(made(client=pki.issue(OTHER, "client")).config)

    assert any("peer.client" in line and "of no member of the list" in line for line in said)


def test_an_expired_certificate_is_refused(made, pki):
    said = faults(made(server=pki.issue_expired(MEMBER, "server")).config)

    assert any("peer.server" in line and "not valid now" in line for line in said)


def test_a_key_that_is_not_the_listed_one_is_refused(made, tmp_path):
    config = made().config
    (tmp_path / "m" / "keys" / "sign.key").write_bytes(to_pem(generate(SigningAlgorithm.ES256), None))

    said = faults(config)

    assert any("signing.kid" in line and "no sign key sign-1 that is this one" in line for line in said)


def test_an_algorithm_that_is_not_the_listed_one_is_refused(made):
    made_rsa = made(signing_algorithm="PS256")
    members = made_rsa.config.parent / "members.toml"
    members.write_text(members.read_text().replace("PS256", "ES256"))

    said = faults(made_rsa.config)

    assert any("signing.algorithm" in line and "says ES256" in line for line in said)


def test_a_listed_key_past_its_end_is_refused(made):
    config = made().config
    later = Instant(NOW + 4 * 365 * 86_400)

    said = faults(config, now=later)

    assert any("signing.kid" in line and "not valid now" in line for line in said)


def test_a_member_that_is_not_in_its_own_list_is_refused(made):
    config = made().config
    members = config.parent / "members.toml"
    members.write_text(members.read_text().replace(MEMBER, OTHER))

    assert any(f"{MEMBER} is not in it" in line for line in faults(config))


def test_an_adapter_that_is_not_installed_and_options_it_refuses_are_told_at_their_place(made):
    absent = faults(made(source=AdapterEntry("demmo")).config)

    assert any("source.adapter" in line and "demmo" in line for line in absent)


def test_an_unknown_option_of_the_adapter_is_told_at_its_line(made):
    config = made(source=AdapterEntry("demo", {"database": "x.sqlite", "databse": "y"})).config
    text = config.read_text().splitlines()
    line = next(number for number, content in enumerate(text, 1) if content.startswith("databse"))

    assert any(f"connector.toml:{line}:1: source.options.databse" in said for said in faults(config))


def test_a_master_key_that_everybody_can_read_is_refused(made):
    config = made().config
    (config.parent / "keys" / "master.key").chmod(0o644)

    assert any("state" in line and "chmod 600" in line for line in faults(config))


def test_a_revocation_list_that_is_none_is_refused(made, tmp_path):
    broken = tmp_path / "broken.crl"
    broken.write_bytes(b"no list")

    assert any("peer.server" in line for line in faults(made(crls=(str(broken),)).config))

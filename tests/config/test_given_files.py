"""`init` says which of ANS's products a given file is, and what is missing."""

from dataclasses import replace
from datetime import date

import pytest

from connector.config.given_files import looked_into, signer_of
from connector.config.scaffold import Answers, KeyPairFiles
from connector.core.errors import ConfigFault
from spsti_sandbox.pki import Pki

MEMBER = "318751275100020"
NONE = Answers(
    member_id=MEMBER,
    name="SPSTI Exemple",
    environment="test",
    server=KeyPairFiles(),
    client=KeyPairFiles(),
    decided_on=date(2026, 1, 5),
    decided_by="Dr Exemple",
    opposition_authority="adapter",
)


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


def files(pki, folder, use, password=b"mot de passe", key="p256"):
    bundle, secret = folder / f"{use}.p12", folder / f"{use}.password"
    bundle.write_bytes(pki.pkcs12(pki.issue(MEMBER, use, key=key), password))
    secret.write_bytes(b"mot de passe\n")
    return KeyPairFiles(pkcs12=str(bundle), password=str(secret))


def test_without_files_all_three_are_missing():
    server, client, signing = looked_into(NONE)

    assert server.startswith("SERV_SSL: missing")
    assert client.startswith("ORG_AUTH_CLI: missing")
    assert signing.startswith("ORG_SIGN: not given")


def test_each_file_is_called_by_its_product_and_what_is_not_confirmed_is_said(pki, tmp_path):
    given = replace(NONE, server=files(pki, tmp_path, "server"), client=files(pki, tmp_path, "client"))

    server, client, _ = looked_into(given)

    assert server.startswith("server: SERV_SSL (IGC-Santé, by its key usage: not confirmed")
    assert client.startswith("client: ORG_AUTH_CLI (IGC-Santé, by its key usage: not confirmed")


@pytest.mark.parametrize("use", ["sign", "server"])
def test_a_file_that_is_no_tls_client_is_told_so_with_what_is_needed(pki, tmp_path, use):
    _, client, _ = looked_into(replace(NONE, client=files(pki, tmp_path, use)))

    assert "is no TLS client" in client
    assert "ORG_AUTH_CLI" in client


def test_a_wrong_password_is_told_without_repeating_it(pki, tmp_path):
    server, *_ = looked_into(replace(NONE, server=files(pki, tmp_path, "server", password=b"un autre")))

    assert "not readable with this password" in server
    assert "mot de passe" not in server


@pytest.mark.parametrize(
    ("pkcs12", "said"),
    [("/nowhere/server.p12", "cannot be read"), ("credential:server", "cannot be looked into from here")],
)
def test_a_file_that_is_not_there_and_a_credential_are_told_apart(pkcs12, said):
    assert said in looked_into(replace(NONE, server=KeyPairFiles(pkcs12=pkcs12)))[0]


def test_the_signing_file_is_called_by_its_product(pki, tmp_path):
    *_, signing = looked_into(replace(NONE, signing=files(pki, tmp_path, "sign")))

    assert signing == "signing: ORG_SIGN (IGC-Santé)"


@pytest.mark.parametrize(("key", "algorithm"), [("rsa2048", "PS256"), ("p256", "ES256")])
def test_a_signing_file_gives_its_key_and_the_algorithm_of_its_kind(pki, tmp_path, key, algorithm):
    signer = signer_of(files(pki, tmp_path, "sign", key=key), "sign-1")

    assert (signer.kid, signer.algorithm) == ("sign-1", algorithm)
    assert signer.sign(b"statement")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"pkcs12": "/nowhere/org_sign.p12"}, "/nowhere/org_sign.p12 cannot be read"),
        ({"password": ""}, "not readable with this password"),
        ({"password": "credential:sign-password"}, "cannot open a systemd credential"),
        ({"pkcs12": "credential:org_sign"}, "cannot open a systemd credential"),
    ],
)
def test_a_signing_file_that_cannot_be_opened_is_refused(pki, tmp_path, changed, said):
    with pytest.raises(ConfigFault, match=said) as refused:
        signer_of(replace(files(pki, tmp_path, "sign"), **changed), "sign-1")

    assert "mot de passe" not in f"{refused.value} {refused.value.hint}"

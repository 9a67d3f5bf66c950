"""The example and the files of a newcomer: complete, commented, accepted by the code that reads them."""

import re
import stat
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel

from connector.config import load
from connector.config.model import ConfigFile
from connector.config.newcomer import create
from connector.config.references import References
from connector.config.scaffold import EXAMPLE, Answers, KeyPairFiles, render
from connector.config.validation import model_in
from connector.core.directory import KeyUse
from connector.core.errors import ConfigFault
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.crypto.keys import load_private_key, public_key_to_der
from connector.directory.members_file import MembersFile

EXAMPLE_FILE = Path(__file__).parents[2] / "config.example.toml"
NOW = 1_790_000_000
ANSWERS = Answers(
    member_id="318751275100020",
    name='SPSTI "Exemple" été',
    environment="test",
    server=KeyPairFiles(),
    client=KeyPairFiles(),
    decided_on=date(2026, 1, 5),
    decided_by="Dr Camille Exemple",
    opposition_authority="adapter",
)


def keys_of(model: type[BaseModel]):
    for name, field in model.model_fields.items():
        yield name
        inner = model_in(field.annotation)
        if inner is not None:
            yield from keys_of(inner)


def test_the_example_in_the_repository_is_the_one_the_program_writes():
    assert EXAMPLE_FILE.read_text() == render(EXAMPLE)


def test_the_example_is_valid():
    assert load(EXAMPLE_FILE).model.member.name == "SPSTI Exemple"


@pytest.mark.parametrize("key", sorted(set(keys_of(ConfigFile))))
def test_the_example_shows_every_key(key):
    text = EXAMPLE_FILE.read_text()

    assert re.search(rf"^(# )?(\[+([a-z_]+\.)?{key}\]+|{key} = )", text, re.MULTILINE)


def test_the_example_shows_the_default_values():
    text = EXAMPLE_FILE.read_text()
    text = re.sub(r"^# \[\[sign_in\.providers\]\]\n(# .*\n)+", "", text, flags=re.MULTILINE)
    text = re.sub(r"^# \[\[network\.proxies\]\]\n(# .*\n)+", "", text, flags=re.MULTILINE)
    text = re.sub(r"^# \[signing\.pkcs11\]\n(# \w+ = .+\n)+", "", text, flags=re.MULTILINE)
    shown = re.sub(r"^# (\w+ = [^#]+?)(\s+#.*)?$", r"\1", text, flags=re.MULTILINE)
    shown = shown.replace('contact = "Service informatique, poste 4242"', "")
    shown = shown.replace('address = "https://connecteur.spsti.example"', "")
    shown = shown.replace('launch_key = "dmst-launch.pub.pem"', "")
    shown = shown.replace('pkcs12 = "org_sign.p12"', "").replace('password = "credential:sign-password"', "")
    shown = shown.replace('tsa_url = "https://tsa.example/"', "").replace('tsa_ca = "tsa-root.pem"', "")
    shown = shown.replace('announced = "https://spsti.example:443"', "")
    shown = shown.replace('proxy = "http://proxy.example:3128"', "")
    shown = re.sub(r'webhook(_key|_ca)? = ".+"', "", shown)
    shown = shown.replace('certificate = "local.pem"', "").replace('key = "local.key"', "")
    shown = shown.replace("ends_on = 2027-12-31", "").replace('file = "members.toml"', "")
    path = EXAMPLE_FILE.parent / "config.example.toml"

    plain = load(path).model.model_dump()
    uncommented = ConfigFile.model_validate(tomllib.loads(shown)).model_dump()
    assert uncommented == plain


def test_a_newcomer_gets_files_that_the_program_accepts(tmp_path):
    made = create(tmp_path / "new", ANSWERS, endpoint="https://127.0.0.1:8443", towns=("Dijon",), now=NOW)

    model = load(made.config).model
    members = MembersFile(tmp_path / "new" / model.members.file, Environment.TEST)
    me = members.get(MemberId.parse(ANSWERS.member_id))
    signing = load_private_key((tmp_path / "new" / model.signing.key).read_bytes())
    assert model.member.name == ANSWERS.name
    assert me.towns == ("Dijon",)
    assert me.signing_key("sign-1").public_der == public_key_to_der(signing.public_key())
    assert [key.use for key in me.ledger_keys()] == [KeyUse.LEDGER]
    assert {path.name for path in made.requests} == {"server.csr", "client.csr"}


def test_private_files_are_for_their_owner_only(tmp_path):
    made = create(tmp_path, ANSWERS, endpoint="https://h.example", towns=(), now=NOW)

    assert {stat.S_IMODE(path.stat().st_mode) for path in made.written} == {0o600}


def test_certificates_that_exist_are_named_and_no_request_is_made(tmp_path):
    answers = replace(ANSWERS, server=KeyPairFiles(pkcs12="s.p12"), client=KeyPairFiles(certificate="c", key="k"))

    made = create(tmp_path, answers, endpoint="https://h.example", towns=(), now=NOW)

    model = load(made.config).model
    assert (model.peer.server.pkcs12, model.peer.client.certificate) == ("s.p12", "c")
    assert made.requests == ()


def test_nothing_is_overwritten(tmp_path):
    create(tmp_path, ANSWERS, endpoint="https://h.example", towns=(), now=NOW)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    with pytest.raises(ConfigFault, match="exists already"):
        create(tmp_path, ANSWERS, endpoint="https://h.example", towns=(), now=NOW)

    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_references_are_beside_the_file_absolute_or_credentials(tmp_path):
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "master").write_bytes(b"k")
    references = References(tmp_path / "connector.toml", tmp_path / "credentials")

    assert references.path("a/b.pem") == tmp_path / "a" / "b.pem"
    assert references.path("/x/y") == Path("/x/y")
    assert references.read("credential:master") == b"k"


@pytest.mark.parametrize(
    "reference", ["credential:", "credential:../x", "credential:..", "credential:absent", "no-file"]
)
def test_a_reference_to_nothing_is_refused_by_its_name(tmp_path, reference):
    with pytest.raises(ConfigFault, match=re.escape(reference)):
        References(tmp_path / "connector.toml", tmp_path).read(reference)


def test_a_credential_without_systemd_says_how_to_give_it(tmp_path):
    with pytest.raises(ConfigFault, match="LoadCredential=master"):
        References(tmp_path / "connector.toml", None).path("credential:master")

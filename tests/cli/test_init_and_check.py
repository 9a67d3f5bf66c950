"""`init` makes what `check` then looks at: a newcomer's way from nothing to a configuration that starts."""

import json
import sqlite3
import time
from contextlib import closing

import pytest
from click.testing import CliRunner

from connector.cli.main import cli
from connector.core.directory import KeyUse
from connector.core.instant import Instant
from connector.core.oid import Environment
from connector.crypto.keys import public_key_to_der
from connector.directory.joining import read_request
from connector.directory.members_file import MembersFile
from spsti_sandbox.pki import Pki

MEMBER = "318751275100020"
FLAGS = (
    "--member-id", MEMBER, "--name", "SPSTI Exemple", "--environment", "test", "--endpoint", "https://127.0.0.1:8443",
    "--opposition", "adapter", "--decided-by", "Dr Exemple", "--trial",
)  # fmt: skip


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(cli, [*map(str, words)])


def test_init_asks_nobody_when_there_is_no_terminal_and_names_the_flags(run):
    result = run("init", "--directory", "new")

    assert result.exit_code == 2
    assert "--member-id, --name, --environment, --endpoint, --opposition, --decided-by" in result.output
    assert "--directory-url or --trial" in result.output


def test_init_says_what_it_made_and_what_comes_next(run, tmp_path):
    result = run("init", "--directory", "new", *FLAGS, "--town", "Dijon")

    assert result.exit_code == 0, result.output
    assert "my-entry.toml" in result.output
    assert "server.csr" in result.output
    assert "spsti-connector check --config" in result.output
    assert (tmp_path / "new" / "connector.toml").exists()


def test_init_a_second_time_changes_nothing(run):
    run("init", "--directory", "new", *FLAGS)

    result = run("init", "--directory", "new", *FLAGS)

    assert result.exit_code == 1
    assert "exists already" in result.output


def test_init_refuses_a_number_that_fails_its_check_in_production(run):
    flags = [flag if flag != "test" else "production" for flag in FLAGS]
    result = run("init", *[flag if flag != MEMBER else "318751275100021" for flag in flags])

    assert result.exit_code == 1
    assert "init:" in result.output


def test_a_configuration_saved_by_a_windows_editor_is_read(run, tmp_path):
    """Notepad begins a file with a byte-order mark and ends its lines with CR and LF."""
    run("init", "--directory", "new", *FLAGS)
    for name in ("connector.toml", "members.toml"):
        path = tmp_path / "new" / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    found = json.loads(run("check", "--json", "--offline", "--config", "new/connector.toml").output)["findings"]
    told = run("status", "--config", "new/connector.toml")

    kinds = {one["fault"]["kind"] for one in found if "fault" in one}
    assert kinds
    assert not [kind for kind in kinds if "toml" in kind], kinds
    assert "not TOML" not in told.output


def test_next_tells_a_trial_and_a_fault_to_people_and_to_programs(run, tmp_path):
    run("init", "--directory", "new", *FLAGS)
    config = tmp_path / "new" / "connector.toml"
    trial = run("next", "--config", config, "--json")
    config.write_text(config.read_text() + "[nettwork]\nx = 1\n[pear]\n")
    faulty = run("next", "--config", config, "--lang", "fr")

    assert json.loads(trial.output) == {"trial": True, "steps": [], "waiting_on": None}
    assert faulty.exit_code == 78
    assert "vouliez-vous dire « network » ?" in faulty.output
    assert "�" not in faulty.output


def test_a_backup_of_a_house_that_never_started_says_so_and_makes_nothing(run, tmp_path):
    run("init", "--directory", "new", *FLAGS)
    (tmp_path / "words").write_text("six words that nobody has\n")

    result = run("backup", "b", "--epochs", "e", "--passphrase-file", "words", "--config", "new/connector.toml")

    assert result.exit_code == 1
    assert "there is no state in" in result.output
    assert not (tmp_path / "new" / "state").exists()


def test_check_names_every_fault_with_its_line_and_the_status_of_a_bad_configuration(run):
    run("init", "--directory", "new", *FLAGS)

    result = run("check", "--start", "--config", "new/connector.toml")
    found = run("check", "--config", "new/connector.toml")

    assert (result.exit_code, found.exit_code) == (78, 2)
    assert "CRITICAL configuration: connector.toml:" in found.output
    assert "connector.toml:" in result.output
    assert "peer.server" in result.output
    assert "nothing would start" in result.output


def test_check_finds_nothing_wrong_once_the_certificates_are_there(run, tmp_path):
    pki = Pki(tmp_path / "pki")
    for use in ("server", "client"):
        leaf = pki.issue(MEMBER, use)
        (tmp_path / f"{use}.p12").write_bytes(pki.pkcs12(leaf, b"geheim"))
    (tmp_path / "password").write_text("geheim\n")
    made = run(
        "init", "--directory", "new", *FLAGS, "--trusted-ca", pki.ca_path, "--crl", pki.crl_paths[0], "--crl",
        pki.crl_paths[1], "--server-pkcs12", "server.p12", "--server-password", "password", "--client-pkcs12",
        "client.p12", "--client-password", "password", "--practitioner", "899700218896:physician:Camille DURAND",
    )  # fmt: skip
    assert made.exit_code == 0, made.output

    for name in ("password", "server.p12", "client.p12"):
        (tmp_path / name).chmod(0o600)
    result = run("check", "--offline", "--config", "new/connector.toml")
    as_json = json.loads(run("check", "--offline", "--config", "new/connector.toml", "--json").output)
    start = run("check", "--start", "--config", "new/connector.toml", "--json")

    assert result.exit_code == 1, result.output
    assert "configuration is valid" in result.output
    assert "no [source]" in result.output
    assert as_json["level"] == "warning"
    assert {finding["level"] for finding in as_json["findings"]} == {"ok", "warning"}
    assert json.loads(start.output) == {"ok": True, "faults": []}


@pytest.mark.parametrize(("key", "algorithm"), [("rsa2048", "PS256"), ("p256", "ES256")])
def test_the_key_of_an_org_sign_file_is_listed_and_signs(run, tmp_path, key, algorithm):
    pki, pairs = Pki(tmp_path / "pki"), []
    (tmp_path / "password").write_text("geheim\n")
    for option, use in (("server", "server"), ("client", "client"), ("signing", "sign")):
        bundle = tmp_path / f"{option}.p12"
        bundle.write_bytes(pki.pkcs12(leaf := pki.issue(MEMBER, use, key=key), b"geheim"))
        bundle.chmod(0o600)
        pairs += [f"--{option}-pkcs12", bundle.name, f"--{option}-password", "password"]
    (tmp_path / "password").chmod(0o600)
    crls = [word for path in pki.crl_paths for word in ("--crl", path)]
    made = run("init", "--directory", "new", *FLAGS, "--trusted-ca", pki.ca_path, *crls, *pairs)
    (member,) = MembersFile(tmp_path / "new" / "my-entry.toml", Environment.TEST).members()

    assert made.exit_code == 0, made.output
    assert "signing: ORG_SIGN (IGC-Santé)" in made.output
    assert [(found.kid, found.algorithm, found.public_der) for found in member.keys if found.use is KeyUse.SIGN] == [
        ("sign-1", algorithm, public_key_to_der(leaf.key.public_key()))
    ]
    assert not (tmp_path / "new" / "keys" / "sign.key").exists()
    started = json.loads(run("check", "--start", "--config", "new/connector.toml", "--json").output)
    assert started == {"ok": True, "faults": []}


def test_a_join_request_is_signed_with_the_key_of_an_org_sign_file(run, tmp_path):
    leaf = (pki := Pki(tmp_path / "pki")).issue(MEMBER, "sign", key="rsa2048")
    (tmp_path / "sign.p12").write_bytes(pki.pkcs12(leaf, b"geheim"))
    (tmp_path / "password").write_text("geheim\n")
    (tmp_path / "entry").write_text("a long password of an entry\n")
    flags = [flag for flag in FLAGS if flag != "--trial"]
    made = run(
        "init", "--directory", "new", *flags, "--directory-url", "https://annuaire.example/", "--size-class", "S",
        "--entry-password-file", "entry", "--signing-pkcs12", "sign.p12", "--signing-password", "password",
    )  # fmt: skip
    assert made.exit_code == 0, made.output

    request = read_request((tmp_path / "new" / "join-request.json").read_bytes(), Instant(int(time.time())))
    assert public_key_to_der(leaf.key.public_key()) in {key.public_der for key in request.entry.member.keys}


def test_a_signing_file_that_does_not_open_stops_init_and_nothing_is_written(run, tmp_path):
    pki = Pki(tmp_path / "pki")
    (tmp_path / "sign.p12").write_bytes(pki.pkcs12(pki.issue(MEMBER, "sign"), b"right"))
    (tmp_path / "password").write_text("wrong-and-secret\n")

    result = run("init", "--directory", "new", *FLAGS, "--signing-pkcs12", "sign.p12", "--signing-password", "password")

    assert result.exit_code == 1
    assert "sign.p12 will not do: PKCS#12 file: not readable with this password" in result.output
    assert "wrong-and-secret" not in result.output
    assert not (tmp_path / "new").exists()


def test_check_warns_of_a_source_that_nobody_attested_and_of_low_coverage(run, tmp_path):
    pki = Pki(tmp_path / "pki")
    pairs = []
    for use in ("server", "client"):
        (tmp_path / f"{use}.p12").write_bytes(pki.pkcs12(pki.issue(MEMBER, use), b"geheim"))
        pairs += [f"--{use}-pkcs12", f"{use}.p12", f"--{use}-password", "password"]
    (tmp_path / "password").write_text("geheim\n")
    run("init", "--directory", "new", *FLAGS, "--trusted-ca", pki.ca_path, *pairs)
    config = tmp_path / "new" / "connector.toml"
    source = '\n[source]\nadapter = "demo"\ncoverage_warn_below = 0.8\n[source.options]\ndatabase = "dmst.sqlite"\n'
    config.write_text(config.read_text() + source)
    database = config.parent / "state" / "state.db"
    database.parent.mkdir()
    with closing(sqlite3.connect(database)) as db, db:
        count = '{"at":1,"counts":{"workers":10,"answerable":3},"fault":"","is_bound":false}'
        db.execute("create table facts (name text primary key, value)")
        db.execute("insert into facts values ('coverage', ?)", (count,))

    result = run("check", "--offline", "--config", config, "--language", "en")

    assert result.exit_code == 2, result.output
    assert "nobody has attested that what the source gives may go to another service" in result.output
    assert "30% of workers could be answered about, expected 80% at least" in result.output


def test_a_wrong_password_is_told_without_the_password(run, tmp_path):
    pki = Pki(tmp_path / "pki")
    (tmp_path / "server.p12").write_bytes(pki.pkcs12(pki.issue(MEMBER, "server"), b"right"))
    (tmp_path / "password").write_text("wrong-and-secret\n")
    run("init", "--directory", "new", *FLAGS, "--server-pkcs12", "server.p12", "--server-password", "password")

    result = run("check", "--start", "--config", "new/connector.toml", "--json")

    assert result.exit_code == 78
    assert "wrong-and-secret" not in result.output
    assert any("peer.server" in fault for fault in json.loads(result.output)["faults"])


def test_a_practitioner_is_given_in_three_parts(run):
    result = run("init", *FLAGS, "--practitioner", "899700218896:wizard:X")

    assert result.exit_code == 2
    assert "physician|nurse|intern" in result.output


# ---------------------------------------------------------------- for the packaged service


def test_init_for_the_packaged_service_keeps_keys_for_root_and_the_rest_for_the_services_group(run, tmp_path):
    result = run("init", "--system", "--directory", "etc", *FLAGS)
    files = {str(path.relative_to(tmp_path / "etc")): path for path in (tmp_path / "etc").rglob("*") if path.is_file()}
    modes = {name: path.stat().st_mode & 0o777 for name, path in files.items()}
    text = files["connector.toml"].read_text()

    assert result.exit_code == 0, result.output
    names = ("client-key", "ledger-key", "master-key", "server-key", "sign-key")
    secrets = {f"credentials/{name}" for name in names}
    assert {name for name, mode in modes.items() if mode == 0o600} == secrets
    assert {modes[name] for name in modes.keys() - secrets} == {0o640}
    assert all(f'"credential:{name}"' in text for name in names)
    assert 'directory = "/var/lib/spsti-connector"' in text
    assert "systemctl enable --now spsti-connector" in result.output


def test_init_for_one_instance_names_its_own_folders_and_unit(run, tmp_path):
    result = run("init", "--instance", "lyon", "--directory", "etc", *FLAGS)

    assert result.exit_code == 0, result.output
    assert "systemctl enable --now spsti-connector@lyon" in result.output
    assert 'directory = "/var/lib/spsti-connector-instances/lyon"' in (tmp_path / "etc/connector.toml").read_text()


@pytest.mark.parametrize("name", ["Lyon", "../lyon", "-lyon", "l" * 21, "ly on"])
def test_init_refuses_an_instance_that_cannot_name_a_unit_and_a_user(run, name):
    result = run("init", "--instance", name, "--directory", "etc", *FLAGS)

    assert result.exit_code == 1
    assert "1 to 20 of a-z" in result.output


def test_init_for_an_instance_that_is_not_prepared_says_what_to_do(run):
    result = run("init", "--instance", "nobody-prepared-this", *FLAGS)

    assert result.exit_code == 1
    assert "spsti-connector-instance create nobody-prepared-this" in result.output


def test_check_by_hand_finds_the_credentials_beside_the_configuration(run, tmp_path):
    run("init", "--system", "--directory", "etc", *FLAGS)
    (tmp_path / "etc" / "credentials" / "sign-key").write_bytes(b"")
    result = run("check", "--start", "--config", "etc/connector.toml")

    assert result.exit_code == 78
    assert "credential:sign-key: it is empty" in result.output
    assert f"put it into {tmp_path / 'etc' / 'credentials' / 'sign-key'}" in result.output
    assert "ledger:" not in result.output

"""Faults of the configuration as commands tell them: in the language asked, and to programs as kinds with values."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from connector.cli.main import cli
from tests.cli.english import english_in
from tests.kit.smallest_config import GOOD

FRENCH = {"LC_ALL": "fr_FR.UTF-8"}
UNKNOWN = "vouliez-vous dire « drain_seconds » ?"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "connector.toml"
    path.write_text(GOOD.replace("[peer]\n", "[peer]\ndrain_second = 3\n"))
    return path


def call(*words: object, **env: str):
    return CliRunner(env={"LC_ALL": "C", **env}).invoke(cli, [*map(str, words)])


def test_check_tells_a_fault_in_the_language_asked_and_its_kind_to_programs(config):
    french = call("check", "--config", config, "--language", "fr")
    english = call("check", "--config", config)
    (finding,) = json.loads(call("check", "--config", config, "--language", "fr", "--json").stdout)["findings"]

    assert f"peer.drain_second: clé inconnue « drain_second » - {UNKNOWN}" in french.output
    assert 'unknown key "drain_second" - did you mean "drain_seconds"?' in english.output
    assert UNKNOWN in finding["what"]
    assert finding["fault"] == {
        "kind": "key.unknown-near", "values": {"name": "drain_second", "nearest": "drain_seconds"},
        "file": "connector.toml", "line": 7, "column": 1, "key": "peer.drain_second", "part": "",
    }  # fmt: skip


def test_what_a_start_refuses_is_told_in_the_language_asked(config):
    told = call("check", "--start", "--config", config, "--lang", "fr")
    said = json.loads(call("check", "--start", "--config", config, "--json").stdout)

    assert told.exit_code == 78
    assert UNKNOWN in told.output
    assert "1 à corriger ; rien ne démarrerait." in told.output
    assert [fault["kind"] for fault in said["details"]] == ["key.unknown-near"]


def test_faults_of_files_and_keys_have_no_english_in_french(config):
    config.write_text(GOOD)

    found = json.loads(call("check", "--config", config, "--language", "fr", "--json").stdout)["findings"]

    assert {finding["fault"]["key"] for finding in found} >= {"peer.server", "signing", "ledger", "members.file"}
    assert not [finding["fault"] for finding in found if finding["fault"]["kind"] == "unworded"]
    assert all("fichier ou dossier absent" in f["what"] or "credential:" in f["what"] for f in found)


def test_a_member_id_with_a_wrong_check_digit_in_production_is_a_fault_at_its_key(config):
    wrong = GOOD.replace("318751275100020", "318751275100021")
    config.write_text(wrong.replace('environment = "test"', 'environment = "production"'))

    told = call("check", "--start", "--config", config, "--lang", "fr")
    said = json.loads(call("check", "--config", config, "--json").stdout)["findings"]
    found = {finding["fault"]["key"]: finding["fault"] for finding in said}
    config.write_text(wrong)
    on_trial = json.loads(call("check", "--config", config, "--json").stdout)["findings"]

    assert told.exit_code == 78
    assert (found["member.id"]["kind"], found["member.id"]["line"]) == ("value.member-id-check", 2)
    assert "member.id: " in told.output
    assert english_in(told.output) == []
    assert "member.id" not in {finding["fault"]["key"] for finding in on_trial}


def test_run_refuses_in_the_language_asked(config):
    command = [sys.executable, "-m", "connector", "run", "--config", str(config), "--lang", "fr"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"LC_ALL": "C.UTF-8"})

    assert done.returncode == 78
    assert UNKNOWN in done.stderr


def test_a_command_of_this_machine_tells_the_fault_and_what_to_do_in_the_language_of_the_locale(config):
    told = call("adapter", "check", "demo", "--config", config, **FRENCH)

    assert told.exit_code == 78
    assert "error: connector.toml:7:1: peer.drain_second: clé inconnue « drain_second »" in told.output
    assert f"do: {UNKNOWN}" in told.output


def test_init_refuses_in_the_language_of_the_locale(tmp_path):
    flags = (
        "init", "--directory", tmp_path, "--member-id", "318751275100020", "--name", "SPSTI Exemple", "--environment",
        "test", "--endpoint", "https://127.0.0.1:8443", "--opposition", "adapter", "--decided-by", "Dr Exemple",
        "--trial",
    )  # fmt: skip
    made, again = call(*flags), call(*flags, **FRENCH)

    assert made.exit_code == 0
    assert again.exit_code == 1
    assert "existe déjà - choisissez un autre --directory" in again.output

"""The configuration file: every fault at once, each with its place and what to do."""

import subprocess
import sys
from pathlib import Path

import pytest

from connector.config import load
from connector.config.locate import positions
from connector.config.model import InsiSection, NetworkSection
from connector.core.errors import ConfigFault
from tests.kit.smallest_config import GOOD

OLDEST = Path(__file__).with_name("oldest.toml")
"""As the first version wrote it; a key that is given up one day is to be told with what takes its place."""


def faults_of(tmp_path, text):
    path = tmp_path / "connector.toml"
    path.write_text(text)
    with pytest.raises(ConfigFault) as caught:
        load(path)
    return caught.value.faults


def test_a_complete_file_is_accepted_with_its_defaults(tmp_path):
    path = tmp_path / "connector.toml"
    path.write_text(GOOD)

    model = load(path).model

    assert model.local.listen == "127.0.0.1:8480"
    assert model.requester.max_services == 5
    assert model.requester.deadline_seconds == 10


def test_a_configuration_of_the_oldest_version_is_read_and_has_todays_defaults():
    model = load(OLDEST).model

    assert model.member.id == "318751275100020"
    assert "[insi]" not in OLDEST.read_text()
    assert (model.insi, model.network) == (InsiSection(), NetworkSection())


def test_all_faults_are_told_at_once_in_the_order_of_the_file(tmp_path):
    text = GOOD.replace('environment = "test"', 'environment = "tst"').replace('kid = "ledger-1"\n', "")

    faults = faults_of(tmp_path, text)

    assert [f.split(": ")[0] for f in faults] == ["connector.toml:4:1", "connector.toml:19:2"]
    assert "ledger.kid: is missing" in faults[1]


def test_an_unknown_key_is_refused_with_the_nearest_known_one(tmp_path):
    (fault,) = faults_of(tmp_path, GOOD + "[requester]\ndeadline_second = 4\n")

    assert fault.startswith('connector.toml:35:1: requester.deadline_second: unknown key "deadline_second"')
    assert fault.endswith('did you mean "deadline_seconds"?')


def test_a_fault_never_repeats_the_value(tmp_path):
    secret = "2790351215189-89-very-secret"
    faults = faults_of(tmp_path, GOOD.replace('"318751275100020"', f'"{secret}"'))

    assert faults
    assert not any(secret in fault for fault in faults)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('authority = "adapter"', 'authority = "nobody"', "opposition.authority"),
        ('key = "server.key"\n', "", "either certificate and key (PEM), or pkcs12"),
        ('trusted_cas = ["ca.pem"]', "trusted_cas = []", "peer.trusted_cas"),
        ("[members]", '[local]\nlisten = "0.0.0.0:80"\n[members]', "beyond loopback needs certificate"),
        ("[members]", '[local]\nlisten = "localhost:80"\n[members]', "numeric address"),
        ("[members]", "[requester]\nmax_services = 21\n[members]", "requester.max_services"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(tmp_path, old, new, said):
    faults = faults_of(tmp_path, GOOD.replace(old, new))

    assert any(said in fault for fault in faults)


@pytest.mark.parametrize("line", ["opposition = 3\n", "x = [1,\n", "[member]\n", '"unfinished\n'])
def test_a_file_that_is_not_toml_says_where(tmp_path, line):
    faults = faults_of(tmp_path, GOOD + line)

    assert "connector.toml" in faults[0]
    assert len(faults) >= 1


def test_a_file_that_is_not_there_says_what_to_do(tmp_path):
    with pytest.raises(ConfigFault, match="--config FILE"):
        load(tmp_path / "absent.toml")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "connector.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigFault, match="UTF-8"):
        load(path)


def test_places_are_found_in_tables_inline_tables_arrays_and_repeated_tables():
    text = (
        'é = 1\n[a]\nb.c = { d = 2 }\n[[a.k]]\nn = 1\n[[a.k]]\n"n" = [ {x = 1}, # why\n {x = 2} ]\n[a.k.sub]\nz = 1\n'
    )

    found = positions(text)

    assert found[("a", "b", "c", "d")] == (3, 9)
    assert found[("a", "k", 0, "n")] == (5, 1)
    assert found[("a", "k", 1, "n", 1, "x")] == (8, 3)
    assert found[("a", "k", 1, "sub", "z")] == (10, 1)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("attested_on = 2026-01-05", "attested_on and attested_by together"),
        ('attested_by = "Dr Exemple"', "attested_on and attested_by together"),
        ("coverage_warn_below = 80", "less than or equal to 1"),
        ('attested_on = "the fifth"\nattested_by = "Dr Exemple"', "source.attested_on"),
    ],
)
def test_the_word_on_a_source_is_whole_and_its_share_a_share(tmp_path, keys, told):
    (fault,) = faults_of(tmp_path, f'{GOOD}\n[source]\nadapter = "demo"\n{keys}\n')

    assert told in fault


def test_a_sink_attests_nothing(tmp_path):
    (fault,) = faults_of(tmp_path, f'{GOOD}\n[sink]\nadapter = "demo"\nattested_on = 2026-01-05\n')

    assert 'unknown key "attested_on"' in fault


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("conect_timeout = 3", "remove it; config.example.toml has all keys"),
        ("drain_second = 3", 'did you mean "drain_seconds"?'),
        ("deadline_seconds = 3", 'did you mean "drain_seconds"? one of that name belongs to [requester]'),
        ("inspections_at_once = 3", "one of that name belongs to [documents]"),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest_one_or_with_the_section_it_belongs_to(tmp_path, line, told):
    (fault,) = faults_of(tmp_path, GOOD.replace("[peer]\n", f"[peer]\n{line}\n"))

    assert f'unknown key "{line.split()[0]}" - {told}' in fault


@pytest.mark.needs_root
def test_a_file_that_this_user_may_not_read_is_told_with_the_rights_it_needs(tmp_path):
    path = tmp_path / "connector.toml"
    path.write_text(GOOD)
    path.chmod(0o600)
    tmp_path.chmod(0o755)
    # Imported as root: the interpreter itself may lie where nobody else reads.
    begin = "import os, pathlib\nfrom connector.config import load\nos.setuid(65534)\n"
    script = begin + f"load(pathlib.Path({str(path)!r}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert "cannot be read (Permission denied)" in done.stderr
    assert f"chown root:nobody {path}; chmod 640 {path}" in done.stderr

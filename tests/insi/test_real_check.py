"""The script that a service runs once against the real INSi, run here against the simulator."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spsti_sandbox.insi_answers import Behaviour
from spsti_sandbox.insi_simulator import configuration

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path, simulator, pki, own):
    def call(*, changed=("", ""), person=""):
        file, report = tmp_path / "connector.toml", tmp_path / "report.json"
        file.write_text(configuration(simulator.url, pki, own).replace(*changed))
        arguments = [sys.executable, "scripts/insi_real_check.py", str(file), "--report", str(report)]
        if person:
            (tmp_path / "person.toml").write_text(person)
            arguments += ["--person", str(tmp_path / "person.toml")]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        return done, json.loads(report.read_text()) if report.exists() else None

    return call


def test_report_says_what_was_seen_and_holds_nothing_personal(run, simulator):
    done, report = run()

    assert done.returncode == 0, done.stderr
    assert report["verdict"] == "confirmed"
    assert [search["got"] for search in report["searches"]] == ["00", "00", "01"]
    assert report["tls"]["version"] == "TLSv1.3"
    assert len(simulator.calls) == 1 + 3
    text = json.dumps(report)
    assert "ADRUN" not in text
    assert "2751263220749" not in text


def test_platform_that_is_down_is_reported_in_words(run, simulator):
    simulator.behave(Behaviour.FAULT_TECHNICAL)

    done, report = run()

    assert done.returncode == 1
    assert report["searches"][0]["service_code"] == "insi_102"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (('platform = "simulator"', 'platform = "qualification"'), "issued by"),
        (('platform = "simulator"', 'platform = "production"'), "--person"),
        (('platform = "simulator"', 'platform = "nowhere"'), "nowhere"),
        (("[insi]", "[other]"), "insi"),
    ],
)
def test_configuration_that_cannot_be_used_calls_nothing(run, simulator, changed, told):
    done, report = run(changed=changed)

    assert done.returncode == 2
    assert told in done.stderr
    assert report is None
    assert simulator.calls == []


def test_person_of_the_service_s_own_choice_is_searched_for(run):
    done, _ = run(person='birth_name = "CORSE"\ngiven_names = "Anthony"\nsex = "M"\nbirth_date = "1980-03-02"\n')

    assert done.returncode == 0

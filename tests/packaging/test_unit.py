"""The systemd unit: understood by systemd, and tight."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "packaging" / "systemd" / "spsti-connector.service"

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@needs_systemd
def test_the_units_exposure_is_at_most_one_and_a_half():
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--json=short", "--threshold=15", str(UNIT)],
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, [
        (row["name"], row["exposure"]) for row in json.loads(done.stdout or b"[]") if not row["set"] and row["exposure"]
    ]


def test_no_secret_and_no_core_dump():
    text = UNIT.read_text()

    assert "LimitCORE=0" in text
    assert "Environment=" not in text

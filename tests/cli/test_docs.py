"""docs/cli.md says what the commands say of themselves."""

import json
import re
import subprocess
import sys
from pathlib import Path

from connector.cli.faults import Exit
from connector.local.requests import WorkerIn

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def test_the_help_of_every_command_stands_in_the_page():
    """When it does not: python scripts/cli_help.py."""
    # In a process of its own: click keeps the help option of whatever other tests have called by itself.
    script = "import sys; sys.path.insert(0, 'scripts'); import cli_help; print(cli_help.helps(), end='')"
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert PAGE.partition("<!-- help: begin -->\n")[2].partition("<!-- help: end -->\n")[0] == told


def test_every_exit_status_is_described():
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)] == list(Exit)


def test_the_example_of_a_worker_is_one():
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert WorkerIn.model_validate(json.loads(example)).status == "qualified"
